"""Proves that no journal was changed, and prints the heads of the chains for safe keeping."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.journal import chain_is_whole, flags_agree, flags_are_as_recorded, is_whole
from bookings.models import AppointmentRequest, RequestEvent
from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted

Events = list[RequestEvent]
Journal = tuple[AppointmentRequest, Events | None]
# How many requests are read at a time, with their journals, and how many lines of an earlier output.
AT_A_TIME = 500


class Line(NamedTuple):
    """A line of an earlier output, and the number that its request has now; 0 if it is gone."""

    reference: str
    events: int
    hash: str
    request: int = 0


class Command(BaseCommand):
    """`manage.py verify_journal [--against FILE] [--after REFERENCE]`. FILE is the output of a run."""

    help = (
        "Recomputes the hash chain of every request, compares the outcomes of its flags with it, and "
        "prints its reference, number of "
        "events and head hash. Keep that output elsewhere: with --against it reveals even a "
        "chain that was rebuilt as a whole. Each fault is reported when it is found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--against", type=Path, help="The output of an earlier run.")
        parser.add_argument(
            "--after",
            default="",
            help="Go on after the request with this reference, the last one that a stopped run printed.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        after = _number_of(options["after"])
        lines = _after(_lines(options["against"]), after) if options["against"] else iter(())
        faults = 0
        for found in side_by_side(journals(after), lines):
            if fault := _left_over(found) if isinstance(found, Line) else self._fault_of(*found):
                faults += 1
                self.stderr.write(fault)
        if faults:
            raise CommandError(f"{counted(faults, 'fault')}.")

    def _fault_of(
        self, request: AppointmentRequest, events: Events | None, line: Line | None
    ) -> str:
        outcome = attempt(self._fault, request, events, line)
        if isinstance(outcome, Failed):
            return f"{request.reference}: it could not be checked ({outcome.where})"
        return outcome and f"{request.reference}: {outcome}"

    def _fault(self, request: AppointmentRequest, events: Events | None, line: Line | None) -> str:
        """Print the head of one chain, and return what is wrong with it, or nothing."""
        if events is None:
            events = list(request.events.order_by("number"))
        head = events[-1].hash if events else ""
        self.stdout.write(f"{request.reference} {request.event_count} {head}")
        # An event may have come between the two reads.
        if not is_whole(request, events) and not chain_is_whole(request):
            return "the chain is broken"
        # The same of the flags.
        if not flags_agree(request, events) and not flags_are_as_recorded(request):
            return "the outcome of a flag is not the one in the journal"
        if line and [each.hash for each in events[line.events - 1 : line.events]] != [line.hash]:
            return f"event {line.events} is not the one in the earlier output"
        return ""


def side_by_side(
    journals: Iterable[Journal], lines: Iterator[Line]
) -> Iterator[tuple[AppointmentRequest, Events | None, Line | None] | Line]:
    """Each request with its events and its line, in the order of the requests.

    A request that came since has no line. A line that has no request comes alone, where that would be.
    """
    line = next(lines, None)
    for request, events in journals:
        while line and line.request < request.pk:
            yield line
            line = next(lines, None)
        if line and line.request == request.pk:
            yield request, events, line
            line = next(lines, None)
        else:
            yield request, events, None
    if line:
        yield from chain([line], lines)


def journals(after: int = 0) -> Iterator[Journal]:
    """Every request with a number above this one, and its events in order: some hundred at a time.

    None in place of the events of all of these if one of them cannot be read.
    """
    while True:
        requests = AppointmentRequest.objects.filter(pk__gt=after).order_by("pk")
        counted_events = requests.only("reference", "event_count").prefetch_related("flags")
        some = list(counted_events[:AT_A_TIME])
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


def _after(lines: Iterator[Line], number: int) -> Iterator[Line]:
    """The lines after the one of this request. A missing one belongs to the next that is there."""
    missing: list[Line] = []
    for line in lines:
        if line.request > number:
            yield from chain(missing, [line], lines)
            return
        if line.request:
            missing.clear()
        else:
            missing.append(line)
    yield from missing


def _left_over(line: Line) -> str:
    if line.request:
        return f"{line.reference}: its line is out of order in the earlier output"
    return f"{line.reference}: the request is missing"


def _lines(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8") as file:
        while some := [_line(path, text) for text in islice(file, AT_A_TIME)]:
            requests = AppointmentRequest.objects.filter(
                reference__in=[each.reference for each in some]
            )
            numbers = dict(requests.values_list("reference", "pk"))
            yield from (each._replace(request=numbers.get(each.reference, 0)) for each in some)


def _line(path: Path, text: str) -> Line:
    try:
        reference, events, its_hash = text.split()
        return Line(reference, int(events), its_hash)
    except ValueError:
        raise CommandError(
            f"{path}: “{text[:40].rstrip()}” is not a line printed by verify_journal."
        ) from None
