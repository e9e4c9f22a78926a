"""The wiring: headers everywhere, settings that explain themselves, errors that help."""

import html
import logging
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from django.utils.translation import gettext

from bookings.models import AppointmentRequest
from bookings.status import RequestStatus
from clinic_site import checks, urls
from clinic_site.groups import GROUPS
from clinic_site.logs import JsonLines, WithoutLinks
from procedures.ground import languages
from tests import databases, factories, processes

ROOT = Path(__file__).parent.parent.parent

PRODUCTION = {
    "SECRET_KEY": "a-key-that-is-long-enough-and-quite-random-for-a-test-1234567890",
    "SEALING_KEY": "another-key-that-is-long-enough-and-quite-random-for-a-test-0987",
    "LOG_KEY": "a-third-key-that-is-long-enough-and-quite-random-for-a-test-5678",
    "CLINIC_SENDER": "desk@clinic.example",
    "SITE_URL": "https://clinic.example",
    "CLINIC_ADDRESS": "1 Example Lane",
    "CLINIC_PHONE": "020 7946 0958",
    "CLINIC_EMAIL": "hello@clinic.example",
    "CLINIC_LEGAL_NAME": "Example Lane Clinic Ltd",
    "CLINIC_ICO_NUMBER": "ZA000000",
    "PATH": os.environ["PATH"],
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


# --- Settings -------------------------------------------------------------------------------


def test_production_settings_pass_every_deployment_check(tmp_path: Path) -> None:
    environment = PRODUCTION | {"DATABASE_URL": f"sqlite:///{tmp_path}/clinic.sqlite3"}
    result = manage("check", "--deploy", "--fail-level", "WARNING", **environment)
    assert result.returncode == 0, result.stderr
    assert "no issues" in result.stdout


def test_production_keeps_cookies_to_this_host_and_links_to_its_address() -> None:
    program = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE']='clinic_site.settings';"
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.ALLOWED_HOSTS, s.DEBUG)"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=PRODUCTION,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "__Host-session __Host-csrf ['clinic.example'] False"


def test_sqlite_without_immediate_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        assert checks.sqlite_takes_the_write_lock_first(None) == []
        return
    assert checks.sqlite_takes_the_write_lock_first(None) == []
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "transaction_mode", "DEFERRED")
    assert [error.id for error in checks.sqlite_takes_the_write_lock_first(None)] == [
        "clinic_site.E001"
    ]


def test_the_database_is_set_up_to_keep_what_it_confirmed(tmp_path: Path) -> None:
    program = (
        "from django.db import connection; c = connection.cursor();"
        "print(*(c.execute(f'PRAGMA {name}').fetchone() for name in ('synchronous', 'journal_mode')))"
    )
    environment = PRODUCTION | {"DATABASE_URL": f"sqlite:///{tmp_path}/clinic.sqlite3"}
    result = manage("shell", "--verbosity", "0", "-c", program, **environment)
    full = 2
    assert result.stdout == f"({full},) ('wal',)\n", result.stderr


@pytest.mark.parametrize(
    ("database", "option"),
    [("sqlite:////tmp/x", "'timeout': 4,"), ("postgres://a:b@localhost/x", "lock_timeout=2s")],
)
def test_nobody_waits_long_for_a_lock_in_production(database: str, option: str) -> None:
    program = (
        "import os; os.environ['DJANGO_SETTINGS_MODULE']='clinic_site.settings';"
        "from django.conf import settings as s; print(s.DATABASES['default']['OPTIONS'])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=PRODUCTION | {"DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=True,
    )
    assert option in result.stdout


# --- Headers --------------------------------------------------------------------------------

POLICY = (
    "base-uri 'none'; default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self'; script-src 'self'; style-src 'self'"
)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/procedures/",
        "/nothing/",
        "/?a=%00",
        "/appointments/request/",
        "/admin/login/",
        "/admin/",
    ],
)
def test_every_answer_carries_the_headers(url: str, client: Client) -> None:
    headers = client.get(url).headers
    assert "; ".join(sorted(headers["Content-Security-Policy"].split("; "))) == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "camera=()" in headers["Permissions-Policy"]
    assert (
        headers["Cache-Control"] in {"no-store", "public, max-age=60"}
        or "private" in (headers["Cache-Control"])
    )


@pytest.mark.django_db
def test_what_a_colleague_is_told_lies_in_no_cookie(sign_in: Any) -> None:
    found = factories.received()
    client = sign_in("Reception")
    url = f"/admin/bookings/appointmentrequest/{found.pk}/decide/review/"
    answer = client.post(url, {"version": found.version})
    assert answer.status_code == 302
    assert set(answer.cookies) <= {"sessionid", "csrftoken"}
    assert "messagelist" in client.get(answer.headers["Location"]).content.decode()


def test_s8_a_hostile_host_is_refused(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


# --- Errors ---------------------------------------------------------------------------------


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("patient Pat Sample")


class WithFault:
    """The site's addresses, and one page that fails."""

    handler500 = urls.handler500
    urlpatterns = [*urls.urlpatterns, path("fails/", fails)]


@override_settings(ROOT_URLCONF=WithFault)
def test_a_fault_of_ours_is_a_page_that_helps_and_tells_nothing() -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/fails/")
    content = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong on our side" in content
    assert "020 7946 0958" in content
    assert "Pat Sample" not in content


READ_ONLY = ["/", "/guides/", "/search/", "/a-z/", "/clinicians/", "/changes.atom", "/urgent/"]


@pytest.mark.django_db
@pytest.mark.parametrize("url", READ_ONLY)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_a_page_to_read_takes_nothing(method: str, url: str, client: Client) -> None:
    answer = client.generic(method, url)
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "020 7946 0958" in answer.content.decode()
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/admin/login/", "/appointments/request/", "/static/css/site.css"])
def test_nothing_answers_a_trace(url: str, client: Client) -> None:
    assert client.generic("TRACE", url).status_code == 405


def test_s7_a_private_link_never_reaches_the_log() -> None:
    line = "GET /appointments/mine/link/WyJhYmMiLDFd:secret/ HTTP/1.1"
    record = logging.LogRecord("django.server", logging.INFO, "", 0, '"%s" %s', (line, "302"), None)
    assert WithoutLinks().filter(record)
    assert "secret" not in record.getMessage()
    assert "/appointments/mine/link/" in record.getMessage()


# --- Groups and the demonstration -----------------------------------------------------------


@pytest.mark.django_db
def test_the_groups_hold_exactly_what_the_table_says() -> None:
    for name, codenames in GROUPS.items():
        held = Group.objects.get(name=name).permissions.values_list("codename", flat=True)
        assert set(held) == codenames


@pytest.mark.django_db
def test_the_mailbox_shows_what_was_sent(client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    assert "No emails yet." in client.get("/mailbox/").content.decode()
    request = factories.request_at(RequestStatus.BOOKED)
    AppointmentRequest.objects.update(detail_in_messages=True)
    call_command("send_messages", stdout=StringIO())
    content = client.get("/mailbox/").content.decode()
    assert "Attached: appointment.ics" in content
    assert "Your visit is booked" in content
    assert request.reference in content
    assert 'href="https://clinic.example/appointments/mine/link/' in content


@pytest.mark.django_db
def test_the_mailbox_can_be_read_in_every_language(client: Client, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    for language in ("cy", "pl", "ur"):
        factories.received(language=language)
    call_command("send_messages", stdout=StringIO())
    content = html.unescape(client.get("/mailbox/").content.decode())
    for language in ("cy", "pl", "ur"):
        with languages.spoken_in(language):
            assert gettext("Thank you. We have your request.") in content


def test_the_mailbox_exists_only_in_development() -> None:
    program = (
        "import django; django.setup();"
        "from django.urls import resolve;"
        "from django.urls.exceptions import Resolver404;"
        "\ntry: resolve('/mailbox/')\nexcept Resolver404: print('none')"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=PRODUCTION | {"DJANGO_SETTINGS_MODULE": "clinic_site.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "none"


def test_the_worker_finishes_cleanly_when_it_is_told_to(tmp_path: Path) -> None:
    environment = PRODUCTION | {"DATABASE_URL": f"sqlite:///{tmp_path}/worker.sqlite3"}
    databases.copy(databases.migrated(), tmp_path / "worker.sqlite3")
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "send_messages", "--loop"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with worker:
        assert worker.stdout
        assert worker.stdout.readline() == "Waiting for messages to send.\n"
        worker.terminate()
        assert worker.wait(processes.PATIENCE) == 0


def test_a_traceback_holds_no_word_of_its_errors() -> None:
    try:
        try:
            raise ValueError("Failing row contains (Ruth Canary, 1961)")
        except ValueError as first:
            raise RuntimeError("Canary again") from first
    except RuntimeError:
        told = JsonLines().formatException(sys.exc_info())
    assert "Canary" not in told
    assert told.splitlines()[-1] == "builtins.RuntimeError"
    assert "builtins.ValueError" in told
    assert "test_wiring.py" in told
