"""Time stamps by somebody else (RFC 3161): a checkpoint and its entries existed before that second.

Optional. One stamp a day covers every page. An answer is kept only if it is right, with whoever's root
certificate the operator trusts, and can be checked again at any time without a network.
"""

import base64
import binascii
import urllib.request
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from procedures.ground.exchanges import opened
from procedures.models import Checkpoint, TimeStamp

# What an authority answers to a request. Raises OSError if it could not be reached.
Ask = Callable[[bytes], bytes]
SECONDS = 20
MOST_BYTES = 100_000


class StampRefused(Exception):
    """An answer is not a stamp of this checkpoint by an authority that we trust."""


def ask(request: bytes) -> bytes:
    """Send a request to the authority of the settings, over HTTP."""
    headers = {"Content-Type": "application/timestamp-query"}
    sent = urllib.request.Request(settings.TIMESTAMP_URL, request, headers)  # noqa: S310
    with opened(sent, seconds=SECONDS) as answer:
        return bytes(answer.read(MOST_BYTES))


def trusted() -> list[Certificate]:
    """The root certificates of the settings. Raises OSError or ValueError if there are none."""
    return load_pem_x509_certificates(Path(settings.TIMESTAMP_ROOT).read_bytes())


def stamp(checkpoint: Checkpoint, ask: Ask, roots: list[Certificate]) -> TimeStamp:
    """Have a checkpoint stamped, and keep the answer. Raises StampRefused or OSError."""
    note = checkpoint.note.encode()
    request = TimestampRequestBuilder().data(note).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = ask(request.as_bytes())
    moment = stamped_at(note, answer, roots, VerifierBuilder.from_request(request))
    return TimeStamp.objects.create(
        checkpoint=checkpoint,
        authority=urlsplit(settings.TIMESTAMP_URL).hostname or "",
        answer=base64.b64encode(answer).decode(),
        moment=moment,
    )


def check(kept: TimeStamp, roots: list[Certificate]) -> datetime:
    """When a kept stamp says that its checkpoint existed. Raises StampRefused if it is false."""
    return stamped_at(kept.checkpoint.note.encode(), answer_of(kept), roots, VerifierBuilder())


def answer_of(kept: TimeStamp) -> bytes:
    """The answer of the authority, as it came. Raises StampRefused."""
    try:
        return base64.b64decode(kept.answer, validate=True)
    except binascii.Error as fault:
        raise StampRefused(str(fault)) from fault


def stamped_at(
    note: bytes, answer: bytes, roots: list[Certificate], builder: VerifierBuilder
) -> datetime:
    """When these bytes existed, by an answer that one of the roots vouches for. Raises StampRefused."""
    for root in roots:
        builder = builder.add_root_certificate(root)
    try:
        told = decode_timestamp_response(answer)
        builder.build().verify_message(told, note)
    except (VerificationError, ValueError) as fault:
        raise StampRefused(str(fault)) from fault
    return told.tst_info.gen_time
