"""Short text messages to a phone, printed to the console or handed to a provider over HTTP.

The provider is Twilio (`twilio`), or one with the common format: a POST of JSON with a bearer token. To
support another one, change this module and nothing else.
"""

import http.client
import json
import re
import sys
import urllib.error
import urllib.request
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings

from bookings.messages import twilio
from bookings.messages.segments import segments
from procedures.ground.exchanges import opened
from procedures.models.clinic import details

TIMEOUT_SECONDS = 20
LONGEST_ANSWER = 1_000_000
# A number of ours, or a messaging service of Twilio. Nobody can answer a name.
CAN_BE_ANSWERED = re.compile(r"\+?\d{3,15}|MG[0-9a-f]{32}")
WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: the token and what we tell a patient are for this provider alone."""

    def redirect_request(self, *_: Any) -> None:
        """Nothing, so that the redirection counts as a refusal."""


class Taken(NamedTuple):
    """What a gateway says of a message that it took: in how many parts, and for how many pounds."""

    segments: int
    price: Decimal | None = None


class TextRefused(Exception):
    """The provider rejects this message, or does not know us.

    `code` is its own, or the HTTP status.
    """

    def __init__(self, code: int):
        super().__init__(f"refused with {code}")
        self.code = code


class TextPutOff(OSError):
    """The provider cannot accept the message now. `code` is its HTTP status."""

    def __init__(self, code: int):
        super().__init__(f"put off with {code}")
        self.code = code


def takes_replies() -> bool:
    """Whether patients can answer our texts: Twilio hands on what is sent to a number."""
    is_handed_on = settings.TEXT_MESSAGES in {"console", "twilio"}
    return is_handed_on and bool(CAN_BE_ANSWERED.fullmatch(details().text_sender))


def send(number: str, text: str, *, key: str, tried_since: datetime | None = None) -> Taken:
    """Send one text message, once however often it is tried; what the gateway says of it.

    A provider that checks the key treats a repeated key as one message; Twilio is asked what it has
    sent `tried_since`, if this is not the first try. Raises OSError if a retry may work, and
    TextRefused if something has to be changed first.
    """
    answer = b""
    if settings.TEXT_MESSAGES == "console":
        sys.stdout.write(f"Text message to a number ending in {number[-3:]}: {text}\n")
    elif settings.TEXT_MESSAGES == "twilio":
        answer = _send_by_twilio(number, text, key=key, tried_since=tried_since)
    else:
        answer = _answer_to(_to_send(number, text, key))
    return Taken(twilio.segments_of(answer) or segments(text), twilio.price_of(answer))


def _send_by_twilio(number: str, text: str, *, key: str, tried_since: datetime | None) -> bytes:
    if tried_since:
        answer = _answer_to(twilio.to_look(number, tried_since))
        try:
            if twilio.has_sent(text, answer):
                return b""
        except (ValueError, KeyError, TypeError) as error:
            raise OSError(f"no answer that we understand: {type(error).__name__}") from error
    return _answer_to(twilio.to_send(number, text, key))


def _to_send(number: str, text: str, key: str) -> urllib.request.Request:
    """What sends one message by the common format."""
    body = {"from": details().text_sender, "to": number, "text": text, "reference": key}
    return urllib.request.Request(  # noqa: S310 -- the address is a setting of the operator
        settings.TEXT_MESSAGES_URL,
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {settings.TEXT_MESSAGES_TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        },
    )


def _answer_to(request: urllib.request.Request) -> bytes:
    """What the provider answers. Raises OSError and TextRefused as `send` does."""
    try:
        with opened(request, _Stay, seconds=TIMEOUT_SECONDS) as answer:
            said: bytes = answer.read(LONGEST_ANSWER)
            return said
    except urllib.error.HTTPError as error:
        with error:
            said = error.read(LONGEST_ANSWER)
        if error.code in WORTH_ANOTHER_TRY or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TextPutOff(error.code) from None
        own = twilio.code_of(said) if settings.TEXT_MESSAGES == "twilio" else 0
        raise TextRefused(own or error.code) from None
    except http.client.HTTPException as error:
        raise OSError(f"no answer that we understand: {type(error).__name__}") from error
