"""Signs checkpoints of our log, and cosigns those of others (C2SP signed-note, tlog-cosignature).

Both keys are made from the one secret `LOG_KEY`. A note has room for any number of signatures, so a
key of another kind, or one that a clinician holds, can be added later without changing a format.
"""

import base64
import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from procedures.log.verify import DASH, LOG_KEY, WITNESS_KEY


def log_key() -> str:
    """The public key of our log, as a line for those who check: “name+number+key”."""
    return _verifier_key(settings.LOG_ORIGIN, LOG_KEY)


def witness_key() -> str:
    """The public key with which we watch the logs of others."""
    return _verifier_key(witness_name(), WITNESS_KEY)


def witness_name() -> str:
    """Our name as a witness."""
    return f"{settings.LOG_ORIGIN}/witness"


def signed(text: str) -> str:
    """A note with this text and our log's signature."""
    signature = _private(LOG_KEY).sign(text.encode())
    return f"{text}\n{_line(settings.LOG_ORIGIN, LOG_KEY, signature)}"


def cosignature(text: str, now: datetime) -> str:
    """The line by which we say that we have seen the checkpoint with this text after earlier ones."""
    seconds = int(now.timestamp())
    signature = _private(WITNESS_KEY).sign(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    return _line(witness_name(), WITNESS_KEY, seconds.to_bytes(8, "big") + signature)


def _line(name: str, kind: int, signature: bytes) -> str:
    coded = base64.b64encode(_number(name, _material(kind)) + signature).decode()
    return f"{DASH}{name} {coded}\n"


def _verifier_key(name: str, kind: int) -> str:
    material = _material(kind)
    return f"{name}+{_number(name, material).hex()}+{base64.b64encode(material).decode()}"


def _number(name: str, material: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + material).digest()[:4]


def _material(kind: int) -> bytes:
    return bytes([kind]) + _private(kind).public_key().public_bytes_raw()


def _private(kind: int) -> Ed25519PrivateKey:
    """The key of this kind. Two kinds never share one: a signature could be taken for another."""
    seed = hashlib.sha256(f"clinic log key {kind}\n{settings.LOG_KEY}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
