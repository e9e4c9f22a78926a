"""A mail server accepted our email and reports later that it did not arrive: we phone."""

import base64
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from bookings import messages, triage
from bookings.desk.to_phone import patients_to_phone
from bookings.messages.returned_mail import Returned, returned_letter
from bookings.models import Message
from bookings.status import MessageKind, MessageStatus
from tests import factories
from tests.bookings.test_messages import MailServer
from tests.processes import serving

pytestmark = pytest.mark.django_db

# As Postfix reports: our email comes back whole, or only its headers.
REPORT = """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: returned@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="PART"

--PART
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered to pat@example.org.

--PART
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 23 Nov 2026 10:00:01 +0000

Final-Recipient: rfc822; pat@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 pat@example.org: no such user

--PART
Content-Type: {kind}

{letter}
--PART--
"""
WHOLE, HEADERS = "message/rfc822", "text/rfc822-headers"
Hand = Callable[[str | bytes], str]


@pytest.fixture
def hand_in(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """Pipe a report into the command; return what it prints."""

    def pipe(letter: str | bytes) -> str:
        read = letter if isinstance(letter, bytes) else letter.encode()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(read)))
        said = io.StringIO()
        call_command("record_returned_mail", stdout=said)
        return said.getvalue()

    return pipe


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    settings.RETURNED_MAIL = "returned@example.org"
    server = MailServer()
    factories.clinic(inbox="")
    with serving(server, settings):
        yield server


@pytest.fixture
def letter(server: MailServer, monday: datetime) -> str:
    """What a mail server received from us, as it was sent."""
    factories.received(now=monday)
    messages.send_due()
    return str(server.letters[0].content.decode())


def report(letter: str, *, kind: str = WHOLE, action: str = "failed", status: str = "5.1.1") -> str:
    head = letter.replace("\r\n", "\n").partition("\n\n")[0]
    returned = letter if kind == WHOLE else head
    return REPORT.format(kind=kind, letter=returned, action=action, status=status)


@pytest.mark.parametrize("kind", [WHOLE, HEADERS])
def test_a_returned_letter_is_a_task_to_phone_until_somebody_did(
    kind: str, letter: str, hand_in: Hand, monday: datetime, sign_in: Any
) -> None:
    assert patients_to_phone(monday) == []
    assert "is now marked as not delivered" in hand_in(report(letter, kind=kind))
    message = Message.objects.get()
    assert (message.status, message.failure) == (MessageStatus.FAILED, "returned 5.1.1")
    (task,) = patients_to_phone(monday)
    assert task.request == message.request
    assert "not delivered" in sign_in("Reception").get("/admin/").content.decode()
    by = factories.staff("Reception")
    later = monday + timedelta(minutes=5)
    triage.record_call(message.request, reached=True, note="", by=by, now=later)
    assert patients_to_phone(later) == []


def test_reports_come_to_an_address_of_their_own(letter: str, server: MailServer) -> None:
    assert server.letters[0].mail_from == "returned@example.org"
    assert "\r\nFrom: Example Lane Clinic <clinic@example.org>\r\n" in letter


def test_without_one_they_come_to_the_sender(settings: Any, monday: datetime) -> None:
    server = MailServer()
    factories.clinic(inbox="")
    with serving(server, settings):
        factories.received(now=monday)
        messages.send_due()
    assert server.letters[0].mail_from == "clinic@example.org"


@pytest.mark.parametrize("status", ["4.4.7", "no code at all", ""])
def test_a_server_that_gave_up_is_believed_whatever_its_code(
    status: str, letter: str, hand_in: Hand
) -> None:
    hand_in(report(letter, status=status))
    message = Message.objects.get()
    assert message.status == MessageStatus.FAILED
    assert message.failure in {"returned 4.4.7", "returned"}


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_what_is_not_lost_changes_nothing(action: str, letter: str, hand_in: Hand) -> None:
    assert "Nothing has changed" in hand_in(report(letter, action=action))
    assert Message.objects.get().status == MessageStatus.SENT


def test_a_report_about_another_letter_changes_nothing(letter: str, hand_in: Hand) -> None:
    other = letter.replace(Message.objects.get().message_id, "x" * 43)
    assert "Nothing has changed" in hand_in(report(other))
    assert Message.objects.get().status == MessageStatus.SENT


def test_a_message_that_was_not_sent_yet_is_left_to_the_worker(letter: str, hand_in: Hand) -> None:
    Message.objects.update(status=MessageStatus.QUEUED, tries=0)
    hand_in(report(letter))
    assert Message.objects.get().status == MessageStatus.QUEUED


def test_a_patients_reply_changes_nothing(letter: str, hand_in: Hand) -> None:
    message_id = Message.objects.get().message_id
    reply = f"From: pat@example.org\nIn-Reply-To: <{message_id}@example.org>\n\nThank you!\n"
    assert "Nothing has changed" in hand_in(reply)
    assert Message.objects.get().status == MessageStatus.SENT


def test_no_address_is_kept_or_said(letter: str, hand_in: Hand) -> None:
    said = hand_in(report(letter))
    assert "pat@example.org" not in said + Message.objects.get().failure


def test_a_report_before_we_know_that_it_was_sent_comes_again(
    letter: str, hand_in: Hand, monday: datetime
) -> None:
    """Some servers report before our worker records the sending, and the worker may die first."""
    Message.objects.update(status=MessageStatus.QUEUED, tries=1)
    with pytest.raises(SystemExit) as stopped:
        hand_in(report(letter))
    assert stopped.value.code == os.EX_TEMPFAIL
    assert Message.objects.get().status == MessageStatus.QUEUED


def test_a_report_while_the_database_is_away_comes_again(
    letter: str, hand_in: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(message_id: str, code: str) -> bool:
        raise OperationalError("database is locked")

    monkeypatch.setattr(messages, "note_returned", away)
    with pytest.raises(SystemExit) as stopped:
        hand_in(report(letter))
    assert stopped.value.code == os.EX_TEMPFAIL


def test_a_slow_worker_overwrites_no_report(
    server: MailServer, hand_in: Hand, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's lease expired, another worker sent the message, and that one came back."""
    factories.received(now=monday)
    send = EmailMessage.send

    def slow(mail: EmailMessage, *arguments: Any) -> int:
        Message.objects.update(status=MessageStatus.FAILED, failure="returned 5.1.1")
        return send(mail, *arguments)

    monkeypatch.setattr(EmailMessage, "send", slow)
    messages.send_due()
    assert Message.objects.get().status == MessageStatus.FAILED


def test_an_address_that_was_put_right_since_is_no_task(
    letter: str, hand_in: Hand, monday: datetime
) -> None:
    request = Message.objects.get().request
    by = factories.staff("Reception")
    triage.change_contact(
        request, version=request.version, email="right@example.org", phone="", by=by, now=monday
    )
    first = Message.objects.earliest("pk")
    Message.objects.exclude(pk=first.pk).update(queued_at=monday + timedelta(minutes=1))
    messages.send_due()
    hand_in(report(letter))
    assert Message.objects.get(pk=first.pk).status == MessageStatus.FAILED
    assert patients_to_phone(monday) == []


def test_a_lost_letter_that_nobody_misses_asks_nobody_to_phone(
    letter: str, hand_in: Hand, monday: datetime, sign_in: Any
) -> None:
    request = Message.objects.get().request
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    Message.objects.update(kind=MessageKind.CLINIC_NOTICE)
    hand_in(report(letter))
    page = sign_in("Reception").get(url).content.decode()
    assert "not delivered: " in page
    assert "Phone this patient" not in page
    Message.objects.update(kind=MessageKind.QUESTION)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=monday
    )
    triage.ask(
        request, version=request.version, text="?", by=factories.staff("Reception"), now=monday
    )
    page = sign_in("Reception").get(url).content.decode()
    assert "Phone this patient." in page


KNOWN = f"Message-ID: <{'a' * 43}@example.org>\n\nWords.\n"


def test_a_whole_report_is_understood() -> None:
    assert returned_letter(report(KNOWN).encode()) == Returned("a" * 43, "5.1.1")


HEAD = KNOWN.partition("\n\n")[0]
AS_IS = report(KNOWN)
BASE64 = "Content-Transfer-Encoding: base64"
ENCODED = base64.encodebytes(HEAD.encode()).decode()


@pytest.mark.parametrize(
    "letter",
    [
        report(KNOWN, kind=HEADERS),
        AS_IS.replace(
            f"{WHOLE}\n\n{KNOWN}", f"{HEADERS}\nContent-Transfer-Encoding: base64\n\n{ENCODED}"
        ),
        AS_IS.replace("Arrival-Date: Mon, 23 Nov 2026 10:00:01 +0000\n\n", ""),
        AS_IS.replace("Action: failed", "action: Failed (gave up)"),
        AS_IS.replace("Message-ID: ", "Message-ID:\n "),
        AS_IS.replace("\n", "\r\n"),
        f"From MAILER-DAEMON Mon Nov 23 10:00:00 2026\n{AS_IS}",
    ],
)
def test_what_servers_do_differently_is_understood(letter: str) -> None:
    assert returned_letter(letter.encode()) == Returned("a" * 43, "5.1.1")


def encoded(text: str) -> str:
    return f"{BASE64}\n\n{base64.encodebytes(text.encode()).decode()}"


STATUS_TEXT = """\
Reporting-MTA: dns; mx.example.net

Final-Recipient: utf-8; p\u00e4t@example.org
Action: failed;
Status: 5.1.1
"""


def machine_report(status: str, returned: str = "", head: str = "") -> str:
    """A report with these parts, which include their own headers."""
    parts = "".join(f"--PART\n{part}\n" for part in (status, returned) if part)
    return (
        f"Return-Path: <>\nFrom: postmaster@mx.example.net\nMessage-ID: <r@mx.example.net>\n{head}"
        'MIME-Version: 1.0\nContent-Type: multipart/report; boundary="PART"\n\n'
        f"--PART\n\nIt did not arrive.\n{parts}--PART--\n"
    )


def status_part(kind: str = "message/delivery-status", extra: str = "") -> str:
    return f"Content-Type: {kind}\n\n{extra}{STATUS_TEXT}"


GLOBAL = "message/global-delivery-status"
IN_BASE64 = f"Content-Type: message/delivery-status\n{encoded(STATUS_TEXT)}"
QUOTED = "Content-Transfer-Encoding: quoted-printable"


@pytest.mark.parametrize(
    "letter",
    [
        machine_report(status_part(GLOBAL), f"Content-Type: message/global\n\n{KNOWN}"),
        machine_report(status_part(GLOBAL), f"Content-Type: message/global-headers\n\n{HEAD}\n"),
        machine_report(status_part(GLOBAL), f"Content-Type: message/global\n{encoded(KNOWN)}"),
        machine_report(
            f"Content-Type: {GLOBAL}\n{encoded(STATUS_TEXT)}",
            f"Content-Type: message/global-headers\n{encoded(HEAD)}",
        ),
        machine_report(IN_BASE64, f"Content-Type: message/rfc822\n\n{KNOWN}"),
        machine_report(IN_BASE64, f"Content-Type: message/rfc822\n{encoded(KNOWN)}"),
        machine_report(
            f"Content-Type: {GLOBAL}\n{QUOTED}\n\n{STATUS_TEXT.replace('failed', 'fail=65d')}",
            f"Content-Type: {WHOLE}\n\n{KNOWN}",
        ),
        machine_report(status_part(extra=f"X-Original-Message-ID: <{'a' * 43}@example.org>\n")),
        machine_report(status_part(), head=f"In-Reply-To: <{'a' * 43}@example.org>\n"),
        machine_report(
            status_part(), head=f"References: <x@y.example>\n <{'a' * 43}@example.org>\n"
        ),
        machine_report(status_part(), head=f"X-Original-Message-ID: <{'a' * 43}@example.org>\n"),
        machine_report(
            status_part(),
            "Content-Type: text/rfc822-headers\n\nMessage-ID: <new@relay.example>\n"
            f"X-Entity-Ref-ID: {'a' * 43}\n",
        ),
    ],
)
def test_what_servers_report_in_parts_is_understood(letter: str) -> None:
    for lines in (letter, letter.replace("\n", "\r\n")):
        assert returned_letter(lines.encode()) == Returned("a" * 43, "5.1.1")


EXIM = (
    """\
Return-path: <>
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: returned@example.org
Subject: Mail delivery failed: returning message to sender
Auto-Submitted: auto-replied
{head}
This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  pat@example.org
    host mx.example.org [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<pat@example.org>:
    {reply}

------ This is a copy of the message, including all the headers. ------

Return-path: <returned@example.org>
"""
    + KNOWN
)
QMAIL = (
    """\
Return-Path: <>
From: MAILER-DAEMON@mx.example.net
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<pat@example.org>:
{reply}

--- Below this line is a copy of the message.

Return-Path: <returned@example.org>
"""
    + KNOWN
)
TO_PAT = "X-Failed-Recipients: pat@example.org\n"


@pytest.mark.parametrize(
    ("letter", "code"),
    [
        (EXIM.format(head=TO_PAT, reply="550 5.1.1 No such user"), "5.1.1"),
        (EXIM.format(head=TO_PAT, reply="Unrouteable address"), ""),
        (EXIM.format(head="", reply="550 5.1.1 No such user"), "5.1.1"),
        (EXIM.format(head="", reply="550 No such user"), "550"),
        (QMAIL.format(reply="Sorry, no mailbox here by that name. (#5.1.1)"), "5.1.1"),
        (QMAIL.format(reply="192.0.2.1 does not like recipient.\nRemote host said: 550 no"), "550"),
        (QMAIL.format(reply="(#5.1.1)").replace("Return-Path: <>\n", "", 1), "5.1.1"),
        (QMAIL.format(reply="(#5.1.1)").replace("<>", "<MAILER-DAEMON>", 1), "5.1.1"),
    ],
)
def test_reports_in_plain_words_are_understood(letter: str, code: str) -> None:
    assert returned_letter(letter.encode()) == Returned("a" * 43, code)
    encoded_body = letter.partition("\n\n")
    wrapped = (
        f"{encoded_body[0]}\n{BASE64}\n\n" + base64.encodebytes(encoded_body[2].encode()).decode()
    )
    assert returned_letter(wrapped.encode()) == Returned("a" * 43, code)


DELAYED = EXIM.format(head="", reply="451 4.7.1 Try later, or 5.1.1 follows").replace(
    "could not be delivered", "has not yet been delivered"
)
AWAY = f"""\
Return-Path: <>
From: pat@example.org
In-Reply-To: <{"a" * 43}@example.org>
Auto-Submitted: auto-replied
Subject: Out of office

I am away until 5 May. Call 020 7946 0958 extension 550, or ask in room 5.1.1 on floor 5.
"""


@pytest.mark.parametrize(
    "letter",
    [
        DELAYED,
        AWAY,
        AWAY.replace("Return-Path: <>\n", ""),
        EXIM.format(head=TO_PAT, reply="550 5.1.1").replace("<>", "<eve@example.org>", 1),
        EXIM.format(head=TO_PAT, reply="550 5.1.1").replace("a" * 43, "a" * 42),
        QMAIL.format(reply="(#4.4.1)"),
        machine_report(
            status_part().replace("failed;", "delayed"), f"Content-Type: {WHOLE}\n\n{KNOWN}"
        ),
        machine_report(status_part()),
        machine_report(IN_BASE64.replace("Q", "\u00e9"), f"Content-Type: {WHOLE}\n\n{KNOWN}"),
    ],
)
def test_what_is_no_failure_of_a_letter_of_ours_stays_unrecognised(letter: str) -> None:
    assert returned_letter(letter.encode()) is None


def test_a_huge_letter_is_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch, letter: str, hand_in: Hand
) -> None:
    whole = report(letter).encode() + b"\0\xff-" * 1_000_000
    assert "is now marked as not delivered" in hand_in(whole)
    assert sys.stdin.buffer.read() == b""


@pytest.mark.parametrize("line", ["-" * 200_000, "<" * 200_000, "x-entity-ref-id:" + "\n" * 99_000])
def test_no_line_takes_long_to_read(line: str) -> None:
    letter = QMAIL.format(reply="(#5.1.1)").replace("Hi. This", f"{line}\nHi. This")
    started = time.process_time()
    assert returned_letter(letter.encode()) in {None, Returned("a" * 43, "5.1.1")}
    assert time.process_time() - started < 5


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", '"a\0b"', "none-such"])
def test_a_character_set_that_nobody_has_is_no_fault(charset: str) -> None:
    odd = report(KNOWN, kind=f"text/rfc822-headers; charset={charset}")
    assert returned_letter(odd.encode() + b"\xff") in {None, Returned("a" * 43, "5.1.1")}
    wide = odd.replace("Message-ID", "Subject: \u00e9\nMessage-ID").encode("latin-1")
    assert returned_letter(wide) in {None, Returned("a" * 43, "5.1.1")}


@pytest.mark.parametrize(
    "level", ["Content-Type: message/rfc822\n\n", "Content-Type: multipart/x\n\n"]
)
def test_no_depth_of_letters_in_letters_is_a_fault(level: str) -> None:
    assert returned_letter(level.encode() * 5000) is None


@given(st.binary(max_size=2000))
def test_no_letter_is_too_odd_to_read(letter: bytes) -> None:
    assert returned_letter(letter) is None


@given(st.data())
def test_no_damage_to_a_report_is_too_odd_to_read(data: st.DataObject) -> None:
    whole = report(KNOWN).encode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    damaged = whole[:start] + data.draw(st.binary(max_size=40)) + whole[end:]
    returned = returned_letter(damaged)
    assert returned is None or len(returned.message_id) == 43
