"""Proves that no journal was changed, and prints the heads of the chains for safe keeping."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.journal import chain_is_whole, head
from bookings.models import AppointmentRequest
from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted


class Command(BaseCommand):
    """`manage.py verify_journal [--against FILE]`. FILE is the output of an earlier run."""

    help = (
        "Recomputes the hash chain of every request, and prints its reference, number of "
        "events and head hash. Keep that output elsewhere: with --against it reveals even a "
        "chain that was rebuilt as a whole."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--against", type=Path, help="The output of an earlier run.")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _read(options["against"]) if options["against"] else {}
        faults = []
        seen = set()
        requests = AppointmentRequest.objects.order_by("pk").values_list("pk", "reference")
        for pk, reference in requests.iterator():
            seen.add(reference)
            fault = attempt(self._fault, pk, kept)
            if isinstance(fault, Failed):
                fault = f"it could not be checked ({fault.where})"
            if fault:
                faults.append(f"{reference}: {fault}")
        faults += [
            f"{reference}: the request is missing" for reference in sorted(kept.keys() - seen)
        ]
        if faults:
            raise CommandError("\n".join([f"{counted(len(faults), 'fault')}:", *faults]))

    def _fault(self, pk: int, kept: dict[str, tuple[int, str]]) -> str:
        """Print the head of one chain, and return what is wrong with it, or nothing."""
        request = AppointmentRequest.objects.get(pk=pk)
        self.stdout.write(f"{request.reference} {request.event_count} {head(request)}")
        if not chain_is_whole(request):
            return "the chain is broken"
        number, kept_hash = kept.get(request.reference, (0, ""))
        if number and head(request, number) != kept_hash:
            return f"event {number} is not the one in the earlier output"
        return ""


def _read(path: Path) -> dict[str, tuple[int, str]]:
    kept = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            reference, number, kept_hash = line.split()
            kept[reference] = (int(number), kept_hash)
        except ValueError:
            raise CommandError(
                f"{path}: “{line[:40]}” is not a line printed by verify_journal."
            ) from None
    return kept
