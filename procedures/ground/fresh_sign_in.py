"""Asks for the password once more before a step that must not be taken on somebody else's screen.

A view or a decision says that it needs a fresh sign-in; the site shows the page that asks, carries
along whatever was typed, and leads back. Whoever entered their password in the last quarter of an
hour is not asked.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
FRESH_FOR = timedelta(minutes=15)
KEY = "password_given"


class SignInTooOld(Exception):
    """The password was entered too long ago for this step."""


def note_sign_in(request: HttpRequest, now: datetime) -> None:
    """Remember in the session that the password was entered at that instant."""
    request.session[KEY] = now.timestamp()


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Whether the password was entered recently enough."""
    given = datetime.fromtimestamp(request.session.get(KEY, 0), UTC)
    return now <= given + FRESH_FOR


def require_fresh_sign_in(request: HttpRequest) -> None:
    """Raise SignInTooOld, which becomes the page that asks for the password, unless it is fresh."""
    if not is_fresh(request, timezone.now()):
        raise SignInTooOld


def fresh_sign_in(view: View) -> View:
    """Require a fresh sign-in for every request to a view: the first argument that is a request."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> HttpResponseBase:
        require_fresh_sign_in(next(each for each in args if isinstance(each, HttpRequest)))
        return view(*args, **kwargs)

    return cast("View", guarded)
