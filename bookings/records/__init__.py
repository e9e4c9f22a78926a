"""What we hold about a person, as a whole: copied for them, kept, emptied.

It walks the models by what they say about their fields (`procedures.ground.classified`), so a new
field or table is part of every copy, and of every erasure, as soon as it is classified.
"""

from bookings.records.emptying import empty_people, empty_request, is_anything_left
from bookings.records.erasing import propose_erasure, why_not
from bookings.records.export import NAME, copy_for, everything_about
from bookings.records.holds import hold, hold_of, is_held, lock, release
from bookings.records.rights import (
    acknowledge,
    answer,
    answered_since,
    extend,
    is_kept_for_answer,
    note_asked,
    seen,
    waiting,
)
from bookings.records.walking import Row, rows_about, rows_of

__all__ = [
    "NAME",
    "Row",
    "acknowledge",
    "answer",
    "answered_since",
    "copy_for",
    "empty_people",
    "empty_request",
    "everything_about",
    "extend",
    "hold",
    "hold_of",
    "is_anything_left",
    "is_held",
    "is_kept_for_answer",
    "lock",
    "note_asked",
    "propose_erasure",
    "release",
    "rows_about",
    "rows_of",
    "seen",
    "waiting",
    "why_not",
]
