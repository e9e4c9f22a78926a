"""What we hold about a person, as a whole: the copy for them."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from bookings import journal
from bookings.journal import chain_is_whole
from bookings.models import AppointmentRequest, PersonEvent
from bookings.records import words
from bookings.records.walking import tables, told
from bookings.status import PersonAct
from bookings.status.events import Event
from tests import factories
from tests.bookings.records_of import both
from tests.bookings.records_of import words as words_of
from tests.people import decide_about, page_of_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
WHY = {"reason": "She asked for it."}


def unpacked(content: bytes) -> tuple[str, dict[str, Any]]:
    """The page and the data of a copy."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert sorted(archive.namelist()) == ["document.css", "what-we-hold.html", "what-we-hold.json"]
    page, data = (archive.read(f"what-we-hold.{end}").decode() for end in ("html", "json"))
    return page, json.loads(data)


def copied(client: Client, request: AppointmentRequest) -> Any:
    return client.post(decide_about(request.person, "copy"), {"version": 1, **WHY})


def test_d2_a_copy_has_every_word_of_the_person_and_none_of_another(
    sign_in: SignIn, monday: datetime
) -> None:
    ada, ben = both(monday)
    journal.record_list("the desk", [ada, ben], by=factories.staff("Reception"), at=monday)
    client = sign_in("Manager")
    began = perf_counter()
    answer = copied(client, ada)
    assert perf_counter() - began < 5
    page, data = unpacked(answer.content)
    for text in (page, json.dumps(data)):
        assert {word for word in words_of("ada") if word not in text} == set()
        assert {word for word in words_of("ben") if word in text} == set()
        assert ada.link_key not in text
        assert ada.submission_key not in text
    assert "name" not in answer.headers["Content-Disposition"].removeprefix("attachment; filename")
    assert {each["what"] for each in data["who_looked"]} == {
        "was shown it in a list: the desk",
        Event.EXPORTED,
    }
    # What somebody wrote runs its own way.
    assert '<dd dir="auto">adaconcern</dd>' in page
    # What was asked, who saw them and where, in words.
    assert factories.question().wording in page
    assert factories.clinician().name in page
    act = PersonEvent.objects.get()
    assert (act.person, act.act, act.reason, act.done_by) == (
        ada.person,
        PersonAct.EXPORTED,
        WHY["reason"],
        "manager",
    )
    assert ada.events.filter(kind=Event.EXPORTED).count() == 1
    assert chain_is_whole(ada)


def test_every_column_of_every_table_about_people_is_in_the_copy(
    sign_in: SignIn, monday: datetime
) -> None:
    ada, _ = both(monday)
    _, data = unpacked(copied(sign_in("Manager"), ada).content)
    columns = {model.__name__: {name for name, _ in told(model)} for model in tables()}
    rows = data["records"]
    assert rows.keys() <= columns.keys()
    assert {name: set(rows[name][0]) for name in rows} == {name: columns[name] for name in rows}
    # Whatever a table is called, somebody said it in words that patients know, or the model did.
    assert all(words.title_of(model) for model in tables())


def test_no_copy_without_permission_reason_or_fresh_password(
    sign_in: SignIn, monday: datetime
) -> None:
    ada, _ = both(monday)
    assert copied(sign_in("Reception"), ada).status_code == 403
    assert (
        "Copy everything"
        not in sign_in("Reception").get(page_of_person(ada.person)).content.decode()
    )
    client = sign_in("Manager")
    shown = client.get(page_of_person(ada.person)).content.decode()
    assert "Copy everything we hold" in shown
    refused = client.post(decide_about(ada.person, "copy"), {"version": 1, "reason": " "})
    assert "Write the reason" in refused.content.decode()
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert "what-we-hold" not in str(copied(client, ada).headers)
    assert not PersonEvent.objects.exists()


def test_the_command_writes_the_same_and_says_who_asked(monday: datetime, tmp_path: Path) -> None:
    ada, _ = both(monday)
    factories.staff("Manager")
    to = tmp_path / "copy.zip"
    asked = {"reason": "By letter.", "to": to}
    with pytest.raises(CommandError, match="Nobody who can sign in"):
        call_command("export_person", ada.person_id, by="nobody", **asked)
    call_command("export_person", ada.person_id, by="manager", **asked)
    page, _ = unpacked(to.read_bytes())
    assert "adaconcern" in page
    assert to.stat().st_mode & 0o077 == 0
    assert PersonEvent.objects.get().done_by == "manager"
    with pytest.raises(CommandError, match="exists already"):
        call_command("export_person", ada.person_id, by="manager", **asked)


def test_the_database_lets_nobody_put_other_words_into_a_reason(monday: datetime) -> None:
    ada, _ = both(monday)
    act = PersonEvent.objects.create(
        person=ada.person, act=PersonAct.EXPORTED, reason="A", done_at=monday, done_by="x"
    )
    for change in ({"reason": "B"}, {"done_by": "y"}, {"reason": "", "done_by": "y"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            PersonEvent.objects.filter(pk=act.pk).update(**change)
    assert PersonEvent.objects.filter(pk=act.pk).update(reason="") == 1
