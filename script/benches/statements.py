"""A third yardstick for requests: the statements of a submission, and nothing else.

Presses “Send” once when it begins, and then sends the same statements for each request, as text, from a
pool: about what a submission would cost if everything around it were free. PRESS is the raw request of
that press.
"""

import os
import re
import secrets
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from psycopg import Connection
from psycopg_pool import ConnectionPool

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
get_wsgi_application()

from django.conf import settings  # noqa: E402
from django.db import connection as ours  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

# Where its rows begin: numbers that nothing else has, so that they are found in the statements.
BEGIN = {
    "bookings_person": 710_000_000,
    "bookings_appointmentrequest": 720_000_000,
    "bookings_screeninganswer": 730_000_000,
}
INSERT = re.compile(r'INSERT INTO "(\w+)".* RETURNING ', re.DOTALL)
# Drawn for each submission: references, keys, names of messages, hashed addresses.
DRAWN = re.compile(r"(?<=['{,])([A-Z0-9]{4}-[A-Z0-9]{4}|[\w-]{22}|[\w-]{43}|[0-9a-f]{64})(?=['},])")


def press_once(press: str) -> list[str]:
    """What a press says to the database. The session is renamed again each time."""
    head, _, body = press.partition("\r\n\r\n")
    cookies = re.findall(r"([\w-]+)=(\w+)", head.partition("Cookie: ")[2].partition("\r\n")[0])
    client = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR="192.0.2.1")
    client.cookies.load(dict(cookies))
    with ours.cursor() as cursor:
        for table, first in BEGIN.items():
            cursor.execute(f"ALTER SEQUENCE {table}_id_seq RESTART WITH {first}")
    sent = "application/x-www-form-urlencoded"
    with CaptureQueriesContext(ours) as asked:
        answer = client.post("/appointments/request/check/", body, content_type=sent, secure=True)
    if answer.status_code != 302:
        raise SystemExit(f"Send answered {answer.status_code}.")
    kept_in = settings.SESSION_COOKIE_NAME
    name = client.cookies[kept_in].value
    ours.close()
    return [query["sql"].replace(dict(cookies)[kept_in], name) for query in asked]


statements = press_once(os.environ["PRESS"])
pool = ConnectionPool(
    os.environ["DATABASE_URL"], min_size=1, max_size=4, open=True, kwargs={"autocommit": True}
)


def say_again(connection: Connection[Any]) -> None:
    """Send the statements with other keys, each about the rows that those before it made."""
    other: dict[str, str] = {}

    def drawn(found: re.Match[str]) -> str:
        word = found[1]
        return other.setdefault(word, secrets.token_hex(32)[: len(word)])

    for text in statements:
        said = DRAWN.sub(drawn, text)
        for before, after in other.items():
            said = said.replace(before, after)
        made = connection.execute(said)
        if table := INSERT.match(text):
            for number, (pk, *_) in enumerate(made.fetchall()):
                if table[1] in BEGIN:
                    other[str(BEGIN[table[1]] + number)] = str(pk)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Store a submission, answer."""
    with pool.connection() as connection:
        say_again(connection)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
