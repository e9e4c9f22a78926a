"""Prints the table of faults. `script/faults` calls it."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.breaking import FAULTS, Fault
from tests.faults.installation import POSTGRESQL, SQLITE, prepare
from tests.faults.trying import HEAD, Outcome, as_row, line, try_out

SECONDS = 10.0


def main() -> None:
    """Try the faults that were asked for; exit with 1 if a row misses its mark."""
    arguments = argparse.ArgumentParser(prog="script/faults", description=__doc__)
    arguments.add_argument("--on", choices=[SQLITE, POSTGRESQL], help="one database only")
    arguments.add_argument("--only", default="", help="only faults whose name contains this")
    arguments.add_argument("--seconds", type=float, default=SECONDS, help="how long each lasts")
    asked = arguments.parse_args()
    missed = False
    say(HEAD)
    for kind in [asked.on] if asked.on else [SQLITE, POSTGRESQL]:
        with tempfile.TemporaryDirectory(prefix="clinic-faults-") as folder:
            for fault, outcome in outcomes(kind, Path(folder), asked.only, asked.seconds):
                say(
                    as_row(outcome)
                    if outcome
                    else line(fault.name, kind, f"not tried: {fault.lacks}")
                )
                for what in outcome.misses() if outcome else ():
                    sys.stderr.write(f"  missed: {what}\n")
                    missed = True
    sys.exit(missed)


def outcomes(
    kind: str, folder: Path, only: str, seconds: float
) -> Iterator[tuple[Fault, Outcome | None]]:
    """What became of each fault on this database; None if it could not be tried here."""
    folder.chmod(0o755)  # PostgreSQL runs as its own user
    prepared = folder / "prepared"
    prepared.mkdir()
    prepare(kind, prepared)
    for fault in FAULTS:
        if kind in fault.kinds and only in fault.name:
            yield (
                fault,
                None if fault.lacks else try_out(fault, kind, prepared, folder, seconds),
            )


def say(text: str) -> None:
    """Print it now: the table takes a while."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


main()
