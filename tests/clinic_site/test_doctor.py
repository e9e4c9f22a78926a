"""`manage.py doctor`: whatever can be wrong has a sentence and a remedy, at the desk too."""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from importlib import metadata
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from bookings import records, triage
from bookings.models import ClosedDay, Message, Outage, PersonEvent, WorkerRun
from bookings.records import retention, tombstones
from bookings.records.emptying import empty_people
from bookings.status import Channel, PersonAct
from clinic_site import doctor, encryption, nightly, serving_role, support
from clinic_site.doctor import CHECKS, Finding
from clinic_site.encryption import Server
from clinic_site.nightly import Outcome
from clinic_site.serving_role import Rights
from procedures.log import checkpoints, notes
from procedures.models import Checkpoint, Departure, RestoredCopy, SignIn, restored
from procedures.publishing import reviews
from procedures.status import PasswordUse, RevisionStatus, SignInResult
from tests import factories
from tests.clinic_site.test_passkeys import with_passkey
from tests.clinic_site.test_second_factor import with_app
from tests.processes import MailServer
from tests.proxies import make_certificate

pytestmark = pytest.mark.django_db
PAGE = "/admin/set-up/doctor/"


@pytest.fixture(autouse=True)
def addresses_of_development() -> None:
    """The site has its addresses before a test turns DEVELOPMENT off: they are read once."""
    reverse("mailbox")


@pytest.fixture
def well(
    monday: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> datetime:
    """An installation in which nothing is wrong, at this moment."""
    WorkerRun.objects.create(ran_at=monday, ran_by="the clock")
    ClosedDay.objects.get_or_create(day=monday.date() + timedelta(days=100))
    (tmp_path / "last-success.json").write_text(json.dumps({"at": monday.isoformat()}))
    settings.BACKUP_FOLDER = str(tmp_path)
    settings.ERASURES_FILE = str(tmp_path / "erasures.jsonl")
    settings.HEADS_FOLDER, settings.OPERATOR_EMAIL = str(tmp_path / "heads"), "operator@example.org"
    settings.SECURITY_CONTACT = "security@example.org"
    nightly.note(monday, Outcome.WHOLE)
    (tmp_path / "breached.txt").write_text(f"{'A' * 40}:1\n{'B' * 40}:1\n")
    settings.BREACHED_PASSWORDS = str(tmp_path / "breached.txt")
    monkeypatch.setattr(doctor, "clock_of_the_database", lambda: monday)
    monkeypatch.setattr(serving_role, "rights", lambda: None)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=100, free=50))
    monkeypatch.setattr(doctor, "run_checks", lambda **which: [])
    monkeypatch.setattr(support, "running", lambda: [("Django", "5.2"), ("PostgreSQL", "15")])
    settings.DEVELOPMENT = False
    return monday


def found(now: datetime) -> dict[str, list[Finding]]:
    reports = doctor.examine(now, goes_out=False)
    return {report.name: list(report.findings) for report in reports if report.findings}


def disk_is_full(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(total=100, free=1))


def account_owns_the_tables(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(serving_role, "rights", lambda: Rights("clinic", [], ["bookings_claim"]))


def account_lacks_rights(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(serving_role, "rights", lambda: Rights("clinic", ["bookings_claim"], []))


def mail_is_readable_on_its_way(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = encryption.BY_SMTP, "mail.example"


def database_is_readable_on_its_way(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(encryption, "postgresql", lambda: Server("db.example", False, "prefer"))


def database_may_be_somebody_elses(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(encryption, "postgresql", lambda: Server("db.example", True, "require"))


def clocks_differ(patch: pytest.MonkeyPatch, settings: Any) -> None:
    ahead = WorkerRun.objects.get().ran_at + timedelta(seconds=31)
    patch.setattr(doctor, "clock_of_the_database", lambda: ahead)


def worker_is_asleep(patch: pytest.MonkeyPatch, settings: Any) -> None:
    run = WorkerRun.objects.get()
    run.ran_at -= timedelta(minutes=11)
    run.save()


def worker_ran_tomorrow(patch: pytest.MonkeyPatch, settings: Any) -> None:
    run = WorkerRun.objects.get()
    run.ran_at += timedelta(minutes=1)
    run.save()


def mail_is_refused(patch: pytest.MonkeyPatch, settings: Any) -> None:
    since = WorkerRun.objects.get().ran_at
    Outage.objects.create(channel=Channel.EMAIL, since=since, code="SMTPAuthenticationError 535")


def backup_is_old(patch: pytest.MonkeyPatch, settings: Any) -> None:
    taken = WorkerRun.objects.get().ran_at - timedelta(hours=37)
    file = Path(settings.BACKUP_FOLDER) / "last-success.json"
    file.write_text(json.dumps({"at": taken.isoformat()}))


def backup_is_unreadable(patch: pytest.MonkeyPatch, settings: Any) -> None:
    (Path(settings.BACKUP_FOLDER) / "last-success.json").write_text("[]")


def backup_is_not_set_up(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.BACKUP_FOLDER, settings.HEADS_TO = "", "officer@example.org"


def erasures_are_gone(patch: pytest.MonkeyPatch, settings: Any) -> None:
    now = WorkerRun.objects.get().ran_at
    by = User.objects.create_user("owner")
    for _ in range(2):
        person = factories.received(now=now).person
        empty_people([person.pk], PersonAct.ERASED, by=by, now=now)


def one_erasure_is_not_listed(patch: pytest.MonkeyPatch, settings: Any) -> None:
    erasures_are_gone(patch, settings)
    first = PersonEvent.objects.filter(act=PersonAct.ERASED).earliest("pk")
    tombstones.add([first.person_id], first.done_at)


def erasures_are_unreadable(patch: pytest.MonkeyPatch, settings: Any) -> None:
    Path(settings.ERASURES_FILE).write_text("not one of ours\n")


def erasures_do_not_leave(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ERASURES_FILE = "/var/lib/clinic/erasures.jsonl"


def rows_are_kept_too_long(patch: pytest.MonkeyPatch, settings: Any) -> None:
    ended = WorkerRun.objects.get().ran_at - timedelta(days=373)
    request = factories.received(now=ended, email="")
    triage.withdraw(request, version=request.version, now=ended)
    Message.objects.all().delete()


def an_answer_is_late(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """A month after they asked: the other answer is due today."""
    now = WorkerRun.objects.get().ran_at
    person, by = factories.received(name="Canary", now=now).person, factories.staff("Reception")
    for right, day in (("copy", date(2026, 10, 22)), ("use", date(2026, 10, 23))):
        records.note_asked(person, right=right, day=day, detail="Canary.", by=by, now=now)


def a_chain_is_broken(patch: pytest.MonkeyPatch, settings: Any) -> None:
    nightly.note(WorkerRun.objects.get().ran_at, Outcome.BROKEN)


def heads_were_refused(patch: pytest.MonkeyPatch, settings: Any) -> None:
    nightly.note(WorkerRun.objects.get().ran_at, Outcome.NOT_SENT)


def nobody_checked_since_saturday(patch: pytest.MonkeyPatch, settings: Any) -> None:
    nightly.note(WorkerRun.objects.get().ran_at - timedelta(hours=37), Outcome.WHOLE)


def nobody_ever_checked(patch: pytest.MonkeyPatch, settings: Any) -> None:
    (Path(settings.HEADS_FOLDER) / "last-check.json").write_text('{"at": "now"}')


def heads_go_nowhere(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.HEADS_FOLDER = f"{settings.BACKUP_FOLDER}-heads"
    nightly.note(WorkerRun.objects.get().ran_at, Outcome.WHOLE)


def nobody_is_told(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.OPERATOR_EMAIL = ""


def nobody_can_be_told(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SECURITY_CONTACT = ""


def log_is_not_whole(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """A checkpoint of an entry that is not there."""
    note = notes.signed(f"{settings.LOG_ORIGIN}\n1\n{b64encode(bytes(32)).decode()}\n")
    moment = WorkerRun.objects.get().ran_at
    Checkpoint.objects.create(origin=settings.LOG_ORIGIN, size=1, note=note, moment=moment)


def a_backup_was_restored(patch: pytest.MonkeyPatch, settings: Any) -> None:
    now = WorkerRun.objects.get().ran_at
    factories.revision(RevisionStatus.PUBLISHED, now=now)
    checkpoints.sign(now)
    later = now + timedelta(minutes=1)
    moments = {
        "at": later,
        "by": "the operator",
        "released_at": later,
        "released_by": "the operator",
    }
    RestoredCopy.objects.create(backup="clinic-2026-11-22.age", **moments)


def closed_days_run_out(patch: pytest.MonkeyPatch, settings: Any) -> None:
    ClosedDay.objects.all().delete()


def a_page_is_due(patch: pytest.MonkeyPatch, settings: Any) -> None:
    factories.revision(RevisionStatus.SUSPENDED)


def a_check_breaks(patch: pytest.MonkeyPatch, settings: Any) -> None:
    def fail(on: object) -> None:
        raise ValueError("Canary")

    patch.setattr(reviews, "due", fail)


def many_sign_ins_fail(patch: pytest.MonkeyPatch, settings: Any) -> None:
    now = WorkerRun.objects.get().ran_at
    wrong = {"tried_at": now, "use": PasswordUse.SIGN_IN, "place": "192.0.2.0/24"}
    for result in [SignInResult.WRONG] * 9 + [SignInResult.REFUSED, SignInResult.RIGHT]:
        SignIn.objects.create(result=result, **wrong)


def an_app_opens_nothing(patch: pytest.MonkeyPatch, settings: Any) -> None:
    now = WorkerRun.objects.get().ran_at
    both, by_app = (factories.staff("Reception", name) for name in ("robin", "sam"))
    with_app(both, now)
    with_passkey(both, now)
    with_app(by_app, now)
    settings.PASSKEYS_ONLY = True


def somebody_has_a_password_alone(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """And others an app, a passkey, an invitation that is open, and a day of leaving that has come."""
    now = WorkerRun.objects.get().ran_at
    names = ("robin", "sam", "kim", "invited", "gone")
    _, by_app, by_passkey, invited, gone = (factories.staff("Reception", name) for name in names)
    with_app(by_app, now)
    with_passkey(by_passkey, now)
    User.objects.filter(pk=invited.pk).update(is_active=False)
    Departure.objects.create(account=gone, leaves_on=now.date(), leaves_by=by_app)
    settings.SECOND_FACTOR_REQUIRED = True


def nobody_uses_an_account(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """Robin never and Sam since a quarter; Kim for less, Pat's is new, and one belongs to a leaver."""
    now = WorkerRun.objects.get().ran_at
    quarter, names = timedelta(days=90), ("robin", "sam", "kim", "pat", "gone")
    used = (None, now - quarter, now - quarter + timedelta(seconds=1), None, None)
    joined = (now - quarter, now - 2 * quarter, now - 2 * quarter, now, now - quarter)
    for name, last, since in zip(names, used, joined, strict=True):
        factories.staff("Reception", name)
        User.objects.filter(username=name).update(last_login=last, date_joined=since)
    gone = User.objects.get(username="gone")
    Departure.objects.create(account=gone, leaves_on=now.date(), leaves_by=gone)


def support_ends(patch: pytest.MonkeyPatch, settings: Any) -> None:
    """In 180 days; of another version a day later, which is too early to say."""
    today = WorkerRun.objects.get().ran_at.date()
    ends = {"1": today + timedelta(days=180), "2": today + timedelta(days=181)}
    patch.setitem(support.ENDS, "Django", ends)
    patch.setattr(support, "running", lambda: [("Django", "1"), ("Django", "2")])


def nobody_knows_the_support(patch: pytest.MonkeyPatch, settings: Any) -> None:
    patch.setattr(support, "running", lambda: [("Python", "2.7")])


def no_breached_passwords(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.BREACHED_PASSWORDS = ""


def breached_passwords_are_gone(patch: pytest.MonkeyPatch, settings: Any) -> None:
    Path(settings.BREACHED_PASSWORDS).unlink()


def breached_passwords_by_how_often(patch: pytest.MonkeyPatch, settings: Any) -> None:
    Path(settings.BREACHED_PASSWORDS).write_text(f"{'B' * 40}:9\n{'A' * 40}:1\n")


def breached_passwords_in_clear(patch: pytest.MonkeyPatch, settings: Any) -> None:
    Path(settings.BREACHED_PASSWORDS).write_text("123456\npassword\n")


def development_is_on(patch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.DEVELOPMENT = True


@pytest.mark.parametrize(
    ("breaks", "name", "said", "is_urgent"),
    [
        (disk_is_full, "Disk", " has 1% left.", True),
        (account_owns_the_tables, "Rights in the database", "can change the tables", False),
        (account_lacks_rights, "Rights in the database", "1 table: bookings_claim.", True),
        (mail_is_readable_on_its_way, "Encryption", "to mail.example unencrypted", False),
        (database_is_readable_on_its_way, "Encryption", "on db.example unencrypted.", False),
        (database_may_be_somebody_elses, "Encryption", "the certificate of db.example", False),
        (clocks_differ, "Clock", "that of the database are 31 seconds apart.", True),
        (worker_ran_tomorrow, "Clock", "The worker last ran 60 seconds from now", True),
        (worker_is_asleep, "Worker", "has not run since Monday 23 November at 9:49.", True),
        (mail_is_refused, "Messages", "replies: SMTPAuthenticationError 535.", True),
        (many_sign_ins_fail, "Sign-ins", "10 passwords or codes of staff were wrong", True),
        (an_app_opens_nothing, "Passkeys", "no passkey cannot sign in: sam.", True),
        (
            somebody_has_a_password_alone,
            "Second factors",
            "No second factor is set up for robin.",
            True,
        ),
        (nobody_uses_an_account, "Unused accounts", "in as robin, sam for 90 days.", False),
        (support_ends, "Support of what it runs on", "makers of Django 1 fix no weak", False),
        (nobody_knows_the_support, "Support of what it runs on", "when Python 2.7 gets", False),
        (no_breached_passwords, "Breached passwords", "only the most common passwords", False),
        (breached_passwords_are_gone, "Breached passwords", "No such file or directory.", True),
        (breached_passwords_by_how_often, "Breached passwords", "it finds nothing.", True),
        (breached_passwords_in_clear, "Breached passwords", "it finds nothing.", True),
        (backup_is_old, "Backup", "is of Saturday 21 November 2026 at 21:00.", True),
        (backup_is_unreadable, "Backup", "There is no good backup yet.", True),
        (backup_is_not_set_up, "Backup", "No backup is set up.", True),
        (erasures_are_gone, "Erasures", "does not name 2 people whom we erased", True),
        (one_erasure_is_not_listed, "Erasures", "does not name 1 person whom", True),
        (erasures_are_unreadable, "Erasures", "cannot be read: Line 1 of ", True),
        (erasures_do_not_leave, "Erasures", "is not in the folder of the backups", False),
        (rows_are_kept_too_long, "What is kept", "nobody empties it: 1 request.", False),
        (
            an_answer_is_late,
            "Answers about data",
            "1 answer to what people ask about their data is late. The first was due by Sunday 22",
            True,
        ),
        (a_chain_is_broken, "Journals", "23 November 2026 at 10:00 has found a fault.", True),
        (heads_were_refused, "Journals", "could not be sent on Monday 23 November", True),
        (nobody_checked_since_saturday, "Journals", "on Saturday 21 November 2026 at 21:00.", True),
        (nobody_ever_checked, "Journals", "The journals have never been checked.", True),
        (heads_go_nowhere, "Journals", "do not leave this machine", False),
        (nobody_is_told, "Settings", "OPERATOR_EMAIL is empty", False),
        (nobody_can_be_told, "Settings", "SECURITY_CONTACT is empty", False),
        (log_is_not_whole, "Public log", "the entries do not lead to checkpoint 1.", True),
        (a_backup_was_restored, "Public log", "would go on as clinic.example/log, after its", True),
        (closed_days_run_out, "Bank holidays", "None is known", False),
        (a_page_is_due, "Information pages", "1 page to review: ", False),
        (a_check_breaks, "Information pages", "We could not check this: ValueError at ", False),
        (development_is_on, "Settings", "DEVELOPMENT is on", False),
    ],
)
def test_whatever_is_wrong_has_one_sentence_and_a_remedy(
    breaks: Callable[..., None],
    name: str,
    said: str,
    is_urgent: bool,
    well: datetime,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    assert found(well) == {}
    breaks(monkeypatch, settings)
    (finding,) = found(well)[name]
    assert found(well).keys() == {name}
    assert said in finding.said
    assert finding.is_urgent == is_urgent
    assert len(finding.remedy) > 10
    assert "Canary" not in str(finding)


@pytest.mark.parametrize(
    "server",
    [
        Server("/var/run/postgresql", False, "prefer"),
        Server("127.0.0.1", False, "prefer"),
        Server("db.example", True, "verify-full"),
        Server("db.example", True, "verify-ca"),
        Server("db.example", False, "disable"),
        None,
    ],
)
def test_a_connection_that_is_protected_or_stays_here_is_no_finding(
    server: Server | None, well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(encryption, "postgresql", lambda: server)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = encryption.BY_SMTP, "mail.example"
    for settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL in ((True, False), (False, True)):
        assert found(well) == {}
    settings.EMAIL_USE_SSL, settings.EMAIL_HOST = False, "localhost"
    assert found(well) == {}


@pytest.mark.postgres
def test_how_we_have_reached_postgresql_is_what_the_connection_says() -> None:
    reached = encryption.postgresql()
    assert reached
    assert (reached.is_encrypted, reached.sslmode) == (False, "prefer")
    assert reached.host in {"127.0.0.1", "localhost"} or reached.host.startswith("/")


def test_we_know_the_support_of_what_the_tests_run_on() -> None:
    found = dict(support.running())
    assert found["Django"] == ".".join(metadata.version("django").split(".")[:2])
    assert ("PostgreSQL" in found) == (connection.vendor == "postgresql")
    assert [name for name, version in found.items() if version not in support.ENDS[name]] == []


@pytest.mark.sqlite
def test_sqlite_has_no_accounts_to_divide() -> None:
    assert serving_role.rights() is None
    with pytest.raises(CommandError, match=r"^SQLite has no accounts"):
        call_command("serving_role", "clinic", "--apply")


def test_what_is_kept_is_no_finding_while_the_worker_empties_it_or_somebody_every_week(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    rows_are_kept_too_long(monkeypatch, settings)
    assert found(well).keys() == {"What is kept"}
    # It was due for six days then.
    assert found(well - timedelta(days=2)).get("What is kept") is None
    settings.WORKER_DUTIES = ["bookings.records.retention.empty_once_a_day"]
    assert found(well) == {}
    settings.WORKER_DUTIES = []
    retention.empty_what_is_due(well)
    assert found(well) == {}


def test_a_demonstration_needs_no_second_factor(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    somebody_has_a_password_alone(monkeypatch, settings)
    assert found(well).keys() == {"Second factors"}
    settings.SECOND_FACTOR_REQUIRED = False
    assert found(well) == {}


def test_the_faults_of_the_settings_are_those_of_the_system_checks(
    monkeypatch: pytest.MonkeyPatch, monday: datetime, settings: Any
) -> None:
    settings.SECURE_HSTS_SECONDS = 0
    settings.DEVELOPMENT = False
    findings = found(monday)["Settings"]
    assert any("SECURE_HSTS_SECONDS" in each.said for each in findings)


def test_without_a_database_the_rest_is_still_examined(
    well: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OperationalError("connection refused\nand more")

    monkeypatch.setattr(doctor, "migrations_due", refuse)
    reports = doctor.examine(well, goes_out=False)
    assert found(well)["Database"][0].said == "We cannot reach the database: connection refused"
    assert {each.name for each in reports if not each.was_made} == {
        check.name for check in CHECKS if check.needs_database
    }
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--offline", stdout=out)
    assert ended.value.code == 1
    assert "Worker: not checked, because it needs the database" in out.getvalue()


def test_a_missing_migration_says_what_to_type(
    well: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "migrations_due", lambda: ["bookings.0099_thing"])
    assert found(well)["Database"] == [
        Finding(
            "The database is older than the code: 1 migration missing, first bookings.0099_thing.",
            "python manage.py migrate",
        )
    ]


def test_the_command_is_content_with_what_is_only_due_soon(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    closed_days_run_out(monkeypatch, settings)
    out = StringIO()
    call_command("doctor", "--offline", stdout=out)
    assert "Bank holidays: soon: None is known" in out.getvalue()
    assert "Worker: all is well" in out.getvalue()
    assert out.getvalue().endswith("Nothing is wrong now.\n")


# --- The operator is told ---------------------------------------------------------------------


def told(*options: str) -> str:
    out = StringIO()
    with contextlib.suppress(SystemExit):
        call_command("doctor", "--offline", *options, stdout=out, stderr=out)
    return out.getvalue()


def test_the_operator_is_told_by_email_of_what_is_wrong_now(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any, mailoutbox: Any
) -> None:
    closed_days_run_out(monkeypatch, settings)
    told("--mail")
    assert mailoutbox == []
    a_chain_is_broken(monkeypatch, settings)
    told()
    assert mailoutbox == []
    said = told("--mail")
    (email,) = mailoutbox
    assert (email.to, email.subject) == (
        ["operator@example.org"],
        "Something is wrong with https://clinic.example",
    )
    assert email.body == said
    assert "Journals: WRONG: The check of all journals" in said
    assert "Bank holidays: soon: " in said


def test_what_failed_in_the_night_is_wrong_as_well(well: datetime, mailoutbox: Any) -> None:
    with pytest.raises(SystemExit):
        call_command("doctor", offline=True, mail=True, failed="backup", stdout=StringIO())
    (email,) = mailoutbox
    assert "Nightly run: WRONG: These commands failed: backup." in email.body
    told("--mail", "--failed", "")
    assert len(mailoutbox) == 1


def test_a_quiet_copy_and_a_clinic_without_an_operator_email_nobody(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any, mailoutbox: Any
) -> None:
    restored.remember(True)
    told("--mail", "--failed", "backup")
    restored.remember(False)
    nobody_is_told(monkeypatch, settings)
    told("--mail", "--failed", "backup")
    assert mailoutbox == []


def test_a_mail_server_that_is_away_does_not_hide_what_is_wrong(
    well: datetime, closed_port: int, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port
    said = told("--mail", "--failed", "backup")
    assert "These commands failed: backup." in said
    assert said.endswith("Nobody could be told by email: ConnectionRefusedError.\n")


# --- What goes out ----------------------------------------------------------------------------


def going_out(name: str, now: datetime) -> list[Finding]:
    return list(next(check for check in CHECKS if check.name == name).find(now))


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nobody answers, and which nobody else can take."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_a_mail_server_that_is_not_there(closed_port: int, monday: datetime, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port
    (finding,) = going_out("Mail server", monday)
    assert finding.said == "The mail server does not take us: ConnectionRefusedError."


def test_a_mail_server_with_a_certificate_that_nobody_vouches_for_gets_nothing(
    tmp_path: Path, monday: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    certificate = make_certificate(tmp_path, "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = MailServer(object(), hostname="127.0.0.1", port=0, tls_context=context)
    server.start()
    settings.EMAIL_BACKEND, settings.EMAIL_USE_TLS = encryption.BY_SMTP, True
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.port
    (finding,) = going_out("Mail server", monday)
    assert finding.said == "The mail server does not take us: SSLCertVerificationError."
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert going_out("Mail server", monday) == []
    server.stop()


@pytest.fixture
def https(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server whose certificate ends in 5 days, on SITE_URL."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate), "-days", "5", "-nodes"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", *name, *files]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        while True:
            try:
                channel, _ = server.accept()
            except OSError:
                return
            try:
                context.wrap_socket(channel, server_side=True).close()
            except OSError:
                channel.close()

    thread = threading.Thread(target=answer)
    thread.start()
    settings.SITE_URL = f"https://localhost:{server.getsockname()[1]}"
    yield str(certificate)
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def test_a_certificate_is_read_from_our_own_address(
    https: str, settings: Any, monkeypatch: pytest.MonkeyPatch, monday: datetime
) -> None:
    (finding,) = going_out("Certificate", monday)
    assert finding.said == "Browsers refuse our certificate: self-signed certificate."
    monkeypatch.setenv("SSL_CERT_FILE", https)
    ends = doctor.certificate_ends("localhost", int(settings.SITE_URL.rpartition(":")[2]))
    (finding,) = going_out("Certificate", ends - timedelta(days=13))
    assert finding.said.startswith("Our certificate ends on ")
    assert going_out("Certificate", ends - timedelta(days=15)) == []
    settings.SITE_URL = "http://localhost"
    assert going_out("Certificate", ends) == []


def test_an_address_that_does_not_open(closed_port: int, monday: datetime, settings: Any) -> None:
    settings.SITE_URL = f"https://127.0.0.1:{closed_port}"
    (finding,) = going_out("Certificate", monday)
    assert finding.said.endswith("from here: ConnectionRefusedError.")


# --- The desk ---------------------------------------------------------------------------------


def test_managers_see_the_same_beside_what_is_missing(
    well: datetime, sign_in: Callable[[User | str], Client], monkeypatch: Any, settings: Any
) -> None:
    worker_is_asleep(monkeypatch, settings)
    content = sign_in("Manager").get(PAGE).content.decode()
    assert "Something is wrong now." in content
    assert "has not run since Monday 23 November at 9:49." in content
    assert "systemctl restart clinic-worker" in content
    assert "Ready to open?" in content
    assert "Mail server" not in content
    assert sign_in("Reception").get(PAGE).status_code == 403


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        (a_chain_is_broken, "The check of all journals and pages of Monday 23 November"),
        (heads_were_refused, "The heads of the journals could not be sent"),
        (nobody_checked_since_saturday, "The journals were last checked on Saturday 21 November."),
        (nobody_ever_checked, "The journals have never been checked."),
    ],
)
def test_managers_read_on_today_that_the_journals_are_in_doubt(
    breaks: Callable[..., None],
    said: str,
    well: datetime,
    sign_in: Callable[[User | str], Client],
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
) -> None:
    heading = "The journals are in doubt"
    manager = sign_in("Manager")
    assert heading not in manager.get("/admin/").content.decode()
    breaks(monkeypatch, settings)
    content = manager.get("/admin/").content.decode()
    assert heading in content
    assert said in content
    assert heading not in sign_in("Reception").get("/admin/").content.decode()
    settings.DEVELOPMENT = True
    assert nightly.alarm(well) == ""


def test_whoever_releases_a_restored_copy_hears_that_the_log_needs_a_new_name(
    well: datetime, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    a_backup_was_restored(monkeypatch, settings)
    RestoredCopy.objects.update(released_at=None, released_by=None)
    out = StringIO()
    call_command("release_restored_copy", "--no-erasures", stdout=out)
    assert "Then set LOG_ORIGIN to a new name now, and restart." in out.getvalue()
    settings.LOG_ORIGIN = "clinic.example/log-2"
    assert "Public log" not in found(well)
