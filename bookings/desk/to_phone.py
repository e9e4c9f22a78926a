"""Whom we have to phone, and why. It is computed on request; only the calls are stored."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from textwrap import shorten
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet, Value

from bookings.desk.calls import Calls, calls_of
from bookings.desk.notes import pinned_beside
from bookings.desk.to_say import what_to_say
from bookings.messages import OF_NO_WEIGHT
from bookings.messages.still_true import MATTERS_FOR, is_still_true
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
    RequestStatus,
)
from bookings.status.events import Event

MOST = 200
# The rest of a longer text is on the page of texts.
LONGEST_SAID = 160
URGENT = "Told us about something that cannot wait. Find out whether they got help."
ALARMING = "Texted us a word of alarm. Find out whether they got help."
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
# What tells whether a message is still true, and what to say instead of it.
TOLD_ABOUT = ("request__appointments", "request__offers__times")
# Where a marked request says whether the source with this number has rows about it.
MARK = "has_source_{}"
# Silence in this last part of an offer is a reason to phone.
LAST_PART = 4


class ToPhone(NamedTuple):
    """A patient who has to hear from us by phone."""

    request: AppointmentRequest
    why: str
    calls: Calls

    @property
    def is_urgent(self) -> bool:
        """Whether an urgent answer is among the reasons."""
        return URGENT in self.why or ALARMING in self.why


def patients_to_phone(now: datetime) -> list[ToPhone]:
    """The patients to phone, each of them once. Failed messages and news to tell come first."""
    reasons = _reasons(now, Q())
    calls = calls_of(request for request, _ in reasons.values())
    return [
        ToPhone(request, " ".join(whys), calls[request.pk]) for request, whys in reasons.values()
    ]


def reasons_to_phone(
    request: AppointmentRequest, now: datetime, *, is_marked: bool = False
) -> list[str]:
    """Why we have to phone this patient, and what to tell them.

    A request that was just read from `marked` says itself where there is something to read.
    """
    with_rows = None
    if is_marked:
        numbers = range(len(_sources(now)))
        with_rows = [n for n in numbers if getattr(request, MARK.format(n))]
    found = _reasons(now, Q(request=request), with_rows)
    return found[request.pk][1] if found else []


def marked(requests: QuerySet[AppointmentRequest], now: datetime) -> QuerySet[AppointmentRequest]:
    """These requests, each with whether there are rows of each source about it."""
    rows = [source.rows.filter(request=OuterRef("pk")) for source in _sources(now)]
    return requests.annotate(**{MARK.format(n): Exists(each) for n, each in enumerate(rows)})


def reason_to_phone(request: AppointmentRequest, now: datetime) -> str:
    """The same in one piece; empty if there is no reason."""
    return " ".join(reasons_to_phone(request, now))


class Source(NamedTuple):
    """One kind of reason to phone: the rows that may be one, and the sentence about a row."""

    rows: QuerySet[Any]
    say: str | Callable[[Any], str]
    # Whether a row is a reason, as far as the database cannot tell.
    counts: Callable[[Any], bool] = bool


def _reasons(
    now: datetime, whose: Q, with_rows: Sequence[int] | None = None
) -> dict[int, tuple[AppointmentRequest, list[str]]]:
    """The patients and the sentences. `with_rows` are the sources to read, if they are known."""
    reasons: dict[int, tuple[AppointmentRequest, list[str]]] = {}
    sources = _sources(now)
    found = [
        (_with_notes(row), source.say if isinstance(source.say, str) else source.say(row))
        for number in (_with_rows(sources, whose) if with_rows is None else with_rows)
        for source in [sources[number]]
        # After a long outage these are enough work to begin with.
        for row in source.rows.filter(whose)
        .select_related("request")
        .annotate(pinned_notes=pinned_beside("request__person"))[:MOST]
        if source.counts(row)
    ]
    for request, why in found:
        whys = reasons.setdefault(request.pk, (request, []))[1]
        if why not in whys:
            whys.append(why)
    return reasons


def _with_notes(row: Any) -> AppointmentRequest:
    """The request that a row is about, with what is pinned to its person."""
    request: AppointmentRequest = row.request
    request.pinned_notes = row.pinned_notes or []
    return request


def _with_rows(sources: Sequence[Source], whose: Q) -> list[int]:
    """The numbers of the sources that have rows, in their order: one query for all of them."""
    marked = [
        source.rows.filter(whose).order_by().annotate(source=Value(number)).values_list("source")
        for number, source in enumerate(sources)
    ]
    return sorted(number for (number,) in marked[0].union(*marked[1:]))


def _sources(now: datetime) -> list[Source]:
    """Failed messages and news to tell come before what can wait."""
    recently = now - MATTERS_FOR

    def is_true(message: Message) -> bool:
        return is_still_true(message, now)

    def nearly_over(offer: Offer) -> bool:
        return now >= offer.held_until - (offer.held_until - offer.made_at) / LAST_PART

    return [
        Source(unheard_urgent_flags().order_by("pk"), URGENT),
        Source(_texted().filter(alarming=True), _said_in_text),
        Source(flags_to_phone_about().order_by("pk"), BY_PHONE),
        Source(_failed(recently), _undelivered, is_true),
        Source(_to_tell(recently), what_to_say, is_true),
        Source(_texted().filter(alarming=False), _said_in_text),
        # Whether the link was opened tells us nothing: mail scanners open links too.
        Source(_unanswered(now), UNANSWERED, nearly_over),
        Source(_wanted(), WANTED),
        Source(_unasked(now), UNASKED),
        Source(_let_down(recently), AFTER_VISIT),
        Source(_not_known(recently), WRONG_BIRTHS),
    ]


def _texted() -> QuerySet[TextReply]:
    """Texts from patients whom we know. The others are on the page of texts alone."""
    return TextReply.objects.to_see().filter(request__isnull=False).order_by("came", "pk")


def _said_in_text(reply: TextReply) -> str:
    words = shorten(reply.said, LONGEST_SAID, placeholder=" …")
    said = f"A text was answered: “{words}”"
    return f"{ALARMING} {said}" if reply.alarming else said


def _reached_since(moment: str) -> Exists:
    return Exists(
        PhoneCall.objects.filter(
            request=OuterRef("request"), reached=True, made_at__gte=OuterRef(moment)
        )
    )


def _to_tell(since: datetime) -> QuerySet[Message]:
    waiting = Message.objects.to_tell().filter(~_put_right(), queued_at__gt=since)
    about = waiting.select_related("notice__event__revision__page").prefetch_related(*TOLD_ABOUT)
    return about.order_by("queued_at", "pk")


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


def _failed(since: datetime) -> QuerySet[Message]:
    """Failed messages, until one of the same kind has left, or a colleague has sent it again."""
    since_then = Message.objects.filter(
        Q(status=MessageStatus.SENT)
        | Q(status=MessageStatus.TO_POST)
        | Q(status=MessageStatus.QUEUED, repeats__isnull=False),
        request=OuterRef("request"),
        kind=OuterRef("kind"),
        pk__gt=OuterRef("pk"),
    )
    failed = Message.objects.filter(
        ~_reached_since("queued_at"),
        ~_put_right(),
        ~Exists(since_then),
        status=MessageStatus.FAILED,
        queued_at__gt=since,
    )
    weighty = failed.exclude(kind__in=OF_NO_WEIGHT).prefetch_related(*TOLD_ABOUT)
    return weighty.order_by("queued_at", "pk")


def _undelivered(message: Message) -> str:
    """What did not arrive; and what to say, if nothing else will bring it to them."""
    failed = f"{message.get_channel_display()} not delivered: {message.get_kind_display().lower()}."
    return failed if message.request.email else f"{failed} {what_to_say(message)}"


def _unanswered(now: datetime) -> QuerySet[Offer]:
    """Offers by staff that nobody has talked about with the patient."""
    standing = Offer.objects.standing(now).filter(~_reached_since("made_at"), freed=None)
    return standing.order_by("held_until", "pk")


def _wanted() -> QuerySet[RedFlag]:
    waiting = (RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW)
    flags = RedFlag.objects.filter(outcome=FlagOutcome.CALL_PATIENT, request__status__in=waiting)
    return flags.filter(~_reached_since("resolved_at")).order_by("pk")


def _unasked(now: datetime) -> QuerySet[BroughtIn]:
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
    brought_in = BroughtIn.objects.filter(Exists(questions), Exists(soon), ~Exists(told))
    return brought_in.filter(~_reached_since("of__brought_in_at")).order_by("pk")


def _let_down(since: datetime) -> QuerySet[VisitAnswer]:
    answers = VisitAnswer.objects.filter(~_reached_since("given_at"), got_it=GotIt.CALL)
    return answers.filter(given_at__gt=since).order_by("given_at", "pk")


def _not_known(since: datetime) -> QuerySet[RequestEvent]:
    """Requests on which the date of birth was wrong too often.

    Either the patient cannot get in, or somebody else has their link.
    """
    events = RequestEvent.objects.filter(~_reached_since("at"), kind=Event.WRONG_BIRTH_DATES)
    return events.filter(at__gt=since).order_by("at", "pk")
