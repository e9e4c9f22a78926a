"""A signed copy of the heads of all chains, to be kept on another machine.

A chain shows that a row was changed. It does not show that somebody with the database password built
all of it again: for that, its newest hash has to be somewhere else. The copy contains references,
numbers and hashes, and nothing about anybody. It is signed, so that nobody can pass another one off
as ours.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.utils.crypto import constant_time_compare, salted_hmac

from procedures.models.clinic import details

SALT = "clinic_site.heads"
SIGNED = "signed "
# What prints the heads, and later compares them with what was printed.
COMMANDS = ("verify_journal", "verify_pages")


class _Heads:
    """The output of a command of which only the heads are kept."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        """Keep a line that is a head."""
        if _is_head(line):
            self._file.write(line)


def copy(folder: Path, now: datetime) -> Path:
    """Verify every chain, and write the heads into a new file of the folder, line by line.

    Raises CommandError if a chain is broken, and then there is no copy. The commands have said by
    then what is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"heads-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.txt"
    unfinished = file.with_suffix(".part")
    try:
        with unfinished.open("w", encoding="utf-8") as out:
            out.write(f"heads of {details().name}, {now.astimezone(UTC).isoformat()}\n")
            for command in COMMANDS:
                out.write(f"[{command}]\n")
                call_command(command, stdout=_Heads(out))
        signature = _signature(unfinished, settings.SEALING_KEY)
        with unfinished.open("a", encoding="utf-8") as out:
            out.write(f"{SIGNED}{signature}\n")
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return file


def send(file: Path, to: str) -> None:
    """Send the copy as an attachment, which is the one step that reads it as a whole."""
    message = EmailMessage(
        subject=f"Heads of the journals of {details().name}",
        body="Keep the attached file. manage.py verify_heads compares the journals with it.",
        to=[to],
    )
    message.attach(file.name, file.read_text(encoding="utf-8"), "text/plain")
    message.send()


def compare(file: Path) -> str:
    """Compare every chain with a copy; its first line. Raises CommandError if anything is different."""
    with TemporaryDirectory() as work, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        signed = Path(work) / "signed"
        if not _is_ours(file, signed):
            raise CommandError(
                f"{file} is not a copy that this clinic has signed, or it was changed."
            )
        for command in COMMANDS:
            kept = Path(work) / command
            with kept.open("w", encoding="utf-8") as heads:
                heads.writelines(_printed_by(command, signed))
            call_command(command, against=kept, stdout=nowhere)
        with signed.open(encoding="utf-8") as lines:
            return next(lines).rstrip("\n")


def _is_ours(file: Path, signed: Path) -> bool:
    """Whether we have signed the copy. What was signed is put into the other file, line by line."""
    with file.open(encoding="utf-8") as lines, signed.open("w", encoding="utf-8") as before:
        line = ""
        for line in lines:
            if line.startswith(SIGNED):
                break
            before.write(line)
        rest = next(lines, "")
    signature = line.removeprefix(SIGNED).strip()
    keys = (settings.SEALING_KEY, *settings.SEALING_KEY_FALLBACKS)
    ours = (_signature(signed, key) for key in keys)
    return not rest and any(constant_time_compare(signature, each) for each in ours)


def _printed_by(command: str, signed: Path) -> Iterator[str]:
    with signed.open(encoding="utf-8") as lines:
        for line in lines:
            if line == f"[{command}]\n":
                break
        yield from takewhile(lambda line: not line.startswith("["), lines)


def _is_head(line: str) -> bool:
    """Whether a line is a name, a number and a hash."""
    words = line.split()
    return len(words) == 3 and words[1].isdecimal() and len(words[2]) == 64


def _signature(file: Path, key: str) -> str:
    with file.open("rb") as signed:
        mac = partial(salted_hmac, SALT, "", secret=key, algorithm="sha256")
        return hashlib.file_digest(signed, mac).hexdigest()
