"""The site as it is installed, to be measured: the demonstration's pages, in production's settings."""

import os
import subprocess
import sys
from pathlib import Path

from stored import clean_up_when_told_to_end

KEYS = ("SECRET_KEY", "SEALING_KEY", "LOG_KEY")


def install(database: str) -> dict[str, str]:
    """The environment of an installation on this database, which is filled first."""
    clean_up_when_told_to_end()
    environment = {
        **dict.fromkeys(KEYS, "only-to-measure-" * 4),
        "DJANGO_SETTINGS_MODULE": "clinic_site.settings",
        "CLINIC_SENDER": "desk@clinic.example",
        "CLINIC_INBOX": "desk@example.org",
        "SITE_URL": "https://127.0.0.1",
        "DEVELOPMENT": "false",
        "DEMONSTRATION": "true",
        "PROXIES": "1",
        "DATABASE_URL": database,
    }
    print("Filling a database, which takes a minute.", file=sys.stderr)
    for command in (["migrate", "-v0"], ["load_demo"], ["collectstatic", "--noinput", "-v0"]):
        run("manage.py", *command, environment=environment)
    return environment


def fill_in(file: Path, many: int, stored: int, environment: dict[str, str]) -> list[bytes]:
    """The last press of so many patients, beside so many requests that are there already."""
    print(f"Filling in {many} requests, beside {stored} old ones.", file=sys.stderr)
    told = (str(file), str(many), str(stored))
    run("script/benches/fill_in.py", *told, environment=environment)
    return file.read_bytes().split(b"\0\0")


def run(*command: str, environment: dict[str, str]) -> None:
    """Run Python with these arguments; what it prints is left out."""
    subprocess.run(
        [sys.executable, *command],
        check=True,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
    )
