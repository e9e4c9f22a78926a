"""Fills in many requests up to their last press: fill_in.py FILE STORED

Writes the bytes of each last POST to FILE, and puts STORED old requests into the database first.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import django
from django.conf import settings

if TYPE_CHECKING:
    from django.http import QueryDict

    from bookings.forms.safety_questions import SafetyForm
    from bookings.patients.unsent import UnsentRequest

MANY = 2500
TOKEN = "a" * 32


def main() -> None:
    """Write the last press of one session for each request."""
    sys.path.insert(0, str(Path(__file__).parent.parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    django.setup()
    store(int(sys.argv[2]))
    Path(sys.argv[1]).write_bytes(b"\0\0".join(fill_in(number) for number in range(MANY)))


def fill_in(number: int) -> bytes:
    """The bytes of the last press of one patient."""
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.http import QueryDict  # noqa: PLC0415

    from bookings.patients.unsent import QUICKEST, UnsentRequest  # noqa: PLC0415

    session = SessionStore()
    unsent = UnsentRequest(session)
    unsent.begin("ultrasound-guided-injections")
    unsent.kept["begun"] -= QUICKEST.total_seconds()  # as slowly as a person fills it in
    for step, answers in typed(number).items():
        data = QueryDict(mutable=True)
        for name, value in answers.items():
            data[name] = value
        unsent.keep(step, data)
    unsent.keep("safety", safety(unsent))
    unsent.mark_urgent_read()  # one of the answers may lead to urgent advice
    session.create()
    if number == 0 and unsent.next_step() != "check":
        raise SystemExit(f"not filled in: {unsent.form(unsent.next_step()).errors}")
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "key": unsent.key})
    cookies = (
        f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
    )
    lines = (
        "POST /appointments/request/check/ HTTP/1.1",
        "Host: 127.0.0.1",
        "X-Forwarded-Proto: https",
        f"X-Forwarded-For: 192.0.2.{number % 250}",
        "Origin: https://127.0.0.1",
        f"Cookie: {cookies}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def typed(number: int) -> dict[str, dict[str, str]]:
    """What an invented patient typed. Nobody is two of them, so each is somebody new."""
    return {
        "about": {"page": "ultrasound-guided-injections", "concern": "My shoulder hurts."},
        "you": {
            "name": f"Pat {chr(97 + number % 26) * 3}{chr(97 + number // 26 % 26) * 3} Sample",
            "date_of_birth_day": f"{1 + number % 28}",
            "date_of_birth_month": "1",
            "date_of_birth_year": f"{1930 + number % 70}",
            "email": f"pat{number}@example.org",
            "phone": f"07700 90{number % 10000:04}",
        },
        "times": {"preferred_days": "monday", "preferred_times": "morning", "availability": ""},
    }


def safety(unsent: "UnsentRequest") -> "QueryDict":
    """The answers: “yes” to the first question, and “no” to all the others."""
    from django.http import QueryDict  # noqa: PLC0415

    data = QueryDict(mutable=True)
    form = cast("SafetyForm", unsent.form("safety"))
    first, *others = form.groups()
    ticked = first.questions[0]
    data[ticked.answer.html_name] = "yes"
    data[ticked.detail.html_name] = "Some detail."
    data[first.rest.html_name] = first.rest[1].data["value"]
    for group in others:
        data[group.rest.html_name] = group.rest[0].data["value"]
    return data


def store(many: int) -> None:
    """Store old requests, copied from the demonstration's by the database itself."""
    if not many:
        return
    from django.db import connection  # noqa: PLC0415

    from bookings.models import AppointmentRequest  # noqa: PLC0415

    own = {
        "reference": "'O' || n",
        "submission_key": "'old' || n",
        "link_key": "'old' || n",
        "received_at": "received_at - n * interval '1 minute'",
    }
    names = [str(f.column) for f in AppointmentRequest._meta.concrete_fields if not f.primary_key]
    columns = ", ".join(names)
    values = ", ".join(own.get(name, name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            f"INSERT INTO bookings_appointmentrequest ({columns}) SELECT {values} FROM "  # noqa: S608
            "(SELECT * FROM bookings_appointmentrequest WHERE status = 'declined' LIMIT 1) AS old, "
            "generate_series(1, %s) AS n",
            [many],
        )
        cursor.execute("ANALYZE")


main()
