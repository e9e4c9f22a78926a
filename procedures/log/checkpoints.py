"""The tree of the log in memory, and the checkpoints that we sign of it.

A checkpoint is never signed of a tree in which an earlier one is not found again: whoever has seen the
earlier one could prove that against us.
"""

import base64
import contextlib
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from procedures.log.notes import log_key, signed
from procedures.log.tree import Tree
from procedures.log.verify import Refused, leaf, open_note, read_checkpoint
from procedures.models import Checkpoint, Cosignature, LogEntry, PageEvent, SignOff
from procedures.status import SIGNINGS

EVERY = timedelta(minutes=1)


class LogBroken(Exception):
    """The stored log does not lead to a root that we have signed."""


class Proof(NamedTuple):
    """That an entry is in the log: its place, and the hashes up to the root of a checkpoint."""

    entry: LogEntry
    size: int
    path: list[bytes]
    note: str

    def text(self) -> str:
        """The proof in the format tlog-proof."""
        path = [base64.b64encode(each).decode() for each in self.path]
        return "\n".join(
            ["c2sp.org/tlog-proof@v1", f"index {self.entry.index}", *path, "", self.note]
        )


def newest() -> Checkpoint | None:
    """The newest checkpoint of our log; None if nothing was signed yet."""
    return Checkpoint.objects.filter(origin=settings.LOG_ORIGIN).order_by("-size").first()


def cosigned(checkpoint: Checkpoint) -> str:
    """A checkpoint with our signature and those of the witnesses."""
    lines = checkpoint.cosignatures.order_by("witness").values_list("line", flat=True)
    return checkpoint.note + "".join(f"{line}\n" for line in lines)


def root_of(checkpoint: Checkpoint) -> bytes:
    """The root that a checkpoint names. Raises LogBroken if we did not sign it."""
    try:
        _, size, root = read_checkpoint(open_note(checkpoint.note, log_key()))
    except Refused as fault:
        raise LogBroken(f"checkpoint {checkpoint.size}: {fault}") from None
    if size != checkpoint.size:
        raise LogBroken(f"checkpoint {checkpoint.size} is of {size} entries")
    return root


def sign_what_is_new(now: datetime) -> None:
    """Sign a checkpoint if there are new entries and the last one is a minute old.

    Raises LogBroken if the stored entries do not lead to the root that we signed last.
    """
    last = newest()
    if last and now - last.moment < EVERY:
        return
    if LogEntry.objects.count() > (last.size if last else 0):
        sign(now)


def sign(now: datetime) -> None:
    """Sign a checkpoint of all entries, each of them read again. Raises LogBroken as above."""
    tree = Tree(_leaves_read_again())
    last = newest()
    if last and (last.size > tree.size or tree.root(last.size) != root_of(last)):
        raise LogBroken(f"the entries do not lead to checkpoint {last.size} any more")
    root = base64.b64encode(tree.root(tree.size)).decode()
    note = signed(f"{settings.LOG_ORIGIN}\n{tree.size}\n{root}\n")
    made = Checkpoint(origin=settings.LOG_ORIGIN, size=tree.size, note=note, moment=now)
    # Two workers may have read the same entries. Then they have signed the same.
    with contextlib.suppress(IntegrityError), transaction.atomic():
        made.save(force_insert=True)


def _leaves_read_again() -> Iterator[bytes]:
    entries = LogEntry.objects.order_by("index")
    for place, entry in enumerate(entries.iterator()):
        hashed = leaf(entry.statement.encode())
        if entry.index != place or entry.leaf_hash != hashed.hex():
            raise LogBroken(f"entry {place} is gone or was changed")
        yield hashed


def faults(kept: Mapping[int, str]) -> Iterator[str]:
    """A sentence for everything in the log that is not as it was signed.

    `kept` is what somebody has kept elsewhere: roots, in hexadecimal, by the size of the log.
    """
    try:
        tree = Tree(_leaves_read_again())
    except LogBroken as fault:
        yield str(fault)
        return
    events = PageEvent.objects.filter(pk=OuterRef("event_id"))
    of_pages = LogEntry.objects.filter(event_id__isnull=False)
    for entry in of_pages.filter(~Exists(events)).order_by("index"):
        yield f"the event of entry {entry.index} is gone"
    for size, root in sorted(kept.items()):
        if size > tree.size or tree.root(size).hex() != root:
            yield f"its first {size} entries are not those of the earlier output"
    for checkpoint in Checkpoint.objects.filter(origin=settings.LOG_ORIGIN).order_by("size"):
        try:
            same = checkpoint.size <= tree.size and tree.root(checkpoint.size) == root_of(
                checkpoint
            )
        except LogBroken as fault:
            yield str(fault)
            continue
        if not same:
            yield f"the entries do not lead to checkpoint {checkpoint.size}"


# --- Proofs -----------------------------------------------------------------------------------


class _Memory:
    """The tree as this process knows it. It only grows, or is built anew."""

    tree = Tree()
    lock = threading.Lock()


def tree_of(checkpoint: Checkpoint) -> Tree:
    """A tree with at least the entries of the checkpoint, whose root is the signed one.

    Raises LogBroken if the stored entries do not lead there.
    """
    root = root_of(checkpoint)
    with _Memory.lock:
        for tree in (_Memory.tree, Tree()):
            if tree.size < checkpoint.size:
                _read_on(tree, checkpoint.size)
            if tree.size >= checkpoint.size and tree.root(checkpoint.size) == root:
                _Memory.tree = tree
                return tree
    raise LogBroken(f"the entries do not lead to checkpoint {checkpoint.size}")


def _read_on(tree: Tree, size: int) -> None:
    stored = LogEntry.objects.filter(index__gte=tree.size, index__lt=size).order_by("index")
    for leaf_hash in stored.values_list("leaf_hash", flat=True):
        tree.append(bytes.fromhex(leaf_hash))


def prove(entry: LogEntry) -> Proof | None:
    """The proof of an entry; None while no checkpoint contains it. Raises LogBroken as above."""
    containing = Checkpoint.objects.filter(origin=settings.LOG_ORIGIN, size__gt=entry.index)
    # One that a witness has seen as well proves more than a newer one.
    seen = Exists(Cosignature.objects.filter(checkpoint=OuterRef("pk")))
    checkpoint = containing.order_by(seen.desc(), "-size").first()
    if checkpoint is None:
        return None
    path = tree_of(checkpoint).inclusion(entry.index, checkpoint.size)
    return Proof(entry, checkpoint.size, path, cosigned(checkpoint))


def entry_of(signature: SignOff) -> LogEntry | None:
    """The entry of the signing of this signature."""
    return LogEntry.objects.filter(
        event__revision=signature.revision_id,
        event__kind__in=SIGNINGS,
        event__at=signature.signed_at,
        event__by=signature.signed_by_id,
    ).first()
