"""Text messages by Twilio: sent once, given up or tried again, and told when one does not arrive.

The stand-in answers as its documentation says, on this machine.
"""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookings import messages
from bookings.desk.to_phone import patients_to_phone
from bookings.messages import twilio as interface
from bookings.models import AppointmentRequest, Message, Outage
from bookings.status import Channel, MessageStatus, RequestStatus
from tests import factories
from tests.gateway import TOKEN, StandIn, hand_on, running
from tests.people import too_late_to_undo

pytestmark = pytest.mark.django_db


@pytest.fixture
def twilio(settings: Any) -> Iterator[StandIn]:
    with running(settings) as server:
        yield server


def texted(now: datetime) -> AppointmentRequest:
    """A request with an offer of which a text message is due."""
    request = factories.request_at(RequestStatus.IN_REVIEW, now=now)
    AppointmentRequest.objects.update(text_messages=True)
    request.refresh_from_db()
    factories.offer(request, now=now)
    too_late_to_undo()
    return request


def the_text() -> Message:
    return Message.objects.get(channel=Channel.TEXT)


def report(client: Client, said: dict[str, str], token: str = TOKEN) -> int:
    """Send a report about the text message."""
    path = f"/appointments/texts/{the_text().message_id}/"
    return int(hand_on(client, path, said, token).status_code)


def test_a_text_is_sent_with_an_address_for_its_report(twilio: StandIn, monday: datetime) -> None:
    request = texted(monday)
    messages.send_due()
    (said,) = twilio.sent
    assert (said["To"], said["From"]) == ("+442079460958", "+442079460000")
    assert request.reference in said["Body"]
    assert said["StatusCallback"] == (
        f"https://clinic.example/appointments/texts/{the_text().message_id}/"
    )
    assert (the_text().status, the_text().segments) == (MessageStatus.SENT, 3)


def test_a_text_whose_answer_was_lost_is_not_sent_twice(
    twilio: StandIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    texted(monday)
    twilio.loses_answers = True
    messages.send_due()
    assert (the_text().status, len(twilio.sent)) == (MessageStatus.QUEUED, 1)
    twilio.loses_answers = False
    Message.objects.update(next_try=monday)
    messages.send_due()
    assert (the_text().status, len(twilio.sent)) == (MessageStatus.SENT, 1)
    # Without the question there would be two.
    Message.objects.filter(pk=the_text().pk).update(status=MessageStatus.QUEUED, next_try=monday)
    monkeypatch.setattr(interface, "has_sent", lambda *args: False)
    messages.send_due()
    assert len(twilio.sent) == 2


@pytest.mark.parametrize(
    ("status", "code", "becomes"),
    [
        (400, 21610, MessageStatus.FAILED),  # they answered STOP
        (400, 21614, MessageStatus.FAILED),  # no mobile
        (400, 21606, MessageStatus.QUEUED),  # our sender is wrong
        (401, 20003, MessageStatus.QUEUED),
        (429, 20429, MessageStatus.QUEUED),
        (503, 0, MessageStatus.QUEUED),
    ],
)
def test_what_is_about_one_number_is_given_up_and_what_is_ours_is_tried_again(
    status: int, code: int, becomes: str, twilio: StandIn, monday: datetime
) -> None:
    request = texted(monday)
    twilio.status, twilio.code = status, code
    messages.send_due()
    assert the_text().status == becomes
    assert "900123" not in the_text().failure
    assert Outage.objects.exists() == (becomes == MessageStatus.QUEUED)
    phoned = [each.request for each in patients_to_phone(monday)]
    assert phoned == ([request] if becomes == MessageStatus.FAILED else [])


def test_a_report_that_it_did_not_arrive_makes_somebody_phone(
    twilio: StandIn, monday: datetime, client: Client, settings: Any
) -> None:
    request = texted(monday)
    lost = {"MessageStatus": "undelivered", "ErrorCode": "30005", "To": "+442079460958"}
    Message.objects.filter(channel=Channel.TEXT).update(tries=1)
    assert report(client, lost) == 503  # the worker has not noted yet that it sent it
    Message.objects.filter(channel=Channel.TEXT).update(tries=0)
    messages.send_due()
    assert report(client, {"MessageStatus": "delivered", "To": "+442079460958"}) == 200
    assert the_text().status == MessageStatus.SENT
    priced = {"MessageStatus": "sent", "Price": "-0.03720", "PriceUnit": "GBP"}
    assert report(client, priced) == 200
    assert report(client, priced | {"Price": "9", "PriceUnit": "USD"}) == 200
    assert (the_text().delivered, the_text().price) == (monday, Decimal("0.0372"))
    assert report(client, lost, token="guessed") == 404
    assert the_text().status == MessageStatus.SENT
    assert [report(client, lost) for _ in range(2)] == [200, 200]
    assert (the_text().status, the_text().failure) == (MessageStatus.FAILED, "returned 30005")
    assert [each.request for each in patients_to_phone(monday)] == [request]
    assert {report(client, lost, token="guessed") for _ in range(31)} == {404, 429}
    settings.TEXT_MESSAGES = "http"
    assert report(client, lost) == 404
