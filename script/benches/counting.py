"""How long the numbers of a period, and a page of who opened what, take with many requests stored.

    script/bench counting [--stored 1000000]

On SQLite, in a file that is deleted again. The requests are copies of the demonstration's, spread evenly
over three years, each with five journal events, an offer and a visit, and one list with names for five.
"""

import argparse
import os
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from time import perf_counter

YEARS = 3
STEPS = {
    1: ("sent the request", "the patient", 0),
    2: ("read it", "reception", 1),
    3: ("offered times", "reception", 3),
    4: ("booked the appointment", "the patient", 9),
    5: ("read it", "clinician", 30),
}
HOUR = 3600


def copies(table: str, template: str, stored: int, columns: dict[str, str]) -> None:
    """Insert so many copies of a row, with an expression of `i` in place of some of its columns."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name FROM pragma_table_info('{table}')")  # noqa: S608
        names = [name for (name,) in cursor.fetchall() if name != "id"]
        chosen = ", ".join(columns.get(name, f't."{name}"') for name in names)
        quoted = ", ".join(f'"{name}"' for name in names)
        cursor.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {stored}) "  # noqa: S608
            f"INSERT INTO {table} ({quoted}) SELECT {chosen} FROM n, "
            f"(SELECT * FROM {table} WHERE {template} LIMIT 1) t"
        )


def fill(stored: int) -> None:
    """Store the copies. The i-th request has the number `first + i`."""
    from django.db.models import Max  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from bookings.models import AppointmentRequest  # noqa: PLC0415

    first = AppointmentRequest.objects.aggregate(most=Max("pk"))["most"]
    length = YEARS * 365 * 24 * HOUR
    began = int(timezone.now().timestamp()) - length

    def at(hours: float) -> str:
        moment = f"{began} + i * {length / stored} + {hours * HOUR}"
        return f"strftime('%Y-%m-%d %H:%M:%S', {moment}, 'unixepoch')"

    key = "printf('%022d', i)"
    request = {"request_id": f"{first} + i"}
    copies(
        "bookings_appointmentrequest",
        "status = 'closed'",
        stored,
        {
            "reference": "printf('%09d', i)",
            "submission_key": key,
            "link_key": key,
            "received_at": at(0),
            "answer_due": at(24),
        },
    )
    for number, (kind, by, hours) in STEPS.items():
        event = {"number": str(number), "kind": f"'{kind}'", "by": f"'{by}'", "at": at(hours)}
        copies("bookings_requestevent", "number = 1", stored, request | event)
    copies("bookings_offer", "status = 'accepted'", stored, request | {"made_at": at(3)})
    outcome = "CASE i % 10 WHEN 0 THEN 'noshow' WHEN 1 THEN 'cancelled' ELSE 'fulfilled' END"
    whom = "CASE i % 10 WHEN 1 THEN 'patient' ELSE '' END"
    visit = {"starts": at(168), "ends": at(168.5), "status": outcome, "cancelled_by": whom}
    copies("bookings_appointment", "status = 'fulfilled'", stored, request | visit)
    listed = ", ".join(f"{first} + i * 5 - {n}" for n in range(30))
    look = {"requests": f"json_array({listed})", "looked_at": f"{at(0).replace('i *', 'i * 5 *')}"}
    copies("bookings_look", "1", stored // 5, look)


def measure(what: str, call: Callable[[], object]) -> None:
    """Print the shortest of three."""
    took = []
    for _ in range(3):
        began = perf_counter()
        call()
        took.append(perf_counter() - began)
    print(f"{what:45} {min(took):8.3f} s")


def main() -> None:
    """Fill a database and measure."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--stored", type=int, default=1_000_000)
    stored = arguments.parse_args().stored
    with tempfile.TemporaryDirectory(prefix="clinic-numbers-") as folder:
        os.environ["DATABASE_URL"] = f"sqlite:///{folder}/clinic.sqlite3"
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        run(stored)


def run(stored: int) -> None:
    """Everything that needs Django."""
    import django  # noqa: PLC0415

    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from bookings import journal  # noqa: PLC0415
    from bookings.desk.opened import Chosen, entries, patients  # noqa: PLC0415
    from bookings.diary.free_times import Span, span_of  # noqa: PLC0415
    from bookings.models import AppointmentRequest  # noqa: PLC0415
    from bookings.numbers.periods import MONTH, WEEK, Period  # noqa: PLC0415
    from bookings.numbers.report import report  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    call_command("load_demo", stdout=open(os.devnull, "w"))  # noqa: SIM115
    now = timezone.now()
    manager = User.objects.get(username="manager")
    journal.record_list("requests", AppointmentRequest.objects.all()[:9], by=manager, at=now)
    fill(stored)
    today: date = timezone.localdate(now)
    for days, by in ((30, WEEK), (91, WEEK), (365, WEEK), (3 * 365, MONTH)):
        period = Period(today - timedelta(days=days - 1), today, by)
        measure(f"numbers of {days} days by {by}", lambda: report(period, now))  # noqa: B023
    newest = AppointmentRequest.objects.latest("pk").pk
    clinician = User.objects.get(username="clinician")
    long_ago = today - timedelta(days=400)
    weeks = Span(span_of(long_ago).starts, span_of(long_ago + timedelta(days=20)).ends)
    for what, chosen in {
        "everything": Chosen(),
        "one colleague": Chosen(staff=clinician),
        "one patient of long ago": Chosen(requests=[newest - stored + 100]),
        "one colleague on one day": Chosen(clinician, None, span_of(long_ago)),
        "one colleague in three weeks": Chosen(clinician, None, weeks),
        "everybody in three weeks": Chosen(None, None, weeks),
    }.items():
        measure(f"who opened what: {what}", lambda: entries(chosen, None, 51))  # noqa: B023
        if chosen.span:
            measure(f"patients: {what}", lambda: patients(chosen))  # noqa: B023


main()
