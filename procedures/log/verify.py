#!/usr/bin/env python3
"""Checks that a text is the one that somebody signed and a public log contains, trusting nobody.

    python3 verify.py PAGE KEY [WITNESS or SIGNER ...]

PAGE is an address or a path without its ending, for example
https://clinic.example/procedures/a-page/verify/version-3. Three files belong to it: PAGE.txt is the
text, PAGE.statement says who signed it and until when, PAGE.tlog-proof leads from that statement to
the signed root of the clinic's log. If the signer has a key of their own, a passkey that the clinic
does not hold, PAGE.signature is what it signed: the hash of the statement.

KEY is the clinic's key, each WITNESS that of somebody who watches the log, and SIGNER the number under
which the signer's passkeys were enrolled. Take them from paper, from the register of domain names or
from a friend: a key that came with the page proves nothing.

It needs Python 3.11 and the package `cryptography`. Formats: https://c2sp.org/signed-note,
/tlog-checkpoint, /tlog-proof, /tlog-cosignature; the tree is that of RFC 6962, and a passkey signs as
in https://www.w3.org/TR/webauthn-2/.
"""

import base64
import hashlib
import json
import sys
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

FORMAT, KEYS_FORMAT = "clinic-statement/v1", "clinic-keys/v1"
TRANSLATION_FORMAT = "clinic-translation/v1"
# The lines of a statement, in their order. "-" is said where there is nothing to say.
_ABOUT_A_PAGE = [
    *("act", "page", "version", "text", "document", "figures", "change", "note", "at"),
    *("signer", "role", "register", "registration", "own-work", "review-by", "closes"),
    *("keys", "predecessor", "event"),
]
LINES = {
    # About a page. `keys` is the hash of the list with the passkey that signed, `event` that of a record
    # of the clinic, which it adds after the passkey has signed everything above.
    FORMAT: _ABOUT_A_PAGE,
    # About a translation: its language, and the hash of the English text that it says again.
    TRANSLATION_FORMAT: ["language", "translates", *_ABOUT_A_PAGE],
    # A list of all passkeys with which somebody signs from now on.
    KEYS_FORMAT: ["signer", "register", "registration", "site", "keys", "at", "predecessor"],
}
NOTHING = "-"
# The parts of what a passkey signed: its public key as SubjectPublicKeyInfo, and all as Base 64.
PARTS = ["authenticator-data", "client-data", "key", "signature"]
PRESENT_AND_VERIFIED = 5
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
    lines = LINES.get(first, [])
    if not lines or rest.pop() or list(said) != lines or len(rest) != len(lines):
        raise Refused("This is not a statement that we can read.")
    return said


def included(statement: bytes, proof: str, key: str, *witnesses: str) -> int:
    """The place of a statement in the log, as all of these witnesses have seen it.

    Raises Refused if it is not there.
    """
    index, path, note = read_proof(proof)
    origin, size, root = read_checkpoint(open_note(note, key))
    if origin != key.split("+", 1)[0]:
        raise Refused("The checkpoint is that of another log.")
    if index >= size or [leaf(statement), *climb(leaf(statement), index, size, path)][-1] != root:
        raise Refused("The log does not contain this statement.")
    for witness in witnesses:
        witnessed(note, witness)
    return index


# --- What a passkey signed --------------------------------------------------------------------


class Enrolment(NamedTuple):
    """Under which number, and when, the first of the passkeys was enrolled that led to this one."""

    number: str
    at: str


def meant(statement: str) -> bytes:
    """What a passkey signs of a statement: the hash of all its lines but `event`."""
    above, event, _ = statement.partition("\nevent ")
    return hashlib.sha256((f"{above}\n" if event else statement).encode()).digest()


def passkey_of(signed: Any, statement: str, site: str) -> str:
    """The hash of the passkey that signed a statement on this site. Raises Refused if none did."""
    if not isinstance(signed, dict) or sorted(signed) != PARTS:
        raise Refused("No passkey has signed this.")
    data, client_data, key, signature = (decoded(str(signed[each])) for each in PARTS)
    said = json.loads(client_data)
    asked = base64.urlsafe_b64encode(meant(statement)).decode().rstrip("=")
    if said.get("type") != "webauthn.get" or said.get("challenge") != asked:
        raise Refused("The passkey has signed another statement.")
    host = (urlsplit(site).hostname or "").encode()
    if said.get("origin") != site or said.get("crossOrigin") or "topOrigin" in said:
        raise Refused("The passkey has signed on another site.")
    if data[:32] != hashlib.sha256(host).digest():
        raise Refused("The passkey belongs to another site.")
    if len(data) < 37 or data[32] & PRESENT_AND_VERIFIED != PRESENT_AND_VERIFIED:
        raise Refused("The passkey has not made sure who was there.")
    _verify_passkey(key, signature, data + hashlib.sha256(client_data).digest())
    return hashlib.sha256(key).hexdigest()


def _verify_passkey(key: bytes, signature: bytes, data: bytes) -> None:
    try:
        public = load_der_public_key(key)
        if isinstance(public, Ed25519PublicKey):
            public.verify(signature, data)
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, data, padding.PKCS1v15(), SHA256())
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, data, ec.ECDSA(SHA256()))
        else:
            raise Refused("The passkey is of no kind that we know.")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise Refused("The signature of the passkey is false.") from None


class Passkeys(NamedTuple):
    """A list of somebody's passkeys: what it says, its hash, its place in the log, its enrolment."""

    said: dict[str, str]
    hash: str
    place: int
    enrolment: Enrolment

    @property
    def keys(self) -> set[str]:
        """The hashes of the passkeys."""
        return set(self.said["keys"].split()) - {NOTHING}


def newest_list(lists: list[Any], *keys: str) -> Passkeys:
    """Follow the lists of somebody's passkeys from the first to the last.

    A passkey that is new was vouched for by one from the list before. Raises Refused if not.
    """
    newest: Passkeys | None = None
    for each in lists:
        statement = each["statement"]
        said, place = read_statement(statement), included(statement.encode(), each["proof"], *keys)
        if said["predecessor"] != (newest.hash if newest else NOTHING):
            raise Refused("A list of passkeys is missing.")
        if newest and (place <= newest.place or person(said) != person(newest.said)):
            raise Refused("A list of passkeys is somebody else's, or in the wrong place.")
        known = newest.keys if newest else set()
        hashed = leaf(statement.encode()).hex()
        enrolment = newest.enrolment if newest and known else Enrolment(hashed, said["at"])
        newest = Passkeys(said, hashed, place, enrolment)
        if not newest.keys <= known:
            # The very first vouches for itself.
            vouching = passkey_of(each["signature"], statement, said["site"])
            if vouching not in (known or newest.keys):
                raise Refused("Nobody vouches for a passkey that was added.")
        elif each["signature"] is not None:
            raise Refused("A signature is more than we asked for.")
    if newest is None:
        raise Refused("There is no list of passkeys.")
    return newest


def person(said: dict[str, str]) -> tuple[str, str]:
    """Who somebody is in the public register."""
    return said["register"], said["registration"]


def check_passkey(statement: str, place: int, signature: bytes, *keys: str) -> Enrolment:
    """Under which enrolment a passkey signed a statement. `keys` are those of the log and of witnesses.

    Raises Refused if none did.
    """
    told = json.loads(signature)
    canonical = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if canonical.encode() != signature or sorted(told) != ["lists", "passkey"]:
        raise Refused("This is not a signature that we can read.")
    if any(sorted(each) != ["proof", "signature", "statement"] for each in told["lists"]):
        raise Refused("This is not a list that we can read.")
    said, listed = read_statement(statement), newest_list(told["lists"], *keys)
    if listed.hash != said["keys"] or person(listed.said) != person(said) or listed.place >= place:
        raise Refused("The passkeys are not those that the statement names.")
    if passkey_of(told["passkey"], statement, listed.said["site"]) not in listed.keys:
        raise Refused("The passkey is not one of the signer's.")
    return listed.enrolment


# --- All of it --------------------------------------------------------------------------------


class Found(NamedTuple):
    """What the statement says, and under which enrolment a passkey of the signer has signed it; None if
    the clinic signed it with its own key."""

    said: dict[str, str]
    enrolment: Enrolment | None


def check(
    text: bytes,
    statement: bytes,
    proof: str,
    key: str,
    *others: str,
    signature: bytes = b"",
) -> Found:
    """What is shown, if all of it is true. `others` are keys of witnesses and numbers of enrolments.

    Raises Refused with the first fault.
    """
    said = read_statement(statement.decode())
    if hashlib.sha256(text).hexdigest() != said.get("text"):
        raise Refused("The text is not the one that was signed.")
    keys = [key, *(each for each in others if "+" in each)]
    place = included(statement, proof, *keys)
    by_passkey = said["keys"] != NOTHING
    if bool(signature) != by_passkey:
        raise Refused("The signature of the passkey is missing, or is one too many.")
    try:
        enrolment = (
            check_passkey(statement.decode(), place, signature, *keys) if by_passkey else None
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        raise Refused("This is not a signature that we can read.") from None
    for number in (each for each in others if "+" not in each):
        if enrolment is None:
            raise Refused("No passkey of the signer has signed this, only the clinic.")
        if enrolment.number != number:
            raise Refused(f"The passkeys were enrolled under another number: {enrolment.number}.")
    return Found(said, enrolment)


# --- At the command line ----------------------------------------------------------------------


def fetched(place: str) -> bytes:
    """The bytes at an address, or of a file."""
    if place.startswith(("https://", "http://")):
        with urllib.request.urlopen(place, timeout=30) as answer:  # noqa: S310
            return bytes(answer.read())
    return Path(place).read_bytes()


def main(page: str, key: str, *others: str) -> int:
    """Print what was found; 0 if everything is as it should be, or else 1."""
    try:
        text, statement, proof = (
            fetched(page + end) for end in (".txt", ".statement", ".tlog-proof")
        )
        by_passkey = read_statement(statement.decode()).get("keys") != NOTHING
        signature = fetched(f"{page}.signature") if by_passkey else b""
        found = check(text, statement, proof.decode(), key, *others, signature=signature)
    except (Refused, OSError, ValueError) as fault:
        print(f"REFUSED. {fault}")
        return 1
    said = found.said
    print(f"TRUE. {said['signer']} ({said['register']} {said['registration']})")
    print(f"{said['act']} version {said['version']} of {said['page']} on {said['at']},")
    print(f"to be read again by {said['review-by']}. The log contains that statement.")
    if "language" in said:
        print(f"It says in the language “{said['language']}” what the English text says that has")
        print(f"the hash {said['translates']}.")
    if found.enrolment:
        print(
            "A passkey of the signer has signed it, which the clinic does not hold. Enrolled under"
        )
        print(f"{found.enrolment.number} on {found.enrolment.at}.")
        if found.enrolment.number not in others:
            print("Ask the signer whether that is their number: here the clinic alone says so.")
    else:
        print(
            "The clinic signed it with its own key, for the signer: this does not show their hand."
        )
    for witness in (each for each in others if "+" in each):
        seen = witnessed(read_proof(proof.decode())[2], witness)
        name = witness.split("+")[0]
        print(f"{name} has seen the log grow up to there, at {seen:%Y-%m-%d %H:%M} UTC.")
    print("This does not show that the text is right, or that nothing happened to it since.")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
