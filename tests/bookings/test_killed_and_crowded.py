"""Many processes on one time (R1), and workers that die in the middle of a message (R5, R6).

Short by default; `HYPOTHESIS_PROFILE=full` runs the figures of the design: 40 times, 8 processes of 4
colleagues each, and 30 killed workers.
"""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from django.utils import timezone

from bookings import diary, messages
from bookings.models import Appointment, AppointmentRequest, Claim, Message
from bookings.status import MessageKind, MessageStatus, RequestStatus
from tests import factories, processes

pytestmark = pytest.mark.django_db(transaction=True)

TIMES, PROCESSES, COLLEAGUES = (40, 8, 4) if processes.FULL else (6, 3, 3)
KILLS, LETTERS = (30, 600) if processes.FULL else (3, 40)


# --- R1 -------------------------------------------------------------------------------------------


def in_review(count: int) -> list[int]:
    """As many requests, without their history."""
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
        told.update(json.loads(process.communicate(timeout=300)[0]))
    assert told == {"booked": TIMES, "TimeTaken": TIMES * (PROCESSES * COLLEAGUES - 1)}
    assert Appointment.objects.values("starts").distinct().count() == TIMES
    assert Appointment.objects.count() == TIMES
    assert Claim.objects.count() == 16 * TIMES
    assert AppointmentRequest.objects.filter(status=RequestStatus.BOOKED).count() == TIMES


# --- R5 and R6 ------------------------------------------------------------------------------------


class Letters:
    """A mail server that can be told to stall: before it takes a letter, or after."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.stall = ""
        self.stalled = threading.Event()
        self.enough = threading.Event()
        self.wanted = 0

    async def handle_RCPT(  # noqa: N802 -- the server looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.CLINIC_INBOX = "127.0.0.1", port, ""
    yield server
    controller.stop()


def worker(settings: Any) -> Any:
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
    )


def send_after_the_lease() -> int:
    with time_machine.travel(timezone.now() + messages.LEASE + timedelta(seconds=10)):
        return messages.send_due()


@pytest.mark.parametrize(("stall", "copies"), [("before", 1), ("after", 2)])
def test_r5_r6_a_worker_that_dies_over_a_letter(
    stall: str, copies: int, letters: Letters, settings: Any
) -> None:
    """R5: killed before the server took it, the letter goes once. R6: killed before “sent” was stored,
    it goes twice, under one Message-ID, by which mail programs show it once."""
    factories.received()
    letters.stall = stall
    with worker(settings):
        assert letters.stalled.wait(timeout=30)
    message = Message.objects.get()
    assert (message.status, message.tries) == (MessageStatus.QUEUED, 1)
    letters.stall = ""
    assert messages.send_due() == 0  # the dead worker's lease still runs
    assert send_after_the_lease() == 1
    assert len(letters.taken) == copies
    assert len(set(letters.taken)) == 1
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


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
            assert letters.enough.wait(timeout=60)
    while Message.objects.filter(status=MessageStatus.QUEUED).exists():
        assert send_after_the_lease()
    copies = Counter(letters.taken)
    assert len(copies) == LETTERS
    assert sum(copies.values()) <= LETTERS + KILLS
