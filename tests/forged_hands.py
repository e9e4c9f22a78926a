"""Seventeen ways to sign in somebody's name, for whoever has the server, its database and its keys.

Each gives what a stranger would download: the text, the statement, its proof and the signature. The
log is built anew and rightly signed each time. What the forger lacks is the passkey of the clinician;
what she signed before is there to be used again, and so is what she may have signed elsewhere.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from procedures.ground import passkeys
from procedures.log import verify
from tests import second_opinion
from tests.authenticators import PRESENT, Phone
from tests.forgeries import proof_of

Files = tuple[bytes, bytes, bytes, bytes]
ENDS = (".txt", ".statement", ".tlog-proof", ".signature")
Passkey = dict[str, str]
OTHER_TEXT = b"<p>Take twice as much.</p>"


class Taken(NamedTuple):
    """What the forger has of a page that a clinician signed, and the number that strangers have."""

    text: bytes
    statement: str
    passkey: Passkey
    # The list of her passkeys, and what her passkey signed of it.
    listed: str
    vouched: Passkey
    number: str
    # Her phone: only for what she could be led to sign on another site.
    hers: Phone
    # What her passkey signed of another page.
    elsewhere: Passkey


def taken(client: Client, page: str, elsewhere: str, hers: Phone) -> Taken:
    """What the forger takes from a page that she signed with her phone, and from another one."""
    first, second = (
        [client.get(f"{each}verify/version-1{end}").content for end in ENDS]
        for each in (page, elsewhere)
    )
    told = json.loads(first[-1])
    listed = told["lists"][0]
    return Taken(
        first[0],
        first[1].decode(),
        told["passkey"],
        listed["statement"],
        listed["signature"],
        verify.leaf(listed["statement"].encode()).hex(),
        hers,
        json.loads(second[-1])["passkey"],
    )


def verdicts(files: Files, has: Taken, key: str) -> tuple[str, str]:
    """Why our program and the other one refuse these files; empty from one that accepts them.

    Both were given the clinic's key, and the number that she gave to strangers.
    """
    text, statement, proof, signature = files
    ours = ""
    try:
        verify.check(text, statement, proof.decode(), key, has.number, signature=signature)
    except verify.Refused as fault:
        ours = str(fault)
    accepted = second_opinion.accepts(text, statement, proof, key, signature, has.number)
    return ours, "" if accepted else "refused"


def signs(phone: Phone, statement: str) -> Passkey:
    """What a phone signs of a statement."""
    asked = passkeys.options_to_sign(challenge=verify.meant(statement), have=[])
    answer = passkeys.read_assertion(phone.sign(asked))
    parts = (answer.authenticator_data, answer.client_data, key_of(phone), answer.signature)
    return {
        name: base64.b64encode(each).decode()
        for name, each in zip(verify.PARTS, parts, strict=True)
    }


def key_of(phone: Phone) -> bytes:
    """The public key of a phone, as the log names it by its hash."""
    return phone.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def shown(
    text: bytes,
    statement: str,
    passkey: Passkey | None,
    lists: list[tuple[str, Passkey | None]],
) -> Files:
    """The files of a log that has these lists and then the statement, all of it rightly signed."""
    statements = [*(each for each, _ in lists), statement]
    told = {
        "lists": [
            {"proof": proof_of(statements, at), "signature": signed, "statement": each}
            for at, (each, signed) in enumerate(lists)
        ],
        "passkey": passkey,
    }
    signature = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    by_passkey = "\nkeys -\n" not in statement
    return (
        text,
        statement.encode(),
        proof_of(statements, len(lists)).encode(),
        signature.encode() if by_passkey else b"",
    )


def with_line(statement: str, name: str, value: str) -> str:
    """A statement with another value in one line."""
    lines = statement.split("\n")
    return "\n".join(f"{name} {value}" if each.startswith(f"{name} ") else each for each in lines)


def _said_otherwise(name: str, value: str) -> Callable[[Taken], Files]:
    def forge(has: Taken) -> Files:
        statement = with_line(has.statement, name, value)
        return shown(has.text, statement, has.passkey, [(has.listed, has.vouched)])

    return forge


def _signed_by(**lies: Any) -> Callable[[Taken], Files]:
    """A new date, signed by her own passkey under other circumstances."""

    def forge(has: Taken) -> Files:
        statement = with_line(has.statement, "review-by", "2099-01-01")
        lied = Phone(has.hers.key, has.hers.credential, **lies)
        return shown(has.text, statement, signs(lied, statement), [(has.listed, has.vouched)])

    return forge


def _other_text(has: Taken) -> Files:
    hashed = hashlib.sha256(OTHER_TEXT).hexdigest()
    statement = with_line(has.statement, "text", hashed)
    return shown(OTHER_TEXT, statement, has.passkey, [(has.listed, has.vouched)])


def _of_another_page(has: Taken) -> Files:
    return shown(has.text, has.statement, has.elsewhere, [(has.listed, has.vouched)])


def _key_swapped(has: Taken) -> Files:
    statement = with_line(has.statement, "review-by", "2099-01-01")
    return shown(has.text, statement, signs(Phone(), statement), [(has.listed, has.vouched)])


def _enrolled(vouched: Callable[[Taken, Phone, str], Passkey | None]) -> Callable[[Taken], Files]:
    """A second list, with a passkey of the forger's own beside hers."""

    def forge(has: Taken) -> Files:
        own = Phone()
        hers = verify.read_statement(has.listed)["keys"]
        both = " ".join(sorted([hers, hashlib.sha256(key_of(own)).hexdigest()]))
        return _by_a_list(has, own, both, vouched, [(has.listed, has.vouched)])

    return forge


def _by_a_list(
    has: Taken,
    own: Phone,
    keys: str,
    vouched: Callable[[Taken, Phone, str], Passkey | None],
    before: list[tuple[str, Passkey | None]],
) -> Files:
    listed = with_line(has.listed, "keys", keys)
    last = verify.leaf(before[-1][0].encode()).hex() if before else "-"
    listed = with_line(listed, "predecessor", last)
    statement = with_line(has.statement, "keys", verify.leaf(listed.encode()).hex())
    lists = [*before, (listed, vouched(has, own, listed))]
    return shown(has.text, statement, signs(own, statement), lists)


def _begun_anew(has: Taken) -> Files:
    """Her passkeys taken off the list, which needs nobody, and one of the forger's put on it."""
    own = Phone()
    key = hashlib.sha256(key_of(own)).hexdigest()
    none = with_line(with_line(has.listed, "keys", "-"), "predecessor", has.number)
    before = [(has.listed, has.vouched), (none, None)]
    return _by_a_list(has, own, key, lambda _, own, listed: signs(own, listed), before)


def _first_list(has: Taken) -> Files:
    """A first list of her passkeys that never was hers."""
    own = Phone()
    key = hashlib.sha256(key_of(own)).hexdigest()
    return _by_a_list(has, own, key, lambda _, own, listed: signs(own, listed), [])


def _bit_flipped(has: Taken) -> Files:
    """She was there and did not prove it; the forger sets the bit that says so."""
    statement = with_line(has.statement, "review-by", "2099-01-01")
    lied = signs(Phone(has.hers.key, has.hers.credential, flags=PRESENT), statement)
    data = bytearray(base64.b64decode(lied["authenticator-data"]))
    data[32] |= 4
    lied["authenticator-data"] = base64.b64encode(data).decode()
    return shown(has.text, statement, lied, [(has.listed, has.vouched)])


def _in_another_order(has: Taken) -> Files:
    first, *lines = has.statement.split("\n")
    statement = "\n".join([first, lines[1], lines[0], *lines[2:]])
    return shown(has.text, statement, has.passkey, [(has.listed, has.vouched)])


HANDS: dict[str, Callable[[Taken], Files]] = {
    "another text under what she signed": _other_text,
    "what she signed of another page": _of_another_page,
    "what she signed on another site": _signed_by(origin="https://clinic.example.net"),
    "a passkey of another site": _signed_by(site="clinic.example.net"),
    "her passkey, and nobody made sure that it was her": _signed_by(flags=PRESENT),
    "the same with the bit set that says so": _bit_flipped,
    "another key, not on her list": _key_swapped,
    "another key, put on her list with its own signature": _enrolled(
        lambda _, own, told: signs(own, told)
    ),
    "another key, put on her list with her old signature": _enrolled(lambda has, *_: has.vouched),
    "her keys taken off the list, and another begun": _begun_anew,
    "a first list that was never hers": _first_list,
    "her signature again, as reading it again": _said_otherwise("act", "re-affirmed"),
    "the lines in another order": _in_another_order,
    "another predecessor": _said_otherwise("predecessor", "0" * 64),
    "her signature under another name": _said_otherwise("registration", "DEMO-9999"),
    "a later date": _said_otherwise("at", "2027-11-23T10:00:00.000000+00:00"),
    "the clinic's key in her name": _said_otherwise("keys", "-"),
}
