"""An invented clinic next door: it watches our log, and we watch its."""

import base64
import hashlib
from datetime import datetime, timedelta

from django.conf import settings

from procedures.log import checkpoints, tiles, witness
from procedures.log.notes import Keys
from procedures.log.tree import Tree
from procedures.log.verify import FORMAT, LINES, NOTHING, leaf
from procedures.models import WatchedLog

ORIGIN, ADDRESS = "next-door.example/log", "https://next-door.example/log"
# Not secret: nothing that it signs is real.
KEYS = Keys(ORIGIN, "the invented clinic next door")
PAGES = ("procedures/an-invented-injection", "guides/an-invented-ache")


def load(now: datetime) -> None:
    """Watch its log, and collect what it says about ours."""
    if WatchedLog.objects.filter(origin=ORIGIN).exists():
        return
    files = _files(now - timedelta(days=30))
    ours = checkpoints.newest()
    if ours:
        text = ours.note.rpartition("\n\n")[0] + "\n"
        named = hashlib.sha256(settings.LOG_ORIGIN.encode()).hexdigest()
        seen = ours.note + KEYS.cosignature(text, now)
        files[f"witness/{named}/checkpoint"] = seen.encode()
    watched = witness.watch(ORIGIN, KEYS.log_key(), ADDRESS, witness=KEYS.witness_key())
    witness.look(watched, files.__getitem__, now)
    witness.collect(watched, files.__getitem__)


def _files(then: datetime) -> dict[str, bytes]:
    """Its log, as it would be fetched."""
    statements = [_statement(page, then) for page in PAGES]
    tree = Tree(map(leaf, statements))
    root = base64.b64encode(tree.root(tree.size)).decode()
    (place,) = tiles.places(tree.size)
    return {
        "checkpoint": KEYS.signed(f"{ORIGIN}\n{tree.size}\n{root}\n").encode(),
        f"tile/0/{place}": b"".join(tree.levels[0]),
        f"tile/entries/{place}": b"".join(
            len(each).to_bytes(2, "big") + each for each in statements
        ),
    }


def _statement(page: str, then: datetime) -> bytes:
    told = {
        "act": "signed",
        "page": page,
        "version": "1",
        "text": hashlib.sha256(page.encode()).hexdigest(),
        "at": then.isoformat(timespec="microseconds"),
        "signer": "Dr Nora Nextdoor",
        "registration": "DEMO-0101",
    }
    lines = [f"{name} {told.get(name, NOTHING)}" for name in LINES[FORMAT]]
    return "\n".join([FORMAT, *lines, ""]).encode()
