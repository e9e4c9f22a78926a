"""Who was erased, written where a restore does not reach: a file that leaves with the backups.

A backup from before an erasure contains the person again. So each erasure adds one line for each row
of the person: the number of the row, and a keyed digest of what never changes about it. Nothing in the
file says anything about anybody, and whoever does not have the sealing key cannot try who it may be.
"""

import json
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from bookings.models import AppointmentRequest

SALT = "bookings.records.tombstones"


class Tombstone(NamedTuple):
    """One row of one person who was erased."""

    person: int
    digest: str
    erased_at: str

    def is_of(self, person: int) -> bool:
        """Whether the row with that number is the one that was erased, and not somebody else."""
        keys = (settings.SEALING_KEY, *settings.SEALING_KEY_FALLBACKS)
        return any(constant_time_compare(self.digest, _digest(person, key)) for key in keys)


def add(people: Iterable[int], now: datetime) -> None:
    """Write a line for each of these rows, to the disk. Raises OSError if it cannot be written."""
    lines = [
        json.dumps(Tombstone(each, _digest(each, settings.SEALING_KEY), now.isoformat())._asdict())
        for each in people
    ]
    file = file_of_erasures()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, "".join(f"{line}\n" for line in lines).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(file: Path) -> Iterator[Tombstone]:
    """Every line of the file. Raises ValueError for one that is none of ours."""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield Tombstone(**json.loads(line))
        except (TypeError, ValueError) as error:
            raise ValueError(f"Line {number} of {file} is not an erasure.") from error


def file_of_erasures() -> Path:
    """Where erasures are written: beside the backups, so that it leaves with them."""
    return Path(settings.ERASURES_FILE)


def _digest(person: int, key: str) -> str:
    """Of the row's number and of its first request: neither changes, also when they are emptied."""
    first = AppointmentRequest.objects.filter(person=person).order_by("pk")
    named = first.values_list("pk", "reference").first()
    said = json.dumps([person, *(named or ())])
    return salted_hmac(SALT, said, secret=key, algorithm="sha256").hexdigest()
