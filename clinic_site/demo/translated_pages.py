"""Translations in the demonstration: some signed by invented people, and one that a machine made.

Nobody who knows these languages has read any of them, and each says so in its own words.
"""

from datetime import datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from clinic_site.demo.signed_pages import sources_read_before
from procedures import publishing
from procedures.models import InformationPage, Revision, Translator

FOLDER = Path(__file__).parent / "translations"
# Who translates, by the language; all of them are in `staff`.
TRANSLATORS = {"cy": "welsh", "pl": "polish", "ur": "urdu"}
# The text that is kept as a machine’s, so that anybody can see what happens to one: nothing.
BY_MACHINE = ("ur", "opening-hours")
SIGNED_DAYS_AGO = 50


def load(now: datetime) -> None:
    """Enter the translators, and publish what they have translated of the pages as they are now."""
    for language, username in TRANSLATORS.items():
        Translator.objects.get_or_create(
            login=User.objects.get(username=username),
            language=language,
            defaults={
                "qualification": "Invented translator",
                "evidence": "Invented. Nobody was asked.",
            },
        )
    then = now - timedelta(days=SIGNED_DAYS_AGO)
    for path in sorted(FOLDER.glob("*/*.md")):
        language, slug = path.parent.name, path.stem
        page = InformationPage.objects.get(slug=slug)
        if not page.translations.filter(language=language).exists():
            with sources_read_before(timezone.localdate(then)):
                _translate(page, language, path.read_text(encoding="utf-8"), then)


def _translate(page: InformationPage, language: str, document: str, then: datetime) -> None:
    translator = User.objects.get(username=TRANSLATORS[language])
    made = publishing.start_translation(
        page,
        language=language,
        by=translator,
        now=then,
        by_machine=(language, page.slug) == BY_MACHINE,
        document=document,
    )
    if not made.made_by_machine:
        _sign_and_publish(made, translator, then)


def _sign_and_publish(made: Revision, translator: User, then: datetime) -> None:
    signer = "clinician" if made.page.kind().needs_clinician else "manager"
    publishing.submit_for_review(made, version=made.version, by=translator, now=then)
    for sign, username in (
        (publishing.sign_as_translator, translator.username),
        (publishing.sign_off, signer),
    ):
        sign(
            made,
            version=made.version,
            fragment_hash=made.fragment_hash,
            by=User.objects.get(username=username),
            now=then,
        )
    publisher = User.objects.get(username="publisher")
    publishing.publish(made, version=made.version, by=publisher, now=then)
