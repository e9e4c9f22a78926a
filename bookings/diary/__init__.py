"""Time: when the clinic works, what is free, and who has which time."""

from bookings.diary.claims import (
    accept,
    book,
    end,
    offer,
    release,
    resource_of,
)

__all__ = [
    "accept",
    "book",
    "end",
    "offer",
    "release",
    "resource_of",
]
