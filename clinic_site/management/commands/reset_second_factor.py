"""For a clinic in which nobody can agree any more, and for the account of an operator."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from clinic_site.staff import second_factor
from procedures.models import StaffAccount
from procedures.status import AccountRefused


class Command(BaseCommand):
    """`manage.py reset_second_factor USERNAME`: whoever runs the server needs no second person."""

    help = "Resets the second factor of an account. It is written into the history of the account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        with transaction.atomic():
            account = StaffAccount.objects.filter(username=username).first()
            if account is None:
                raise CommandError(f"Nobody has the username {username}.")
            try:
                second_factor.reset(account, by=account, now=timezone.now())
            except AccountRefused as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{username} sets up another second factor at the next sign-in.")
