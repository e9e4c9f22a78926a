"""One id for each request: in its response, in each line that it logs, and on the error page.

The layer is outside Django and the page store, so that no answer is without one.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings

HEADER = "X-Request-ID"
# What nginx and Caddy make. Anything longer, or with other letters, may be something that was typed.
OF_A_PROXY = re.compile(r"[0-9a-fA-F-]{8,64}")
# So many letters can be read out on the phone, and are enough to find the lines in the log.
READ_OUT = 8

_id: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request that this thread answers; empty in the worker and in commands."""
    return _id.get()


def to_read_out() -> str:
    """The beginning of the id, for a patient who tells us about a fault."""
    return current()[:READ_OUT]


class RequestIds:
    """A WSGI application in front of another, that gives each request an id."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Take the id of our own proxy, or make one, and put it into the response."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        is_trusted = settings.PROXIES and OF_A_PROXY.fullmatch(given)
        made = given if is_trusted else secrets.token_hex(16)
        # Until this thread answers another request: the server logs a request after its answer.
        _id.set(made)

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, (HEADER, made)], exc_info)

        return self.application(environ, start)
