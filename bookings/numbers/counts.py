"""Counts requests, answers, offers and visits in a period. The database does the counting."""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    Sum,
    Value,
    When,
)
from django.utils import timezone

from bookings.diary.desk_hours import working_time_between
from bookings.diary.free_times import span_of
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Offer,
    RequestEvent,
    TextReply,
)
from bookings.numbers.periods import Period
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    CancelledBy,
    Channel,
    MessageStatus,
    OfferStatus,
)
from bookings.status.events import ANSWERS


# What became of a visit. Each is a line of its own in every table and chart about visits.
def _cancelled_by(whom: CancelledBy) -> Q:
    return Q(status=AppointmentStatus.CANCELLED, cancelled_by=whom)


VISITS = {
    "Attended": Q(status=AppointmentStatus.FULFILLED),
    "Did not attend": Q(status=AppointmentStatus.NOSHOW),
    "They cancelled": _cancelled_by(CancelledBy.PATIENT),
    "We cancelled": _cancelled_by(CancelledBy.CLINIC),
}
ATTENDED, MISSED, *_ = VISITS
# What became of a text to a patient.
TEXTS = {
    "Sent": ("sent", Q(sent_at__isnull=False)),
    "Arrived": ("arrived", Q(delivered__isnull=False)),
    "Did not arrive": ("lost", Q(status=MessageStatus.FAILED)),
}
REPLIES = "From patients"
# By what a visit is counted, besides its day.
VISITS_BY = {
    "page": F("request__page__title"),
    "clinician": F("clinician__name"),
    "place": F("room__location__name"),
}
WEBSITE, STAFF = "Website", "By phone or at the desk"
# The days since a request came, from and to, in the order of the table.
AGES = {
    "Today": (0, 0),
    "Yesterday": (1, 1),
    "2 to 6 days ago": (2, 6),
    "7 days ago or more": (7, None),
}

Counts = Counter[Any]


class Answer(NamedTuple):
    """When somebody got our first answer, and how long the desk was open before it."""

    at: datetime
    waited: timedelta


def by_part(rows: Any, moment: str, period: Period, **also: Any) -> Counts:
    """How many of the rows have their moment in each part of the period, by the part's number.

    `also` names one more thing to count by; then a key is a pair.
    """
    return by(_within(rows, moment, period), part=_part(moment, period), **also)


def by(rows: Any, **keys: Any) -> Counts:
    """How many rows have each value of the key, or each combination of values."""
    named = {f"by_{name}": key for name, key in keys.items()}
    counted = rows.order_by().annotate(**named).values_list(*named).annotate(n=Count("pk"))
    return Counter({key[0] if len(key) == 1 else tuple(key): n for *key, n in counted})


def along(counts: Counts, *at: int) -> Counts:
    """The same counts by some parts of their keys only: `at` says which, by their numbers."""
    found = Counts()
    for key, number in counts.items():
        found[key[at[0]] if len(at) == 1 else tuple(key[each] for each in at)] += number
    return found


def in_order(counts: Counts, keys: Sequence[Hashable]) -> list[int]:
    """The counts of these keys, 0 where there is none."""
    return [counts[key] for key in keys]


def requests(period: Period) -> Counts:
    """The requests of the period, by part, by page, and by whether patients or colleagues sent them.

    Without those from an import, which came before.
    """
    way = _words({WEBSITE: Q(received_by=PATIENT)}, otherwise=STAFF)
    rows = AppointmentRequest.objects.filter(brought_in=None)
    return by_part(rows, "received_at", period, page=F("page__title"), way=way)


def first_answers(period: Period, closed: Collection[date]) -> list[Answer]:
    """Our first answers in the period to requests that came over the website.

    Somebody on the phone is answered straight away, which would only flatter us.
    """
    ours = RequestEvent.objects.filter(kind__in=ANSWERS).exclude(by__in=[PATIENT, CLOCK])
    earlier = ours.filter(request=OuterRef("request"), number__lt=OuterRef("number"))
    first = _within(ours, "at", period).filter(~Exists(earlier), request__received_by=PATIENT)
    pairs = list(first.values_list("request__received_at", "at"))
    waited = working_time_between(pairs, closed)
    return [Answer(at, wait) for (_, at), wait in zip(pairs, waited, strict=True)]


def offers_by_part(period: Period, now: datetime) -> Counts:
    """The offers made in the period, by part and by what became of them so far."""
    outcomes = {
        "Taken": Q(status=OfferStatus.ACCEPTED),
        "Declined": Q(status=OfferStatus.REFUSED),
        # Until somebody wants its times, an expired offer is not written down as such.
        "Lapsed": Q(status=OfferStatus.EXPIRED) | Q(status=OfferStatus.OPEN, held_until__lte=now),
    }
    return by_part(Offer.objects.all(), "made_at", period, outcome=_words(outcomes))


class Texts(NamedTuple):
    """The texts of a period: by part and column, and what they cost."""

    counts: Counts
    # Parts of texts of which no gateway has said what they cost, and what it has said, in pounds.
    unpriced: int
    priced: Decimal


def texts(period: Period) -> Texts:
    """Texts to patients by what became of them, and texts from patients, in the period.

    Our answers to those cost as well, but are no messages of their own.
    """
    to_them = _with_part(Message.objects.filter(channel=Channel.TEXT), "queued_at", period)
    from_them = _with_part(TextReply.objects.all(), "came", period)
    sent = to_them.values("part").annotate(
        **{slug: Count("pk", filter=condition) for slug, condition in TEXTS.values()},
        unpriced=Sum("segments", filter=Q(price=None), default=0),
        priced=Sum("price", default=Decimal(0)),
    )
    came = from_them.values("part").annotate(
        replies=Count("pk"), unpriced=Sum("segments"), priced=Value(Decimal(0))
    )
    rows = [*sent, *came]
    columns = {**{name: slug for name, (slug, _) in TEXTS.items()}, REPLIES: "replies"}
    counts = Counts()
    for row in rows:
        for name, slug in columns.items():
            counts[row["part"], name] += row.get(slug, 0)
    priced = sum((row["priced"] for row in rows), Decimal(0))
    return Texts(counts, sum(row["unpriced"] for row in rows), priced)


def visits(period: Period) -> Counts:
    """The visits of the period, by part, by each of `VISITS_BY`, and by what became of them."""
    return by_part(_ended(), "starts", period, **VISITS_BY, outcome=_words(VISITS))


def waiting_by_age(now: datetime) -> Counts:
    """The requests that wait for us now: by how many days ago they came, and whose turn it is.

    That is whether reception can take the next step, and whether a clinician can.
    """
    today = timezone.localdate(now)
    began = {
        age: Q(received_at__gte=span_of(today - timedelta(days=most)).starts)
        for age, (_, most) in AGES.items()
        if most is not None
    }
    waiting = AppointmentRequest.objects.whose_turn(now)
    return by(
        waiting,
        age=_words(began, otherwise=list(AGES)[-1]),
        receptions=F("is_receptions"),
        clinicians=F("is_clinicians"),
    )


def _part(moment: str, period: Period) -> Case:
    """The number of the part of the period in which the moment is."""
    whens = [
        When(**{f"{moment}__lt": part.ends}, then=Value(number))
        for number, part in enumerate(period.parts())
    ]
    return Case(*whens, output_field=IntegerField())


def _with_part(rows: Any, moment: str, period: Period) -> Any:
    return _within(rows, moment, period).order_by().annotate(part=_part(moment, period))


def _within(rows: Any, moment: str, period: Period) -> Any:
    return rows.filter(**{f"{moment}__gte": period.starts, f"{moment}__lt": period.ends})


def _ended() -> Any:
    # An import that was undone cancelled nobody's visit.
    return Appointment.objects.filter(_any_of(VISITS)).exclude(request__brought_in__is_undone=True)


def _any_of(conditions: dict[str, Q]) -> Q:
    found = Q()
    for condition in conditions.values():
        found |= condition
    return found


def _words(conditions: dict[str, Q], otherwise: str = "") -> Case:
    whens = [When(condition, then=Value(word)) for word, condition in conditions.items()]
    return Case(*whens, default=Value(otherwise), output_field=CharField())
