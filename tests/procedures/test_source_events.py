"""Evidence moves: what happened to a source makes pages due, and patients read who looked at it."""

from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from procedures import publishing
from procedures.models import Revision, Source, SourceEvent
from procedures.publishing import reviews
from procedures.status import RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/"
HEAD = "identifier,kind,day,what\n"


@pytest.fixture
def cited(monday: datetime) -> list[Revision]:
    """Three published pages that cite one source, and what it is known by."""
    made = [
        factories.revision(RevisionStatus.PUBLISHED, of=factories.page(slug), now=monday)
        for slug in ("a-thing", "b-thing", "c-thing")
    ]
    Source.objects.update(identifiers="nice:NG226\ndoi:10.1000/Example")
    return made


def ran(file: Path, rows: str) -> str:
    file.write_text(HEAD + rows, encoding="utf-8-sig")
    out = StringIO()
    call_command("source_events", file, stdout=out)
    return out.getvalue()


def due(now: datetime) -> dict[str, list[str]]:
    return {
        each.page.slug: [cause.sentence for cause in each.causes if "source event" in cause.name]
        for each in reviews.due(now.date())
    }


def test_every_page_that_cites_a_source_is_due_once_until_it_was_read(
    cited: list[Revision], client: Client, at: object, monday: datetime, tmp_path: Path
) -> None:
    file = tmp_path / "events.csv"
    row = "NICE:ng226,edition,2026-11-20,It has a new section.\n"
    at(monday + timedelta(days=1))  # type: ignore[operator]
    assert ran(file, row) == "1 event is new.\n"
    assert ran(file, row + row) == "0 events are new.\n"
    said = (
        "New edition on 20 November 2026: “A leaflet”. It has a new section. Read it. If nothing "
        "changes here, sign the page again; if something does, start a new version."
    )
    later = monday + timedelta(days=2)
    assert due(later) == {"a-thing": [said], "b-thing": [said], "c-thing": [said]}
    assert "It has a new section." not in client.get(URL).content.decode()

    login = factories.clinician().login
    assert login is not None
    publishing.re_affirm(
        cited[0],
        version=cited[0].version,
        fragment_hash=cited[0].fragment_hash,
        by=login,
        now=later,
    )
    assert list(due(later)) == ["b-thing", "c-thing"]
    page = " ".join(client.get(URL).content.decode().split())
    assert (
        "<strong>New edition</strong> on 20 November 2026: “A leaflet”. It has a new section. "
        "Dr Clinician read it on 25 November 2026. This page stays as it is." in page
    )
    assert "It has a new section." not in client.get("/procedures/b-thing/").content.decode()


def test_a_bad_row_is_named_and_the_others_are_noted(
    cited: list[Revision], monday: datetime, tmp_path: Path
) -> None:
    rows = (
        "doi:10.1000/example,retraction,2026-11-20,It was withdrawn by its authors.\n"
        "isbn:1,note,2026-11-20,x\n"
        "pmid:1,note,2026-11-20,x\n"
        "nice:NG226,rumour,2026-11-20,x\n"
        "nice:NG226,note,yesterday,x\n"
        "nice:NG226,note,2026-11-20,\n"
        "nice:NG226,alert,2026-11-21,Not for children.\n"
    )
    with pytest.raises(CommandError) as failed:
        ran(tmp_path / "events.csv", rows)
    assert str(failed.value).splitlines() == [
        "line 3: “isbn:1” is not an identifier.",
        "line 4: No source has the identifier pmid:1.",
        "line 5: “rumour” is none of retraction, alert, edition, note.",
        "line 6: “yesterday” is not a day like 2026-05-03.",
        "line 7: It does not say what happened.",
    ]
    assert SourceEvent.objects.count() == 2
    (tmp_path / "other.csv").write_text("a,b\n")
    with pytest.raises(CommandError, match="has no column “identifier”"):
        call_command("source_events", tmp_path / "other.csv")


def test_a_retraction_is_due_before_a_review_that_only_comes_near(
    cited: list[Revision], monday: datetime, tmp_path: Path
) -> None:
    other = factories.source("another")
    other.identifiers = "pmid:7"
    other.save()
    text = factories.document(body=factories.BODY.replace("[^leaflet]", "[^another]"))
    factories.revision(
        RevisionStatus.PUBLISHED, of=factories.page("z-thing"), text=text, now=monday
    )
    ran(
        tmp_path / "events.csv",
        "nice:ng226,note,2026-11-20,Moved.\npmid:7,retraction,2026-11-20,Gone.\n",
    )
    assert next(iter(due(monday))) == "z-thing"


def test_an_identifier_has_one_of_four_forms() -> None:
    source = factories.source()
    source.identifiers = "doi:10.1000/example\n\npmid:12345678\nNICE:ng226\nemc:1234"
    source.full_clean()
    source.identifiers = "https://example.org/ng226"
    with pytest.raises(ValidationError, match="is not an identifier"):
        source.full_clean()
