"""What may happen at the visit decides which safety questions are asked and what is given."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from bookings import triage
from bookings.models import AppointmentRequest, ScreeningQuestion, Topic, Treatment
from bookings.screening import questions_for, unasked
from bookings.status import RequestStatus
from procedures.models import InformationPage, Revision
from procedures.status import MEDICAL, Category, RevisionStatus
from tests import factories
from tests.people import ABOUT, BASE, YOU, identified

pytestmark = pytest.mark.django_db


def published(slug: str, category: Category = Category.GUIDE) -> InformationPage:
    title = slug.capitalize()
    page = InformationPage.objects.create(slug=slug, category=category)
    factories.revision(
        RevisionStatus.PUBLISHED, of=page, text=factories.document(title=title, category=category)
    )
    return page


@pytest.fixture
def needle() -> Treatment:
    return Treatment.objects.create(name="A needle", is_usual=True)


@pytest.fixture
def shockwave() -> Treatment:
    return Treatment.objects.create(name="Shockwaves", is_usual=False)


@pytest.fixture
def questions(needle: Treatment, shockwave: Treatment) -> dict[str, ScreeningQuestion]:
    """A question for every request, one for each treatment, and one for both treatments."""
    asked = {key: factories.question(key) for key in ("fever", "allergy", "pacemaker", "thinner")}
    asked["allergy"].treatments.add(needle)
    asked["pacemaker"].treatments.add(shockwave)
    asked["thinner"].treatments.add(needle, shockwave)
    return asked


def keys(page: InformationPage | None) -> set[str]:
    return {question.key for question in questions_for(page)}


# --- Which questions --------------------------------------------------------------------------


def test_any_visit_may_end_with_a_needle(questions: Any) -> None:
    needle_questions = {"fever", "allergy", "thinner"}
    assert keys(None) == needle_questions
    assert keys(InformationPage.objects.create(slug="new", category="guides")) == needle_questions


def test_a_topic_says_what_may_happen_instead(questions: Any, shockwave: Treatment) -> None:
    page = InformationPage.objects.create(slug="heel", category="procedures")
    topic = Topic.objects.create(page=page)
    assert keys(page) == {"fever"}
    topic.treatments.add(shockwave)
    assert keys(page) == {"fever", "pacemaker", "thinner"}


def test_a_question_of_two_treatments_is_asked_once(questions: Any) -> None:
    page = InformationPage.objects.create(slug="both", category="procedures")
    topic = Topic.objects.create(page=page)
    topic.treatments.set(Treatment.objects.all())
    assert [question.key for question in questions_for(page)].count("thinner") == 1


def test_the_form_asks_them_about_a_guide_and_about_nothing(
    client: Client, questions: Any, monday: datetime
) -> None:
    page = published("trigger-finger")
    factories.question("shock", wording="Only before shockwaves?").treatments.set(
        Treatment.objects.filter(is_usual=False)
    )
    for slug in (page.slug, ""):
        client.post(BASE, {"about": slug})
        client.post(f"{BASE}about/", ABOUT | {"page": slug})
        client.post(f"{BASE}you/", YOU)
        asked = client.get(f"{BASE}safety/").content.decode()
        assert f"answer_{questions['allergy'].pk}" in asked
        assert "Only before shockwaves?" not in asked


@pytest.mark.parametrize("category", MEDICAL)
def test_any_published_page_can_be_asked_about(
    category: Category, client: Client, monday: datetime
) -> None:
    page = published("some-page", category)
    link = f"/appointments/request/?about={page.slug}"
    assert link in client.get(page.get_absolute_url()).content.decode()
    assert "About: Some-page" in client.get(link).content.decode()
    client.post(BASE, {"about": page.slug})
    assert f'value="{page.slug}" id="id_page_0" checked' in (
        client.get(f"{BASE}about/").content.decode()
    )


# --- What is missing ----------------------------------------------------------------------------


def lose(key: str) -> None:
    ScreeningQuestion.objects.filter(key=key).update(retired_on="2026-11-23", retired_by="manager")


def test_nothing_is_missing(questions: Any, sign_in: Any) -> None:
    assert unasked() == []
    assert (
        "Visits without safety questions" not in sign_in("Manager").get("/admin/").content.decode()
    )


def test_a_page_that_lost_its_questions_is_named(
    questions: Any, shockwave: Treatment, sign_in: Any
) -> None:
    page = InformationPage.objects.create(slug="shockwave-therapy", category="procedures")
    Topic.objects.create(page=page).treatments.add(shockwave)
    lose("pacemaker")
    assert unasked() == []
    lose("thinner")
    sentence = (
        "A visit about “Shockwave therapy” may include “Shockwaves”, but we do not ask any safety "
        "questions about it."
    )
    assert unasked() == [sentence]
    assert sentence in sign_in("Manager").get("/admin/").content.decode()
    told = StringIO()
    call_command("check", databases=["default"], stderr=told)
    assert sentence in told.getvalue()
    lose("allergy")
    assert unasked()[0] == (
        "Any visit may include “A needle”, but we do not ask any safety questions about it."
    )


def test_a_clinic_without_questions_is_told_so() -> None:
    assert unasked() == ["Requests do not ask any safety questions. Add the clinic’s questions."]


def test_a_question_that_is_asked_only_before_the_visit_comes_too_late(
    needle: Treatment, monday: datetime
) -> None:
    factories.question("new", asked_first=False, asked_again=True).treatments.add(needle)
    assert unasked() == [
        "Any visit may include “A needle”, but we do not ask any safety questions about it."
    ]


def test_managers_say_what_may_happen(sign_in: Any, needle: Treatment) -> None:
    page = InformationPage.objects.create(slug="talk", category="guides")
    client = sign_in("Manager")
    posted = {"page": page.pk, "treatments": [needle.pk]}
    assert client.post("/admin/bookings/topic/add/", posted).status_code == 302
    assert Topic.objects.get(page=page).treatments.get() == needle
    assert "A needle" in client.get("/admin/bookings/topic/").content.decode()
    client.post("/admin/bookings/treatment/add/", {"name": "Laser", "is_usual": "on"})
    assert Treatment.objects.get(name="Laser").is_usual
    for group in ("Reception", "Clinician"):
        assert sign_in(factories.staff(group)).get("/admin/bookings/topic/add/").status_code == 403


# --- What is given to read ----------------------------------------------------------------------


def booked(page: InformationPage | None, now: datetime) -> AppointmentRequest:
    request = factories.received(page=page, now=now)
    by = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=now)
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=now + timedelta(days=7),
        by=by,
        now=now,
    )
    return request


def test_a_request_about_no_page_gets_the_text_about_the_usual_treatment(
    client: Client, needle: Treatment, monday: datetime
) -> None:
    page = published("injections", Category.PROCEDURE)
    needle.page = page
    needle.save()
    request = booked(None, monday)
    assert request.appointments.get().given == Revision.objects.get(page=page)
    url = identified(client, request)
    assert "Injections" in client.get(url).content.decode()
    assert "It is a thing." in client.get(f"{url}page/").content.decode()


def test_a_guide_is_given_with_what_is_written_about_the_treatment(
    client: Client, needle: Treatment, monday: datetime
) -> None:
    needle.page = published("injections", Category.PROCEDURE)
    needle.save()
    guide = published("trigger-finger")
    request = booked(guide, monday)
    assert request.appointments.get().given == Revision.objects.get(page=guide)
    before = client.get(f"/appointments/mine/{request.reference}/").content.decode()
    assert "Injections" not in before
    content = client.get(identified(client, request)).content.decode()
    assert "Trigger-finger" in content
    assert '<a href="/procedures/injections/">Injections</a>.' in content


def test_without_a_treatment_nothing_is_given(monday: datetime) -> None:
    assert booked(None, monday).appointments.get().given is None
    assert AppointmentRequest.objects.get().status == RequestStatus.BOOKED
