"""Health, request ids, and a log in which nobody is named."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPResponse
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import DataError, OperationalError, connection
from django.test import Client
from django.urls import URLResolver

from bookings.models import AppointmentRequest
from clinic_site import health
from clinic_site.health import Health
from clinic_site.logs import JsonLines, WithoutLinks
from clinic_site.request_ids import RequestIds
from tests import people
from tests.processes import PATIENCE
from tests.served import gunicorn, production

A_PROXYS_ID = "0123456789abcdef0123456789abcdef"


def ask(application: Any, path: str, method: str = "GET", **headers: Any) -> tuple[str, Any, str]:
    heard: list[Any] = []

    def start(status: str, fields: Any, exc_info: Any = None) -> Any:
        heard[:] = [status, dict(fields)]

    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, **headers}
    body = b"".join(application(environ, start)).decode()
    return heard[0], heard[1], body


def beyond(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


# --- Health -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_site_that_can_serve_is_ready_and_no_other_address_is_touched() -> None:
    site = Health(beyond)
    for path, said in (("/health/live", "alive\n"), ("/health/ready", "ready\n")):
        status, headers, body = ask(site, path)
        assert (status, body) == ("200 OK", said)
        assert headers["Cache-Control"] == "no-store"
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert ask(site, path, "POST")[0] == "405 Method Not Allowed"
    assert ask(site, "/health/")[0] == "404 Not Found"


@pytest.mark.django_db
def test_a_database_without_a_migration_is_not_ready() -> None:
    assert health.fault_of_the_database() == ""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '0001_initial'")
    assert health.fault_of_the_database() == health.OLDER_SCHEMA


def test_a_database_that_is_away_is_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> list[object]:
        raise OperationalError("FATAL: password of clinic at 10.0.0.1")

    monkeypatch.setattr(health, "migrations_due", refuse)
    status, headers, body = ask(Health(beyond), "/health/ready")
    assert status == "503 Service Unavailable"
    assert body == "not ready: the database cannot be reached\n"
    assert headers["Cache-Control"] == "no-store"


def test_a_database_that_hangs_keeps_no_checker_waiting_and_is_asked_once() -> None:
    released, asked = threading.Event(), []

    def hang() -> str:
        asked.append(1)
        released.wait()
        return ""

    site = Health(beyond, fault=hang, seconds=0.01)
    assert health.SECONDS < 3
    for _ in range(3):
        assert ask(site, "/health/ready")[2] == "not ready: the database cannot be reached\n"
    assert ask(site, "/health/live")[2] == "alive\n"
    released.set()
    assert site.asked is not None
    assert (site.asked.result(), len(asked)) == ("", 1)


# --- Request ids ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proxies", "given", "is_taken"),
    [
        (1, A_PROXYS_ID, True),
        (0, A_PROXYS_ID, False),
        (1, "Pat Sample", False),
        (1, A_PROXYS_ID * 3, False),
    ],
)
def test_an_id_is_taken_only_from_our_own_proxy(
    proxies: int, given: str, is_taken: bool, settings: Any
) -> None:
    settings.PROXIES = proxies
    site = RequestIds(beyond)
    first, second = (ask(site, "/", HTTP_X_REQUEST_ID=given)[1]["X-Request-ID"] for _ in range(2))
    assert (first == given) == is_taken
    assert (first == second) == is_taken
    assert len(first) == 32


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What production would write to its log from here on."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    handler.addFilter(WithoutLinks())
    loggers = [logging.getLogger(name) for name in ("", "django", "django.server")]
    before = [(each, each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.setLevel(logging.INFO)
        each.propagate = True
    loggers[0].addHandler(handler)
    yield written
    loggers[0].removeHandler(handler)
    for each, level, propagate in before:
        each.setLevel(level)
        each.propagate = propagate


def lines(log: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.django_db
def test_the_error_page_reads_out_the_id_under_which_the_log_has_it(
    log: StringIO, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("Canary")

    settings.PROXIES = 1
    monkeypatch.setattr(URLResolver, "resolve", fail)
    site = RequestIds(get_wsgi_application())
    server: dict[str, Any] = {"SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    server |= {"wsgi.url_scheme": "http", "wsgi.input": StringIO(), "wsgi.errors": StringIO()}
    status, headers, body = ask(
        site, "/guides/", HTTP_HOST="testserver", HTTP_X_REQUEST_ID=A_PROXYS_ID, **server
    )
    assert (status, headers["X-Request-ID"]) == ("500 Internal Server Error", A_PROXYS_ID)
    assert f"read out <strong>{A_PROXYS_ID[:8]}</strong>" in body
    (line,) = lines(log)
    assert line["request"] == A_PROXYS_ID
    assert line["message"] == "Internal Server Error: /guides/"
    assert line["error"][-1] == "builtins.RuntimeError"
    assert "Canary" not in log.getvalue()


# --- No personal data -------------------------------------------------------------------------

MARKED = {
    "about": {"concern": "Canaryconcern"},
    "you": {"name": "Canaryname", "email": "canary@example.org", "phone": "020 7946 0123"},
    "times": {"availability": "Canaryavailability"},
}
MARKS = ("canary", "7946 0123", "79460123", "canary@", "31 january", "1970-01-31")


@pytest.mark.django_db
def test_a_refusal_is_logged_by_number(
    sign_in: Callable[[str], Client], caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in("Reception")
    assert client.get("/admin/bookings/import/").status_code == 403
    number = client.session["_auth_user_id"]
    said = [each.getMessage() for each in caplog.records if each.name == "clinic_site.errors"]
    assert said == [f"Refused account {number}: GET /admin/bookings/import/"]


@pytest.mark.django_db
@pytest.mark.parametrize("failing", ["", 'INSERT INTO "bookings_appointmentrequest"'])
def test_s7_a_whole_form_leaves_nobody_in_the_log(
    failing: str, client: Client, log: StringIO
) -> None:
    """Sent as it should be, and while the database quotes the row that it refuses."""
    client.raise_request_exception = False
    people.fill_in(client, **MARKED)

    def refuse(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if failing and sql.startswith(failing):
            raise DataError(f"Failing row contains {params} {MARKED}")
        return execute(sql, params, *rest)

    with connection.execute_wrapper(refuse):
        answer = people.send(client)
    assert answer.status_code == (500 if failing else 302)
    assert AppointmentRequest.objects.count() == (0 if failing else 1)
    client.get("/appointments/mine/link/Canarysecret/")
    client.get("/invitation/Canarysecret/")
    assert {line["message"] for line in lines(log)} >= {"Not Found: /appointments/mine/link/…"}
    assert [mark for mark in MARKS if mark in log.getvalue().lower()] == []
    if failing:
        # The twin: the words were there, and only the form of the log keeps them out.
        assert "django.db.utils.DataError" in log.getvalue()


SEARCHES = 12


@pytest.mark.lengthy
def test_every_line_of_the_real_server_is_json_with_the_id_of_its_request(
    tmp_path: Path, settings: Any
) -> None:
    log = tmp_path / "log"
    token = "only-for-tests" * 3
    environment = production(f"sqlite:///{tmp_path}/clinic.sqlite3", settings, METRICS_TOKEN=token)

    content: list[str] = []

    def get(path: str, **headers: str) -> HTTPResponse:
        channel = HTTPConnection("127.0.0.1", port, timeout=60)
        channel.request("GET", path, headers=headers)
        answer = channel.getresponse()
        content.append(answer.read().decode())
        channel.close()
        return answer

    with gunicorn(environment, log=log, workers=2) as port:
        # A checker knows neither our host nor HTTPS: Django would refuse the one and redirect the other.
        assert [get(path).status for path in ("/health/ready", "/health/live")] == [200, 200]
        answer = get(
            "/search/?q=Canary",
            **{
                "Host": "clinic.example",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-For": "192.0.2.7",
                "X-Request-ID": A_PROXYS_ID,
                "Referer": "https://clinic.example/Canary",
            },
        )
        through = {"Host": "clinic.example", "X-Forwarded-Proto": "https"}
        for _ in range(SEARCHES - 1):
            get("/search/", **through)
        counted = (
            f'clinic_request_seconds_count{{page="procedures:search",status="200"}} {SEARCHES}'
        )
        deadline = time.monotonic() + PATIENCE
        # Whichever process answers, it knows the requests of both.
        while counted not in content[-1]:
            assert time.monotonic() < deadline, content[-1]
            get("/metrics", Authorization=f"Bearer {token}", **through)
    assert (answer.status, answer.headers["X-Request-ID"]) == (200, A_PROXYS_ID)
    # Nothing was running, so each request has been logged by the time that the server has stopped.
    written = [json.loads(line) for line in log.read_text().splitlines()]
    (access,) = [line for line in written if line.get("request") == A_PROXYS_ID]
    assert access["logger"] == "gunicorn.access"
    assert access["message"].startswith("GET /search/ 200 ")
    assert "Canary" not in log.read_text()
    assert "192.0.2" not in log.read_text()
