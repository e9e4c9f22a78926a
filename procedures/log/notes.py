"""Signs checkpoints of our log, and cosigns those of others (C2SP signed-note, tlog-cosignature).

Both keys are made from the one secret `LOG_KEY`. A note has room for any number of signatures, so a
key of another kind, or one that a clinician holds, can be added later without changing a format.
"""

import base64
import hashlib
from datetime import datetime
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from procedures.log.verify import DASH, LOG_KEY, WITNESS_KEY


class Keys(NamedTuple):
    """The keys of a clinic: with one it signs its own log, with the other what it sees of others'."""

    origin: str
    secret: str

    def log_key(self) -> str:
        """The public key of the log, as a line for those who check: “name+number+key”."""
        return self._verifier_key(self.origin, LOG_KEY)

    def witness_key(self) -> str:
        """The public key with which the clinic watches the logs of others."""
        return self._verifier_key(self.witness, WITNESS_KEY)

    @property
    def witness(self) -> str:
        """The name of the clinic as a witness."""
        return f"{self.origin}/witness"

    def signed(self, text: str) -> str:
        """A note with this text and the log's signature."""
        signature = self._private(LOG_KEY).sign(text.encode())
        return f"{text}\n{self._line(self.origin, LOG_KEY, signature)}"

    def cosignature(self, text: str, now: datetime) -> str:
        """The line that says that the checkpoint with this text was seen after earlier ones."""
        seconds = int(now.timestamp())
        said = f"cosignature/v1\ntime {seconds}\n{text}".encode()
        signature = self._private(WITNESS_KEY).sign(said)
        return self._line(self.witness, WITNESS_KEY, seconds.to_bytes(8, "big") + signature)

    def _line(self, name: str, kind: int, signature: bytes) -> str:
        coded = base64.b64encode(_number(name, self._material(kind)) + signature).decode()
        return f"{DASH}{name} {coded}\n"

    def _verifier_key(self, name: str, kind: int) -> str:
        material = self._material(kind)
        return f"{name}+{_number(name, material).hex()}+{base64.b64encode(material).decode()}"

    def _material(self, kind: int) -> bytes:
        return bytes([kind]) + self._private(kind).public_key().public_bytes_raw()

    def _private(self, kind: int) -> Ed25519PrivateKey:
        """The key of this kind. Two kinds never share one: a signature could be taken for another."""
        seed = hashlib.sha256(f"clinic log key {kind}\n{self.secret}".encode()).digest()
        return Ed25519PrivateKey.from_private_bytes(seed)


def ours() -> Keys:
    """Our own keys, made from `LOG_KEY`."""
    return Keys(settings.LOG_ORIGIN, settings.LOG_KEY)


def log_key() -> str:
    """The public key of our log."""
    return ours().log_key()


def witness_key() -> str:
    """The public key with which we watch the logs of others."""
    return ours().witness_key()


def signed(text: str) -> str:
    """A note with this text and our log's signature."""
    return ours().signed(text)


def cosignature(text: str, now: datetime) -> str:
    """The line by which we say that we have seen the checkpoint with this text after earlier ones."""
    return ours().cosignature(text, now)


def _number(name: str, material: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + material).digest()[:4]
