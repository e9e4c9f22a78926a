"""Who asks from outside: the token in the Authorization header."""

from datetime import datetime

from django.http import HttpRequest

from bookings import access
from bookings.models import AccessToken
from procedures.ground.places import by_place
from procedures.ground.rate_limits import spend_all


class NoToken(Exception):
    """There is no token in the header, or none that is valid."""


def token_in(request: HttpRequest, now: datetime) -> AccessToken:
    """The valid token of a request.

    Only the header is read: an address is kept in logs and histories. Raises NoToken, or TooManyTries
    if somebody is guessing.
    """
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text:
        raise NoToken
    token = access.token_of(text.strip(), now)
    if token is None:
        spend_all(by_place(access.GUESS_FROM_ONE_PLACE, request), now)
        raise NoToken
    return token
