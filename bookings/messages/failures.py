"""Why a message did not go out: whose fault it is, and whether trying again can help.

What happens before a server is told the recipient, and what it says about policy (5.7) or its own
state (5.3), is our problem: it affects every email, and whoever looks after the server repairs it.
Only what it says about this one recipient ends a message. Sources: RFC 5321 (reply codes), RFC 3463
and the registry of enhanced status codes (class, subject, detail), RFC 7504 (521, 556).
"""

import re
import smtplib
from http import HTTPStatus
from typing import NamedTuple

from bookings.messages import sms, twilio

ENHANCED = re.compile(rb"^\s*([245]\.\d{1,3}\.\d{1,3})\b")
# Enhanced codes about one recipient: no such address, mailbox, host or route; cannot accept it.
OF_THE_RECIPIENT = re.compile(r"5\.(1|2|4|6)\.\d+")
# Exceptions: a full mailbox may be emptied, and a bad sender is our own.
NOT_FOR_EVER = {"5.2.2", "5.1.7", "5.1.8"}
OURS = re.compile(r"[45]\.3\.\d+|5\.7\.\d+|5\.1\.[78]")
# Codes about one recipient from servers without enhanced codes: the reply to RCPT TO.
PLAIN = {501, 521, 550, 551, 553, 556}
# Some servers give these replies to everybody whom they do not relay for.
RELAYING = re.compile(rb"relay|authenti|polic|block|spam", re.IGNORECASE)
PERMANENT = range(500, 600)
CLOSING = 421
# How a provider of text messages answers about one number or one text.
TEXT_OF_THE_RECIPIENT = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.GONE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    *twilio.OF_THE_NUMBER,
}


class Failure(NamedTuple):
    """Why a message did not go out. `what` is the class and the code, never a server's words."""

    what: str
    is_final: bool = False
    is_ours: bool = False


def failure(error: Exception) -> Failure:
    """What an error while sending means."""
    if isinstance(error, sms.TextRefused):
        final = error.code in TEXT_OF_THE_RECIPIENT
        return Failure(_what(error, str(error.code)), is_final=final, is_ours=not final)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return _of_one_letter(error, code, words, plain=PLAIN)
    if isinstance(error, smtplib.SMTPDataError):
        return _of_one_letter(error, error.smtp_code, error.smtp_error, plain=set())
    if isinstance(error, smtplib.SMTPResponseException):
        said = _said(error.smtp_code, error.smtp_error)
        return Failure(_what(error, said), is_ours=True)
    if isinstance(error, sms.TextPutOff):
        return Failure(_what(error, str(error.code)), is_ours=True)
    return Failure(_what(error), is_ours=isinstance(error, (smtplib.SMTPException, OSError)))


def _of_one_letter(error: Exception, code: int, words: bytes | str, *, plain: set[int]) -> Failure:
    """What a reply means that came after the server was told the recipient."""
    said = _said(code, words)
    enhanced = said.partition(" ")[2]
    if enhanced:
        final = bool(OF_THE_RECIPIENT.fullmatch(enhanced)) and enhanced not in NOT_FOR_EVER
        ours = bool(OURS.fullmatch(enhanced))
    else:
        relaying = bool(RELAYING.search(_bytes(words)))
        final = code in plain and not relaying
        ours = code in PERMANENT and (relaying or code not in plain)
    return Failure(_what(error, said), is_final=final, is_ours=ours or code == CLOSING)


def _said(code: int, words: bytes | str) -> str:
    found = ENHANCED.match(_bytes(words))
    return f"{code} {found[1].decode()}" if found else str(code)


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode("utf-8", "replace")


def _what(error: Exception, said: str = "") -> str:
    return f"{type(error).__name__} {said}".strip()
