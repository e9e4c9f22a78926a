"""Who opened what: single requests from the journals, and lists of them, together and newest first."""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from bookings.diary.free_times import Span
from bookings.models import AppointmentRequest, Look, OutsideLook, RequestEvent
from bookings.status import WhyOpened
from bookings.status.events import SHOWN, Event
from procedures.ground import folding
from procedures.ground.counting import counted
from procedures.ground.people import shown_name

WHAT = {
    Event.READ: "Opened",
    Event.SEARCHED: "Found by searching",
    Event.PRINTED: "Printed in a list of the day",
    Event.EXPORTED: "Copied with everything we hold",
    Event.ANSWERS_OPENED: "Opened the answers about health",
}
# At the same instant a list comes after what was opened, and what other systems read after that.
OUTSIDE, LIST, SINGLE = -1, 0, 1
# What stands out, in plain words.
MANY = 30
HOUR = timedelta(hours=1)
# How many hours one query asks for, and of how many requests.
AT_ONCE = 100
REQUESTS_AT_ONCE = 500
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)


class Key(NamedTuple):
    """The place of an entry in the order of all entries. An address can contain it."""

    at: datetime
    kind: int
    pk: int

    def __str__(self) -> str:
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ},{self.kind},{self.pk}"

    @classmethod
    def read(cls, text: str) -> "Key | None":
        """The key that an address contains; None if it is none."""
        at, kind, pk = [*text.split(","), "", ""][:3]
        try:
            return cls(datetime.fromisoformat(at), int(kind), int(pk))
        except ValueError:
            return None


class Opened(NamedTuple):
    """One entry: who was shown what, of whom, and what stands out about it."""

    key: Key
    by: str
    what: str
    # The request that was opened; None for a list.
    request: AppointmentRequest | None
    look: Look | OutsideLook | None
    marks: list[str]

    @property
    def whose(self) -> str:
        """Whose request it was, or how many were in the list."""
        if self.request:
            return self.request.name
        return counted(len(self.look.requests), "patient") if self.look else ""

    @property
    def has_page(self) -> bool:
        """Whether a page says which requests were in the list."""
        return isinstance(self.look, Look)


class Chosen(NamedTuple):
    """Which entries are looked for: of one member of staff, of some requests, of a period."""

    staff: User | None = None
    requests: Sequence[int] | None = None
    span: Span | None = None


class Patients(NamedTuple):
    """How many different patients were shown, and how many of them one by one."""

    shown: int
    opened: int

    def __str__(self) -> str:
        listed = self.shown - self.opened
        return (
            f"{counted(self.shown, 'different patient')} in all these days: {self.opened} opened, found "
            f"or printed one by one, and {listed} only named in lists or read by another system."
        )


def entries(chosen: Chosen, before: Key | None, limit: int) -> list[Opened]:
    """So many entries before that place, newest first."""
    events = list(_events(chosen, before)[:limit])
    lists = list(_lists(chosen, before)[:limit])
    outside = [] if chosen.staff else list(_outside(chosen, before)[:limit])
    people = {each.get_username(): each for each in User.objects.all()}
    in_hour = _in_the_hour_before(events)
    found = [
        *(_single(event, people.get(event.by), in_hour.get(event.pk, 0)) for event in events),
        *(_list(look) for look in lists),
        *(_by_system(look) for look in outside),
    ]
    return sorted(found, key=lambda each: each.key, reverse=True)[:limit]


def patients(chosen: Chosen) -> Patients:
    """How many people all these entries name, each counted once.

    It reads every entry that was chosen, so it is for a period and not for all years.
    """
    singly = set(_events(chosen, None).order_by().values_list("request", flat=True).distinct())
    named = set(singly)
    outside = [] if chosen.staff else [_outside(chosen, None)]
    for rows in (_lists(chosen, None), *outside):
        for requests in rows.order_by().values_list("requests", flat=True).iterator():
            named |= set(requests)
    opened = _people(singly)
    return Patients(len(opened | _people(named - singly)), len(opened))


def _people(requests: Iterable[int]) -> set[int]:
    """The numbers under which the people of these requests are shown."""
    shown = AppointmentRequest.objects.order_by().annotate(
        shown=Coalesce("person__joined_to", "person")
    )
    wanted = sorted(requests)
    found: set[int] = set()
    for begin in range(0, len(wanted), REQUESTS_AT_ONCE):
        some = shown.filter(pk__in=wanted[begin : begin + REQUESTS_AT_ONCE])
        found |= set(some.values_list("shown", flat=True))
    return found


def _events(chosen: Chosen, before: Key | None) -> Any:
    events = RequestEvent.objects.filter(kind__in=SHOWN).select_related("request")
    if chosen.staff:
        events = events.filter(by=chosen.staff.get_username())
    if chosen.requests is not None:
        events = events.filter(request__in=chosen.requests)
    return _page(events, "at", SINGLE, chosen.span, before)


def _lists(chosen: Chosen, before: Key | None) -> Any:
    lists = Look.objects.select_related("looked_by")
    if chosen.staff:
        lists = lists.filter(looked_by=chosen.staff)
    if chosen.requests is not None:
        lists = lists.showing(chosen.requests)
    return _page(lists, "looked_at", LIST, chosen.span, before)


def _outside(chosen: Chosen, before: Key | None) -> Any:
    looks = OutsideLook.objects.select_related("looked_by")
    if chosen.requests is not None:
        looks = looks.showing(chosen.requests)
    return _page(looks, "looked_at", OUTSIDE, chosen.span, before)


def _page(rows: Any, moment: str, kind: int, span: Span | None, before: Key | None) -> Any:
    if span:
        rows = rows.filter(**{f"{moment}__range": span})
    if before:
        earlier = Q(**{f"{moment}__lt": before.at})
        if kind == before.kind:
            earlier |= Q(**{moment: before.at, "pk__lt": before.pk})
        elif kind < before.kind:
            earlier |= Q(**{moment: before.at})
        # The first condition says nothing new, but an index can use it.
        rows = rows.filter(Q(**{f"{moment}__lte": before.at}) & earlier)
    return rows.order_by(f"-{moment}", "-pk")


def _in_the_hour_before(events: Iterable[RequestEvent]) -> dict[int, int]:
    """For each request that was opened, how many the same person opened in the hour up to then."""
    # Sorted here: for the sake of an order SQLite would read every event there is.
    opened = RequestEvent.objects.filter(kind__in=SHOWN).filter(kind=Event.READ).order_by()
    found: dict[int, int] = {}
    moments = sorted({(each.by, each.at) for each in events})
    for begin in range(0, len(moments), AT_ONCE):
        hours = Q()
        for by, at in moments[begin : begin + AT_ONCE]:
            hours |= Q(by=by, at__gt=at - HOUR, at__lte=at)
        recent: defaultdict[str, deque[tuple[datetime, int]]] = defaultdict(deque)
        rows = opened.filter(hours).values_list("pk", "by", "at", "request")
        for pk, by, at, request in sorted(rows, key=itemgetter(2)):
            own = recent[by]
            own.append((at, request))
            while own[0][0] <= at - HOUR:
                own.popleft()
            found[pk] = max(found.get(pk, 0), len({each for _, each in own}))
    return found


def _single(event: RequestEvent, by: User | None, in_hour: int) -> Opened:
    marks = _at_night(event.at)
    if event.kind == Event.READ and in_hour >= MANY:
        marks.append(f"The same person opened {in_hour} requests within an hour.")
    if by and _surname(by.last_name) and _surname(by.last_name) == _surname(event.request.name):
        marks.append("They have the same surname.")
    return Opened(
        Key(event.at, SINGLE, event.pk),
        shown_name(by) if by else event.by,
        said_why(WHAT[Event(event.kind)], event),
        event.request,
        None,
        marks,
    )


def said_why(what: str, event: RequestEvent) -> str:
    """What was done, with the reason that a colleague gave for it, if they had to."""
    why = event.detail.get("why")
    return f"{what}: “{WhyOpened(why).label}”" if why else what


def _list(look: Look) -> Opened:
    return Opened(
        Key(look.looked_at, LIST, look.pk),
        shown_name(look.looked_by),
        f"Listed in “{look.screen}”",
        None,
        look,
        _at_night(look.looked_at),
    )


def _by_system(look: OutsideLook) -> Opened:
    said = f"Read by another system: {look.resource}"
    return Opened(Key(look.looked_at, OUTSIDE, look.pk), str(look.looked_by), said, None, look, [])


def _at_night(at: datetime) -> list[str]:
    local = timezone.localtime(at).time()
    is_night = local >= NIGHT_BEGINS or local < NIGHT_ENDS
    return ["It was at night, between 22:00 and 6:00."] if is_night else []


def _surname(name: str) -> str:
    return (folding.words(name) or [""])[-1]
