"""Twilio's interface for text messages: what we ask, what its answers mean, whether a report is its.

A form is posted with the account and its token (docs/messaging/api/message-resource of twilio.com).
There is no key that makes a repeated post one message, so before a second try we ask for what it has
sent to that number since. A report is signed with HMAC-SHA1 of the address and the sorted fields, under
the token (docs/usage/webhooks/webhooks-security).
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request

from django.conf import settings
from django.urls import reverse

from bookings.status import Meant
from procedures.ground.characters import without_invisible
from procedures.models.clinic import details

# Its codes about one number: not one, not reached, opted out, no route, no mobile, too long.
# https://www.twilio.com/docs/api/errors
OF_THE_NUMBER = {21211, 21214, 21217, 21610, 21612, 21614, 21617}
# What it says of a message that will not arrive.
LOST = {"failed", "undelivered"}
# The longest text that it accepts. Pictures stay with it, and are not fetched.
LONGEST_SAID, PICTURES = 1600, "(with a picture, which we do not keep)"
# What it makes of a word of its own. Whoever asks for help may need it, so somebody reads that.
OWN_WORDS = {"STOP": Meant.STOP, "START": Meant.START, "HELP": Meant.OTHER}
CODE = re.compile(r"[0-9]{1,6}")
PRICE = re.compile(r"-?([0-9]{1,4}(?:\.[0-9]{1,5})?)")


def to_send(number: str, text: str, key: str) -> Request:
    """What sends one message and asks for a report about it."""
    report = f"{settings.SITE_URL}{reverse('bookings:text_report', args=[key])}"
    sender = details().text_sender
    from_whom = "MessagingServiceSid" if re.fullmatch("MG[0-9a-f]{32}", sender) else "From"
    said = {"To": number, from_whom: sender, "Body": text, "StatusCallback": report}
    return _request(data=urlencode(said).encode())


def to_look(number: str, since: datetime) -> Request:
    """What asks for the messages to a number since that day, the newest first."""
    day = since.astimezone(UTC).date().isoformat()
    return _request(f"?{urlencode({'To': number, 'DateSent>': day, 'PageSize': 50})}")


def has_sent(text: str, answer: bytes) -> bool:
    """Whether that text is among the messages of an answer, and was not lost.

    Raises ValueError if the answer is not one that we understand.
    """
    said = json.loads(answer)["messages"]
    return any(each["body"] == text and each["status"] not in LOST for each in said)


def code_of(answer: bytes) -> int:
    """Its own code in a refusal; 0 if there is none."""
    try:
        return int(json.loads(answer)["code"])
    except (ValueError, KeyError, TypeError):
        return 0


def segments_of(answer: bytes) -> int:
    """In how many parts a message was sent, as its answer says; 0 if it does not say."""
    said = str(_in(answer).get("num_segments", ""))
    return int(said) if CODE.fullmatch(said) else 0


def price_of(answer: bytes) -> Decimal | None:
    """What a message cost, in pounds; None as long as that is not known, or in another currency."""
    said = _in(answer)
    return _pounds(said.get("price"), said.get("price_unit"))


def price_in(said: Mapping[str, str]) -> Decimal | None:
    """The same in a report, if it says so."""
    return _pounds(said.get("Price"), said.get("PriceUnit"))


def _in(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _pounds(price: object, unit: object) -> Decimal | None:
    """A price without its sign: what we pay is below zero there."""
    found = PRICE.fullmatch(str(price)) if str(unit).upper() == "GBP" else None
    return Decimal(found[1]) if found else None


def is_signed(url: str, said: Mapping[str, str], signature: str) -> bool:
    """Whether whoever sent this knows our token."""
    signed = url + "".join(f"{name}{said[name]}" for name in sorted(said))
    token = settings.TEXT_MESSAGES_TOKEN.encode()
    made = base64.b64encode(hmac.new(token, signed.encode(), hashlib.sha1).digest())
    return bool(token) and hmac.compare_digest(made, signature.encode())


def heard_in(said: Mapping[str, str]) -> dict[str, Any]:
    """What somebody texted to our number (docs/messaging/guides/webhook-request of twilio.com).

    `OptOutType` says that it has answered itself: it sends them nothing more, or again, or its help.
    """
    pictures = int(said.get("NumMedia", "0") or 0) if said.get("NumMedia", "0").isdecimal() else 0
    words = without_invisible(said.get("Body", "")).strip()[:LONGEST_SAID]
    return {
        "gateway_id": said.get("MessageSid", "")[:64],
        "number": said.get("From", "")[:20],
        "said": f"{words} {PICTURES}".strip() if pictures else words,
        "taken_as": OWN_WORDS.get(said.get("OptOutType", "")),
    }


def has_arrived(said: Mapping[str, str]) -> bool:
    """Whether a report says that a message arrived."""
    return said.get("MessageStatus") == "delivered"


def loss_in(said: Mapping[str, str]) -> str | None:
    """The code with which a report says that a message will not arrive; None if it does not say so."""
    if said.get("MessageStatus") not in LOST:
        return None
    found = CODE.fullmatch(said.get("ErrorCode", ""))
    return found[0] if found else "without a code"


def _request(query: str = "", data: bytes | None = None) -> Request:
    account, token = settings.TEXT_MESSAGES_ACCOUNT, settings.TEXT_MESSAGES_TOKEN
    address = f"{settings.TEXT_MESSAGES_URL}/2010-04-01/Accounts/{account}/Messages.json{query}"
    who = base64.b64encode(f"{account}:{token}".encode()).decode()
    return Request(address, data=data, headers={"Authorization": f"Basic {who}"})  # noqa: S310
