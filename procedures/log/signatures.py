"""What passkeys have signed, as strangers get it to check it (`verify.check_passkey`)."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from procedures.log.checkpoints import prove
from procedures.log.verify import NOTHING, PARTS, Refused, passkey_of, read_statement
from procedures.models import LogEntry, PasskeySignature


class Enrolment(NamedTuple):
    """The list that began the lists of a signer's passkeys, and when that was."""

    number: str
    at: datetime


def of(entry: LogEntry) -> str | None:
    """What a passkey signed of an entry, with all lists of the signer's passkeys up to then, as JSON.

    None if the clinic signed it with its own key, or no checkpoint contains all of it yet. Raises
    LogBroken.
    """
    lists = [_shown(each) for each in lists_up_to(list_of(entry))]
    if not lists or None in lists:
        return None
    told = {"lists": lists, "passkey": _parts(entry)}
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def list_of(entry: LogEntry) -> str:
    """The hash of the list of passkeys that an entry about a page names."""
    return read_statement(entry.statement)["keys"]


def lists_up_to(newest: str) -> list[LogEntry]:
    """Somebody's lists of passkeys, oldest first, up to the one with this hash."""
    return list(_back_from(newest))[::-1]


def enrolment(newest: str) -> Enrolment | None:
    """Under which enrolment the passkeys of the list with this hash sign; None if there are none."""
    begun, keys = None, NOTHING
    for each in lists_up_to(newest):
        said = read_statement(each.statement)
        if keys == NOTHING:
            begun = Enrolment(each.leaf_hash, datetime.fromisoformat(said["at"]))
        keys = said["keys"]
    return None if keys == NOTHING else begun


def faults() -> Iterator[str]:
    """A sentence for everything kept of a passkey that it did not sign."""
    for signed in PasskeySignature.objects.select_related("entry").order_by("entry__index"):
        entry = signed.entry
        try:
            told = read_statement(entry.statement)
            if entry.event_id:
                (listed,) = lists_up_to(told["keys"])[-1:]
                told = read_statement(listed.statement)
            passkey_of(_parts(entry), entry.statement, told["site"])
        except (Refused, LookupError, ValueError) as fault:
            yield f"the passkey’s signature of entry {entry.index} is false: {fault}"


def _back_from(leaf_hash: str) -> Iterator[LogEntry]:
    lists = LogEntry.objects.filter(clinician__isnull=False)
    while found := lists.filter(leaf_hash=leaf_hash).first():
        yield found
        leaf_hash = read_statement(found.statement)["predecessor"]


def _shown(entry: LogEntry) -> dict[str, Any] | None:
    proof = prove(entry)
    if proof is None:
        return None
    return {"proof": proof.text(), "signature": _parts(entry), "statement": entry.statement}


def _parts(entry: LogEntry) -> dict[str, str] | None:
    signed = PasskeySignature.objects.filter(entry=entry).first()
    if signed is None:
        return None
    return {name: getattr(signed, name.replace("-", "_")) for name in PARTS}
