"""Proves that no journal was changed, and prints the heads of the chains for safe keeping."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.journal import chain_is_whole, is_whole
from bookings.models import AppointmentRequest, RequestEvent
from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted

Events = list[RequestEvent]
# How many requests are read at a time, with their journals.
AT_A_TIME = 500


class Command(BaseCommand):
    """`manage.py verify_journal [--against FILE] [--after NUMBER]`. FILE is the output of a run."""

    help = (
        "Recomputes the hash chain of every request, and prints its reference, number of "
        "events and head hash. Keep that output elsewhere: with --against it reveals even a "
        "chain that was rebuilt as a whole."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--against", type=Path, help="The output of an earlier run.")
        parser.add_argument(
            "--after",
            default="",
            help="Go on after the request with this reference, the last one that a stopped run printed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _read(options["against"]) if options["against"] else {}
        faults = []
        for request, events in journals(_number_of(options["after"])):
            outcome = attempt(self._fault, request, events, kept.pop(request.reference, (0, "")))
            fault = (
                f"it could not be checked ({outcome.where})"
                if isinstance(outcome, Failed)
                else outcome
            )
            if fault:
                faults.append(f"{request.reference}: {fault}")
        if not options["after"]:
            faults += [f"{reference}: the request is missing" for reference in sorted(kept)]
        if faults:
            raise CommandError("\n".join([f"{counted(len(faults), 'fault')}:", *faults]))

    def _fault(
        self, request: AppointmentRequest, events: Events | None, kept: tuple[int, str]
    ) -> str:
        """Print the head of one chain, and return what is wrong with it, or nothing."""
        if events is None:
            events = list(request.events.order_by("number"))
        head = events[-1].hash if events else ""
        self.stdout.write(f"{request.reference} {request.event_count} {head}")
        # An event may have come between the two reads.
        if not is_whole(request, events) and not chain_is_whole(request):
            return "the chain is broken"
        number, kept_hash = kept
        if number and (number > len(events) or events[number - 1].hash != kept_hash):
            return f"event {number} is not the one in the earlier output"
        return ""


def journals(after: int = 0) -> Iterator[tuple[AppointmentRequest, Events | None]]:
    """Every request with a number above this one, and its events in order: some hundred at a time.

    None in place of the events of all of these if one of them cannot be read.
    """
    while True:
        requests = AppointmentRequest.objects.filter(pk__gt=after).order_by("pk")
        some = list(requests.only("reference", "event_count")[:AT_A_TIME])
        if not some:
            return
        found = attempt(_events_of, some)
        for request in some:
            yield request, None if isinstance(found, Failed) else found[request.pk]
        after = some[-1].pk


def _events_of(requests: list[AppointmentRequest]) -> dict[int, Events]:
    events: dict[int, Events] = {request.pk: [] for request in requests}
    for event in RequestEvent.objects.filter(request__in=requests).order_by("number"):
        events[event.request_id].append(event)
    return events


def _number_of(reference: str) -> int:
    if not reference:
        return 0
    found = AppointmentRequest.objects.filter(reference=reference).first()
    if found is None:
        raise CommandError(f"There is no request with the reference {reference}.")
    return found.pk


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
