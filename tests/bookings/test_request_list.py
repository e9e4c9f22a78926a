"""The list of requests: its tabs, its filters, and the order in them."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from bookings import triage
from bookings.admin import AppointmentRequestAdmin
from bookings.desk import people
from bookings.models import AppointmentRequest, ClinicSession, Person
from bookings.status import FlagOutcome, RequestStatus
from procedures.ground import paging
from procedures.models import InformationPage
from procedures.status import Category, RevisionStatus
from tests import factories
from tests.people import LIST, decide_at, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
LEFT_OUT = "in this address cannot be chosen any more"


def references(client: Client, url: str) -> list[str]:
    content = client.get(url).content.decode()
    found = [(content.find(r.reference), r.reference) for r in AppointmentRequest.objects.all()]
    return [reference for position, reference in sorted(found) if position >= 0]


def test_the_list_begins_with_what_is_urgent_and_late(sign_in: SignIn, monday: datetime) -> None:
    flagged = factories.received(flagged=True, now=monday)
    late = factories.received(now=monday - timedelta(days=7))
    urgent = factories.received(urgent=True, now=monday)
    to_call = factories.received(urgent=True, now=monday - timedelta(minutes=1))
    factories.clear(to_call, FlagOutcome.CALL_PATIENT, now=monday)
    client = sign_in("Reception")
    assert references(client, LIST) == [each.reference for each in (urgent, late, to_call)]
    content = client.get(LIST).content.decode()
    assert (content.count("■ Urgent"), content.count("● Late since")) == (1, 1)
    assert references(client, f"{LIST}?show=late") == [late.reference]
    decided = f"{LIST}?show=clinicians"
    assert references(client, decided) == [each.reference for each in (urgent, flagged)]


def test_a_clinicians_list_opens_on_what_they_decide(sign_in: SignIn, monday: datetime) -> None:
    flagged = factories.received(flagged=True, now=monday)
    factories.received(now=monday)
    to_call = factories.received(flagged=True, now=monday)
    factories.clear(to_call, FlagOutcome.CALL_PATIENT, now=monday)
    client = sign_in("Clinician")
    assert references(client, LIST) == [flagged.reference]
    to_call.refresh_from_db()
    triage.record_call(
        to_call,
        reached=True,
        note="An old scar.",
        by=factories.staff("Reception"),
        now=monday + timedelta(hours=1),
    )
    assert references(client, LIST) == [flagged.reference, to_call.reference]


def test_the_list_opens_on_what_waits_and_shows_the_rest_on_demand(
    sign_in: SignIn, monday: datetime
) -> None:
    by_status = {status: factories.request_at(status, now=monday) for status in RequestStatus}
    client = sign_in("Reception")

    def shown(tab: str) -> set[str]:
        statuses = {made.reference: status for status, made in by_status.items()}
        return {statuses[each] for each in references(client, f"{LIST}?show={tab}")}

    waiting = {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}
    with_patients = {
        RequestStatus.QUESTION_ASKED,
        RequestStatus.OFFERED,
        RequestStatus.BOOKED_OFFERED,
    }
    booked = {RequestStatus.BOOKED, RequestStatus.BOOKED_IN_REVIEW, RequestStatus.BOOKED_OFFERED}
    ended = {
        RequestStatus.CLOSED,
        RequestStatus.DECLINED,
        RequestStatus.WITHDRAWN,
        RequestStatus.LAPSED,
    }
    assert set(references(client, LIST)) == {by_status[status].reference for status in waiting}
    assert shown("waiting") == waiting
    assert shown("patients") == with_patients
    assert shown("booked") == booked
    assert shown("deferred") == {RequestStatus.DEFERRED}
    assert shown("ended") == ended
    assert shown("all") == set(RequestStatus)
    assert shown("question_asked") == {RequestStatus.QUESTION_ASKED}
    assert shown("no-such-tab") == waiting


@pytest.mark.parametrize("most_named", [1000, 0])
def test_the_list_is_filtered_by_page_clinician_place_and_flag(
    most_named: int, sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_NAMED", most_named)
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    about_page = factories.received(page=page, now=monday)
    doctor = factories.clinician("another")
    wished = factories.received(wished_clinician=doctor, now=monday)
    booked = factories.request_at(RequestStatus.BOOKED, now=monday)
    seen_by = booked.appointments.get().clinician
    for each in (doctor, seen_by):
        factories.clinic_session(each, timezone.localdate(monday), time(9), time(20))
    room = factories.room("Room 7", at="The other house")
    booked.appointments.update(room=room)
    flagged = factories.received(flagged=True, now=monday)
    everywhere = {each.reference for each in (about_page, wished, booked, flagged)}
    client = sign_in("Reception")

    def shown(**filters: object) -> set[str]:
        asked = urlencode({"show": "all", **filters})
        return set(references(client, f"{LIST}?{asked}"))

    assert shown() == everywhere
    assert shown(about=page.slug) == {about_page.reference}
    assert shown(about="-") == everywhere - {about_page.reference}
    assert shown(clinician=doctor.slug) == {wished.reference}
    assert shown(clinician=seen_by.slug) == {booked.reference}
    assert shown(flag="any") == {flagged.reference}
    assert shown(flag="none") == everywhere - {flagged.reference}
    assert shown(place=room.location_id) == {booked.reference}
    assert shown(place=factories.location("Nowhere").pk) == set()
    content = client.get(f"{LIST}?show=late&flag=any").content.decode()
    assert "No request fits these filters." in content
    assert LEFT_OUT not in content


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"about": "a-thing"}, "The page in this address cannot be chosen any more"),
        ({"about": "no-such-page"}, "The page in this address cannot be chosen any more"),
        ({"clinician": "another"}, "The clinician in this address cannot be chosen any more"),
        ({"place": "not a number"}, "The place in this address cannot be chosen any more"),
        ({"flag": "purple"}, "The flag in this address cannot be chosen any more"),
        (
            {"about": "no-such-page", "flag": "any"},
            "The page in this address cannot be chosen any more",
        ),
        ({"place": "0", "flag": "purple"}, "The place and the flag in this address cannot be"),
    ],
)
def test_what_a_kept_address_asks_for_and_is_no_choice_any_more_is_left_out_and_said(
    sign_in: SignIn, monday: datetime, kept: dict[str, str], said: str
) -> None:
    # The page is one about the clinic now, and the clinician has no clinics.
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    about_page = factories.received(page=page, now=monday)
    InformationPage.objects.filter(pk=page.pk).update(category=Category.ABOUT)
    another = factories.clinician("another")
    wished = factories.received(wished_clinician=another, now=monday)
    ClinicSession.objects.filter(clinician=another).update(last_day=monday - timedelta(days=1))
    flagged = factories.received(flagged=True, now=monday)
    everywhere = {each.reference for each in (about_page, wished, flagged)}
    client = sign_in("Reception")
    address = f"{LIST}?{urlencode({'show': 'all', **kept})}"
    still = {flagged.reference} if kept.get("flag") == "any" else everywhere
    assert set(references(client, address)) == still
    content = " ".join(client.get(address).content.decode().split())
    assert said in content
    assert content.count(LEFT_OUT) == 1
    assert ("Show all</a>" in content) == ("any" in kept.values())


def test_a_row_leads_to_what_comes_next(sign_in: SignIn, monday: datetime) -> None:
    plain, flagged = factories.received(now=monday), factories.received(flagged=True, now=monday)
    content = sign_in("Reception").get(f"{LIST}?show=all").content.decode()
    assert decide_at(plain, "offer") in content
    assert decide_at(flagged, "offer") not in content
    assert page_of(flagged) in content
    content = sign_in(factories.staff("Clinician")).get(LIST).content.decode()
    assert decide_at(flagged, "resolve-flag") in content


def test_the_numbers_beside_the_tabs_are_what_is_in_them(sign_in: SignIn, monday: datetime) -> None:
    for status in RequestStatus:
        factories.request_at(status, now=monday)
    factories.received(flagged=True, now=monday)
    factories.received(now=monday - timedelta(days=7))
    client = sign_in("Reception")
    tabs = client.get(LIST).context["tabs"]
    counted = {tab["display"]: tab for tab in tabs if tab["number"] is not None}
    assert list(counted) == [
        "Waiting for us",
        "Late",
        "Due today",
        "With clinicians",
        "With patients",
    ]
    for tab in counted.values():
        assert len(references(client, f"{LIST}{tab['query_string']}")) == tab["number"]


# --- Years of requests ----------------------------------------------------------------------------


def test_a_long_list_is_not_counted_to_its_end_and_all_of_it_can_be_reached(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED_BEYOND", 2)
    monkeypatch.setattr(AppointmentRequestAdmin, "list_per_page", 1)
    newest_first = [
        factories.request_at(RequestStatus.DECLINED, now=monday - timedelta(hours=hours)).reference
        for hours in range(5)
    ]
    client = sign_in("Reception")
    first = client.get(f"{LIST}?show=declined")
    assert "3 requests or more" in " ".join(first.content.decode().split())
    shown = [
        row.record.reference
        for page in range(1, 6)
        for group in client.get(f"{LIST}?show=declined&p={page}").context["groups"]
        for row in group.rows
    ]
    assert shown == newest_first
    assert "5 requests" in " ".join(client.get(f"{LIST}?show=all&p=4").content.decode().split())


def test_a_page_that_is_gone_leads_to_the_first_of_the_same_list(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AppointmentRequestAdmin, "list_per_page", 1)
    for _ in range(2):
        factories.request_at(RequestStatus.DECLINED, now=monday)
    for beyond in ("3", "0"):
        answer = sign_in("Reception").get(f"{LIST}?show=declined&flag=none&p={beyond}")
        assert answer.headers["Location"] == f"{LIST}?show=declined&flag=none"


def test_whoever_asks_for_a_page_of_people_beyond_the_last_is_shown_the_last(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "MOST_FOUND", 2)
    for hours in range(5):
        factories.received(name=f"Sample {hours}", now=monday - timedelta(hours=hours))
    first_known = Person.objects.order_by("known_at")[0]
    for beyond in ("4", "99", "0"):
        page = sign_in("Reception").get("/admin/bookings/person/", {"page": beyond}).context["page"]
        assert (page.number, page.paginator.count, page.paginator.is_capped) == (3, 5, False)
        assert list(page.object_list) == [first_known]


def test_each_row_says_how_long_is_left_while_the_desk_is_open(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = factories.received(now=monday)
    for before, said in (
        # The desk opens at 9 and closes at 17; the answer is due on Wednesday at 10.
        (timedelta(minutes=59), "within a working hour"),
        (timedelta(hours=17, minutes=1), "in 1 working hour"),
        (timedelta(hours=20), "in 4 working hours"),
        (timedelta(hours=48), "in 16 working hours"),
    ):
        at(request.answer_due - before)
        row = sign_in("Reception").get(LIST).content.decode().partition("list__due")[2]
        assert f'<span class="quiet">{said}</span>' in row.partition("</td>")[0], said
    at(request.answer_due - timedelta(days=3))
    row = sign_in("Reception").get(LIST).content.decode().partition("list__due")[2]
    assert "quiet" not in row.partition("</td>")[0]


def test_what_is_booked_says_when_and_with_whom(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    visit = request.appointments.get()
    client = sign_in("Reception")
    content = client.get(f"{LIST}?show=booked").content.decode()
    row = content.partition(request.reference)[2].partition("</tr>")[0]
    starts = timezone.localtime(visit.starts)
    assert f"<strong>{starts:%a %-d %b, %-H:%M}, {visit.clinician.name}</strong>" in row
    # Nobody is waiting for an answer.
    due = timezone.localtime(request.answer_due)
    assert f"{due:%a %-d %b, %-H:%M}" not in row
