"""How long each page of the desk takes with many requests stored, beside the same page with a thousand.

The last line is a round of the worker with nothing to do. It does more while the desk is open.

    script/bench desk [--stored 1000000] [--on SQLite]

On SQLite and on PostgreSQL, each in a folder that is deleted again. What is open (the demonstration)
is the same in both; what differs is the archive. The whole answer is measured, through all
middleware. Two processes are asked in turn, so what else the machine does hits both; the quickest
of many answers counts.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from functools import partial
from time import perf_counter
from typing import IO, Any, cast

from stored import DATABASES

FEW = 1000
ROUNDS = 5
# Before the name of a page whose questions to the database are counted.
COUNT = "count "
ROUND = "a round of the worker"
# The marks: the ratio, the milliseconds, and the questions to the database.
MOST_RATIO, MOST_MS, MOST_QUESTIONS = 1.10, 50, 15
LIST = "/admin/bookings/appointmentrequest/"
TABS = ("waiting", "late", "today", "clinicians", "patients", "booked", "deferred", "ended", "all")
STATUSES = ("declined", "withdrawn", "lapsed", "closed")


def main() -> None:
    """Measure each database, or be one of the two processes that answer."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--stored", type=int, default=1_000_000)
    arguments.add_argument("--on", choices=DATABASES)
    arguments.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.here:
        answer(given.stored)
        return
    for name in [given.on] if given.on else DATABASES:
        with DATABASES[name]() as make:
            demonstration = Process(make("base", ""), 0)
            demonstration.ready()
            demonstration.end()
            few = Process(make("few", "base"), FEW)
            compare(name, few, Process(make("many", "base"), given.stored))


class Process:
    """A process with a database of its own that opens the pages that it is asked for."""

    def __init__(self, database: str, stored: int):
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
        }
        command = [sys.executable, __file__, "--here", "--stored", str(stored)]
        self.running = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.asks = cast("IO[str]", self.running.stdin)
        self.says = cast("IO[str]", self.running.stdout)
        self.pages: list[str] = []
        self.stored = stored

    def ready(self) -> None:
        """Wait until it is filled."""
        self.pages = self._said()["pages"]

    def ask(self, page: str) -> dict[str, Any]:
        """Open the page once."""
        self.asks.write(f"{page}\n")
        self.asks.flush()
        return self._said()

    def _said(self) -> dict[str, Any]:
        line = self.says.readline()
        if not line:
            raise SystemExit(f"The process with {self.stored} requests ended.")
        said: dict[str, Any] = json.loads(line)
        return said

    def end(self) -> None:
        """Let it end."""
        self.asks.close()
        self.running.wait()


def compare(database: str, few: Process, many: Process) -> None:
    """Open every page in both, in turn, and print the quickest of each."""
    few.ready()
    many.ready()
    print(f"{database:34}{FEW:>9,}{many.stored:>11,}{'ratio':>8}{'questions':>11}", flush=True)
    for page in few.pages:
        took: dict[Process, list[float]] = {few: [], many: []}
        for number in range(ROUNDS):
            for each in (few, many) if number % 2 else (many, few):
                took[each].append(each.ask(page)["ms"])
        questions = many.ask(COUNT + page)["questions"]
        before, after = min(took[few]), min(took[many])
        ratio = after / before
        good = ratio <= MOST_RATIO and after <= MOST_MS and questions <= MOST_QUESTIONS
        mark = "" if good else "  above the mark"
        print(
            f"  {page:32}{before:9.1f}{after:11.1f}{ratio:8.2f}{questions:11}{mark}",
            flush=True,
        )
    for each in (few, many):
        each.end()


def answer(stored: int) -> None:
    """Fill the database, then open what is asked for on standard input."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    from bookings.management import worker  # noqa: PLC0415

    if not stored:
        with tempfile.TemporaryFile("w") as nowhere:
            call_command("migrate", verbosity=0)
            call_command("load_demo", stdout=nowhere)
        connection.close()
        say(pages=[])
        return
    pages = addresses(stored)
    clients = {role: signed_in(Client(), role) for role in ("reception", "clinician", "manager")}

    def open_page(role: str, address: str) -> None:
        response = clients[role].get(address)
        if response.status_code != 200:
            raise SystemExit(f"{address}: {response.status_code}")

    worker.once()
    say(pages=[*pages, ROUND])
    for line in sys.stdin:
        name = line.strip().removeprefix(COUNT)
        do = worker.once if name == ROUND else partial(open_page, *pages[name])
        counts = CaptureQueriesContext(connection) if line.startswith(COUNT) else nullcontext()
        with counts as asked:
            began = perf_counter()
            do()
            took = 1000 * (perf_counter() - began)
        say(ms=took, questions=len(asked) if asked else 0)


def say(**what: Any) -> None:
    """Tell the process that asked."""
    print(json.dumps(what), flush=True)


def signed_in(client: Any, role: str) -> Any:
    """The client, as somebody in that role."""
    from tests import factories  # noqa: PLC0415

    client.force_login(factories.staff(role.capitalize(), f"bench-{role}"))
    return client


def addresses(stored: int) -> dict[str, tuple[str, str]]:
    """Fill the database, and name every page with who opens it."""
    from archive import fill  # noqa: PLC0415

    from bookings.models import AppointmentRequest  # noqa: PLC0415
    from procedures.models import Clinician, InformationPage  # noqa: PLC0415

    requests = AppointmentRequest.objects
    live = {status: requests.filter(status=status)[0] for status in ("in_review", "booked")}
    page = InformationPage.objects.filter(appointmentrequest__isnull=False)[0]
    clinician = Clinician.objects.all()[0]
    fill(stored)
    old = requests.filter(status="closed").latest("pk")
    filters = {
        "a page": f"show=all&about={page.slug}",
        "a clinician": f"show=all&clinician={clinician.slug}",
        "any flag": "show=all&flag=any",
        "mine": "whose=mine",
    }
    return {
        "Today: reception": ("reception", "/admin/"),
        "Today: clinician": ("clinician", "/admin/"),
        "Today: manager": ("manager", "/admin/"),
        **{f"requests: {tab}": ("reception", f"{LIST}?show={tab}") for tab in (*TABS, *STATUSES)},
        **{f"requests: {what}": ("reception", f"{LIST}?{query}") for what, query in filters.items()},
        "requests: all, the next page": ("reception", f"{LIST}?show=all&p=2"),
        "to phone": ("reception", f"{LIST}to-phone/"),
        "a request": ("reception", f"{LIST}{live['in_review'].pk}/change/"),
        "a visit": ("reception", f"{LIST}{live['booked'].pk}/change/"),
        "a request that is over": ("reception", f"{LIST}{old.pk}/change/"),
        "offer times": ("reception", f"{LIST}{live['in_review'].pk}/decide/offer/"),
        **{f"diary: {span}": ("reception", f"{LIST}diary/{span}/") for span in
           ("day", "week", "month", "list")},
        "rebook": ("reception", f"{LIST}rebook/"),
        "texts": ("reception", f"{LIST}to-phone/texts/"),
        "weeks": ("reception", "/admin/bookings/clinicsession/weeks/"),
        "people": ("reception", "/admin/bookings/person/"),
        "people: the next page": ("reception", "/admin/bookings/person/?p=2"),
        "a person": ("reception", f"/admin/bookings/person/{old.person_id}/change/"),
        "numbers": ("manager", f"{LIST}numbers/"),
        "who opened what": ("manager", "/admin/bookings/look/"),
        "kept how long": ("manager", "/admin/bookings/person/kept/"),
        "held": ("manager", "/admin/bookings/person/held/"),
        "set-up": ("manager", "/admin/set-up/"),
    }  # fmt: skip


if __name__ == "__main__":
    main()
