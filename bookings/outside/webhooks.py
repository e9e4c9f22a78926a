"""Tells other systems what happened, by the convention of Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the id, the
time and an HMAC of both with the bytes of the body, in headers. The body has a kind and a number and
names nobody; whoever wants more reads it, with a token.

The address is somebody else's choice, so it cannot be used to reach into our own network: HTTPS only,
each name is resolved once and connected to at that very address, private addresses only for hosts that
the operator named, and no answer leads anywhere. A demonstration sends to the hosts that the operator
named and to no others. A slow receiver keeps the others waiting for no longer than two of its answers
may take.
"""

import base64
import hashlib
import hmac
import http.client
import json
import socket
import ssl
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils import timezone

from bookings import webhooks
from bookings.models import Delivery, Webhook
from bookings.models.webhooks import is_private, is_public, may_be_told
from bookings.outside.fhir.clinic import instant
from bookings.outside.fhir.outcomes import base
from procedures.ground.batches import Tally, one_by_one
from procedures.ground.exchanges import Connection, Deadline, connected
from procedures.models.restored import look_again

# For the whole of one try, and the turn of one receiver in a round.
TIMEOUT_SECONDS = 15
PORTS = {"https": 443, "http": 80}


class NotAllowed(Exception):
    """An address to which nothing is sent, and why."""


def send_due(stopped: Callable[[], bool] = lambda: False) -> Tally:
    """Tell each receiver in turn what is due; how many arrived. A quiet copy tells nothing.

    Raises OperationalError or InterfaceError if the database is down.
    """
    if look_again():
        return Tally(0, 0)
    now = timezone.now()
    turns = [_turn(webhook, now, stopped) for webhook in webhooks.waiting(now)]
    return Tally(sum(turns), sum(each.failed for each in turns))


def headers_of(delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of one try: its signature is about these very bytes."""
    stamp = str(int(now.timestamp()))
    signed = f"{delivery.message_id}.{stamp}.".encode() + body
    made = (
        base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for key in webhooks.keys_of(delivery.webhook, now)
    )
    return {
        "Content-Type": "application/json",
        "User-Agent": "clinic-site",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in made),
    }


def body_of(delivery: Delivery) -> bytes:
    """What is told: the kind, when it happened, and where to read more."""
    said = {
        "type": delivery.notice,
        "timestamp": instant(delivery.happened),
        "data": {"resource": f"{base()}/Appointment/{delivery.request}"},
    }
    return json.dumps(said, separators=(",", ":")).encode()


def where(url: str) -> tuple[SplitResult, str]:
    """The parts of an address, and the one address of a machine to connect to.

    Raises NotAllowed for what we do not reach, and OSError if the name is unknown.
    """
    if not may_be_told(url):
        raise NotAllowed("The address has to begin with https:// and a host.")
    parts = urlsplit(url)
    is_ours = is_private(parts.hostname)
    if not (settings.WEBHOOKS_GO_OUT or is_ours):
        raise NotAllowed("A demonstration tells nobody outside.")
    port = parts.port or PORTS[parts.scheme]
    found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not is_ours and not all(is_public(each) for each in addresses):
        raise NotAllowed("The address is inside a private network.")
    return parts, addresses[0]


def _turn(webhook: Webhook, now: datetime, stopped: Callable[[], bool]) -> Tally:
    """Tell one receiver what is due, oldest first, until its turn is over: the next round goes on."""
    turn = Deadline(TIMEOUT_SECONDS)
    due = (pk for pk in webhooks.due(webhook, now) if not (stopped() or turn.has_passed))
    return one_by_one(due, _send, task="telling another system")


def _send(pk: int) -> bool:
    now = timezone.now()
    delivery = webhooks.take(pk, now)
    if delivery is None:
        return False
    code = _told(delivery, now)
    if code == webhooks.GONE:
        webhooks.turn_off(delivery, code, now)
    elif code:
        webhooks.note_failure(delivery, code, now)
    else:
        webhooks.note_sent(delivery)
    return not code


def _told(delivery: Delivery, now: datetime) -> str:
    """Try once; empty if it arrived, or why not as a code, never with the other side's words."""
    body = body_of(delivery)
    try:
        status = _post(delivery.webhook.url, body, headers_of(delivery, body, now))
    except NotAllowed:
        return webhooks.NOT_ALLOWED
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    return "" if HTTPStatus(200) <= status < HTTPStatus(300) else str(status)


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """Send the bytes; the status of the answer, of which nothing else is read."""
    until = Deadline(TIMEOUT_SECONDS)
    parts, address = where(url)
    connection = _connection(parts, address, until)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    try:
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def _connection(parts: SplitResult, address: str, until: Deadline) -> Connection:
    """A connection to that address in the name of the host, whatever the name leads to by now."""
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    connection = Connection(until, host, port)
    plain = connected([(address, port)], until)
    if parts.scheme == "https":
        try:
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        except OSError:
            plain.close()
            raise
    connection.sock = plain
    return connection
