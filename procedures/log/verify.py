#!/usr/bin/env python3
"""Checks that a text is the one that somebody signed and a public log contains, trusting nobody.

    python3 verify.py PAGE KEY [WITNESS ...]

PAGE is an address or a path without its ending, for example
https://clinic.example/procedures/a-page/verify/version-3. Three files belong to it: PAGE.txt is the
text, PAGE.statement says who signed it and until when, PAGE.tlog-proof leads from that statement to
the signed root of the clinic's log. KEY is the clinic's key and each WITNESS that of somebody who
watches the log. Take them from paper, from the register of domain names or from a friend: a key that
came with the page proves nothing.

It needs Python 3.11 and the package `cryptography`. Formats: https://c2sp.org/signed-note,
/tlog-checkpoint, /tlog-proof, /tlog-cosignature; the tree is that of RFC 6962.
"""

import base64
import hashlib
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "clinic-statement/v1"
# The lines of a statement, in their order. "-" is said where there is nothing to say.
LINES = [
    *("act", "page", "version", "text", "document", "figures", "change", "note", "at"),
    *("signer", "role", "register", "registration", "own-work", "review-by", "closes"),
    *("predecessor", "event"),
]
LOG_KEY, WITNESS_KEY = 1, 4
DASH = "\u2014 "


class Refused(Exception):
    """Something is not what it should be. The message says what."""


# --- The tree ---------------------------------------------------------------------------------


def leaf(data: bytes) -> bytes:
    """The hash of an entry of the log."""
    return hashlib.sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two neighbours in the tree."""
    return hashlib.sha256(b"\1" + left + right).digest()


def climb(start: bytes, index: int, size: int, path: list[bytes]) -> Iterator[bytes]:
    """Each hash on the way from a leaf up to the root, the root last (RFC 9162, 2.1.3.2).

    Raises Refused if the path is too short or too long for the place of the leaf.
    """
    here, last = index, size - 1
    current = start
    for sibling in path:
        if last == 0:
            raise Refused("The proof is too long.")
        if here & 1 or here == last:
            current = node(sibling, current)
            while here and not here & 1:
                here, last = here >> 1, last >> 1
        else:
            current = node(current, sibling)
        here, last = here >> 1, last >> 1
        yield current
    if last:
        raise Refused("The proof is too short.")


# --- Signed notes -----------------------------------------------------------------------------


def decoded(text: str) -> bytes:
    """The bytes of canonical Base 64. Raises Refused for every other spelling of them."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        found = b""
    if base64.b64encode(found).decode() != text or not found:
        raise Refused(f"“{text}” is not Base 64.")
    return found


def signatures(note: str, key: str) -> tuple[str, list[bytes]]:
    """The text of a note, and the signatures on it that claim to be made with this key."""
    text, gap, below = note.rpartition("\n\n")
    if not gap or not below.endswith("\n"):
        raise Refused("The note has no signature.")
    name, number, _ = key.split("+", 2)
    found = []
    for line in below.split("\n")[:-1]:
        said = line.removeprefix(DASH).split(" ")
        if not line.startswith(DASH) or len(said) != 2:
            raise Refused("A line of the note is no signature.")
        signature = decoded(said[1])
        if said[0] == name and signature[:4].hex() == number:
            found.append(signature[4:])
    return f"{text}\n", found


def public_key(key: str, kind: int) -> Ed25519PublicKey:
    """The key in a line “name+number+key”. Raises Refused if it is for something else."""
    name, number, coded = [*key.split("+", 2), "", ""][:3]
    material = decoded(coded)
    computed = hashlib.sha256(f"{name}\n".encode() + material).digest()[:4].hex()
    if material[0] != kind or len(material) != 33 or computed != number:
        raise Refused(f"“{key}” is not a key of this kind.")
    return Ed25519PublicKey.from_public_bytes(material[1:])


def open_note(note: str, key: str) -> str:
    """The text of a note that the log has signed. Raises Refused if it has not."""
    public = public_key(key, LOG_KEY)
    text, found = signatures(note, key)
    if not found:
        raise Refused("The log has not signed this checkpoint.")
    for signature in found:
        _verify(public, signature, text.encode())
    return text


def witnessed(note: str, witness: str) -> datetime:
    """When a witness saw this checkpoint, after every earlier one. Raises Refused if it did not."""
    public = public_key(witness, WITNESS_KEY)
    text, found = signatures(note, witness)
    if not found:
        raise Refused("The witness has not signed this checkpoint.")
    seconds = int.from_bytes(found[0][:8], "big")
    _verify(public, found[0][8:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return datetime.fromtimestamp(seconds, UTC)


def _verify(public: Ed25519PublicKey, signature: bytes, data: bytes) -> None:
    try:
        public.verify(signature, data)
    except InvalidSignature:
        raise Refused("A signature is false.") from None


# --- What the files say -----------------------------------------------------------------------


def number(text: str) -> int:
    """A whole number as the formats write it. Raises Refused for every other spelling."""
    if not text.isascii() or not text.isdecimal() or str(int(text)) != text:
        raise Refused(f"“{text}” is not a number.")
    return int(text)


def read_checkpoint(text: str) -> tuple[str, int, bytes]:
    """The name of the log, its size, and its root."""
    origin, size, root = [*text.split("\n"), "", "", ""][:3]
    return origin, number(size), decoded(root)


def read_proof(proof: str) -> tuple[int, list[bytes], str]:
    """The place of the entry, the hashes on its way to the root, and the checkpoint with the root."""
    head, _, note = proof.partition("\n\n")
    first, *rest = head.split("\n")
    word, _, index = (rest or [""])[0].partition(" ")
    if first != "c2sp.org/tlog-proof@v1" or word != "index":
        raise Refused("This is not a proof of a log.")
    return number(index), [decoded(line) for line in rest[1:]], note


def read_statement(statement: str) -> dict[str, str]:
    """What a statement says, line by line. Raises Refused if a line is missing or in another place."""
    first, *rest = statement.split("\n")
    said = dict(line.split(" ", 1) for line in rest if " " in line)
    if first != FORMAT or rest.pop() or list(said) != LINES or len(rest) != len(LINES):
        raise Refused("This is not a statement that we can read.")
    return said


def check(text: bytes, statement: bytes, proof: str, key: str, *witnesses: str) -> dict[str, str]:
    """What the statement says, if all of it is true. Raises Refused with the first fault."""
    said = read_statement(statement.decode())
    if hashlib.sha256(text).hexdigest() != said["text"]:
        raise Refused("The text is not the one that was signed.")
    index, path, note = read_proof(proof)
    origin, size, root = read_checkpoint(open_note(note, key))
    if origin != key.split("+", 1)[0]:
        raise Refused("The checkpoint is that of another log.")
    if index >= size or [leaf(statement), *climb(leaf(statement), index, size, path)][-1] != root:
        raise Refused("The log does not contain this statement.")
    for witness in witnesses:
        witnessed(note, witness)
    return said


# --- At the command line ----------------------------------------------------------------------


def fetched(place: str) -> bytes:
    """The bytes at an address, or of a file."""
    if place.startswith(("https://", "http://")):
        with urllib.request.urlopen(place, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())
    return Path(place).read_bytes()


def main(page: str, key: str, *witnesses: str) -> int:
    """Print what was found; 0 if everything is as it should be, or else 1."""
    try:
        text, statement, proof = (
            fetched(page + end) for end in (".txt", ".statement", ".tlog-proof")
        )
        said = check(text, statement, proof.decode(), key, *witnesses)
    except (Refused, OSError, ValueError) as fault:
        print(f"REFUSED. {fault}")
        return 1
    print(f"TRUE. {said['signer']} ({said['register']} {said['registration']})")
    print(f"{said['act']} version {said['version']} of {said['page']} on {said['at']},")
    print(f"to be read again by {said['review-by']}. The log contains that statement.")
    for witness in witnesses:
        seen = witnessed(read_proof(proof.decode())[2], witness)
        print(
            f"{witness.split('+')[0]} has seen the log grow up to there, at {seen:%Y-%m-%d %H:%M} UTC."
        )
    print("This does not show that the text is right, or that nothing happened to it since.")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
