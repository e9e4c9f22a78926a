"""Wrong settings are reported before anything starts, together, in sentences, no traceback."""

import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).parent.parent.parent
RIGHT = {
    "SECRET_KEY": "a-key-that-is-long-enough-and-quite-random-for-a-test-1234567890",
    "SEALING_KEY": "another-key-that-is-long-enough-and-quite-random-for-a-test-12345",
    "LOG_KEY": "a-third-key-that-is-long-enough-and-quite-random-for-a-test-5678",
    "CLINIC_SENDER": "desk@clinic.example",
    "SITE_URL": "https://clinic.example",
    "CLINIC_ADDRESS": "1 Example Lane",
    "CLINIC_PHONE": "020 7946 0958",
    "CLINIC_EMAIL": "hello@clinic.example",
    "CLINIC_LEGAL_NAME": "Example Lane Clinic Ltd",
    "CLINIC_ICO_NUMBER": "ZA000000",
}
WRONG = [
    ("DEBUG", "true", "DEBUG is on, and its error pages show patients’ data."),
    ("DEBUG", "ture", "DEBUG is “ture”. Set it to true or false."),
    ("DEMONSTRATION", "2", "DEMONSTRATION is “2”. Set it to true or false."),
    ("SECRET_KEY", "", "Set the environment variable SECRET_KEY. It signs patients' links"),
    ("METRICS_TOKEN", "short", "METRICS_TOKEN can be guessed. Make one as you make SECRET_KEY."),
    ("CLINIC_SENDER", "", "Set the environment variable CLINIC_SENDER. The address that"),
    (
        "SEALING_KEY",
        "",
        "Set the environment variable SEALING_KEY. A page opens only if its signature is sealed",
    ),
    ("LOG_KEY", "", "Set the environment variable LOG_KEY. It signs the public log of signatures."),
    ("LOG_ORIGIN", "our log", "LOG_ORIGIN is “our log”. Set it to a name without blanks"),
    ("TIMESTAMP_URL", "https://tsa.example.org/", "Set TIMESTAMP_ROOT too: the file with"),
    *(
        ("SECURITY_CONTACT", value, f"SECURITY_CONTACT is “{value}”. Set it to one email address")
        for value in ("somebody", "http://clinic.example/", "a@b.example,c@d.example")
    ),
    ("WEAKNESSES_URL", "http://osv.example/", "Set it to an address that begins with https://"),
    ("SITE_URL", "", "Set the environment variable SITE_URL. For example https://clinic.example"),
    *(
        ("SITE_URL", value, f"SITE_URL is “{value}”. Set it to the address of the site.")
        for value in (
            "clinic.example",
            "https://clinic.example/",
            "https://clinic.example/site",
            "https://clinic.example?a=b",
            "https://clinic.example#a",
            "https://a@clinic.example",
            "https://",
            "https://clinic.example:port",
            "https://[::1",
            "ftp://clinic.example",
        )
    ),
    ("SITE_URL", "http://clinic.example", "It must begin with https://"),
    ("ALLOWED_HOSTS", "other.example", "ALLOWED_HOSTS does not include clinic.example"),
    ("BACKUP_FOLDER", "backups", "BACKUP_FOLDER is “backups”. Set it to a path that begins with"),
    ("QUESTION_CATALOGUES", "questions", "QUESTION_CATALOGUES is “questions”. Set it to a path"),
    ("BACKUP_FOLDER", "/srv/backups", "Set BACKUP_FOLDER and BACKUP_RECIPIENTS together, or"),
    ("BACKUP_RECIPIENTS", "AGE-SECRET-KEY-1", "A private key stays off this machine."),
    ("PROXIES", "-1", "PROXIES is “-1”. Set it to a whole number from 0 to 9."),
    ("PROXIES", "one", "PROXIES is “one”. Set it to a whole number from 0 to 9."),
    ("CLINIC_OPENS", "25:00", "CLINIC_OPENS is “25:00”. Set it to a time from 00:00 to 23:59."),
    ("CLINIC_OPENS", "9:00", "CLINIC_OPENS is “9:00”. Set it to a time from 00:00 to 23:59."),
    ("CLINIC_OPENS", "24:00", "CLINIC_OPENS is “24:00”. Set it to a time from 00:00 to 23:59."),
    ("CLINIC_CLOSES", "24:01", "Midnight at the end of a day is 24:00."),
    ("CLINIC_CLOSES", "08:00", "CLINIC_OPENS is 09:00 and CLINIC_CLOSES is 08:00."),
    ("CLINIC_CLOSES", "09:00", "Set CLINIC_CLOSES to a later time."),
    ("CLINIC_OPEN_DAYS", "8", "CLINIC_OPEN_DAYS is “8”. List at least one day"),
    ("CLINIC_OPEN_DAYS", "1,,2", "CLINIC_OPEN_DAYS is “1,,2”. List at least one day"),
    ("CLINIC_OPEN_DAYS", "", "CLINIC_OPEN_DAYS is “”. List at least one day"),
    *(
        (name, value, f"{name} is “{value}”. Set it to a whole number from {least} to {most}.")
        for name, least, most in (
            ("CLINIC_ANSWERS_WITHIN_HOURS", 1, 1000),
            ("CLINIC_CANCEL_HOURS", 0, 1000),
            ("CLINIC_LINK_DAYS", 1, 4000),
            ("CLINIC_PAGES_IN_OUTAGE_SECONDS", 0, 3600),
        )
        for value in ("-5", "1.5", str(most + 1))
    ),
    *(
        (
            "CLINIC_REMINDER_DAYS",
            value,
            f"CLINIC_REMINDER_DAYS is “{value}”. List different whole numbers from 1 to 60",
        )
        for value in ("", "0", "3,61", "-3", "1.5", "three", "3,,1", "3,3")
    ),
    *(
        ("DATABASE_URL", value, "DATABASE_URL does not name a database.")
        for value in (
            "hello",
            "postgres://",
            "postgres://user:password@host:port/name",
            "mysql://user:password@host/name",
            "sqlite:///relative.sqlite3",
            "sqlite://:memory:",
            "sqlite://folder/file",
        )
    ),
    ("TIME_ZONE", "Moon", "TIME_ZONE is “Moon”. Set it to the name of a time zone"),
    ("EMAIL_URL", "hello", "EMAIL_URL does not name a mail server."),
    ("TEXT_MESSAGES", "pigeon", "TEXT_MESSAGES is “pigeon”. Set it to one of these:"),
    ("TEXT_MESSAGES", "http", "Set the environment variable TEXT_MESSAGES_TOKEN."),
    ("TEXT_MESSAGES", "twilio", "Set the environment variable TEXT_MESSAGES_ACCOUNT."),
]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Only the variables that are required, with right values."""
    for name in list(os.environ):
        monkeypatch.delenv(name)
    for name, value in RIGHT.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def read() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "clinic_site" / "settings.py"))


def refusal() -> list[str]:
    with pytest.raises(ImproperlyConfigured) as refused:
        read()
    return [line for line in str(refused.value).splitlines() if line.startswith("- ")]


@pytest.mark.parametrize(("name", "value", "sentence"), WRONG)
def test_a_wrong_setting_is_told_in_a_sentence(
    name: str, value: str, sentence: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv(name, value)
    told = refusal()
    assert any(sentence in line for line in told), told
    # One mistake, one sentence; only the two of a provider of text messages go together.
    assert len(told) == (2 if value in {"http", "twilio"} else 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CLINIC_CLOSES", "24:00"),
        ("CLINIC_OPEN_DAYS", "6"),
        ("CLINIC_OPEN_DAYS", "0, 6"),
        ("SITE_URL", "https://clinic.example:8443"),
        ("ALLOWED_HOSTS", ".example,other.example"),
        ("CLINIC_PAGES_IN_OUTAGE_SECONDS", "0"),
        ("CLINIC_REMINDER_DAYS", "7, 2"),
        ("DATABASE_URL", "postgres://user@/name?host=/run/postgresql"),
        ("DEBUG", "false"),
        ("SECURITY_CONTACT", "security@clinic.example"),
        ("SECURITY_CONTACT", "https://clinic.example/tell-us"),
    ],
)
def test_a_right_setting_is_taken(name: str, value: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv(name, value)
    assert read()["SITE_URL"].startswith("https://clinic.example")


@pytest.mark.parametrize(("is_demonstration", "others"), [("", []), ("true", ["demo"])])
def test_the_clinics_own_translations_come_after_ours_and_before_invented_ones(
    is_demonstration: str, others: list[str], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DEMONSTRATION", is_demonstration)
    environment.setenv("QUESTION_CATALOGUES", "/srv/questions")
    ours, own, *invented = read()["LOCALE_PATHS"]
    assert (ours, own) == (ROOT / "locale", Path("/srv/questions"))
    assert [path.parent.name for path in invented] == others


@pytest.mark.parametrize(
    ("name", "value"),
    [("EMAIL_URL", "smtp://localhost"), ("PROXIES", "1"), ("TEXT_MESSAGES", "http")],
)
def test_development_is_refused_where_something_says_that_patients_are_real(
    name: str, value: str, environment: pytest.MonkeyPatch
) -> None:
    for each in ("DEVELOPMENT", "TEXT_MESSAGES_URL", "TEXT_MESSAGES_TOKEN"):
        environment.setenv(each, "true")
    environment.setenv(name, value)
    (told,) = refusal()
    assert told.startswith("- DEVELOPMENT is on")
    assert name in told


def test_no_sentence_repeats_a_secret(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DATABASE_URL", "mysql://user:hunter2@host/name")
    environment.setenv("EMAIL_URL", "pigeon://user:hunter2@host")
    assert not any("hunter2" in line for line in refusal())


def test_older_keys_open_links_that_they_signed(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY_FALLBACKS", "older,oldest")
    assert read()["SECRET_KEY_FALLBACKS"] == ["older", "oldest"]


# --- Before anything starts -----------------------------------------------------------------

PYTHON = [sys.executable]
COMMANDS = {
    "a command": [*PYTHON, "manage.py", "check"],
    "the worker": [*PYTHON, "manage.py", "send_messages", "--loop"],
    "the web server": [*PYTHON, "-m", "gunicorn", "-c", "python:clinic_site.gunicorn"],
}
SEVERAL = {
    "SECRET_KEY": "",
    "SITE_URL": "clinic.example",
    "CLINIC_OPEN_DAYS": "8",
    "DATABASE_URL": "hello",
    "TIME_ZONE": "Moon",
}


def run(what: str, **environment: str) -> subprocess.CompletedProcess[str]:
    more = ["clinic_site.wsgi", "--bind", "127.0.0.1:0"]
    return subprocess.run(
        [*COMMANDS[what], *(more if what == "the web server" else [])],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("what", COMMANDS)
def test_everything_that_is_wrong_is_told_once_and_nothing_starts(what: str) -> None:
    result = run(what, **SEVERAL)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    for name in SEVERAL:
        assert sum(name in line for line in result.stderr.splitlines()) == 1
    assert "Booting worker" not in result.stderr


@pytest.mark.parametrize("what", ["the worker", "the web server"])
def test_nothing_serves_with_a_database_that_is_older_than_the_code(
    what: str, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/older.sqlite3"
    result = run(what, **RIGHT, DATABASE_URL=database)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert result.stderr.count("the database is older than the code") == 1
    assert "Run “python manage.py migrate”" in result.stderr
    assert "Booting worker" not in result.stderr


def test_a_check_tells_of_a_database_that_cannot_be_reached() -> None:
    command = [*PYTHON, "manage.py", "check", "--deploy"]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        database = f"postgres://nobody@127.0.0.1:{nobody.getsockname()[1]}/none"
        environment = {"PATH": os.environ["PATH"], **RIGHT, "DATABASE_URL": database}
        result = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    assert result.returncode == 1
    assert "We cannot reach the database" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.lengthy
def test_a_database_file_is_for_its_own_account_only(tmp_path: Path) -> None:
    file = tmp_path / "clinic.sqlite3"
    environment = {"PATH": os.environ["PATH"], **RIGHT, "DATABASE_URL": f"sqlite:///{file}"}

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            umask=0o022,
            check=False,
        )

    assert check().returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    result = check()
    assert result.returncode == 1
    assert f"Other accounts on this machine can read {file}." in result.stderr


# --- The demonstration's own settings ---------------------------------------------------------

READ = """
import os
import sys
from pathlib import Path
from clinic_site import start
start.DEMONSTRATION = Path(sys.argv[1])
start.read_demonstration()
os.environ["DJANGO_SETTINGS_MODULE"] = "clinic_site.settings"
start.read_settings()
from django.conf import settings
print(settings.DEMONSTRATION, settings.CLINIC_FIRST_VALUES["name"], settings.SITE_URL, sep="|")
"""


def settings_read(file: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What a command reads with these variables and this file of the demonstration."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def demonstration(tmp_path: Path) -> Path:
    """What `script/server` writes once."""
    written = (ROOT / "script" / "server").read_text().split("<<END\n")[1].split("\nEND\n")[0]
    secret, _, others = written.partition("\n")
    assert secret.startswith("SECRET_KEY=$(")
    file = tmp_path / "demo.env"
    file.write_text(f"SECRET_KEY={RIGHT['SECRET_KEY']}\n{others}\n")
    return file


def test_a_command_needs_no_variable_beside_the_demonstration(demonstration: Path) -> None:
    done = settings_read(demonstration)
    assert done.stdout == "True|Example Lane Clinic|http://localhost:8000\n"
    assert done.stderr == "Using the settings of the demonstration, var/demo.env.\n"


def test_a_variable_goes_before_the_file_of_the_demonstration(demonstration: Path) -> None:
    done = settings_read(demonstration, SITE_URL="http://localhost:8080")
    assert done.stdout == "True|Example Lane Clinic|http://localhost:8080\n"


def test_a_clinic_never_reads_the_file_of_a_demonstration(demonstration: Path) -> None:
    done = settings_read(demonstration, **RIGHT)
    assert done.stdout == "False|Our clinic|https://clinic.example\n"
    assert done.stderr == ""


def test_without_the_file_one_message_names_all_that_is_missing(tmp_path: Path) -> None:
    done = settings_read(tmp_path / "none.env")
    for name in ("SECRET_KEY", "SEALING_KEY", "LOG_KEY", "SITE_URL", "CLINIC_SENDER"):
        assert f"Set the environment variable {name}." in done.stderr
    assert "run script/server once" in done.stderr
