"""Working time, with both clock changes, bank holidays and weekends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.working_hours import WorkingWeek, add_working_time

LONDON = ZoneInfo("Europe/London")
WEEK = WorkingWeek(days={0, 1, 2, 3, 4}, opens=time(9), closes=time(17), zone=LONDON)


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 10:00", 2, "2026-11-23 12:00"),
        ("2026-11-23 10:00", 7, "2026-11-23 17:00"),
        ("2026-11-23 10:00", 8, "2026-11-24 10:00"),
        ("2026-11-23 07:00", 1, "2026-11-23 10:00"),
        ("2026-11-23 20:00", 1, "2026-11-24 10:00"),
        ("2026-11-20 16:00", 2, "2026-11-23 10:00"),  # over a weekend
        ("2026-11-21 12:00", 1, "2026-11-23 10:00"),  # from a Saturday
        ("2026-12-24 16:00", 2, "2026-12-29 10:00"),  # over Christmas
        ("2027-03-26 16:00", 2, "2027-03-29 10:00"),  # over the change to summer time
        ("2027-10-29 16:00", 2, "2027-11-01 10:00"),  # and back
    ],
)
def test_time_counts_while_the_desk_is_open(start: str, hours: int, end: str) -> None:
    closed = {date(2026, 12, 25), date(2026, 12, 28)}
    assert add_working_time(london(start), timedelta(hours=hours), WEEK, closed) == london(end)


def test_a_night_shift_over_the_clock_change_counts_real_hours() -> None:
    """Open from 00:00 to 06:00 on the Sunday when 01:00 becomes 02:00: five hours, not six."""
    sundays = WorkingWeek(days={6}, opens=time(0), closes=time(6), zone=LONDON)
    start = london("2027-03-28 00:00")
    end = add_working_time(start, timedelta(hours=5), sundays, set())
    assert end.astimezone(LONDON) == london("2027-03-28 06:00")


def test_a_desk_that_never_opens_is_an_error_and_not_an_endless_loop() -> None:
    never = WEEK._replace(days=set())
    with pytest.raises(ValueError, match="never opens"):
        add_working_time(london("2026-11-23 10:00"), timedelta(hours=1), never, set())


instants = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2028, 1, 1), timezones=st.just(UTC)
)
lengths = st.integers(min_value=1, max_value=60 * 60).map(
    lambda minutes: timedelta(minutes=minutes)
)


@given(instants, lengths)
def test_the_answer_always_falls_into_open_hours(start: datetime, length: timedelta) -> None:
    end = add_working_time(start, length, WEEK, set()).astimezone(LONDON)
    assert end >= start + length
    assert end.weekday() in WEEK.days
    assert WEEK.opens <= end.time() <= WEEK.closes


@given(instants, lengths, lengths)
def test_counting_in_two_steps_comes_to_the_same(
    start: datetime, first: timedelta, second: timedelta
) -> None:
    halfway = add_working_time(start, first, WEEK, set())
    assert add_working_time(halfway, second, WEEK, set()) == add_working_time(
        start, first + second, WEEK, set()
    )
