"""How long what we hold is kept, and what is emptied once its time is over.

The table is `settings.RETENTION`: for each kind of record how many days, and counted from when. What
became care is never emptied here: once its time is over it is proposed, and two people erase it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, ExtractDay, ExtractMonth, ExtractYear
from django.utils import timezone

from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Person,
    Recall,
    RightsRequest,
    TextReply,
)
from bookings.records.emptying import (
    emptied_columns,
    empty_people,
    empty_request,
    empty_tables,
    says_something,
)
from bookings.records.holds import is_held, lock
from bookings.records.rights import is_kept_for_answer
from bookings.records.walking import rows_of
from bookings.status import (
    CLOCK,
    ENDED,
    AppointmentStatus,
    MessageStatus,
    PersonAct,
    RecallStatus,
    RightAsked,
)
from procedures.ground.batches import Tally, one_by_one
from procedures.ground.constraints import EMPTIED
from procedures.ground.counting import counted

# Records of children are kept until they are 25, or 26 if they were 17 when they were last seen.
GROWN_UP, KEPT_UNTIL = 18, 25
MONTHS_AHEAD = 12
# Whoever empties by hand may do it once a week.
OVERDUE = timedelta(days=7)
# What is between two birthdays when days are numbers such as 20261130.
A_YEAR = 10_000


class Kind(NamedTuple):
    """A kind of record that has a time of its own."""

    label: str
    # What is said of so many of them: “41 requests would be emptied”.
    one: str
    several: str
    rows: Callable[[datetime], QuerySet[Any]]
    # What its time may be counted from, as `COUNTED_FROM` names it.
    counted_from: tuple[str, ...]
    # Whether it is emptied without anybody deciding it.
    goes: bool = True


class Beginning(NamedTuple):
    """From when a time may be counted."""

    words: str
    moment: Any
    # What else is true of every row whose time began before an instant, where the moment has no index.
    only: Callable[[datetime], Q] | None = None


class Rule(NamedTuple):
    """A row of the table in the settings."""

    name: str
    days: int
    counted_from: str

    @property
    def kind(self) -> Kind:
        """What it is about."""
        return KINDS[self.name]

    @property
    def counted_in_words(self) -> str:
        """From when the time is counted."""
        return COUNTED_FROM[self.counted_from].words

    @property
    def kept_in_words(self) -> str:
        """How long: “8 years”, “365 days”."""
        years, rest = divmod(self.days, 365)
        if years > 1 and rest <= years // 4 + 1:
            return f"{years} years"
        return f"{self.days} days"

    def due(self, now: datetime) -> QuerySet[Any]:
        """The rows whose time is over at that instant."""
        begins, over = COUNTED_FROM[self.counted_from], self._over(now)
        rows: QuerySet[Any] = self.kind.rows(now).annotate(kept_from=begins.moment)
        only = begins.only(over) if begins.only else Q()
        return rows.filter(only, kept_from__lt=over).order_by("pk")

    def due_at(self, instants: Sequence[datetime]) -> list[int]:
        """How many rows are due at each of these, the last of which is the latest: one question."""
        over = {
            f"over_{number}": Count("pk", filter=Q(kept_from__lt=self._over(instant)))
            for number, instant in enumerate(instants)
        }
        counts = self.due(instants[-1]).aggregate(**over)
        return [counts[name] for name in over]

    def _over(self, instant: datetime) -> datetime:
        return instant - timedelta(days=self.days)


class Ahead(NamedTuple):
    """What would be emptied by a day, besides what is due before it: “41 requests”."""

    day: date
    said: str


class Line(NamedTuple):
    """A rule, how many rows are due at an instant (“41 requests”), and when more of them will be."""

    rule: Rule
    due_in_words: str
    ahead: list[Ahead]


def _not_held(rows: QuerySet[Any], way: str = "") -> QuerySet[Any]:
    """Without the rows of people who have a legal hold, or who wait for an answer about their data.

    It holds for all of a person's rows, on whichever of them it is.
    """
    shown = Coalesce("joined_to", "pk")
    held = Person.objects.held().annotate(shown=shown).values("shown")
    asking = Person.objects.filter(rights_requests__in=RightsRequest.objects.keeping())
    group = Coalesce(f"{way}person__joined_to", f"{way}person")
    known: QuerySet[Any] = rows.annotate(shown=group)
    return known.exclude(shown__in=held).exclude(
        shown__in=asking.annotate(shown=shown).values("shown")
    )


def _ended(now: datetime) -> QuerySet[Any]:
    """Requests that are over, with nothing planned, that have not been emptied."""
    planned = Recall.objects.filter(request=OuterRef("pk"), status=RecallStatus.PLANNED)
    over = AppointmentRequest.objects.filter(status__in=sorted(ENDED), emptied_at=None)
    return _not_held(over.filter(~Exists(planned)))


def _seen() -> Exists:
    came = Appointment.objects.filter(request=OuterRef("pk"), status=AppointmentStatus.FULFILLED)
    return Exists(came)


def _addresses(now: datetime) -> QuerySet[Any]:
    told = Message.objects.exclude(sent_to__in=["", EMPTIED]).exclude(request=None)
    return _not_held(told.exclude(status=MessageStatus.QUEUED), "request__")


def _from_strangers(now: datetime) -> QuerySet[Any]:
    """Texts from numbers that belong to nobody whom we know, once somebody has seen to them.

    STOP goes on for a number that nobody has used since.
    """
    unknown = TextReply.objects.filter(request=None).exclude(number="").exclude(stops=True)
    return unknown.exclude(for_desk=True, seen_at=None)


def _answered_requests(now: datetime) -> QuerySet[Any]:
    return _answered(~Q(right=RightAsked.COMPLAINT))


def _answered_complaints(now: datetime) -> QuerySet[Any]:
    return _answered(Q(right=RightAsked.COMPLAINT))


def _answered(kind: Q) -> QuerySet[Any]:
    """Of this kind, what people asked about their data and have an answer to, where a word is left."""
    answered = RightsRequest.objects.filter(kind, told__isnull=False)
    return _not_held(answered.filter(says_something(RightsRequest)))


def _one_person(shown: Any) -> QuerySet[Person]:
    """The rows of the person who is shown under this number."""
    return Person.objects.filter(Q(pk=shown) | Q(joined_to=shown))


def _visits() -> QuerySet[Appointment]:
    """The person's visits, on whichever of their requests they were, the last one first."""
    rows = _one_person(OuterRef(OuterRef("shown")))
    came = Appointment.objects.filter(status=AppointmentStatus.FULFILLED)
    return came.filter(request__person__in=rows.values("pk")).order_by("-ends")


def _visited_before(over: datetime) -> Q:
    """Requests with a visit before then. If the last was before then, so was every other."""
    early = Appointment.objects.filter(status=AppointmentStatus.FULFILLED, starts__lt=over)
    return Q(pk__in=early.values("request"))


COUNTED_FROM = {
    "received": Beginning("the day on which the request arrived", F("received_at")),
    "ended": Beginning(
        "the day on which the request ended", F("ended_at"), lambda over: Q(received_at__lt=over)
    ),
    "last_visit": Beginning(
        "the person’s last visit", Subquery(_visits().values("ends")[:1]), _visited_before
    ),
    "came": Beginning("the day on which the text came", F("came")),
    "answered": Beginning("our answer", F("told")),
    "written": Beginning("the day on which the message was written", F("queued_at")),
}
KINDS = {
    "no_visit": Kind(
        "Requests that led to no visit",
        "request",
        "requests",
        lambda now: _ended(now).filter(~_seen()),
        ("received", "ended"),
    ),
    "visit": Kind(
        "Requests that led to a visit",
        "request with a visit",
        "requests with a visit",
        lambda now: _ended(now).filter(_seen()),
        ("ended", "last_visit"),
        goes=False,
    ),
    "sent_to": Kind(
        "Addresses to which messages went",
        "address of a message",
        "addresses of messages",
        _addresses,
        ("written",),
    ),
    "strangers": Kind(
        "Texts from numbers that we do not know",
        "text from a number that we do not know",
        "texts from numbers that we do not know",
        _from_strangers,
        ("came",),
    ),
    "rights": Kind(
        "Requests about data, and our answers",
        "answered request about data",
        "answered requests about data",
        _answered_requests,
        ("answered",),
    ),
    "complaints": Kind(
        "Complaints about data",
        "answered complaint about data",
        "answered complaints about data",
        _answered_complaints,
        ("answered",),
    ),
}
ABOUT_DATA = ("rights", "complaints")


def rules() -> list[Rule]:
    """The table of the settings. `bookings.checks` has made sure that it can be read."""
    return [Rule(name, *settings.RETENTION[name]) for name in KINDS]


def faults() -> list[str]:
    """What is wrong with the table in the settings, in sentences."""
    table = settings.RETENTION
    found = [f"RETENTION has no row “{name}”." for name in KINDS.keys() - table.keys()]
    found += [f"RETENTION has a row “{name}” that nothing uses." for name in table.keys() - KINDS]
    for name in KINDS.keys() & table.keys():
        days, counted_from = table[name]
        if type(days) is not int or days < 1:
            found.append(f"RETENTION: “{name}” is kept for {days!r}. Set a whole number of days.")
        if counted_from not in KINDS[name].counted_from:
            allowed = " or ".join(KINDS[name].counted_from)
            found.append(
                f"RETENTION: “{name}” cannot be counted from “{counted_from}”. Use {allowed}."
            )
    return sorted(found)


def plan(now: datetime, months_ahead: int = MONTHS_AHEAD) -> list[Line]:
    """What would be emptied now, and how much more by the first of each of the coming months."""
    days = list(_firsts_of_months(timezone.localdate(now), months_ahead))
    return [_line(rule, now, days) for rule in rules()]


def is_done_by_worker() -> bool:
    """Whether the worker empties what is due."""
    return f"{__name__}.{empty_once_a_day.__name__}" in settings.WORKER_DUTIES


def overdue(now: datetime) -> list[str]:
    """What should have been emptied more than a week ago, as “41 requests”."""
    found = [(rule, rule.due(now - OVERDUE).count()) for rule in rules() if rule.kind.goes]
    return [_said(rule, count) for rule, count in found if count]


def proposed(now: datetime) -> QuerySet[Person]:
    """People whose care is over for so long that two colleagues may decide to erase them."""
    rule = Rule("visit", *settings.RETENTION["visit"])
    people = Person.objects.shown().filter(pk__in=rule.due(now).values("shown"))
    known = people.alias(shown=F("pk"), born=_born(), seen=_as_number(_visits(), "ends"))
    aged = known.alias(age=F("seen") - F("born"))
    return aged.exclude(_is_kept_as_a_child(now)).prefetch_related("joined").order_by("pk")


def empty_what_is_due(now: datetime) -> Tally:
    """Empty everything whose time is over, row by row; how many there were, and how many failed."""
    table = {rule.name: rule for rule in rules()}
    requests = table["no_visit"].due(now).values_list("pk", flat=True)
    emptied = one_by_one(list(requests), partial(_empty_one, now=now), task="emptying of request")
    addresses = table["sent_to"].due(now).values_list("pk", flat=True)
    forgotten = one_by_one(list(addresses), _forget_address, task="address of message")
    answers = [
        pk for name in ABOUT_DATA for pk in table[name].due(now).values_list("pk", flat=True)
    ]
    answered = one_by_one(answers, _empty_answer, task="emptying of rights request")
    texts = table["strangers"].due(now)
    unknown = TextReply.objects.filter(pk__in=list(texts.values_list("pk", flat=True)))
    done = emptied + forgotten + answered + unknown.update(number="", said=EMPTIED)
    return Tally(done, emptied.failed + forgotten.failed + answered.failed)


_emptied_on: date | None = None


def empty_once_a_day(now: datetime) -> Tally:
    """The worker's duty: the first round of a day empties what is due."""
    global _emptied_on  # noqa: PLW0603 -- a restarted worker may do it once more, which changes nothing
    today = timezone.localdate(now)
    if _emptied_on == today:
        return Tally(0, 0)
    done = empty_what_is_due(now)
    if not done.failed:
        _emptied_on = today
    return done


def _empty_one(pk: int, *, now: datetime) -> int:
    with transaction.atomic():
        request = AppointmentRequest.objects.select_related("person").get(pk=pk)
        person = request.person
        lock(person)
        if _is_kept(person) or request.emptied_at:
            return 0
        empty_request(request, by=CLOCK, now=now)
        # The last of what they asked for: then nothing is left to know them for.
        if not AppointmentRequest.objects.of_person(person).filter(emptied_at=None).exists():
            empty_people(rows_of(person), PersonAct.EMPTIED, by=CLOCK, now=now)
    return 1


def _forget_address(pk: int) -> int:
    with transaction.atomic():
        person = Person.objects.get(requests__messages=pk)
        lock(person)
        if _is_kept(person):
            return 0
        return Message.objects.filter(pk=pk).update(sent_to=EMPTIED)


def _empty_answer(pk: int) -> int:
    with transaction.atomic():
        person = Person.objects.get(rights_requests=pk)
        lock(person)
        if _is_kept(person):
            return 0
        if person.emptied_at:
            # Why there was a hold on it, or a copy of it, was written since.
            empty_tables(rows_of(person), PersonAct.EMPTIED)
        asked = RightsRequest.objects.filter(pk=pk)
        return asked.update(**emptied_columns(RightsRequest))


def _is_kept(person: Person) -> bool:
    return is_held(person) or is_kept_for_answer(person)


def _said(rule: Rule, count: int) -> str:
    return counted(count, rule.kind.one, rule.kind.several)


def _firsts_of_months(day: date, months: int) -> Iterator[date]:
    for _ in range(months):
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield day


def _line(rule: Rule, now: datetime, days: list[date]) -> Line:
    """How many are due, and how many more there are on each day than on the one before."""
    midnights = [timezone.make_aware(datetime.combine(day, time())) for day in days]
    counts = rule.due_at([now, *midnights])
    more = (count - before for before, count in pairwise(counts))
    ahead = [Ahead(day, _said(rule, each)) for day, each in zip(days, more, strict=True) if each]
    return Line(rule, _said(rule, counts[0]), ahead)


def _born() -> Subquery:
    """The date of birth on the newest row of the person who is shown, as a number."""
    newest = _one_person(OuterRef("shown")).order_by("-known_at", "-pk")
    return _as_number(newest, "date_of_birth")


def _is_kept_as_a_child(now: datetime) -> Q:
    """Whether somebody was a child at their last visit, and is not old enough yet."""
    today = int(f"{timezone.localdate(now):%Y%m%d}")
    was_17 = Q(age__gte=(GROWN_UP - 1) * A_YEAR)
    is_young = Q(born__gt=today - KEPT_UNTIL * A_YEAR)
    is_nearly = Q(born__gt=today - (KEPT_UNTIL + 1) * A_YEAR)
    return Q(age__lt=GROWN_UP * A_YEAR) & (is_young | was_17 & is_nearly)


def _as_number(rows: QuerySet[Any], column: str) -> Subquery:
    """The day in the first of these rows, as a number such as 20261130."""
    parts = ExtractYear(column) * A_YEAR + ExtractMonth(column) * 100 + ExtractDay(column)
    return Subquery(rows.annotate(number=parts).values("number")[:1])
