"""Two reminders of a visit: never at night, never of what was just confirmed, moved or cancelled."""

from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bookings import messages, triage
from bookings.diary import daytime
from bookings.models import Appointment, ClosedDay, Message
from bookings.screening import GivenAnswer
from bookings.status import PATIENT, Answer, Channel, MessageKind, MessageStatus
from bookings.triage import reminders
from tests import factories
from tests.people import book_instead, booked, identified
from tests.races import race

pytestmark = pytest.mark.django_db


def queued() -> list[tuple[int, datetime]]:
    """Which reminders there are, and since when."""
    rows = Message.objects.filter(kind=MessageKind.REMINDER, channel=Channel.EMAIL)
    return list(rows.order_by("queued_at").values_list("days_ahead", "queued_at"))


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


# --- When they are due ------------------------------------------------------------------------


def test_one_is_queued_three_days_ahead_and_one_the_day_before(monday: datetime) -> None:
    booked(monday)
    moments = [
        monday + timedelta(days=days, seconds=seconds)
        for days in (4, 5, 6)
        for seconds in (-1, 0, 60)
    ]
    assert [triage.remind(moment) for moment in moments] == [0, 1, 0, 0, 0, 0, 0, 1, 0]
    assert queued() == [(3, monday + timedelta(days=4)), (1, monday + timedelta(days=6))]


@pytest.mark.parametrize(
    ("days", "expected"),
    [(1, []), (1.9, []), (2, [1]), (3, [1]), (3.9, [1]), (4, [3, 1]), (30, [3, 1])],
)
def test_no_reminder_repeats_a_confirmation_of_the_day_before(
    days: float, expected: list[int], monday: datetime
) -> None:
    """A reminder needs a booking at least a day before it is due."""
    request = booked(monday)
    starts = monday + timedelta(days=days)
    Appointment.objects.update(starts=starts, ends=starts + timedelta(minutes=30))
    for hour in range(int(days * 24)):
        triage.remind(monday + timedelta(hours=hour))
    assert [which for which, _ in queued()] == expected
    appointment = request.appointments.get()
    assert [which for which, _ in triage.reminders_of(appointment)] == expected


def test_nothing_is_said_of_a_visit_that_is_over(monday: datetime) -> None:
    booked(monday)
    assert triage.remind(monday + timedelta(days=30)) == 0


def test_a_reminder_that_could_not_go_out_is_left_to_the_next_one(monday: datetime) -> None:
    booked(monday)
    assert triage.remind(monday + timedelta(days=6, hours=2)) == 1
    assert [which for which, _ in queued()] == [1]


@pytest.mark.django_db(transaction=True)
def test_many_workers_queue_one_of_each(monday: datetime) -> None:
    booked(monday)
    for days in (4, 6):
        now = monday + timedelta(days=days)
        assert sum(race([partial(triage.remind, now)] * 4)) == 1
    assert [which for which, _ in queued()] == [3, 1]


def test_what_another_worker_has_queued_is_not_queued_again(monday: datetime) -> None:
    request = booked(monday)
    remind = partial(messages.queue_once, request, MessageKind.REMINDER, now=monday)
    assert [remind(days_ahead=days) for days in (3, 3, 1)] == [True, False, True]
    assert [which for which, _ in queued()] == [3, 1]


def test_the_clinic_chooses_the_days(monday: datetime) -> None:
    factories.clinic(reminder_days=[2])
    request = booked(monday)
    for hour in range(7 * 24):
        triage.remind(monday + timedelta(hours=hour))
    assert queued() == [(2, monday + timedelta(days=5))]
    assert not triage.is_soon(request.appointments.get(), monday + timedelta(days=4))


# --- What has changed meanwhile ---------------------------------------------------------------


def test_a_cancelled_appointment_has_none(monday: datetime) -> None:
    request = booked(monday)
    triage.cancel(request, version=request.version, by=PATIENT, now=monday)
    for days in (4, 6):
        assert triage.remind(monday + timedelta(days=days)) == 0


@pytest.mark.parametrize("days", [4, 6])
def test_one_that_waits_is_dropped_when_the_visit_moves(
    days: int, monday: datetime, at: Any
) -> None:
    request = booked(monday)
    now = monday + timedelta(days=days)
    triage.remind(now)
    book_instead(request, monday + timedelta(days=20), now + timedelta(minutes=1))
    at(now + timedelta(minutes=2))
    messages.send_due()
    assert request.messages.get(kind=MessageKind.REMINDER).status == MessageStatus.DROPPED


def test_the_new_time_has_reminders_of_its_own(monday: datetime) -> None:
    request = booked(monday)
    for days in (4, 6):
        triage.remind(monday + timedelta(days=days))
    book_instead(request, monday + timedelta(days=20), monday + timedelta(days=6, hours=1))
    for hour in range(6 * 24 + 2, 20 * 24):
        triage.remind(monday + timedelta(hours=hour))
    assert queued() == [
        (days, monday + timedelta(days=at)) for days, at in ((3, 4), (1, 6), (3, 17), (1, 19))
    ]


def test_the_last_one_still_asks_what_may_have_changed(
    client: Client, monday: datetime, at: Any
) -> None:
    question = factories.question(asked_again=True)
    answers = [GivenAnswer(question, Answer.NO, "")]
    request = triage.submit(factories.submission(answers=answers), key="k", now=monday)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=monday
    )
    book_instead(request, monday + timedelta(days=14), monday)
    now = monday + timedelta(days=13)
    at(now)
    assert triage.remind(now) == 1
    assert "tell us if anything has changed" in str(
        messages.letter(request.messages.get(kind=MessageKind.REMINDER)).body
    )
    page = client.get(identified(client, request)).content.decode()
    assert "Has anything changed since you answered our questions?" in page


# --- Never at night ---------------------------------------------------------------------------

# An hour is skipped, an hour happens twice: in London, in St John's, and half of one on Lord Howe.
CHANGES = [
    date(2027, 3, 28),
    date(2026, 10, 25),
    date(2027, 3, 14),
    date(2026, 11, 1),
    date(2026, 10, 4),
    date(2027, 4, 4),
]


@pytest.fixture
def appointment(monday: datetime) -> Appointment:
    ClosedDay.objects.all().delete()
    return booked(monday).appointments.get()


@pytest.mark.parametrize("zone", ["Europe/London", "America/St_Johns", "Australia/Lord_Howe"])
def test_a_reminder_comes_by_day_on_its_own_day(
    zone: str, appointment: Appointment, settings: Any
) -> None:
    """Whenever the worker looks: a clock on the wall says 8:00 to 20:00, so many days before."""
    settings.TIME_ZONE = zone

    @given(day=st.sampled_from(CHANGES), after=st.integers(-1, 4), minutes=st.integers(0, 16 * 60))
    @hypothesis_settings(max_examples=12, derandomize=True)
    def whenever(day: date, after: int, minutes: int) -> None:
        starts = local(day + timedelta(days=after), 6) + timedelta(minutes=minutes)
        assert reminders_by_day(starts, minutes % 60) == [3, 1]

    whenever()


def reminders_by_day(starts: datetime, offset: int) -> list[int]:
    """Run the worker every hour for five days; which reminders there were, all of them by day."""
    with transaction.atomic():
        try:
            Appointment.objects.update(
                starts=starts, ends=starts + timedelta(minutes=30), booked_at=starts - timedelta(9)
            )
            first = starts - timedelta(days=5) + timedelta(minutes=offset)
            for hour in range(5 * 24):
                triage.remind(first + timedelta(hours=hour))
            found = queued()
            for days, at in found:
                assert 8 <= timezone.localtime(at).hour < 20, "at night"
                ahead = timezone.localdate(starts) - timezone.localdate(at)
                # Of a visit in the evening, whose time of day is too late, on the morning after.
                late = timezone.localtime(starts).hour >= 19
                assert ahead.days in ({days, days - 1} if late else {days})
            return [days for days, _ in found]
        finally:
            transaction.set_rollback(True)


def test_without_the_guard_somebody_is_woken(
    appointment: Appointment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: a visit at seven is reminded at seven."""
    starts = local(CHANGES[0] + timedelta(days=1), 7)
    assert reminders_by_day(starts, 0) == [3, 1]
    monkeypatch.setattr(reminders, "is_daytime", lambda now: True)
    with pytest.raises(AssertionError, match="at night"):
        reminders_by_day(starts, 0)


@pytest.mark.parametrize("hour", [19, 20, 23, 3, 7, 8])
def test_one_that_is_late_waits_for_the_morning(hour: int, monday: datetime, at: Any) -> None:
    """However late the mail server is repaired."""
    request = booked(monday)
    now = monday + timedelta(days=4)
    triage.remind(now)
    later = local(timezone.localdate(now) + timedelta(days=hour < 12), hour)
    at(later)
    messages.send_due()
    message = request.messages.get(kind=MessageKind.REMINDER)
    if hour in {8, 19}:
        assert message.status == MessageStatus.SENT
        return
    assert message.status == MessageStatus.QUEUED
    assert timezone.localtime(message.next_try).time() == time(8)
    assert message.next_try == daytime.next_daytime(later)
    at(message.next_try)
    messages.send_due()
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT


def test_other_messages_do_not_wait_for_the_morning(monday: datetime, at: Any) -> None:
    at(local(timezone.localdate(monday), 23))
    request = factories.received(now=timezone.now())
    messages.send_due()
    assert request.messages.get(kind=MessageKind.RECEIVED).status == MessageStatus.SENT
