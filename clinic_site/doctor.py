"""What is wrong with this installation, in sentences, and what to do about each.

One list of small checks. `manage.py doctor` prints what they find, and the desk shows it to managers.
What a clinic has to decide before it opens is in `ready`.
"""

import os
import shutil
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.mail import get_connection
from django.db import Error, connection
from django.utils import timezone

from bookings.desk.alarms import about_outages, about_the_worker, known, left_unsent
from bookings.models import (
    ClinicSession,
    ClosedDay,
    QuestionGroup,
    ScreeningQuestion,
    Topic,
    Treatment,
    WorkerRun,
)
from bookings.records import erasing, retention, rights, tombstones
from bookings.screening import read_in_english
from clinic_site import encryption, nightly, serving_role, support, weaknesses
from clinic_site.backups import keeping, restored
from clinic_site.breached_passwords import listed_in
from clinic_site.staff import accounts, second_factor, sign_ins
from procedures.ground import arranged
from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted
from procedures.ground.languages import english_name
from procedures.ground.migrations_due import migrations_due
from procedures.log import checkpoints
from procedures.models import Clinician, SharedPlace
from procedures.publishing import reviews

# In parts of a disk: when somebody should make room, and when the site may stop.
LITTLE_ROOM, NO_ROOM = 0.10, 0.02
# Between two clocks. Offers and links end on the minute.
MOST_APART = timedelta(seconds=30)
# Every service that renews certificates does it a month ahead, so by then it has failed for two weeks.
CERTIFICATE_LEFT = timedelta(days=14)
SECONDS_FOR_A_CONNECTION = 5
# Longer than the longest time without a bank holiday would be a false alarm every autumn.
CLOSED_DAYS_AHEAD = timedelta(days=60)
# To update PostgreSQL takes planning.
SUPPORT_LEFT = timedelta(days=180)
# How many pages or questions are named.
NAMED = 5
# It says what our own check of the database says, with what to type.
SAID_BELOW = "clinic_site.E002"


class Finding(NamedTuple):
    """Something that is wrong, and what to type or to do."""

    said: str
    remedy: str
    # Whether patients or colleagues are affected now; otherwise it will be so one day.
    is_urgent: bool = True


Findings = Iterator[Finding]


# What is kept in each process until the database says that one of these tables has changed.
ARRANGED = {
    model._meta.db_table
    for model in (
        *(User, Clinician, SharedPlace, ClinicSession, QuestionGroup, Treatment),
        *(ScreeningQuestion, ScreeningQuestion.treatments.through),
        *(Topic, Topic.clinicians.through, Topic.treatments.through),
    )
}


class Check(NamedTuple):
    """One thing that is examined."""

    name: str
    find: Callable[[datetime], Findings]
    needs_database: bool = True
    # Whether it waits for another machine. The desk leaves these out.
    goes_out: bool = False


class Report(NamedTuple):
    """What one check found. Without findings all is well, unless it could not be made."""

    name: str
    findings: tuple[Finding, ...]
    was_made: bool = True


def examine(now: datetime, *, goes_out: bool) -> list[Report]:
    """Make every check, in the order in which one repairs. No check keeps another from being made."""
    away = tuple(_database(now))
    reports = []
    for check in CHECKS:
        if check.goes_out and not goes_out:
            continue
        if check.needs_database and away:
            reports.append(Report(check.name, (), was_made=False))
        else:
            reports.append(Report(check.name, _found(check, now)))
    return reports


def nightly_run(failed: str) -> Report:
    """A report that these commands of the nightly run failed."""
    remedy = "journalctl -u clinic-daily -n 100"
    return Report("Nightly run", (Finding(f"These commands failed: {failed}.", remedy),))


def is_urgent(reports: Iterable[Report]) -> bool:
    """Whether something is wrong now."""
    return any(finding.is_urgent for report in reports for finding in report.findings)


def written(report: Report) -> str:
    """A report as lines of text."""
    if not report.findings:
        said = "all is well" if report.was_made else "not checked, because it needs the database"
        return f"{report.name}: {said}"
    return "\n".join(
        f"{report.name}: {'WRONG' if each.is_urgent else 'soon'}: {each.said}\n    {each.remedy}"
        for each in report.findings
    )


def _found(check: Check, now: datetime) -> tuple[Finding, ...]:
    try:
        outcome = attempt(lambda: tuple(check.find(now)))
    except Error as error:
        outcome = Failed(error)
    if not isinstance(outcome, Failed):
        return outcome
    said = f"We could not check this: {outcome.where}."
    return (Finding(said, "Report it to whoever looks after the code.", is_urgent=False),)


# --- The checks -------------------------------------------------------------------------------


def _settings(now: datetime) -> Findings:
    if settings.DEVELOPMENT:
        yield Finding(
            "DEVELOPMENT is on: emails are written to files, and HTTPS is not required.",
            "For patients, unset it and set what docs/operations.md lists.",
            is_urgent=False,
        )
    if not settings.OPERATOR_EMAIL:
        yield Finding(
            "OPERATOR_EMAIL is empty, so nobody is told by email when something is wrong.",
            "Set it to the address of whoever runs the server.",
            is_urgent=False,
        )
    if not settings.SECURITY_CONTACT:
        yield Finding(
            "SECURITY_CONTACT is empty, so whoever finds a weakness of the site does not know whom to "
            "tell.",
            "Set it to an email address that somebody reads, or to a page that says how to tell you.",
            is_urgent=False,
        )
    for fault in run_checks(include_deployment_checks=not settings.DEVELOPMENT):
        if fault.id != SAID_BELOW and not fault.is_silenced():
            yield Finding(
                fault.msg,
                fault.hint or "docs/operations.md lists the settings.",
                fault.is_serious(),
            )


def _database(now: datetime) -> Findings:
    try:
        due = migrations_due()
    except Error as fault:
        yield Finding(
            f"We cannot reach the database: {str(fault).strip().partition(chr(10))[0]}",
            "Check DATABASE_URL and whether it runs: systemctl status postgresql",
        )
        return
    if due:
        yield Finding(
            f"The database is older than the code: {counted(len(due), 'migration')} missing, "
            f"first {due[0]}.",
            "python manage.py migrate",
        )


def _arranged(now: datetime) -> Findings:
    if unnoticed := sorted(ARRANGED - arranged.watched()):
        yield Finding(
            "The database does not say when these tables change, so patients may be asked what they "
            f"were asked before: {', '.join(unnoticed)}.",
            "Stop the site; python manage.py migrate procedures 0033; python manage.py migrate",
        )


def _rights(now: datetime) -> Findings:
    rights = serving_role.rights()
    if rights and rights.too_few:
        yield Finding(
            f"PostgreSQL does not let {rights.role}, the account of the site, read and write "
            f"{counted(len(rights.too_few), 'table')}: {_first(rights.too_few)}.",
            f"As the owner of the tables: python manage.py serving_role {rights.role} --apply",
        )
    if rights and rights.beyond_rows():
        can = (
            "change the tables themselves"
            if rights.too_many
            else "make functions beside the tables"
        )
        yield Finding(
            f"{rights.role}, the account with which the site is signed in to PostgreSQL, can {can}, so "
            "whoever takes over the site can remove what protects the journals.",
            "docs/operations.md, “Two accounts of PostgreSQL”.",
            is_urgent=False,
        )


def _encryption(now: datetime) -> Findings:
    for said, remedy in encryption.faults():
        yield Finding(said, remedy, is_urgent=False)


def _clock(now: datetime) -> Findings:
    theirs = clock_of_the_database()
    if theirs and abs(theirs - now) > MOST_APART:
        yield Finding(
            f"The clock of this machine and that of the database are {_apart(theirs, now)} apart.",
            "On both machines: timedatectl set-ntp true",
        )
    run = WorkerRun.objects.first()
    if run and run.ran_at > now + MOST_APART:
        yield Finding(
            f"The worker last ran {_apart(run.ran_at, now)} from now, so some clock is wrong.",
            "On every machine of the site: timedatectl set-ntp true",
        )


def _worker(now: datetime) -> Findings:
    for sentence in about_the_worker(known(now), now):
        yield Finding(
            sentence, "systemctl restart clinic-worker; journalctl -u clinic-worker -n 50"
        )


def _messages(now: datetime) -> Findings:
    told = known(now)
    for sentence in about_outages(told):
        yield Finding(
            sentence, "docs/operations.md, “When something is wrong”, explains each reply."
        )
    for sentence in left_unsent(told):
        yield Finding(sentence, "journalctl -u clinic-worker -n 50")


def _mail_server(now: datetime) -> Findings:
    try:
        with get_connection():
            pass
    except (OSError, smtplib.SMTPException) as fault:
        code = getattr(fault, "smtp_code", "")
        yield Finding(
            f"The mail server does not take us: {type(fault).__name__} {code}".strip() + ".",
            "Check EMAIL_URL: the host, the port, the user and the password.",
        )


def _certificate(now: datetime) -> Findings:
    address = urlsplit(settings.SITE_URL)
    if address.scheme != "https":
        return
    renew = "Look at the proxy's log, for example: journalctl -u caddy -n 50"
    try:
        ends = certificate_ends(address.hostname or "", address.port or 443)
    except ssl.SSLCertVerificationError as fault:
        yield Finding(f"Browsers refuse our certificate: {fault.verify_message}.", renew)
    except OSError as fault:
        said = f"We could not open {settings.SITE_URL} from here: {type(fault).__name__}."
        yield Finding(said, "systemctl status caddy; systemctl status clinic-web", is_urgent=False)
    else:
        if ends < now + CERTIFICATE_LEFT:
            yield Finding(f"Our certificate ends on {_day(ends)}, and was not renewed.", renew)


def _disk(now: datetime) -> Findings:
    database = Path(connection.settings_dict["NAME"])
    folders = {Path(settings.STATIC_ROOT).parent, Path(settings.BACKUP_FOLDER or settings.BASE_DIR)}
    if connection.vendor == "sqlite":
        folders.add(database.parent)
    # Folders on one disk are one finding.
    disks = {os.stat(folder).st_dev: folder for folder in sorted(folders) if folder.is_dir()}
    for folder in disks.values():
        disk = shutil.disk_usage(folder)
        left = disk.free / disk.total
        if left < LITTLE_ROOM:
            yield Finding(
                f"The disk of {folder} has {left:.0%} left.",
                f"Make room: du -xh --max-depth=2 {folder} | sort -h | tail",
                is_urgent=left < NO_ROOM,
            )


def _backup(now: datetime) -> Findings:
    if not settings.BACKUP_FOLDER:
        yield Finding(
            "No backup is set up.", "Set BACKUP_FOLDER: docs/operations.md, “Back it up”."
        )
        return
    taken = keeping.last_success()
    if taken is None:
        yield Finding("There is no good backup yet.", "python manage.py backup")
    elif now - taken > keeping.TOO_OLD:
        said = f"The last good backup is of {_day(taken)}."
        yield Finding(said, "python manage.py backup; systemctl list-timers 'clinic-*'")


def _retention(now: datetime) -> Findings:
    if retention.is_done_by_worker():
        return
    if kept := retention.overdue(now):
        yield Finding(
            f"Kept for longer than the settings allow, and nobody empties it: {', '.join(kept)}.",
            "Set RETENTION_BY_WORKER=true and restart, or type: python manage.py retention --apply",
            is_urgent=False,
        )


def _about_data(now: datetime) -> Findings:
    asked = rights.waiting(now)
    if asked and asked.late and asked.first_due:
        one = "answer to what people ask about their data is late"
        several = "answers to what people ask about their data are late"
        yield Finding(
            f"{counted(asked.late, one, several)}. The first was due by "
            f"{asked.first_due:%A %-d %B %Y}.",
            "Tell a manager. “What people ask about it” under Set-up says who waits. Answer them today, "
            "and note the answer on their page.",
        )


def _journals(now: datetime) -> Findings:
    checked = nightly.last()
    check = "python manage.py copy_heads; systemctl list-timers 'clinic-*'"
    if checked is None:
        yield Finding("The journals have never been checked.", check)
    elif checked.is_too_old(now):
        yield Finding(f"The journals were last checked on {_day(checked.at)}.", check)
    if checked and checked.said:
        yield Finding(
            checked.said,
            "python manage.py copy_heads says what it is. If a chain is broken, take a copy of the "
            "database, and find out who changed it.",
        )
    if not settings.HEADS_TO and not keeping.leaves_with_backups(Path(settings.HEADS_FOLDER)):
        yield Finding(
            "The heads of the journals do not leave this machine, so a chain that somebody builds again "
            "would look right.",
            "Set HEADS_TO, or HEADS_FOLDER to a folder in BACKUP_FOLDER, which you carry away.",
            is_urgent=False,
        )


def _log(now: datetime) -> Findings:
    last = checkpoints.newest()
    try:
        if last:
            checkpoints.tree_of(last)
    except checkpoints.LogBroken as fault:
        yield Finding(
            f"The public log is not whole: {fault}. No checkpoint is signed until it is.",
            "python manage.py verify_pages; docs/operations.md, “The public log”.",
        )
    if said := restored.log_would_go_back():
        yield Finding(said, "Set LOG_ORIGIN to a new name and restart, before the next checkpoint.")


def _erasures(now: datetime) -> Findings:
    file = tombstones.file_of_erasures()
    if settings.BACKUP_FOLDER and not keeping.leaves_with_backups(file):
        yield Finding(
            f"The list of erasures, {file}, is not in the folder of the backups, so it may not leave "
            "with them.",
            f"mv {file} {settings.BACKUP_FOLDER}; name it there in ERASURES_FILE, and restart.",
            is_urgent=False,
        )
    remedy = (
        f"Put its last copy at {settings.ERASURES_FILE}; docs/operations.md says how it is made."
    )
    try:
        missing = erasing.not_on_the_list()
    except (OSError, ValueError) as fault:
        yield Finding(f"The list of erasures cannot be read: {fault}", remedy)
        return
    if missing:
        yield Finding(
            f"The list of erasures does not name {counted(len(missing), 'person', 'people')} whom we "
            "erased, so a restored backup would bring them back.",
            remedy,
        )


def _closed_days(now: datetime) -> Findings:
    last = ClosedDay.objects.order_by("-day").first()
    if last is None or last.day < timezone.localdate(now) + CLOSED_DAYS_AHEAD:
        known = (
            f"The last closed day that we know is {last.day:%-d %B %Y}" if last else "None is known"
        )
        yield Finding(
            f"{known}, so times may be offered on later bank holidays.",
            "At the desk, under “Set-up”, “Closed days”, add the bank holidays of the next year.",
            is_urgent=False,
        )


def _pages(now: datetime) -> Findings:
    due = reviews.due(timezone.localdate(now))
    if due:
        named = _first([each.page.slug for each in due])
        said = f"{counted(len(due), 'page')} to review: {named}."
        yield Finding(said, "python manage.py reviews_due says why.", is_urgent=False)


def _translations(now: datetime) -> Findings:
    for code in settings.OTHER_LANGUAGES:
        if missing := [question.key for question in read_in_english(code)]:
            number, named = counted(len(missing), "safety question"), _first(missing)
            yield Finding(
                f"Whoever chooses {english_name(code)} still reads {number} in English: {named}.",
                "docs/operations.md, “Translate your safety questions”.",
                is_urgent=False,
            )


def _sign_ins(now: datetime) -> Findings:
    if number := sign_ins.failures(now):
        yield Finding(
            f"{number} passwords or codes of staff were wrong or refused within an hour.",
            "Set-up, Staff accounts, Sign-ins says for which accounts and from where. If one is being "
            "guessed, send its owner a link for a new password.",
        )


def _second_factors(now: datetime) -> Findings:
    # In a demonstration nobody needs one.
    if not settings.SECOND_FACTOR_REQUIRED:
        return
    if usernames := [account.username for account in second_factor.without_any(now)]:
        yield Finding(
            f"No second factor is set up for {', '.join(usernames)}. Anybody who knows the password can "
            "sign in and set one up.",
            "They sign in today and set one up. If they do not need the account, a manager records that "
            "they leave.",
        )


def _unused_accounts(now: datetime) -> Findings:
    if usernames := [account.username for account in accounts.long_unused(now)]:
        yield Finding(
            f"Nobody has signed in as {_first(usernames)} for {accounts.UNUSED.days} days.",
            "A manager asks whether each account is still needed, and records that they leave if it is "
            "not. An account for emergencies is tried once a quarter.",
            is_urgent=False,
        )


def _passkeys(now: datetime) -> Findings:
    if not settings.PASSKEYS_ONLY:
        return
    if usernames := [account.username for account in second_factor.without_passkey()]:
        yield Finding(
            f"Colleagues with an app and no passkey cannot sign in: {', '.join(usernames)}.",
            "They sign in with a recovery code and add a passkey under “My account”. Without a code, "
            "two managers reset their second factor.",
        )


def _breached_passwords(now: datetime) -> Findings:
    path = settings.BREACHED_PASSWORDS
    where = "docs/operations.md, “Passwords from breaches”, says where to get one."
    if not path:
        said = (
            "No list of breached passwords is set, so only the most common passwords are refused."
        )
        yield Finding(said, f"Set BREACHED_PASSWORDS: {where}", is_urgent=False)
        return
    try:
        with listed_in(path) as breached:
            is_good = breached.is_in_order()
    except OSError as fault:
        said = (
            "The list of breached passwords cannot be read, so nobody can choose a password: "
            f"{fault.strerror}."
        )
        yield Finding(said, f"ls -l {path}")
        return
    if not is_good:
        said = "The list of breached passwords is not one of hashes in their order, so it finds nothing."
        yield Finding(said, f"head -3 {path}; {where}")


def _libraries(now: datetime) -> Findings:
    address = settings.WEAKNESSES_URL
    if not address:
        yield Finding(
            "The site does not check its libraries for known weaknesses.",
            "Set WEAKNESSES_URL: docs/operations.md, “Know what is installed”.",
            is_urgent=False,
        )
        return
    try:
        found = weaknesses.known()
    except weaknesses.NotAnswered as fault:
        said = f"We could not ask about weaknesses of libraries: {fault}."
        yield Finding(said, f"curl --include {address}", is_urgent=False)
        return
    for library, ids in found.items():
        yield Finding(
            f"{library} has a known weakness: {', '.join(ids)}.",
            f"Read https://osv.dev/{ids[0]}, and update the site; docs/operations.md, “Know what is "
            "installed”, says what to do if there is no update.",
        )


def _support(now: datetime) -> Findings:
    remedy = "Update it, or make sure that your distribution goes on fixing it."
    for name, version in support.running():
        ends = support.ENDS[name].get(version)
        if ends is None:
            said = f"We do not know until when {name} {version} gets fixes for weaknesses."
            yield Finding(said, "Look it up, and update the site.", is_urgent=False)
        elif ends <= timezone.localdate(now) + SUPPORT_LEFT:
            said = f"The makers of {name} {version} fix no weaknesses after {ends:%-d %B %Y}."
            yield Finding(said, remedy, is_urgent=False)


CHECKS = (
    Check("Settings", _settings, needs_database=False),
    Check("Database", _database, needs_database=False),
    Check("Disk", _disk, needs_database=False),
    Check("Rights in the database", _rights),
    Check("What staff arrange", _arranged),
    Check("Encryption", _encryption),
    Check("Clock", _clock),
    Check("Worker", _worker),
    Check("Messages", _messages),
    Check("Sign-ins", _sign_ins),
    Check("Second factors", _second_factors),
    Check("Unused accounts", _unused_accounts),
    Check("Passkeys", _passkeys),
    Check("Breached passwords", _breached_passwords, needs_database=False),
    Check("Mail server", _mail_server, needs_database=False, goes_out=True),
    Check("Certificate", _certificate, needs_database=False, goes_out=True),
    Check("Libraries", _libraries, needs_database=False, goes_out=True),
    Check("Support of what it runs on", _support),
    Check("Backup", _backup, needs_database=False),
    Check("Erasures", _erasures),
    Check("What is kept", _retention),
    Check("Answers about data", _about_data),
    Check("Journals", _journals, needs_database=False),
    Check("Public log", _log),
    Check("Bank holidays", _closed_days),
    Check("Information pages", _pages),
    Check("Translated questions", _translations),
)


# --- What they ask ----------------------------------------------------------------------------


def clock_of_the_database() -> datetime | None:
    """The moment by the database's clock; None for SQLite, whose clock is this machine's."""
    if connection.vendor == "sqlite":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def certificate_ends(host: str, port: int) -> datetime:
    """Until when the certificate of this server is valid.

    Raises SSLCertVerificationError if a browser would refuse it, and OSError if nobody answers.
    """
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=SECONDS_FOR_A_CONNECTION) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        found = secure.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found["notAfter"])), UTC)


def _first(names: list[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _apart(one: datetime, other: datetime) -> str:
    return counted(round(abs(one - other).total_seconds()), "second")


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B %Y at %-H:%M}"
