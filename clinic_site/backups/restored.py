"""Restores a backup into the site's database. A copy is quiet until somebody releases it.

The only writer of `RestoredCopy`.
"""

from datetime import UTC, datetime
from pathlib import Path

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError, OutputWrapper
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from bookings.records import tombstones
from clinic_site.backups.archives import Manifest, identities_in, opened
from clinic_site.backups.databases import Tables, database
from clinic_site.backups.fingerprints import differences
from procedures.ground import arranged
from procedures.ground.migrations_due import migrations_due
from procedures.log import checkpoints
from procedures.models import RestoredCopy
from procedures.models.restored import QUIET, remember

# Contains a space, which no username can.
OPERATOR = "the operator"
# Written into the copy before anybody can open it. Whoever was signed in then is not signed in now.
QUIETEN = """
INSERT INTO procedures_restoredcopy ("at", "by", backup)
VALUES ('{at:%Y-%m-%d %H:%M:%S}', '{by}', '{backup}');
DELETE FROM django_session;
"""
CHANGED = {"procedures_restoredcopy", "django_session"}


def restore(file: Path, identity: Path, now: datetime, *, replace: bool) -> Manifest:
    """Put the backup in place of the database, quiet, and compare its tables with the manifest.

    Raises CommandError, and then the database is as it was, unless the sentence says otherwise.
    """
    with opened(file, identities_in(identity)) as (folder, manifest):
        ours = database()
        if not replace and not ours.is_empty():
            raise CommandError(
                "The database is not empty. Name an empty one in DATABASE_URL, or stop the site "
                "and add --replace."
            )
        _refuse_newer(manifest)
        name = file.name.replace("'", "")[:200]
        quieten = QUIETEN.format(at=now.astimezone(UTC), by=OPERATOR, backup=name)
        connection.close()
        ours.replace(folder, quieten)
    found = differences(_unchanged(manifest.tables), _unchanged(ours.tables()))
    if found:
        raise CommandError(f"The restored tables are not those of the backup: {'; '.join(found)}.")
    remember(True)
    return manifest


def bring_up_to_date(out: OutputWrapper, *, verify: bool) -> None:
    """Do what the code and later decisions ask of an older database, and say what was done."""
    if due := migrations_due():
        call_command("migrate", interactive=False, verbosity=0)
        out.write(f"Migrated it to this release: {len(due)} steps.")
    arranged.draw()
    file = tombstones.file_of_erasures()
    if file.exists():
        erase_again(out)
    else:
        out.write(
            f"There is no list of erasures at {file}, so whoever was erased since the backup is in this "
            "copy again. Put the list there before you release the copy."
        )
    if verify:
        call_command("verify_journal", stdout=out)
        call_command("verify_pages", stdout=out)
    out.write(
        "This copy is quiet: no message leaves it, and patients cannot use it. When it is to "
        "be the site again, run: manage.py release_restored_copy"
    )


def erase_again(out: OutputWrapper) -> None:
    """Erase whoever was erased since the backup, and say how many rows that were.

    Raises CommandError if there is no list of erasures, or if it cannot be read.
    """
    call_command("apply_erasures", stdout=out)
    out.write("Erased again whoever is on the list of erasures.")


def quieten(now: datetime, backup: str) -> None:
    """Make a database quiet that was restored without us, and end every session that it has."""
    with transaction.atomic():
        RestoredCopy.objects.create(at=now, by=OPERATOR, backup=backup)
        Session.objects.all().delete()
    remember(True)


def leave_behind(now: datetime) -> None:
    """Make a database quiet whose contents are in another one now."""
    RestoredCopy.objects.create(at=now, by=OPERATOR, backup="moved to PostgreSQL")


def release(now: datetime) -> None:
    """End the quiet."""
    RestoredCopy.objects.filter(QUIET).update(released_at=now, released_by=OPERATOR)
    remember(False)


def log_would_go_back() -> str:
    """A sentence if the public log of a restored copy would go on under its old name; else empty.

    Others may have seen checkpoints that are newer than the backup. A new name begins a new log.
    """
    last = checkpoints.newest()
    if last is None or not RestoredCopy.objects.filter(at__gt=last.moment).exists():
        return ""
    return (
        f"The public log would go on as {last.origin}, after its checkpoint of {last.size} entries. If "
        "anything was signed or published after the backup, whoever watches the log would say that "
        "it was rewritten."
    )


def _unchanged(tables: Tables) -> Tables:
    """Without the tables that a restore writes to."""
    return {name: table for name, table in tables.items() if name not in CHANGED}


def _refuse_newer(manifest: Manifest) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise CommandError(
            f"The backup is of a newer release, which has {unknown[0]}. Install that release first."
        )
