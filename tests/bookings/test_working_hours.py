"""Open hours over both clock changes, bank holidays and weekends."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.diary.working_hours import (
    OpenTime,
    WorkingWeek,
    add_working_time,
    closing_time,
)

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
    with pytest.raises(ValueError, match="never open"):
        add_working_time(london("2026-11-23 10:00"), timedelta(hours=1), never, set())


def instants_between(first: str, last: str) -> st.SearchStrategy[datetime]:
    limits = datetime.fromisoformat(first), datetime.fromisoformat(last)
    return st.datetimes(*limits, timezones=st.just(UTC))


instants = instants_between("2026-01-01", "2028-01-01")
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


ALWAYS = WorkingWeek(days=range(7), opens=time(0), closes=closing_time("24:00"), zone=LONDON)
# Round the two nights in which the clocks change.
odd_nights = st.one_of(
    instants_between("2027-03-27", "2027-03-29"), instants_between("2027-10-30", "2027-11-01")
)


@given(odd_nights, lengths)
def test_a_desk_that_never_closes_counts_every_real_minute(
    start: datetime, length: timedelta
) -> None:
    assert add_working_time(start, length, ALWAYS, set()) == start + length


@given(odd_nights, lengths, st.sampled_from([WEEK, ALWAYS, ALWAYS._replace(opens=time(1, 30))]))
def test_the_zone_in_which_a_start_is_written_makes_no_difference(
    start: datetime, length: timedelta, week: WorkingWeek
) -> None:
    in_utc = add_working_time(start, length, week, set())
    assert in_utc.tzinfo == UTC
    for zone in (LONDON, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/St_Johns")):
        assert add_working_time(start.astimezone(zone), length, week, set()) == in_utc


@pytest.mark.parametrize(
    ("start", "end"),
    [("2027-03-28 00:30", "2027-03-28 03:30"), ("2027-10-31 00:30", "2027-10-31 01:30+00:00")],
)
def test_two_hours_over_a_clock_change_are_two_hours(start: str, end: str) -> None:
    ended = add_working_time(london(start), timedelta(hours=2), ALWAYS, set())
    wanted = datetime.fromisoformat(end)
    assert ended == (wanted if wanted.tzinfo else london(end))


def test_midnight_is_the_end_of_the_day() -> None:
    late = WEEK._replace(closes=closing_time("24:00"))
    assert late.closes == closing_time("00:00") == time(0)
    friday = london("2026-11-20 23:00")
    assert add_working_time(friday, timedelta(hours=1), late, set()) == london("2026-11-21 00:00")
    assert add_working_time(friday, timedelta(hours=2), late, set()) == london("2026-11-23 10:00")


# --- How long the desk was open ---------------------------------------------------------------


def open_between(start: datetime, end: datetime, week: WorkingWeek) -> timedelta:
    first, last = (each.astimezone(LONDON).date() for each in (start, end))
    return OpenTime(first, last, week, set()).between(start, end)


@given(st.one_of(instants, odd_nights), lengths, st.sampled_from([WEEK, ALWAYS]))
def test_counting_open_time_is_adding_it_backwards(
    start: datetime, length: timedelta, week: WorkingWeek
) -> None:
    end = add_working_time(start, length, week, set())
    assert open_between(start, end, week) == length


def test_a_closed_day_and_a_weekend_are_no_open_time() -> None:
    friday, tuesday = london("2026-12-25 08:00"), london("2026-12-29 10:30")
    closed = {date(2026, 12, 25), date(2026, 12, 28)}
    open_time = OpenTime(friday.date(), tuesday.date(), WEEK, closed)
    assert open_time.between(friday, tuesday) == timedelta(hours=1, minutes=30)
