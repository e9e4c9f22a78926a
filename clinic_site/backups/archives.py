"""One encrypted file for each backup: a tar of the database and of a manifest, encrypted with age.

The private keys are never on this machine. To check an archive after writing it, it is encrypted
for one more key, which exists only in this process and is forgotten when it ends.
"""

import hashlib
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pyrage
from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from clinic_site.backups.databases import Database, Tables, database
from clinic_site.backups.fingerprints import Fingerprint, differences
from clinic_site.backups.keeping import name_of, note_success, remove_old

FORMAT = 1
MANIFEST = "manifest.json"


class Manifest(NamedTuple):
    """What an archive contains."""

    taken: datetime
    vendor: str
    migrations: list[str]
    sha256: str
    tables: Tables

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables.values())


def write(folder: Path, now: datetime) -> tuple[Path, Manifest]:
    """Take a backup into the folder, check it, and remove those that the rule no longer keeps.

    Raises CommandError, or OSError for a full disk. Earlier backups are touched only after success.
    """
    own = pyrage.x25519.Identity.generate()
    recipients = [*map(_recipient, settings.BACKUP_RECIPIENTS), own.to_public()]
    final = folder / name_of(now)
    part = final.with_name(f"{final.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="clinic-backup-") as work:
            manifest = _copy(database(), Path(work), now)
            _encrypt(Path(work), part, recipients)
        with opened(part, [own]) as (_, found):
            if found != manifest:
                raise CommandError("The backup is not what was written. Is the disk sound?")
        part.replace(final)
    finally:
        part.unlink(missing_ok=True)
    _settle(folder)
    note_success(final, manifest.taken, rows=manifest.rows, tables=len(manifest.tables))
    remove_old(folder)
    return final, manifest


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the files of the archive into the folder, and nothing anywhere else.

    By hand, because the Python of Debian 12 cannot yet tell `extractall` to do so. Raises
    tarfile.TarError if there is anything but files by their names.
    """
    for member in archive.getmembers():
        content = archive.extractfile(member) if member.isreg() else None
        if content is None or member.name != Path(member.name).name:
            raise tarfile.TarError("it contains something that is no file")
        with content, (folder / member.name).open("wb") as written:
            shutil.copyfileobj(content, written)


@contextmanager
def opened(file: Path, identities: Sequence[Any]) -> Iterator[tuple[Path, Manifest]]:
    """A folder with the decrypted contents, compared with their manifest.

    The folder is deleted afterwards. Raises CommandError if the key is the wrong one or if a
    single byte has changed.
    """
    with tempfile.TemporaryDirectory(prefix="clinic-backup-") as work:
        folder = Path(work)
        plain = folder / "archive.tar"
        _decrypt(file, plain, identities)
        try:
            with tarfile.open(plain) as archive:
                _unpack(archive, folder)
            manifest = _read_manifest(folder / MANIFEST)
        except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as fault:
            raise CommandError(f"{file.name} is not a backup of this site: {fault}.") from None
        plain.unlink()
        if manifest.vendor != connection.vendor:
            raise CommandError(
                f"{file.name} is a backup of {manifest.vendor}, and DATABASE_URL names a database "
                f"of {connection.vendor}. Set DATABASE_URL to one of {manifest.vendor}."
            )
        _compare(folder, manifest)
        yield folder, manifest


def identities_in(file: Path) -> list[Any]:
    """The private keys in a file that `age-keygen` wrote.

    Raises CommandError if it has none, or cannot be read.
    """
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError as failure:
        raise CommandError(f"{file} cannot be read: {failure.strerror}.") from failure
    try:
        lines = text.splitlines()
        keys = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [pyrage.x25519.Identity.from_str(key) for key in keys]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise CommandError(f"{file} has no private key as age-keygen writes it.")
    return found


def _recipient(key: str) -> Any:
    try:
        return pyrage.x25519.Recipient.from_str(key)
    except pyrage.RecipientError:
        raise CommandError(
            f"BACKUP_RECIPIENTS: {key} is not a public key of age. It begins with age1."
        ) from None


def _copy(ours: Database, folder: Path, now: datetime) -> Manifest:
    """Copy the database into the folder, and put a manifest beside it."""
    tables = ours.copy(folder)
    applied = sorted(
        f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()
    )
    manifest = Manifest(now, connection.vendor, applied, _sha256(folder / ours.file), tables)
    (folder / MANIFEST).write_text(
        json.dumps({"format": FORMAT, **manifest._asdict(), "taken": now.isoformat()}, indent=1),
        encoding="utf-8",
    )
    return manifest


def _read_manifest(file: Path) -> Manifest:
    read = json.loads(file.read_text(encoding="utf-8"))
    if read.pop("format") != FORMAT:
        raise ValueError("its format is one that this release does not know")
    tables = {name: Fingerprint(*found) for name, found in read["tables"].items()}
    return Manifest(**{**read, "taken": datetime.fromisoformat(read["taken"]), "tables": tables})


def _compare(folder: Path, manifest: Manifest) -> None:
    ours = database()
    if _sha256(folder / ours.file) != manifest.sha256:
        raise CommandError("The database in the backup is not the one that was written.")
    found = differences(manifest.tables, ours.read(folder))
    if found:
        raise CommandError(f"The tables in the backup are not as they were: {'; '.join(found)}.")


def _encrypt(folder: Path, part: Path, recipients: Sequence[Any]) -> None:
    plain = folder / "archive.tar"
    with tarfile.open(plain, "w:gz", compresslevel=6) as archive:
        for name in (database().file, MANIFEST):
            archive.add(folder / name, name)
    with plain.open("rb") as source, part.open("xb") as target:
        pyrage.encrypt_io(source, target, recipients)
        target.flush()
        os.fsync(target.fileno())


def _decrypt(file: Path, plain: Path, identities: Sequence[Any]) -> None:
    try:
        with file.open("rb") as source, plain.open("xb") as target:
            pyrage.decrypt_io(source, target, identities)
    except FileNotFoundError:
        raise CommandError(f"{file} does not exist.") from None
    except (pyrage.DecryptError, OSError) as fault:
        if getattr(fault, "errno", None):  # of the disk, and not of what was read
            raise
        if "No matching keys" in str(fault):
            raise CommandError(
                f"The key does not open {file.name}. It was encrypted for another key, or its "
                "beginning is damaged."
            ) from None
        raise CommandError(f"{file.name} is damaged, or is not a backup: {fault}.") from None


def _settle(folder: Path) -> None:
    """Make sure that the new name outlives a power cut."""
    opened_folder = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened_folder)
    finally:
        os.close(opened_folder)


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
