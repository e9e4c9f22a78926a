"""An exchange with another machine over HTTP, with one limit of time for the whole of it.

The timeout of a socket is about one step, so whoever sends a byte now and then keeps us for as long as
they like. Here the clock runs from the first step to the last, and each step has what is left. Only
looking up a name takes as long as the resolver lets it; what it took is gone from the rest.
"""

import http.client
import io
import socket
import urllib.request
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Any


class Deadline:
    """The end of something that may take so many seconds from now."""

    def __init__(self, seconds: float):
        self._ends = monotonic() + seconds

    @property
    def has_passed(self) -> bool:
        """Whether no time is left."""
        return monotonic() >= self._ends

    def left(self) -> float:
        """How many seconds are left. Raises TimeoutError if none are."""
        seconds = self._ends - monotonic()
        if seconds <= 0:
            raise TimeoutError("The time for the whole exchange is over.")
        return seconds


class Connection(http.client.HTTPConnection):
    """A connection that has to be done with everything by a deadline."""

    def __init__(self, until: Deadline, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._until = until
        self._create_connection = self._look_up_and_connect
        self.response_class = partial(_Answer, until)  # type: ignore[assignment]  # it is only called

    def send(self, data: Any) -> None:
        """Send the head or the body in the time that is left."""
        if self.sock:
            self.sock.settimeout(self._until.left())
        super().send(data)

    def _look_up_and_connect(self, where: tuple[str, int], *_: Any) -> socket.socket:
        found = socket.getaddrinfo(*where, type=socket.SOCK_STREAM)
        return connected([(str(each[4][0]), int(each[4][1])) for each in found], self._until)


def connected(addresses: Sequence[tuple[str, int]], until: Deadline) -> socket.socket:
    """A connection to the first address that answers. Each has its share of the time that is left.

    Raises OSError if none does.
    """
    failure = OSError("The name has no address.")
    for tried, address in enumerate(addresses):
        try:
            found = socket.create_connection(address, until.left() / (len(addresses) - tried))
        except OSError as error:
            failure = error
        else:
            found.settimeout(until.left())
            return found
    raise failure


def opened(request: urllib.request.Request | str, *handlers: Any, seconds: float) -> Any:
    """The answer to a request, which has to be read to its end within so many seconds as well.

    Raises what `urllib.request.urlopen` raises: HTTPError, and other kinds of OSError and HTTPException.
    """
    until = Deadline(seconds)
    return urllib.request.build_opener(_Plain(until), _Secure(until), *handlers).open(request)


class _SecureConnection(Connection, http.client.HTTPSConnection):
    pass


class _Plain(urllib.request.HTTPHandler):
    def __init__(self, until: Deadline):
        super().__init__()
        self._until = until

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(Connection, self._until), req)


class _Secure(urllib.request.HTTPSHandler):
    def __init__(self, until: Deadline):
        super().__init__()
        self._until = until

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(partial(_SecureConnection, self._until), req)


class _Answer(http.client.HTTPResponse):
    def __init__(self, until: Deadline, sock: socket.socket, *args: Any, **kwargs: Any):
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Read(self.fp.detach(), sock, until))


class _Read(io.RawIOBase):
    """What a socket says, each time in the time that is left."""

    def __init__(self, said: io.RawIOBase, sock: socket.socket, until: Deadline):
        self._said, self._sock, self._until = said, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._until.left())
        return self._said.readinto(buffer)

    def close(self) -> None:
        self._said.close()
        super().close()
