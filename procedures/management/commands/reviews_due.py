"""Lists what is due for review, and emails it to the owners."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from procedures.ground.batches import Failed, attempt
from procedures.ground.counting import counted
from procedures.models.restored import look_again
from procedures.publishing import reviews
from procedures.reading.statements import address


class Command(BaseCommand):
    """`manage.py reviews_due [--mail]`. Run it daily; a missed run loses nothing."""

    help = "Lists the pages that need attention. With --mail, emails each owner what is new."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mail", action="store_true", help="Email the owners.")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        today = timezone.localdate(now)
        for each in reviews.due(today):
            for cause in each.causes:
                self.stdout.write(f"{address(each.page)}: {cause.sentence}")
        if options["mail"] and look_again():
            raise CommandError("Nobody was told: this is a restored copy that is still quiet.")
        if options["mail"]:
            self._mail(now)

    def _mail(self, now: Any) -> None:
        failed = 0
        for person, news in reviews.untold(timezone.localdate(now)).items():
            outcome = attempt(reviews.tell, person, news, now)
            if isinstance(outcome, Failed):
                failed += 1
                self.stderr.write(f"Not sent to {person.get_username()}: {outcome.where}")
                continue
            self.stdout.write(f"Emailed {person.get_username()} about {len(news)}.")
        if failed:
            digests = counted(failed, "email was", "emails were")
            raise CommandError(f"{digests} not sent. The next run will send them.")
