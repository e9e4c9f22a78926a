"""How often somebody may do something: exactly, in a sliding window, and until when they wait."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procedures.ground import rate_limits
from procedures.ground.rate_limits import TooManyTries
from procedures.models import RateLimit
from tests.conftest import MONDAY

LIMIT = rate_limits.Limit("test", 3, timedelta(hours=1))
MINUTE = timedelta(minutes=1)


def tries(limit: rate_limits.Limit, subject: str, *moments: datetime) -> list[bool]:
    outcomes = []
    for moment in moments:
        try:
            rate_limits.spend(limit, subject, moment)
            outcomes.append(True)
        except TooManyTries:
            outcomes.append(False)
    return outcomes


@pytest.mark.django_db
def test_a_limit_holds_for_one_subject_and_one_name(monday: datetime) -> None:
    assert tries(LIMIT, "a", *[monday] * 5) == [True] * 3 + [False] * 2
    assert tries(LIMIT, "b", monday) == [True]
    assert tries(LIMIT._replace(name="another"), "a", monday) == [True]


@pytest.mark.django_db
def test_a_limit_says_how_often_and_until_when_without_saying_who(monday: datetime) -> None:
    tries(LIMIT, "a", monday)
    assert str(RateLimit.objects.get()) == "3 until 2026-11-23 11:00:00+00:00"


@pytest.mark.django_db
def test_the_window_slides(monday: datetime) -> None:
    """There is no moment, midnight or the full hour, around which twice as many fit."""
    at = [monday + minutes * MINUTE for minutes in (0, 58, 59, 60, 61, 117, 118, 119)]
    assert tries(LIMIT, "a", *at) == [True, True, True, True, False, False, True, True]


@pytest.mark.django_db
def test_whoever_is_refused_is_told_when_the_next_try_is_free(monday: datetime) -> None:
    tries(LIMIT, "a", monday, monday + MINUTE, monday + 2 * MINUTE)
    with pytest.raises(TooManyTries, match="free from 2026-11-23 11:00 UTC") as refused:
        rate_limits.spend(LIMIT, "a", monday + 3 * MINUTE)
    assert refused.value.until == monday + LIMIT.period
    early = refused.value.until - timedelta(microseconds=1)
    assert tries(LIMIT, "a", early, refused.value.until) == [False, True]


@pytest.mark.django_db
def test_what_is_given_back_does_not_count(monday: datetime) -> None:
    for _ in range(10):
        rate_limits.give_back(rate_limits.spend(LIMIT, "a", monday))
    assert tries(LIMIT, "a", *[monday] * 4) == [True] * 3 + [False]


@pytest.mark.django_db
def test_a_try_that_one_limit_refuses_costs_nothing_of_the_others(monday: datetime) -> None:
    tight, wide = LIMIT._replace(name="tight", times=1), LIMIT
    rate_limits.spend_all([(tight, "a"), (wide, "b")], monday)
    for _ in range(10):
        with pytest.raises(TooManyTries):
            rate_limits.spend_all([(wide, "b"), (tight, "a")], monday)
    assert tries(wide, "b", *[monday] * 3) == [True, True, False]


@pytest.mark.django_db
def test_all_of_several_limits_are_open_when_it_says_so(monday: datetime) -> None:
    short, long = LIMIT._replace(name="short", period=MINUTE), LIMIT._replace(name="long")
    for _ in range(3):
        rate_limits.spend_all([(short, "a"), (long, "a")], monday)
    with pytest.raises(TooManyTries) as refused:
        rate_limits.spend_all([(short, "a"), (long, "a")], monday)
    assert refused.value.until == monday + long.period


@pytest.mark.django_db
def test_it_says_how_many_tries_are_left(monday: datetime) -> None:
    assert [rate_limits.spend(LIMIT, "a", monday).left for _ in range(3)] == [2, 1, 0]
    later = [monday + LIMIT.period + minutes * MINUTE for minutes in (0, 1, 2)]
    spent = [rate_limits.spend(LIMIT, "a", moment) for moment in later]
    assert [each.left for each in spent] == [2, 1, 0]
    assert [each.until for each in spent] == [later[0], later[1], later[0] + LIMIT.period]


@pytest.mark.django_db
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.integers(1, 4),
    st.lists(
        st.tuples(st.integers(0, 40), st.booleans()),
        min_size=1,
        max_size=20,
    ),
)
def test_no_stretch_of_the_period_ever_has_more(times: int, steps: list[tuple[int, bool]]) -> None:
    """The same as a list of moments in memory would allow."""
    RateLimit.objects.all().delete()
    limit, now = rate_limits.Limit("model", times, timedelta(minutes=60)), MONDAY
    counted: list[datetime] = []
    for minutes, is_right in steps:
        now += minutes * MINUTE
        counted = [moment for moment in counted if moment > now - limit.period]
        if len(counted) == times:
            with pytest.raises(TooManyTries) as refused:
                rate_limits.spend(limit, "a", now)
            assert refused.value.until == counted[0] + limit.period
            continue
        spent = rate_limits.spend(limit, "a", now)
        counted.append(now)
        assert spent.left == times - len(counted)
        if is_right:
            rate_limits.give_back(spent)
            counted.pop()


@pytest.mark.django_db
def test_what_is_stored_does_not_tell_the_address(monday: datetime) -> None:
    rate_limits.spend(LIMIT, "192.0.2.7", monday)
    row = RateLimit.objects.get()
    assert "192.0.2.7" not in row.key + row.tries
    assert len(row.key) == 64


@pytest.mark.django_db
def test_a_row_holds_no_more_than_counts(monday: datetime) -> None:
    tries(LIMIT, "a", *[monday + minutes * 21 * MINUTE for minutes in range(50)])
    assert len(RateLimit.objects.get().tries) == LIMIT.times * rate_limits.WIDTH


@pytest.mark.django_db
def test_what_no_longer_counts_is_forgotten(monday: datetime) -> None:
    rate_limits.spend(LIMIT, "a", monday)
    rate_limits.spend(LIMIT, "b", monday + MINUTE)
    assert rate_limits.forget_past_tries(monday + LIMIT.period + timedelta(seconds=1)) == 1


@pytest.mark.django_db
def test_what_is_remembered_ends(monday: datetime) -> None:
    rate_limits.remember("seen", "a", monday + MINUTE)
    assert rate_limits.is_remembered("seen", "a", monday)
    assert not rate_limits.is_remembered("seen", "b", monday)
    assert not rate_limits.is_remembered("seen", "a", monday + MINUTE)
    rate_limits.remember("seen", "a", monday + 2 * MINUTE)
    assert rate_limits.is_remembered("seen", "a", monday + MINUTE)


@pytest.mark.parametrize(
    ("email", "mailbox"),
    [
        ("pat@example.org", "pat@example.org"),
        ("PAT@Example.org", "pat@example.org"),
        ("pat+1@example.org", "pat@example.org"),
        ("pat+a+b@example.org", "pat@example.org"),
        ("p.at@example.org", "p.at@example.org"),
        ("p.a.t+x@gmail.com", "pat@gmail.com"),
        ("p.at@GoogleMail.com", "pat@gmail.com"),
        ("ｐat@example.org", "pat@example.org"),
    ],
)
def test_one_mailbox_has_one_limit_however_its_address_is_written(email: str, mailbox: str) -> None:
    assert rate_limits.one_mailbox(email) == mailbox
