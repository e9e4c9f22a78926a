"""A second program that checks a page, which shares no line and no library with `procedures.log.verify`.

Its tree is pymerkle's, its signatures are libsodium's, and it reads the formats with patterns.
"""

import base64
import hashlib
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
    r"clinic-statement/v1\nact [a-z-]+\npage [^\n]+\nversion \d+\ntext ([0-9a-f]{64})\n"
    r"(?:[a-z-]+ [^\n]+\n){14}"
)


def accepts(text: bytes, statement: bytes, proof: bytes, key: str) -> bool:
    """Whether the text was signed as the statement says, and the log of this key contains that."""
    name, number, material = key.split("+", 2)
    said = STATEMENT.fullmatch(statement.decode(errors="replace"))
    found = PROOF.fullmatch(proof.decode(errors="replace"))
    if not said or not found or hashlib.sha256(text).hexdigest() != said[1] or found[4] != name:
        return False
    index, path, size = int(found[1]), found[2].split(), int(found[5])
    if any(base64.b64encode(base64.b64decode(each)).decode() != each for each in (*path, found[6])):
        return False
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
        return False
    return _is_signed(found[3], found[7], name, number, base64.b64decode(material)[1:])


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
