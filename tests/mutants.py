"""Changes the code where it matters most, a little each time, and looks whether a test notices.

    script/mutants                       every module of TESTS_OF: an hour and a half of one processor
    script/mutants bookings/links.py     one of them

It works on a copy in `var/mutants`, with mutmut. Each changed copy of a function is a mutant: another
number, operator, word or argument. The tests of its module run on it until one fails, and then it is
killed. What survives is a rule that no test knows, or a change that makes no difference. Functions
with a decorator are left as they are (mutmut does not copy those), and so is what only PostgreSQL
does, because the tests run on SQLite.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import tomli_w

from tests import databases
from tests.databases import ROOT

WORK = ROOT / "var" / "mutants"
# A module, and the tests that are about it. What others would notice by chance does not count.
TESTS_OF = {
    "bookings/access.py": ["bookings/test_access_tokens.py", "bookings/test_fhir.py"],
    "bookings/diary/claims.py": [
        "bookings/test_claims.py",
        "bookings/test_rooms.py",
        "bookings/test_whoever.py",
    ],
    "bookings/diary/kept.py": ["bookings/test_kept_for_an_hour.py"],
    "bookings/links.py": [
        "bookings/test_private_link.py",
        "bookings/test_by_phone_alone.py",
        "bookings/test_following.py",
    ],
    "bookings/messages/outbox.py": ["bookings/test_outbox.py"],
    "bookings/triage/giving_back.py": ["bookings/test_kept_for_an_hour.py"],
    "bookings/triage/safety.py": [
        "bookings/test_safety_answers.py",
        "bookings/test_asked_again.py",
        "bookings/test_birth_date_corrected.py",
    ],
    "bookings/triage/transitions.py": [
        "bookings/test_triage.py",
        "bookings/test_kept_for_an_hour.py",
    ],
    "bookings/triage/undoing.py": [
        "bookings/test_cancelling.py",
        "bookings/test_kept_for_an_hour.py",
    ],
    "clinic_site/staff/second_factor.py": [
        "clinic_site/test_second_factor.py",
        "clinic_site/test_passkeys.py",
    ],
    "clinic_site/staff/sessions.py": [
        "clinic_site/test_staff_sessions.py",
        "clinic_site/test_second_factor.py",
        "clinic_site/test_passkeys.py",
        "bookings/test_news.py",
    ],
    "clinic_site/staff/sign_ins.py": ["clinic_site/test_staff_sessions.py"],
    "procedures/ground/rate_limits.py": ["procedures/test_rate_limits.py"],
    "procedures/ground/two_people.py": ["clinic_site/test_two_people.py"],
}
# They take seconds for each mutant: many pages, and a search for the smallest example of a failure.
NOT_THESE = ("-m", "not browser and not lengthy", "-k", "not scanner and not stretch_of_the_period")
# A mutant may never end. On a busy machine others only take long.
PATIENCE = {"timeout_multiplier": 20.0, "timeout_constant": 20.0}
# What pytest ends with when a test failed, or when it failed itself; and what time that runs out is.
KILLED = {1, 3, -24, 24, 36, 152, 255}


class Score(NamedTuple):
    """What became of the mutants of a module."""

    module: str
    mutants: int
    survivors: list[str]

    @property
    def row(self) -> str:
        """Its row of the table."""
        killed = self.mutants - len(self.survivors)
        return f"| `{self.module}` | {self.mutants} | {killed} | {killed / self.mutants:.0%} |"


def folder_of(module: str) -> Path:
    """Where the copy for that module is."""
    return WORK / module.removesuffix(".py").replace("/", ".")


def copied(module: str) -> Path:
    """A copy of the project in which mutmut changes that module alone."""
    folder = folder_of(module)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "var"))
    # A migrated database is the same for the same code.
    database = databases.migrated()
    kept_in = folder / database.parent.relative_to(ROOT)
    kept_in.mkdir(parents=True)
    shutil.copy(database, kept_in)
    settings = {
        "source_paths": ["bookings", "clinic_site", "procedures"],
        "only_mutate": [module],
        "also_copy": sorted(path.name for path in folder.iterdir()),
        "pytest_add_cli_args_test_selection": [f"tests/{name}" for name in TESTS_OF[module]],
        "pytest_add_cli_args": ["-n", "0", "-p", "no:playwright", *NOT_THESE],
        "process_isolation": "forkserver",
        "use_git_change_detection": False,
        **PATIENCE,
    }
    with (folder / "pyproject.toml").open("ab") as file:
        file.write(b"\n")
        tomli_w.dump({"tool": {"mutmut": settings}}, file)
    return folder


def try_mutants(module: str) -> Score:
    """Make the mutants of a module and run its tests on each, one after the other."""
    folder = copied(module)
    mutmut(folder, "run", "--max-children", "1")
    noted = json.loads((folder / "mutants" / f"{module}.meta").read_text())["exit_code_by_key"]
    survivors = sorted(name for name, code in noted.items() if code not in KILLED)
    return Score(module, len(noted), survivors)


def mutmut(folder: Path, *command: str) -> None:
    """Run it in that folder; CalledProcessError if it fails."""
    start = "from mutmut.__main__ import cli; cli()"
    subprocess.run([sys.executable, "-c", start, *command], cwd=folder, check=True)


def main() -> None:
    """Try the modules that were named, or all; print what survived, and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="module", help="one of TESTS_OF")
    scores = [try_mutants(module) for module in parser.parse_args().modules or TESTS_OF]
    for each in scores:
        for name in each.survivors:
            mutmut(folder_of(each.module), "show", name)
    rows = "".join(f"{each.row}\n" for each in scores)
    sys.stdout.write(f"\n| module | mutants | killed | share |\n|---|---|---|---|\n{rows}")


if __name__ == "__main__":
    main()
