"""Time: when the clinic works, what is free, and who has which time."""

from bookings.diary.claims import (
    accept,
    book,
    end,
    note_presence,
    offer,
    release,
    reopen,
    resource_of,
)
from bookings.diary.kept import (
    TOO_LATE,
    Kept,
    free_kept,
    free_what_is_over,
    keep_until,
    kept_for,
    restore,
)

__all__ = [
    "TOO_LATE",
    "Kept",
    "accept",
    "book",
    "end",
    "free_kept",
    "free_what_is_over",
    "keep_until",
    "kept_for",
    "note_presence",
    "offer",
    "release",
    "reopen",
    "resource_of",
    "restore",
]
