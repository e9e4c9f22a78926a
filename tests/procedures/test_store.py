"""Public responses from memory: always what Django would say, and never too old."""

import gzip
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import brotli
import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import (
    InterfaceError,
    OperationalError,
    ProgrammingError,
    close_old_connections,
    connection,
)
from django.test import RequestFactory

from procedures import publishing
from procedures.models import Revision, clinic, restored
from procedures.models.clinic import look_again
from procedures.reading import publication, store
from procedures.reading.store import PageStore, encoding_for
from procedures.status import RevisionStatus
from tests import factories
from tests.procedures.test_evidence import signature_alone, text_and_signature

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Site:
    """A store in front of Django, called as a server would, that counts Django's calls."""

    def __init__(self) -> None:
        self.asked = 0
        self.clock = Clock()
        self.django = get_wsgi_application()
        self.store = PageStore(self.count, self.clock)

    def count(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return self.django(environ, start_response)

    def get(
        self, path: str = URL, method: str = "GET", query: str = "", **headers: str
    ) -> tuple[str, dict[str, str], bytes]:
        heard: list[Any] = []

        def start(status: str, fields: Any, exc_info: Any = None) -> Any:
            heard[:] = [status, dict(fields)]

        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(b""),
            "wsgi.errors": BytesIO(),
            **headers,
        }
        answer = self.store(environ, start)
        body = b"".join(answer)
        if hasattr(answer, "close"):
            answer.close()
        return heard[0], heard[1], body


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Keep the connection of the test open, as Django's own test client does."""
    monkeypatch.setattr(store, "close_old_connections", lambda: None)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield Site()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_the_second_reader_gets_the_same_without_django_or_database(
    site: Site, published: Revision, django_assert_num_queries: Any
) -> None:
    first = site.get()
    assert first[0] == "200 OK"
    with django_assert_num_queries(0):
        assert site.get() == first
    assert site.asked == 1


def test_it_says_what_django_says_with_every_header(site: Site, published: Revision) -> None:
    kept = site.get()[1]
    said: dict[str, str] = {}

    def overhear(environ: Any, start_response: Any) -> Any:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            said.update(headers)
            return start_response(status, headers)

        return site.django(environ, start)

    site.store.application = overhear
    site.store.entries.clear()
    site.get()
    own = {"ETag", "Vary", "Content-Length"}
    assert {k: v for k, v in kept.items() if k not in own} == {
        k: v for k, v in said.items() if k not in own
    }
    for name in (
        "Content-Security-Policy",
        "X-Frame-Options",
        "Permissions-Policy",
        "Last-Modified",
    ):
        assert name in kept
    assert kept["Vary"] == "Accept-Encoding"
    assert kept["Cache-Control"] == "public, max-age=60"
    assert "Set-Cookie" not in kept


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip", "gzip"),
        ("GZIP", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("identity;q=0, gzip;q=0.0", "identity"),
        ("gzip;q=0.5, br;q=0.000", "gzip"),
        ("deflate", "identity"),
        (";;,=", "identity"),
    ],
)
def test_the_encoding_is_one_that_the_reader_takes(accepted: str, encoding: str) -> None:
    assert encoding_for(accepted) == encoding


@pytest.mark.parametrize(
    ("encoding", "decode"), [("gzip", gzip.decompress), ("br", brotli.decompress)]
)
def test_a_compressed_answer_holds_the_same_bytes(
    encoding: str, decode: Callable[[bytes], bytes], site: Site, published: Revision
) -> None:
    plain = site.get()
    status, headers, body = site.get(HTTP_ACCEPT_ENCODING=encoding)
    assert (status, headers["Content-Encoding"]) == ("200 OK", encoding)
    assert int(headers["Content-Length"]) == len(body) < len(plain[2])
    assert decode(body) == plain[2]
    assert headers["ETag"] != plain[1]["ETag"]


def test_a_reader_who_has_it_is_told_so_in_a_few_bytes(site: Site, published: Revision) -> None:
    etag = site.get(HTTP_ACCEPT_ENCODING="br")[1]["ETag"]
    for seen in (etag, f'"other",{etag}', f'"other", {etag}', f"W/{etag}", "*"):
        status, headers, body = site.get(HTTP_ACCEPT_ENCODING="br", HTTP_IF_NONE_MATCH=seen)
        assert (status, body) == ("304 Not Modified", b"")
        assert headers["ETag"] == etag
        assert headers["Cache-Control"] == "public, max-age=60"
        assert not {"Content-Length", "Content-Encoding", "Content-Type"} & set(headers)
    assert site.get(HTTP_IF_NONE_MATCH=etag)[0] == "200 OK"  # of another encoding


def test_head_has_the_headers_and_no_body(site: Site, published: Revision) -> None:
    head = site.get(method="HEAD")
    get = site.get()
    assert (head[0], head[1], head[2]) == (get[0], get[1], b"")
    assert site.get("/procedures/nothing/", method="HEAD")[0] == "404 Not Found"


# --- Freshness ------------------------------------------------------------------------------


def end(how: str, revision: Revision, now: datetime) -> None:
    arguments: dict[str, Any] = {"version": revision.version, "reason": "Harm.", "now": now}
    if how == "revoke":
        publishing.revoke(revision, by=factories.staff("Manager"), **arguments)
    else:
        getattr(publishing, how)(revision, by=factories.clinician().login, **arguments)


@pytest.mark.parametrize("how", ["suspend", "withdraw", "revoke"])
def test_what_was_taken_away_is_gone_within_a_second(
    how: str, site: Site, published: Revision, monday: datetime
) -> None:
    assert site.get()[0] == "200 OK"
    end(how, published, monday)
    site.clock.now += store.LOOK_EVERY
    status, headers, body = site.get()
    assert (status, headers["Cache-Control"]) == ("410 Gone", "no-store")
    assert b"It is a thing." not in body


@pytest.mark.parametrize("forge", [signature_alone, text_and_signature])
def test_what_was_forged_in_the_database_is_gone_within_a_second(
    forge: Callable[[Revision], None], site: Site, published: Revision
) -> None:
    assert site.get()[0] == "200 OK"
    forge(published)
    site.clock.now += store.LOOK_EVERY
    status, headers, body = site.get()
    assert (status, headers["Cache-Control"]) == ("410 Gone", "no-store")
    assert b"FORGED" not in body


def test_without_the_look_it_would_stay(
    site: Site, published: Revision, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    monkeypatch.setattr(store, "counter", lambda: 0)
    site.get()
    end("suspend", published, monday)
    site.clock.now += store.LOOK_EVERY
    assert site.get()[0] == "200 OK"


def test_a_new_version_shows_within_a_second(
    site: Site, published: Revision, monday: datetime
) -> None:
    site.get()
    text = factories.document(title="A better thing")
    factories.revision(RevisionStatus.PUBLISHED, text=text, now=monday)
    site.clock.now += store.LOOK_EVERY
    assert b"A better thing" in site.get()[2]


@pytest.mark.parametrize(
    ("days", "says"), [(730, b"review of this page is overdue"), (790, b"This page is closed")]
)
def test_the_day_on_which_a_page_ages_shows_at_midnight(
    days: int, says: bytes, site: Site, published: Revision, at: Any, monday: datetime
) -> None:
    midnight = (monday + timedelta(days=days)).replace(hour=0, minute=0)
    at(midnight - timedelta(seconds=1))
    site.clock.now += store.LOOK_EVERY
    assert says not in site.get()[2]
    at(midnight)
    site.clock.now += store.LOOK_EVERY
    assert says in site.get()[2]


@pytest.mark.parametrize("column", ["fragment", "document"])
def test_changed_bytes_close_the_page_within_a_minute(
    column: str, site: Site, published: Revision
) -> None:
    before = site.get()[2]
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE procedures_revision SET {column} = {column} || ' '")
    site.clock.now += store.RENEW_AFTER - 1
    assert site.get()[2] == before  # the signed bytes, and never the others
    site.clock.now += 1
    assert [site.get()[0], site.get()[0]] == ["410 Gone", "410 Gone"]


def test_one_reader_has_a_page_made_again_and_the_others_get_it_meanwhile(
    site: Site, published: Revision
) -> None:
    first = site.get()
    meanwhile: list[Any] = []

    def others_come(environ: Any, start_response: Any) -> Any:
        meanwhile.extend(site.get() for _ in range(3))
        return site.django(environ, start_response)

    site.clock.now += store.RENEW_AFTER
    site.store.application = others_come
    assert [site.get(), *meanwhile] == [first] * 4
    site.store.application = site.count
    site.clock.now += store.RENEW_AFTER - 1
    assert site.get() == first
    assert site.asked == 1


def test_an_answer_for_one_reader_takes_the_page_from_nobody(
    site: Site, published: Revision
) -> None:
    first = site.get()
    site.clock.now += store.RENEW_AFTER
    assert site.get(CONTENT_LENGTH="2000000")[0].startswith("413 ")
    assert (site.get(), site.asked) == (first, 2)


def test_a_page_is_no_older_than_a_minute_though_it_cannot_be_made_again(
    site: Site, published: Revision
) -> None:
    first = site.get()

    def broken(environ: Any, start_response: Any) -> Any:
        start_response("500 Internal Server Error", [])
        return [b""]

    site.store.application = broken
    site.clock.now += store.RENEW_AFTER
    assert site.get()[0] == "500 Internal Server Error"
    site.clock.now = 1000 + store.KEEP_FOR - 1
    assert site.get() == first
    site.clock.now += 1
    assert site.get()[0] == "500 Internal Server Error"


def test_bytes_that_stayed_the_same_are_not_compressed_again(
    site: Site, published: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = site.get()
    monkeypatch.setattr(store, "ENCODERS", {})
    site.clock.now += store.KEEP_FOR
    assert site.get() == first
    assert site.asked == 2


# --- While the database is away -------------------------------------------------------------


def away() -> int:
    raise InterfaceError


@pytest.fixture
def outage(site: Site, published: Revision, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose page was read a moment before the database went down."""
    assert site.get()[0] == "200 OK"
    monkeypatch.setattr(store, "counter", away)
    site.clock.now += store.LOOK_EVERY
    return site


def test_a_kept_page_is_shown_for_a_while_without_the_database(outage: Site, settings: Any) -> None:
    longest = settings.CLINIC_PAGES_IN_OUTAGE_SECONDS
    seen = outage.clock.now - store.LOOK_EVERY
    for later in (store.LOOK_EVERY, store.KEEP_FOR + 1, longest - 1):
        outage.clock.now = seen + later
        assert outage.get()[0] == "200 OK"
    assert outage.asked == 1
    outage.clock.now = seen + longest
    assert outage.get()[0] == "503 Service Unavailable"


def test_a_clinic_may_choose_that_nothing_is_shown_without_the_database(
    outage: Site, settings: Any
) -> None:
    settings.CLINIC_PAGES_IN_OUTAGE_SECONDS = 0
    status, headers, body = outage.get()
    assert (status, headers["Retry-After"]) == ("503 Service Unavailable", "15")
    assert "Content-Security-Policy" in headers
    assert b"020 7946 0958" in body


def test_whatever_is_not_kept_is_answered_without_asking_the_database_again(
    outage: Site, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        for path in ("/guides/", "/admin/", "/appointments/request/"):
            assert outage.get(path)[0] == "503 Service Unavailable"


def test_a_new_phone_number_is_noticed_within_a_second(site: Site, published: Revision) -> None:
    """Another process saved it: this one does not know until it looks."""
    before = site.get()
    factories.clinic(phone="01632 960111")
    clinic.remember(clinic.first_values())
    assert site.get() == before
    site.clock.now += store.LOOK_EVERY
    _, headers, body = site.get()
    assert (b"01632 960111" in before[2], b"01632 960111" in body) == (False, True)
    assert headers["ETag"] != before[1]["ETag"]
    assert site.asked == 2


def test_a_page_is_shown_to_whoever_meets_the_outage_first(site: Site, published: Revision) -> None:
    """The counter was looked at a moment ago, or another thread is still looking."""
    site.get()
    site.clock.now += store.KEEP_FOR - 0.5
    site.get("/guides/")
    site.clock.now += 0.5

    def fail(*_: Any) -> Any:
        raise OperationalError("the connection was lost")

    with connection.execute_wrapper(fail):
        assert site.get()[0] == "200 OK"
    assert site.asked == 3


def test_no_page_outlives_its_day(outage: Site, at: Any, monday: datetime) -> None:
    assert outage.get()[0] == "200 OK"
    at(monday + timedelta(days=1))
    assert outage.get()[0] == "503 Service Unavailable"


def test_a_page_that_was_suspended_before_the_outage_stays_closed(
    site: Site, published: Revision, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.get()
    end("suspend", published, monday)
    site.clock.now += store.LOOK_EVERY
    site.get("/guides/")  # somebody else's read saw the counter move
    monkeypatch.setattr(store, "counter", away)
    site.clock.now += store.LOOK_EVERY
    assert site.get()[0] == "503 Service Unavailable"


def test_it_is_well_again_by_itself(outage: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert outage.get("/guides/")[0] == "503 Service Unavailable"
    monkeypatch.setattr(store, "counter", publication.counter)
    outage.clock.now += store.LOOK_EVERY
    assert outage.get("/guides/")[0] == "200 OK"


def test_a_bug_is_no_outage(
    site: Site, published: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty() -> int:
        raise ProgrammingError

    site.get()
    monkeypatch.setattr(store, "counter", faulty)
    site.clock.now += store.LOOK_EVERY
    assert site.get()[0] == "200 OK"
    assert site.asked == 2  # Django was asked, and could answer


# --- What is not kept -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (URL, "x=1"),
        ("/search/", ""),
        ("/procedures/nothing/", ""),
        (f"{URL}feedback/", ""),
        ("/appointments/request/", ""),
        ("/admin/login/", ""),
        ("/static/css/site.css", ""),
    ],
)
def test_private_missing_and_particular_answers_are_made_each_time(
    path: str, query: str, site: Site, published: Revision
) -> None:
    site.get(path, query=query)
    site.get(path, query=query)
    assert site.asked == 2
    assert site.store.entries == {}


def test_a_post_always_reaches_django(site: Site, published: Revision) -> None:
    site.get()
    assert site.get(method="POST")[0].startswith("403")
    assert site.asked == 2


def test_a_foreign_host_is_refused_though_the_page_is_kept(site: Site, published: Revision) -> None:
    site.get()
    assert site.get(HTTP_HOST="evil.example")[0] == "400 Bad Request"


def test_plain_http_is_sent_on_though_the_page_is_kept(
    site: Site, published: Revision, settings: Any
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    secure = Site()
    assert secure.get(HTTP_X_FORWARDED_PROTO="https")[0] == "200 OK"
    assert secure.get()[0] == "301 Moved Permanently"


def test_a_signed_in_colleague_reads_what_everybody_reads(
    site: Site, published: Revision, sign_in: Any
) -> None:
    cookies = sign_in("Editor").cookies.output(header="", sep=";").strip()
    first = site.get(HTTP_COOKIE=cookies)
    assert site.get() == first
    assert site.asked == 1
    site.store.entries.clear()
    assert site.get()[2] == first[2]


def test_memory_has_an_end(
    site: Site, published: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_ENTRIES", 3)
    for path in ("/", "/a-z/", "/glossary/", "/guides/", "/clinics/", URL):
        assert site.get(path)[0] == "200 OK"
    assert 0 < len(site.store.entries) <= 3


def test_no_header_makes_a_second_entry_of_a_page(
    site: Site, published: Revision, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(10):
        site.get(HTTP_HOST=f"localhost:{8000 + number}", HTTP_X_FORWARDED_PROTO="https")
        site.get(HTTP_HOST="LOCALHOST", HTTP_X_FORWARDED_PROTO=f"https,{number}")
    assert len(site.store.entries) == 1
    assert site.asked == 1


@pytest.mark.parametrize("trusted", [None, ("HTTP_X_FORWARDED_PROTO", "https")])
@pytest.mark.parametrize("said", [None, "", "http", "https", " https ,http", "http,https", "HTTPS"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_secure_read_is_what_django_calls_secure(
    trusted: tuple[str, str] | None, said: str | None, scheme: str, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = trusted
    environ = RequestFactory().get("/", SERVER_PORT="80").environ | {"wsgi.url_scheme": scheme}
    if said is not None:
        environ["HTTP_X_FORWARDED_PROTO"] = said
    assert store._is_secure(environ) == WSGIRequest(environ).is_secure()


CHANGED: dict[str, Any] = {
    "SCRIPT_NAME": "/evil",
    "SERVER_NAME": "evil.example",
    "SERVER_PORT": "8443",
    "SERVER_PROTOCOL": "HTTP/1.0",
    "REMOTE_ADDR": "203.0.113.1",
    "REMOTE_USER": "reception",
    "CONTENT_TYPE": "multipart/form-data; boundary=x; charset=utf-16",
    "CONTENT_LENGTH": "3",
    "PATH_TRANSLATED": "/evil",
    "DOCUMENT_ROOT": "/evil",
    "HTTPS": "on",
    "wsgi.url_scheme": "https",
    "wsgi.input": BytesIO(b"abc"),
    "HTTP_HOST": "127.0.0.1:99",
    "HTTP_COOKIE": "__Host-session=evil; messages=evil; csrftoken=evil",
    **{
        f"HTTP_{name}": value
        for name, value in {
            "X_FORWARDED_PROTO": "https",
            "X_FORWARDED_HOST": "evil.example",
            "X_FORWARDED_FOR": "203.0.113.1",
            "X_FORWARDED_PORT": "1",
            "X_FORWARDED_PREFIX": "/evil",
            "FORWARDED": "host=evil.example;proto=http",
            "X_SCRIPT_NAME": "/evil",
            "X_ORIGINAL_URL": "/evil/",
            "X_REWRITE_URL": "/evil/",
            "X_HTTP_METHOD_OVERRIDE": "POST",
            "X_REQUESTED_WITH": "XMLHttpRequest",
            "ACCEPT": "application/json",
            "ACCEPT_LANGUAGE": "de",
            "ACCEPT_CHARSET": "utf-16",
            "ACCEPT_ENCODING": "identity",
            "USER_AGENT": "evil",
            "REFERER": "https://evil.example/",
            "ORIGIN": "https://evil.example",
            "RANGE": "bytes=0-1",
            "IF_RANGE": "x",
            "IF_MODIFIED_SINCE": "Wed, 01 Jan 2031 00:00:00 GMT",
            "IF_UNMODIFIED_SINCE": "Wed, 01 Jan 2020 00:00:00 GMT",
            "IF_MATCH": '"x"',
            "IF_NONE_MATCH": '"x"',
            "AUTHORIZATION": "Basic eDp5",
            "CACHE_CONTROL": "no-cache",
            "PRAGMA": "no-cache",
        }.items()
    },
}


@pytest.mark.sqlite
@pytest.mark.parametrize("name", CHANGED)
def test_whoever_asks_first_changes_nothing_for_the_next(
    name: str, site: Site, published: Revision, settings: Any
) -> None:
    """A response must not depend on anything that is missing from its key."""
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    right = site.get()
    site.store.entries.clear()
    site.get(**{name: CHANGED[name]})
    assert site.get() == right
    assert right[0] == "200 OK"


def test_no_name_of_the_place_reaches_a_page(site: Site, published: Revision) -> None:
    assert b"/evil" not in site.get(SCRIPT_NAME="/evil")[2]
    assert site.store.entries == {}


class Lock:
    """A lock that says when somebody waits for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.awaited = threading.Event()

    def acquire(self, timeout: float) -> bool:
        if self.lock.acquire(blocking=False):
            return True
        self.awaited.set()
        return self.lock.acquire(timeout=timeout)

    def release(self) -> None:
        self.lock.release()


@pytest.mark.parametrize(
    ("longest_wait", "asked"), [(10, 1), pytest.param(0, 2, id="a look that takes too long")]
)
def test_one_thread_looks_and_the_others_wait_a_moment_for_what_it_finds(
    longest_wait: float,
    asked: int,
    site: Site,
    published: Revision,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = site.get()
    looks = []
    looking, lock = threading.Event(), Lock()
    known, numbers = look_again(), publication.counter()

    def slow() -> tuple[int, ...]:
        looks.append(1)
        looking.set()
        lock.awaited.wait(10)
        if not longest_wait:
            answered.wait(10)
        return numbers

    # The thread has no connection of its own.
    answered = threading.Event()
    monkeypatch.setattr(store, "look_again", lambda: known)
    monkeypatch.setattr(restored, "look_again", lambda: False)
    monkeypatch.setattr(store, "counter", slow)
    monkeypatch.setattr(store, "LONGEST_WAIT", longest_wait)
    site.store.lock = lock  # type: ignore[assignment]
    site.clock.now += store.LOOK_EVERY
    thread = threading.Thread(target=site.store._look)
    thread.start()
    looking.wait(10)
    assert site.get("/static/css/site.css")[0] == "200 OK"  # files need no look
    files = site.asked
    assert site.get()[2] == first[2]
    answered.set()
    thread.join()
    assert (site.asked - files, len(looks)) == (asked - 1, 1)
    assert [key[0] for key in site.store.entries] == [URL]
