"""What a cell says: a name, a date, an instant, how somebody is reached. Writes nothing.

Each function raises Unclear with a sentence, and guesses nothing.
"""

import calendar
import re
from datetime import UTC, date, datetime, time
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.utils import timezone

from procedures.ground.contact_fields import EmailAddressField, NameField, OptionalPhoneField
from procedures.ground.csv_files import BEGINS_FORMULA
from procedures.ground.fields import PlainTextField

OLDEST = 1900
LONGEST_NOTE = 1000
MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
NUMBERS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})")
SPELLED = re.compile(r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]+)\.?,?[ -](\d{4})")
CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(?:[:.]\d\d)?\s*([ap])?\.?m?\.?")
SHORT_YEAR = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d\d(?!\d)")
AT = re.compile(r"(?:T|,?\s+(?:at\s+)?)(?=\d{1,2}(?:[:.]\d\d|\s*[ap]\.?m))", re.IGNORECASE)
NOON = 12

_NAME = NameField(max_length=100, required_message="This row has no name.")
_EMAIL = EmailAddressField()
_PHONE = OptionalPhoneField()
_NOTE = PlainTextField(max_length=LONGEST_NOTE, required=False)


class Order(StrEnum):
    """Whether the day or the month comes first."""

    DAY = "day"
    MONTH = "month"


class Unclear(Exception):
    """The cell cannot be read, or in more than one way. The message is a sentence."""


def name(*parts: str) -> str:
    """A name, from one cell or several."""
    whole = " ".join(each for each in parts if each)
    if whole.startswith(BEGINS_FORMULA):
        raise Unclear(f"“{_shortened(whole)}” is a formula of a spreadsheet and not a name.")
    return str(_cleaned(_NAME, whole))


def email(cell: str) -> str:
    """An email address as it is stored; nothing if there is none."""
    return str(_cleaned(_EMAIL, cell))


def phone(cell: str) -> str:
    """A phone number as it is stored; nothing if there is none."""
    return str(_cleaned(_PHONE, cell))


def note(*parts: str) -> str:
    """What a visit is about."""
    return str(_cleaned(_NOTE, " ".join(each for each in parts if each)))


def day(cell: str, order: Order | None) -> date:
    """The date in a cell. `order` is what a manager said about the column, if anything was asked."""
    ways = readings(cell)
    found = set(ways.values())
    if not found:
        raise Unclear(_no_date(cell))
    if order is None and len(found) > 1:
        first, second = (f"{each:%-d %B %Y}" for each in ways.values())
        raise Unclear(
            f"“{cell}” may be {first} or {second}: this column has dates of both kinds. Write it as "
            f"{ways[Order.DAY]:%Y-%m-%d} or {ways[Order.MONTH]:%Y-%m-%d}."
        )
    if order and order not in ways:
        raise Unclear(
            f"“{cell}” is no date if the {order} comes first, as you said of this column."
        )
    return ways[order] if order else found.pop()


def born(cell: str, order: Order | None, today: date) -> date:
    """A date of birth."""
    found = day(cell, order)
    if found.year < OLDEST or found > today:
        raise Unclear(f"{found:%-d %B %Y} cannot be a date of birth.")
    return found


def readings(cell: str) -> dict[Order, date]:
    """The date in a cell, with or without a time, if the day comes first and if the month does.

    Only those that exist. Dates that say which is which are the same either way.
    """
    text = AT.split(cell.strip(), maxsplit=1)[0].casefold()
    if found := ISO.fullmatch(text):
        year, month, day_of_it = found.groups()
        return _both(_real(year, month, day_of_it))
    if found := SPELLED.fullmatch(text):
        day_of_it, named, year = found.groups()
        return _both(_real(year, MONTHS.get(named, 0), day_of_it))
    if found := NUMBERS.fullmatch(text):
        one, other, year = found.groups()
        ways = {Order.DAY: _real(year, other, one), Order.MONTH: _real(year, one, other)}
        return {order: real for order, real in ways.items() if real}
    return {}


def instant(cell: str, order: Order | None) -> datetime:
    """The instant, in UTC, of a cell with a day and a time."""
    with_zone = _with_zone(cell)
    if with_zone:
        return with_zone
    parts = AT.split(cell.strip(), maxsplit=1)
    on = day(parts[0], order)
    if len(parts) == 1:
        raise Unclear(f"“{_shortened(cell)}” has no time of day.")
    return local(on, clock(parts[1]))


def end(cell: str, order: Order | None, starts: datetime) -> datetime:
    """The instant, in UTC, at which a visit ends. A time alone is on the day of its start."""
    try:
        at = clock(cell)
    except Unclear:
        return instant(cell, order)
    return local(timezone.localdate(starts), at)


def clock(cell: str) -> time:
    """A time of day: 9:30, 09.30, 9:30 pm."""
    found = CLOCK.fullmatch(cell.strip().casefold())
    if found and (found[2] or found[3]):
        hour, minute = int(found[1]), int(found[2] or 0)
        if found[3]:
            hour = hour % NOON + (NOON if found[3] == "p" else 0) if 1 <= hour <= NOON else 99
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise Unclear(f"“{_shortened(cell)}” is not a time of day that we can read, such as 9:30.")


def local(on: date, at: time) -> datetime:
    """The instant, in UTC, at which our clocks show that time. Raises Unclear at a clock change."""
    zone = timezone.get_default_timezone()
    wall = datetime.combine(on, at)
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    said = f"On {on:%-d %B %Y} the clocks change, and {at:%-H:%M}"
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise Unclear(f"{said} does not exist on that day. Enter another time.")
    raise Unclear(f"{said} comes twice on that day. Phone the patient, and book it by phone.")


def _with_zone(cell: str) -> datetime | None:
    """The instant of a cell that says its difference from UTC; None if it says none."""
    if not ISO.match(cell):
        return None
    try:
        found = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def _real(year: str, month: str | int, day_of_it: str) -> date | None:
    try:
        return date(int(year), int(month), int(day_of_it))
    except ValueError:
        return None


def _both(real: date | None) -> dict[Order, date]:
    return dict.fromkeys(Order, real) if real else {}


def _no_date(cell: str) -> str:
    if not cell.strip():
        return "This row has no date."
    if SHORT_YEAR.match(cell.strip()):
        return f"“{_shortened(cell)}” has a year with two digits. Write all four."
    return f"“{_shortened(cell)}” is not a date that we can read. Write it as 2027-04-03."


def _shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _cleaned(field: object, text: str) -> object:
    try:
        return field.clean(text)  # type: ignore[attr-defined]  # each of them is a form field
    except ValidationError as error:
        raise Unclear(" ".join(error.messages)) from None
