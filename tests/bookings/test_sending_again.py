"""“I did not get the email”: what became of each message, and sending one once more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import links, messages, triage
from bookings.desk.message_words import message_in_words
from bookings.desk.to_phone import reason_to_phone
from bookings.messages.still_true import can_be_repeated
from bookings.models import AppointmentRequest, Message
from bookings.status import (
    PATIENT,
    Channel,
    MessageKind,
    MessageStatus,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from tests import factories
from tests.people import booked, decide_at, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
LATER = timedelta(minutes=5)


def offered(now: datetime, at: Any) -> AppointmentRequest:
    """A request with an offer that was sent."""
    request = factories.request_at(RequestStatus.OFFERED, now=now)
    at(now + LATER)
    messages.send_due()
    mail.outbox.clear()
    return request


def bounce(request: AppointmentRequest, kind: MessageKind) -> Message:
    message = request.messages.get(kind=kind)
    assert messages.note_returned(message.message_id, "5.1.1")
    return message


def again(request: AppointmentRequest, message: Message | None, now: datetime) -> None:
    request.refresh_from_db()
    triage.send_again(request, chosen=message, by=factories.staff("Reception"), now=now)


# --- Which ----------------------------------------------------------------------------------


def kinds(request: AppointmentRequest, now: datetime) -> list[str]:
    return [each.kind for each in can_be_repeated(request, now)]


def test_only_what_is_still_true_and_the_last_of_each_kind(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    assert kinds(request, monday + LATER) == [MessageKind.OFFER, MessageKind.RECEIVED]
    by = factories.staff("Reception")
    triage.take_offer_back(request, version=request.version, by=by, now=monday + LATER)
    assert kinds(request, monday + LATER) == [MessageKind.RECEIVED]
    factories.offer(request, now=monday + LATER)
    assert kinds(request, monday + LATER) == [MessageKind.RECEIVED]
    at(monday + 2 * LATER)
    messages.send_due()
    newest = request.messages.latest("pk")
    assert can_be_repeated(request, monday + 2 * LATER)[0] == newest


def test_a_booking_is_true_until_it_is_moved(at: Any, monday: datetime) -> None:
    request = booked(monday)
    at(monday + LATER)
    messages.send_due()
    assert kinds(request, monday + LATER)[0] == MessageKind.BOOKED
    confirmation = request.messages.get(kind=MessageKind.BOOKED)
    again(request, confirmation, monday + LATER)
    messages.send_due()
    assert request.messages.latest("pk").status == MessageStatus.SENT
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=monday + timedelta(days=9),
        by=factories.staff("Reception"),
        now=monday + LATER,
    )
    assert MessageKind.BOOKED not in kinds(request, monday + LATER)
    with pytest.raises(TriageRefused, match="no longer true"):
        again(request, confirmation, monday + LATER)


# --- Where to -------------------------------------------------------------------------------


def test_a_bounced_offer_reaches_the_corrected_address(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    old = bounce(request, MessageKind.OFFER)
    assert "Email not delivered: times offered." in reason_to_phone(request, monday + LATER)
    triage.change_contact(
        request,
        version=request.version,
        email="right@example.org",
        phone="",
        by=factories.staff("Reception"),
        now=monday + LATER,
    )
    again(request, old, monday + LATER)
    at(monday + 2 * LATER)
    messages.send_due()
    to_patient = [each for each in mail.outbox if each.to == ["right@example.org"]]
    assert [each.subject.partition(" by ")[0] for each in to_patient] == [
        "Your contact details have changed",
        "Please choose a time",
    ]
    request.refresh_from_db()
    assert links.private_link(request) in str(to_patient[1].body)
    assert reason_to_phone(request, monday + 2 * LATER) == ""


def test_one_that_left_again_is_no_reason_to_phone(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    old = bounce(request, MessageKind.OFFER)
    again(request, old, monday + LATER)
    assert reason_to_phone(request, monday + LATER) == ""
    messages.send_due()
    second = request.messages.latest("pk")
    assert messages.note_returned(second.message_id, "5.2.2")
    assert "Email not delivered: times offered." in reason_to_phone(request, monday + LATER)


def test_the_private_link_is_not_ended_and_no_screen_is_stale(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    before = (links.private_link(request), request.version)
    again(request, request.messages.get(kind=MessageKind.OFFER), monday + LATER)
    again(request, None, monday + LATER)
    messages.send_due()
    request.refresh_from_db()
    assert (links.private_link(request), request.version) == before
    assert [each.subject for each in mail.outbox][1] == "Your private link"
    assert request.events.order_by("-number")[0].kind == "sent a message again"


def test_it_can_be_sent_more_than_twice_but_not_while_it_waits(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    first = request.messages.get(kind=MessageKind.OFFER)
    for minutes in (5, 10):
        at(now := monday + timedelta(minutes=minutes))
        newest = can_be_repeated(request, now)[0]
        again(request, newest, now)
        with pytest.raises(TriageRefused):
            again(request, newest, now)
        messages.send_due()
    repeated = request.messages.filter(repeats=first)
    assert list(repeated.values_list("status", flat=True)) == [MessageStatus.SENT] * 2


def test_without_an_address_somebody_has_to_tell_them(at: Any, monday: datetime) -> None:
    request = offered(monday, at)
    AppointmentRequest.objects.filter(pk=request.pk).update(email="")
    for message in (request.messages.get(kind=MessageKind.OFFER), None):
        count = Message.objects.count()
        with pytest.raises(TriageRefused, match="Tell the patient on the phone"):
            again(request, message, monday + LATER)
        assert Message.objects.count() == count


def test_nothing_is_said_to_be_sent_that_no_address_gets(at: Any, monday: datetime) -> None:
    """Nobody has to be phoned about this one, and it still cannot be written."""
    request = booked(monday)
    triage.cancel(request, version=request.version, by=PATIENT, now=monday)
    at(monday + LATER)
    messages.send_due()
    triage.undo_giving_back(request, version=request.version, by=PATIENT, now=monday + LATER)
    messages.send_due()
    undone = request.messages.get(kind=MessageKind.AFTER_ALL)
    assert undone.status == MessageStatus.SENT
    AppointmentRequest.objects.filter(pk=request.pk).update(email="")
    with pytest.raises(TriageRefused, match="Tell the patient on the phone"):
        again(request, undone, monday + 2 * LATER)
    assert not request.events.filter(kind=Event.SENT_AGAIN).exists()


def test_another_patients_message_is_not_sent(at: Any, sign_in: SignIn, monday: datetime) -> None:
    request, other = offered(monday, at), factories.received(now=monday)
    foreign = request.messages.get(kind=MessageKind.OFFER).pk
    posted = {"version": other.version, "chosen": foreign}
    page = sign_in("Reception").post(decide_at(other, "send-again"), posted).content.decode()
    assert "That message is no longer true. Choose one of these." in page


# --- On the page ----------------------------------------------------------------------------


def test_the_page_says_what_came_of_each_message(
    at: Any, sign_in: SignIn, monday: datetime
) -> None:
    request = offered(monday, at)
    bounce(request, MessageKind.OFFER)
    page = sign_in("Reception").get(f"{page_of(request)}?show=messages").content.decode()
    assert "Email “request received” to pat@example.org" in page
    assert "accepted by the mail server" in page
    assert "not delivered: there is no such mailbox (5.1.1)" in page


@pytest.mark.parametrize(
    ("columns", "outcome"),
    [
        ({"status": "queued", "tries": 0}, "waiting to be sent"),
        (
            {"status": "queued", "tries": 2},
            "waiting after 2 tries: our mail server cannot send it yet",
        ),
        ({"status": "dropped"}, "not sent, because the times were no longer offered"),
        ({"status": "dropped", "kind": "contact"}, "not sent, because it was no longer needed"),
        (
            {"status": "failed", "failure": "returned 5.2.2"},
            "not delivered: the mailbox is full (5.2.2)",
        ),
        (
            {"status": "failed", "failure": "SMTPRecipientsRefused 550 5.1.9"},
            "not delivered: the address does not work (5.1.9)",
        ),
        (
            {"status": "failed", "failure": "SMTPRecipientsRefused 550"},
            "not delivered: their mail server refused it",
        ),
        (
            {"status": "failed", "channel": "text", "failure": "TextRefused 400"},
            "not delivered: the number takes no text messages",
        ),
        ({"status": "to_tell", "channel": "phone"}, "not told yet"),
        ({"status": "sent", "channel": "phone"}, "told"),
        (
            {"status": "dropped", "channel": "phone"},
            "not sent, because the times were no longer offered",
        ),
    ],
)
def test_what_became_of_a_message_in_words(
    columns: dict[str, Any], outcome: str, at: Any, monday: datetime
) -> None:
    message = offered(monday, at).messages.get(kind=MessageKind.OFFER)
    for name, value in columns.items():
        setattr(message, name, value)
    assert message_in_words(message).outcome == outcome


def test_an_address_that_was_given_up_is_not_kept(at: Any, monday: datetime) -> None:
    request = factories.received(now=monday)
    triage.change_contact(
        request, version=1, email="new@example.org", phone="", by="the patient", now=monday
    )
    messages.send_due()
    left = request.messages.get(kind=MessageKind.CONTACT_LEFT)
    assert (left.status, left.sent_to) == (MessageStatus.SENT, "")
    assert message_in_words(left).what.endswith(" to their old address")
    told = request.messages.get(kind=MessageKind.CONTACT)
    assert told.sent_to == "new@example.org"


def test_what_was_lost_is_chosen_beforehand(at: Any, sign_in: SignIn, monday: datetime) -> None:
    request = offered(monday, at)
    lost = bounce(request, MessageKind.RECEIVED)
    page = sign_in("Reception").get(decide_at(request, "send-again")).content.decode()
    assert f'value="{lost.pk}" id="id_chosen_2" checked' in page


def test_sending_again_is_two_presses_from_the_request(
    at: Any, sign_in: SignIn, monday: datetime
) -> None:
    request = offered(monday, at)
    client = sign_in("Reception")
    address = decide_at(request, "send-again")
    assert address in client.get(page_of(request)).content.decode()
    page = client.get(address).content.decode()
    newest = request.messages.get(kind=MessageKind.OFFER)
    assert "pat@example.org" in page
    assert f'value="{newest.pk}" id="id_chosen_1" checked' in page
    said = client.post(address, {"version": request.version, "chosen": newest.pk}, follow=True)
    assert "It is on its way" in said.content.decode()
    assert request.messages.get(repeats=newest).channel == Channel.EMAIL
