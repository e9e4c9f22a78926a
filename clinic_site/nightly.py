"""What came of the last check of all journals and pages, and what managers read if it is in doubt.

`copy_heads` makes that check every night. It notes the outcome in a small file beside the heads, as a
backup does beside its archives, so that doctor, Today and `/metrics` know of it.
"""

import json
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from clinic_site.backups.keeping import TOO_OLD

LAST_CHECK = "last-check.json"


class Outcome(StrEnum):
    """What became of a check and of the heads that it wrote."""

    WHOLE = "whole"
    BROKEN = "broken"
    NOT_SENT = "not sent"


class Checked(NamedTuple):
    """When the journals were checked last, and what came of it."""

    at: datetime
    outcome: Outcome

    @property
    def said(self) -> str:
        """What is wrong, in a sentence; empty if all was well."""
        day = f"{timezone.localtime(self.at):%A %-d %B %Y at %-H:%M}"
        if self.outcome == Outcome.BROKEN:
            return f"The check of all journals and pages of {day} has found a fault."
        if self.outcome == Outcome.NOT_SENT:
            return f"The heads of the journals could not be sent on {day}."
        return ""

    def is_too_old(self, now: datetime) -> bool:
        """Whether a night has been missed since."""
        return now - self.at > TOO_OLD


def note(now: datetime, outcome: Outcome) -> None:
    """Write down, for whoever watches this site, what came of the check."""
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{LAST_CHECK}.part")
    facts = {"at": now.astimezone(UTC).isoformat(), "outcome": outcome}
    part.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    part.replace(file)


def last() -> Checked | None:
    """The last check; None if there was none, or if the file cannot be read."""
    try:
        facts = json.loads(_file().read_text(encoding="utf-8"))
        return Checked(datetime.fromisoformat(facts["at"]), Outcome(facts["outcome"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def alarm(now: datetime) -> str:
    """What managers read when the journals are in doubt; empty if all is well.

    A computer of development has no nights.
    """
    if settings.DEVELOPMENT:
        return ""
    checked = last()
    if checked is None:
        said = "The journals have never been checked."
    elif checked.is_too_old(now):
        said = f"The journals were last checked on {timezone.localtime(checked.at):%A %-d %B}."
    else:
        said = checked.said
    return f"{said} Ask whoever runs the server to look at it today." if said else ""


def _file() -> Path:
    return Path(settings.HEADS_FOLDER) / LAST_CHECK
