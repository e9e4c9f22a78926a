"""Copies everything that we hold about a person."""

from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bookings import records
from bookings.models import Person


class Command(BaseCommand):
    """`manage.py export_person NUMBER --by USERNAME --reason "..." --to FILE.zip`."""

    help = (
        "Writes a ZIP file with everything that we hold about a person: a page to read and the same "
        "as JSON. The number is in the address of their page at the desk. It is recorded as a "
        "copy that the colleague made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", type=int, help="The number of the person.")
        parser.add_argument("--by", required=True, help="The username of who asked for it.")
        parser.add_argument("--reason", required=True, help="Why it is made.")
        parser.add_argument(
            "--to", type=Path, required=True, help="A file that does not exist yet."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person = Person.objects.filter(pk=options["person"]).first()
        by = User.objects.filter(username=options["by"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no person with the number {options['person']}.")
        if by is None:
            raise CommandError(f"Nobody who can sign in has the username “{options['by']}”.")
        try:
            with options["to"].open("xb") as file:
                options["to"].chmod(0o600)
                file.write(
                    records.copy_for(person, reason=options["reason"], by=by, now=timezone.now())
                )
        except FileExistsError:
            raise CommandError(f"{options['to']} exists already. Choose another name.") from None
        self.stdout.write(f"Written to {options['to']}. Only you can read it.")
