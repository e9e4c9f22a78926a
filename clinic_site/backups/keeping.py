"""Which backups stay, when the last one succeeded, and what managers read if that is too long ago."""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

OURS = re.compile(r"clinic-(\d{8}T\d{6})Z\.tar\.age")
MOMENT = "%Y%m%dT%H%M%S"
LAST_SUCCESS = "last-success.json"
# A backup is taken daily. One may be late, and two may not.
TOO_OLD = timedelta(hours=36)
# Of each of so many days, weeks and months the newest backup stays.
RULE: tuple[tuple[int, Callable[[datetime], tuple[int, ...]]], ...] = (
    (14, lambda taken: (taken.year, taken.month, taken.day)),
    (8, lambda taken: tuple(taken.isocalendar()[:2])),
    (12, lambda taken: (taken.year, taken.month)),
)


def name_of(taken: datetime) -> str:
    """The name of the archive that was taken then, in UTC."""
    return f"clinic-{taken.astimezone(UTC):{MOMENT}}Z.tar.age"


def kept_of(taken: Iterable[datetime]) -> set[datetime]:
    """The moments whose backups the rule keeps: the newest of 14 days, 8 weeks and 12 months."""
    newest_first = sorted(taken, reverse=True)
    kept = set()
    for number, period in RULE:
        newest: dict[tuple[int, ...], datetime] = {}
        for moment in newest_first:
            newest.setdefault(period(moment), moment)
        kept |= set(list(newest.values())[:number])
    return kept


def remove_old(folder: Path) -> None:
    """Delete the archives that the rule does not keep. Other files stay."""
    found = {
        _taken(match[1]): file for file in folder.iterdir() if (match := OURS.fullmatch(file.name))
    }
    for taken in found.keys() - kept_of(found):
        found[taken].unlink()


def note_success(archive: Path, taken: datetime, *, rows: int, tables: int) -> None:
    """Write down, for whoever watches this site, which backup succeeded last."""
    facts = {
        "at": taken.astimezone(UTC).isoformat(),
        "file": archive.name,
        "bytes": archive.stat().st_size,
        "tables": tables,
        "rows": rows,
    }
    part = archive.with_name(f"{LAST_SUCCESS}.part")
    part.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    part.replace(archive.with_name(LAST_SUCCESS))


def last_success() -> datetime | None:
    """When the last good backup was taken; None if there is none, or if it cannot be read."""
    try:
        facts = json.loads(
            (Path(settings.BACKUP_FOLDER) / LAST_SUCCESS).read_text(encoding="utf-8")
        )
        return datetime.fromisoformat(facts["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def leaves_with_backups(path: Path) -> bool:
    """Whether it is in the folder of the backups, which is carried away."""
    return bool(settings.BACKUP_FOLDER) and path.is_relative_to(settings.BACKUP_FOLDER)


def alarm(now: datetime) -> str:
    """What managers read when there is no recent backup; empty if there is, or if none is set up."""
    if not settings.BACKUP_FOLDER:
        return ""
    taken = last_success()
    if taken and now - taken <= TOO_OLD:
        return ""
    since = (
        f"The last good backup is of {timezone.localtime(taken):%A %-d %B at %-H:%M}."
        if taken
        else "There is no good backup yet."
    )
    return f"{since} Ask whoever runs the server to look at it today."


def _taken(written: str) -> datetime:
    return datetime.strptime(written, MOMENT).replace(tzinfo=UTC)
