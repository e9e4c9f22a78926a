"""The queue of messages: which rows a change writes, when each may leave, and what becomes of it."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from bookings import messages
from bookings.messages import outbox
from bookings.models import (
    AppointmentRequest,
    Message,
    Outage,
    PageNotice,
    Person,
    Subscription,
    TextReply,
    WorkerRun,
)
from bookings.status import CLOCK, PATIENT, Channel, MessageKind, MessageStatus, RequestStatus
from clinic_site.staff import notices
from procedures.models import Invitation, PageEvent, Revision
from procedures.status import NoticeHow, NoticeKind, RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
EMAIL, TEXT, PHONE = Channel.EMAIL, Channel.TEXT, Channel.PHONE
OWN = {"id", "message_id"}
QUEUED, TO_TELL = MessageStatus.QUEUED, MessageStatus.TO_TELL


@pytest.fixture
def request_(monday: datetime) -> AppointmentRequest:
    """A request about which nothing is queued, and another beside it about which something is."""
    made = factories.received(now=monday - MINUTE)
    made.messages.all().delete()
    factories.received(now=monday - MINUTE, name="Al Other", email="al@example.org")
    return made


def of(request: AppointmentRequest) -> Iterator[Message]:
    return request.messages.order_by("pk").iterator()


def columns(message: Message) -> dict[str, Any]:
    """What is stored of it, without what is empty and without what it has of its own."""
    stored = Message.objects.values().get(pk=message.pk)
    assert len(stored["message_id"]) == 43
    return {name: each for name, each in stored.items() if each and name not in OWN}


def others() -> list[Any]:
    """The messages about the other request, as they are."""
    return list(Message.objects.filter(request__name="Al Other").order_by("pk").values())


# --- Written ----------------------------------------------------------------------------------


def test_a_message_says_about_what_it_is_who_caused_it_and_when_it_leaves(
    request_: AppointmentRequest, monday: datetime
) -> None:
    kinds = (MessageKind.OFFER, MessageKind.QUESTION)
    offer, question = messages.queue(request_, *kinds, by="reception", now=monday)
    said = {
        "request_id": request_.pk,
        "channel": EMAIL,
        "request_version": request_.version,
        "status": QUEUED,
        "queued_at": monday,
        "queued_by": "reception",
    }
    assert columns(offer) == said | {
        "kind": MessageKind.OFFER,
        "next_try": monday + timedelta(minutes=3),
    }
    assert columns(question) == said | {"kind": MessageKind.QUESTION, "next_try": monday}
    assert offer.message_id != question.message_id
    (again,) = messages.queue(
        request_,
        MessageKind.OFFER,
        by="sam",
        now=monday,
        not_before=monday + MINUTE,
        days_ahead=7,
        repeats=offer,
    )
    assert columns(again) == said | {
        "kind": MessageKind.OFFER,
        "queued_by": "sam",
        "next_try": monday + MINUTE,
        "days_ahead": 7,
        "repeats_id": offer.pk,
    }


@pytest.mark.parametrize(
    ("kind", "by", "waits"),
    [
        (MessageKind.OFFER, "reception", True),
        (MessageKind.DECLINED, "reception", True),
        (MessageKind.CANCELLED, "reception", True),
        (MessageKind.AFTERWARDS, "reception", True),
        (MessageKind.BOOKED, "reception", False),
        (MessageKind.CANCELLED, PATIENT, False),
        (MessageKind.OFFER, CLOCK, False),
    ],
)
def test_what_a_colleague_can_undo_leaves_when_that_is_too_late(
    kind: MessageKind, by: str, waits: bool, request_: AppointmentRequest, monday: datetime
) -> None:
    (message,) = messages.queue(request_, kind, by=by, now=monday)
    assert message.next_try == monday + messages.GRACE * waits


@pytest.mark.parametrize(
    ("email", "texts", "kind", "by", "on_the_phone", "ways"),
    [
        (True, False, MessageKind.BOOKED, "reception", False, [(EMAIL, QUEUED)]),
        (True, True, MessageKind.BOOKED, "reception", False, [(EMAIL, QUEUED), (TEXT, QUEUED)]),
        (True, True, MessageKind.QUESTION, "reception", False, [(EMAIL, QUEUED)]),
        (False, True, MessageKind.QUESTION, "reception", False, [(TEXT, QUEUED)]),
        (False, True, MessageKind.BOOKED, "reception", True, [(TEXT, QUEUED)]),
        # A code is read out: a text would leave it on a phone that others may use.
        (False, True, MessageKind.LINK, PATIENT, False, [(PHONE, TO_TELL)]),
        (False, False, MessageKind.BOOKED, "reception", False, [(PHONE, TO_TELL)]),
        (False, False, MessageKind.BOOKED, "reception", True, []),
        (False, False, MessageKind.BOOKED, PATIENT, False, []),
        (False, False, MessageKind.REMINDER, CLOCK, False, [(PHONE, TO_TELL)]),
        (False, False, MessageKind.WITHDRAWN, "reception", False, []),
        (False, False, MessageKind.AFTER_ALL, "reception", False, []),
        (False, False, MessageKind.AFTERWARDS, "reception", False, []),
        # What goes to colleagues, or to an address that was given up, needs none of the patient's.
        (False, True, MessageKind.CLINIC_NOTICE, PATIENT, False, [(EMAIL, QUEUED)]),
        (False, False, MessageKind.CONTACT_LEFT, "reception", False, [(EMAIL, QUEUED)]),
    ],
)
def test_each_is_told_in_the_way_in_which_we_reach_them(
    email: bool,
    texts: bool,
    kind: MessageKind,
    by: str,
    on_the_phone: bool,
    ways: list[tuple[str, str]],
    request_: AppointmentRequest,
    monday: datetime,
    settings: Any,
) -> None:
    settings.TEXT_MESSAGES = "console"
    request_.email = request_.email if email else ""
    request_.text_messages = texts
    request_.save(update_fields=["email", "text_messages"])
    spoken_to: dict[str, Any] = {"on_the_phone": True} if on_the_phone else {}
    messages.queue(request_, kind, by=by, now=monday, **spoken_to)
    assert [(each.channel, each.status) for each in of(request_)] == ways


@pytest.mark.parametrize("missing", ["", "agreed", "phone", "setting", "stopped", "started"])
def test_texts_go_to_whoever_agreed_and_has_not_answered_stop(
    missing: str, request_: AppointmentRequest, monday: datetime, settings: Any
) -> None:
    settings.TEXT_MESSAGES = "" if missing == "setting" else "console"
    request_.text_messages = missing != "agreed"
    if missing == "phone":
        request_.phone = ""
    request_.save(update_fields=["text_messages", "phone"])
    request_.refresh_from_db()
    for number, stops in enumerate({"stopped": [True], "started": [True, False]}.get(missing, [])):
        TextReply.objects.create(
            gateway_id=str(number), number="+442079460958", stops=stops, came=monday
        )
    assert outbox.takes_texts(request_) is (missing in {"", "started"})


def test_a_wait_and_an_event_of_a_page_are_told_of_once_each(
    request_: AppointmentRequest, monday: datetime
) -> None:
    since = datetime.fromisoformat("2026-11-23T09:59:30+00:00")
    late = MessageKind.LATE
    assert messages.queue_once(request_, late, now=monday, since=since, days_ahead=2)
    assert not messages.queue_once(request_, late, now=monday, since=since, days_ahead=2)
    (message,) = of(request_)
    assert columns(message) == {
        "request_id": request_.pk,
        "kind": late,
        "channel": EMAIL,
        "request_version": int(since.timestamp()) // 60,
        "days_ahead": 2,
        "status": QUEUED,
        "queued_at": monday,
        "queued_by": CLOCK,
        "next_try": monday,
    }
    assert messages.queue_once(request_, MessageKind.OFFER_ENDS, now=monday)
    ends = request_.messages.latest("pk")
    assert (ends.days_ahead, ends.request_version) == (0, request_.version)


def published(now: datetime) -> tuple[Revision, PageEvent]:
    revision = factories.revision(RevisionStatus.PUBLISHED, now=now)
    return revision, PageEvent.objects.latest("number")


def test_somebody_is_told_once_of_what_happened_to_a_page(
    request_: AppointmentRequest, monday: datetime
) -> None:
    person = Person.objects.get(pk=request_.person_id)
    _, event = published(monday)
    assert event.number != request_.version
    assert messages.queue_news(event, person, about=request_, now=monday)
    (message,) = of(request_)
    assert columns(message) == {
        "request_id": request_.pk,
        "kind": MessageKind.PAGE_NEWS,
        "channel": EMAIL,
        "request_version": event.number,
        "status": QUEUED,
        "queued_at": monday,
        "queued_by": CLOCK,
        "next_try": monday,
    }
    notice = PageNotice.objects.get()
    assert (notice.event, notice.person, notice.message) == (event, person, message)
    another = factories.received(now=monday, name="Al Other", email="al@example.org")
    assert not messages.queue_news(event, person, about=another, now=monday)
    assert not another.messages.filter(kind=MessageKind.PAGE_NEWS).exists()


def test_a_follower_a_colleague_and_the_old_address_get_letters_of_their_own(
    request_: AppointmentRequest, monday: datetime
) -> None:
    revision, event = published(monday)
    subscription = Subscription.objects.create(
        page=revision.page, email="f@example.org", key="k" * 43, asked=monday
    )
    outbox.queue_to_subscriber(subscription, MessageKind.SUBSCRIBE, now=monday)
    outbox.queue_to_subscriber(subscription, MessageKind.PAGE_CHANGED, now=monday, event=event)
    sam = factories.staff("Editor", "sam")
    invitation = Invitation.objects.create(
        account=sam, made_at=monday, made_by=sam, valid_until=monday + MINUTE
    )
    messages.queue_invitation(invitation, by="mona", now=monday)
    said = {"channel": EMAIL, "status": QUEUED, "queued_at": monday, "next_try": monday}
    follower = said | {"subscription_id": subscription.pk}
    asked, changed, invited = Message.objects.filter(request=None).order_by("pk")
    assert columns(asked) == follower | {"kind": MessageKind.SUBSCRIBE, "queued_by": PATIENT}
    assert columns(changed) == follower | {
        "kind": MessageKind.PAGE_CHANGED,
        "queued_by": CLOCK,
        "request_version": event.number,
    }
    assert columns(invited) == said | {
        "invitation_id": invitation.pk,
        "kind": MessageKind.INVITATION,
        "queued_by": "mona",
    }


def test_the_notice_to_the_old_address_goes_there_alone(
    request_: AppointmentRequest, monday: datetime
) -> None:
    messages.queue(request_, MessageKind.CONTACT_LEFT, by="sam", now=monday)
    AppointmentRequest.objects.filter(pk=request_.pk).update(version=request_.version + 1)
    request_.refresh_from_db()
    messages.queue(request_, MessageKind.CONTACT, by="sam", now=monday)
    other = AppointmentRequest.objects.get(name="Al Other")
    AppointmentRequest.objects.filter(pk=other.pk).update(version=request_.version)
    other.refresh_from_db()
    messages.queue(other, MessageKind.CONTACT_LEFT, by="sam", now=monday)
    messages.tell_old_address(request_, "old@example.org", by="reception", now=monday)
    rows = Message.objects.filter(kind__in=[MessageKind.CONTACT_LEFT, MessageKind.CONTACT])
    addresses = list(rows.order_by("pk").values_list("kind", "address", "queued_by"))
    assert addresses == [
        (MessageKind.CONTACT_LEFT, "", "sam"),
        (MessageKind.CONTACT, "", "sam"),
        (MessageKind.CONTACT_LEFT, "", "sam"),
        (MessageKind.CONTACT_LEFT, "old@example.org", "reception"),
    ]


def test_the_clinic_is_told_if_anybody_there_wants_to_know(
    request_: AppointmentRequest, monday: datetime
) -> None:
    assert messages.is_anybody_told(request_)
    messages.notify_clinic(request_, now=monday)
    (message,) = of(request_)
    assert (message.kind, message.queued_by, message.queued_at) == (
        MessageKind.CLINIC_NOTICE,
        PATIENT,
        monday,
    )
    factories.clinic(inbox="")
    assert not messages.is_anybody_told(request_)
    ann = factories.staff("Reception", "ann")
    User.objects.filter(pk=ann.pk).update(email="ann@example.org")
    notices.choose(ann, {NoticeKind.WAITING: NoticeHow.EACH}, now=monday)
    assert messages.is_anybody_told(request_)
    notices.choose(ann, {NoticeKind.WAITING: NoticeHow.NONE}, now=monday)
    messages.notify_clinic(request_, now=monday)
    assert request_.messages.count() == 1
    # Of a wait that is too long managers hear at last.
    assert messages.is_anybody_told_of_waits() is False
    User.objects.filter(username="manager").update(email="mona@example.org")
    assert messages.is_anybody_told_of_waits() is True


# --- Once more, or not at all -------------------------------------------------------------------


def test_what_is_sent_once_more_leaves_straight_away_and_names_the_first(
    request_: AppointmentRequest, monday: datetime, settings: Any
) -> None:
    (first,) = messages.queue(request_, MessageKind.OFFER, by="reception", now=monday, days_ahead=3)
    assert messages.repeat(first, by="sam", now=monday + MINUTE)
    second = request_.messages.latest("pk")
    assert messages.repeat(second, by="sam", now=monday + 2 * MINUTE)
    third = request_.messages.latest("pk")
    for message, minutes in ((second, 1), (third, 2)):
        assert columns(message) == {
            "request_id": request_.pk,
            "kind": MessageKind.OFFER,
            "channel": EMAIL,
            "request_version": request_.version,
            "days_ahead": 3,
            "status": QUEUED,
            "queued_at": monday + minutes * MINUTE,
            "queued_by": "sam",
            "next_try": monday + minutes * MINUTE,
            "repeats_id": first.pk,
        }
    request_.email = ""
    request_.save(update_fields=["email"])
    third = Message.objects.get(pk=third.pk)
    assert not messages.repeat(third, by="sam", now=monday)
    # News of no weight needs no call, and cannot be written either.
    third.kind = MessageKind.AFTER_ALL
    assert not messages.repeat(third, by="sam", now=monday)
    # Nor may a code be left on a phone that others may use.
    settings.TEXT_MESSAGES, request_.text_messages = "console", True
    third.request, third.kind = request_, MessageKind.LINK
    assert not messages.repeat(third, by="sam", now=monday)
    assert request_.messages.count() == 3


def test_what_is_undone_is_taken_back_unless_a_worker_has_it(
    request_: AppointmentRequest, monday: datetime
) -> None:
    kind = MessageKind.CANCELLED
    (early,) = messages.queue(request_, kind, by=PATIENT, now=monday - MINUTE)
    request_.version += 1
    (late,) = messages.queue(request_, kind, by=PATIENT, now=monday)
    (told,) = messages.queue(request_, MessageKind.QUESTION, by="sam", now=monday)
    messages.queue(AppointmentRequest.objects.get(name="Al Other"), kind, by=PATIENT, now=monday)
    before = others()
    assert messages.take_back(request_, kind, since=monday)
    statuses = [each.status for each in of(request_)]
    assert statuses == [QUEUED, MessageStatus.DROPPED, QUEUED]
    Message.objects.filter(pk=told.pk).update(status=TO_TELL)
    assert messages.take_back(request_, MessageKind.QUESTION, since=monday)
    told.refresh_from_db()
    assert told.status == MessageStatus.DROPPED
    # What a colleague has told on the phone has left without a try.
    Message.objects.filter(pk=told.pk).update(status=MessageStatus.SENT)
    assert not messages.take_back(request_, MessageKind.QUESTION, since=monday)
    told.refresh_from_db()
    assert told.status == MessageStatus.SENT
    Message.objects.filter(pk=early.pk).update(tries=1)
    assert not messages.take_back(request_, kind, since=monday - MINUTE)
    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.status, late.status) == (QUEUED, MessageStatus.DROPPED)
    assert others() == before


def test_what_is_true_again_is_written_again(
    request_: AppointmentRequest, monday: datetime
) -> None:
    (first,) = messages.queue(request_, MessageKind.RECEIVED, by=PATIENT, now=monday)
    Message.objects.filter(pk=first.pk).update(status=MessageStatus.DROPPED, days_ahead=4)
    messages.write_again(request_, by="sam", now=monday + MINUTE)
    second = request_.messages.latest("pk")
    assert columns(second) == {
        "request_id": request_.pk,
        "kind": MessageKind.RECEIVED,
        "channel": EMAIL,
        "request_version": request_.version,
        "days_ahead": 4,
        "status": QUEUED,
        "queued_at": monday + MINUTE,
        "queued_by": "sam",
        "next_try": monday + MINUTE,
        "repeats_id": first.pk,
    }
    messages.write_again(request_, by="sam", now=monday + MINUTE)
    assert request_.messages.count() == 2
    Message.objects.filter(pk=second.pk).update(status=MessageStatus.DROPPED)
    messages.write_again(request_, by="sam", now=monday + 2 * MINUTE)
    assert request_.messages.latest("pk").repeats == first


def test_an_offer_that_is_open_again_leaves_straight_away(monday: datetime) -> None:
    """Nothing is undone any more, so it does not wait until that is too late."""
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    request.messages.filter(kind=MessageKind.OFFER).update(status=MessageStatus.DROPPED)
    messages.write_again(request, by="sam", now=monday + MINUTE)
    again = request.messages.filter(kind=MessageKind.OFFER).latest("pk")
    assert (again.status, again.next_try) == (QUEUED, monday + MINUTE)
    late = request.offers.get().held_until
    Message.objects.filter(pk=again.pk).update(status=MessageStatus.DROPPED)
    messages.write_again(request, by="sam", now=late)
    assert request.messages.filter(kind=MessageKind.OFFER).count() == 2


# --- On the way -----------------------------------------------------------------------------------


def test_the_oldest_leave_first_and_so_many_at_a_time(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = factories.received(now=monday)
    kinds = (MessageKind.QUESTION, MessageKind.KEPT, MessageKind.BOOKED)
    made = messages.queue(request, *kinds, by="sam", now=monday)
    first, second = request.messages.order_by("pk")[:2]
    Message.objects.filter(pk=made[2].pk).update(next_try=monday - MINUTE)
    numbers = [made[2].pk, first.pk, second.pk, made[0].pk, made[1].pk]
    assert outbox.due(monday) == numbers
    monkeypatch.setattr(outbox, "BATCH", 3)
    assert outbox.due(monday) == numbers[:3]
    assert outbox.due(monday - SECOND) == numbers[:1]


def test_one_worker_has_a_message_until_its_lease_is_over(
    request_: AppointmentRequest, monday: datetime
) -> None:
    (message,) = messages.queue(request_, MessageKind.KEPT, by="sam", now=monday)
    before = others()
    assert not outbox.take(message.pk, monday - SECOND)
    assert outbox.take(message.pk, monday)
    assert not outbox.take(message.pk, monday + messages.LEASE - SECOND)
    assert outbox.take(message.pk, monday + messages.LEASE)
    message.refresh_from_db()
    assert (message.tries, message.leased_until) == (2, monday + 2 * messages.LEASE)
    assert others() == before


@pytest.fixture
def taken(request_: AppointmentRequest, monday: datetime) -> Message:
    """A message that a worker has, to an address that was given up."""
    (message,) = messages.queue(request_, MessageKind.KEPT, by="sam", now=monday)
    Message.objects.filter(pk=message.pk).update(address="old@example.org", failure="Earlier")
    outbox.take(message.pk, monday)
    return message


def became(message: Message) -> dict[str, Any]:
    """What has become of a message since it was taken."""
    unchanged = {
        "request_id",
        "kind",
        "request_version",
        "queued_at",
        "queued_by",
        "next_try",
        "tries",
    }
    return {name: each for name, each in columns(message).items() if name not in unchanged}


@pytest.mark.parametrize("way", ["sent", "dropped", "phone", "given up"])
def test_a_message_that_is_done_is_done_once(way: str, taken: Message, monday: datetime) -> None:
    before = others()
    host = socket.gethostname()
    for _ in range(2):
        if way == "sent":
            outbox.mark_sent(taken.pk, EMAIL, "pat@example.org", segments=2)
            expected = {
                "channel": EMAIL,
                "status": MessageStatus.SENT,
                "sent_at": monday,
                "sent_by": host,
                "sent_to": "pat@example.org",
                "segments": 2,
            }
        elif way == "dropped":
            outbox.drop(taken.pk)
            expected = {"channel": EMAIL, "status": MessageStatus.DROPPED, "failure": "Earlier"}
        elif way == "phone":
            outbox.leave_to_phone(taken.pk)
            expected = {"channel": PHONE, "status": TO_TELL, "failure": "Earlier"}
        else:
            outbox.give_up(taken.pk, "550", "pat@example.org")
            expected = {
                "channel": EMAIL,
                "status": MessageStatus.FAILED,
                "failure": "550",
                "sent_to": "pat@example.org",
            }
        assert became(taken) == expected
        # Whoever is slower overwrites nothing.
        outbox.give_up(taken.pk, "slower", "other@example.org")
        outbox.try_later(taken.pk, MINUTE, "slower")
        assert became(taken) == expected
    assert others() == before


def test_a_message_is_put_back_for_a_while(taken: Message, monday: datetime) -> None:
    before = others()
    outbox.try_later(taken.pk, 2 * MINUTE, "451")
    assert became(taken) == {
        "channel": EMAIL,
        "status": QUEUED,
        "failure": "451",
        "address": "old@example.org",
    }
    taken.refresh_from_db()
    assert (taken.next_try, taken.leased_until, taken.tries) == (monday + 2 * MINUTE, None, 1)
    assert others() == before


def test_what_a_colleague_has_to_tell_is_told_or_dropped_once(
    request_: AppointmentRequest, monday: datetime
) -> None:
    kinds = (MessageKind.BOOKED, MessageKind.KEPT, MessageKind.MOVED, MessageKind.QUESTION)
    made = messages.queue(request_, *kinds, by="sam", now=monday)
    request_.messages.exclude(kind=MessageKind.QUESTION).update(status=TO_TELL, channel=PHONE)
    other = AppointmentRequest.objects.get(name="Al Other")
    theirs = {"kind": MessageKind.KEPT, "status": TO_TELL, "channel": PHONE}
    other.messages.filter(kind=MessageKind.RECEIVED).update(**theirs)
    assert outbox.drop_untold(made[0].pk)
    assert not outbox.drop_untold(made[0].pk)
    assert not outbox.drop_untold(made[3].pk)
    messages.note_told(request_, by="sam", now=monday + MINUTE, kind=MessageKind.KEPT)
    columns_ = ("kind", "status", "sent_at", "sent_by")
    assert list(request_.messages.order_by("pk").values_list(*columns_)) == [
        (MessageKind.BOOKED, MessageStatus.DROPPED, None, None),
        (MessageKind.KEPT, MessageStatus.SENT, monday + MINUTE, "sam"),
        (MessageKind.MOVED, TO_TELL, None, None),
        (MessageKind.QUESTION, QUEUED, None, None),
    ]
    Message.objects.filter(pk=made[3].pk).update(leased_until=monday)
    before = others()
    messages.drop_all(request_)
    statuses = [(each.status, each.leased_until) for each in of(request_)]
    assert statuses == [
        (MessageStatus.DROPPED, None),
        (MessageStatus.SENT, None),
        (MessageStatus.DROPPED, None),
        (MessageStatus.DROPPED, None),
    ]
    assert others() == before
    assert TO_TELL in {each["status"] for each in before}


# --- What workers and servers report --------------------------------------------------------------


def test_an_outage_begins_with_the_first_failure_and_ends_with_the_first_success(
    taken: Message, monday: datetime
) -> None:
    outbox.note_outage(EMAIL, "553", monday)
    outbox.note_outage(TEXT, "401", monday)
    outbox.note_outage(EMAIL, "421", monday + MINUTE)
    known = Outage.objects.order_by("channel").values_list("channel", "code", "since")
    assert list(known.all()) == [(EMAIL, "421", monday), (TEXT, "401", monday)]
    outbox.mark_sent(taken.pk, EMAIL, "pat@example.org")
    assert list(known.all()) == [(TEXT, "401", monday)]


def test_a_round_is_noted_once_a_minute_or_when_something_else_failed(monday: datetime) -> None:
    def noted() -> list[tuple[Any, ...]]:
        return list(WorkerRun.objects.values_list("pk", "ran_at", "ran_by", "failed"))

    host = socket.gethostname()
    messages.note_run(monday, failed=0)
    messages.note_run(monday + MINUTE - SECOND, failed=0)
    assert noted() == [(1, monday, host, 0)]
    messages.note_run(monday + MINUTE, failed=0)
    assert noted() == [(1, monday + MINUTE, host, 0)]
    messages.note_run(monday + MINUTE + SECOND, failed=2)
    assert noted() == [(1, monday + MINUTE + SECOND, host, 2)]


def test_a_message_that_came_back_has_failed(taken: Message, monday: datetime) -> None:
    other = Message.objects.filter(request__name="Al Other").earliest("pk")
    Message.objects.filter(pk=other.pk).update(status=MessageStatus.SENT)
    before = others()
    assert not messages.note_returned("nobody’s", "5.1.1")
    with pytest.raises(messages.StillBeingSent):
        messages.note_returned(taken.message_id, "5.1.1")
    # One that has never left cannot have come back.
    Message.objects.filter(pk=taken.pk).update(tries=0)
    assert not messages.note_returned(taken.message_id, "5.1.1")
    Message.objects.filter(pk=taken.pk).update(tries=1)
    outbox.mark_sent(taken.pk, EMAIL, "pat@example.org")
    assert messages.note_returned(taken.message_id, "5.1.1")
    taken.refresh_from_db()
    assert (taken.status, taken.failure) == (MessageStatus.FAILED, "returned 5.1.1")
    assert not messages.note_returned(taken.message_id, "5.1.1")
    assert others() == before
    assert messages.note_returned(other.message_id, "")
    other.refresh_from_db()
    assert other.failure == "returned"


def test_a_gateway_says_once_that_a_text_arrived_and_what_it_cost(
    taken: Message, monday: datetime
) -> None:
    other = Message.objects.filter(request__name="Al Other").earliest("pk")
    Message.objects.filter(pk=other.pk).update(status=MessageStatus.SENT)
    before = others()
    report: dict[str, Any] = {"price": Decimal("0.04"), "has_arrived": True, "now": monday}
    messages.note_report(taken.message_id, **report)
    assert Message.objects.get(pk=taken.pk).delivered is None
    outbox.mark_sent(taken.pk, EMAIL, "pat@example.org")
    messages.note_report(taken.message_id, price=None, has_arrived=False, now=monday)
    assert Message.objects.get(pk=taken.pk).delivered is None
    messages.note_report(taken.message_id, **report)
    late = report | {"now": monday + MINUTE, "price": None}
    messages.note_report(taken.message_id, **late)
    taken.refresh_from_db()
    assert (taken.delivered, taken.price) == (monday, Decimal("0.04"))
    assert others() == before
