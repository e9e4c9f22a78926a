"""Dates as people type them into a search."""

import re
from datetime import date

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
DAY_FIRST = re.compile(r"(\d{1,2})[ ./-]+(\d{1,2}|[a-z]{3,9})[ .,/-]+(\d{4}|\d{2})")
YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


def birth_date(typed: str, today: date) -> date | None:
    """The date of birth that somebody typed, day first or as 1970-01-31; None if it is not a date.

    A year of two digits is the latest one that is not in the future.
    """
    text = typed.casefold().strip()
    if found := YEAR_FIRST.fullmatch(text):
        year, month, day = found.groups()
    elif found := DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    else:
        return None
    try:
        return date(_year(year, today), _month(month), int(day))
    except ValueError:
        return None


def _month(typed: str) -> int:
    """Raises ValueError if it is no month."""
    if typed.isdecimal():
        return int(typed)
    begins = [name.startswith(typed) for name in MONTHS]
    return begins.index(True) + 1


def _year(typed: str, today: date) -> int:
    if len(typed) == len("1970"):
        return int(typed)
    year = today.year // 100 * 100 + int(typed)
    return year if year <= today.year else year - 100
