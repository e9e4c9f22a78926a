"""Private links and codes. Neither contains personal data, and neither is stored.

A link goes into an email. A code is the same for somebody without an email address: short enough to
be read out on the phone, printed on a receipt and typed, together with the date of birth. Both are
made from the request's own columns under SECRET_KEY, so a copy of the database opens nothing.

Both stop working when staff raise the link version, and some time after the request has ended. A
code also ends on a day of its own, and when a new one is made.

How safe a code is: there are 24^9 codes, 2.6 × 10^12. A place has 10 wrong tries an hour, 240 a day
(`limits.ENTER_CODE_FROM_ONE_PLACE`). Somebody with 10,000 addresses, who knows the date of birth of
a patient with a code, has 2.4 million tries and is right within a day once in 1.1 million. Whoever
does not know the date of birth guesses it as well. Each try is compared with the codes of one date
of birth only; of 10,000 live codes over 25,000 dates that is fewer than one.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from bookings.models import AppointmentRequest, Subscription
from procedures.ground.characters import without_invisible
from procedures.models.clinic import details

SALT = "bookings.links"
SUBSCRIPTION_SALT = "bookings.links.subscription"
CODE_SALT = "bookings.links.code"
# No two of these look alike. A letter that looks like one of them is read as that one. There is no
# vowel, so no code is a word.
CODE_ALPHABET = "0123456789CDFHJKMNPRTVWX"
LOOK_ALIKE = str.maketrans("OQILZSGBUY", "00112568VV")
SPOKEN = {
    "C": "Charlie",
    "D": "Delta",
    "F": "Foxtrot",
    "H": "Hotel",
    "J": "Juliett",
    "K": "Kilo",
    "M": "Mike",
    "N": "November",
    "P": "Papa",
    "R": "Romeo",
    "T": "Tango",
    "V": "Victor",
    "W": "Whiskey",
    "X": "X-ray",
}
CODE_LENGTH, GROUP = 9, 3
# Longer than most requests take, so that few patients have to ask for another.
CODE_LIFE = timedelta(days=90)


def private_link(request: AppointmentRequest) -> str:
    """The full address that goes into an email. Built from a setting, never from a Host header."""
    token = signing.dumps([request.link_key, request.link_version], salt=SALT)
    return f"{settings.SITE_URL}{reverse('bookings:open_link', args=[token])}"


def link_of_subscription(subscription: Subscription, name: str = "following") -> str:
    """The full address of the page of somebody who follows one of ours. It does not name that page."""
    token = signing.dumps(subscription.key, salt=SUBSCRIPTION_SALT)
    return f"{settings.SITE_URL}{reverse(f'bookings:{name}', args=[token])}"


def subscription_of(token: str) -> Subscription | None:
    """The subscription that such an address names; None if it is forged, or they have left."""
    try:
        key = signing.loads(token, salt=SUBSCRIPTION_SALT)
    except (signing.BadSignature, ValueError):
        return None
    return Subscription.objects.select_related("page").filter(key=str(key)).first()


def link_ends(request: AppointmentRequest) -> datetime | None:
    """When the link expires; None while the request is open.

    It opens again when we write to the patient later, about a follow-up.
    """
    if request.ended_at is None:
        return None
    ends = request.ended_at + timedelta(days=details().link_days)
    return max(ends, request.link_until) if request.link_until else ends


def is_alive(request: AppointmentRequest, now: datetime) -> bool:
    """Whether the link still opens the request."""
    if request.emptied_at:
        return False
    ends = link_ends(request)
    return ends is None or now < ends


def follow(token: str, now: datetime) -> AppointmentRequest | None:
    """The request that a link names; None if the link is unknown, forged, revoked or expired."""
    try:
        link_key, link_version = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    named = AppointmentRequest.objects.filter(link_key=link_key, link_version=link_version)
    found = named.first()
    return found if found and is_alive(found, now) else None


def code(request: AppointmentRequest, now: datetime) -> str:
    """The code that opens the request, as it is written: “K7M-4RT-9XD”. Empty if it has none."""
    if request.code_until is None or request.code_until <= now or not is_alive(request, now):
        return ""
    letters = _code(request, settings.SECRET_KEY)
    return "-".join(letters[at : at + GROUP] for at in range(0, CODE_LENGTH, GROUP))


def spoken(written: str) -> str:
    """A code as it is read out: “Kilo 7 Mike, 4 Romeo Tango, 9 X-ray Delta”."""
    groups = written.split("-")
    return ", ".join(" ".join(SPOKEN.get(letter, letter) for letter in group) for group in groups)


def as_code(typed: str) -> str:
    """The letters of a code, however it was typed; empty if it cannot be one."""
    plain = unicodedata.normalize("NFKC", without_invisible(typed)).upper()
    letters = re.sub(r"[\W_]", "", plain).translate(LOOK_ALIKE)
    is_one = len(letters) == CODE_LENGTH and set(letters) <= set(CODE_ALPHABET)
    return letters if is_one else ""


def follow_code(letters: str, born: date, now: datetime) -> AppointmentRequest | None:
    """The request of a patient born on that day that the code opens, if there is one."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    for request in AppointmentRequest.objects.filter(date_of_birth=born, code_until__gt=now):
        codes = [_code(request, key) for key in keys]
        if is_alive(request, now) and any(constant_time_compare(letters, it) for it in codes):
            return request
    return None


def _code(request: AppointmentRequest, key: str) -> str:
    """Nine letters that follow from the request's link, the end of its code, and the key."""
    ends = request.code_until.astimezone(UTC) if request.code_until else ""
    named = f"{request.link_key}\n{request.link_version}\n{ends}"
    made = salted_hmac(CODE_SALT, named, secret=key, algorithm="sha256")
    number = int.from_bytes(made.digest(), "big")
    letters = []
    for _ in range(CODE_LENGTH):
        number, at = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[at])
    return "".join(letters)
