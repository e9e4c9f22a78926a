"""A signed copy of the heads leaves the machine, and shows a chain that was built again."""

from datetime import datetime
from io import StringIO
from pathlib import Path
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.core.management import CommandError, call_command
from django.utils.crypto import salted_hmac

from bookings import journal
from bookings.models import RequestEvent
from bookings.status import RequestStatus
from bookings.status.events import Event
from clinic_site import heads, nightly
from clinic_site.nightly import Checked, Outcome
from procedures.models import Checkpoint, PageEvent, restored
from procedures.status import RevisionStatus
from tests import factories
from tests.conftest import changes_allowed

pytestmark = pytest.mark.django_db(transaction=True)


def copied(folder: Path) -> Path:
    call_command("copy_heads", stdout=StringIO())
    return max(folder.glob("heads-*.txt"))


def compared(file: Path) -> str:
    out = StringIO()
    call_command("verify_heads", file, stdout=out)
    return out.getvalue()


def test_a_copy_shows_what_nothing_on_the_machine_could(
    monday: datetime, tmp_path: Path, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HEADS_FOLDER, settings.HEADS_TO = str(tmp_path), "officer@example.org"
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request.refresh_from_db()
    file = copied(tmp_path)
    text = file.read_text()
    assert f"{request.reference} {request.event_count} {journal.head(request)}" in text
    assert f"head {PageEvent.objects.count()} " in text
    assert request.name not in text
    assert mail.outbox[0].attachments[0][1] == text
    # What happened since is no fault.
    journal.record(request, Event.READ, by="reception", at=monday)
    assert compared(file).startswith("As in the heads of ")
    with changes_allowed():
        built_again(request)
    assert journal.chain_is_whole(request)
    with pytest.raises(CommandError, match="1 fault"):
        compared(file)
    assert f"{request.reference}: event" in capsys.readouterr().err
    file.write_text(text.replace(journal.head(request, 1)[:8], "0" * 8).replace(" 2 ", " 3 "))
    with pytest.raises(CommandError, match="not a copy that this clinic has signed"):
        compared(file)


def test_a_copy_is_written_and_signed_as_it_has_always_been(
    monday: datetime, tmp_path: Path, settings: Any
) -> None:
    """Whatever was copied years ago can still be compared, and was signed as one text."""
    settings.HEADS_FOLDER = str(tmp_path)
    request = factories.received(now=monday)
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    file = copied(tmp_path)
    text, _, signature = file.read_text().rpartition("signed ")
    lines = text.splitlines()
    assert [line.split()[0] for line in lines] == [
        *("heads", "[verify_journal]", request.reference),
        *("[verify_pages]", "head", *["log"] * Checkpoint.objects.count()),
    ]
    key = settings.SEALING_KEY
    whole = salted_hmac("clinic_site.heads", text, secret=key, algorithm="sha256").hexdigest()
    assert signature == f"{whole}\n"
    settings.SEALING_KEY, settings.SEALING_KEY_FALLBACKS = "k" * 50, [key]
    assert heads.compare(file) == lines[0]
    for other in (
        text,
        f"{text}signed {whole}\n{lines[2]}\n",
        f"{text}{lines[2]}\nsigned {whole}\n",
    ):
        file.write_text(other)
        with pytest.raises(CommandError, match="not a copy that this clinic has signed"):
            heads.compare(file)


def test_a_broken_chain_gives_no_copy_and_no_part_of_one(
    monday: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.HEADS_FOLDER = str(tmp_path)
    request = factories.received(now=monday)
    type(request).objects.update(event_count=7)
    with pytest.raises(CommandError, match="1 fault"):
        call_command("copy_heads", stdout=StringIO())
    assert [each.name for each in tmp_path.iterdir()] == [nightly.LAST_CHECK]


def built_again(request: Any) -> None:
    """Change who took it up, and every hash after it: what somebody with the password can do."""
    previous = ""
    for event in RequestEvent.objects.filter(request=request).order_by("number"):
        event.by, event.previous_hash = "somebody else", previous
        event.hash = previous = journal.digest(event)
        event.save()


def test_what_came_of_the_check_is_noted(monday: datetime, tmp_path: Path, settings: Any) -> None:
    settings.HEADS_FOLDER, settings.HEADS_TO = str(tmp_path / "heads"), "officer@example.org"
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    assert nightly.last() is None
    call_command("copy_heads", stdout=StringIO())
    assert nightly.last() == Checked(monday, Outcome.WHOLE)
    settings.EMAIL_BACKEND = "tests.clinic_site.test_heads.Away"
    with pytest.raises(CommandError, match=r"could not be sent to officer@example\.org: SMTP"):
        call_command("copy_heads", stdout=StringIO())
    assert nightly.last() == Checked(monday, Outcome.NOT_SENT)
    with changes_allowed():
        RequestEvent.objects.filter(request=request, number=1).update(by="somebody else")
    with pytest.raises(CommandError, match="1 fault"):
        call_command("copy_heads", stdout=StringIO())
    assert nightly.last() == Checked(monday, Outcome.BROKEN)


class Away(BaseEmailBackend):
    """A mail server that takes nothing."""

    def send_messages(self, email_messages: Any) -> int:
        raise SMTPServerDisconnected


def test_a_quiet_copy_of_the_clinic_sends_no_heads(
    monday: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.HEADS_FOLDER, settings.HEADS_TO = str(tmp_path), "officer@example.org"
    factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    mail.outbox.clear()
    restored.remember(True)
    assert copied(tmp_path).exists()
    assert mail.outbox == []
