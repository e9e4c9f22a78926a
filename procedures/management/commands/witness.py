"""Watches the log of another clinic, so that it cannot rewrite what it once said."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.ground.counting import counted
from procedures.log import witness
from procedures.log.verify import LOG_KEY, WITNESS_KEY, Refused, public_key
from procedures.models import WatchedLog
from procedures.models.restored import is_quiet


class Command(BaseCommand):
    """`manage.py witness`, or `manage.py witness ORIGIN KEY URL` to begin with a log."""

    help = (
        "Looks at every log that we watch, cosigns those that only grew, and collects what they say "
        "about ours. With ORIGIN KEY URL a log is added first. Exits with 1 if one is refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", nargs="*", metavar="ORIGIN KEY URL")
        parser.add_argument(
            "--compare",
            default="",
            metavar="FILE",
            help="A checkpoint that somebody else was shown: look whether we are shown the same log.",
        )
        parser.add_argument("--watches-us", default="", metavar="KEY", help="Their witness key.")

    def handle(self, *args: Any, **options: Any) -> None:
        if is_quiet():
            raise CommandError("This is a restored copy: what it has seen may be too old.")
        if options["compare"]:
            self._compare(Path(options["compare"]).read_text(encoding="utf-8"))
            return
        if options["log"]:
            self._add(options["log"], options["watches_us"])
        troubles = []
        for watched in WatchedLog.objects.order_by("origin"):
            try:
                self._look(watched)
            except (Refused, OSError, ValueError) as fault:
                troubles.append(f"{watched.origin}: {fault}")
        if troubles:
            raise CommandError("\n".join(troubles))

    def _add(self, log: list[str], watches_us: str) -> None:
        try:
            origin, key, address = log
            public_key(key, LOG_KEY)
            if watches_us:
                public_key(watches_us, WITNESS_KEY)
        except (Refused, ValueError) as fault:
            raise CommandError(
                f"Give ORIGIN KEY URL, as /log/ of the other site shows them. {fault}"
            ) from None
        witness.watch(origin, key, address, witness=watches_us)

    def _compare(self, note: str) -> None:
        origin = note.partition("\n")[0]
        watched = WatchedLog.objects.filter(origin=origin).first()
        if watched is None:
            raise CommandError(f"We do not watch a log of this name: {origin}.")
        try:
            witness.compare(watched, note, witness.fetching_from(watched.address))
        except (Refused, OSError, ValueError) as fault:
            raise CommandError(
                f"{origin}: {fault} Keep that checkpoint, and theirs at {watched.address}/checkpoint: "
                "together they prove it."
            ) from None
        self.stdout.write(f"{origin}: the same log as the one that we are shown.")

    def _look(self, watched: WatchedLog) -> None:
        fetch = witness.fetching_from(watched.address)
        now = timezone.now()
        seen = witness.look(watched, fetch, now)
        entries = counted(seen.size, "entry", "entries")
        self.stdout.write(f"{watched.origin}: it only grew, to {entries}.")
        if watched.witness and witness.collect(watched, fetch):
            self.stdout.write(f"{watched.origin}: they have seen ours.")
