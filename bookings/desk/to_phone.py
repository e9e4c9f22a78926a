"""Whom we have to phone, and why. It is computed on request; only the calls are stored."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any, NamedTuple

from django.db.models import (
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from bookings.desk.calls import Calls, calls_of
from bookings.desk.notes import pinned_beside
from bookings.desk.to_say import what_to_say
from bookings.messages import OF_NO_WEIGHT
from bookings.messages.still_true import (
    MATTERS_FOR,
    could_be_printed,
    is_true_as_read,
    not_overtaken,
)
from bookings.models import (
    Appointment,
    AppointmentRequest,
    BroughtIn,
    Message,
    Offer,
    PhoneCall,
    RedFlag,
    RequestEvent,
    ScreeningAnswer,
    ScreeningQuestion,
    TextReply,
    VisitAnswer,
)
from bookings.screening import flags_to_phone_about, unheard_urgent_flags
from bookings.status import (
    AnsweredFrom,
    AppointmentStatus,
    Channel,
    FlagOutcome,
    GotIt,
    MessageKind,
    MessageStatus,
    OfferStatus,
    RequestStatus,
)
from bookings.status.events import Event
from procedures.models import PageEvent

MOST = 200
# The rest of a longer text is on the page of texts.
LONGEST_SAID = 160
URGENT = "Told us about something that cannot wait. Find out whether they got help."
ALARMING = "Sent a text that sounds like an emergency. Find out whether they got help."
BY_PHONE = "Would rather tell us something by phone: see the flags."
WRONG_BIRTHS = (
    "Someone used their private link with only wrong dates of birth. Ask whether it was them, "
    "and check the date we have."
)
AFTER_VISIT = "Did not get what they came for, and asked us to phone."
UNANSWERED = "Has not answered our offer."
WANTED = "A clinician wants to speak to them first."
UNASKED = (
    "Nobody has asked them our safety questions, because their visit came from another system. Ask "
    "them in the call: “Ask the safety questions” on the page of their request."
)
# From the first reminder on, which leads to the questions; over a weekend as well.
BEFORE_UNASKED = timedelta(days=3)
# The two lists of the page, by their names in its address.
URGENTLY, IN_TURN = "straight-away", "in-turn"
# Where a marked request says whether the source with this number has rows about it.
MARK = "has_source_{}"
# Silence in the last of so many parts of an offer is a reason to phone.
LAST_PART = 4


class ToPhone(NamedTuple):
    """A patient who has to hear from us by phone."""

    request: AppointmentRequest
    why: str
    calls: Calls
    # Whether a letter could say it instead.
    can_be_letter: bool

    @property
    def is_urgent(self) -> bool:
        """Whether an urgent answer is among the reasons."""
        return URGENT in self.why or ALARMING in self.why


def patients_to_phone(now: datetime) -> list[ToPhone]:
    """The patients to phone, each of them once. Failed messages and news to tell come first."""
    reasons, on_paper = _reasons(dict(enumerate(_sources())), Q(), now)
    rows: QuerySet[Any] = AppointmentRequest.objects.annotate(pinned=pinned_beside("person"))
    requests, calls = rows.in_bulk(reasons), calls_of(reasons)
    for each in requests.values():
        each.pinned_notes = each.pinned or []
    return [
        ToPhone(requests[pk], " ".join(whys), calls[pk], pk in on_paper)
        for pk, whys in reasons.items()
    ]


def reasons_to_phone(
    request: AppointmentRequest, now: datetime, *, is_marked: bool = False
) -> list[str]:
    """Why we have to phone this patient, and what to tell them.

    A request that was just read from `marked` says itself where there is something to read.
    """
    sources = dict(enumerate(_sources()))
    if is_marked:
        sources = {n: each for n, each in sources.items() if getattr(request, MARK.format(n))}
    reasons, _ = _reasons(sources, Q(request=request), now)
    return reasons[request.pk]


def marked(requests: QuerySet[AppointmentRequest]) -> QuerySet[AppointmentRequest]:
    """These requests, each with whether there may be a reason of each source about it."""
    rows = [source.perhaps.filter(request=OuterRef("pk")) for source in _sources()]
    return requests.annotate(**{MARK.format(n): Exists(each) for n, each in enumerate(rows)})


def reason_to_phone(request: AppointmentRequest, now: datetime) -> str:
    """The same in one piece; empty if there is no reason."""
    return " ".join(reasons_to_phone(request, now))


class Source(NamedTuple):
    """One kind of reason to phone: the rows that are one, and the sentence about a row."""

    # Rows that may be a reason, and what leaves those that are one at an instant. Working out which
    # of them count takes far longer than checking whether a patient has any.
    perhaps: QuerySet[Any]
    leave: Callable[[Any, datetime], QuerySet[Any]]
    # Whose rows come first: the field with their time.
    since: str
    # The sentence, or what makes it: from the message, if the rows are messages, or from `words`.
    say: str | Callable[[Any], str]
    words: str | Value = Value("")


class Row(NamedTuple):
    """A row of a source. They are compared in the order in which they count."""

    source: int
    since: datetime
    pk: int
    request: int
    words: str


def _rows(sources: Mapping[int, Source], whose: Q, now: datetime) -> list[Row]:
    """The rows of these sources, by their numbers: one query for all of them."""
    if not sources:
        return []
    first, *others = [_first_rows(number, each, whose, now) for number, each in sources.items()]
    return sorted(itertools.starmap(Row, first.union(*others, all=True)))


def _first_rows(
    number: int, source: Source, whose: Q, now: datetime
) -> QuerySet[Any, tuple[Any, ...]]:
    """The rows that have waited longest: after a long outage they are enough work to begin with."""
    first = source.leave(source.perhaps, now).filter(whose).order_by(source.since, "pk")[:MOST]
    rows: QuerySet[Any] = QuerySet(source.perhaps.model).filter(pk__in=first.values("pk"))
    return rows.values_list(
        Value(number), source.since, "pk", "request", Cast(source.words, TextField())
    )


def _reasons(
    sources: Mapping[int, Source], whose: Q, now: datetime
) -> tuple[dict[int, list[str]], set[int | None]]:
    """The sentences about each patient, by the number of the request, and whom a letter could tell."""
    rows = _rows(sources, whose, now)
    reasons: dict[int, list[str]] = defaultdict(list)
    is_message = {number: each.perhaps.model is Message for number, each in sources.items()}
    messages = _messages([row.pk for row in rows if is_message[row.source]])
    yet_to_hear: set[int] = set()
    for row in rows:
        about = messages[row.pk] if is_message[row.source] else row.words
        if isinstance(about, Message) and not is_true_as_read(about, now):
            continue
        say = sources[row.source].say
        kind = about.kind if isinstance(about, Message) else ""
        # Whoever has yet to hear of the times is not reminded of them, nor said to be silent.
        if row.request in yet_to_hear and (kind == MessageKind.OFFER_ENDS or say == UNANSWERED):
            continue
        if kind in {MessageKind.OFFER, MessageKind.OFFER_ENDS}:
            yet_to_hear.add(row.request)
        why = say if isinstance(say, str) else say(about)
        if why not in reasons[row.request]:
            reasons[row.request].append(why)
    could = {each.request_id for each in messages.values() if could_be_printed(each, now)}
    return reasons, could


def _messages(numbers: Sequence[int]) -> dict[int, Message]:
    """These messages, with what tells whether they are still true, and what to say instead."""
    news = PageEvent.objects.news().select_related("page", "revision")
    told = Message.objects.select_related("request", "notice", "repeats__notice").prefetch_related(
        "request__appointments",
        "request__offers__times",
        Prefetch("notice__event", news),
        Prefetch("repeats__notice__event", news),
    )
    return told.in_bulk(numbers)


def _sources() -> list[Source]:
    """Failed messages and news to tell come before what can wait."""
    flags, texts = RedFlag.objects.filter(outcome=""), _texted()
    wanted = RedFlag.objects.filter(outcome=FlagOutcome.CALL_PATIENT)
    failed, to_tell = Message.objects.filter(status=MessageStatus.FAILED), Message.objects.to_tell()
    offers = Offer.objects.filter(status=OfferStatus.OPEN)
    let_down = VisitAnswer.objects.filter(got_it=GotIt.CALL)
    not_known = RequestEvent.objects.filter(kind=Event.WRONG_BIRTH_DATES)
    given_at = "answer__given_at"
    return [
        Source(flags, lambda all_, _: all_ & unheard_urgent_flags(), given_at, URGENT),
        Source(texts, lambda all_, _: all_.filter(alarming=True), "came", _said_in_alarm, "said"),
        Source(flags, lambda all_, _: all_ & flags_to_phone_about(), given_at, BY_PHONE),
        Source(failed, _undelivered, "queued_at", _not_delivered),
        Source(to_tell, _to_tell, "queued_at", what_to_say),
        Source(texts, lambda all_, _: all_.filter(alarming=False), "came", _said_in_text, "said"),
        # Whether the link was opened tells us nothing: mail scanners open links too.
        Source(offers, _unanswered, "held_until", UNANSWERED),
        Source(wanted, lambda all_, _: _wanted(all_), "resolved_at", WANTED),
        Source(BroughtIn.objects.all(), _unasked, "of__brought_in_at", UNASKED),
        Source(let_down, _let_down, "given_at", AFTER_VISIT),
        Source(not_known, _not_known, "at", WRONG_BIRTHS),
    ]


def _texted() -> QuerySet[TextReply]:
    """Texts from patients whom we know. The others are on the page of texts alone."""
    return TextReply.objects.to_see().filter(request__isnull=False)


def _said_in_text(said: str) -> str:
    return f"They texted: “{shorten(said, LONGEST_SAID, placeholder=' …')}”"


def _said_in_alarm(said: str) -> str:
    return f"{ALARMING} {_said_in_text(said)}"


def _reached_since(moment: str) -> Exists:
    return Exists(
        PhoneCall.objects.filter(
            request=OuterRef("request"), reached=True, made_at__gte=OuterRef(moment)
        )
    )


def _to_tell(to_tell: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """News that a colleague has to tell, until an email has arrived at a new address."""
    recent = to_tell.filter(~_put_right(), queued_at__gt=now - MATTERS_FOR)
    return not_overtaken(recent, now)


def _put_right() -> Exists:
    """Whether a message has since arrived at a new address: reports may take days."""
    return Exists(
        Message.objects.filter(
            request=OuterRef("request"),
            kind=MessageKind.CONTACT,
            channel=Channel.EMAIL,
            status=MessageStatus.SENT,
            queued_at__gt=OuterRef("queued_at"),
        )
    )


def _undelivered(failed: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """Failed messages, until one of the same kind has left, or a colleague has sent it again."""
    since_then = Message.objects.filter(
        Q(status=MessageStatus.SENT)
        | Q(status=MessageStatus.TO_POST)
        | Q(status=MessageStatus.QUEUED, repeats__isnull=False),
        request=OuterRef("request"),
        kind=OuterRef("kind"),
        pk__gt=OuterRef("pk"),
    )
    recent = failed.filter(
        ~_reached_since("queued_at"),
        ~_put_right(),
        ~Exists(since_then),
        queued_at__gt=now - MATTERS_FOR,
    )
    return not_overtaken(recent.exclude(kind__in=OF_NO_WEIGHT), now)


def _not_delivered(message: Message) -> str:
    """What did not arrive; and what to say, if nothing else will bring it to them."""
    failed = f"{message.get_channel_display()} not delivered: {message.get_kind_display().lower()}."
    return failed if message.request.email else f"{failed} {what_to_say(message)}"


def _unanswered(offers: QuerySet[Offer], now: datetime) -> QuerySet[Offer]:
    """Offers by staff, nearly over, that nobody has talked about with the patient."""
    standing = offers & Offer.objects.standing(now)
    silent = standing.filter(~_reached_since("made_at"), freed=None)
    left, whole = F("held_until") - Value(now), F("held_until") - F("made_at")
    parts_left = ExpressionWrapper(left * LAST_PART, DurationField())
    return silent.annotate(parts_left=parts_left, whole=whole).filter(parts_left__lte=F("whole"))


def _wanted(wanted: QuerySet[RedFlag]) -> QuerySet[RedFlag]:
    waiting = (RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW)
    return wanted.filter(~_reached_since("resolved_at"), request__status__in=waiting)


def _unasked(brought_in: QuerySet[BroughtIn], now: datetime) -> QuerySet[BroughtIn]:
    """Visits from another system that are soon, of whom nobody has told us about their health."""
    from_patient = AnsweredFrom.PATIENT
    questions = ScreeningQuestion.objects.current().filter(answered_from=from_patient)
    told = ScreeningAnswer.objects.filter(
        request=OuterRef("request"), question__answered_from=from_patient
    )
    soon = Appointment.objects.filter(
        request=OuterRef("request"),
        status=AppointmentStatus.BOOKED,
        starts__gt=now,
        starts__lte=now + BEFORE_UNASKED,
    )
    unasked = brought_in.filter(Exists(questions), Exists(soon), ~Exists(told))
    return unasked.filter(~_reached_since("of__brought_in_at"))


def _let_down(let_down: QuerySet[VisitAnswer], now: datetime) -> QuerySet[VisitAnswer]:
    return let_down.filter(~_reached_since("given_at"), given_at__gt=now - MATTERS_FOR)


def _not_known(not_known: QuerySet[RequestEvent], now: datetime) -> QuerySet[RequestEvent]:
    """Requests on which the date of birth was wrong too often.

    Either the patient cannot get in, or somebody else has their link.
    """
    return not_known.filter(~_reached_since("at"), at__gt=now - MATTERS_FOR)
