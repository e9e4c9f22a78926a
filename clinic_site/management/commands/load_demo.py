"""Makes an invented clinic, so that a newcomer can walk both sides of the site in five minutes."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from clinic_site.demo import (
    about_data,
    colleagues,
    details,
    diary,
    other_clinic,
    questions,
    requests,
    signed_pages,
    staff,
    translated_pages,
)
from procedures.log import checkpoints


class Command(BaseCommand):
    """`manage.py load_demo`: run it as often as you like. It refuses anywhere but in a demonstration."""

    help = "Loads the invented clinic: staff, pages, safety questions, a diary and requests."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMONSTRATION:
            raise CommandError(
                "This would mix invented people with real ones. Set DEMONSTRATION=true if this "
                "really is a demonstration."
            )
        now = timezone.now()
        with transaction.atomic():
            staff.load(now)
            details.load(now)
            signed_pages.load(now, self.stdout)
            translated_pages.load(now)
            questions.load(now)
            diary.load(now)
            requests.load(now)
            about_data.load(now)
            signed_pages.change_advice(now)
            colleagues.load(now)
            checkpoints.sign_what_is_new(now)
            other_clinic.load(now)
            staff.give_addresses()
        self.stdout.write("\nThe demonstration is ready. Staff sign in at /admin/ with:\n\n")
        self.stdout.write(staff.logins())
        self.stdout.write(
            "\nThe dates of birth of the invented patients are on their requests at the desk."
        )
