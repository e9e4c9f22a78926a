"""A body that is too long is refused before it is read, whatever length it declares."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

pytestmark = pytest.mark.django_db
FORM = "/appointments/link/"
TOKEN = "a" * 32
MOST = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class Counted(BytesIO):
    """A body that knows how much of it was read."""

    def __init__(self, body: bytes):
        super().__init__(body)
        self.was_read = 0

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        self.was_read += len(block)
        return block


Ask = Callable[..., tuple[int, str, int]]


@pytest.fixture
def ask() -> Any:
    """Pass a request to the WSGI application as a server would.

    Returns status, page and bytes read.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    application = WSGIHandler()

    def asked(body: bytes, **headers: str) -> tuple[int, str, int]:
        stream, said = Counted(body), list[str]()

        def start(status: str, *rest: Any) -> Any:
            said.append(status)

        environ = RequestFactory().post(FORM, headers={"cookie": f"csrftoken={TOKEN}"}).environ
        environ |= {"wsgi.input": stream} | headers
        answer = application(environ, start)
        page = b"".join(answer).decode()
        answer.close()
        return int(said[0].split()[0]), page, stream.was_read

    yield asked
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def multipart(size: int) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    return head + b"a" * size + b"\r\n--x--\r\n"


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", ""])
def test_a_body_that_says_it_is_too_long_is_not_read(kind: str, ask: Ask) -> None:
    body = multipart(MOST)
    code, page, was_read = ask(body, CONTENT_TYPE=kind, CONTENT_LENGTH=f"{len(body)}")
    assert (code, was_read) == (413, 0)
    assert "That was too long to send" in page
    assert "020 7946 0958" in page


def test_a_body_that_does_not_say_how_long_it_is_is_not_read(ask: Ask) -> None:
    environ = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "CONTENT_LENGTH": ""}
    code, _, was_read = ask(multipart(3 * MOST), HTTP_TRANSFER_ENCODING="chunked", **environ)
    assert (code, was_read) == (413, 0)


@pytest.mark.parametrize("length", ["10", "0", "", "-5", "x", "9" * 5000])
def test_no_more_is_read_than_was_said(length: str, ask: Ask) -> None:
    kind = "multipart/form-data; boundary=x"
    code, _, was_read = ask(multipart(3 * MOST), CONTENT_TYPE=kind, CONTENT_LENGTH=length)
    assert was_read <= 10
    assert code in {200, 400, 403}


def test_a_body_that_ends_early_is_answered(ask: Ask) -> None:
    kind = "multipart/form-data; boundary=x"
    code, _, was_read = ask(multipart(50)[:60], CONTENT_TYPE=kind, CONTENT_LENGTH=f"{MOST}")
    assert was_read == 60
    assert code in {200, 400, 403}


def test_a_form_of_usual_length_is_read(ask: Ask) -> None:
    kind = "application/x-www-form-urlencoded"
    body = f"csrfmiddlewaretoken={TOKEN}&name=x".encode()
    code, page, was_read = ask(body, CONTENT_TYPE=kind, CONTENT_LENGTH=f"{len(body)}")
    assert (code, was_read) == (200, len(body))
    assert "There is a problem" in page
    assert 'value="x"' in page


def test_no_file_reaches_the_disk() -> None:
    assert settings.FILE_UPLOAD_HANDLERS == [
        "django.core.files.uploadhandler.MemoryFileUploadHandler"
    ]
    assert settings.FILE_UPLOAD_MAX_MEMORY_SIZE == MOST
