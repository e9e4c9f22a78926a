"""Says what is wrong with this installation."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clinic_site import doctor


class Command(BaseCommand):
    """`manage.py doctor [--offline]`. Exits with 1 if something is wrong now."""

    help = "Says in sentences what is wrong with this installation, and what to type."
    # They are among what it reports.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--offline",
            action="store_true",
            help="Do not connect to the mail server and to our own address.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reports = doctor.examine(timezone.now(), goes_out=not options["offline"])
        for report in reports:
            self._say(report)
        urgent = sum(finding.is_urgent for report in reports for finding in report.findings)
        self.stdout.write("\nSomething is wrong now." if urgent else "\nNothing is wrong now.")
        if urgent:
            sys.exit(1)

    def _say(self, report: doctor.Report) -> None:
        if not report.findings:
            said = (
                "all is well" if report.was_made else "not checked, because it needs the database"
            )
            self.stdout.write(f"{report.name}: {said}")
        for finding in report.findings:
            mark = "WRONG" if finding.is_urgent else "soon"
            self.stdout.write(f"{report.name}: {mark}: {finding.said}\n    {finding.remedy}")
