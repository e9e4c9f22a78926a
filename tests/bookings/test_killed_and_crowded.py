"""Many processes at the same time, and workers that are killed.

The processes book one time (R1) or use one database (R4); the workers are killed while they send
(R5, R6). Short by default; `HYPOTHESIS_PROFILE=full` runs the figures of the design: 40 times, 8
processes of 4 colleagues each, 16 patients on 8 web processes, and 30 killed workers.
"""

import asyncio
import contextlib
import http.client
import json
import re
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from bookings import diary, journal, messages
from bookings.links import private_link
from bookings.management.worker import SENDERS
from bookings.models import Appointment, AppointmentRequest, Claim, ClosedDay, Message, WorkerRun
from bookings.status import MessageKind, MessageStatus, RequestStatus
from tests import factories, processes, profiles
from tests.people import BIRTH
from tests.races import losses, race

pytestmark = pytest.mark.django_db(transaction=True)

TIMES, PROCESSES, COLLEAGUES = (40, 8, 4) if profiles.FULL else (4, 2, 3)
CLIENTS, EACH, WEB = (16, 150, 8) if profiles.FULL else (6, 2, 3)
KILLS, LETTERS = (30, 1600) if profiles.FULL else (2, 20)


# --- R1 -------------------------------------------------------------------------------------------


def in_review(count: int) -> list[int]:
    """This many requests in review, without their history."""
    pattern = factories.request_at(RequestStatus.IN_REVIEW)
    columns = {
        field.name: getattr(pattern, field.name)
        for field in pattern._meta.concrete_fields
        if not field.primary_key
    }
    unique = ("reference", "submission_key", "link_key")
    made = AppointmentRequest.objects.bulk_create(
        AppointmentRequest(**columns | dict.fromkeys(unique, f"{number:09}") | {"event_count": 0})
        for number in range(count)
    )
    return [request.pk for request in made]


def test_r1_each_time_has_one_appointment_however_many_book_it() -> None:
    diary.resource_of(factories.clinician())
    factories.appointment_type()
    ClosedDay.objects.all().delete()
    first = factories.tomorrow() + timedelta(days=1)
    starts = [(first + timedelta(hours=number)).isoformat() for number in range(TIMES)]
    requests = in_review(TIMES * PROCESSES * COLLEAGUES)
    crowd = [processes.start("-m", "tests.bookers", str(COLLEAGUES)) for _ in range(PROCESSES)]
    for process in crowd:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        own = [[requests.pop() for _ in range(TIMES)] for _ in range(COLLEAGUES)]
        assert process.stdin
        process.stdin.write(json.dumps({"starts": starts, "requests": own}) + "\n")
        process.stdin.flush()
    told: Counter[str] = Counter()
    for process in crowd:
        told.update(json.loads(process.communicate(timeout=processes.PATIENCE)[0]))
    assert told == {"booked": TIMES, "TimeTaken": TIMES * (PROCESSES * COLLEAGUES - 1)}
    assert Appointment.objects.values("starts").distinct().count() == TIMES
    assert Appointment.objects.count() == TIMES
    assert Claim.objects.count() == 16 * TIMES
    assert AppointmentRequest.objects.filter(status=RequestStatus.BOOKED).count() == TIMES


# --- R4 -------------------------------------------------------------------------------------------


class Browser:
    """A patient's browser, as far as a form needs one."""

    def __init__(self, port: int):
        self.port = port
        self.cookies: dict[str, str] = {}
        self.answers: list[int] = []

    def ask(self, method: str, path: str, **form: str) -> str:
        """Send one request and follow a redirect."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=processes.PATIENCE)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        self.answers.append(answer.status)
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.split(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status == 302:
            return self.ask("GET", str(answer.getheader("Location")))
        return body

    def withdraw(self, request: AppointmentRequest) -> None:
        """Open the link in the newest email, read the page, press the button."""
        path = private_link(request).removeprefix("https://clinic.example")
        self.ask("GET", path)
        url = f"/appointments/mine/{request.reference}/"
        self.press(f"{url}identify/", BIRTH)
        page = self.press(f"{url}withdraw/", {"version": str(request.version)})
        assert "You withdrew your request." in page

    def press(self, url: str, form: dict[str, str]) -> str:
        """Read a page and press its button."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.ask("GET", url))
        assert token
        return self.ask("POST", url, csrfmiddlewaretoken=token[1], **form)

    def withdraw_all(self, requests: Sequence[AppointmentRequest]) -> None:
        for request in requests:
            self.withdraw(request)


@pytest.mark.lengthy
def test_r4_many_patients_and_many_web_processes_on_one_database(settings: Any) -> None:
    # Of people with one name and one day of birth each is compared with all before.
    people = range(CLIENTS * EACH)
    requests = [factories.received(name=f"Pat {n}", email=f"p{n}@example.org") for n in people]
    environment = {
        "DJANGO_SETTINGS_MODULE": "clinic_site.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "SITE_URL": settings.SITE_URL,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DEVELOPMENT": "true",
    }
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(processes.listening())
        command = ["-m", "gunicorn", "clinic_site.wsgi", "--bind", f"fd://{server.fileno()}"]
        command += ["--workers", str(WEB), "--log-level", "error"]
        stack.enter_context(processes.running(*command, inherit=(server,), **environment))
        browsers = [Browser(server.getsockname()[1]) for _ in range(CLIENTS)]
        outcomes = race(
            [
                partial(browser.withdraw_all, requests[n::CLIENTS])
                for n, browser in enumerate(browsers)
            ]
        )
    assert losses(outcomes) == set()
    assert {status for browser in browsers for status in browser.answers} == {200, 302}
    withdrawn = AppointmentRequest.objects.filter(status=RequestStatus.WITHDRAWN)
    assert withdrawn.count() == len(requests)
    assert all(journal.chain_is_whole(request) for request in withdrawn)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchall() == [("ok",)]


# --- R5 and R6 ------------------------------------------------------------------------------------


class Letters:
    """A mail server that can be told to stall, before or after it accepts an email."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.stall = ""
        self.stalled = threading.Event()
        self.enough = threading.Event()
        self.wanted = 0

    async def handle_RCPT(  # noqa: N802 -- the server looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.stall == "first":
            self.stall = ""
            await self._hang()
        if self.stall == "before":
            await self._hang()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        head = envelope.content.decode().lower().split("message-id: ", 1)[1]
        self.taken.append(head.split("\r\n", 1)[0])
        if len(self.taken) >= self.wanted:
            self.enough.set()
        if self.stall == "after":
            await self._hang()
        return "250 OK"

    async def _hang(self) -> None:
        self.stalled.set()
        await asyncio.sleep(3600)


@pytest.fixture
def letters(settings: Any) -> Iterator[Letters]:
    server = Letters()
    factories.clinic(inbox="")
    with processes.serving(server, settings):
        yield server


def worker(settings: Any, **environment: Any) -> Any:
    """`send_messages --loop` as it runs in production, with the mail server of the test."""
    return processes.running(
        "manage.py",
        "send_messages",
        "--loop",
        DJANGO_SETTINGS_MODULE="clinic_site.settings",
        SECRET_KEY=settings.SECRET_KEY,
        SITE_URL=settings.SITE_URL,
        DEVELOPMENT="false",
        EMAIL_URL=f"smtp://127.0.0.1:{settings.EMAIL_PORT}",
        CLINIC_INBOX="",
        **environment,
    )


def send_after_the_lease() -> int:
    with time_machine.travel(timezone.now() + messages.LEASE + timedelta(seconds=10)):
        return messages.send_due()


@pytest.mark.parametrize(("stall", "copies"), [("before", 1), ("after", 2)])
def test_r5_r6_a_worker_that_dies_over_a_letter(
    stall: str, copies: int, letters: Letters, settings: Any
) -> None:
    """A worker is killed while sending an email.

    R5: killed before the server accepted it, the email is sent once. R6: killed before “sent” was
    stored, it is sent twice, under one Message-ID, so mail programs show it once.
    """
    factories.received()
    letters.stall = stall
    with worker(settings):
        assert letters.stalled.wait(processes.PATIENCE)
    message = Message.objects.get()
    assert (message.status, message.tries) == (MessageStatus.QUEUED, 1)
    letters.stall = ""
    assert messages.send_due() == 0  # the dead worker's lease has not expired yet
    assert send_after_the_lease() == 1
    assert len(letters.taken) == copies
    assert len(set(letters.taken)) == 1
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


@pytest.mark.lengthy
def test_r5_however_often_workers_die_no_letter_is_lost(letters: Letters, settings: Any) -> None:
    request = factories.received()
    Message.objects.all().delete()
    for version in range(LETTERS):
        request.version = version
        messages.queue(request, MessageKind.RECEIVED, by="the patient", now=timezone.now())
    for killed in range(KILLS):
        letters.enough.clear()
        letters.wanted = (killed + 1) * LETTERS // (KILLS + 2)
        with worker(settings):
            assert letters.enough.wait(processes.PATIENCE)
    while Message.objects.filter(status=MessageStatus.QUEUED).exists():
        assert send_after_the_lease()
    copies = Counter(letters.taken)
    assert len(copies) == LETTERS
    # A worker has as many emails in hand as it has senders.
    assert sum(copies.values()) <= LETTERS + KILLS * SENDERS


# --- A slow mail server, and a database that goes away ----------------------------------------------


@pytest.mark.lengthy
def test_a_slow_letter_holds_up_no_other_and_a_stop_ends_it(
    letters: Letters, settings: Any
) -> None:
    """Other emails go out and the clock goes on while one hangs.

    After its time-out it is kept, and a worker that is told to stop ends properly.
    """
    for number in range(4):
        factories.received(email=f"p{number}@example.org")
    letters.stall, letters.wanted = "first", 3
    with worker(settings, EMAIL_TIMEOUT="2") as process:
        assert letters.stalled.wait(timeout=30)
        assert letters.enough.wait(timeout=30)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=25) == 0
    assert WorkerRun.objects.get().failed == 0
    slow = Message.objects.get(status=MessageStatus.QUEUED)
    assert (slow.tries, slow.leased_until) == (1, None)
    assert len(letters.taken) == 3


@pytest.mark.full
def test_a_stop_waits_no_longer_than_25_seconds(letters: Letters, settings: Any) -> None:
    factories.received()
    letters.stall = "before"
    with worker(settings, EMAIL_TIMEOUT="20") as process:
        assert letters.stalled.wait(processes.PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=25) == 0


@pytest.mark.lengthy
@pytest.mark.postgres
def test_a_worker_whose_connections_were_cut_goes_on(letters: Letters, settings: Any) -> None:
    factories.received()
    letters.wanted = 1
    with worker(settings) as process:
        assert letters.enough.wait(timeout=30)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        letters.enough.clear()
        letters.wanted = 2
        factories.received(email="later@example.org")
        assert letters.enough.wait(timeout=60)
        assert process.poll() is None
