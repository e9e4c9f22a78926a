"""Fills the database of an installation: a published page, and forms that are filled in.

    python -m tests.faults.prepare FILE

Writes the address of the page, and what each patient will send with the last press, into FILE. Run as a
process of its own, with the settings of production.
"""

import json
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django

# Of more confirmations in an hour than 300, the rest would wait their turn.
MANY = 280
TOKEN = "a" * 32
PHONE = "020 7946 0958"
HOURS = 6


def main() -> None:
    """Bring the tables up to date and fill them."""
    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from procedures.status import RevisionStatus  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    factories.clinic(phone=PHONE, inbox="")
    page = factories.revision(RevisionStatus.PUBLISHED).page.get_absolute_url()
    Path(sys.argv[1]).write_text(json.dumps({"page": page, "forms": fill_in()}))


def fill_in() -> list[dict[str, str]]:
    """The session and the key of each patient, who has only to press “Send my request”."""
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.http import QueryDict  # noqa: PLC0415

    from bookings.patients.unsent import CHECK, UnsentRequest  # noqa: PLC0415
    from tests import people  # noqa: PLC0415

    pattern = UnsentRequest(SessionStore())
    pattern.begin("")
    pattern.kept["begun"] -= 60
    steps: dict[str, dict[str, Any]]
    steps = {"about": people.ABOUT, "you": people.YOU, "safety": {}, "times": people.TIMES}
    for step, typed in steps.items():
        pattern.keep(step, QueryDict(urlencode(typed, doseq=True)))
    assert pattern.next_step() == CHECK, pattern.form(pattern.next_step()).errors
    made = []
    for number in range(MANY):
        you = pattern.kept["answers"]["you"] | {"email": [f"patient{number}@example.org"]}
        key = secrets.token_urlsafe(32)
        session = SessionStore()
        session["unsent"] = {
            **pattern.kept,
            "key": key,
            "answers": {**pattern.kept["answers"], "you": you},
        }
        session.set_expiry(HOURS * 60 * 60)  # so that a clock that jumps ends none of them
        session.create()
        made.append({"session": str(session.session_key), "key": key})
    return made


if __name__ == "__main__":
    main()
