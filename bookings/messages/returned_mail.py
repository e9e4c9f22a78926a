"""Reads the reports that mail servers send when an email that they accepted did not arrive.

Most reports have parts for machines (RFC 3464, and RFC 6533 for addresses beyond ASCII). Others are
plain text (Exim, qmail). Those are believed if they come from a mail server, name an email of ours
(nobody can guess its name), and say that it failed for good.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Letter
from itertools import islice
from typing import NamedTuple

from procedures.ground.batches import Failed, attempt

STATUS_PARTS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED_PARTS = {
    "message/rfc822",
    "message/rfc822-headers",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
}
# The tokens that `messages.queue` makes, wherever a report names our email: in a Message-ID, in a
# header that refers to it, or in the header that relays leave unchanged.
TOKEN = re.compile(
    rb"<([\w-]{43})@|^x-entity-ref-id:\s*([\w-]{43})\s*$", re.IGNORECASE | re.MULTILINE
)
# RFC 3463: class, subject, detail.
CODE = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
FINAL_CODE = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b")
# In plain text a date such as 5.1.26 looks like a code, so a code has to follow a reply or a
# bracket.
SAID_CODE = re.compile(r"(?:\b5\d\d[ -]#?|[#(\[<]\s?#?)(5\.\d{1,3}\.\d{1,3})\b")
# The reply of a server without enhanced codes (RFC 5321), where the text says that a server gave
# it.
FINAL_REPLY = re.compile(
    r"\b(?:smtp|rcpt to|remote host|said|responded)\b.{0,200}?\b(55[0134])\b",
    re.IGNORECASE | re.DOTALL,
)
FAILED = re.compile(r"deliver|fail|return|reject|bounce|unknown|no such|permanent", re.IGNORECASE)
ACTION = re.compile(rb"^action:\s*([a-z]+)", re.IGNORECASE | re.MULTILINE)
STATUS = re.compile(rb"^status:(.*)$", re.IGNORECASE | re.MULTILINE)
# The server keeps trying, and reports again when it gives up.
DELAY = re.compile(
    r"\bdelayed\b|not yet been delivered|\bwill (?:be retried|retry|keep trying)\b", re.IGNORECASE
)
SERVERS = re.compile(
    r"\b(?:mailer-daemon|mail delivery (?:sub)?system|postmaster)\b", re.IGNORECASE
)
# The line above the copy of our email in a plain report: “------ This is a copy of the message …”.
COPY = re.compile(r"copy of|original|message", re.IGNORECASE)
LONGEST_TEXT = 100_000
# A report has one of each; a message made to keep us busy may have thousands, nested in each other.
MOST_PARTS = 3


class Returned(NamedTuple):
    """An email of ours that did not arrive: our name for it, and the server's code for why."""

    message_id: str
    code: str


def returned_letter(report: bytes) -> Returned | None:
    """What the report says about an email of ours.

    None if it is not a report, or if the server tries again. No input raises an error: a message
    that cannot be read is not about ours.
    """
    read = attempt(_read, report)
    return None if isinstance(read, Failed) else read


def _read(report: bytes) -> Returned | None:
    letter = message_from_bytes(report)
    parts = list(letter.walk())
    statuses = _contents(parts, STATUS_PARTS)
    code = _code_of_statuses(statuses) if statuses else _code_of_text(letter, parts)
    if code is None:
        return None
    token = next(_tokens(letter, parts, statuses), "")
    return Returned(token, code) if token else None


def _code_of_statuses(statuses: list[bytes]) -> str | None:
    """The code for the first address that failed, which may be empty; None if none did."""
    for group in re.split(rb"\r?\n[ \t]*\r?\n", b"\n\n".join(statuses)):
        action = ACTION.search(group)
        if action and action[1].lower() == b"failed":
            said = STATUS.search(group)
            code = CODE.search(said[1].decode("ascii", "replace")) if said else None
            return code[0] if code else ""
    return None


def _code_of_text(letter: Letter, parts: list[Letter]) -> str | None:
    """The code in a plain-text report; None if it is not a report, or the server keeps trying."""
    if not _comes_from_a_server(letter):
        return None
    said = _before_the_copy("\n".join([str(letter.get("Subject", "")), *_texts(parts)]))
    if letter.get("X-Failed-Recipients"):  # Exim's own header
        code = FINAL_CODE.search(said)
        return code[0] if code else ""
    if DELAY.search(said) or not FAILED.search(said):
        return None
    if code := SAID_CODE.search(said):
        return code[1]
    reply = FINAL_REPLY.search(said)
    return reply[1] if reply else None


def _before_the_copy(words: str) -> str:
    lines = words[:LONGEST_TEXT].splitlines()
    copies = (n for n, line in enumerate(lines) if line.startswith("---") and COPY.search(line))
    return "\n".join(lines[: next(copies, len(lines))])


def _comes_from_a_server(letter: Letter) -> bool:
    """Whether a mail server wrote the report.

    Only reports have an empty sender (RFC 5321, 4.5.5). If our own server did not record the
    sender, the From header has to have the name of a mail server.
    """
    path = letter.get("Return-Path")
    if path is not None:
        # Postfix replaces the empty sender with a name for the programs that it pipes to.
        return str(path).strip(" <>").lower().partition("@")[0] in {"", "mailer-daemon"}
    return bool(SERVERS.search(str(letter.get("From", ""))))


def _tokens(letter: Letter, parts: list[Letter], statuses: list[bytes]) -> Iterator[str]:
    """The names of our emails in the report, the most reliable first.

    They are looked for in the returned email, in the status, in the headers that say what the
    report answers, and in its text.
    """
    answered = [
        f"<{found}>".encode("ascii", "replace")
        for name in ("X-Original-Message-ID", "In-Reply-To", "References")
        for found in re.findall(r"<([^>]*)>", str(letter.get(name, "")))
    ]
    words = [text.encode("utf-8", "replace") for text in _texts(parts)]
    for place in (*_contents(parts, RETURNED_PARTS), *statuses, *answered, *words):
        for found in TOKEN.finditer(place):
            yield (found[1] or found[2]).decode()


def _texts(parts: list[Letter]) -> Iterator[str]:
    for part in parts:
        if part.get_content_maintype() == "text" and not part.is_multipart():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                yield content.decode("utf-8", "replace")


def _contents(parts: list[Letter], kinds: set[str]) -> list[bytes]:
    found = (part for part in parts if part.get_content_type() in kinds)
    return [_content(part) for part in islice(found, MOST_PARTS)]


def _content(part: Letter) -> bytes:
    """The content of a part, decoded.

    The parser takes every “message/…” part for an email, even if it contains something else or is
    encoded, so the part is put together again first.
    """
    whole = part.as_bytes()
    content = re.split(rb"\r?\n\r?\n", whole, maxsplit=1)[-1]
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding == "base64":
        try:
            return base64.b64decode(content)
        except binascii.Error:
            return content
    return content
