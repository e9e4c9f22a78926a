"""The life of a request: received, weighed, answered, ended. The only writer of requests.

Every verb takes the version of the request that its caller saw, and moves the row only if it still
has that version and a status from which the table allows the step. It writes the journal and queues
the message in the same transaction. Otherwise it raises TriageRefused with a sentence.
"""

from bookings.triage.clinic import (
    ask,
    book,
    decline,
    defer,
    offer,
    resolve_flag,
    start_review,
)
from bookings.triage.clock import catch_up
from bookings.triage.moves import answer_due
from bookings.triage.patient import (
    Submission,
    accept,
    answer_question,
    ask_for_other_times,
    submit,
    withdraw,
)

__all__ = [
    "Submission",
    "accept",
    "answer_due",
    "answer_question",
    "ask",
    "ask_for_other_times",
    "book",
    "catch_up",
    "decline",
    "defer",
    "offer",
    "resolve_flag",
    "start_review",
    "submit",
    "withdraw",
]
