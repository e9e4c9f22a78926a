"""Checks that everything patients may read is what was signed, and prints the head of the chain."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted
from procedures.log import checkpoints, signatures
from procedures.models import Figure
from procedures.reading.proofs import Link, chain, faults_of_page, pages_with_texts
from procedures.reading.statements import address

HEAD = "head"
ROOT = "log"


class Command(BaseCommand):
    """`manage.py verify_pages [--against FILE]`. FILE is the output of earlier runs."""

    help = (
        "Checks every text, signature, status and figure against the sealed events, and the "
        "events against each other and against the public log. Prints the head of their chain and "
        "the root of the log: keep them elsewhere, for --against. Exits with 1 if it finds a fault."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--against", type=Path, help="The output of earlier runs.")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = _read(options["against"], HEAD) if options["against"] else {}
        roots = _read(options["against"], ROOT) if options["against"] else {}
        faults = []
        texts = figures = 0
        for page in pages_with_texts():
            found = _tried(faults_of_page, page)
            texts += page.revisions.count()
            faults += [f"{address(page)}: {fault}" for fault in found]
            self.stdout.write(f"{address(page)}: {'; '.join(found) or 'whole'}")
        for figure in Figure.objects.iterator():
            figures += 1
            faults += _tried(_faults_of_figure, figure)
        faults += _tried(self._faults_of_chain, kept)
        faults += _tried(self._faults_of_log, roots)
        if faults:
            raise CommandError("\n".join([f"{counted(len(faults), 'fault')}:", *faults]))
        self.stdout.write(
            f"{counted(texts, 'text')} and {counted(figures, 'figure')}: all are whole."
        )

    def _faults_of_chain(self, kept: dict[int, str]) -> list[str]:
        links = list(chain())
        ours = {link.number: link.hash for link in links if link.hash}
        if ours:
            newest = max(ours)
            self.stdout.write(f"{HEAD} {newest} {ours[newest]}")
        if links and not ours:
            return ["No event is sealed with the current SEALING_KEY. Has it been changed?"]
        return [
            *(f"event {link.number}: {link.fault}" for link in links if link.fault),
            *_faults_against(kept, links),
        ]

    def _faults_of_log(self, kept: dict[int, str]) -> list[str]:
        last = checkpoints.newest()
        if last:
            self.stdout.write(f"{ROOT} {last.size} {checkpoints.root_of(last).hex()}")
        found = [*checkpoints.faults(kept), *signatures.faults()]
        return [f"public log: {fault}" for fault in found]


def _faults_against(kept: dict[int, str], links: list[Link]) -> Iterable[str]:
    hashes = {link.number: link.hash for link in links}
    for number, kept_hash in sorted(kept.items()):
        if number not in hashes:
            yield f"event {number}: it is in the earlier output, but missing here"
        elif hashes[number] != kept_hash:
            yield f"event {number}: it is not the one in the earlier output"


def _faults_of_figure(figure: Figure) -> list[str]:
    whole = figure.is_intact()
    return [] if whole else [f"figure {figure.key}: its bytes do not match its address"]


def _tried(check: Callable[[Any], list[str]], what: Any) -> list[str]:
    """The faults that a check found.

    A page that cannot be read is a fault, and does not end the run.
    """
    found = attempt(check, what)
    return [f"it cannot be read ({found.where})"] if isinstance(found, Failed) else found


def _read(path: Path, word: str) -> dict[int, str]:
    """The number and hash in every line that begins with the word.

    Raises CommandError if a line is none of ours, or if there is no head at all.
    """
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    try:
        kept = {
            int(number): kept_hash
            for first, number, kept_hash in (line for line in lines if line[:1] == [word])
        }
    except ValueError:
        raise CommandError(
            f"{path}: a line with “{word}” was not printed by verify_pages."
        ) from None
    if word == HEAD and not kept:
        raise CommandError(f"{path} does not contain a head printed by verify_pages.")
    return kept
