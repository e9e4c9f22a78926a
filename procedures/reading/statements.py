"""The record of one step in the life of a page: a statement, chained to the last and sealed.

A statement is JSON in one canonical form (keys sorted, no blanks, UTF-8), stored as it was sealed.
It can be understood without any other row: it names the page, the hashes of the text, who did what
and when, and the whole signature where somebody signed. It also names the SHA-256 of the statement
before it. So together they are one chain, and could be the entries of a public log as they are. Of
a reason, which colleagues write for each other, it contains only the hash.

The seal is an HMAC of the statement under a key that is not in the database (`SEALING_KEY`).
Somebody who can write every table can compute the chain, but not the seal.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from procedures.models import PageEvent, Revision, SignOff, sha256

FORMAT = "page event 1"
SALT = "procedures.statements"
FIGURE = re.compile(r"/figures/([0-9a-f]{64})\.")

Statement = dict[str, Any]


def compose(
    event: PageEvent,
    *,
    previous: str,
    text: Statement | None,
    sign_off: SignOff | None = None,
    afterwards: bool = False,
) -> str:
    """The statement of an event, in canonical form.

    `previous` is the hash of the statement before it, empty for the first. `text` is None if nobody
    knows any more which text it was. `afterwards` says that the statement was made later than the
    event.
    """
    content = {
        "format": FORMAT,
        "number": event.number,
        "previous": previous,
        "page": {"id": event.page_id, "address": address(event.page)},
        "revision": event.revision.number,
        "kind": event.kind,
        "at": instant(event.at),
        "by": {"id": event.by_id, "login": event.by.username},
        "reason": _hash_of(event.reason),
        "text": text,
        "signature": signature_of(sign_off) if sign_off else None,
        **({"afterwards": True} if afterwards else {}),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def text_of(revision: Revision) -> Statement:
    """The text of a revision in the form that statements use, with the pictures that it shows.

    That of a translation names the language and the English text, and whether a machine made it.
    """
    return {
        "document": revision.document_hash,
        "fragment": revision.fragment_hash,
        "figures": list(dict.fromkeys(FIGURE.findall(revision.fragment))),
        "renderer": revision.renderer_version,
        "note": revision.note,
        "change_class": revision.change_class,
        **(_translation_of(revision, revision.translates) if revision.translates else {}),
    }


def _translation_of(revision: Revision, english: Revision) -> Statement:
    return {
        "language": revision.page.language,
        "translates": english.fragment_hash,
        "english_version": english.number,
        "made_by_machine": revision.made_by_machine,
    }


def signature_of(signed: SignOff) -> Statement:
    """Everything that was signed, by whom, and until when.

    Whatever happens to it later is another event.
    """
    return {
        "document": signed.document_hash,
        "fragment": signed.fragment_hash,
        "note": signed.note,
        "change_class": signed.change_class,
        "clinician": signed.clinician_id,
        "name": signed.signer_name,
        "role": signed.signer_role,
        "regulator": signed.signer_regulator,
        "registration": signed.signer_registration,
        "interests": signed.signer_interests,
        "own_work": signed.own_work,
        "statement": signed.statement,
        "checklist": signed.checklist,
        "signed_at": instant(signed.signed_at),
        "signed_by": signed.signed_by_id,
        "review_due": signed.review_due.isoformat(),
        "closing_day": signed.closing_day.isoformat(),
        **({"translator": signed.translator_id} if signed.translator_id else {}),
    }


def seal(statement: str) -> str:
    """The seal of a statement under the newest key, in hexadecimal."""
    return _seal(statement, settings.SEALING_KEY)


def read(event: PageEvent) -> Statement | None:
    """What the event says; None unless we sealed its statement and its row says the same."""
    if not _is_sealed(event.statement, event.seal):
        return None
    said: Statement = json.loads(event.statement)
    row = (
        event.number,
        event.page_id,
        event.revision.page_id,
        event.revision.number,
        event.kind,
        instant(event.at),
        event.by_id,
        _hash_of(event.reason),
    )
    told = (
        said["number"],
        said["page"]["id"],
        said["page"]["id"],
        said["revision"],
        said["kind"],
        said["at"],
        said["by"]["id"],
        said["reason"],
    )
    return said if row == told else None


def address(page: Any) -> str:
    """The path at which patients find the page."""
    language = f"{page.language}/" if page.language else ""
    return f"{language}{page.category}/{page.slug}"


def instant(moment: datetime) -> str:
    """An instant in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _is_sealed(statement: str, sealed: str) -> bool:
    keys: Sequence[str] = [settings.SEALING_KEY, *settings.SEALING_KEY_FALLBACKS]
    return any(constant_time_compare(sealed, _seal(statement, key)) for key in keys)


def _seal(statement: str, key: str) -> str:
    return salted_hmac(SALT, statement, secret=key, algorithm="sha256").hexdigest()


def _hash_of(reason: str) -> str:
    return sha256(reason) if reason else ""
