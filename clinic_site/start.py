"""What happens before the site, the worker or a command starts.

Whatever would go wrong later is told now, in sentences, without a traceback.
"""

import os
import sys
from importlib import import_module
from typing import NoReturn

import django
from django.conf import settings
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clinic_site import checks
from procedures.ground.outages import find_outage

# gunicorn starts a worker that fails again and again, unless it ends with this.
WORKER_BOOT_ERROR = 3
# The commands that serve patients, and so need the tables that their code expects.
SERVING = {"send_messages"}


def prepare_command(name: str) -> None:
    """What `manage.py` does before it runs a command."""
    keep_files_private()
    if name in SERVING:
        prepare_to_serve()
    else:
        read_settings()


def prepare_to_serve(*, exit_code: int = 1) -> None:
    """Exit with one message if the site or its worker cannot serve patients as it is set up."""
    read_settings(exit_code=exit_code)
    django.setup()
    refuse_unusable_addresses(exit_code=exit_code)
    refuse_older_schema(exit_code=exit_code)
    if not settings.DEVELOPMENT:
        for doubt in checks.the_database_file_is_private(None):
            print(f"{doubt.msg} {doubt.hint}", file=sys.stderr)  # noqa: T201


def keep_files_private() -> None:
    """Let nobody else on this machine read the files that are made: the database, letters."""
    os.umask(0o077)


def read_settings(*, exit_code: int = 1) -> None:
    """Read the settings, or print everything that is wrong with them and exit."""
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except ImproperlyConfigured as refusal:
        _refuse(str(refusal), exit_code)


def refuse_unusable_addresses(*, exit_code: int = 1) -> None:
    """Exit if no letter could be sent from or to an address of the settings. Needs the apps."""
    faults = [check.msg for check in run_checks() if check.id == "bookings.E001"]
    if faults:
        listed = "".join(f"\n- {fault}" for fault in faults)
        _refuse(f"Nothing was started, because these settings are wrong:{listed}", exit_code)


def refuse_older_schema(*, exit_code: int = 1) -> None:
    """Exit if the database lacks migrations that the code has. Needs the apps to be loaded.

    A database that cannot be reached is no reason to exit: the site starts, and tells whoever asks to
    try again.
    """
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as fault:
        if not find_outage(fault):
            raise
        print(f"We cannot reach the database at the moment: {fault}", file=sys.stderr)  # noqa: T201
        return
    finally:
        connection.close()
    if plan:
        first = plan[0][0]
        _refuse(
            "Nothing was started, because the database is older than the code. Migrations "
            f"missing: {len(plan)}, first {first}. Run “python manage.py migrate”, then start "
            "again.",
            exit_code,
        )


def _refuse(sentence: str, exit_code: int) -> NoReturn:
    print(sentence, file=sys.stderr)  # noqa: T201 -- there are no logs yet
    sys.exit(exit_code)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic_site.settings")
    prepare_to_serve()
