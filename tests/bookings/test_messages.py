"""Messages are discreet, sent once, retried, and given up audibly. With a real mail server."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from bookings import messages, triage
from bookings.models import AppointmentRequest, Message
from bookings.status import (
    PATIENT,
    TO_SUBSCRIBERS,
    MessageKind,
    MessageStatus,
    RequestStatus,
    TriageRefused,
)
from tests import factories
from tests.people import request_with_canaries, too_late_to_undo
from tests.processes import serving

pytestmark = pytest.mark.django_db


class MailServer:
    """A mail server that keeps what it is sent, or answers what it is told to."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.answer_to_recipient = "250 OK"
        self.answer_to_data = "250 OK"

    async def handle_RCPT(  # noqa: N802 -- the server looks for this name
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.answer_to_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer_to_recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(envelope)
        return self.answer_to_data


@pytest.fixture
def mail_server(settings: Any) -> Iterator[MailServer]:
    server = MailServer()
    factories.clinic(inbox="")
    with serving(server, settings):
        yield server


FORBIDDEN = [
    "canary",
    "7946 0123",
    "79460123",
    "1961-07",
    "/1961",
    "july 1961",
    "19 july",
    "inject",
    "steroid",
    "ultrasound",
    "procedure",
    "clinician",
    "appointment",
    "blood",
    "warfarin",
    "flag",
    "dr ",
    "rheumat",
]


def written(kind: MessageKind, request: AppointmentRequest, by: str = PATIENT) -> Any:
    """The email of that kind about a request."""
    return messages.letter(Message(request=request, kind=kind, message_id="m" * 43, queued_by=by))


# Those to a colleague and to a subscriber are about no request: tests/clinic_site/test_accounts.py and
# test_following.py.
ABOUT_A_REQUEST = [
    kind for kind in MessageKind if kind not in {MessageKind.INVITATION, *TO_SUBSCRIBERS}
]


def html_of(letter: Any) -> str:
    ((html, media_type),) = letter.alternatives
    assert media_type == "text/html"
    return str(html)


@pytest.mark.parametrize("by", [PATIENT, "reception"])
@pytest.mark.parametrize("kind", ABOUT_A_REQUEST)
def test_s9_no_message_tells_anything_about_health_or_person(
    kind: MessageKind, by: str, monday: datetime
) -> None:
    request = request_with_canaries(monday)
    letter = written(kind, request, by)
    html = html_of(letter)
    for part in (letter.body, html):
        told = f"{letter.subject}\n{part}".lower()
        # The private link has the words of its own path, which reveal as little as a door number.
        told = told.replace("https://clinic.example/appointments/mine/link/", "LINK ")
        assert [word for word in FORBIDDEN if word in told] == []
        assert request.reference.lower() in told
    assert "\n" not in letter.subject
    assert not re.search(r"style|<script|<img|src=", html)


class Words(HTMLParser):
    """What somebody reads on an HTML page, and where its links lead."""

    def __init__(self, page: str):
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(page.partition("<body>")[2])

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.links += [value for name, value in attrs if name == "href"]


@pytest.mark.parametrize("kind", ABOUT_A_REQUEST)
def test_both_parts_of_a_letter_say_the_same(kind: MessageKind, monday: datetime) -> None:
    letter = written(kind, request_with_canaries(monday))
    html = Words(html_of(letter))
    links = re.findall(r"https://\S+", letter.body)
    assert html.links == links
    shown = letter.body
    for link in links:
        shown = shown.replace(link, "https://clinic.example/…")
    assert html.words == shown.split()


def test_what_a_setting_holds_is_no_mark_up(monday: datetime) -> None:
    factories.clinic(name="Bones & <b>Joints</b>")
    letter = written(MessageKind.RECEIVED, factories.received(now=monday))
    assert "Bones & <b>Joints</b>" in letter.body
    assert "Bones &amp; &lt;b&gt;Joints&lt;/b&gt;" in html_of(letter)


@pytest.mark.parametrize(
    ("hours", "offers", "others"),
    [
        ((2,), "offer you a time", "take it before"),
        ((2, 4), "a choice of times", "take them before"),
    ],
)
def test_an_offer_counts_its_times(
    hours: tuple[int, ...], offers: str, others: str, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.offer(request, [factories.tomorrow(each, now=monday) for each in hours], now=monday)
    body = written(MessageKind.OFFER, request).body
    assert offers in body
    assert (
        f"Nobody else can {others} Monday 23 November at 22:00. Please use this private link"
        in body
    )


SUBJECTS = {
    MessageKind.RECEIVED: "We have received your request {reference}",
    MessageKind.QUESTION: "Please answer a question",
    MessageKind.OFFER: "Please choose a time by Tuesday 24 November",
    MessageKind.OFFER_ENDS: "Please choose a time soon",
    MessageKind.BOOKED: "Your visit is booked",
    MessageKind.MOVED: "Your visit has a new time",
    MessageKind.KEPT: "Your visit stays as booked",
    MessageKind.DECLINED: "We have answered your request",
    MessageKind.WITHDRAWN: "Your request is withdrawn",
    MessageKind.CANCELLED: "Your visit is cancelled",
    MessageKind.AFTER_ALL: "We have undone your last change",
    MessageKind.REMINDER: "A reminder of your visit",
    MessageKind.AFTERWARDS: "After your visit",
    MessageKind.RECALL: "About your next visit",
    MessageKind.PAGE_NEWS: "Before your visit: what we gave you to read has changed",
    MessageKind.CONTACT: "Your contact details have changed",
    MessageKind.CONTACT_LEFT: "Contact details have changed",
    MessageKind.LINK: "Your private link",
    MessageKind.CLINIC_NOTICE: "Please look at {reference}",
    MessageKind.UNSEEN: "Phone now: {reference}",
    MessageKind.LATE: "Our answer is late: {reference}",
}


@pytest.mark.parametrize("kind", ABOUT_A_REQUEST)
def test_a_subject_says_what_to_do(kind: MessageKind, monday: datetime) -> None:
    request = factories.received(now=monday)
    request.reply_due = monday + timedelta(days=1)
    letter = written(kind, request)
    assert letter.subject == SUBJECTS[kind].format(reference=request.reference)


@pytest.mark.parametrize(
    ("kind", "by", "sentence"),
    [
        (MessageKind.CONTACT, PATIENT, "You changed your contact details."),
        (MessageKind.CONTACT, "reception", "We changed your contact details."),
        (MessageKind.CANCELLED, PATIENT, "You cancelled the visit."),
        (MessageKind.CANCELLED, "reception", "We cancelled the visit."),
        (MessageKind.BOOKED, PATIENT, "You booked the visit."),
        (MessageKind.BOOKED, "reception", "We booked the visit."),
        (MessageKind.MOVED, PATIENT, "You moved the visit to another time."),
        (MessageKind.MOVED, "reception", "We moved the visit to another time."),
    ],
)
def test_a_letter_says_who_did_it(
    kind: MessageKind, by: str, sentence: str, monday: datetime
) -> None:
    assert sentence in written(kind, factories.received(now=monday), by).body


def test_a_letter_to_a_carer_says_whose_date_of_birth_we_ask_for(monday: datetime) -> None:
    own = factories.received(now=monday)
    carers = factories.received(now=monday, carer_name="Sam Sample", carer_right="parent")
    sentence = "When we ask for a date of birth, please give theirs."
    assert sentence not in written(MessageKind.RECEIVED, own).body
    assert sentence in written(MessageKind.RECEIVED, carers).body


@pytest.mark.parametrize(
    ("setting", "sent"),
    [
        ("clinic@example.org", "Example Lane Clinic <clinic@example.org>"),
        ("The Lane <clinic@example.org>", "The Lane <clinic@example.org>"),
        ("Lané <a@exämple.org>", "Lané <a@xn--exmple-cua.org>"),
    ],
)
def test_a_letter_comes_from_the_clinic_by_name(
    setting: str, sent: str, monday: datetime, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = setting
    letter = written(MessageKind.RECEIVED, factories.received(now=monday)).message()
    assert str(make_header(decode_header(letter["From"]))) == sent
    domain = sent.rpartition("@")[2].rstrip(">")
    assert letter["Message-ID"] == f"<{'m' * 43}@{domain}>"


def test_s9_the_canaries_would_be_found(monday: datetime) -> None:
    """The test above could see a leak: the same words are in the request."""
    request = request_with_canaries(monday)
    said = (
        f"{request.concern} {request.name} {request.phone} {request.answers.get().detail}".lower()
    )
    assert sum(word in said for word in FORBIDDEN) >= 3


def test_received_says_reference_time_and_link(monday: datetime) -> None:
    request = factories.received(now=monday)
    messages.send_due()
    letter = mail.outbox[0]
    assert letter.to == ["pat@example.org"]
    assert "Wednesday 25 November at 10:00" in letter.body
    assert "https://clinic.example/appointments/mine/link/" in letter.body
    assert "999" in letter.body
    assert request.reference in letter.body


def test_times_in_letters_are_the_clinics(at: Any) -> None:
    """Thursday 2 July, 10:00 UTC is 11:00 in London; sixteen working hours later it is Monday."""
    moment = datetime(2026, 7, 2, 10, tzinfo=UTC)
    at(moment)
    factories.received(now=moment)
    messages.send_due()
    assert "Monday 6 July at 11:00" in mail.outbox[0].body


def test_a_message_is_sent_once(mail_server: MailServer) -> None:
    factories.received()
    assert messages.send_due() == 1
    assert messages.send_due() == 0
    assert len(mail_server.letters) == 1
    sent = Message.objects.get()
    assert sent.status == MessageStatus.SENT
    assert f"<{sent.message_id}@example.org>".encode() in mail_server.letters[0].content


def test_a_message_of_a_rolled_back_change_is_never_sent(mail_server: MailServer) -> None:
    request = factories.received()
    messages.send_due()
    stale = request.version - 1
    with pytest.raises(TriageRefused):
        triage.withdraw(request, version=stale, now=timezone.now())
    assert messages.send_due() == 0


def test_a_passing_fault_is_tried_again_for_at_least_four_hours(
    mail_server: MailServer, at: Any, monday: datetime
) -> None:
    mail_server.answer_to_data = "451 Try again later"
    factories.received(now=monday)
    tries = [monday]
    while (message := Message.objects.get()).status == MessageStatus.QUEUED:
        at(max(message.next_try, timezone.now()))
        tries.append(timezone.now())
        messages.send_due()
    assert message.status == MessageStatus.FAILED
    assert tries[-1] - tries[0] >= timedelta(hours=4)
    assert message.failure == "SMTPDataError 451"


def test_a_mended_mail_server_gets_the_same_message(
    mail_server: MailServer, at: Any, monday: datetime
) -> None:
    mail_server.answer_to_data = "451 Try again later"
    factories.received(now=monday)
    messages.send_due()
    mail_server.answer_to_data = "250 OK"
    at(Message.objects.get().next_try)
    assert messages.send_due() == 1
    first, second = mail_server.letters
    assert Message.objects.get().message_id.encode() in first.content
    assert Message.objects.get().message_id.encode() in second.content


def test_a_refused_address_fails_at_once_and_without_the_address(
    mail_server: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    mail_server.answer_to_recipient = "550 No such user pat@example.org"
    factories.received()
    messages.send_due()
    message = Message.objects.get()
    assert message.status == MessageStatus.FAILED
    assert message.failure == "SMTPRecipientsRefused 550"
    assert f"Message {message.pk} was not sent, try 1: SMTPRecipientsRefused 550" in caplog.text
    assert "pat@example.org" not in caplog.text


def test_an_unreachable_server_is_tried_again(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    factories.clinic(inbox="")
    factories.received()
    messages.send_due()
    message = Message.objects.get()
    assert (message.status, message.tries) == (MessageStatus.QUEUED, 1)
    assert message.failure == "ConnectionRefusedError"


def test_a_message_whose_worker_died_is_sent_after_its_lease(at: Any, monday: datetime) -> None:
    factories.clinic(inbox="")
    factories.received(now=monday)
    message = Message.objects.get()
    Message.objects.filter(pk=message.pk).update(leased_until=monday + messages.LEASE, tries=1)
    assert messages.send_due() == 0
    at(monday + messages.LEASE)
    assert messages.send_due() == 1


def test_the_command_sends_and_writes_down_what_the_clock_did(monday: datetime, at: Any) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    call_command("send_messages")
    at(monday + timedelta(days=3))
    call_command("send_messages")
    request.refresh_from_db()
    assert request.status == RequestStatus.LAPSED
    assert {letter.to[0] for letter in mail.outbox} == {"pat@example.org", "desk@example.org"}


def test_the_clinic_is_told_only_that_something_waits(monday: datetime) -> None:
    factories.received(flagged=True, now=monday)
    messages.send_due()
    notice = next(letter for letter in mail.outbox if letter.to == ["desk@example.org"])
    assert "needs attention at the desk" in notice.body
    assert "/appointments/mine/" not in notice.body


def test_the_worker_forgets_what_was_typed_and_never_sent(
    client: Client, at: Any, monday: datetime
) -> None:
    client.post("/appointments/request/", {"about": ""})
    client.post("/appointments/request/about/", {"page": "", "concern": "Canaryconcern"})
    call_command("send_messages")
    assert Session.objects.count() == 1
    at(monday + timedelta(hours=1, minutes=1))
    call_command("send_messages")
    assert Session.objects.count() == 0


# --- Nothing is told that is no longer so ---------------------------------------------------------


def moved(request: AppointmentRequest, now: datetime) -> None:
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=now + timedelta(days=9),
        by=factories.staff("Reception"),
        now=now,
    )


def cancelled(request: AppointmentRequest, now: datetime) -> None:
    by = factories.staff("Reception")
    triage.cancel(request, version=request.version, by=by, now=now, reason="Ill.")


@pytest.mark.parametrize(
    ("status", "kind", "happens", "sent"),
    [
        (RequestStatus.BOOKED, MessageKind.BOOKED, None, True),
        (RequestStatus.BOOKED, MessageKind.BOOKED, moved, False),
        (RequestStatus.BOOKED, MessageKind.BOOKED, cancelled, False),
        (RequestStatus.OFFERED, MessageKind.OFFER, None, True),
        (
            RequestStatus.OFFERED,
            MessageKind.OFFER,
            lambda request, now: triage.withdraw(request, version=request.version, now=now),
            False,
        ),
        (
            RequestStatus.QUESTION_ASKED,
            MessageKind.QUESTION,
            lambda request, now: triage.answer_question(
                request, version=request.version, text="Left.", now=now
            ),
            False,
        ),
        (RequestStatus.RECEIVED, MessageKind.RECEIVED, None, True),
        (
            RequestStatus.RECEIVED,
            MessageKind.RECEIVED,
            lambda request, now: triage.withdraw(request, version=request.version, now=now),
            False,
        ),
        (RequestStatus.DECLINED, MessageKind.DECLINED, None, True),
    ],
)
def test_a_late_letter_is_not_sent_when_it_is_no_longer_so(
    status: RequestStatus, kind: MessageKind, happens: Any, sent: bool, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    if happens:
        happens(request, monday + timedelta(minutes=1))
    too_late_to_undo()
    messages.send_due()
    expected = MessageStatus.SENT if sent else MessageStatus.DROPPED
    assert request.messages.get(kind=kind).status == expected


def test_an_offer_that_lapsed_is_not_told_of(monday: datetime, at: Any) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    at(request.offers.get().held_until)
    messages.send_due()
    assert request.messages.get(kind=MessageKind.OFFER).status == MessageStatus.DROPPED
    assert not any("we hold for a limited time" in letter.body for letter in mail.outbox)
