"""Writes what concerns the public into the log, in the transaction of the step itself.

A statement is made from nothing but the sealed event of that step, so anybody with the database can
make it again and compare. It contains no words that could do harm: of the text, the figures and the
note to patients only hashes, of the reason nothing. So it can be public for good.
"""

from typing import Any

from procedures.log.verify import FORMAT, LINES, Refused, leaf, read_statement
from procedures.models import LogEntry, PageEvent, sha256
from procedures.status import EVENTS, RE_AFFIRMED, REVOKED, RevisionStatus

NOTHING = "-"
# The events that concern the public, and what the log calls them.
ACTS = {
    EVENTS[RevisionStatus.SIGNED]: "signed",
    RE_AFFIRMED: "re-affirmed",
    EVENTS[RevisionStatus.PUBLISHED]: "published",
    EVENTS[RevisionStatus.SUSPENDED]: "suspended",
    REVOKED: "revoked",
    EVENTS[RevisionStatus.WITHDRAWN]: "withdrawn",
}


def compose(event: Any, said: dict[str, Any], predecessor: str) -> str:
    """The public statement of a sealed event, in canonical lines.

    `said` is what the event says, `predecessor` the leaf hash of the page's last entry.
    """
    signed = said["signature"] or {}
    text = said["text"]
    own_work = ("yes" if signed["own_work"] else "no") if signed else NOTHING
    told = {
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
        "predecessor": predecessor,
        "event": sha256(event.statement),
    }
    lines = [f"{name} {_on_one_line(told[name])}" for name in LINES]
    return "\n".join([FORMAT, *lines, ""])


def append(event: PageEvent, said: dict[str, Any]) -> None:
    """Write an event into the log if it concerns the public. Call it while events queue up."""
    if said["kind"] not in ACTS:
        return
    newest = LogEntry.objects.order_by("-index").first()
    of_page = LogEntry.objects.filter(event__page=event.page_id).order_by("-index").first()
    statement = compose(event, said, of_page.leaf_hash if of_page else NOTHING)
    LogEntry.objects.create(
        index=newest.index + 1 if newest else 0,
        event=event,
        statement=statement,
        leaf_hash=leaf(statement.encode()).hex(),
    )


def fault_of(event: PageEvent, said: dict[str, Any]) -> str:
    """What is wrong with the entry of a sealed event; empty if nothing is, or it needs none."""
    if said["kind"] not in ACTS:
        return ""
    entry = getattr(event, "entry", None)
    if entry is None:
        return "is not in the public log"
    try:
        predecessor = read_statement(entry.statement)["predecessor"]
    except Refused:
        predecessor = ""
    if entry.statement != compose(event, said, predecessor):
        return "is told differently in the public log"
    return ""


def _on_one_line(value: object) -> str:
    return " ".join(str(value or "").split()) or NOTHING
