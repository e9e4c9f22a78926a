"""Makes again what people are found by."""

from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from bookings.models import Person
from bookings.triage import search_keys
from procedures.ground.counting import counted

AT_A_TIME = 500


class Command(BaseCommand):
    """`manage.py make_search_keys`. The site may run meanwhile."""

    help = (
        "Makes the keys again by which the desk finds people, for example after rows were changed by "
        "hand or the rules of folding names have changed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        people = Person.objects.order_by("pk").values_list("pk", flat=True).iterator()
        done = 0
        while batch := list(islice(people, AT_A_TIME)):
            with transaction.atomic():
                locked = Person.objects.select_for_update(no_key=True).filter(pk__in=batch)
                search_keys.keep(list(locked.order_by("pk").values_list("pk", flat=True)))
            done += len(batch)
        self.stdout.write(f"The keys of {counted(done, 'person', 'people')} are made.")
