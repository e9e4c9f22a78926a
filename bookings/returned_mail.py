"""Reads what a mail server reports when a letter that it had taken did not arrive (RFC 3464)."""

import re
from email import message_from_bytes
from email.message import Message as Letter
from email.parser import HeaderParser
from typing import NamedTuple

# The tokens that `messages.queue` makes.
MESSAGE_ID = re.compile(r"<([\w-]{43})@")
# RFC 3463: class, subject, detail.
CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


class Returned(NamedTuple):
    """A letter of ours that did not arrive: our name for it, and the server's code for why."""

    message_id: str
    code: str


def returned_letter(report: bytes) -> Returned | None:
    """What the report says of a letter of ours; None if it is no report, or says that it goes on.

    A delay is not the end: the server tries again, and reports once more when it gives up.
    """
    parts = list(message_from_bytes(report).walk())
    failed = [each for each in _recipients(parts) if _header(each, "Action").lower() == "failed"]
    sent = MESSAGE_ID.search(_returned_id(parts))
    if not failed or not sent:
        return None
    code = CODE.search(_header(failed[0], "Status"))
    return Returned(sent[1], code[0] if code else "")


def _recipients(parts: list[Letter]) -> list[Letter]:
    """What became of the letter for each address: groups of headers, after one about the server."""
    reports = (part for part in parts if part.get_content_type() == "message/delivery-status")
    return [group for report in reports for group in _within(report)[1:]]


def _returned_id(parts: list[Letter]) -> str:
    """The Message-ID of the letter that comes back whole, or with its headers only."""
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            return "".join(_header(letter, "Message-ID") for letter in _within(part)[:1])
        if part.get_content_type() == "text/rfc822-headers":
            return _header(HeaderParser().parsestr(str(part.get_payload())), "Message-ID")
    return ""


def _within(part: Letter) -> list[Letter]:
    content = part.get_payload()
    return (
        [each for each in content if isinstance(each, Letter)] if isinstance(content, list) else []
    )


def _header(letter: Letter, name: str) -> str:
    return str(letter.get(name, "")).strip()
