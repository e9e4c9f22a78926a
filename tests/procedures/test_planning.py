"""A signed text is published on the day that a publisher chose, or somebody learns why not."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from bookings.management import worker
from procedures import publishing
from procedures.models import Clinician, PageEvent, PlannedPublication, Revision
from procedures.publishing import planning, releasing, reviews
from procedures.reading.proofs import examine
from procedures.status import Category, Plans, PlanStatus, PublishingRefused, RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
DAY = date(2026, 12, 1)
# Five past midnight of that day in London.
ON_THE_DAY = datetime.fromisoformat("2026-12-01T00:05:00+00:00")


def planned(now: datetime, day: date = DAY, slug: str = "a-thing") -> Revision:
    """A signed text with a plan to publish it."""
    made = factories.revision(RevisionStatus.SIGNED, of=factories.page(slug), now=now)
    by = factories.staff("Publisher")
    return publishing.plan(made, version=made.version, day=day, by=by, now=now)


def plan_of(revision: Revision) -> PlannedPublication:
    return PlannedPublication.objects.get(revision=revision)


def outcome(revision: Revision) -> tuple[str, str, str]:
    """The status of the text, that of its plan, and why it was stopped."""
    revision.refresh_from_db()
    plan = plan_of(revision)
    return revision.status, plan.status, plan.reason


def test_every_status_of_a_plan_has_an_owner_a_label_an_event_and_a_row() -> None:
    everything = set(PlanStatus)
    assert set(Plans.OWNERS) == set(Plans.EVENTS) == set(Plans.TRANSITIONS) == everything
    assert {to for following in Plans.TRANSITIONS.values() for to in following} == everything
    longest = PageEvent._meta.get_field("kind").max_length or 0
    assert all(len(event) <= longest for event in Plans.EVENTS.values())


# --- The clock ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        ("2026-11-30T23:59:59+00:00", False),
        ("2026-12-01T00:04:59+00:00", False),
        ("2026-12-01T00:05:00+00:00", True),
        ("2026-12-02T00:00:00+00:00", True),
    ],
)
def test_it_is_published_from_five_past_midnight(
    moment: str, is_due: bool, monday: datetime
) -> None:
    revision = planned(monday)
    assert publishing.publish_planned(datetime.fromisoformat(moment)) == int(is_due)
    assert outcome(revision)[0] == ("published" if is_due else "signed")


@pytest.mark.parametrize(
    ("day", "before", "then"),
    [
        # The clocks go forward at 1:00 on the first day, and back at 2:00 on the second.
        (date(2027, 3, 28), "2027-03-28T00:04:00+00:00", "2027-03-28T00:05:00+00:00"),
        (date(2027, 10, 31), "2027-10-30T23:04:00+00:00", "2027-10-30T23:05:00+00:00"),
        # The days after them.
        (date(2027, 3, 29), "2027-03-28T23:04:00+00:00", "2027-03-28T23:05:00+00:00"),
        (date(2027, 11, 1), "2027-11-01T00:04:00+00:00", "2027-11-01T00:05:00+00:00"),
    ],
)
def test_it_follows_the_clock_on_the_wall(day: date, before: str, then: str) -> None:
    assert not planning.is_due(day, datetime.fromisoformat(before))
    assert planning.is_due(day, datetime.fromisoformat(then))


def test_a_day_that_begins_at_one_in_the_morning_is_not_missed(settings: Any) -> None:
    settings.TIME_ZONE = "Africa/Cairo"  # there the hour after midnight is left out in spring
    day = date(2026, 4, 24)
    assert not planning.is_due(day, datetime.fromisoformat("2026-04-23T21:59:00+00:00"))
    assert planning.is_due(day, datetime.fromisoformat("2026-04-23T22:00:00+00:00"))


def test_a_missed_run_loses_nothing(monday: datetime) -> None:
    revision = planned(monday)
    publishing.publish_planned(ON_THE_DAY + timedelta(days=9))
    assert outcome(revision) == ("published", "done", "")


# --- What is written down ---------------------------------------------------------------------


def test_the_history_says_who_planned_and_the_evidence_is_whole(monday: datetime) -> None:
    revision = planned(monday)
    publishing.publish_planned(ON_THE_DAY)
    revision.refresh_from_db()
    assert revision.published_at == ON_THE_DAY
    assert revision.published_by == factories.staff("Publisher")
    events = list(revision.events.order_by("number").values_list("kind", "reason"))
    assert events[-2:] == [("planned to publish", "on 1 December 2026"), ("published", "")]
    assert examine(revision).faults == []
    # A second run does nothing.
    assert publishing.publish_planned(ON_THE_DAY) == 0


def test_it_is_taken_back(monday: datetime) -> None:
    revision = planned(monday)
    publisher = factories.staff("Publisher")
    publishing.take_back(revision, version=revision.version, by=publisher, now=monday)
    publishing.publish_planned(ON_THE_DAY)
    assert outcome(revision) == ("signed", "taken_back", "")
    assert revision.events.latest("number").kind == "took back the plan to publish"
    with pytest.raises(PublishingRefused, match="A colleague was faster"):
        publishing.take_back(revision, version=revision.version, by=publisher, now=monday)
    revision.refresh_from_db()
    publishing.plan(revision, version=revision.version, day=DAY, by=publisher, now=monday)
    publishing.publish_planned(ON_THE_DAY)
    assert outcome(revision) == ("published", "done", "")


def test_another_day_replaces_the_first(monday: datetime) -> None:
    revision = planned(monday)
    by = factories.staff("Publisher")
    later = DAY + timedelta(days=1)
    publishing.plan(revision, version=revision.version, day=later, by=by, now=monday)
    publishing.publish_planned(ON_THE_DAY)
    assert outcome(revision) == ("signed", "planned", "")
    assert plan_of(revision).day == later


def test_publishing_by_hand_ends_the_plan(monday: datetime) -> None:
    revision = planned(monday)
    by = factories.staff("Publisher")
    publishing.publish(revision, version=revision.version, by=by, now=monday)
    assert outcome(revision) == ("published", "done", "")


def test_there_is_nothing_to_take_back_without_a_plan(monday: datetime) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    by = factories.staff("Publisher")
    with pytest.raises(PublishingRefused, match="There is no plan"):
        publishing.take_back(revision, version=revision.version, by=by, now=monday)


# --- What forbids it --------------------------------------------------------------------------


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 11, 22)])
def test_a_day_that_has_begun_is_no_plan(day: date, monday: datetime) -> None:
    with pytest.raises(PublishingRefused, match="Choose a day after today"):
        planned(monday, day)


def test_a_day_after_the_next_review_is_refused(monday: datetime) -> None:
    with pytest.raises(PublishingRefused, match="Its next review is due on 22 November 2028"):
        planned(monday, date(2028, 11, 22))


def test_an_old_screen_is_refused(monday: datetime) -> None:
    revision = planned(monday)
    by = factories.staff("Publisher")
    with pytest.raises(PublishingRefused, match="Publisher planned to publish this version on"):
        publishing.plan(revision, version=revision.version - 1, day=DAY, by=by, now=monday)


def lapse(revision: Revision) -> None:
    Clinician.objects.update(verified_until=date(2026, 11, 30))


def revoke(revision: Revision) -> None:
    by = factories.staff("Clinician")
    at = ON_THE_DAY - timedelta(days=1)
    publishing.revoke(revision, version=revision.version, by=by, reason="Doubt.", now=at)


def publish_a_newer_one(revision: Revision) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=ON_THE_DAY - timedelta(days=1))


def withdraw_the_page(revision: Revision) -> None:
    live = revision.page.revisions.get(status=RevisionStatus.PUBLISHED)
    by = factories.staff("Publisher")
    at = ON_THE_DAY - timedelta(days=1)
    publishing.withdraw(live, version=live.version, by=by, reason="Old.", now=at)


def close_the_account(revision: Revision) -> None:
    User.objects.filter(username="publisher").update(is_active=False)


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (lapse, "The yearly check of Dr Clinician’s registration is overdue"),
        (revoke, "This text has no valid signature."),
        (publish_a_newer_one, "A later version of this page has already been published."),
        (withdraw_the_page, "The page was withdrawn on 30 November 2026, after this was planned."),
        (close_the_account, "Publisher, who planned it, may no longer publish."),
    ],
)
def test_what_is_forbidden_on_the_day_is_stopped_and_told_on_today(
    what: Callable[[Revision], None], why: str, monday: datetime, sign_in: SignIn
) -> None:
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    revision = planned(monday)
    what(revision)
    assert publishing.publish_planned(ON_THE_DAY) == 0
    status, plan, reason = outcome(revision)
    assert (status, plan) == ("signed", "stopped")
    assert reason.startswith(why)
    told = revision.events.latest("number")
    assert (told.kind, told.reason) == ("could not publish", reason)
    # Once: the next run leaves it to a person.
    publishing.publish_planned(ON_THE_DAY + timedelta(days=1))
    assert revision.events.latest("number") == told
    first = reviews.due(ON_THE_DAY.date())[0]
    assert first.revision == revision
    said = f"Version 2 was to be published on 1 December 2026, and was not. {reason}"
    assert first.causes[0].sentence == said
    today = sign_in("Editor").get("/admin/").content.decode()
    assert "Version 2 was to be published on 1 December 2026" in today


def test_a_stopped_plan_is_off_today_once_it_is_taken_back(monday: datetime) -> None:
    revision = planned(monday)
    Clinician.objects.update(verified_until=date(2026, 11, 30))
    publishing.publish_planned(ON_THE_DAY)
    revision.refresh_from_db()
    by = factories.staff("Publisher")
    publishing.take_back(revision, version=revision.version, by=by, now=ON_THE_DAY)
    assert reviews.due(DAY) == []


def test_a_day_that_passed_without_a_run_is_told_on_today(monday: datetime) -> None:
    planned(monday)
    assert reviews.due(DAY) == []
    late = reviews.due(DAY + timedelta(days=1))[0].causes[0].sentence
    assert late.endswith("and was not. Nothing has done it yet. Is the worker running?")


def test_one_bad_page_does_not_end_the_run(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = planned(monday), planned(monday, slug="another")

    def break_down(revision: Revision, **values: Any) -> Revision:
        if revision == bad:
            raise ValueError("Canary")
        return releasing.publish(revision, **values)

    monkeypatch.setattr(planning, "publish", break_down)
    done = publishing.publish_planned(ON_THE_DAY)
    assert (done, done.failed) == (1, 1)
    assert outcome(bad) == ("signed", "planned", "")  # the next run tries it again
    assert outcome(good) == ("published", "done", "")


def test_what_a_colleague_approved_who_is_no_manager_any_more_is_stopped(
    monday: datetime,
) -> None:
    page = factories.page("about-us", Category.ABOUT)
    made = factories.revision(RevisionStatus.SIGNED, of=page, now=monday)
    by = factories.staff("Publisher")
    publishing.plan(made, version=made.version, day=DAY, by=by, now=monday)
    factories.staff("Manager").groups.clear()
    assert publishing.publish_planned(ON_THE_DAY) == 0
    why = "Manager, who approved it, is not a manager any more. A colleague has to approve it."
    assert outcome(made) == ("signed", "stopped", why)


def test_a_plan_that_a_colleague_takes_back_at_that_moment_is_not_stopped(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    revision = planned(monday)

    def taken_back_first(revision: Revision, **values: Any) -> Revision:
        by = factories.staff("Publisher")
        publishing.take_back(revision, version=revision.version, by=by, now=ON_THE_DAY)
        raise PublishingRefused("It is too late.")

    monkeypatch.setattr(planning, "publish", taken_back_first)
    assert publishing.publish_planned(ON_THE_DAY) == 0
    assert outcome(revision) == ("signed", "taken_back", "")
    assert revision.events.latest("number").kind == "took back the plan to publish"


# --- The command, the worker and the desk -------------------------------------------------------


def test_the_command_says_what_it_did(monday: datetime, at: Callable[[datetime], None]) -> None:
    planned(monday)
    at(ON_THE_DAY)
    out = StringIO()
    call_command("publish_planned", stdout=out)
    assert out.getvalue() == "Published 1 text.\n"


def test_the_command_fails_if_a_page_did(
    monday: datetime, at: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(monday)
    at(ON_THE_DAY)
    monkeypatch.setattr(planning, "publish", lambda *_, **__: 1 / 0)
    with pytest.raises(CommandError, match="1 text was not published"):
        call_command("publish_planned")


def test_the_worker_does_it(monday: datetime, at: Callable[[datetime], None]) -> None:
    revision = planned(monday)
    at(ON_THE_DAY)
    worker.go_round(ON_THE_DAY)
    assert outcome(revision)[0] == "published"


def test_a_publisher_plans_and_takes_back_at_the_desk(monday: datetime, sign_in: SignIn) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    client = sign_in("Publisher")
    at = f"/admin/procedures/revision/{revision.pk}/"
    posted = {"version": revision.version, "day": "1/12/2026"}
    said = client.post(f"{at}decide/plan/", posted, follow=True).content.decode()
    assert "Planned. Patients can read it from Tuesday 1 December 2026 at 00:05." in said
    assert "<strong>To be published on Tuesday 1 December 2026</strong>" in said
    assert "Signed, planned for 1 December 2026" in client.get("/admin/procedures/revision/").text
    revision.refresh_from_db()
    taken = {"version": revision.version}
    said = client.post(f"{at}decide/take-back-plan/", taken, follow=True).content.decode()
    assert "Taken back. The text is signed, and nobody has published it." in said
    assert "take-back-plan" not in said


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("", "Enter a date, for example 1/12/2026."),
        ("31/02/2027", "Enter a date, for example 1/12/2026."),
        ("23/11/2026", "Choose a day after today."),
    ],
)
def test_a_day_that_cannot_be_is_told(
    day: str, sentence: str, monday: datetime, sign_in: SignIn
) -> None:
    revision = factories.revision(RevisionStatus.SIGNED, now=monday)
    posted = {"version": revision.version, "day": day}
    url = f"/admin/procedures/revision/{revision.pk}/decide/plan/"
    assert sentence in sign_in("Publisher").post(url, posted).content.decode()
    assert not PlannedPublication.objects.exists()
