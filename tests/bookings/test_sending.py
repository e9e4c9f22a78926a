"""Whose fault a failed email is, and that it stops no other email. With a real mail server."""

import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from django.core import mail
from django.core.checks import run_checks
from django.core.management import call_command
from django.utils import timezone

from bookings import messages, triage
from bookings.desk.alarms import alarms
from bookings.desk.to_phone import patients_to_phone
from bookings.links import private_link
from bookings.messages import sending
from bookings.messages.failures import failure
from bookings.messages.sms import TextRefused
from bookings.models import AppointmentRequest, Message, Outage
from bookings.status import Channel, MessageKind, MessageStatus, RequestStatus
from tests import factories
from tests.processes import serving

pytestmark = pytest.mark.django_db


class Server:
    """A mail server that answers at one step what it is told to, and otherwise accepts emails."""

    def __init__(self) -> None:
        self.step, self.answer = "", ""
        self.taken: list[Any] = []

    def says(self, step: str, answer: str) -> None:
        self.step, self.answer = step, answer

    def _answer(self, step: str, usual: str) -> str:
        return self.answer if step == self.step else usual

    async def handle_EHLO(  # noqa: N802 -- the server looks for this name
        self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [self.answer] if self.step == "EHLO" else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str
    ) -> str:
        return self._answer("EHLO", "250 mx.example.net")

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.mail_from = address
        return self._answer("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self._answer("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self._answer("DATA", "250 OK")
        if answer == "250 OK":
            self.taken.append(envelope)
        return answer


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    server = Server()
    factories.clinic(inbox="")
    with serving(server, settings):
        yield server


# --- Ours or theirs -------------------------------------------------------------------------------

OURS, THEIRS, FOR_EVER = "ours", "theirs, for now", "theirs, for good"


@pytest.mark.parametrize(
    ("step", "answer", "whose"),
    [
        ("EHLO", "554 5.7.1 You are not welcome", OURS),
        ("EHLO", "550 Administrative prohibition", OURS),
        ("MAIL", "553 5.7.1 Sender address rejected: not owned by user", OURS),
        ("MAIL", "550 5.1.8 Sender's domain does not exist", OURS),
        ("MAIL", "452 4.3.1 Insufficient system storage", OURS),
        ("MAIL", "530 5.7.0 Authentication required", OURS),
        ("MAIL", "421 Too busy", OURS),
        ("RCPT", "554 5.7.1 Relay access denied", OURS),
        ("RCPT", "550 Relaying denied", OURS),
        ("RCPT", "551 We do not relay", OURS),
        ("RCPT", "550 5.7.26 This mail is unauthenticated", OURS),
        ("RCPT", "554 5.3.0 Local configuration error", OURS),
        ("RCPT", "550 5.1.7 Bad sender's mailbox address", OURS),
        ("RCPT", "503 Bad sequence of commands", OURS),
        ("RCPT", "421 4.3.2 Closing", OURS),
        ("RCPT", "450 4.7.1 Greylisted, try again", THEIRS),
        ("RCPT", "452 4.2.2 Over quota", THEIRS),
        ("RCPT", "552 5.2.2 Over quota", THEIRS),
        ("RCPT", "550 5.1.1 No such user", FOR_EVER),
        ("RCPT", "550 5.1.10 Recipient not found", FOR_EVER),
        ("RCPT", "550 5.2.1 Mailbox disabled", FOR_EVER),
        ("RCPT", "550 5.4.1 Recipient address rejected", FOR_EVER),
        ("RCPT", "550 No such user", FOR_EVER),
        ("RCPT", "553 Mailbox name not allowed", FOR_EVER),
        ("RCPT", "556 5.1.10 Takes no mail", FOR_EVER),
        ("DATA", "550 5.1.1 No such user", FOR_EVER),
        ("DATA", "554 5.7.1 Message refused as spam", OURS),
        ("DATA", "554 Message refused", OURS),
        ("DATA", "552 5.2.2 Over quota", THEIRS),
        ("DATA", "451 Try again later", THEIRS),
    ],
)
def test_only_what_is_said_of_one_recipient_ends_a_letter(
    step: str, answer: str, whose: str, server: Server, monday: datetime
) -> None:
    server.says(step, answer)
    request = factories.received(now=monday)
    messages.send_due()
    message = Message.objects.get()
    expected = MessageStatus.FAILED if whose == FOR_EVER else MessageStatus.QUEUED
    assert message.status == expected
    assert Outage.objects.exists() == (whose == OURS)
    assert [task.request for task in patients_to_phone(monday)] == (
        [request] if whose == FOR_EVER else []
    )
    assert answer.split()[0] in message.failure
    assert "user" not in message.failure


def test_a_wrong_password_is_ours() -> None:
    found = failure(smtplib.SMTPAuthenticationError(535, b"5.7.8 Bad credentials"))
    assert (found.is_final, found.is_ours) == (False, True)


@pytest.mark.parametrize(
    ("code", "final"), [(400, True), (422, True), (401, False), (402, False), (404, False)]
)
def test_a_provider_that_does_not_know_us_ends_no_text_message(code: int, final: bool) -> None:
    found = failure(TextRefused(code))
    assert (found.is_final, found.is_ours) == (final, not final)


def test_a_server_that_greets_with_a_refusal_is_ours(
    server: Server, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(self: SMTP, *arguments: Any) -> None:
        await self.push("554 5.7.1 No service for you")
        assert self.transport is not None
        self.transport.close()

    monkeypatch.setattr(SMTP, "_handle_client", refuse)
    factories.received(now=monday)
    messages.send_due()
    assert Message.objects.get().status == MessageStatus.QUEUED
    assert Outage.objects.get().code == "SMTPConnectError 554 5.7.1"


@pytest.fixture
def long_outage(server: Server, monday: datetime) -> AppointmentRequest:
    """Our own mail server has refused us since Monday, and each email has been tried often."""
    server.says("MAIL", "553 5.7.1 Not owned by user")
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    messages.send_due()
    Message.objects.update(tries=20)
    return request


def test_after_our_fault_is_mended_everything_leaves(
    long_outage: AppointmentRequest, server: Server, monday: datetime, at: Any
) -> None:
    at(monday + timedelta(days=3, hours=23))
    messages.send_due()
    assert set(Message.objects.values_list("status", flat=True)) == {MessageStatus.QUEUED}
    assert patients_to_phone(timezone.now()) == []
    server.says("", "")
    at(timezone.now() + timedelta(minutes=30))
    messages.send_due()
    assert len(server.taken) == 2
    assert not Outage.objects.exists()


def test_after_four_days_somebody_phones(
    long_outage: AppointmentRequest, monday: datetime, at: Any
) -> None:
    at(monday + timedelta(days=4))
    messages.send_due()
    assert [task.request for task in patients_to_phone(timezone.now())] == [long_outage]


def test_a_letter_that_alone_is_refused_by_policy_is_given_up(
    server: Server, monday: datetime, at: Any
) -> None:
    """Other emails go out, so it is not an outage, and nobody waits four days to phone."""
    server.says("DATA", "554 5.7.1 Message refused as spam")
    request = factories.received(now=monday)
    Message.objects.update(tries=len(sending.WAITS) - 1)
    messages.send_due()
    server.says("", "")
    factories.received(now=monday, email="other@example.org")
    at(monday + timedelta(minutes=20))
    assert messages.send_due() == 1
    server.says("DATA", "554 5.7.1 Message refused as spam")
    at(monday + timedelta(hours=3))
    messages.send_due()
    assert [task.request for task in patients_to_phone(timezone.now())] == [request]


# --- One bad letter -------------------------------------------------------------------------------


def test_one_letter_that_cannot_be_written_stops_no_other(
    server: Server, monday: datetime, at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    addresses = [f"p{number}@example.org" for number in range(5)]
    requests = [factories.received(now=monday, email=address) for address in addresses]
    poison = requests[1]
    type(poison).objects.filter(pk=poison.pk).update(email="name@א1.example")
    assert messages.send_due() == 4
    addresses.pop(1)
    assert [letter.rcpt_tos for letter in server.taken] == [[address] for address in addresses]
    bad = poison.messages.get()
    assert (bad.status, bad.tries, bad.failure) == (MessageStatus.QUEUED, 1, "UnicodeError")
    assert not Outage.objects.exists()
    assert patients_to_phone(monday) == []
    while bad.status == MessageStatus.QUEUED:
        at(max(timezone.now(), bad.next_try))
        messages.send_due()
        bad.refresh_from_db()
    assert [task.request for task in patients_to_phone(timezone.now())] == [poison]
    assert "א" not in caplog.text


def test_a_message_of_a_kind_that_is_not_known_stops_no_other(monday: datetime) -> None:
    bad, good = (factories.received(now=monday, email=f"{x}@example.org") for x in "ab")
    bad.messages.filter(kind=MessageKind.RECEIVED).update(kind="nonsense")
    messages.send_due()
    assert {to for letter in mail.outbox for to in letter.to} == {
        "b@example.org",
        "desk@example.org",
    }
    assert bad.messages.get(kind="nonsense").failure == "TemplateDoesNotExist"
    bad.messages.filter(kind="nonsense").update(status=MessageStatus.FAILED)
    assert [task.request for task in patients_to_phone(monday)] == [bad]
    assert good.messages.filter(status=MessageStatus.SENT).exists()


def test_a_stop_is_looked_for_between_letters(monday: datetime) -> None:
    for number in range(3):
        factories.received(now=monday, email=f"p{number}@example.org")
    assert messages.send_due(lambda: len(mail.outbox) >= 2) == 2


# --- The clinic's own addresses -------------------------------------------------------------------


def test_a_notice_goes_to_every_inbox(server: Server, monday: datetime) -> None:
    factories.clinic(inbox="a@example.org, B <b@example.org>")
    with pytest.raises(messages.BadAddress):
        messages.inboxes()
    factories.clinic(inbox="a@example.org, b@example.org,")
    factories.received(now=monday)
    assert messages.send_due() == 2
    assert ["a@example.org", "b@example.org"] in [letter.rcpt_tos for letter in server.taken]


def test_a_notice_is_not_sent_when_there_is_no_inbox_any_more(monday: datetime) -> None:
    request = factories.received(now=monday)
    factories.clinic(inbox="")
    messages.send_due()
    assert request.messages.get(kind="clinic_notice").status == MessageStatus.DROPPED


@pytest.mark.parametrize("setting", ["inbox", "DEFAULT_FROM_EMAIL", "RETURNED_MAIL"])
@pytest.mark.parametrize(
    "value",
    ["desk", "a@example.org; b@example.org", "a@b@example.org", "a@א-.example", "a@example..org"],
)
def test_an_address_that_cannot_be_used_is_refused_at_start(
    setting: str, value: str, settings: Any
) -> None:
    if setting == "inbox":
        factories.clinic(inbox=value)
    setattr(settings, setting, value)
    name = {
        "inbox": "The clinic’s inbox",
        "DEFAULT_FROM_EMAIL": "CLINIC_SENDER",
        "RETURNED_MAIL": "CLINIC_RETURNED_MAIL",
    }
    (fault,) = [check for check in run_checks() if check.id == "bookings.E001"]
    assert str(fault.msg).startswith(f"{name[setting]} contains “")
    assert "which is not an email address. Use one like desk@clinic.example." in str(fault.msg)


def test_good_addresses_are_not_refused(settings: Any) -> None:
    factories.clinic(inbox="a@example.org,b@exämple.org")
    settings.DEFAULT_FROM_EMAIL = "The Lane <a@example.org>"
    assert [check for check in run_checks() if check.id == "bookings.E001"] == []


# --- What the desk says ---------------------------------------------------------------------------


def told(sign_in: Any) -> str:
    return str(sign_in("Editor").get("/admin/").content.decode())


def test_the_desk_says_since_when_no_letter_leaves(
    server: Server, monday: datetime, at: Any, sign_in: Any
) -> None:
    messages.note_run(monday, failed=0)
    assert "Our messages are not going out" not in told(sign_in)
    server.says("RCPT", "554 5.7.1 <pat@example.org>: Relay access denied")
    factories.received(now=monday)
    messages.send_due()
    at(monday + timedelta(minutes=1))
    messages.send_due()
    page = told(sign_in)
    sentence = (
        "We have not been able to send any emails since Monday 23 November at 10:00. We keep trying. "
        "The mail server replies: SMTPRecipientsRefused 554 5.7.1."
    )
    assert sentence in page
    assert "pat@" not in page
    server.says("", "")
    at(monday + timedelta(minutes=6))
    assert messages.send_due() == 1
    assert "Our messages are not going out" not in told(sign_in)


def test_the_desk_says_when_the_worker_has_stopped(monday: datetime, at: Any, sign_in: Any) -> None:
    assert "has never run here" in told(sign_in)
    call_command("send_messages")
    assert alarms(timezone.now()) == []
    at(monday + timedelta(minutes=10))
    assert alarms(timezone.now()) == []
    at(monday + timedelta(minutes=10, seconds=1))
    page = told(sign_in)
    assert "has not run since Monday 23 November at 10:00." in page
    assert "docs/operations.md" in page


def test_the_desk_says_when_messages_are_left_lying(monday: datetime) -> None:
    factories.received(now=monday)
    late = monday + timedelta(minutes=10, seconds=1)
    messages.note_run(late, failed=0)
    assert alarms(monday + timedelta(minutes=10)) == []
    assert alarms(late) == ["2 messages should have gone out more than 10 minutes ago."]
    messages.send_due()
    assert alarms(late) == []


def test_the_desk_says_when_a_step_fails_again_and_again(monday: datetime) -> None:
    messages.note_run(monday, failed=1)
    (sentence,) = alarms(monday)
    assert "could not complete 1 step." in sentence
    messages.note_run(monday, failed=0)
    assert alarms(monday) == []


def test_no_text_message_is_missed_where_none_are_sent(monday: datetime, settings: Any) -> None:
    messages.note_run(monday, failed=0)
    Outage.objects.create(channel=Channel.TEXT, since=monday, code="TextRefused 401")
    assert alarms(monday) == []
    settings.TEXT_MESSAGES = "console"
    assert (
        "We have not been able to send any text messages since Monday 23 November at 10:00."
        in alarms(monday)[0]
    )


def test_a_desk_without_requests_is_told_too(monday: datetime, sign_in: Any) -> None:
    """An editor sees no requests, and can still pass on that emails do not go out."""
    assert "phone anyone who needs to hear from us today" in told(sign_in)


# --- Who did it -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("the patient", "You changed your contact details."),
        ("reception", "We changed your contact details."),
    ],
)
def test_the_letter_and_the_page_say_who_changed_the_details(
    by: str, sentence: str, monday: datetime, client: Any
) -> None:
    request = factories.received(now=monday)
    actor = by if by == "the patient" else factories.staff("Reception")
    triage.change_contact(
        request, version=1, email="new@example.org", phone="", by=actor, now=monday
    )
    messages.send_due()
    assert any(sentence in letter.body for letter in mail.outbox)
    path = private_link(request).removeprefix("https://clinic.example")
    assert sentence in client.get(path, follow=True).content.decode()


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("the patient", "You joined our cancellation list."),
        ("reception", "We added you to our cancellation list."),
    ],
)
def test_the_page_says_who_put_them_on_the_list(
    by: str, sentence: str, monday: datetime, client: Any
) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    actor = by if by == "the patient" else factories.staff("Reception")
    triage.join_earlier_list(request, version=request.version, by=actor, now=monday)
    path = private_link(request).removeprefix("https://clinic.example")
    assert sentence in client.get(path, follow=True).content.decode()
