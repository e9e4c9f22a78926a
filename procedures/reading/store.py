"""Keeps public responses whole in this process's memory and serves them before Django is asked.

A page with a valid signature is as constant as a file. So Django makes the first reader's response,
with all its headers, and it is kept: as it is, compressed, and under an ETag. It is served again while

- neither the counter of `publication` nor the clinic's details have changed; we look at most once a
  second,
- it is the same day in the clinic's time zone, because pages age by the day,
- it is less than a minute old. Hashes are verified again when Django is asked again: for one reader who
  comes in the last quarter of that minute, while all others still get it from here.

While the database is down, nothing can be looked at. Then a response is still served for a while
(`CLINIC_PAGES_IN_OUTAGE_SECONDS`), because nobody can suspend a page without the database either. This
has an end because the fault may be between this process and a database that others can reach.

Only what any cache on the way may keep is kept: a whole response to a GET without a query, marked
`Cache-Control: public`, that sets no cookie. Its key is everything that the response depends on.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import brotli
from django.conf import settings
from django.db import Error, close_old_connections
from django.http.request import split_domain_port
from django.utils import timezone

from procedures.ground.outages import find_outage
from procedures.models import restored
from procedures.models.clinic import look_again
from procedures.reading.publication import counter

# Set in the environ of a request that was passed on although the database could not be reached.
DATABASE_IS_AWAY = "clinic.database_is_away"

LOOK_EVERY = 1.0
# A look takes a few milliseconds, and an answer of Django's a hundred. A look that takes longer than
# that waits for a database in trouble.
LONGEST_WAIT = 0.1
KEEP_FOR, RENEW_AFTER = 60.0, 45.0
MOST_ENTRIES = 500
# What Django says of a page that was taken away.
GONE = ("404 ", "410 ")
KEPT_TYPES = ("text/", "image/svg+xml", "image/png", "application/xml", "application/atom+xml")
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
    "br": lambda body: bytes(brotli.compress(body, quality=6)),
}
REPLACED = {"vary", "content-length"}
OF_THE_BODY = REPLACED | {"content-type", "content-encoding"}

Headers = list[tuple[str, str]]
Key = tuple[str, str, bool]


class Representation(NamedTuple):
    """A response in one encoding."""

    etag: str
    headers: Headers
    unchanged: Headers
    body: bytes


class Entry(NamedTuple):
    """A response in every encoding, and how long it may be served."""

    representations: dict[str, Representation]
    digest: str
    stamp: tuple[object, object]
    renew_from: float
    kept_until: float


class PageStore:
    """A WSGI application in front of another, which it calls for whatever it does not have."""

    def __init__(
        self, application: WSGIApplication, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.application = application
        self.clock = clock
        self.entries: dict[Key, Entry] = {}
        self.stamp: tuple[object, object] | None = None
        self.looked = float("-inf")
        # The newest stamp ever seen, and when: this is what counts while the database is down.
        self.last_stamp: tuple[object, object] | None = None
        self.last_seen = float("-inf")
        self.is_away = False
        self.lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer from memory, or have Django answer and keep what may be kept."""
        key = _key(environ)
        if key is None:
            return self.application(environ, start_response)
        now = self.clock()
        stamp = self.stamp if now - self.looked < LOOK_EVERY else self._look()
        entry = self._kept(key, stamp, now)
        if entry:
            return _give(entry, environ, start_response)
        if stamp is None and self.is_away:
            spare = self._in_an_outage(key, now)
            if spare:
                return _give(spare, environ, start_response)
            environ = {**environ, DATABASE_IS_AWAY: True}
        answer = self._ask(environ, start_response, key, stamp, now)
        return _give(answer, environ, start_response) if isinstance(answer, Entry) else answer

    def _kept(self, key: Key, stamp: tuple[object, object] | None, now: float) -> Entry | None:
        """The stored response, if it may still be served.

        None for one of its readers before it is too old: Django makes it again for this one.
        """
        entry = self.entries.get(key)
        if entry is None or entry.stamp != stamp or now >= entry.kept_until:
            return None
        if now < entry.renew_from:
            return entry
        self.entries[key] = entry._replace(renew_from=entry.kept_until)
        return None

    def _look(self) -> tuple[object, object] | None:
        """What a thread finds that looks, for itself and for those that wait for it meanwhile.

        None while it is unknown, so that nothing old is served.
        """
        if not self.lock.acquire(timeout=LONGEST_WAIT):
            return None  # Django answers this one
        try:
            if self.clock() - self.looked >= LOOK_EVERY:
                self._ask_database()
            return self.stamp
        finally:
            self.lock.release()

    def _ask_database(self) -> None:
        """Read the counter, the version of the clinic's details, and whether this is a quiet copy.

        The time of the look is written last: until then every thread looks, or waits.
        """
        began = self.clock()
        try:
            read = (counter(), look_again().number, restored.look_again()), timezone.localdate()
        except Error as error:
            self.is_away = find_outage(error) is not None
            self.stamp = None
            self.looked = self.clock()
        else:
            self.is_away = False
            self.stamp = self.last_stamp = read
            self.looked = self.last_seen = began
        finally:
            close_old_connections()

    def _in_an_outage(self, key: Key, now: float) -> Entry | None:
        """The stored response that may still be served while the database is down."""
        entry, longest = self.entries.get(key), settings.CLINIC_PAGES_IN_OUTAGE_SECONDS
        if (
            entry
            and entry.stamp == self.last_stamp
            and entry.stamp[1] == timezone.localdate()
            and now < min(self.last_seen, entry.kept_until) + longest
        ):
            return entry
        return None

    def _ask(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        key: Key,
        stamp: tuple[object, object] | None,
        now: float,
    ) -> Entry | Iterable[bytes]:
        """Have Django answer as to a GET. Keep what may be kept; pass the rest on as it is.

        Without a stamp nothing is kept. A page that is gone is forgotten. If Django answers 503, a
        response that outlives the outage is served.

        The server leaves out the body of a response to a HEAD, as Django also expects of it.
        """
        heard: list[Any] = []

        def listen(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], Any]:
            heard[:] = [status, headers]
            return heard.append

        answer = self.application({**environ, "REQUEST_METHOD": "GET"}, listen)
        status, headers = heard
        spare = self._in_an_outage(key, now) if status.startswith("503 ") else None
        if spare:
            _read(answer)
            return spare
        if stamp is None or not _may_be_kept(status, headers):
            if status.startswith(GONE):
                self.entries.pop(key, None)
            start_response(status, headers)
            return answer
        body = _read(answer)
        digest = hashlib.sha256(repr(headers).encode() + body).hexdigest()
        old = self.entries.get(key)
        same = old is not None and old.digest == digest
        made = old.representations if old and same else _representations(headers, body)
        if len(self.entries) >= MOST_ENTRIES:
            self.entries.clear()
        entry = Entry(made, digest, stamp, now + RENEW_AFTER, now + KEEP_FOR)
        self.entries[key] = entry
        return entry


def _key(environ: WSGIEnvironment) -> Key | None:
    """What a response depends on; None if it may not be kept.

    The host and the scheme are those that Django uses, so that no header makes a second entry of
    one page. A SCRIPT_NAME would be the beginning of every link.
    """
    asks = environ["REQUEST_METHOD"] in ("GET", "HEAD") and not environ.get("QUERY_STRING")
    path = environ["PATH_INFO"]
    if not asks or environ.get("SCRIPT_NAME") or path.startswith(settings.STATIC_URL):
        return None
    host, _ = split_domain_port(environ.get("HTTP_HOST", ""))
    return (path, host, _is_secure(environ)) if host else None


def _is_secure(environ: WSGIEnvironment) -> bool:
    """The same as `HttpRequest.is_secure`, without the cost of making a request for every read."""
    name, secure = settings.SECURE_PROXY_SSL_HEADER or ("", "")
    said = environ.get(name)
    if said is None:
        return bool(environ["wsgi.url_scheme"] == "https")
    return bool(said.split(",", 1)[0].strip() == secure)


def _read(answer: Iterable[bytes]) -> bytes:
    try:
        return b"".join(answer)
    finally:
        if hasattr(answer, "close"):
            answer.close()


def _give(entry: Entry, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    chosen = entry.representations[encoding_for(environ.get("HTTP_ACCEPT_ENCODING", ""))]
    seen = environ.get("HTTP_IF_NONE_MATCH")
    # If-Modified-Since is ignored: one date cannot tell old words from a new banner beside them.
    if seen and _names(seen, chosen.etag):
        start_response("304 Not Modified", list(chosen.unchanged))
        return []
    start_response("200 OK", list(chosen.headers))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [chosen.body]


def _names(tags: str, etag: str) -> bool:
    """Whether an If-None-Match header contains the tag (RFC 9110, 13.1.2: compared weakly)."""
    held = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return etag in held or "*" in held


@lru_cache(maxsize=256)
def encoding_for(accepted: str) -> str:
    """The best of our encodings that an Accept-Encoding header allows (RFC 9110, 12.5.3)."""
    allowed = {}
    for offer in accepted.lower().split(","):
        name, _, parameter = offer.partition(";")
        _, _, quality = parameter.partition("=")
        allowed[name.strip()] = quality.strip() not in {"0", "0.0", "0.00", "0.000"}
    for encoding in ("br", "gzip"):
        if allowed.get(encoding, allowed.get("*", False)):
            return encoding
    return "identity"


def _may_be_kept(status: str, headers: Headers) -> bool:
    held = {name.lower(): value for name, value in headers}
    return (
        status.startswith("200 ")
        and "public" in held.get("cache-control", "")
        and held.get("content-type", "").startswith(KEPT_TYPES)
        and "set-cookie" not in held
        and "cookie" not in held.get("vary", "").lower()
    )


def _representations(headers: Headers, body: bytes) -> dict[str, Representation]:
    made = {}
    # Of the body alone, so that all processes give the same one.
    digest = hashlib.sha256(body).hexdigest()
    for encoding, encode in ENCODERS.items():
        coded = encode(body)
        etag = f'"{digest[:32]}-{encoding}"'
        own = [("ETag", etag), ("Vary", "Accept-Encoding")]
        unchanged = [(name, value) for name, value in headers if name.lower() not in OF_THE_BODY]
        coding = [] if encoding == "identity" else [("Content-Encoding", encoding)]
        whole = [(name, value) for name, value in headers if name.lower() not in REPLACED]
        whole += [*own, *coding, ("Content-Length", str(len(coded)))]
        made[encoding] = Representation(etag, whole, unchanged + own, coded)
    return made
