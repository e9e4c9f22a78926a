"""Says what is wrong with this installation, and tells the operator."""

import sys
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from clinic_site import doctor
from procedures.models.restored import is_quiet


class Command(BaseCommand):
    """`manage.py doctor [--offline] [--mail]`. Exits with 1 if something is wrong now."""

    help = "Says in sentences what is wrong with this installation, and what to type."
    # They are among what it reports.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--offline",
            action="store_true",
            help="Do not connect to the mail server and to our own address.",
        )
        parser.add_argument(
            "--mail",
            action="store_true",
            help="If something is wrong now, send all of it to OPERATOR_EMAIL as well.",
        )
        parser.add_argument(
            "--failed", default="", help="What failed before, in words: deploy/daily says it."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        reports = doctor.examine(timezone.now(), goes_out=not options["offline"])
        if options["failed"]:
            reports.append(doctor.nightly_run(options["failed"]))
        said = "\n".join(doctor.written(report) for report in reports)
        self.stdout.write(said)
        urgent = doctor.is_urgent(reports)
        self.stdout.write("\nSomething is wrong now." if urgent else "\nNothing is wrong now.")
        if not urgent:
            return
        if options["mail"]:
            self._tell_the_operator(said)
        sys.exit(1)

    def _tell_the_operator(self, said: str) -> None:
        if not settings.OPERATOR_EMAIL or is_quiet():
            return
        try:
            send_mail(
                subject=f"Something is wrong with {settings.SITE_URL}",
                message=f"{said}\n\nSomething is wrong now.\n",
                from_email=None,
                recipient_list=[settings.OPERATOR_EMAIL],
            )
        except OSError as fault:
            self.stderr.write(f"Nobody could be told by email: {type(fault).__name__}.")
