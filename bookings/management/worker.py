"""The worker: it sends messages and records the steps that the clock has taken.

Several threads send, so one slow email delays no other, and none of them delays the clock. The
worker never exits on its own: while the database is down it tries again every few seconds, so that it
is back as soon as the database is.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone
from django.utils.module_loading import import_string

from bookings import messages
from bookings import webhooks as queue_of_webhooks
from bookings.imports import keeping as imports
from bookings.messages import subscriptions
from bookings.outside import webhooks
from bookings.triage import clock
from procedures.ground import rate_limits
from procedures.ground.batches import Failed, Tally, attempt, log_failure
from procedures.models import restored
from procedures.models.clinic import look_again

log = logging.getLogger(__name__)

SENDERS = 3
SECONDS_BETWEEN = 5
# How long a stop waits for the emails in hand. One that is cut off is sent again by the next
# worker, once its lease has expired.
SECONDS_TO_STOP = 20

Stopped = Callable[[], bool]


def go_round(now: datetime) -> int:
    """Record the clock's steps, queue reminders and delete what is past.

    Returns how many rows failed. Raises OperationalError or InterfaceError if the database is down.
    """
    look_again()
    if restored.look_again():
        messages.note_run(now, failed=0)  # a quiet copy: what it would do, the site has done
        return 0
    failed = 0
    for task in (
        *clock.DUTIES,
        messages.drop_what_need_not_be_told,
        rate_limits.forget_past_tries,
        queue_of_webhooks.forget_past,
        imports.forget_past,
        imports.go_on_undoing,
        subscriptions.forget_past,
        _forget_what_was_typed,
        *map(import_string, settings.WORKER_DUTIES),
        _publish_what_is_planned,
    ):
        outcome = attempt(task, now)
        if isinstance(outcome, Failed):
            log_failure("task of the worker", task.__name__, outcome)
            failed += 1
        elif isinstance(outcome, Tally):
            failed += outcome.failed
    messages.note_run(now, failed=failed)
    return failed


def once() -> Tally:
    """Do each job one time; how much was sent, and how many steps failed.

    Raises OperationalError or InterfaceError if the database is down.
    """
    done = [_attempted(job, lambda: False) for job in JOBS]
    return Tally(sum(done), sum(each.failed for each in done))


def run(stop: threading.Event) -> None:
    """Do each job in threads of its own, again and again until told to stop."""
    threads = [
        threading.Thread(target=_keep_on, args=(job, stop), daemon=True)
        for job, number in JOBS.items()
        for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = monotonic() + SECONDS_TO_STOP
    for thread in threads:
        thread.join(max(0, deadline - monotonic()))


def _keep_on(job: Callable[[Stopped], Tally], stop: threading.Event) -> None:
    """Repeat the job until told to stop. An outage of the database is one line in the log."""
    is_away = False
    while not stop.is_set():
        try:
            _attempted(job, stop.is_set)
        except (OperationalError, InterfaceError) as error:
            if not is_away:
                name, seconds = type(error).__name__, SECONDS_BETWEEN
                log.error("The database is away (%s). We try every %s seconds.", name, seconds)
            is_away = True
        else:
            is_away = False
        close_old_connections()
        stop.wait(SECONDS_BETWEEN)


def _attempted(job: Callable[[Stopped], Tally], stopped: Stopped) -> Tally:
    """What the job did. One that fails as a whole is one failed step, and the others go on."""
    outcome = attempt(job, stopped)
    if isinstance(outcome, Failed):
        log_failure("job of the worker", f"{job.__module__}.{job.__name__}", outcome)
        return Tally(0, 1)
    return outcome


def _round_of_now(stopped: Stopped) -> Tally:
    return Tally(0, go_round(timezone.now()))


def _forget_what_was_typed(now: datetime) -> None:
    # What a patient typed and did not send is in a session, and is deleted with it.
    call_command("clearsessions")


def _publish_what_is_planned(now: datetime) -> None:
    # By its command: the publishing of pages is none of this app's business.
    call_command("publish_planned")


# What there is to do again and again, each with its number of threads. Without threads they come one
# after another: what patients wait for goes before another system that may be slow to answer.
JOBS: dict[Callable[[Stopped], Tally], int] = {
    _round_of_now: 1,
    messages.send_due: SENDERS,
    webhooks.send_due: 1,
}
