"""When the database or the disk fails, a true page comes quickly and nothing typed is lost."""

import contextlib
import errno
import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, InternalError, OperationalError, connection
from django.db.utils import ConnectionHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from bookings.models import AppointmentRequest
from bookings.status import RequestStatus
from bookings.status.events import Event
from clinic_site import urls
from procedures.ground.outages import find_outage
from tests import factories, people

# --- Outage or bug --------------------------------------------------------------------------


def sqlite(name: Path | str, **options: Any) -> Any:
    engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(name), "OPTIONS": options}
    return ConnectionHandler({"default": engine})["default"]


def locked(file: Path) -> None:
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        sqlite(file, timeout=0).cursor().execute("INSERT INTO thing VALUES (1)")


def read_only(file: Path) -> None:
    sqlite(f"file:{file}?mode=ro").cursor().execute("INSERT INTO thing VALUES (1)")


def full(file: Path) -> None:
    cursor = sqlite(file).cursor()
    cursor.execute("PRAGMA max_page_count = 2")
    cursor.execute("INSERT INTO thing VALUES (randomblob(1000000))")


def missing(file: Path) -> None:
    sqlite(file.parent / "nowhere" / "file").cursor()


def spoilt(file: Path) -> None:
    with file.open("r+b") as bytes_of:
        bytes_of.seek(4096)
        bytes_of.write(b"\xa5" * 4096)
    sqlite(file).cursor().execute("SELECT * FROM thing")


def no_database(file: Path) -> None:
    file.write_bytes(b"\xa5" * 8192)
    sqlite(file).cursor().execute("SELECT * FROM thing")


def faulty(file: Path) -> None:
    sqlite(file).cursor().execute("INSERT INTO thing (colour) VALUES (1)")


def twice(file: Path) -> None:
    cursor = sqlite(file).cursor()
    cursor.execute("CREATE UNIQUE INDEX once ON thing (one)")
    for _ in range(2):
        cursor.execute("INSERT INTO thing VALUES (1)")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("act", "outage"),
    [
        (locked, True),
        (read_only, True),
        (full, True),
        (missing, True),
        (spoilt, True),
        (no_database, True),
        (faulty, False),
        (twice, False),
    ],
)
def test_sqlite_tells_an_outage_from_a_bug(
    act: Callable[[Path], None], outage: bool, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE thing (one)")
    with pytest.raises(DatabaseError) as raised:
        act(file)
    assert (find_outage(raised.value) is not None) == outage


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("statements", "outage"),
    [
        (["SET statement_timeout = '10ms'", "SELECT pg_sleep(5)"], True),
        (["SET transaction_read_only = on", "DELETE FROM django_session"], True),
        (["SELECT pg_terminate_backend(pg_backend_pid())"], True),
        (["SELECT colour FROM django_session"], False),
        (["SELECT 1 / 0"], False),
        (["INSERT INTO django_session VALUES (NULL)"], False),
    ],
)
def test_postgresql_tells_an_outage_from_a_bug(statements: list[str], outage: bool) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        for statement in statements[:-1]:
            cursor.execute(statement)
        with pytest.raises(DatabaseError) as raised:
            cursor.execute(statements[-1])
    connection.close()
    assert (find_outage(raised.value) is not None) == outage


def test_a_disk_of_the_server_that_is_full_is_an_outage() -> None:
    fault = OperationalError()
    fault.__cause__ = psycopg.errors.DiskFull()
    assert isinstance(fault.__cause__, psycopg.OperationalError)
    assert find_outage(fault)


@pytest.mark.parametrize("found", ["DataCorrupted", "IndexCorrupted"])
def test_a_block_that_cannot_be_read_is_an_outage(found: str) -> None:
    fault = InternalError()
    assert not find_outage(fault)
    fault.__cause__ = getattr(psycopg.errors, found)()
    assert find_outage(fault)


def test_a_full_disk_is_an_outage_and_a_missing_file_is_a_bug() -> None:
    assert find_outage(OSError(errno.ENOSPC, "No space left on device"))
    assert find_outage(OSError(errno.EROFS, "Read-only file system"))
    assert not find_outage(FileNotFoundError(errno.ENOENT, "No such file"))
    assert not find_outage(None)


# --- The page -------------------------------------------------------------------------------


def away(request: HttpRequest) -> HttpResponse:
    missing(Path(__file__))
    raise AssertionError


def breaks(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


class WithFaults:
    """The site's addresses, a page whose database is away, and one that breaks."""

    handler400, handler500 = urls.handler400, urls.handler500
    urlpatterns = [*urls.urlpatterns, path("away/", away), path("breaks/", breaks)]


@pytest.fixture
def strict() -> Iterator[Client]:
    """A browser with a token whose requests are checked for it."""
    with override_settings(ROOT_URLCONF=WithFaults):
        yield Client(enforce_csrf_checks=True, raise_request_exception=False)


def token(content: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', content)
    assert found
    return found[1]


def hidden(content: str) -> dict[str, list[str]]:
    """What the button of an error page would send, without the token."""
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', content):
        fields.setdefault(unescape(name), []).append(unescape(value))
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def fill_in(client: Client) -> str:
    """A token, from a page whose form asks the database nothing that matters here."""
    return token(client.get("/admin/login/").content.decode())


TYPED = {"concern": 'My "knee" <b>&\nsince May', "days": ["1", "2"], "key": "a-key"}


@pytest.mark.django_db
def test_a_page_whose_database_is_away_says_so(strict: Client) -> None:
    answer = strict.get("/away/")
    content = answer.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Content-Security-Policy" in answer.headers
    assert "This is our fault" in content
    assert "reload this page" in content
    assert "020 7946 0958" in content
    assert "<form" not in content


@pytest.mark.django_db
@pytest.mark.parametrize(("url", "status"), [("/away/", 503), ("/breaks/", 500)])
def test_what_was_typed_is_given_back_with_a_button_that_sends_it_again(
    url: str, status: int, strict: Client
) -> None:
    form = {"csrfmiddlewaretoken": fill_in(strict), **TYPED}
    answer = strict.post(url, form)
    content = answer.content.decode()
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert "What you sent is not lost" in content
    assert "It will not be sent twice." in content
    assert "<b>" not in content
    assert '<form method="post">' in content  # to the same address
    assert hidden(content) == {
        name: value if isinstance(value, list) else [value] for name, value in TYPED.items()
    }
    again = strict.post(url, {"csrfmiddlewaretoken": token(content), **hidden(content)})
    assert again.status_code == status
    assert hidden(again.content.decode()) == hidden(content)


@pytest.mark.django_db
def test_only_a_form_that_is_recognised_promises_not_to_be_sent_twice(strict: Client) -> None:
    answer = strict.post("/away/", {"csrfmiddlewaretoken": fill_in(strict), "comment": "Clear."})
    content = answer.content.decode()
    assert hidden(content) == {"comment": ["Clear."]}
    assert "twice" not in content


@pytest.mark.django_db
@pytest.mark.parametrize(
    "extra",
    [{"password": "secret"}, {"new_password1": "secret"}, {"file": SimpleUploadedFile("a", b"a")}],
)
def test_passwords_and_files_are_not_carried(extra: dict[str, Any], strict: Client) -> None:
    answer = strict.post("/away/", {"csrfmiddlewaretoken": fill_in(strict), "a": "typed"} | extra)
    content = answer.content.decode()
    assert answer.status_code == 503
    assert "secret" not in content
    assert "<form" not in content
    assert "Go back, wait a moment, check what you entered and send it again." in content


@pytest.mark.django_db
def test_a_form_of_somebody_else_gets_no_button(strict: Client) -> None:
    answer = strict.post("/away/", TYPED)
    assert answer.status_code == 403
    assert hidden(answer.content.decode()) == {}


# --- Forms of patients and staff ------------------------------------------------------------


@contextlib.contextmanager
def failing(start_of_sql: str) -> Iterator[None]:
    """Make the database refuse only statements that begin like this."""

    def fail(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith(start_of_sql):
            raise OperationalError("disk I/O error")
        return execute(sql, *rest)

    with connection.execute_wrapper(fail):
        yield


def press_again(client: Client, url: str, answer: Any) -> Any:
    return client.post(url, hidden(answer.content.decode()))


ABOUT = {"page": "", "concern": "My knee has been sore since May."}


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE", "SELECT", ""])
def test_a_step_that_could_not_be_kept_is_kept_when_it_is_sent_again(
    sql: str, client: Client
) -> None:
    client.raise_request_exception = False
    client.post("/appointments/request/", {"about": ""})
    url = "/appointments/request/about/"
    with failing(sql):
        answer = client.post(url, ABOUT)
    assert answer.status_code == 503
    assert hidden(answer.content.decode()) == {name: [value] for name, value in ABOUT.items()}
    again = press_again(client, url, answer)
    assert (again.status_code, again.headers["Location"]) == (302, "/appointments/request/you/")
    assert ABOUT["concern"] in client.get(url).content.decode()


@pytest.mark.django_db
def test_a_request_whose_session_failed_is_not_stored_and_the_same_press_sends_it(
    client: Client,
) -> None:
    people.fill_in(client)
    client.raise_request_exception = False
    url = "/appointments/request/check/"
    with failing('UPDATE "django_session"'):
        answer = people.send(client)
    assert answer.status_code == 503
    assert "It will not be sent twice." in answer.content.decode()
    assert AppointmentRequest.objects.count() == 0
    again = press_again(client, url, answer)
    assert (again.status_code, again.headers["Location"]) == (302, "/appointments/request/sent/")
    assert AppointmentRequest.objects.count() == 1
    receipt = client.get(again.headers["Location"]).content.decode()
    assert AppointmentRequest.objects.get().reference in receipt


@pytest.mark.django_db
def test_a_decision_that_could_not_be_stored_is_stored_once_when_it_is_sent_again(
    sign_in: Any, monday: datetime
) -> None:
    found = factories.received(now=monday)
    client = sign_in("Reception")
    client.raise_request_exception = False
    url = f"/admin/bookings/appointmentrequest/{found.pk}/decide/review/"
    with failing("INSERT"):
        answer = client.post(url, {"version": found.version})
    assert answer.status_code == 503
    for _ in range(2):
        press_again(client, url, answer)
    found.refresh_from_db()
    assert found.status == RequestStatus.IN_REVIEW
    assert found.events.filter(kind=Event.TAKEN_UP).count() == 1
