"""Writes what the safety questions say for translators, and compiles what they have translated."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from bookings.models import ScreeningQuestion
from procedures.ground import catalogues
from procedures.ground.counting import counted
from procedures.ground.languages import OF_QUESTIONS, english_name

HEADER = """\
# The safety questions in {name}. Put your translation into each msgstr, your name after Last-Translator.
# What has no translation, or is marked “fuzzy”, is asked in English."""


class Command(BaseCommand):
    """`manage.py question_catalogues`. The site may run meanwhile."""

    help = (
        "Writes the words of the safety questions into a catalogue for each language that patients can "
        "choose, keeps the translations that are there, and compiles them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.QUESTION_CATALOGUES:
            raise CommandError("Set QUESTION_CATALOGUES to a folder for your catalogues.")
        if not settings.OTHER_LANGUAGES:
            raise CommandError("OTHER_LANGUAGES is empty, so there is nothing to translate into.")
        folder = Path(settings.QUESTION_CATALOGUES)
        paths = {code: catalogues.path_of(folder, code) for code in settings.OTHER_LANGUAGES}
        # All are read before the first is written.
        found = {code: _up_to_date(path, code) for code, path in paths.items()}
        for code, catalog in found.items():
            catalogues.write(catalog, paths[code])
            texts, missing = counted(len(catalog), "text"), catalogues.untranslated(catalog)
            self.stdout.write(
                f"{english_name(code)}: {texts}, {missing} untranslated: {paths[code]}"
            )
        self.stdout.write("Patients read what is new once the web server has been reloaded.")


def _up_to_date(path: Path, code: str) -> Catalog:
    try:
        catalog = catalogues.read(path, code)
    except ValueError as fault:
        raise CommandError(f"Nothing was changed. {path} cannot be read: {fault}") from fault
    if not path.exists():
        catalog.project, catalog.version = "safety questions", "1"
        catalog.header_comment = HEADER.format(name=english_name(code))
    catalogues.bring_up_to_date(catalog, _texts(catalog))
    return catalog


def _texts(catalog: Catalog) -> Catalog:
    """What patients read now, and what they have read before, which the desk shows beside answers."""
    found = Catalog()
    for comment, text in _of(ScreeningQuestion.objects.current()):
        found.add(text, auto_comments=[comment], context=OF_QUESTIONS)
    for _, text in _of(ScreeningQuestion.objects.exclude(retired_on=None)):
        before = catalog.get(text, OF_QUESTIONS)
        was_read = before is not None and before.string and not before.fuzzy
        if was_read and not found.get(text, OF_QUESTIONS):
            found.add(text, auto_comments=["not asked any more"], context=OF_QUESTIONS)
    return found


def _of(questions: Any) -> Iterator[tuple[str, str]]:
    for question in questions.in_order():
        yield from question.texts().items()
