"""Passkeys (WebAuthn): what a browser is asked for, and whether its answer is right.

A passkey is a pair of keys. The private one never leaves somebody's phone, computer or security key,
which signs a challenge of ours after it has made sure who is there (fingerprint, face or PIN). The
browser signs along for which site that was, so a false site gets nothing that it could pass on.

Nothing here knows accounts or tables. `check_assertion` takes any challenge of 16 bytes or more: the
digest of a statement can be signed like the random challenge of a sign-in, and whoever has kept the
public key and the parts of the `Assertion` can check it again at any time. The library is fido2.
"""

import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from fido2 import cbor
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
)

P = ParamSpec("P")
T = TypeVar("T")
# How long the browser waits for the person, in milliseconds.
PATIENCE = 120_000
# Kinds of keys by their numbers in COSE; RSA is for Windows.
ED25519, P_256, RSA = -8, -7, -257
KINDS_OF_KEYS = (ED25519, P_256, RSA)
# In bytes: its name, of which there may be 1,023 (WebAuthn 6.5.1), and the longest key.
LONGEST = 2000
# What the library raises when an answer is not right, or is no answer at all.
FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)


class PasskeyRefused(Exception):
    """The answer of a browser is wrong. The message is for developers, never for whoever sent it."""


class PasskeyCopied(PasskeyRefused):
    """The answer is right, but the passkey has counted further before: there may be a copy of it."""


@dataclass(frozen=True, kw_only=True)
class NewPasskey:
    """A passkey that a browser has just made. Texts are base64url; the public key is COSE in CBOR."""

    credential: str
    public_key: str
    sign_count: int


@dataclass(frozen=True, kw_only=True)
class Assertion:
    """What a passkey signed: `authenticator_data`, and after it the SHA-256 of `client_data`."""

    credential: str
    authenticator_data: bytes
    client_data: bytes
    signature: bytes


class Hand(NamedTuple):
    """What a passkey answered, as JSON, and when its owner was shown the statement that it signed."""

    answer: str
    at: datetime


def refusing(check: Callable[P, T]) -> Callable[P, T]:
    """Raise PasskeyRefused for whatever the library finds wrong."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return check(*args, **kwargs)
        except FAULTS as fault:
            raise PasskeyRefused(str(fault)) from fault

    return checked


def options_to_create(
    *, challenge: bytes, site: str, handle: bytes, username: str, name: str, have: Iterable[str]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is called with, bytes as base64url.

    `have` are the passkeys that the person has: a device with one of them makes no second one.
    """
    return {
        "challenge": websafe_encode(challenge),
        "rp": {"id": _host(), "name": site},
        "user": {"id": websafe_encode(handle), "name": username, "displayName": name},
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in KINDS_OF_KEYS],
        "excludeCredentials": _named(have),
        "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
        "attestation": "none",
        "timeout": PATIENCE,
    }


def options_to_sign(*, challenge: bytes, have: Iterable[str]) -> dict[str, Any]:
    """What `navigator.credentials.get` is called with, bytes as base64url. One of `have` has to sign."""
    return {
        "challenge": websafe_encode(challenge),
        "rpId": _host(),
        "allowCredentials": _named(have),
        "userVerification": "required",
        "timeout": PATIENCE,
    }


@refusing
def check_creation(answer: str, *, challenge: bytes) -> NewPasskey:
    """Read the passkey that a browser made for this challenge, on this site, for whoever is there.

    The answer is JSON as `PublicKeyCredential.toJSON` writes it. Raises PasskeyRefused.
    """
    response = json.loads(answer)
    data = _server().register_complete(_asked(challenge), response)
    made = data.credential_data
    if made is None or made.public_key[3] not in KINDS_OF_KEYS or len(made) > LONGEST:
        raise PasskeyRefused("Not a kind of passkey that we asked for.")
    _refuse_frames(_decoded(response, "clientDataJSON"))
    return NewPasskey(
        credential=websafe_encode(made.credential_id),
        public_key=websafe_encode(cbor.encode(made.public_key)),
        sign_count=data.counter,
    )


@refusing
def read_assertion(answer: str) -> Assertion:
    """Take the JSON apart that a browser sent. Nothing is checked. Raises PasskeyRefused."""
    response = json.loads(answer)
    return Assertion(
        credential=websafe_encode(websafe_decode(response["id"])),
        authenticator_data=_decoded(response, "authenticatorData"),
        client_data=_decoded(response, "clientDataJSON"),
        signature=_decoded(response, "signature"),
    )


@refusing
def check_assertion(
    signed: Assertion, *, challenge: bytes, public_key: str, sign_count: int | None = None
) -> int:
    """Check that the private key of a passkey signed this challenge, on this site, for whoever is there.

    Returns how often the passkey says that it has signed; 0 if it does not count. Raises PasskeyCopied
    if that is not more than `sign_count` (None: do not ask), and PasskeyRefused for everything else.
    """
    response = {
        "clientDataJSON": websafe_encode(signed.client_data),
        "authenticatorData": websafe_encode(signed.authenticator_data),
        "signature": websafe_encode(signed.signature),
    }
    _server().authenticate_complete(
        _asked(challenge),
        [_known(websafe_decode(signed.credential), websafe_decode(public_key))],
        {"rawId": signed.credential, "response": response},
    )
    _refuse_frames(signed.client_data)
    counted = AuthenticatorData(signed.authenticator_data).counter
    if sign_count is not None and counted <= sign_count and (counted, sign_count) != (0, 0):
        raise PasskeyCopied(f"It has signed {counted} times, and {sign_count} times before.")
    return counted


@refusing
def as_others_read_it(public_key: str) -> bytes:
    """A public key of one of our kinds as SubjectPublicKeyInfo, which every program can read.

    Raises PasskeyRefused.
    """
    key: Any = cbor.decode(websafe_decode(public_key))
    made: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey
    if key[3] == ED25519:
        made = ed25519.Ed25519PublicKey.from_public_bytes(key[-2])
    elif key[3] == P_256:
        x, y = (int.from_bytes(key[each], "big") for each in (-2, -3))
        made = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    else:
        n, e = (int.from_bytes(key[each], "big") for each in (-1, -2))
        made = rsa.RSAPublicNumbers(e, n).public_key()
    return made.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _server() -> Fido2Server:
    """The site as the library knows it: its own address, and no subdomain of it."""
    site = PublicKeyCredentialRpEntity(name=_host(), id=_host())
    return Fido2Server(site, verify_origin=lambda origin: origin == settings.SITE_URL.lower())


def _known(credential: bytes, public_key: bytes) -> AttestedCredentialData:
    """A passkey as an authenticator hands it out: its make (we do not ask), its name, its key."""
    return AttestedCredentialData(
        bytes(16) + struct.pack(">H", len(credential)) + credential + public_key
    )


def _host() -> str:
    return urlsplit(settings.SITE_URL).hostname or ""


def _asked(challenge: bytes) -> dict[str, str]:
    return {"challenge": websafe_encode(challenge), "user_verification": "required"}


def _named(credentials: Iterable[str]) -> list[dict[str, str]]:
    return [{"type": "public-key", "id": each} for each in credentials]


def _decoded(response: dict[str, Any], name: str) -> bytes:
    return websafe_decode(response["response"][name])


def _refuse_frames(client_data: bytes) -> None:
    if CollectedClientData(client_data).cross_origin:
        raise PasskeyRefused("Asked from a page of another site.")
