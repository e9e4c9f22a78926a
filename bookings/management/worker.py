"""The worker: it sends messages, and writes down what the clock did.

Several threads send, so that one slow letter holds up no other, and none of them holds up the clock. The
worker never ends by itself: while the database is away it tries again, less and less often.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils import timezone

from bookings import messages, triage
from procedures.ground import rate_limits
from procedures.ground.batches import Failed, Tally, attempt, log_failure

log = logging.getLogger(__name__)

SENDERS = 3
SECONDS_BETWEEN = 5
# Between tries while the database is away.
MOST_SECONDS_BETWEEN = 60
# How long a stop waits for the letters in hand. One that is cut off is sent again by the next worker
# when its lease has run out.
SECONDS_TO_STOP = 20


def go_round(now: datetime) -> int:
    """Write down what the clock did, remind, and forget what is past; for how many rows that failed.

    Raises OperationalError or InterfaceError if the database is away.
    """
    failed = 0
    for task in (
        triage.catch_up,
        triage.pass_on_freed_times,
        triage.remind,
        triage.warn_of_ends,
        rate_limits.forget_past_tries,
        _forget_what_was_typed,
    ):
        outcome = attempt(task, now)
        if isinstance(outcome, Failed):
            log_failure("task of the worker", task.__name__, outcome)
            failed += 1
        elif isinstance(outcome, Tally):
            failed += outcome.failed
    messages.note_run(now, failed=failed)
    return failed


def run(stop: threading.Event) -> None:
    """Send and go round until told to stop."""
    jobs = [lambda: go_round(timezone.now()), *[lambda: messages.send_due(stop.is_set)] * SENDERS]
    threads = [threading.Thread(target=_keep_on, args=(job, stop), daemon=True) for job in jobs]
    for thread in threads:
        thread.start()
    stop.wait()
    deadline = monotonic() + SECONDS_TO_STOP
    for thread in threads:
        thread.join(max(0, deadline - monotonic()))


def _keep_on(job: Callable[[], object], stop: threading.Event) -> None:
    """Do the job again and again until told to stop."""
    seconds = SECONDS_BETWEEN
    while not stop.is_set():
        try:
            outcome = attempt(job)
        except (OperationalError, InterfaceError) as error:
            seconds = min(seconds * 2, MOST_SECONDS_BETWEEN)
            name = type(error).__name__
            log.error("The database is not available (%s). Next try in %s seconds.", name, seconds)
        else:
            seconds = SECONDS_BETWEEN
            if isinstance(outcome, Failed):
                log_failure("thread of the worker", threading.current_thread().name, outcome)
        close_old_connections()
        stop.wait(seconds)


def _forget_what_was_typed(now: datetime) -> None:
    # What a patient typed and did not send is in a session, and is forgotten with it.
    call_command("clearsessions")
