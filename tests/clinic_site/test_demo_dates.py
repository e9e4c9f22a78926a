"""The dates of the demonstration are possible: nobody cites what did not exist yet."""

import re
import tomllib
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from clinic_site.management.commands.load_demo import FOLDER
from procedures.models import SignOff, Source

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def references(fragment: str) -> list[str]:
    """The words of each source under a signed text."""
    notes = fragment.partition('<section class="footnotes"')[2]
    return [re.sub(r"<[^>]+>", "", note) for note in re.findall(r"<li\b.*?</li>", notes, re.DOTALL)]


def test_no_signed_text_cites_what_was_read_or_published_after_it(monday: datetime) -> None:
    call_command("load_demo", stdout=StringIO())
    signed = SignOff.objects.select_related("revision")
    assert len({timezone.localdate(each.signed_at) for each in signed}) == 4
    for each in signed:
        day = timezone.localdate(each.signed_at)
        found = references(each.revision.fragment)
        assert found
        for words in found:
            (read_on,) = re.findall(r"Read by us on (\d+ \w+ \d{4})\.", words)
            read_at = datetime.strptime(read_on, "%d %B %Y").replace(tzinfo=UTC)
            assert read_at.date() <= day, words
            years = [int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", words)]
            assert max(years) <= day.year, words


def test_each_source_has_the_day_of_its_newest_reading_or_today(monday: datetime) -> None:
    call_command("load_demo", stdout=StringIO())
    written = tomllib.loads((FOLDER / "pages" / "sources.toml").read_text())
    assert dict(Source.objects.values_list("key", "seen_on")) == {
        key: min(columns["seen_on"], monday.date()) for key, columns in written.items()
    }
