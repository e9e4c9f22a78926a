"""S7: what a patient told us is stored in its own columns, and nowhere else."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client

from bookings import links, messages, triage
from bookings.models import Message, RequestEvent
from bookings.status import RequestStatus
from procedures.ground.classified import said
from tests import factories
from tests.people import CANARIES, PEOPLE, page_of_person, request_with_canaries

pytestmark = pytest.mark.django_db

# The day of birth as it could be written. The year alone is also in numbers of rows and in hashes.
BORN = ["1961-07", "date(1961", "year': 1961", "'1961'", '"1961"', "july 1961", "19 july", "19/7/"]
SECRET = ["canary", "7946 0123", "79460123", "warfarin", *BORN]
# Where patients' own words belong; a session has them while a form is being filled in.
OWN_PLACES = {
    "bookings_appointmentrequest",
    "bookings_screeninganswer",
    "bookings_clinicquestion",
    "bookings_visitanswer",
    "bookings_person",
    "bookings_personevent",
    "bookings_searchkey",
    "bookings_note",
}


def everything_written() -> str:
    """Every column of every other table, as text."""
    found = []
    for model in apps.get_models():
        if model._meta.db_table not in OWN_PLACES:
            found += [
                f"{model._meta.db_table}: {row}" for row in model._default_manager.values_list()
            ]
    return "\n".join(found).lower()


def walk(client: Client, now: datetime) -> list[str]:
    """Walk a patient and a colleague through everything; return the addresses that they met."""
    request = request_with_canaries(now)
    link = links.private_link(request).removeprefix("https://clinic.example")
    url = client.get(link).headers["Location"]
    born = {"date_of_birth_day": 19, "date_of_birth_month": 7, "date_of_birth_year": 1961}
    client.post(f"{url}identify/", born | {"date_of_birth_year": 1962})
    client.post(f"{url}identify/", born)
    staff = Client()
    staff.force_login(factories.staff("Reception"))
    desk = f"/admin/bookings/appointmentrequest/{request.pk}/"
    staff.post("/admin/bookings/person/search/", {"term": "Canaryname"})
    person = page_of_person(request.person)
    staff.get(person)
    staff.get(PEOPLE)
    staff.post(f"{desk}decide/note/", {"version": 1, "text": "Canarynote."})
    staff.post(f"{desk}decide/review/", {"version": 1})
    staff.post(f"{desk}decide/ask/", {"version": 2, "text": "Canaryquestion?"})
    client.post(
        f"{url}answer/",
        {"version": 3, "question": request.questions.get().pk, "text": "Canaryanswer."},
    )
    staff.post(f"{desk}decide/call/", {"version": 4, "reached": "no", "note": "Rings back."})
    contact = {"version": 4, "email": "pat@example.org", "phone": "020 7946 0123"}
    client.post(f"{url}contact/", contact)
    staff.get(f"{desk}change/")
    client.post(f"{url}withdraw/", {"version": 5})
    client.get(f"{url}nothing/")
    client.get("/appointments/mine/link/forged/")
    messages.send_due()
    request.refresh_from_db()
    assert request.status == RequestStatus.WITHDRAWN
    return [link, url, desk + person]


def test_s7_nothing_of_a_patient_is_in_logs_or_other_tables(
    client: Client, caplog: Any, monday: datetime
) -> None:
    caplog.set_level(logging.INFO)
    link, url, desk = walk(client, monday)
    logged = "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)
    assert "Not Found" in logged
    written = everything_written()
    assert [word for word in SECRET if word in logged.lower()] == []
    assert [word for word in SECRET if word in written] == []
    token = link.split("/")[-2]
    assert token not in logged
    assert token.lower() not in written
    assert Message.objects.exists()
    assert RequestEvent.objects.count() >= 8
    assert not any(word in (url + desk).lower() for word in SECRET)


def test_s7_would_see_a_word_that_slipped(client: Client, monday: datetime) -> None:
    """The twin: a patient's word in the detail of a journal event is found."""
    request = request_with_canaries(monday)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=monday
    )
    assert "canary" not in everything_written()
    RequestEvent.objects.create(
        request=request,
        number=99,
        kind="x",
        at=monday + timedelta(hours=1),
        by="x",
        detail={"note": CANARIES["concern"]},
    )
    assert "canary" in everything_written()


def test_every_personal_column_is_known(monday: datetime) -> None:
    """Only models that say so contain patients' text."""
    ours: Iterable[Any] = apps.get_app_config("bookings").get_models()
    for model in ours:
        free_text = {
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.TextField)
        }
        assert free_text <= said(model, "PERSONAL") | said(model, "OF_HEALTH") | {"directions"}
