"""Short text messages to a phone, printed to the console or handed to a provider over HTTP.

The format is the common one: a POST of JSON with a bearer token. To support another provider,
change this function and nothing else.
"""

import http.client
import json
import sys
import urllib.error
import urllib.request
from http import HTTPStatus

from django.conf import settings

from procedures.models.clinic import details

TIMEOUT_SECONDS = 20
WORTH_ANOTHER_TRY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}


class TextRefused(Exception):
    """The provider rejects this message, or does not know us. `code` is its HTTP status."""

    def __init__(self, code: int):
        super().__init__(f"refused with {code}")
        self.code = code


class TextPutOff(OSError):
    """The provider cannot accept the message now. `code` is its HTTP status."""

    def __init__(self, code: int):
        super().__init__(f"put off with {code}")
        self.code = code


def send(number: str, text: str, *, key: str) -> None:
    """Send one text message. A provider that checks the key treats a repeated key as one message.

    Raises OSError if a retry may work, and TextRefused if something has to be changed first.
    """
    if settings.TEXT_MESSAGES == "console":
        sys.stdout.write(f"Text message to a number ending in {number[-3:]}: {text}\n")
        return
    body = {"from": details().text_sender, "to": number, "text": text, "reference": key}
    request = urllib.request.Request(  # noqa: S310 -- the address is a setting of the operator
        settings.TEXT_MESSAGES_URL,
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {settings.TEXT_MESSAGES_TOKEN}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in WORTH_ANOTHER_TRY or error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise TextPutOff(error.code) from None
        raise TextRefused(error.code) from None
    except http.client.HTTPException as error:
        raise OSError(f"no answer that we understand: {type(error).__name__}") from error
