"""A second program that checks a page, which shares no line and no library with `procedures.log.verify`.

Its tree is pymerkle's, its signatures are libsodium's, those of passkeys are worked out by hand on the
curve P-256, and it reads the formats with patterns.
"""

import base64
import hashlib
import json
import re

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pymerkle import InclusionProof, InvalidProof
from pymerkle.core import _inclusion_path_layout

HASH = r"[A-Za-z0-9+/]{43}="
PROOF = re.compile(
    rf"c2sp\.org/tlog-proof@v1\nindex (0|[1-9]\d*)\n((?:{HASH}\n)*)\n"
    rf"(([^\n]+)\n(0|[1-9]\d*)\n({HASH})\n)\n((?:\u2014 [^\n ]+ [A-Za-z0-9+/]+={{0,2}}\n)+)"
)
STATEMENT = re.compile(
    r"((?:clinic-statement/v1\n|clinic-translation/v1\nlanguage [a-z]{2,3}\ntranslates [0-9a-f]{64}\n)"
    r"act [a-z-]+\npage [^\n]+\nversion \d+\ntext ([0-9a-f]{64})\n"
    r"(?:[a-z-]+ [^\n]+\n){7}register ([^\n]+)\nregistration ([^\n]+)\n"
    r"(?:[a-z-]+ [^\n]+\n){3}keys (-|[0-9a-f]{64})\npredecessor [^\n]+\n)event [^\n]+\n"
)
LIST = re.compile(
    r"clinic-keys/v1\nsigner [^\n]+\nregister ([^\n]+)\nregistration ([^\n]+)\nsite (\S+)\n"
    r"keys (-|[0-9a-f]{64}(?: [0-9a-f]{64})*)\nat [^\n]+\npredecessor (-|[0-9a-f]{64})\n"
)
WORDS, CODED = r'"(?:[^"\\]|\\[n"\\])*"', r'"([A-Za-z0-9+/]+={0,2})"'
PASSKEY = (
    rf'\{{"authenticator-data":{CODED},"client-data":{CODED},"key":{CODED},"signature":{CODED}\}}'
)
LISTED = re.compile(rf'\{{"proof":({WORDS}),"signature":(null|{PASSKEY}),"statement":({WORDS})\}}')
SIGNATURE = re.compile(r'\{"lists":\[(\{.+\})\],"passkey":(\{[^{}]+\})\}')


def accepts(
    text: bytes,
    statement: bytes,
    proof: bytes,
    key: str,
    signature: bytes = b"",
    signer: str = "",
    witness: str = "",
) -> bool:
    """Whether the text was signed as the statement says, and the log of this key contains that.

    With `signer`, only if a passkey has signed it that was enrolled under this number; with `witness`,
    only if that witness has seen the log.
    """
    said = STATEMENT.fullmatch(statement.decode(errors="replace"))
    if not said or hashlib.sha256(text).hexdigest() != said[2]:
        return False
    keys = (key, witness)
    place = _place(statement, proof.decode(errors="replace"), *keys)
    if place < 0:
        return False
    if said[5] == "-":
        return not signature and not signer
    try:
        begun = _enrolment(signature.decode(errors="replace"), said, place, *keys)
    except ValueError:
        return False
    return begun == signer if signer else bool(begun)


def _place(statement: bytes, proof: str, key: str, witness: str) -> int:
    """The place of a statement in the log; -1 if it is not there."""
    name, number, material = key.split("+", 2)
    found = PROOF.fullmatch(proof)
    if not found or found[4] != name:
        return -1
    index, path, size = int(found[1]), found[2].split(), int(found[5])
    if any(base64.b64encode(base64.b64decode(each)).decode() != each for each in (*path, found[6])):
        return -1
    hashed = hashlib.sha256(b"\0" + statement).digest()
    try:
        InclusionProof(
            algorithm="sha256",
            security=True,
            size=size,
            index=index + 1,
            rule=_inclusion_path_layout(index + 1, size)[0],
            path=[hashed, *map(base64.b64decode, path)],
        ).verify(hashed, base64.b64decode(found[6]), index=index + 1, size=size)
    except (InvalidProof, ValueError):
        return -1
    signed = _is_signed(found[3], found[7], name, number, base64.b64decode(material)[1:])
    return index if signed and (not witness or _is_seen(found, witness)) else -1


def _is_signed(body: str, lines: str, name: str, number: str, public: bytes) -> bool:
    for line in lines.splitlines():
        _, signer, coded = line.split(" ")
        signature = base64.b64decode(coded)
        if base64.b64encode(signature).decode() != coded:
            return False
        if signer == name and signature[:4].hex() == number:
            try:
                VerifyKey(public).verify(body.encode(), signature[4:])
            except (BadSignatureError, ValueError):
                return False
            return True
    return False


def _is_seen(found: re.Match[str], witness: str) -> bool:
    name, number, material = witness.split("+", 2)
    line = re.search(rf"\u2014 {re.escape(name)} ([^\n]+)\n", found[7])
    if not line:
        return False
    signed = base64.b64decode(line[1])
    if base64.b64encode(signed).decode() != line[1]:
        return False
    # After the number of the key, which `_is_signed` compares, come eight bytes of time.
    seconds = int.from_bytes(signed[4:12], "big")
    again = base64.b64encode(signed[:4] + signed[12:]).decode()
    body = f"cosignature/v1\ntime {seconds}\n{found[3]}"
    public = base64.b64decode(material)[1:]
    return _is_signed(body, f"\u2014 {name} {again}\n", name, number, public)


# --- Passkeys -----------------------------------------------------------------------------------


def _enrolment(signature: str, said: re.Match[str], place: int, *keys: str) -> str:
    """The hash of the list that began the lists of passkeys; empty if anything is wrong."""
    whole = SIGNATURE.fullmatch(signature)
    lists = [*LISTED.finditer(whole[1])] if whole else []
    if not whole or ",".join(each[0] for each in lists) != whole[1]:
        return ""
    begun, newest, before, last = "", "-", set[str](), -1
    site = ""
    for each in lists:
        proof, statement = json.loads(each[1]), json.loads(each[7])
        told, at = LIST.fullmatch(statement), _place(statement.encode(), proof, *keys)
        if not told or at <= last or told[5] != newest or told.groups()[:2] != said.groups()[2:4]:
            return ""
        listed, site, last = set(told[4].split()) - {"-"}, told[3], at
        newest = hashlib.sha256(b"\0" + statement.encode()).hexdigest()
        begun = begun if before else newest
        if bool(listed - before) != (each[2] != "null"):
            return ""
        if listed - before and _who(each[2], statement, site) not in (before or listed):
            return ""
        before = listed
    known = newest == said[5] and last < place and _who(whole[2], said[1], site) in before
    return begun if known else ""


def _who(signed: str, statement: str, site: str) -> str:
    """The hash of the passkey that signed these words on this site; empty if none did."""
    found = re.fullmatch(PASSKEY, signed)
    parts = [base64.b64decode(each) for each in found.groups()] if found else []
    if not found or [base64.b64encode(each).decode() for each in parts] != [*found.groups()]:
        return ""
    data, client_data, key, signature = parts
    told = json.loads(client_data.decode(errors="replace"))
    challenge = hashlib.sha256(statement.encode()).digest()
    asked = base64.b64encode(challenge, b"-_").decode().strip("=")
    host = site.partition("://")[2].partition(":")[0]
    is_right = (
        {"type": "webauthn.get", "challenge": asked, "origin": site}.items() <= told.items()
        and not told.get("crossOrigin")
        and data.startswith(hashlib.sha256(host.encode()).digest())
        and data[32] & 1
        and data[32] & 4
    )
    message = data + hashlib.sha256(client_data).digest()
    is_signed = is_right and _is_signed_on_p256(key, signature, message)
    return hashlib.sha256(key).hexdigest() if is_signed else ""


P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
# A point of P-256 as SubjectPublicKeyInfo: what stands before its coordinates.
BEFORE = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
Point = tuple[int, int] | None


def _is_signed_on_p256(key: bytes, signature: bytes, message: bytes) -> bool:
    if not key.startswith(BEFORE) or len(key) != len(BEFORE) + 64:
        return False
    x, y = (int.from_bytes(key[at : at + 32], "big") for at in (27, 59))
    try:
        r, s = _two_numbers(signature)
    except (IndexError, ValueError):
        return False
    if (y * y - x**3 + 3 * x - B) % P or not (0 < r < N and 0 < s < N):
        return False
    e = int.from_bytes(hashlib.sha256(message).digest(), "big")
    inverse = pow(s, -1, N)
    met = _sum(_times(e * inverse % N, G), _times(r * inverse % N, (x, y)))
    return met is not None and met[0] % N == r


def _two_numbers(der: bytes) -> tuple[int, int]:
    """The two numbers of a signature in DER, in their one spelling. Raises ValueError."""
    middle = 4 + der[3]
    numbers = [int.from_bytes(der[4:middle], "big"), int.from_bytes(der[middle + 2 :], "big")]
    spelled = b"".join(
        bytes([2, len(each)]) + each
        for number in numbers
        for each in [number.to_bytes(number.bit_length() // 8 + 1, "big")]
    )
    if bytes([0x30, len(spelled)]) + spelled != der:
        raise ValueError
    return numbers[0], numbers[1]


def _sum(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0] and (one[1] + other[1]) % P == 0:
        return None
    if one == other:
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P)
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(number: int, point: Point) -> Point:
    result: Point = None
    while number:
        if number & 1:
            result = _sum(result, point)
        point, number = _sum(point, point), number >> 1
    return result
