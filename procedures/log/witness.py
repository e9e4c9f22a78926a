"""Watches the logs of others, and collects what others say about ours (C2SP tlog-cosignature).

A look reads the whole log again: its checkpoint, every tile and every statement. It is refused unless
the log begins with exactly what was there at the last look. Only then we put our own signature below the
checkpoint, with the time. So nobody can show us one history and somebody else another: whoever asks for
our signature gets that of one history alone.
"""

import contextlib
import hashlib
import urllib.error
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from django.conf import settings
from django.db import IntegrityError, transaction

from procedures.ground.exchanges import opened
from procedures.log import tiles
from procedures.log.notes import cosignature
from procedures.log.tree import Tree
from procedures.log.verify import (
    Refused,
    leaf,
    open_note,
    read_checkpoint,
    read_statement,
    witnessed,
)
from procedures.models import Checkpoint, Cosignature, WatchedLog

# What comes back from a path below the log's address. Raises OSError, and FileNotFoundError for a 404.
Fetch = Callable[[str], bytes]
SECONDS = 20
# A full bundle of the longest statements there can be.
MOST_BYTES = tiles.WIDTH * 2**16


def fetching_from(address: str) -> Fetch:
    """How to fetch from a log at this address, over HTTP."""

    def fetch(path: str) -> bytes:
        try:
            with opened(f"{address}/{path}", seconds=SECONDS) as answer:
                return bytes(answer.read(MOST_BYTES))
        except urllib.error.HTTPError as error:
            error.close()
            if error.code == HTTPStatus.NOT_FOUND:
                raise FileNotFoundError(path) from None
            raise

    return fetch


def watch(origin: str, key: str, address: str, *, witness: str = "") -> WatchedLog:
    """Begin to watch a log. `witness` is the key with which they watch ours, if they do."""
    told = {"key": key, "address": address.rstrip("/"), "witness": witness}
    return WatchedLog.objects.update_or_create(origin=origin, defaults=told)[0]


def look(watched: WatchedLog, fetch: Fetch, now: datetime) -> WatchedLog:
    """Look at a log, and cosign its checkpoint if it only grew since the last look.

    Raises Refused with the reason, which is kept with the log; OSError if it could not be reached.
    """
    try:
        size, note = _consistent(watched, fetch)
    except Refused as fault:
        WatchedLog.objects.filter(pk=watched.pk).update(trouble=str(fault), looked=now)
        raise
    text, _, _ = note.rpartition("\n\n")
    # Of two looks at the same time, the one that saw less does not undo the other.
    WatchedLog.objects.filter(pk=watched.pk, size=watched.size).update(
        size=size, note=note + cosignature(f"{text}\n", now), trouble="", looked=now
    )
    watched.refresh_from_db()
    return watched


def collect(watched: WatchedLog, fetch: Fetch) -> bool:
    """Keep their signature on the newest checkpoint of ours that they have seen, if it is new.

    Raises Refused if what they say is not about a checkpoint that we signed.
    """
    try:
        note = fetch(
            f"witness/{hashlib.sha256(settings.LOG_ORIGIN.encode()).hexdigest()}/checkpoint"
        )
    except FileNotFoundError:
        return False
    said = note.decode()
    moment = witnessed(said, watched.witness)
    text = said.rpartition("\n\n")[0]
    checkpoint = Checkpoint.objects.filter(note__startswith=f"{text}\n\n").first()
    if checkpoint is None:
        raise Refused("They have signed a checkpoint that we have not.")
    name = watched.witness.split("+")[0]
    line = next(each for each in said.splitlines() if each.startswith(f"\u2014 {name} "))
    # They may have said it before.
    with contextlib.suppress(IntegrityError), transaction.atomic():
        Cosignature.objects.create(checkpoint=checkpoint, witness=name, line=line, moment=moment)
    return True


def compare(watched: WatchedLog, note: str, fetch: Fetch) -> None:
    """Compare a checkpoint that somebody else was shown with the log as it is shown to us.

    Raises Refused if both cannot be the beginning of one log: then the note and ours together prove
    that its owner shows two histories. OSError if the log could not be reached.
    """
    _, size, root = read_checkpoint(open_note(note, watched.key))
    ours, _ = _consistent(watched, fetch)
    if size > ours:
        raise Refused(f"Others are shown {size} entries, and we {ours}.")
    if _read_again(fetch, ours).root(size) != root:
        raise Refused(f"Others are shown other entries than we among the first {size}.")


def _consistent(watched: WatchedLog, fetch: Fetch) -> tuple[int, str]:
    """The size and the note of their newest checkpoint. Raises Refused unless their log only grew."""
    note = fetch("checkpoint").decode()
    origin, size, root = read_checkpoint(open_note(note, watched.key))
    if origin != watched.origin:
        raise Refused(f"It is the checkpoint of another log: {origin}.")
    if size < watched.size:
        raise Refused(f"The log has shrunk from {watched.size} entries to {size}.")
    tree = _read_again(fetch, size)
    if tree.root(size) != root:
        raise Refused("The entries do not lead to the root that was signed.")
    if watched.size:
        _, _, seen = read_checkpoint(watched.note)
        if tree.root(watched.size) != seen:
            raise Refused(f"The first {watched.size} entries are not the ones that we have seen.")
    return size, note


def _read_again(fetch: Fetch, size: int) -> Tree:
    """The tree of all statements. Raises Refused if one does not belong to its place."""
    tree = Tree()
    for place in tiles.places(size):
        hashes, bundle = fetch(f"tile/0/{place}"), fetch(f"tile/entries/{place}")
        while hashes:
            length = int.from_bytes(bundle[:2], "big")
            statement, bundle = bundle[2 : 2 + length], bundle[2 + length :]
            if leaf(statement) != hashes[:32]:
                raise Refused(f"Entry {tree.size} does not say what its hash says.")
            read_statement(statement.decode())
            tree.append(hashes[:32])
            hashes = hashes[32:]
    return tree
