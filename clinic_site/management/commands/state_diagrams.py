"""Prints the state tables of both apps as a document."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import TextChoices

from bookings import status as bookings
from bookings.status import events, recalls, rights
from procedures import status as procedures


class Command(BaseCommand):
    """`manage.py state_diagrams > docs/states.md`. `script/check` compares the two."""

    help = (
        "Prints the states of revisions, requests, recalls and rights requests, as tables and as "
        "Mermaid diagrams."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("# States\n")
        self.stdout.write(
            "Written by `manage.py state_diagrams` from the two `status.py`; do not edit by hand.\n"
        )
        self._print("Revision", procedures.RevisionStatus, procedures, procedures.EVENTS)
        plans = procedures.Plans
        self._print("Planned publication", procedures.PlanStatus, plans, plans.EVENTS)
        self._print("Appointment request", bookings.RequestStatus, bookings, events.EVENTS)
        self._print("Recall", recalls.RecallStatus, recalls, events.RECALL_EVENTS)
        self._print("Rights request", rights.RightsStatus, rights, rights.SAYS)

    def _print(self, title: str, statuses: type[TextChoices], table: Any, says: Any) -> None:
        self.stdout.write(f"## {title}\n")
        self.stdout.write("| status | whose turn | the history says | may become |")
        self.stdout.write("|---|---|---|---|")
        for status in statuses:
            following = [other.label for other in statuses if other in table.TRANSITIONS[status]]
            self.stdout.write(
                f"| {status.label} | {table.OWNERS[status]} | {says[status]} | "
                f"{', '.join(following) or '–'} |"
            )
        self.stdout.write("\n```mermaid\nstateDiagram-v2")
        for status in statuses:
            self.stdout.write(f"    {status.value}: {status.label}")
        self.stdout.write(f"    [*] --> {next(iter(statuses)).value}")
        for status in statuses:
            for other in statuses:
                if other in table.TRANSITIONS[status]:
                    self.stdout.write(f"    {status.value} --> {other.value}")
            if not table.TRANSITIONS[status]:
                self.stdout.write(f"    {status.value} --> [*]")
        self.stdout.write("```\n")
