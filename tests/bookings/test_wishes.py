"""A wish for a clinician: asked with the times, shown to the desk, a preference and no promise."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from bookings import triage
from bookings.diary.clinicians import who_can_be_asked_for
from bookings.models import AppointmentRequest, ClinicSession, Topic
from bookings.status import RequestStatus
from procedures.models import Clinician
from procedures.status import RevisionStatus
from tests import factories
from tests.people import BASE, TIMES, decide_at, fill_in, identified, page_of, send

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


@pytest.fixture
def other(monday: datetime) -> Clinician:
    """The one of two clinicians whose name comes second."""
    factories.clinician()
    factories.appointment_type()
    return factories.clinician("other", name="Dr Other")


def leaves(clinician: Clinician) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    ClinicSession.objects.filter(clinician=clinician).update(last_day=yesterday)


def wanting(clinician: Clinician | None, now: datetime) -> AppointmentRequest:
    request = factories.received(wished_clinician=clinician, now=now)
    return triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=now
    )


# --- In the form ------------------------------------------------------------------------------


def test_a_patient_asks_for_one_and_reads_it_back(client: Client, other: Clinician) -> None:
    fill_in(client, times={"wished_clinician": "other"})
    assert "<dt>Clinician</dt><dd>Dr Other</dd>" in client.get(f"{BASE}check/").content.decode()
    send(client)
    assert AppointmentRequest.objects.get().wished_clinician == other


def test_whoever_is_free_first_needs_no_press(client: Client, other: Clinician) -> None:
    fill_in(client)
    assert "Whoever is free first" in client.get(f"{BASE}check/").content.decode()
    send(client)
    assert AppointmentRequest.objects.get().wished_clinician is None


def test_where_nobody_has_clinics_nothing_is_asked(client: Client, monday: datetime) -> None:
    fill_in(client)
    ClinicSession.objects.all().delete()
    assert "Who would you like to see" not in client.get(f"{BASE}times/").content.decode()
    assert "Whoever is free first" not in client.get(f"{BASE}check/").content.decode()
    send(client)
    assert AppointmentRequest.objects.get().wished_clinician is None


def test_only_those_who_see_patients_about_the_page(other: Clinician, monday: datetime) -> None:
    today = timezone.localdate()
    first = factories.clinician()
    topic = Topic.objects.create(page=factories.page())
    assert who_can_be_asked_for(topic.page, today) == [first, other]
    topic.clinicians.add(other)
    assert who_can_be_asked_for(topic.page, today) == [other]
    assert who_can_be_asked_for(None, today) == [first, other]
    leaves(first)
    assert who_can_be_asked_for(None, today) == [other]
    assert other.login is not None
    other.login.is_active = False
    other.login.save()
    assert who_can_be_asked_for(topic.page, today) == []


def test_somebody_who_does_not_see_such_patients_is_refused(
    client: Client, other: Clinician, monday: datetime
) -> None:
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    Topic.objects.create(page=page).clinicians.add(other)
    fill_in(client, about={"page": page.slug})
    for wish in ("clinician", "nobody"):
        posted = TIMES | {"wished_clinician": wish}
        content = client.post(f"{BASE}times/", posted).content.decode()
        assert "Choose again. That clinician does not see patients about this" in content


def test_somebody_who_left_before_it_was_sent_is_chosen_again(
    client: Client, other: Clinician
) -> None:
    fill_in(client, times={"wished_clinician": "other"})
    leaves(other)
    assert client.get(f"{BASE}check/").headers["Location"] == f"{BASE}times/"
    assert "Choose again." in client.get(f"{BASE}times/").content.decode()


# --- At the desk ------------------------------------------------------------------------------


def test_the_desk_reads_the_wish(sign_in: SignIn, other: Clinician, monday: datetime) -> None:
    staff = sign_in("Reception")
    content = staff.get(page_of(wanting(other, monday))).content.decode()
    assert "They would like to see <strong>Dr Other</strong>." in content
    assert "has no clinics any" not in content
    assert "Whoever is free first" in staff.get(page_of(wanting(None, monday))).content.decode()


def test_their_times_are_listed_first_and_the_others_named(
    sign_in: SignIn, other: Clinician, monday: datetime
) -> None:
    staff = sign_in("Reception")
    for wish, listed, beside in (
        (other, "Dr Other", "Dr Clinician"),
        (None, "Dr Clinician", "Dr Other"),
    ):
        content = staff.get(decide_at(wanting(wish, monday), "offer")).content.decode()
        assert f"Free times with {listed}" in content
        first = "First free time with the others: Mon 23 Nov, 10:00,\n    " + beside
        assert first in content


def test_a_colleague_may_choose_somebody_else(
    sign_in: SignIn, other: Clinician, monday: datetime
) -> None:
    first = factories.clinician()
    link = f"{decide_at(wanting(other, monday), 'offer')}?clinician={first.pk}"
    assert "Free times with Dr Clinician" in sign_in("Reception").get(link).content.decode()


def test_the_visit_that_they_have_comes_before_the_wish(
    sign_in: SignIn, other: Clinician, monday: datetime
) -> None:
    request = wanting(other, monday)
    factories.offer(request, now=monday)
    triage.ask_for_other_times(request, version=request.version, wishes="", now=monday)
    content = sign_in("Reception").get(decide_at(request, "offer")).content.decode()
    assert "Free times with Dr Clinician" in content


def test_a_wish_is_kept_when_the_clinician_leaves(
    client: Client, sign_in: SignIn, other: Clinician, monday: datetime
) -> None:
    request = wanting(other, monday)
    leaves(other)
    staff = sign_in("Reception")
    for page in (page_of(request), decide_at(request, "offer")):
        content = staff.get(page).content.decode()
        assert "They would like to see <strong>Dr Other</strong>." in content
        assert "Dr Other has no clinics any" in content
    assert "Free times with Dr Clinician" in content
    patient = Client()
    said = patient.get(identified(patient, request)).content.decode()
    assert "Dr Other, who does not have clinics here any more" in said


def test_a_patient_reads_the_wish_only_after_the_date_of_birth(
    client: Client, other: Clinician, monday: datetime
) -> None:
    request = wanting(other, monday)
    url = f"/appointments/mine/{request.reference}/"
    session = client.session
    session["opened"] = {request.reference: request.link_version}
    session["open_until"] = monday.timestamp() + 60
    session.save()
    assert "Dr Other" not in client.get(url).content.decode()
    assert (
        "You would like to see Dr Other."
        in client.get(identified(client, request)).content.decode()
    )
    assert request.state(monday) == RequestStatus.IN_REVIEW
