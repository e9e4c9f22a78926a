"""Notes what happened to sources, from a table, so that the pages which cite them are due."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted
from procedures.publishing import source_events
from procedures.publishing.source_events import RowRefused


class Command(BaseCommand):
    """`manage.py source_events FILE`. Run it with the same file as often as you like."""

    help = (
        "Reads a CSV file with the columns identifier, kind (retraction, alert, edition, note), day and "
        "what. Every page that cites the source is due. Exits with 1 if a row could not be used; the "
        "others are noted all the same."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        noted, faults = 0, []
        try:
            rows = list(source_events.rows_of(options["file"]))
        except (RowRefused, OSError, UnicodeDecodeError) as fault:
            raise CommandError(str(fault)) from None
        for row in rows:
            outcome = attempt(source_events.note_event, row, now)
            if not isinstance(outcome, Failed):
                noted += outcome
                continue
            refusal = outcome.error
            why = refusal if isinstance(refusal, RowRefused) else outcome.where
            faults.append(f"line {row.line}: {why}")
        self.stdout.write(f"{counted(noted, 'event is', 'events are')} new.")
        if faults:
            raise CommandError("\n".join(faults))
