"""Writes what concerns the public into the log, in the transaction of the step itself.

A statement is made from nothing but the sealed event of that step, so anybody with the database can
make it again and compare. It contains no words that could do harm: of the text, the figures and the
note to patients only hashes, of the reason nothing. So it can be public for good.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from procedures.log.verify import (
    FORMAT,
    KEYS_FORMAT,
    LINES,
    NOTHING,
    TRANSLATION_FORMAT,
    Refused,
    leaf,
    read_statement,
)
from procedures.models import Clinician, LogEntry, PageEvent, PasskeySignature, sha256
from procedures.status import EVENTS, RE_AFFIRMED, REVOKED, TRANSLATED, RevisionStatus

# The events that concern the public, and what the log calls them.
ACTS = {
    TRANSLATED: "translated",
    EVENTS[RevisionStatus.SIGNED]: "signed",
    RE_AFFIRMED: "re-affirmed",
    EVENTS[RevisionStatus.PUBLISHED]: "published",
    EVENTS[RevisionStatus.SUSPENDED]: "suspended",
    REVOKED: "revoked",
    EVENTS[RevisionStatus.WITHDRAWN]: "withdrawn",
}


def compose(event: Any, said: dict[str, Any], predecessor: str, keys: str = NOTHING) -> str:
    """The public statement of a sealed event, in canonical lines.

    `said` is what the event says, `predecessor` the leaf hash of the page's last entry, and `keys` that
    of the signer's list of passkeys, if one of them signs.
    """
    return f"{words(said, predecessor, keys)}event {sha256(event.statement)}\n"


def words(said: dict[str, Any], predecessor: str, keys: str) -> str:
    """The statement up to the line `event`: what a passkey signs, before there is an event."""
    signed = said["signature"] or {}
    text = said["text"]
    own_work = ("yes" if signed["own_work"] else "no") if signed else NOTHING
    form = TRANSLATION_FORMAT if text and "language" in text else FORMAT
    told = {
        "language": text.get("language"),
        "translates": text.get("translates"),
        "act": ACTS[said["kind"]],
        "page": said["page"]["address"],
        "version": said["revision"],
        "text": text["fragment"],
        "document": text["document"],
        "figures": " ".join(text["figures"]),
        "change": text["change_class"],
        "note": sha256(text["note"]),
        "at": said["at"],
        "signer": signed.get("name"),
        "role": signed.get("role"),
        "register": signed.get("regulator"),
        "registration": signed.get("registration"),
        "own-work": own_work,
        "review-by": signed.get("review_due"),
        "closes": signed.get("closing_day"),
        "keys": keys,
        "predecessor": predecessor,
    }
    return _canonical(form, told, LINES[form][:-1])


def predecessor_of(page_id: int) -> str:
    """The leaf hash of a page's last entry."""
    of_page = LogEntry.objects.filter(event__page=page_id).order_by("-index").first()
    return of_page.leaf_hash if of_page else NOTHING


def append(event: PageEvent, said: dict[str, Any], keys: str = NOTHING) -> LogEntry | None:
    """Write an event into the log if it concerns the public. Call it while events queue up."""
    if said["kind"] not in ACTS:
        return None
    return _write(compose(event, said, predecessor_of(event.page_id), keys), event=event)


def list_of(clinician: Clinician) -> LogEntry | None:
    """The newest list of a clinician's passkeys under the registration that they have now."""
    newest = LogEntry.objects.filter(clinician=clinician).order_by("-index").first()
    if newest is None:
        return None
    said = read_statement(newest.statement)
    now = (_on_one_line(clinician.regulator), _on_one_line(clinician.registration_number))
    return newest if (said["register"], said["registration"]) == now else None


def compose_list(clinician: Clinician, keys: Iterable[str], at: datetime) -> str:
    """The statement that these are a clinician's passkeys from now on, by the hashes of their keys."""
    before = list_of(clinician)
    told = {
        "signer": clinician.name,
        "register": clinician.regulator,
        "registration": clinician.registration_number,
        "site": settings.SITE_URL.lower(),
        "keys": " ".join(sorted(keys)),
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "predecessor": before.leaf_hash if before else NOTHING,
    }
    return _canonical(KEYS_FORMAT, told, LINES[KEYS_FORMAT])


def append_list(clinician: Clinician, statement: str) -> LogEntry:
    """Write a list of a clinician's passkeys into the log. Call it while events queue up."""
    return _write(statement, clinician=clinician)


def keep_signature(entry: LogEntry, credential: str, parts: dict[str, str]) -> None:
    """Keep beside an entry what a passkey signed; `parts` as in `verify.PARTS`."""
    columns = {name.replace("-", "_"): value for name, value in parts.items()}
    PasskeySignature.objects.create(entry=entry, credential=credential, **columns)


def _write(statement: str, **about: Any) -> LogEntry:
    newest = LogEntry.objects.order_by("-index").first()
    return LogEntry.objects.create(
        index=newest.index + 1 if newest else 0,
        statement=statement,
        leaf_hash=leaf(statement.encode()).hex(),
        **about,
    )


def _canonical(form: str, told: dict[str, Any], lines: list[str]) -> str:
    return "\n".join([form, *(f"{name} {_on_one_line(told[name])}" for name in lines), ""])


def fault_of(event: PageEvent, said: dict[str, Any]) -> str:
    """What is wrong with the entry of a sealed event; empty if nothing is, or it needs none."""
    if said["kind"] not in ACTS:
        return ""
    entry = getattr(event, "entry", None)
    if entry is None:
        return "is not in the public log"
    try:
        told = read_statement(entry.statement)
    except Refused:
        return "is told differently in the public log"
    if entry.statement != compose(event, said, told["predecessor"], told["keys"]):
        return "is told differently in the public log"
    if told["keys"] != NOTHING and not hasattr(entry, "signature"):
        return "has lost what the signer’s passkey signed"
    return ""


def _on_one_line(value: object) -> str:
    return " ".join(str(value or "").split()) or NOTHING
