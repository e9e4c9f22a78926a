"""Fixtures for every test. The network is closed except for this machine."""

import contextlib
import fcntl
import gc
import itertools
import os
import socket
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any
from zlib import crc32

import hypothesis
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, TransactionTestCase

from bookings.triage import waits
from procedures.ground.constraints import allow_changes, make_append_only
from procedures.models import clinic, restored
from procedures.reading import publication
from tests import clock, databases, factories, profiles
from tests.valid_html import faults_of

# On a busy machine an example that takes a millisecond may take half a second: not the code's
# fault.
hypothesis.settings.register_profile(
    "any machine",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    max_examples=20 if profiles.SHORT else 100,
)
hypothesis.settings.load_profile("any machine")

APPEND_ONLY: dict[str, dict[str, tuple[str, ...]]] = {
    "bookings_accesstoken": {"set_once": ("revoked_at", "revoked_by")},
    "bookings_look": {},
    "bookings_note": {"set_once": ("unpinned_at", "unpinned_by_id"), "erasable": ("text",)},
    "bookings_outsidelook": {},
    "bookings_phonecall": {"erasable": ("note",)},
    "bookings_redflag": {"replaceable": ("outcome", "reason", "resolved_at", "resolved_by_id")},
    "bookings_screeninganswer": {"erasable": ("answer", "detail", "read_in")},
    "bookings_personevent": {"erasable": ("reason",)},
    "bookings_personlink": {},
    "bookings_requestevent": {},
    "bookings_recordedoutcome": {"erasable": ("reason",)},
    "bookings_visitanswer": {"erasable": ("comment",)},
    "procedures_accountevent": {},
    "procedures_clinicdetails": {},
    "procedures_checkpoint": {},
    "procedures_cosignature": {},
    "procedures_logentry": {},
    "procedures_pageevent": {"replaceable": ("seal",)},
    "procedures_passkeysignature": {},
    "procedures_timestamp": {},
    "procedures_figure": {},
    "procedures_proposal": {"set_once": ("decided_at", "decided_by_id", "outcome", "answer")},
    "procedures_sourceevent": {},
    "procedures_signoff": {"set_once": ("revoked_at", "revoked_by_id", "revocation_reason")},
    # A person's number and username name them in journals for good.
    "auth_user": {
        "replaceable": (
            "password",
            "last_login",
            "is_superuser",
            "first_name",
            "last_name",
            "email",
            "is_staff",
            "is_active",
            "date_joined",
        )
    },
}

# Of the tests that PostgreSQL repeats, a short run takes one in so many.
ONE_REPEATED_IN = 40
# A Monday morning in winter, when London is on UTC, and a Thursday in summer, when it is not.
MONDAY = datetime.fromisoformat("2026-11-23T10:00:00+00:00")
SUMMER_THURSDAY = datetime.fromisoformat("2026-07-02T10:00:00+00:00")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Make the database, up to date, as a copy: Django then finds nothing to do.

    On SQLite it is a file that no other run in this folder uses: two never share one.
    """
    test = connection.settings_dict["TEST"]
    if connection.vendor == "postgresql":
        name = test["NAME"] or f"test_{connection.settings_dict['NAME']}"
        databases.migrated_database(os.environ["DATABASE_URL"], name)
        databases.first_rows(name)
        yield
        return
    for number in itertools.count(1):
        name = f"{test['NAME']}_{number}"
        with Path(f"{name}.lock").open("w") as lock, contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            databases.copy(databases.migrated(), Path(name))
            test["NAME"] = name
            yield
            return


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Django uses the copy."""
    return True


@contextlib.contextmanager
def changes_allowed() -> Iterator[None]:
    """Let the append-only tables delete rows for a while. Needs a test with real transactions."""
    with connection.schema_editor() as editor:
        for table in APPEND_ONLY:
            allow_changes(editor, table)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            for table, exceptions in APPEND_ONLY.items():
                make_append_only(editor, table, **exceptions)


def _empty_the_tables(_: TransactionTestCase) -> None:
    if connection.vendor == "sqlite":
        databases.overwrite(connection, databases.migrated())
    else:
        databases.put_rows_back(connection)


# Django has no public name for it, and its own way cannot empty what is append-only.
TransactionTestCase._fixture_teardown = _empty_the_tables  # type: ignore[attr-defined]


def pytest_report_header() -> str:
    return clock.in_words()


def pytest_sessionfinish() -> None:
    """Keep what coverage has measured: a worker that ends slowly is killed before it would."""
    coverage = sys.modules.get("coverage")
    if coverage and (measuring := coverage.Coverage.current()):
        measuring.save()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Note what failed, for `script/test` to read out at its end for each of its parts.

    Workers of xdist note nothing: the process that started them hears of it as well.
    """
    if not os.environ.get("TESTS_FAILED") or "PYTEST_XDIST_WORKER" in os.environ:
        return
    part = os.environ.get("TESTS_PART", "")
    outcomes = [terminalreporter.stats.get(outcome, []) for outcome in ("failed", "error")]
    with Path(os.environ["TESTS_FAILED"]).open("a") as names:
        names.writelines(f"{part}: {each.nodeid}\n" for reports in outcomes for each in reports)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not meant for this database or a short run. Nothing is reported as skipped."""
    for item in items:
        mark(item)
    left_out = set() if profiles.FULL else {"full"}
    if profiles.SHORT:
        left_out.add("lengthy")
    left_out.add("postgres" if connection.vendor == "sqlite" else "sqlite")
    chosen = [item for item in items if not left_out & {mark.name for mark in item.iter_markers()}]
    chosen = some_cases(chosen)
    kept = set(chosen)
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = chosen


def mark(item: pytest.Item) -> None:
    """Mark a test with what follows from its fixtures."""
    fixtures = getattr(item, "fixturenames", ())
    if "monday" in fixtures:
        item.add_marker(pytest.mark.own_moment)
    if "demonstration" in fixtures and connection.vendor == "postgresql":
        item.add_marker(pytest.mark.lengthy)


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what stays: it took a twentieth of the time."""
    gc.freeze()


def some_cases(items: list[pytest.Item]) -> list[pytest.Item]:
    """Those of this run, of each test with many parameters."""
    cases = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    kept = {item for name, group in cases.items() for item in of_this_run(name, group)}
    return [item for item in items if item in kept]


def of_this_run(name: str, group: list[pytest.Item]) -> list[pytest.Item]:
    """All; or one of them, another one at each moment.

    On PostgreSQL never all of a test that is not about the database: a case that goes wrong there has
    gone wrong on SQLite too. A short run leaves most of those tests out, and of a journey it takes the
    first case, if it takes it at all: the one that most people meet.
    """
    is_repeated = connection.vendor == "postgresql" and not is_about_the_database(group[0])
    is_journey = group[0].get_closest_marker("browser") is not None
    if not profiles.SHORT and not is_repeated:
        return group
    one_in = profiles.ONE_JOURNEY_IN if is_journey else profiles.ONE_TEST_IN
    one_in *= ONE_REPEATED_IN if is_repeated else 1
    drawn = crc32(f"{name} {profiles.MOMENT}".encode())
    if profiles.SHORT and drawn % one_in:
        return []
    return group[:1] if is_journey else [group[drawn // one_in % len(group)]]


def is_about_the_database(item: pytest.Item) -> bool:
    """Whether it is there because of PostgreSQL, or commits: constraints, triggers, locks and races."""
    uses = item.get_closest_marker("django_db")
    commits = uses is not None and uses.kwargs.get("transaction", False)
    return commits or item.get_closest_marker("postgres") is not None


@pytest.fixture(scope="session", autouse=True)
def suite_clock() -> Iterator[time_machine.Traveller]:
    """The clock of this process, which goes on, including in what is set up once for many tests."""
    with time_machine.travel(clock.start()) as traveller:
        yield traveller


@pytest.fixture(scope="module")
def demonstration(
    django_db_setup: None, django_db_blocker: Any, suite_clock: time_machine.Traveller
) -> Iterator[datetime]:
    """The demonstration, and when it was loaded. Each test of the module takes back what it does itself.

    On SQLite it is read from a file; on PostgreSQL the command loads it, to try that there too.
    """
    suite_clock.move_to(clock.start())
    with django_db_blocker.unblock():
        if connection.vendor == "sqlite":
            databases.overwrite(connection, databases.demonstration())
            yield clock.start()
            databases.overwrite(connection, databases.migrated())
            return
        with transaction.atomic():
            call_command("load_demo", stdout=StringIO())
            yield clock.start()
            transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def moment_of_the_suite(suite_clock: time_machine.Traveller) -> None:
    """Start each test at the same moment, however long those before it took."""
    suite_clock.move_to(clock.start())


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that reaches out into the network."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "localhost", "::1"}:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


VALIDATED: set[frozenset[str]] = set()


@pytest.fixture(autouse=True)
def valid_html(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that gets invalid HTML; checked once for each mix of templates."""
    ask = Client.request

    def validated(self: Client, **request: Any) -> Any:
        answer = ask(self, **request)
        mix = frozenset(template.name or "" for template in answer.templates or ())
        is_html = answer.headers.get("Content-Type", "").startswith("text/html")
        # In a race the templates of another thread's response are reported for a redirect, too.
        if mix and mix not in VALIDATED and is_html and answer.content:
            VALIDATED.add(mix)
            faults = faults_of(answer.content.decode())
            if request["PATH_INFO"].startswith("/admin/"):
                # The admin's own tables of rows point to help that is only in their heading.
                faults = [each for each in faults if "_helptext> leads nowhere" not in each]
            if b"<main" not in answer.content:
                # A part of a page: its buttons may be of a form outside it.
                faults = [each for each in faults if "<button form=" not in each]
            assert faults == []
        return answer

    monkeypatch.setattr(Client, "request", validated)


@pytest.fixture(autouse=True)
def mailbox(tmp_path: Any, settings: Any) -> None:
    """Give each test a mailbox of its own."""
    settings.MAILBOX = settings.EMAIL_FILE_PATH = tmp_path / "mailbox"


@pytest.fixture(autouse=True)
def memory_of_this_test() -> None:
    """Forget what another test left in memory: titles, waits, details of the clinic, a quiet copy."""
    clinic.remember(clinic.first_values())
    restored.remember(False)
    publication.forget_titles()
    waits.forget()


@pytest.fixture
def at() -> Iterator[Callable[[datetime], None]]:
    """Set the clock: at(MONDAY). It does not move until it is set again."""
    with contextlib.ExitStack() as stack:

        def set_clock(moment: datetime) -> None:
            stack.enter_context(time_machine.travel(moment, tick=False))

        yield set_clock


@pytest.fixture
def monday(at: Callable[[datetime], None]) -> datetime:
    """Set the clock to Monday at 10:00."""
    at(MONDAY)
    return MONDAY


@pytest.fixture
def sign_in(client: Client) -> Callable[[User | str], Client]:
    """A client that is signed in as this person, or as somebody in this group."""

    def as_somebody(user: User | str) -> Client:
        if isinstance(user, str):
            user = factories.staff(user)
        client.force_login(user)
        return client

    return as_somebody
