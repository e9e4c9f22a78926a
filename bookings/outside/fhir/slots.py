"""Free and taken times in FHIR's words. They are worked out when somebody asks, and never stored.

A clinic session on a day is cut into Slots: what one visit or one offered time has taken, and what is
free between. Who took a time is in none of them.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from bookings.diary.free_times import CELL_SECONDS, Rota, Stretch, cells, own_resources, span_of
from bookings.models import Claim, ClinicSession
from bookings.outside.fhir.clinic import instant, reference
from bookings.outside.fhir.outcomes import Refused, Resource
from bookings.outside.fhir.search import Codes, Page, Period, code_in, key_in, overlap, period
from bookings.status import OfferStatus

USUAL_DAYS, MOST_DAYS = 28, 92
# The number of a session, and the first cell: no cell with so few digits is beyond the calendar.
ID = re.compile(r"([0-9]{1,18})-([0-9]{1,8})")
STATUSES = Codes(
    "http://hl7.org/fhir/slotstatus",
    ("busy", "free", "busy-unavailable", "busy-tentative", "entered-in-error"),
)
# What took a cell: whether it is only offered, and which visit or offered time it was.
Owner = tuple[bool, int]


class Slot(NamedTuple):
    """A period of a clinic session that is free, or that one visit or one offered time has."""

    first_cell: int
    session: ClinicSession
    ends_cell: int
    status: str

    @property
    def pk(self) -> str:
        """Its id: the session, and when it begins."""
        return f"{self.session.pk}-{self.first_cell}"

    @property
    def starts(self) -> datetime:
        """When it begins."""
        return _instant(self.first_cell)

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the list: by time, then by session."""
        return (self.first_cell, self.session.pk)


def slot(found: Slot, now: datetime) -> Resource:
    """One Slot."""
    return {
        "resourceType": "Slot",
        "schedule": reference("Schedule", found.session.pk),
        "status": found.status,
        "start": instant(found.starts),
        "end": instant(_instant(found.ends_cell)),
    }


def slots_page(asked: list[tuple[str, str]], after: str, count: int, now: datetime) -> Page:
    """So many Slots after that one, of the days that are asked for or of four weeks from today."""
    wanted = _Wanted(asked, now)
    begins, ends = wanted.begins, wanted.ends
    place = _place(after) if after else (0, 0)
    day = timezone.localdate(max(begins, _instant(place[0])))
    found: list[Slot] = []
    while _midnight(day) < ends and len(found) <= count:
        week = [day + timedelta(days=days) for days in range(7)]
        found += (each for each in _of_days(week, now) if each.place > place and wanted.has(each))
        day += timedelta(days=7)
    return Page(found[:count], found[count - 1].pk if len(found) > count else "")


def slot_with(pk: str, now: datetime) -> Slot | None:
    """The Slot with that id, if the session is still cut there."""
    if not ID.fullmatch(pk):
        return None
    day = timezone.localdate(_instant(_place(pk)[0]))
    return next((each for each in _of_days([day], now) if each.pk == pk), None)


class _Wanted:
    """What the parameters ask for."""

    def __init__(self, asked: list[tuple[str, str]], now: datetime):
        self.sessions: list[set[int]] = []
        self.clinicians: list[set[int]] = []
        self.statuses: list[set[str]] = []
        periods: list[Period] = []
        for name, text in asked:
            values = [each.strip() for each in text.split(",")]
            if name == "start":
                periods.append(period(text))
            elif name == "status":
                self.statuses.append({code_in(each, STATUSES) for each in values})
            elif name == "schedule":
                self.sessions.append({key_in(each, "Schedule") for each in values})
            elif name == "practitioner":
                self.clinicians.append({key_in(each, "Practitioner") for each in values})
            else:
                raise Refused(400, f"“{name}={text}” is not supported.")
        today = timezone.localdate(now)
        usual = Period(_midnight(today), _midnight(today + timedelta(days=USUAL_DAYS)))
        self.begins, self.ends = _both_ends(overlap(periods or [usual]), today)

    def has(self, each: Slot) -> bool:
        """Whether a Slot is among what was asked for."""
        return (
            self.begins <= each.starts < self.ends
            and all(each.session.pk in ids for ids in self.sessions)
            and all(each.session.clinician_id in ids for ids in self.clinicians)
            and all(each.status in statuses for statuses in self.statuses)
        )


def _both_ends(asked: Period, today: date) -> tuple[datetime, datetime]:
    """From when and until when. Raises Refused if an end is open, or if that is too long."""
    begins, ends = asked
    if begins and ends:
        # Days have 23 to 25 hours, so they are counted by the clinic's clock.
        length = timezone.make_naive(ends) - timezone.make_naive(begins)
        if length <= timedelta(days=MOST_DAYS):
            return begins, ends
    example = f"start=ge{today}&start=lt{today + timedelta(days=USUAL_DAYS)}"
    raise Refused(
        400, f"Ask for at most {MOST_DAYS} days and name both ends, for example {example}."
    )


def _midnight(day: date) -> datetime:
    return span_of(day).starts


def _of_days(days: list[date], now: datetime) -> Iterator[Slot]:
    """All Slots of these days, in their order."""
    rota = Rota(days)
    owners = _owners(rota, now)
    found = [each for stretch in rota.stretches for each in _cut(stretch, owners)]
    yield from sorted(found, key=lambda each: each.place)


def _owners(rota: Rota, now: datetime) -> dict[tuple[int, int], Owner]:
    """What took each cell of each resource, or that it is closed."""
    lapsed = Q(offered_time__offer__status=OfferStatus.OPEN) & Q(
        offered_time__offer__held_until__lte=now
    )
    touched = cells(*rota.span)
    claims = Claim.objects.filter(cell__gte=touched.start, cell__lt=touched.stop).exclude(lapsed)
    owners: dict[tuple[int, int], Owner] = {
        (closure.resource_id, cell): (False, 0)
        for closure in rota.closures
        if closure.resource_id
        for cell in cells(max(closure.starts, rota.span.starts), min(closure.ends, rota.span.ends))
    }
    return owners | {
        (resource, cell): (appointment is None, appointment or offered)
        for resource, cell, appointment, offered in claims.values_list(
            "resource", "cell", "appointment", "offered_time"
        )
    }


def _cut(stretch: Stretch, owners: dict[tuple[int, int], Owner]) -> Iterator[Slot]:
    resources = sorted(own_resources(stretch.session))

    def owner(cell: int) -> Owner | None:
        return next((owners[each, cell] for each in resources if (each, cell) in owners), None)

    for taken, group in groupby(cells(*stretch.span), key=owner):
        run = list(group)
        status = "free" if taken is None else ("busy-tentative" if taken[0] else "busy")
        yield Slot(run[0], stretch.session, run[-1] + 1, status)


def _place(pk: str) -> tuple[int, int]:
    found = ID.fullmatch(pk)
    if not found:
        raise Refused(400, "Take _after from the link “next”.")
    session, cell = map(int, found.groups())
    return cell, session


def _instant(cell: int) -> datetime:
    return datetime.fromtimestamp(cell * CELL_SECONDS, UTC)
