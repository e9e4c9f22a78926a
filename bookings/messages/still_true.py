"""Whether a message would still tell the truth. Checked before it is sent, and before we phone.

A message may wait for hours for a mail server. Whatever has changed meanwhile has a message of its
own.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    PageNotice,
    Person,
    RequestEvent,
)
from bookings.screening import unheard_urgent_flags
from bookings.status import (
    TO_COLLEAGUES,
    TO_SUBSCRIBERS,
    WITH_APPOINTMENT,
    AppointmentStatus,
    Channel,
    MessageKind,
    MessageStatus,
    RequestStatus,
)
from bookings.status.events import Event
from procedures.models import PageEvent

# After that nobody expects to hear from us about it.
MATTERS_FOR = timedelta(days=60)
# The clinic's own messages, and what goes to an address that the patient has given up.
NOT_TO_PATIENT = {
    *TO_COLLEAGUES,
    MessageKind.CONTACT_LEFT,
    MessageKind.INVITATION,
    *TO_SUBSCRIBERS,
}
# Each tells of one thing, and is true again if that thing stands again.
OF_ONE_THING = {
    MessageKind.RECEIVED,
    MessageKind.OFFER,
    MessageKind.BOOKED,
    MessageKind.MOVED,
    MessageKind.REMINDER,
    MessageKind.PAGE_NEWS,
}

# Whether these are still true, only the database knows.
ASKED = {MessageKind.PAGE_NEWS, MessageKind.RECALL}


def is_still_true(message: Message, now: datetime) -> bool:
    """Whether what the message tells the patient is true at that instant."""
    rule = _is_as_printed if message.channel == Channel.PAPER else RULES.get(message.kind)
    return rule is None or rule(message, now)


def is_true_as_read(message: Message, now: datetime) -> bool:
    """The same of a message that `not_overtaken` has found: it asks the database nothing more."""
    return message.kind in ASKED or is_still_true(message, now)


def could_be_printed(message: Message, now: datetime) -> bool:
    """Whether a letter can say what a colleague has to tell; of a message that `not_overtaken` found."""
    if message.status != MessageStatus.TO_TELL or message.next_try > now:
        return False
    is_news = message.kind == MessageKind.PAGE_NEWS
    return is_news or (can_be_on_paper(message, now) and is_true_as_read(message, now))


def not_overtaken(messages: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """These messages without those of `ASKED` that something has overtaken since.

    News of a page is, once there are newer ones or the person does not come with that page any more; and
    the question about a follow-up, once somebody has arranged it.
    """
    told = Coalesce("repeats__notice", "notice")
    arranged = RequestEvent.objects.filter(
        request=OuterRef("request"), kind=Event.FOLLOWED_UP, at__gte=OuterRef("said_at")
    )
    return messages.annotate(told=told, said_at=Coalesce("repeats__queued_at", "queued_at")).filter(
        ~Q(kind=MessageKind.PAGE_NEWS) | Exists(_newest_news(now).filter(pk=OuterRef("told"))),
        ~Q(kind=MessageKind.RECALL) | ~Exists(arranged),
    )


def _newest_news(now: datetime) -> QuerySet[PageNotice]:
    """What was told of a page to people who still come with it, and nothing has happened to it since."""
    page, number = OuterRef("event__page"), OuterRef("event__number")
    newer = PageEvent.objects.filter(page=page, number__gt=number).news()
    shown = OuterRef(OuterRef("shown"))
    coming = Appointment.objects.given_before(page, OuterRef("event__at"), now).filter(
        request__person__in=Person.objects.filter(Q(pk=shown) | Q(joined_to=shown))
    )
    people = PageNotice.objects.annotate(shown=Coalesce("person__joined_to", "person"))
    return people.filter(Exists(coming), ~Exists(newer))


def kinds_on_paper(request: AppointmentRequest, now: datetime) -> list[MessageKind]:
    """What a letter can tell the patient at that instant, the likeliest first.

    It looks at the appointments in memory, so that a page that has read them asks nothing more.
    """
    state = request.state(now)
    visits = sorted(request.appointments.all(), key=lambda each: each.pk)
    last = visits[-1] if visits else None
    kinds = []
    if state in {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED}:
        kinds.append(MessageKind.OFFER)
    if last and last.status == AppointmentStatus.BOOKED and now < last.starts:
        was_moved = any(each.status == AppointmentStatus.MOVED for each in visits)
        kinds += [MessageKind.MOVED if was_moved else MessageKind.BOOKED, MessageKind.REMINDER]
    if last and last.status == AppointmentStatus.CANCELLED and state == RequestStatus.CLOSED:
        kinds.append(MessageKind.CANCELLED)
    if last and last.status == AppointmentStatus.FULFILLED:
        kinds.append(MessageKind.AFTERWARDS)
    return kinds


def on_their_way(request: AppointmentRequest, now: datetime) -> set[str]:
    """The kinds of message that leave soon, or can still be undone: a letter would say it twice."""
    return {
        each.kind
        for each in request.messages.all()
        if each.status == MessageStatus.QUEUED
        or (each.status == MessageStatus.TO_TELL and each.next_try > now)
    }


def letters_for(request: AppointmentRequest, now: datetime) -> list[MessageKind]:
    """The same, and the news of a page of which we told them. It looks at the page's history."""
    kinds, news = kinds_on_paper(request, now), newest_news_told(request)
    return [*kinds, MessageKind.PAGE_NEWS] if news and _is_not_overtaken(news, now) else kinds


def newest_news_told(request: AppointmentRequest) -> Message | None:
    """The last message about news of a page, however it was to go."""
    told = request.messages.filter(kind=MessageKind.PAGE_NEWS)
    return told.select_related("notice__event", "repeats__notice__event").order_by("-pk").first()


def can_be_on_paper(message: Message, now: datetime) -> bool:
    """Whether a letter can say what the message tells."""
    if message.kind == MessageKind.PAGE_NEWS:
        return _is_not_overtaken(message, now)
    return message.kind in kinds_on_paper(message.request, now)


def can_be_repeated(request: AppointmentRequest, now: datetime) -> list[Message]:
    """The messages that can be sent once more, newest first: the last of each kind, if still true."""
    written = request.messages.exclude(channel__in=[Channel.PHONE, Channel.PAPER])
    return [
        message
        for message in _last_of_each(written.exclude(kind__in=NOT_TO_PATIENT))
        if message.status in {MessageStatus.SENT, MessageStatus.FAILED}
        and message.kind != MessageKind.LINK
        and is_still_true(message, now)
    ]


def dropped_but_true(request: AppointmentRequest, now: datetime) -> list[Message]:
    """The messages that were not sent because they were untrue then, and that are true again."""
    return [
        message
        for message in _last_of_each(request.messages.filter(kind__in=OF_ONE_THING))
        if message.status == MessageStatus.DROPPED and is_still_true(message, now)
    ]


def _last_of_each(rows: QuerySet[Message]) -> Iterable[Message]:
    last: dict[tuple[str, int], Message] = {}
    for message in rows.select_related("request", "repeats").order_by("-pk"):
        last.setdefault((message.kind, message.days_ahead), message)
    return last.values()


def _stands(*statuses: RequestStatus) -> Callable[[Message, datetime], bool]:
    return lambda message, now: message.request.state(now) in statuses


def _goes_on(message: Message, now: datetime) -> bool:
    return message.request.ended_at is None


def _is_as_printed(message: Message, now: datetime) -> bool:
    """Whether a letter would say today what is on the paper."""
    request, printed = message.request, message.printed_at
    if printed is None or not can_be_on_paper(message, now):
        return False
    if message.kind == MessageKind.PAGE_NEWS:
        return True  # it says nothing of the time
    since = [each.booked_at for each in request.appointments.all()]
    since += [each.made_at for each in request.offers.all()]
    return max(since) <= printed and (request.ended_at or printed) <= printed


def _said_at(message: Message) -> datetime:
    """When the step was taken that the message tells of, however often it was sent since."""
    return (message.repeats or message).queued_at


def _is_about_the_offer(message: Message, now: datetime) -> bool:
    """Whether the times that were offered in the same step are still held."""
    return any(
        each.is_standing(now) and each.made_at == _said_at(message)
        for each in message.request.offers.all()
    )


def _is_about_the_appointment(message: Message, now: datetime) -> bool:
    """Whether the appointment was booked or moved in the same step that wrote the message."""
    appointment = _booked(message)
    return appointment is not None and appointment.booked_at == _said_at(message)


def _is_about_the_cancelled(message: Message, now: datetime) -> bool:
    """Whether the newest appointment was cancelled in the same step, and not booked again."""
    last = _latest(message)
    is_cancelled = last is not None and last.status == AppointmentStatus.CANCELLED
    return is_cancelled and message.request.ended_at == _said_at(message)


def _is_about_a_visit_to_come(message: Message, now: datetime) -> bool:
    appointment = _booked(message)
    return (
        appointment is not None
        and appointment.booked_at <= _said_at(message)
        and now < appointment.starts
    )


def _is_not_overtaken(message: Message, now: datetime) -> bool:
    return not_overtaken(Message.objects.filter(pk=message.pk), now).exists()


def _was_attended(message: Message, now: datetime) -> bool:
    last = _latest(message)
    return last is not None and last.status == AppointmentStatus.FULFILLED


def _latest(message: Message) -> Appointment | None:
    return max(message.request.appointments.all(), key=lambda each: each.pk, default=None)


def _booked(message: Message) -> Appointment | None:
    visits = message.request.appointments.all()
    return next((each for each in visits if each.status == AppointmentStatus.BOOKED), None)


def _is_unseen(message: Message, now: datetime) -> bool:
    return unheard_urgent_flags().filter(request=message.request_id).exists()


def _is_late(message: Message, now: datetime) -> bool:
    request = message.request
    return request.is_waiting_for_clinic(now) and request.answer_due <= now


def _still_opens(message: Message, now: datetime) -> bool:
    return message.invitation is not None and message.invitation.is_open(now)


def _is_unconfirmed(message: Message, now: datetime) -> bool:
    return message.subscription is not None and message.subscription.confirmed is None


def _is_last_of_page(message: Message, now: datetime) -> bool:
    """Whether nothing has happened since to the page, or the translation, that a subscriber follows."""
    number, subscription = message.request_version, message.subscription
    if subscription is None:
        return False
    newer = PageEvent.objects.filter(page__in=subscription.pages(), number__gt=number).news()
    return not newer.exists()


# Any other kind tells of something that has happened and cannot become untrue.
RULES: dict[str, Callable[[Message, datetime], bool]] = {
    MessageKind.RECEIVED: _goes_on,
    MessageKind.QUESTION: _stands(RequestStatus.QUESTION_ASKED),
    MessageKind.OFFER: _is_about_the_offer,
    MessageKind.OFFER_ENDS: _stands(RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED),
    MessageKind.BOOKED: _is_about_the_appointment,
    MessageKind.MOVED: _is_about_the_appointment,
    MessageKind.KEPT: _stands(*WITH_APPOINTMENT),
    MessageKind.DECLINED: _stands(RequestStatus.DECLINED),
    MessageKind.WITHDRAWN: _stands(RequestStatus.WITHDRAWN),
    MessageKind.CANCELLED: _is_about_the_cancelled,
    MessageKind.AFTER_ALL: _stands(RequestStatus.OFFERED, *WITH_APPOINTMENT),
    MessageKind.REMINDER: _is_about_a_visit_to_come,
    MessageKind.AFTERWARDS: _was_attended,
    **dict.fromkeys(ASKED, _is_not_overtaken),
    MessageKind.UNSEEN: _is_unseen,
    MessageKind.LATE: _is_late,
    MessageKind.INVITATION: _still_opens,
    MessageKind.SUBSCRIBE: _is_unconfirmed,
    MessageKind.PAGE_CHANGED: _is_last_of_page,
}
