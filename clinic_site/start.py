"""What happens before the site, the worker or a command starts.

Whatever would go wrong later is reported now, in sentences, without a traceback.
"""

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import django
import environ
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from clinic_site import checks
from procedures.ground.migrations_due import migrations_due
from procedures.ground.outages import find_outage

# With this exit code gunicorn ends, instead of restarting the worker again and again.
WORKER_BOOT_ERROR = 3
# Written by `script/server`.
DEMONSTRATION = Path(__file__).parent.parent / "var" / "demo.env"
# The commands that serve patients, and so need the tables that their code expects.
SERVING = {"send_messages"}


def read_demonstration() -> None:
    """Use the settings of the demonstration on this machine, if there is one and none are set."""
    if os.environ.keys() & {"SECRET_KEY", "DJANGO_SETTINGS_MODULE"} or not DEMONSTRATION.is_file():
        return
    print("Using the settings of the demonstration, var/demo.env.", file=sys.stderr)  # noqa: T201
    environ.Env.read_env(DEMONSTRATION)


def prepare_command(name: str) -> None:
    """Prepare a command before `manage.py` runs it."""
    keep_files_private()
    if name in SERVING:
        prepare_to_serve()
    else:
        read_settings()


def prepare_to_serve(*, exit_code: int = 1) -> None:
    """Exit with one message if the site or its worker cannot serve patients as configured."""
    read_settings(exit_code=exit_code)
    django.setup()
    refuse_unusable_addresses(exit_code=exit_code)
    refuse_older_schema(exit_code=exit_code)
    if not settings.DEVELOPMENT:
        for doubt in checks.the_database_file_is_private(None):
            print(f"{doubt.msg} {doubt.hint}", file=sys.stderr)  # noqa: T201


def keep_files_private() -> None:
    """Make new files readable to this account only: the database, emails."""
    os.umask(0o077)


def read_settings(*, exit_code: int = 1) -> None:
    """Read the settings, or print everything that is wrong with them and exit."""
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as refusal:
        _refuse(str(refusal), exit_code)


def refuse_unusable_addresses(*, exit_code: int = 1) -> None:
    """Exit if the settings contain an address that no email can be sent from or to.

    Needs the apps.
    """
    faults = [check.msg for check in run_checks() if check.id == "bookings.E001"]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        _refuse(f"Nothing was started, because these settings are wrong:{listed}", exit_code)


def refuse_older_schema(*, exit_code: int = 1) -> None:
    """Exit if the database lacks migrations that the code has. Needs the apps to be loaded.

    An unreachable database is no reason to exit: the site starts, and asks visitors to try again.
    """
    try:
        due = migrations_due()
    except DatabaseError as fault:
        if not find_outage(fault):
            raise
        print(f"We cannot reach the database at the moment: {fault}", file=sys.stderr)  # noqa: T201
        return
    finally:
        connection.close()
    if due:
        _refuse(
            "Nothing was started, because the database is older than the code. Migrations "
            f"missing: {len(due)}, first {due[0]}. Run “python manage.py migrate”, then start "
            "again.",
            exit_code,
        )


def _refuse(sentence: str, exit_code: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 -- there are no logs yet
    sys.exit(exit_code)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    prepare_to_serve()
