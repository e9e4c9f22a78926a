"""The desk: what staff see first, what each of them may do, and what happens when they do it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from bookings import triage
from bookings.forms.safety_questions import OTHERS, rest_value
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Claim,
    Closure,
    OfferedTime,
    ScreeningQuestion,
)
from bookings.screening import questions_to_ask
from bookings.status import CancelledBy, FlagOutcome, OfferStatus, RequestStatus
from clinic_site import sign_in as door
from clinic_site.desk import Desk
from clinic_site.groups import GROUPS
from procedures.ground import two_people
from procedures.models import Proposal
from tests import factories
from tests.people import (
    DECISIONS,
    LIST,
    PEOPLE,
    decide_at,
    moment_of,
    page_of,
    people_found,
    ready_for,
    who_may,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]


def references(client: Client, url: str) -> list[str]:
    content = client.get(url).content.decode()
    found = [(content.find(r.reference), r.reference) for r in AppointmentRequest.objects.all()]
    return [reference for position, reference in sorted(found) if position >= 0]


# --- What is seen ---------------------------------------------------------------------------


def test_a_search_is_written_down_and_makes_no_screen_stale(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    version = request.version
    client = sign_in("Reception")
    assert people_found(client, "Pat") == {request.person_id}
    event = request.events.order_by("-number")[0]
    assert (event.kind, event.by) == ("found it by searching", "reception")
    assert "Pat" not in str(event.detail)
    request.refresh_from_db()
    assert request.version == version
    assert people_found(client, "") == set()
    assert "Enter a reference" in client.post(f"{PEOPLE}search/", {}).content.decode()
    assert client.get(f"{PEOPLE}search/?term=Pat").content.decode().count("/change/") == 0


def test_only_who_may_read_requests_searches_them(sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday)
    assert sign_in("Editor").post(f"{PEOPLE}search/", {"term": "Pat"}).status_code == 403


def test_a_deferred_request_is_back_on_its_day(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.DEFERRED, now=monday)
    client = sign_in("Reception")
    assert references(client, LIST) == []
    at(monday + timedelta(days=3))
    client.force_login(factories.staff("Reception"))
    assert references(client, LIST) == [request.reference]
    assert "Offer times" in client.get(page_of(request)).content.decode()


@pytest.mark.parametrize("query", ["Pat", "pat s", "PAT@EXAMPLE.ORG"])
def test_searching_finds_by_name_and_address(query: str, sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    factories.received(name="Sam", email="sam@example.org", now=monday)
    assert people_found(sign_in("Reception"), query) == {request.person_id}


def test_a_search_looks_beyond_what_waits(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    client = sign_in("Reception")
    assert references(client, LIST) == []
    assert people_found(client, request.reference.lower()) == {request.person_id}


@pytest.mark.parametrize("query", ["%00", "'", "%", "x" * 3000, "﷽"])
def test_strange_searches_are_no_500(query: str, sign_in: SignIn) -> None:
    client = sign_in("Reception")
    assert client.get(LIST, {"q": query, "show": query}).status_code in {200, 302}
    assert client.post(f"{PEOPLE}search/", {"term": query}).status_code in {200, 400}


def test_one_screen_shows_everything_that_is_needed(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(flagged=True, now=monday)
    twin = factories.received(now=monday)
    content = sign_in("Clinician").get(page_of(request)).content.decode()
    for needed in (
        "My shoulder hurts.",
        "Warfarin",
        "Rule “blood-thinner”, version 1",
        "31 January 1970",
        "020 7946 0958",
        "pat@example.org",
        "Wednesday 25 November at 10:00",
        "sent the request",
        "Possible duplicates",
        twin.reference,
    ):
        assert needed in content


def test_reading_is_written_down(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    version = request.version
    sign_in("Reception").get(page_of(request))
    last = request.events.order_by("-number")[0]
    assert (last.kind, last.by, last.at) == ("read it", "reception", monday)
    request.refresh_from_db()
    assert request.version == version


def test_what_a_patient_wrote_cannot_run_at_the_desk(sign_in: SignIn, monday: datetime) -> None:
    attack = "<script>alert(1)</script>"
    request = factories.received(
        name=attack, concern=attack, availability=attack, email="a@example.org", now=monday
    )
    client = sign_in("Clinician")
    for url in ("/admin/", LIST, page_of(request), decide_at(request, "review")):
        assert attack not in client.get(url).content.decode()


def test_a_failed_letter_becomes_a_call(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    request.messages.update(status="failed")
    assert "Phone this patient" in sign_in("Reception").get(page_of(request)).content.decode()


@pytest.mark.parametrize("term", ["sample", "Pat", "pat s", "020 7946 0958", "+442079460958"])
def test_a_search_finds_any_part_of_a_name_and_the_phone(
    term: str, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    factories.received(name="Sam Sample", email="sam@example.org", now=monday)
    client = sign_in("Reception")
    assert request.person_id in people_found(client, term)
    page = client.post(f"{PEOPLE}search/", {"term": "sample"}).content.decode()
    assert page.count("31 Jan 1970") == 2


@pytest.mark.parametrize("term", ["simple", "020 7946 0957", "12"])
def test_a_search_finds_nobody_else(term: str, sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday)
    page = sign_in("Reception").post(f"{PEOPLE}search/", {"term": term}).content.decode()
    assert "Nobody found" in page


def test_a_lost_clinic_is_said_wherever_the_appointment_is(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    appointment = request.appointments.get()
    client = sign_in("Reception")
    list_of_the_day = f"{LIST}diary/list/?day={appointment.starts:%Y-%m-%d}"
    for page in (page_of(request), list_of_the_day):
        assert "No clinic session" not in client.get(page).content.decode()
    Closure.objects.create(
        resource=appointment.clinician.resource,
        starts=appointment.starts - timedelta(hours=1),
        ends=appointment.ends,
        reason="Training",
    )
    for page in (page_of(request), list_of_the_day):
        assert "No clinic session" in client.get(page).content.decode()
    day = client.get(f"{LIST}diary/day/?day={appointment.starts:%Y-%m-%d}").content.decode()
    assert "Away: Training" in day


# --- Who may do what ------------------------------------------------------------------------


@pytest.mark.sqlite
@pytest.mark.parametrize("slug", DECISIONS)
def test_the_matrix_of_groups_and_decisions(
    slug: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    at(moment_of(slug, monday))
    for group, permissions in GROUPS.items():
        client = sign_in(group)
        allowed = DECISIONS[slug].permission in permissions
        answer = client.get(decide_at(request, slug))
        assert answer.status_code == (200 if allowed else 403), group
        if "view_appointmentrequest" in permissions:
            content = client.get(page_of(request)).content.decode()
            assert (decide_at(request, slug) in content) == allowed, group
        else:
            assert client.get(page_of(request)).status_code == 403, group
            assert request.reference not in client.get("/admin/").content.decode(), group


def test_only_clinicians_decide_about_flags() -> None:
    holders = [group for group, codenames in GROUPS.items() if "resolve_redflag" in codenames]
    assert holders == ["Clinician"]


def test_a_stranger_is_asked_to_sign_in(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    decisions = [decide_at(request, slug) for slug in DECISIONS]
    for url in (*decisions, page_of(request), LIST, "/admin/"):
        assert client.get(url).headers["Location"].startswith("/admin/login/"), url


def test_nothing_can_be_added_changed_or_deleted(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = sign_in("Manager")
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{request.pk}/delete/").status_code == 403
    client.post(page_of(request), {"status": "booked"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": request.pk})
    request.refresh_from_db()
    assert request.status == RequestStatus.RECEIVED


@pytest.mark.parametrize("status", RequestStatus)
def test_a_decision_that_the_status_does_not_allow_says_so_when_it_is_opened(
    status: RequestStatus, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    client, may = sign_in("Manager"), GROUPS["Manager"]
    closed = [each for each in DECISIONS.values() if status not in each.statuses]
    for each in [each for each in closed if each.permission in may]:
        opened = client.get(decide_at(request, each.slug), follow=True)
        assert opened.redirect_chain == [(page_of(request), 302)], each.slug
        said = f"“{each.label}” is not possible now. The status of the request is “{status.label}”."
        assert said in opened.content.decode()


def test_an_open_flag_and_open_questions_are_named_when_a_time_is_to_be_given(
    sign_in: SignIn, monday: datetime
) -> None:
    flagged, awaited = (factories.received(now=monday, flagged=each) for each in (True, False))
    AppointmentRequest.objects.filter(pk=awaited.pk).update(awaits_answers=True)
    client = sign_in("Reception")
    for slug in ("offer", "book"):
        for request, said in (
            (flagged, "A clinician has to decide about a flag first."),
            (awaited, "The safety questions have to be answered first."),
        ):
            answer = client.get(decide_at(request, slug), follow=True)
            assert answer.redirect_chain == [(page_of(request), 302)]
            assert (
                f"“{DECISIONS[slug].label}” is not possible now. {said}" in answer.content.decode()
            )
    # What is not about a time is possible all the while; a reason that is none of these needs no words.
    assert client.get(decide_at(flagged, "ask")).status_code == 200
    nothing = client.get(decide_at(awaited, "letter"), follow=True).content.decode()
    assert "“Print a letter” is not possible now.</li>" in nothing


def test_what_is_too_late_once_an_appointment_has_begun_says_so(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    at(request.appointments.get().starts)
    client = sign_in("Reception")
    for slug in ("offer", "move", "join-earlier", "safety", "cancel"):
        said = f"“{DECISIONS[slug].label}” is not possible now. The appointment has begun."
        assert said in client.get(decide_at(request, slug), follow=True).content.decode()


def test_what_was_typed_into_a_decision_that_closed_meanwhile_is_still_there(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client, seen = sign_in("Reception"), request.version
    triage.withdraw(request, version=request.version, now=monday)
    posted = {"version": seen, "text": "Which side is it?"}
    refused = client.post(decide_at(request, "ask"), posted).content.decode()
    assert "This is no longer possible" in refused
    assert "Which side is it?" in refused


# --- The decisions themselves ---------------------------------------------------------------


def values_for(slug: str, request: AppointmentRequest, now: datetime) -> dict[str, Any]:
    start = timezone.localtime(factories.tomorrow(3, now=now))
    flag = request.flags.first()
    held = OfferedTime.objects.filter(
        offer__request=request, offer__status=OfferStatus.OPEN
    ).first()
    return {
        "version": request.version,
        "appointment_type": factories.appointment_type().pk,
        "clinician": factories.clinician().pk,
        "times": [str(int(start.timestamp()))],
        "other": "",
        "held_until": f"{start - timedelta(hours=2):%Y-%m-%dT%H:%M}",
        "text": "Which side?",
        "reason": "Because.",
        "why": "asked",
        "name": "Pat Samples",
        "because": "noted_wrongly",
        "carer_name": "Sam Sample",
        "carer_right": "agreed",
        "until": f"{start:%Y-%m-%d}",
        "outcome": FlagOutcome.PROCEED,
        "reached": "yes",
        "email": "new@example.org",
        "phone": "020 7946 0958",
        "note": "",
        "date_of_birth_day": "27",
        "date_of_birth_month": "3",
        "date_of_birth_year": "1972",
        "flag": flag.pk if flag else "",
        "chosen": held.pk if held else "",
        "to": "clinicians",
        "cancelled_by": CancelledBy.CLINIC,
        "weeks": "6",
        "concern": "Follow-up.",
        "kind": "booked",
        "no_to_all": rest_value(OTHERS, questions_to_ask(request)),
    }


REACHES = {
    "review": RequestStatus.IN_REVIEW,
    "reopen": RequestStatus.IN_REVIEW,
    "offer": RequestStatus.OFFERED,
    "book": RequestStatus.BOOKED,
    "ask": RequestStatus.QUESTION_ASKED,
    "answer": RequestStatus.IN_REVIEW,
    "resolve-flag": RequestStatus.IN_REVIEW,
    "defer": RequestStatus.DEFERRED,
    "decline": RequestStatus.DECLINED,
    "move": RequestStatus.BOOKED,
    "book-offered": RequestStatus.BOOKED,
    "take-back": RequestStatus.BOOKED_IN_REVIEW,
    "leave": RequestStatus.BOOKED,
    "attended": RequestStatus.CLOSED,
    "missed": RequestStatus.CLOSED,
    "cancel": RequestStatus.CLOSED,
    "undo": RequestStatus.BOOKED,
    "undo-for-them": RequestStatus.BOOKED,
    "withdraw": RequestStatus.WITHDRAWN,
}


@pytest.mark.parametrize("slug", DECISIONS)
def test_a_press_decides_and_says_so(slug: str, sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = ready_for(slug, monday)
    before = request.status
    at(moment_of(slug, monday))
    client = sign_in(who_may(slug))
    posted = values_for(slug, request, monday)
    answer = client.post(decide_at(request, slug), posted, follow=True)
    request.refresh_from_db()
    assert request.status == REACHES.get(slug, before)
    # A letter is not spoken of, but shown.
    shown = '<article class="letter"' if slug == "letter" else 'class="success"'
    assert shown in answer.content.decode()


def is_open(slug: str, status: RequestStatus) -> bool:
    """Whether the verb behind a decision may be used in a status, under whatever name."""
    verb = DECISIONS[slug].verb
    return any(status in other.statuses for other in DECISIONS.values() if other.verb == verb)


@pytest.mark.sqlite
@pytest.mark.parametrize("status", RequestStatus)
def test_a_decision_that_is_not_open_is_refused_and_nothing_moves(
    status: RequestStatus, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    claims = Claim.objects.count()
    client = sign_in("Clinician")
    closed = [slug for slug in DECISIONS if not is_open(slug, status)]
    assert closed
    for slug in closed:
        answer = client.post(decide_at(request, slug), values_for(slug, request, monday))
        assert answer.status_code == 200, slug
        assert "There is a problem" in answer.content.decode(), slug
        request.refresh_from_db()
        assert request.status == status, slug
        assert Claim.objects.count() == claims, slug


# These are like a look: they make no screen stale, and no screen is too old for them. Nor does a
# message that is sent again, or printed.
LIKE_A_LOOK = {"call", "note", "hand-over", "send-again", "letter", "open-answers"}
STEPS = sorted(DECISIONS.keys() - LIKE_A_LOOK)


@pytest.mark.parametrize("slug", STEPS)
def test_a_press_on_an_old_screen_refuses_politely_and_keeps_what_was_typed(
    slug: str, sign_in: SignIn, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    client = sign_in("Clinician")
    posted = values_for(slug, request, monday) | {"version": request.version + 1}
    content = client.post(decide_at(request, slug), posted).content.decode()
    assert "This is no longer possible:" in content
    if slug in {"ask", "decline"}:
        assert ("Which side?" if slug == "ask" else "Because.") in content
    version = request.version
    request.refresh_from_db()
    assert request.version == version


@pytest.mark.parametrize(
    ("slug", "changes", "sentence"),
    [
        ("offer", {"times": []}, "Choose one to three times."),
        ("offer", {"times": [], "other": "2020-01-01T10:00"}, "Choose a time in the future."),
        ("offer", {"times": ["1000000000"]}, "Choose a time in the future."),
        ("offer", {"times": ["soon"]}, "Choose times from the list."),
        ("offer", {"times": ["9" * 30]}, "Choose times from the list."),
        ("offer", {"times": ["99999999999"]}, "Choose a time within the next two years."),
        ("offer", {"other": "tomorrow"}, "Enter a date and a time"),
        ("offer", {"other": "2027-03-28T01:30"}, "The clocks change that night"),
        ("offer", {"other": "2027-10-31T01:30"}, "The clocks change that night"),
        ("offer", {"other": "2026-11-24T13:20"}, "These times overlap."),
        (
            "offer",
            {"other": "2026-11-24T23:40"},
            "has no clinic session with enough time on Tuesday 24 November",
        ),
        ("offer", {"held_until": "2026-11-25T10:00"}, "The offer must end before the first"),
        ("offer", {"held_until": "soon"}, "Enter a date and a time"),
        ("offer", {"listed": "1-999999"}, "You changed the clinician or the appointment type"),
        ("offer", {"clinician": "999999"}, "Choose a clinician."),
        ("offer", {"appointment_type": ""}, "Choose an appointment type."),
        ("book", {"times": []}, "Choose one time."),
        ("book", {"other": "2026-11-25T10:00"}, "Choose one time."),
        ("book", {"times": [], "other": "2027-03-28T01:30"}, "The clocks change that night"),
        ("book", {"times": [], "other": "2020-01-01T10:00"}, "Choose a time in the future."),
        ("ask", {"text": ""}, "Write the question."),
        ("ask", {"text": "a\ufffdb"}, "A letter was lost when this was copied."),
        ("defer", {"until": "2026-11-23"}, "Choose a day after today."),
        ("defer", {"until": "31/02"}, "Enter a date, for example"),
        ("decline", {"reason": " "}, "Write the reason. The patient will read it."),
        ("resolve-flag", {"outcome": "perhaps"}, "You cannot choose this any more."),
        ("resolve-flag", {"reason": ""}, "Write the reason. Colleagues will read it."),
        ("resolve-flag", {"flag": "999999"}, "You cannot choose this any more."),
    ],
)
def test_bad_input_says_what_to_do(
    slug: str, changes: dict[str, Any], sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    posted = values_for(slug, request, monday) | changes
    content = sign_in("Clinician").post(decide_at(request, slug), posted).content.decode()
    assert sentence in content
    assert "Error: " in content
    request.refresh_from_db()
    assert request.status == RequestStatus.IN_REVIEW
    assert (Claim.objects.count(), Appointment.objects.count()) == (0, 0)


def test_a_time_that_has_gone_keeps_the_form(sign_in: SignIn, monday: datetime) -> None:
    first, second = (factories.request_at(RequestStatus.IN_REVIEW, now=monday) for _ in range(2))
    client = sign_in("Reception")
    posted = values_for("offer", first, monday)
    client.post(decide_at(first, "offer"), posted)
    posted |= {"version": second.version}
    content = client.post(decide_at(second, "offer"), posted).content.decode()
    assert "That time has just been taken. Choose another." in content
    assert posted["held_until"] in content
    other = {"times": [], "other": "2026-11-24T18:00", "held_until": "2026-11-24T08:00"}
    client.post(decide_at(second, "offer"), posted | other)
    second.refresh_from_db()
    assert second.status == RequestStatus.OFFERED


def test_a_patient_on_the_phone_takes_one_of_their_own_offered_times(
    sign_in: SignIn, monday: datetime
) -> None:
    factories.offer(other := ready_for("offer", monday), doctor="another", now=monday)
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    times = request.offers.get().times.all()
    client = sign_in("Reception")
    page = client.get(decide_at(request, "book-offered")).content.decode()
    assert page.count('type="radio"') == len(times)
    assert "Tuesday 24 November 2026 at 12:00" in page
    foreign = {"version": request.version, "chosen": other.offers.get().times.all()[0].pk}
    refused = client.post(decide_at(request, "book-offered"), foreign).content.decode()
    assert "We are no longer holding that time." in refused
    own = foreign | {"chosen": times[1].pk}
    client.post(decide_at(request, "book-offered"), own)
    booked = Appointment.objects.get()
    assert (booked.request, booked.starts, booked.booked_by) == (
        request,
        times[1].starts,
        "reception",
    )
    assert Claim.objects.filter(offered_time__offer__request=request).count() == 0


def test_an_unknown_decision_or_request_is_not_found(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = sign_in("Clinician")
    assert client.get(decide_at(request, "promote")).status_code == 404
    assert client.get(f"{LIST}999999/decide/review/").status_code == 404


HOSTILE = ["", "0", "-1", "x", "1.5", "9" * 19, "9" * 30, "\x00", "٣"]


@pytest.mark.parametrize("version", HOSTILE)
@pytest.mark.parametrize("slug", ["review", "offer", "resolve-flag"])
def test_a_forged_version_decides_nothing(
    slug: str, version: str, sign_in: SignIn, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    posted = values_for(slug, request, monday) | {"version": version}
    answer = sign_in("Clinician").post(decide_at(request, slug), posted)
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    seen = request.version
    request.refresh_from_db()
    assert request.version == seen


@pytest.mark.parametrize(
    "lookup",
    [
        "name__regex=[",
        "email__startswith=p",
        "received_at__year=99999999999",
        "page=99999999999999999999",
        "id__in=1,99999999999999999999",
        "preferred_days__contains=x",
    ],
)
def test_a_filter_in_the_address_that_is_not_on_the_list_is_a_400(
    lookup: str, sign_in: SignIn, monday: datetime
) -> None:
    factories.received(now=monday)
    assert sign_in("Manager").get(f"{LIST}?{lookup}").status_code == 400


@pytest.mark.parametrize("pk", ["abc", "9" * 30])
def test_closed_days_have_no_bulk_actions(pk: str, sign_in: SignIn) -> None:
    posted = {"action": "delete_selected", "_selected_action": pk}
    assert sign_in("Manager").post("/admin/bookings/closedday/", posted).status_code < 500


def test_a_new_wording_takes_over_from_a_retired_one(sign_in: SignIn, monday: datetime) -> None:
    question = factories.question()
    answered = factories.received(flagged=True, now=monday).answers.get()
    posted = {
        "key": question.key,
        "group": question.group.pk,
        "position": 1,
        "wording": "Do you?",
        "why": "Because.",
        "detail_prompt": "what?",
        "level": "red",
        "flags_unsure": "on",
        "asked_first": "on",
        "answered_from": "patient",
        "owner": question.owner.pk,
        "source": "A guideline",
        "review_due": "2027-11-01",
    }
    url = "/admin/bookings/screeningquestion/add/"
    client = sign_in("Manager")
    assert "Stop asking that one first" in client.post(url, posted).content.decode()
    change = f"/admin/bookings/screeningquestion/{question.pk}/change/"
    assert '<div class="readonly">–</div>' in client.get(change).content.decode()
    place = {"group": question.group.pk, "position": question.position}
    client.post(change, place | {"retire": "on", "reason": "Too many.", "wording": "Smuggled?"})
    two_people.agree(Proposal.objects.get(), by=factories.staff("Clinician"), now=monday)
    question.refresh_from_db()
    assert (question.retired_on, question.retired_by) == (monday.date(), "manager")
    assert question.wording == "Do you take a blood thinner?"
    client.post(url, posted)
    current = ScreeningQuestion.objects.current().get(key=question.key)
    assert (current.version, current.wording) == (2, "Do you?")
    answered.refresh_from_db()
    assert answered.question == question


@pytest.mark.parametrize("group", ["Reception", "Clinician", "Editor"])
def test_only_a_manager_changes_what_is_asked(group: str, sign_in: SignIn) -> None:
    question = factories.question()
    sign_in(group).post(
        f"/admin/bookings/screeningquestion/{question.pk}/change/", {"retire": "on"}
    )
    question.refresh_from_db()
    assert question.retired_on is None


def test_a_nul_in_the_sign_in_form_is_no_500(client: Client) -> None:
    posted = {"username": "a\x00b", "password": "a\x00b"}
    assert client.post("/admin/login/", posted).status_code == 200


def test_the_list_by_state_shows_what_the_clock_did(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    at(monday + timedelta(hours=13))
    client = sign_in("Reception")
    assert references(client, f"{LIST}?show=offered") == []
    assert references(client, f"{LIST}?show=lapsed") == [request.reference]


@pytest.mark.parametrize("slug", ["offer", "book"])
def test_the_end_of_time_is_too_far(slug: str, sign_in: SignIn, monday: datetime) -> None:
    request = ready_for(slug, monday)
    far = {"times": [], "other": "9999-12-31T23:50"}
    posted = values_for(slug, request, monday) | far
    content = sign_in("Clinician").post(decide_at(request, slug), posted).content.decode()
    assert "within the next two years" in content


@pytest.mark.parametrize("number", ["9" * 19, "9" * 30, "0", "-1"])
def test_a_strange_number_in_an_address_is_no_500(number: str, sign_in: SignIn) -> None:
    client = sign_in("Clinician")
    assert client.get(f"{LIST}{number}/decide/review/").status_code in {302, 404}
    assert client.get(f"{LIST}{number}/change/").status_code in {302, 404}
    assert client.get(f"{LIST}{number}/history/").status_code in {302, 404}
    assert client.get(f"/admin/procedures/revision/{number}/preview/").status_code in {302, 404}


@pytest.mark.parametrize("slug", DECISIONS)
def test_a_look_at_a_decision_page_decides_nothing(
    slug: str, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = ready_for(slug, monday)
    at(moment_of(slug, monday))
    before = (request.status, request.version)
    sign_in(who_may(slug)).get(decide_at(request, slug))
    request.refresh_from_db()
    assert (request.status, request.version) == before
    assert request.events.order_by("-number")[0].kind == "read it"


# --- Signing in -----------------------------------------------------------------------------


def test_guessing_a_password_is_stopped_before_it_is_hashed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[str] = []
    user = factories.staff("Reception")
    user.set_password("the-right-one")
    user.save()

    def is_wrong(user: Any, raw: str) -> bool:
        checks.append(raw)
        return False

    monkeypatch.setattr("django.contrib.auth.base_user.AbstractBaseUser.check_password", is_wrong)
    codes = [
        client.post(
            "/admin/login/", {"username": "reception", "password": f"guess {n}"}
        ).status_code
        for n in range(8)
    ]
    allowed = door.SIGN_IN_AS_ONE_PERSON.times
    assert codes == [200] * allowed + [429] * (8 - allowed)
    assert len(checks) == allowed


def test_trying_many_names_from_one_place_is_stopped(client: Client) -> None:
    limit = door.SIGN_IN_FROM_ONE_PLACE.times
    codes = [
        client.post("/admin/login/", {"username": f"n{n}", "password": "x"}).status_code
        for n in range(limit + 1)
    ]
    assert codes == [200] * limit + [429]


def test_there_is_one_door() -> None:
    assert isinstance(admin.site, Desk)


@pytest.mark.parametrize(("days", "listed"), [(29, True), (30, True), (31, False), (-5, True)])
def test_safety_questions_to_review_are_on_the_desk(
    days: int, listed: bool, sign_in: SignIn, monday: datetime
) -> None:
    due = timezone.localdate(monday) + timedelta(days=days)
    factories.question(review_due=due)
    content = sign_in("Clinician").get("/admin/").content.decode()
    assert ("Safety questions to review" in content) == listed
    factories.question().__class__.objects.update(retired_on=due, retired_by="manager")
    content = sign_in("Clinician").get("/admin/").content.decode()
    assert "Safety questions to review" not in content


def test_a_ready_made_question_fills_the_box_and_asks_nothing(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client, address = sign_in("Clinician"), decide_at(request, "ask")
    pressed = {"version": request.version, "text": "", "fill": "2"}
    filled = client.post(address, pressed).content.decode()
    assert "Have you had a scan or an X-ray of it" in filled.split("textarea")[1]
    assert not request.questions.exists()
