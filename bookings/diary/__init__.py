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

__all__ = [
    "accept",
    "book",
    "end",
    "note_presence",
    "offer",
    "release",
    "reopen",
    "resource_of",
]
