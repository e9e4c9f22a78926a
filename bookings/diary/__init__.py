"""Time: when the clinic works, what is free, and who has which time."""

from bookings.diary.claims import (
    Planned,
    accept,
    book,
    book_each,
    change_room,
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
    "Planned",
    "accept",
    "book",
    "book_each",
    "change_room",
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
