"""Reads what a mail server reports when a letter that it had taken did not arrive (RFC 3464)."""

import re
from email import message_from_bytes
from email.message import Message as Letter
from typing import NamedTuple

# The tokens that `messages.queue` makes, where a returned letter names itself. A long line is folded.
MESSAGE_ID = re.compile(rb"^message-id:\s*<([\w-]{43})@", re.IGNORECASE | re.MULTILINE)
# RFC 3463: class, subject, detail.
CODE = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
RETURNED = {"message/rfc822", "message/rfc822-headers", "text/rfc822-headers"}
# What the parser of the standard library trips over in letters that nobody sends in good faith.
UNREADABLE = (RecursionError, LookupError, TypeError, ValueError)


class Returned(NamedTuple):
    """A letter of ours that did not arrive: our name for it, and the server's code for why."""

    message_id: str
    code: str


def returned_letter(report: bytes) -> Returned | None:
    """What the report says of a letter of ours; None if it is no report, or says that it goes on.

    A delay is not the end: the server tries again, and reports once more when it gives up.
    """
    try:
        parts = list(message_from_bytes(report).walk())
        failed = [
            group for group in _recipients(parts) if _words(group, "Action")[:1] == ["failed"]
        ]
        sent = next(filter(None, map(_own_id, parts)), "")
    except UNREADABLE:
        return None
    if not failed or not sent:
        return None
    code = CODE.search(" ".join(_words(failed[0], "Status")))
    return Returned(sent, code[0] if code else "")


def _recipients(parts: list[Letter]) -> list[Letter]:
    """What became of the letter for each address: groups of headers beside one about the server."""
    reports = (part for part in parts if part.get_content_type() == "message/delivery-status")
    return [group for report in reports for group in _within(report)]


def _own_id(part: Letter) -> str:
    """Our name of the letter that comes back whole, or with its headers only."""
    if part.get_content_type() not in RETURNED:
        return ""
    # Bytes throughout: a report may name character sets that do not exist.
    inner = [letter.as_bytes() for letter in _within(part)[:1]]
    content = inner[0] if inner else part.get_payload(decode=True)
    found = MESSAGE_ID.search(content) if isinstance(content, bytes) else None
    return found[1].decode() if found else ""


def _within(part: Letter) -> list[Letter]:
    content = part.get_payload()
    return (
        [each for each in content if isinstance(each, Letter)] if isinstance(content, list) else []
    )


def _words(letter: Letter, name: str) -> list[str]:
    return str(letter.get(name, "")).lower().split()
