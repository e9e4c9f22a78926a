"""A phone with a passkey, in software: it answers what a page asks for, as a browser would send it.

For the demonstration, and for tests, which change what it says in order to lie.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.conf import settings
from fido2 import cbor
from fido2.utils import websafe_encode

PRESENT, VERIFIED, WITH_KEY = 1, 4, 64


def _site() -> str:
    return settings.SITE_URL.lower()


@dataclass
class Phone:
    """One passkey, on this site unless anything else is said."""

    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    signed: int = 0
    flags: int = PRESENT | VERIFIED
    origin: str = field(default_factory=_site)
    site: str = field(default_factory=lambda: urlsplit(_site()).hostname or "")
    in_a_frame: bool = False

    @property
    def named(self) -> str:
        """The name of the passkey, as pages have it."""
        return websafe_encode(self.credential)

    def make(self, options: dict[str, Any]) -> str:
        """Make the passkey; the answer for the field `passkey`."""
        key = cbor.encode(self._public_key())
        about_key = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + key
        about = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + about_key}
        made = {"attestationObject": websafe_encode(cbor.encode(about))}
        return self._answer(made, self._client_data("webauthn.create", options["challenge"]))

    def sign(self, options: dict[str, Any]) -> str:
        """Sign the challenge; the answer for the field `passkey`."""
        self.signed += 1
        data = self._data()
        client_data = self._client_data("webauthn.get", options["challenge"])
        base = data + hashlib.sha256(client_data).digest()
        signature = self.key.sign(base, ec.ECDSA(SHA256()))
        parts = {
            "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signature),
        }
        return self._answer(parts, client_data)

    def _public_key(self) -> dict[int, Any]:
        point = self.key.public_key().public_numbers()
        return {
            1: 2,
            3: -7,
            -1: 1,
            -2: point.x.to_bytes(32, "big"),
            -3: point.y.to_bytes(32, "big"),
        }

    def _data(self, more: int = 0) -> bytes:
        flags = bytes([self.flags | more])
        return hashlib.sha256(self.site.encode()).digest() + flags + self.signed.to_bytes(4, "big")

    def _client_data(self, act: str, challenge: str) -> bytes:
        says = {"type": act, "challenge": challenge, "origin": self.origin}
        return json.dumps({**says, "crossOrigin": self.in_a_frame}).encode()

    def _answer(self, parts: dict[str, str], client_data: bytes) -> str:
        response = {**parts, "clientDataJSON": websafe_encode(client_data)}
        return json.dumps(
            {"id": self.named, "rawId": self.named, "type": "public-key", "response": response}
        )
