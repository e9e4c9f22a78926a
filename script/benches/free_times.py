"""How long it takes to find the free times of twenty clinicians over twelve weeks, half of them booked.

    script/bench free_times [--on SQLite]

On SQLite and on PostgreSQL, each in a folder that is deleted again. The time is the processor time of
this process; what PostgreSQL does is in the time of day beside it.
"""

import argparse
import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from time import perf_counter, process_time
from typing import Any

from stored import DATABASES, refer_to_nothing, store, tidy

CLINICIANS, WEEKS, TIMES = 20, 12, 7
# The marks.
MOST_MS, MOST_QUESTIONS = 100, 15
SESSIONS = ((time(9), time(12, 30)), (time(13, 30), time(17)))


def main() -> None:
    """Measure each database in a process of its own."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--on", choices=DATABASES)
    given = arguments.parse_args()
    print(f"{'':12}{'claims':>9}{'free':>8}{'ms':>8}{'of day':>9}{'questions':>11}", flush=True)
    for name in [given.on] if given.on else DATABASES:
        child = os.fork()
        if child == 0:
            with DATABASES[name]() as make:
                measure(name, make("diary", ""))
            os._exit(0)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"{name}: it did not work.")


def measure(name: str, database: str) -> None:
    """Fill the diary, and look for its free times again and again; the quickest look counts."""
    os.environ |= {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from bookings.diary.free_times import Rota, Taken, free_on  # noqa: PLC0415
    from bookings.models import Claim  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    kind = factories.appointment_type()
    now, days = fill(kind)

    def look() -> int:
        rota = Rota(days)
        return len(free_on(rota, Taken(rota, now), kind, now))

    with CaptureQueriesContext(connection) as asked:
        free = look()
    took = min(timed(look) for _ in range(TIMES))
    claims, questions = Claim.objects.count(), len(asked)
    mark = "" if took[1] <= MOST_MS and questions <= MOST_QUESTIONS else "  above the mark"
    print(
        f"{name:12}{claims:9,}{free:8,}{took[0]:8.0f}{took[1]:9.0f}{questions:11}{mark}", flush=True
    )
    connection.close()


def timed(look: Any) -> tuple[float, float]:
    """The milliseconds of processor time, and of the day."""
    began, clock = process_time(), perf_counter()
    look()
    return 1000 * (process_time() - began), 1000 * (perf_counter() - clock)


def fill(kind: Any) -> tuple[datetime, list[date]]:
    """Two sessions on each weekday for everybody, with every other time booked."""
    from bookings import diary  # noqa: PLC0415
    from bookings.diary.free_times import Rota, Taken, free_on  # noqa: PLC0415
    from bookings.models import Appointment, Claim, ClinicSession  # noqa: PLC0415
    from bookings.status import RequestStatus  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    now = factories.tomorrow()
    days = [now.date() + timedelta(days=day) for day in range(7 * WEEKS)]
    given = factories.request_at(RequestStatus.BOOKED, now=now).appointments.get()
    ClinicSession.objects.all().delete()
    everybody = [factories.clinician(f"clinician-{n}") for n in range(CLINICIANS)]
    ClinicSession.objects.all().delete()
    for each in everybody:
        diary.resource_of(each)
        for weekday in range(5):
            for starts, ends in SESSIONS:
                factories.clinic_session(each, date(2020, 1, 6 + weekday), starts, ends)
    refer_to_nothing()

    rota = Rota(days)
    booked = [free for _, free in free_on(rota, Taken(rota, now), kind, now)][::2]
    row: dict[str, Any] = dict(Appointment.objects.filter(pk=given.pk).values().get())
    store(Appointment, visits(row, booked))
    store(Claim, claims(row["id"], booked))
    tidy()
    return now, days


def visits(row: dict[str, Any], booked: list[Any]) -> Iterator[dict[str, Any]]:
    """An appointment for each time."""
    status = {"status": "fulfilled", "ended_at": row["booked_at"], "ended_by": "bench"}
    for number, free in enumerate(booked, start=1):
        yield {**row, **status, "id": row["id"] + number, "starts": free.starts, "ends": free.ends}


def claims(before: int, booked: list[Any]) -> Iterator[dict[str, Any]]:
    """What each of them claims, with ten minutes to write up."""
    from bookings.diary.free_times import cells  # noqa: PLC0415

    for number, free in enumerate(booked, start=1):
        for resource in free.resources:
            for cell in cells(free.starts, free.ends + timedelta(minutes=10)):
                yield {"resource_id": resource, "cell": cell, "appointment_id": before + number}


if __name__ == "__main__":
    main()
