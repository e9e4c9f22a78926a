"""A signed copy of the heads of all chains, to be kept on another machine.

A chain shows that a row was changed. It does not show that somebody with the database password built
all of it again: for that, its newest hash has to be somewhere else. The copy contains references,
numbers and hashes, and nothing about anybody. It is signed, so that nobody can pass another one off
as ours.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.utils.crypto import constant_time_compare, salted_hmac

from procedures.models.clinic import details

SALT = "clinic_site.heads"
SIGNED = "signed "
# What prints the heads, and later compares them with what was printed.
COMMANDS = ("verify_journal", "verify_pages")


def copy(folder: Path, now: datetime) -> Path:
    """Verify every chain, and write the heads into a new file of the folder.

    Raises CommandError with the faults if a chain is broken, and then there is no copy.
    """
    parts = [f"heads of {details().name}, {now.astimezone(UTC).isoformat()}\n"]
    for command in COMMANDS:
        out = StringIO()
        call_command(command, stdout=out)
        heads = [line for line in out.getvalue().splitlines() if _is_head(line)]
        parts += [f"[{command}]\n", *(f"{line}\n" for line in heads)]
    text = "".join(parts)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"heads-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.txt"
    file.write_text(f"{text}{SIGNED}{_signature(text, settings.SEALING_KEY)}\n", encoding="utf-8")
    return file


def send(file: Path, to: str) -> None:
    """Send the copy as an attachment."""
    message = EmailMessage(
        subject=f"Heads of the journals of {details().name}",
        body="Keep the attached file. manage.py verify_heads compares the journals with it.",
        to=[to],
    )
    message.attach(file.name, file.read_text(encoding="utf-8"), "text/plain")
    message.send()


def compare(file: Path) -> str:
    """Compare every chain with a copy; its first line. Raises CommandError with what is different."""
    text, found, signature = file.read_text(encoding="utf-8").rpartition(SIGNED)
    keys = (settings.SEALING_KEY, *settings.SEALING_KEY_FALLBACKS)
    ours = (_signature(text, key) for key in keys)
    if not found or not any(constant_time_compare(signature.strip(), each) for each in ours):
        raise CommandError(f"{file} is not a copy that this clinic has signed, or it was changed.")
    with TemporaryDirectory() as work:
        for command, heads in _parts(text):
            kept = Path(work) / command
            kept.write_text(heads, encoding="utf-8")
            call_command(command, against=kept, stdout=StringIO())
    return text.partition("\n")[0]


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Each command with what it had printed."""
    for command in COMMANDS:
        _, _, rest = text.partition(f"[{command}]\n")
        yield command, rest.partition("[")[0]


def _is_head(line: str) -> bool:
    """Whether a line is a name, a number and a hash."""
    words = line.split()
    return len(words) == 3 and words[1].isdecimal() and len(words[2]) == 64


def _signature(text: str, key: str) -> str:
    return salted_hmac(SALT, text, secret=key, algorithm="sha256").hexdigest()
