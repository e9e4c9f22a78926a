"""Empties what has been kept long enough, or says what would be emptied."""

from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings.records import retention
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py retention --dry-run [--on 2027-03-01]`, or `manage.py retention --apply`."""

    help = (
        "Empties what has been kept for as long as settings.RETENTION says. What became care is only "
        "counted. People under a legal hold, or who wait for an answer about their data, are left "
        "alone. Safe to run every day."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--dry-run", action="store_true", help="Only say how many.")
        which.add_argument("--apply", action="store_true", help="Empty what is due.")
        parser.add_argument(
            "--on", type=date.fromisoformat, help="With --dry-run: as if it were that day."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now, day = timezone.now(), options["on"]
        if options["apply"]:
            if day:
                raise CommandError("What is due is emptied today. Leave out --on.")
            done = retention.empty_what_is_due(now)
            self.stdout.write(f"{counted(done, 'row')} emptied.")
            if done.failed:
                raise CommandError(
                    f"{counted(done.failed, 'row')} failed. The next run tries again."
                )
            return
        at = timezone.make_aware(datetime.combine(day, time())) if day else now
        on = f" on {day:%-d %B %Y}" if day else " now"
        for line in retention.plan(at, months_ahead=0):
            what = "would be emptied" if line.rule.kind.goes else "could be looked at"
            self.stdout.write(f"{line.due_in_words} {what}{on}.")
