"""A signed text is published on a day that a publisher chose, unless something forbids it then."""

from datetime import date, datetime, time
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from procedures.ground.batches import Tally, one_by_one
from procedures.ground.people import shown_name
from procedures.models import PlannedPublication, Revision
from procedures.publishing.releasing import publish, refuse_unfit
from procedures.publishing.transitions import bump, one_step, record
from procedures.status import (
    EVENTS,
    Plans,
    PlanStatus,
    PublishingRefused,
    RevisionStatus,
)

# From this time of the day, on the clock on the clinic's wall.
OPENS = time(0, 5)
# What happens to the page that patients read, and calls for a person to look at the plan again.
INCIDENTS = [EVENTS[RevisionStatus.SUSPENDED], EVENTS[RevisionStatus.WITHDRAWN]]


def plan(revision: Revision, *, version: int, day: date, by: User, now: datetime) -> Revision:
    """Publish a signed text on a day to come, from five past midnight in the clinic's time zone."""
    if day <= timezone.localdate(now):
        raise PublishingRefused("Choose a day after today. To publish today, use “Publish”.")
    with one_step():
        refuse_unfit(revision, version=version, now=now, on=day)
        bump(revision, {RevisionStatus.SIGNED}, version=version)
        planned = PlannedPublication.objects.filter(revision=revision).first()
        columns = {"day": day, "reason": "", "planned_at": now, "planned_by": by}
        if planned is None:
            PlannedPublication.objects.create(revision=revision, **columns)
        else:
            _move(planned, PlanStatus.PLANNED, **columns)
        said = f"on {day:%-d %B %Y}"
        record(revision, Plans.EVENTS[PlanStatus.PLANNED], by=by, now=now, reason=said)
    return revision


def take_back(revision: Revision, *, version: int, by: User, now: datetime) -> Revision:
    """Give up the plan to publish a text, whether its day is still to come or it was stopped."""
    with one_step():
        bump(revision, {RevisionStatus.SIGNED}, version=version)
        planned = PlannedPublication.objects.filter(revision=revision).first()
        if planned is None:
            raise PublishingRefused("There is no plan to publish this text.")
        _move(planned, PlanStatus.TAKEN_BACK)
        record(revision, Plans.EVENTS[PlanStatus.TAKEN_BACK], by=by, now=now)
    return revision


def publish_planned(now: datetime) -> Tally:
    """Publish every text whose day has come. One that is forbidden is stopped, with the reason.

    Run it as often as you like. Raises OperationalError or InterfaceError if the database is down.
    """
    due = open_plans().filter(day__lte=timezone.localdate(now))
    ready = [planned.pk for planned in due if is_due(planned.day, now)]
    return one_by_one(ready, lambda pk: _carry_out(pk, now), task="planned publication")


def is_due(day: date, now: datetime) -> bool:
    """Whether this day has come in the clinic: by the clock on its wall, whatever that skips."""
    there = timezone.localtime(now)
    return day < there.date() or (day == there.date() and there.time() >= OPENS)


def open_plans() -> QuerySet[PlannedPublication]:
    """The plans whose day is still to come or has just come."""
    return PlannedPublication.objects.filter(status=PlanStatus.PLANNED).order_by("day", "pk")


def _carry_out(pk: int, now: datetime) -> int:
    planned = PlannedPublication.objects.select_related("revision__page", "planned_by").get(pk=pk)
    revision = planned.revision
    try:
        _refuse_after_all(planned)
        publish(revision, version=revision.version, by=planned.planned_by, now=now)
    except PublishingRefused as refusal:
        _stop(planned, str(refusal), now)
        return 0
    return 1


def _refuse_after_all(planned: PlannedPublication) -> None:
    """What a publisher who pressed the button would see for themselves, and the clock does not."""
    by, revision = planned.planned_by, planned.revision
    if not (by.is_active and by.has_perm("procedures.publish_revision")):
        raise PublishingRefused(f"{shown_name(by)}, who planned it, may no longer publish.")
    incident = revision.page.events.filter(kind__in=INCIDENTS, at__gte=planned.planned_at).first()
    if incident:
        raise PublishingRefused(
            f"The page was {incident.kind} on {timezone.localtime(incident.at):%-d %B %Y}, after "
            "this was planned."
        )


def _stop(planned: PlannedPublication, why: str, now: datetime) -> None:
    """Leave it to a person. The event is the planner's, because the clock has no name of its own."""
    said = Plans.EVENTS[PlanStatus.STOPPED]
    with one_step():
        # A colleague who has just taken it back, or published the text, was faster.
        open_now = open_plans().filter(pk=planned.pk)
        if open_now.update(status=PlanStatus.STOPPED, reason=why):
            record(planned.revision, said, by=planned.planned_by, now=now, reason=why)


def _move(planned: PlannedPublication, to: PlanStatus, **changes: Any) -> None:
    """Change the status of a plan, but only from one that the table allows."""
    before = [status for status, following in Plans.TRANSITIONS.items() if to in following]
    plans = PlannedPublication.objects.filter(pk=planned.pk, status__in=before)
    if not plans.update(status=to, **changes):
        raise PublishingRefused("A colleague was faster: this plan has changed. Open it again.")
