"""Whatever shows a patient to a member of staff is recorded, however it came to be shown."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from bookings import journal
from bookings.models import AppointmentRequest, Look
from bookings.status import FlagOutcome, RequestStatus
from bookings.status.events import Event
from clinic_site.groups import GROUPS
from procedures.status import RevisionStatus
from tests import factories
from tests.people import DECISIONS, LIST, decide_at, moment_of, page_of, ready_for, who_may

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]


def reads(request: AppointmentRequest) -> int:
    return request.events.filter(kind=Event.READ).count()


def looks() -> list[tuple[str, list[int], str]]:
    found = Look.objects.order_by("pk").select_related("looked_by")
    return [(look.screen, look.requests, look.looked_by.username) for look in found]


# --- One request --------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", DECISIONS)
def test_a_form_that_was_refused_is_a_look_too(
    slug: str, sign_in: SignIn, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    before = reads(request)
    answer = sign_in(who_may(slug)).post(decide_at(request, slug), {"version": ""})
    assert (answer.status_code, reads(request)) == (200, before + 1)


def test_no_other_patient_is_named_beside_a_request(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    other = factories.received(name="Somebody Else", email="else@example.org", now=monday)
    content = sign_in("Reception").get(page_of(request)).content.decode()
    assert other.reference in content
    assert "Somebody Else" not in content


# --- Lists --------------------------------------------------------------------------------------


def test_the_desk_and_the_list_write_down_whom_they_show(sign_in: SignIn, monday: datetime) -> None:
    late = monday - timedelta(days=7)
    first, second = (factories.received(now=late) for _ in range(2))
    client = sign_in("Reception")
    client.get("/admin/")
    client.get(LIST)
    shown = [first.pk, second.pk]
    assert looks() == [("the desk", shown, "reception"), ("requests", shown, "reception")]


def test_a_list_of_nobody_is_no_look(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Reception")
    for url in ("/admin/", LIST, reverse("admin:bookings_diary_day")):
        client.get(url)
    assert looks() == []


def test_the_diary_writes_down_whom_it_names(sign_in: SignIn, monday: datetime) -> None:
    booked = factories.request_at(RequestStatus.BOOKED, now=monday)
    factories.received(now=monday)
    client = sign_in("Reception")
    day = {"day": f"{monday + timedelta(days=1):%Y-%m-%d}"}
    client.get(reverse("admin:bookings_diary_day"), day)
    client.get(reverse("admin:bookings_diary_week"), day)
    assert looks() == [
        ("diary of a day", [booked.pk], "reception"),
        ("diary of a week", [booked.pk], "reception"),
    ]


def test_looks_stay_as_they_were_written(sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday - timedelta(days=7))
    sign_in("Reception").get("/admin/")
    for change in (lambda: Look.objects.update(screen="x"), lambda: Look.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_a_manager_reads_who_was_shown_what(sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday - timedelta(days=7))
    sign_in("Reception").get("/admin/")
    url = reverse("admin:bookings_look_changelist")
    content = sign_in(factories.staff("Manager")).get(url).content.decode()
    assert ("reception" in content, "the desk" in content) == (True, True)
    assert sign_in(factories.staff("Clinician")).get(url).status_code == 403


# --- What a link can do ---------------------------------------------------------------------------


@pytest.mark.parametrize("slug", DECISIONS)
def test_a_link_fills_in_nothing_that_a_colleague_only_presses(
    slug: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    at(moment_of(slug, monday))
    planted = {
        "email": "evil@evil.example",
        "outcome": FlagOutcome.PROCEED,
        "reason": "planted words",
        "text": "planted words",
        "note": "planted words",
        "version": "31337",
        "other": "2030-01-01T10:00",
        "held_until": "2030-01-01T10:00",
    }
    content = sign_in(who_may(slug)).get(decide_at(request, slug), planted).content.decode()
    assert f'name="version" value="{request.version}"' in content
    for words in ("evil@evil.example", "planted words", "2030-01-01T10:00", "31337"):
        assert words not in content
    assert 'value="proceed" id="id_outcome_0" checked' not in content


def test_a_link_to_a_new_record_fills_in_nothing(sign_in: SignIn) -> None:
    url = reverse("admin:bookings_closure_add")
    content = sign_in("Reception").get(url, {"reason": "planted words"}).content.decode()
    assert "planted words" not in content


# --- Who may not learn what there is ------------------------------------------------------------


def test_whoever_may_not_read_requests_does_not_learn_which_there_are(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client = sign_in("Editor")
    for pk in (request.pk, request.pk + 1000):
        assert client.get(f"{LIST}{pk}/change/").status_code == 403
        for slug in DECISIONS:
            assert client.get(f"{LIST}{pk}/decide/{slug}/").status_code == 403


def test_whoever_may_not_read_texts_does_not_learn_which_there_are(
    client: Client, monday: datetime
) -> None:
    revision = factories.revision(RevisionStatus.DRAFT, now=monday)
    nobody = User.objects.create(username="nobody", is_staff=True)
    client.force_login(nobody)
    for pk in (revision.pk, revision.pk + 1000):
        for view in ("change", "preview", "compare", "decide/sign"):
            url = f"/admin/procedures/revision/{pk}/{view}/"
            assert client.get(url).status_code == 403, url


@pytest.mark.parametrize("group", GROUPS)
def test_every_change_page_opens_or_refuses_for_every_role(
    group: str, sign_in: SignIn, monday: datetime
) -> None:
    """No role meets an error page, whatever fields its permissions leave."""
    factories.request_at(RequestStatus.BOOKED, now=monday)
    factories.revision(RevisionStatus.PUBLISHED, now=monday)
    factories.closure(now=monday)
    client = sign_in(group)
    statuses = {}
    for model in apps.get_models():
        record = model._default_manager.first() if model in admin.site._registry else None
        if record is None:
            continue
        url = reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_change", args=[record.pk])
        statuses[model._meta.label] = client.get(url).status_code
    assert {"bookings.Closure", "bookings.AppointmentRequest"} <= statuses.keys()
    assert set(statuses.values()) <= {200, 403}


def test_the_name_of_a_screen_fits_its_column(monday: datetime) -> None:
    """PostgreSQL refuses a longer one, and SQLite would not notice."""
    shown = {"x" * 20: [factories.received(now=monday)]}
    journal.record_lists(shown, by=factories.staff("Reception"), at=monday)
    with pytest.raises(ValidationError):
        journal.record_lists(
            {f"{name}x": requests for name, requests in shown.items()},
            by=factories.staff("Reception"),
            at=monday,
        )
