"""Which connections of this site leave the machine unencrypted, or to a server that nobody has checked.

The proxy's are not among them: it ends what browsers encrypt, and passes it on to this machine.
"""

from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.db import connection

BY_SMTP = "django.core.mail.backends.smtp.EmailBackend"
HERE = {"", "localhost", "127.0.0.1", "::1"}
# What makes libpq check the certificate of the server.
CHECKED = {"verify-ca", "verify-full"}
# Written into DATABASE_URL by an operator whose network is protected in another way.
INTENDED = "disable"
HOW = (
    "Add ?sslmode=verify-full&sslrootcert=FILE to DATABASE_URL: docs/operations.md, “On more than one "
    "host”."
)


class Server(NamedTuple):
    """How we have reached PostgreSQL. A path is a socket of this machine."""

    host: str
    is_encrypted: bool
    sslmode: str


def faults() -> Iterator[tuple[str, str]]:
    """What is not protected, in a sentence, and what to do about it."""
    is_protected = settings.EMAIL_HOST in HERE or settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    if settings.EMAIL_BACKEND == BY_SMTP and not is_protected:
        yield (
            f"Emails travel to {settings.EMAIL_HOST} unencrypted, with private links in them.",
            "Begin EMAIL_URL with smtp+tls:// (port 587) or smtp+ssl:// (port 465).",
        )
    server = postgresql()
    if server is None or server.host in HERE or server.host.startswith("/"):
        return
    if not server.is_encrypted and server.sslmode != INTENDED:
        yield f"What patients wrote travels to the database on {server.host} unencrypted.", HOW
    if server.is_encrypted and server.sslmode not in CHECKED:
        said = (
            f"Nobody checks the certificate of {server.host}, so we cannot be sure that it is ours."
        )
        yield said, HOW


def postgresql() -> Server | None:
    """How we have reached the database; None for SQLite, which is a file."""
    if connection.vendor == "sqlite":
        return None
    connection.ensure_connection()
    ours = connection.connection
    mode = ours.info.get_parameters().get("sslmode", "prefer")
    return Server(ours.info.host, ours.pgconn.ssl_in_use, mode)
