"""Twenty ways to rewrite history, for somebody with the server, its database and its keys.

Each takes the statements of a log of which a witness has seen all, and gives what the forger would show
now: files by their path, all freshly and rightly signed.
"""

import base64
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

from django.conf import settings

from procedures.log import notes, tiles, verify
from procedures.log.tree import Tree
from procedures.log.witness import Fetch

Statements = list[str]
Files = dict[str, bytes]


def served(statements: Statements, origin: str = "", size: int | None = None) -> Files:
    """The files of a log with these statements."""
    tree = Tree(verify.leaf(each.encode()) for each in statements)
    size = tree.size if size is None else size
    root = base64.b64encode(tree.root(size)).decode()
    files = {
        "checkpoint": notes.signed(f"{origin or settings.LOG_ORIGIN}\n{size}\n{root}\n").encode()
    }
    for number, place in enumerate(tiles.places(size)):
        under = slice(number * tiles.WIDTH, min((number + 1) * tiles.WIDTH, size))
        files[f"tile/0/{place}"] = b"".join(tree.levels[0][under])
        files[f"tile/entries/{place}"] = b"".join(
            len(each.encode()).to_bytes(2, "big") + each.encode() for each in statements[under]
        )
    return files


def proof_of(statements: Statements, index: int) -> str:
    """The proof of one statement in a log with all of these."""
    tree = Tree(verify.leaf(each.encode()) for each in statements)
    path = [base64.b64encode(each).decode() for each in tree.inclusion(index, tree.size)]
    note = served(statements)["checkpoint"].decode()
    return "\n".join(["c2sp.org/tlog-proof@v1", f"index {index}", *path, "", note])


def fetching(files: Files) -> Fetch:
    """What a witness gets from these files."""

    def fetch(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(path)
        return files[path]

    return fetch


def _said_otherwise(word: str, other: str) -> Callable[[Statements], Files]:
    """The first statement with another value in one line, and everything after it made to fit."""

    def forge(statements: Statements) -> Files:
        first = "\n".join(
            f"{word} {other}" if line.startswith(f"{word} ") else line
            for line in statements[0].split("\n")
        )
        return served(chained([first, *statements[1:]]))

    return forge


def chained(statements: Statements) -> Statements:
    """The same statements, each naming the hash of its page's last one as it is now."""
    newest: dict[str, str] = {}
    made = []
    for each in statements:
        said = verify.read_statement(each)
        old, new = said["predecessor"], newest.get(_about(said), "-")
        made.append(each.replace(f"predecessor {old}\n", f"predecessor {new}\n"))
        newest[_about(said)] = verify.leaf(made[-1].encode()).hex()
    return made


def _about(said: dict[str, str]) -> str:
    """The page, or the person whose passkeys are listed."""
    return said.get("page", said["registration"])


def _another_key(statements: Statements) -> Files:
    with changed("LOG_KEY", "somebody else's key, of some length and quite random"):
        return served(statements)


def _two_sizes(statements: Statements) -> Files:
    """A tile of the log as it is, below a checkpoint of one that was changed."""
    return served(statements) | {"checkpoint": served(statements[::-1])["checkpoint"]}


def _other_words_under_the_same_hash(statements: Statements) -> Files:
    place = tiles.places(len(statements))[0]
    other = served([statements[0].replace("act signed", "act revoked"), *statements[1:]])
    bundle = f"tile/entries/{place}"
    return served(statements) | {bundle: other[bundle]}


def _hashes_that_do_not_fit(statements: Statements) -> Files:
    place = tiles.places(len(statements))[0]
    return served(statements) | {f"tile/0/{place}": bytes(32 * len(statements))}


@contextmanager
def changed(name: str, value: str) -> Any:
    old = getattr(settings, name)
    setattr(settings, name, value)
    try:
        yield
    finally:
        setattr(settings, name, old)


def false_statement(statements: Statements) -> str:
    """A signature that nobody gave."""
    return statements[0].replace("signer Dr", "signer Professor")


FORGERIES: dict[str, Callable[[Statements], Files]] = {
    "another signer": _said_otherwise("signer", "Dr Nobody"),
    "another registration": _said_otherwise("registration", "DEMO-9999"),
    "another text": _said_otherwise("text", "0" * 64),
    "another date of signing": _said_otherwise("at", "2020-01-01T00:00:00.000000+00:00"),
    "a later review": _said_otherwise("review-by", "2099-01-01"),
    "a signature made a revocation": _said_otherwise("act", "revoked"),
    "the first entry gone": lambda log: served(chained(log[1:])),
    "an entry in the middle gone": lambda log: served(chained([*log[:2], *log[3:]])),
    "the last entry gone": lambda log: served(log[:-1]),
    "everything gone": lambda log: served([]),
    "the last entry gone, and others after it": lambda log: served(
        chained([*log[:-1], false_statement(log), false_statement(log)])
    ),
    "a false entry at the beginning": lambda log: served(chained([false_statement(log), *log])),
    "a false entry in the middle": lambda log: served(
        chained([*log[:2], false_statement(log), *log[2:]])
    ),
    "two entries changed places": lambda log: served(chained([log[1], log[0], *log[2:]])),
    "an older checkpoint shown again": lambda log: served(log, size=len(log) - 2),
    "a changed log under the entries of the old one": _two_sizes,
    "other words under the same hash": _other_words_under_the_same_hash,
    "hashes that fit no entry": _hashes_that_do_not_fit,
    "a log of another name": lambda log: served(log, origin="other.example/log"),
    "a key that nobody was told": _another_key,
}
