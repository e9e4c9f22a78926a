"""Fills in many requests up to their last press: fill_in.py FILE MANY STORED

Writes the bytes of each last POST to FILE, and puts STORED old requests into the database first.
"""

import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import django
from django.conf import settings

if TYPE_CHECKING:
    from django.http import QueryDict

    from bookings.forms.safety_questions import SafetyForm
    from bookings.patients.unsent import UnsentRequest

TOKEN = "a" * 32
BETWEEN = b"\0\0"
TYPED = {
    "about": {"page": "ultrasound-guided-injections", "concern": "My shoulder hurts."},
    "you": {
        "name": "Pat Sample",
        "date_of_birth_day": "1",
        "date_of_birth_month": "1",
        "date_of_birth_year": "1970",
        "email": "pat@example.org",
        "phone": "07700 900000",
    },
    "times": {"preferred_days": "monday", "preferred_times": "morning", "availability": ""},
}


def main() -> None:
    """Write the last press of one session for each request."""
    django.setup()
    file, many, stored = sys.argv[1:]
    store(int(stored))
    Path(file).write_bytes(BETWEEN.join(fill_in(int(many))))


def fill_in(many: int) -> list[bytes]:
    """The bytes of each last press. One patient goes through the forms; the others typed as they did."""
    from django.contrib.sessions.models import Session  # noqa: PLC0415

    from clinic_site.sessions import SessionStore  # noqa: PLC0415

    pattern = kept_of_one()
    rows, presses = [], []
    for number in range(many):
        key, session = secrets.token_urlsafe(32), SessionStore()
        you = pattern["answers"]["you"] | somebody(number)
        session["unsent"] = pattern | {"key": key, "answers": pattern["answers"] | {"you": you}}
        session.set_expiry(settings.PATIENT_SESSION_SECONDS)
        row: Any = session.create_model_instance(dict(session.items()))
        rows.append(row)
        presses.append(press(number, str(row.session_key), key))
    Session.objects.bulk_create(rows, batch_size=1000)
    return presses


def kept_of_one() -> dict[str, Any]:
    """What the session keeps of a patient who has filled in everything."""
    from django.http import QueryDict  # noqa: PLC0415

    from bookings.patients.unsent import CHECK, QUICKEST, UnsentRequest  # noqa: PLC0415
    from clinic_site.sessions import SessionStore  # noqa: PLC0415

    unsent = UnsentRequest(SessionStore())
    unsent.begin(TYPED["about"]["page"])
    unsent.kept["begun"] -= QUICKEST.total_seconds()  # as slowly as a person fills it in
    for step, answers in TYPED.items():
        unsent.keep(step, QueryDict(urlencode(answers)))
    unsent.keep("safety", safety(unsent))
    unsent.mark_urgent_read()  # one of the answers may lead to urgent advice
    if unsent.next_step() != CHECK:
        raise SystemExit(f"not filled in: {unsent.form(unsent.next_step()).errors}")
    return unsent.kept


def somebody(number: int) -> dict[str, list[str]]:
    """What an invented patient typed of themselves. Nobody is two of them, so each is somebody new."""
    return {
        "name": [f"Pat {chr(97 + number % 26) * 3}{chr(97 + number // 26 % 26) * 3} Sample"],
        "date_of_birth_day": [f"{1 + number % 28}"],
        "date_of_birth_year": [f"{1930 + number % 70}"],
        "email": [f"pat{number}@example.org"],
        "phone": [f"07700 90{number % 10000:04}"],
    }


def press(number: int, session: str, key: str) -> bytes:
    """The bytes of the last press."""
    body = urlencode({"csrfmiddlewaretoken": TOKEN, "key": key})
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
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
