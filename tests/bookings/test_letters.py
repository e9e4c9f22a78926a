"""Letters on paper: printed in place of a call, posted or handed over, undone, and never untrue."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from bookings import journal, messages, triage
from bookings.desk.message_words import message_in_words
from bookings.desk.to_phone import reason_to_phone
from bookings.models import AppointmentRequest, Message
from bookings.status import (
    CancelledBy,
    Channel,
    MessageKind,
    MessageStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.paper import DONE_ALREADY
from tests import factories
from tests.people import booked, decide_at, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
At = Callable[[datetime], None]
LETTERS = "/admin/bookings/appointmentrequest/to-phone/letters/"
LATER = timedelta(minutes=5)
HOME = "1 Sample Street\nSampletown\nZZ99 9ZZ"


def offered(now: datetime, name: str = "Pat Sample") -> AppointmentRequest:
    """Somebody without email, to whom two times are offered."""
    request = factories.received(now=now, email="", text_messages=False, name=name)
    return factories.offer(request, now=now).request


def letters_of(request: AppointmentRequest) -> list[tuple[str, str, str]]:
    found = request.messages.filter(channel__in=[Channel.PAPER, Channel.PHONE]).order_by("pk")
    return [(each.kind, each.channel, each.status) for each in found if each.kind != "received"]


def events(request: AppointmentRequest) -> list[str]:
    kept = {Event.LETTER_PRINTED, Event.LETTER_POSTED, Event.LETTER_UNDONE, Event.ADDRESS_NOTED}
    found = request.events.order_by("number").values_list("kind", flat=True)
    return [kind for kind in found if kind in kept]


def test_a_call_becomes_a_letter_that_is_posted_and_each_step_is_undone(
    at: At, monday: datetime, sign_in: SignIn
) -> None:
    request = offered(monday)
    at(monday + LATER)
    client = sign_in("Reception")
    to_phone = client.get("/admin/bookings/appointmentrequest/to-phone/").content.decode()
    assert decide_at(request, "letter") in to_phone
    assert decide_at(request, "call") in to_phone
    assert "1 to print, 0 printed and not posted yet" in to_phone
    typed = {"kind": "offer", "postal_address": HOME, "version": request.version}
    posted = client.post(decide_at(request, "letter"), typed)
    (letter,) = request.messages.filter(channel=Channel.PAPER)
    assert posted.headers["Location"] == f"{LETTERS}sheets/?letter={letter.pk}"
    sheet = client.get(posted.headers["Location"]).content.decode()
    times = [each.starts for each in request.offers.get().times.all()]
    spoken = [f"{each.astimezone():%A %-d %B %Y at %-H:%M}" for each in times]
    assert [each in sheet for each in ["1 Sample Street<br>Sampletown<br>ZZ99 9ZZ", *spoken]] == [
        True,
        True,
        True,
    ]
    # Neither a link nor a code is on paper, and nobody has to phone about it any more.
    assert "/appointments/" not in sheet
    assert not reason_to_phone(request, monday + LATER)
    assert "1 letter printed, not posted yet" in client.get("/admin/").content.decode()
    client.post(LETTERS, {"act": "post", "letter": letter.pk})
    letter.refresh_from_db()
    assert (letter.status, letter.sent_to) == (
        MessageStatus.SENT,
        "1 Sample Street, Sampletown, ZZ99 9ZZ",
    )
    for address in (LETTERS, page_of(request)):
        shown = client.get(address).content.decode()
        assert "by Reception" in shown
        assert "by reception" not in shown
    told = message_in_words(letter)
    assert (told.what, told.outcome) == (
        "Letter “times offered” to 1 Sample Street, Sampletown, ZZ99 9ZZ",
        "printed by reception, Mon 23 Nov at 10:05, posted by reception",
    )
    for _ in range(2):
        client.post(LETTERS, {"act": "undo", "letter": letter.pk})
    assert letters_of(request) == [("offer", "phone", "to_tell")]
    assert reason_to_phone(request, monday + LATER).startswith("Offer them ")
    assert events(request) == [
        Event.LETTER_PRINTED,
        Event.ADDRESS_NOTED,
        Event.LETTER_POSTED,
        Event.LETTER_UNDONE,
        Event.LETTER_UNDONE,
    ]
    request.refresh_from_db()
    assert journal.chain_is_whole(request)


def test_the_letters_of_a_day_are_printed_in_one_go(
    at: At, monday: datetime, sign_in: SignIn
) -> None:
    first = offered(monday, name="Ann Sample")
    second = factories.received(now=monday, email="", name="Bob Sample", text_messages=False)
    starts = [factories.tomorrow(8, now=monday)]
    factories.offer(second, starts, now=monday)
    at(monday + LATER)
    client = sign_in("Reception")
    assert "Bob Sample" in client.get(LETTERS).content.decode()
    pks = list(Message.objects.filter(kind=MessageKind.OFFER).values_list("pk", flat=True))
    answer = client.post(LETTERS, {"act": "print", "letter": pks}, follow=True)
    assert answer.content.decode().count('<article class="letter"') == 2
    client.post(LETTERS, {"act": "hand", "letter": pks})
    assert [letters_of(each) for each in (first, second)] == [[("offer", "paper", "sent")]] * 2
    large = client.get(f"{LETTERS}sheets/?letter={pks[0]}&size=large").content.decode()
    assert 'class="large"' in large
    assert sign_in("Editor").get(LETTERS).status_code == 403


def test_a_letter_says_when_it_would_no_longer_be_true(
    at: At, monday: datetime, sign_in: SignIn
) -> None:
    request = offered(monday)
    at(monday + LATER)
    now, by = monday + LATER, factories.staff("Reception")
    letter = triage.print_letter(request, kind=MessageKind.OFFER, by=by, now=now)
    # A second press leads to the same letter.
    assert triage.print_letter(request, kind=MessageKind.OFFER, by=by, now=now) == letter
    client = sign_in("Reception")
    assert "No longer true" not in client.get(LETTERS).content.decode()
    request.refresh_from_db()
    triage.take_offer_back(request, version=request.version, by=by, now=now)
    assert "No longer true" in client.get(LETTERS).content.decode()
    with pytest.raises(TriageRefused, match="no letter about this"):
        triage.print_letter(request, kind=MessageKind.OFFER, by=by, now=now)


def test_of_two_who_note_or_undo_the_same_the_slower_one_is_told(monday: datetime) -> None:
    request, by, now = offered(monday), factories.staff("Reception"), monday + LATER
    letter = triage.print_letter(request, kind=MessageKind.OFFER, by=by, now=now)

    def twice(act: Callable[[Message], Message]) -> None:
        """Two colleagues press, each on the screen as it was."""
        one, other = (Message.objects.get(pk=letter.pk) for _ in range(2))
        act(one)
        before = (letters_of(request), events(request))
        with pytest.raises(Overtaken, match=f"^{re.escape(DONE_ALREADY)}$"):
            act(other)
        assert (letters_of(request), events(request)) == before

    twice(partial(triage.letter_has_gone, is_posted=False, by=by, now=now))
    assert letters_of(request) == [("offer", "paper", "sent")]
    twice(partial(triage.undo_letter, by=by, now=now))
    assert letters_of(request) == [("offer", "paper", "to_post")]
    twice(partial(triage.undo_letter, by=by, now=now))
    assert letters_of(request) == [("offer", "phone", "to_tell")]
    letter.refresh_from_db()
    with pytest.raises(Overtaken):
        triage.undo_letter(letter, by=by, now=now)


def test_letters_have_the_words_of_the_emails(at: At, monday: datetime) -> None:
    """One template for both: the sentence about the step, and nothing that leads to a private page."""
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    messages.send_due()
    at(monday + LATER)
    now, by = monday + LATER, factories.staff("Reception")
    letter = triage.print_letter(request, kind=MessageKind.BOOKED, by=by, now=now)
    email = request.messages.get(kind=MessageKind.BOOKED, channel=Channel.EMAIL)
    printed, sent = messages.on_paper(letter, now), messages.letter(email)
    assert printed.subject == sent.subject
    assert printed.body.splitlines()[2] == str(sent.body).splitlines()[2]
    assert ("link" in printed.body, "link" in str(sent.body)) == (False, True)
    triage.cancel(
        request,
        version=request.version,
        by=by,
        now=now,
        reason="The clinic is closed that day.",
    )
    cancelled = now + LATER
    at(cancelled)
    messages.send_due()
    letter = triage.print_letter(request, kind=MessageKind.CANCELLED, by=by, now=cancelled)
    assert "The clinic is closed that day." in messages.on_paper(letter, cancelled).body
    # It was never a call, so undoing it makes none.
    assert triage.undo_letter(letter, by=by, now=cancelled).status == MessageStatus.DROPPED


@pytest.mark.parametrize("email", ["pat@example.org", ""])
def test_a_letter_is_offered_once_it_can_be_printed(
    email: str, at: At, monday: datetime, sign_in: SignIn
) -> None:
    """While a cancellation can still be undone, nobody is told, and no letter is offered."""
    request = booked(monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(email=email)
    request.refresh_from_db()
    by = factories.staff("Reception")
    triage.cancel(
        request,
        version=request.version,
        cancelled_by=CancelledBy.CLINIC,
        reason="The room is flooded.",
        by=by,
        now=monday,
    )
    letter, client = decide_at(request, "letter"), sign_in("Reception")
    assert letter not in client.get(page_of(request)).content.decode()
    at(monday + LATER)
    messages.send_due()
    assert letter in sign_in("Reception").get(page_of(request)).content.decode()
    assert 'value="cancelled" ' in sign_in("Reception").get(letter).content.decode()
