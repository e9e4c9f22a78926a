"""Checks that everything patients may read is what was signed."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from procedures.batches import Failed, attempt
from procedures.models import Figure
from procedures.proofs import faults_of_page, pages_with_texts


class Command(BaseCommand):
    """`manage.py verify_pages`: every text, hash, signature and figure; fails if one is amiss."""

    help = "Recomputes every hash and compares it with the signatures. Exits with 1 on any fault."

    def handle(self, *args: Any, **options: Any) -> None:
        faults = []
        checked = 0
        for page in pages_with_texts():
            found = attempt(faults_of_page, page)
            if isinstance(found, Failed):
                found = [f"{page}: it could not be checked ({found.where})"]
            checked += page.revisions.count()
            faults += found
            state = "; ".join(found) if found else "whole"
            self.stdout.write(f"{page}: {state}")
        for pk, key in Figure.objects.values_list("pk", "key"):
            if attempt(_is_intact, pk) is not True:
                faults.append(f"figure {key}: its bytes do not match its address")
        if faults:
            raise CommandError("\n".join([f"{len(faults)} faults:", *faults]))
        self.stdout.write(f"{checked} texts and {Figure.objects.count()} figures are whole.")


def _is_intact(pk: int) -> bool:
    return Figure.objects.get(pk=pk).is_intact()
