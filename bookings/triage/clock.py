"""Records the changes that time alone brings. Nothing depends on it: readers compute the same."""

from datetime import datetime
from functools import partial

from django.db import transaction

from bookings import diary
from bookings.models import AppointmentRequest
from bookings.status import TriageRefused
from bookings.triage.earlier import pass_on_freed_times
from bookings.triage.following_up import ask_about_follow_ups
from bookings.triage.offering import warn_of_ends
from bookings.triage.page_news import tell_of_page_news, tell_subscribers
from bookings.triage.reminders import remind
from bookings.triage.transitions import settle
from bookings.triage.waits_too_long import tell_of_waits
from procedures.ground.batches import Tally, one_by_one

# How many steps a round records. Each bears the moment at which its round began, and other systems
# look for what is new only a few minutes back; the next round goes on.
MOST_STEPS = 1_000


def catch_up(now: datetime) -> Tally:
    """Record the clock's steps: lapsed offers and questions, deferred requests back in review.

    What patients gave back and can no longer have again is free.

    Returns how many were written. Nothing depends on it being run, because every reader computes
    the same state.
    """
    diary.free_what_is_over(now)
    moved = AppointmentRequest.objects.moved_by_the_clock(now).order_by(
        "status", "received_at", "pk"
    )
    settle_one = partial(_settle, now=now)
    return one_by_one(
        moved.values_list("pk", flat=True)[:MOST_STEPS], settle_one, task="clock's step of request"
    )


def _settle(pk: int, *, now: datetime) -> bool:
    request = AppointmentRequest.objects.get(pk=pk)
    try:
        with transaction.atomic():
            return settle(request, now=now)
    except TriageRefused:  # somebody else has just changed it, and recorded the same step
        return False


# What falls due without anybody pressing a button, in the order in which the worker does it.
DUTIES = (
    catch_up,
    pass_on_freed_times,
    remind,
    warn_of_ends,
    ask_about_follow_ups,
    tell_of_page_news,
    tell_subscribers,
    tell_of_waits,
)
