"""Writes the folder of evidence."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clinic_site.evidence import claims, documents, openacr, outcomes, parts


class Command(BaseCommand):
    """`manage.py evidence FOLDER [--results JUNIT.xml …]`. Exits with 1 if a claim is not shown."""

    help = (
        "Writes what this software claims, each sentence with the tests that ran and their outcome."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="Where to write. It is made if it is not there."
        )
        parser.add_argument(
            "--results",
            type=Path,
            nargs="+",
            default=[],
            help="JUnit files of runs of pytest; a test that is in several has the worst outcome.",
        )
        parser.add_argument("--tested", default="", help="The release or commit that was run.")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.BASE_DIR)
        try:
            ledgers = claims.read(root / "docs" / "evidence", claims.tests_in(root / "tests"))
        except claims.Unsound as faults:
            raise CommandError("\n".join(faults.args)) from None
        run = outcomes.outcomes_in(options["results"])
        found = documents.pages(ledgers, run)
        documents.write(options["folder"], found, tested=options["tested"])
        self._write_openacr(options["folder"], ledgers, run, tested=options["tested"])
        lock = (root / "requirements.txt").read_text(encoding="utf-8")
        bill = parts.bill(lock, tested=options["tested"], at=timezone.now())
        _write_json(options["folder"] / "parts.cdx.json", bill)
        red = [each for page in found for each in page.claims if each.is_red]
        for page in found:
            counts = ", ".join(f"{count} {standing.lower()}" for standing, count in page.counts)
            self.stdout.write(f"{page.ledger.title}: {counts}")
        if red:
            lines = [f"{each.claim.id}: {each.claim.says}" for each in red]
            raise CommandError("\n".join(["The run does not show:", *lines]))

    def _write_openacr(
        self, folder: Path, ledgers: list[claims.Ledger], run: outcomes.Outcomes, *, tested: str
    ) -> None:
        ledger = next(each for each in ledgers if each.name == openacr.LEDGER)
        report = openacr.report(ledger, run, tested=tested, on=timezone.localdate())
        _write_json(folder / f"{ledger.name}.openacr.json", report)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(f"{json.dumps(content, indent=2, ensure_ascii=False)}\n", encoding="utf-8")
