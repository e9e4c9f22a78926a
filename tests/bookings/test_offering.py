"""Choosing times for a patient: ticks belong to what was listed, and looking decides nothing."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bookings import diary, triage
from bookings.models import AppointmentRequest, Claim, ClosedDay, Closure, Offer
from bookings.status import FlagOutcome, RequestStatus
from tests import factories
from tests.people import ready_for

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
TICKED = re.compile(r'name="times" [^>]*value="(\d+)" checked')


@pytest.fixture
def request_(monday: datetime) -> AppointmentRequest:
    factories.clinician()
    factories.clinician("other", name="Dr Other")
    factories.appointment_type()
    return factories.request_at(RequestStatus.IN_REVIEW, now=monday)


def page(request: AppointmentRequest, slug: str = "offer") -> str:
    return f"/admin/bookings/appointmentrequest/{request.pk}/decide/{slug}/"


def form(request: AppointmentRequest, *starts: datetime, **changes: Any) -> dict[str, Any]:
    kind, doctor = factories.appointment_type(), factories.clinician()
    return {
        "version": request.version,
        "appointment_type": kind.pk,
        "clinician": doctor.pk,
        "listed": f"{kind.pk}-{doctor.pk}",
        "times": [str(int(each.timestamp())) for each in starts],
        "other": "",
        "held_until": "",
        **changes,
    }


@pytest.mark.parametrize("look", ["from", "later"])
def test_a_look_decides_nothing_and_keeps_what_was_ticked(
    look: str, request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    chosen = factories.tomorrow(2, now=monday)
    posted = form(request_, chosen, look=look, from_day="2026-11-23")
    content = sign_in("Reception").post(page(request_), posted).content.decode()
    assert TICKED.findall(content) == [str(int(chosen.timestamp()))]
    assert "There is a problem" not in content
    assert ("Tuesday 8 December 2026" in content) == (look == "later")
    assert not Claim.objects.exists()
    request_.refresh_from_db()
    assert request_.status == RequestStatus.IN_REVIEW


def test_another_clinician_is_shown_before_anything_is_offered(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    """Another clinician was chosen in the list, but the screen still has the first one's times."""
    other = factories.clinician("other")
    posted = form(request_, factories.tomorrow(2, now=monday), clinician=other.pk)
    client = sign_in("Reception")
    content = client.post(page(request_), posted).content.decode()
    assert (
        "You changed the clinician or the appointment type after these times were listed."
        in content
    )
    assert "Free times with Dr Other" in content
    assert TICKED.findall(content) == []
    assert not Offer.objects.exists()
    listed = f"{factories.appointment_type().pk}-{other.pk}"
    said = client.post(page(request_), posted | {"listed": listed}, follow=True).content.decode()
    assert Offer.objects.get().clinician == other
    assert "Offered with Dr Other: Tue 24 Nov 12:00." in said


def test_ticks_do_not_move_to_somebody_who_has_no_free_time_at_all(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    other = factories.clinician("other")
    Closure.objects.create(
        resource=diary.resource_of(other), starts=monday, ends=monday + timedelta(days=90)
    )
    posted = form(request_, factories.tomorrow(2, now=monday), clinician=other.pk)
    content = sign_in("Reception").post(page(request_), posted).content.decode()
    assert "You changed the clinician or the appointment type" in content
    assert "There are no free times in these two weeks." in content


def test_a_day_that_cannot_be_read_is_said_to_be_none(
    request_: AppointmentRequest, sign_in: SignIn
) -> None:
    """It is not that nobody has a free time."""
    posted = form(request_, look="from", from_day="soon")
    content = sign_in("Reception").post(page(request_), posted).content.decode()
    assert content.count("Enter a date, for example 1/12/2026.") == 1
    assert 'value="soon"' in content
    assert "There are no free times" not in content


@pytest.mark.parametrize("day", ["soon", "9999-12-31", ""])
def test_a_day_that_is_none_is_no_fault(
    day: str, request_: AppointmentRequest, sign_in: SignIn
) -> None:
    posted = form(request_, look="later", from_day=day)
    assert sign_in("Reception").post(page(request_), posted).status_code == 200


@pytest.mark.parametrize(
    ("days", "ends"),
    [
        (7, "2026-11-25T10:00:00+00:00"),  # two days of the desk from Monday, ten o'clock
        (1, "2026-11-24T10:00:00+00:00"),  # two hours before the only time
    ],
)
def test_times_are_held_for_two_days_of_the_desk_and_not_up_to_the_first(
    days: int, ends: str, request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    first = monday + timedelta(days=days, hours=2)
    sign_in("Reception").post(page(request_), form(request_, first))
    assert Offer.objects.get().held_until == datetime.fromisoformat(ends)


def test_a_time_that_is_too_near_is_for_the_phone(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    near = form(request_, monday + timedelta(hours=3))
    content = sign_in("Reception").post(page(request_), near).content.decode()
    assert "phone the patient and book directly" in content
    assert not Offer.objects.exists()


def test_nothing_suits_by_itself_once_they_said_what_else_would(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.BOOKED_IN_REVIEW, now=monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(
        preferred_times=["morning", "afternoon"]
    )
    client = sign_in("Reception")
    AppointmentRequest.objects.filter(pk=request.pk).update(wishes="")
    assert "suits them" in client.get(page(request)).content.decode()
    AppointmentRequest.objects.filter(pk=request.pk).update(wishes="Not before December.")
    assert "suits them" not in client.get(page(request)).content.decode()


# --- What stands out on the screen of a request ------------------------------------------------


@pytest.mark.parametrize(
    ("status", "label"),
    [
        (RequestStatus.RECEIVED, "Offer times"),
        (RequestStatus.IN_REVIEW, "Offer times"),
        (RequestStatus.BOOKED_IN_REVIEW, "Offer times"),
        (RequestStatus.OFFERED, "Book one of the offered times"),
        (RequestStatus.BOOKED, "Move by phone"),
        (RequestStatus.DECLINED, "Undo"),
        (RequestStatus.WITHDRAWN, None),
    ],
)
def test_only_what_usually_comes_next_stands_out(
    status: RequestStatus, label: str | None, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    content = sign_in("Reception").get(url).content.decode()
    assert re.findall(r'<a class="button"\s+href="[^"]+">([^<]+)', content) == (
        [label] if label else []
    )


def test_while_a_flag_is_open_its_outcome_comes_next(sign_in: SignIn, monday: datetime) -> None:
    request = ready_for("resolve-flag", monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    content = sign_in("Clinician").get(url).content.decode()
    assert '">Offer times</a>' not in content
    assert re.findall(r'<a class="button"\s+href="[^"]+">([^<]+)', content) == ["Record an outcome"]


def test_every_page_of_a_decision_says_who_it_is_about(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.BOOKED, now=monday)
    content = sign_in("Reception").get(page(request, "cancel")).content.decode()
    for said in ("Pat Sample", "31 January 1970", "020 7946 0958", "Tue 24 Nov 2026"):
        assert said in content


def test_looks_in_a_row_are_one_line_of_the_journal(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/?show=looks"
    client = sign_in("Reception")
    for _ in range(3):
        content = client.get(url).content.decode()
    assert content.count("read it") == 1
    assert "3 times" in content
    assert request.events.filter(kind="read it").count() == 3


def test_a_note_for_the_day_is_in_the_diary_and_on_the_list(
    sign_in: SignIn, monday: datetime
) -> None:
    request = ready_for("resolve-flag", monday)
    flag = request.flags.get()
    by = factories.staff("Clinician")
    noted = {"outcome": FlagOutcome.PROCEED_WITH_NOTE, "reason": "Check the INR."}
    triage.resolve_flag(flag, version=request.version, by=by, now=monday, **noted)
    request.refresh_from_db()
    triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=factories.tomorrow(2, now=monday),
        by=by,
        now=monday,
    )
    appointment = request.appointments.get()
    asked = {"day": f"{appointment.starts:%Y-%m-%d}", "appointment": f"{appointment.pk}"}
    client = sign_in("Reception")
    for name in ("day", "list"):
        url = f"/admin/bookings/appointmentrequest/diary/{name}/"
        assert "Check the INR." in client.get(url, asked).content.decode()


# --- What the form opens on -----------------------------------------------------------------------


@pytest.fixture
def with_another(request_: AppointmentRequest, monday: datetime) -> AppointmentRequest:
    """A request booked with the list's second clinician, for the second type of appointment."""
    triage.book(
        request_,
        version=request_.version,
        appointment_type=factories.appointment_type(45),
        clinician=factories.clinician("other"),
        starts=factories.tomorrow(2, now=monday),
        by=factories.staff("Reception"),
        now=monday,
    )
    return request_


NOT_AS_IT_IS = "This changes the visit"


@pytest.mark.parametrize("slug", ["move", "offer"])
def test_other_times_open_on_the_clinician_and_the_type_of_the_appointment(
    slug: str, with_another: AppointmentRequest, sign_in: SignIn
) -> None:
    content = sign_in("Reception").get(page(with_another, slug)).content.decode()
    assert "Free times with Dr Other" in content
    kind = factories.appointment_type(45)
    assert f'<option value="{kind.pk}" selected>' in content
    assert NOT_AS_IT_IS not in content


def test_an_offer_that_did_not_suit_is_followed_by_one_of_the_same_kind(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    factories.offer(request_, doctor="other", now=monday)
    triage.ask_for_other_times(request_, version=request_.version, wishes="", now=monday)
    content = sign_in("Reception").get(page(request_)).content.decode()
    assert "Free times with Dr Other" in content
    assert NOT_AS_IT_IS not in content


def test_what_would_change_is_said_beside_the_button(
    with_another: AppointmentRequest, sign_in: SignIn
) -> None:
    posted = form(with_another, look="from")
    content = sign_in("Reception").post(page(with_another, "move"), posted).content.decode()
    said = content[content.index(NOT_AS_IT_IS) :]
    assert "Assessment of 30 (30 minutes) instead of Assessment of 45 (45 minutes)" in said
    assert "Dr Clinician, Consultant instead of Dr Other, Consultant" in said
    assert said.index("instead of") < said.index("<button")


def test_a_new_request_has_nothing_to_differ_from(
    request_: AppointmentRequest, sign_in: SignIn
) -> None:
    content = sign_in("Reception").get(page(request_)).content.decode()
    assert "Free times with Dr" in content
    assert NOT_AS_IT_IS not in content


def test_a_clinician_who_has_left_is_replaced_and_that_is_said(
    with_another: AppointmentRequest, sign_in: SignIn
) -> None:
    factories.clinician("other").clinicsession_set.all().delete()
    content = sign_in("Reception").get(page(with_another, "offer")).content.decode()
    assert "Free times with Dr Clinician" in content
    assert "Dr Clinician, Consultant instead of Dr Other, Consultant" in content


# --- Times that are ticked already ----------------------------------------------------------------


def ticked(content: str) -> list[datetime]:
    return [datetime.fromtimestamp(int(each), tz=UTC) for each in TICKED.findall(content)]


def test_the_first_suiting_times_of_two_days_are_ticked_and_two_presses_offer_them(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    AppointmentRequest.objects.update(
        preferred_days=["tuesday", "thursday"], preferred_times=["afternoon"]
    )
    client = sign_in("Reception")
    content = client.get(page(request_)).content.decode()
    first, second = ticked(content)
    assert (f"{first:%A %H}", f"{second:%A %H}") == ("Tuesday 12", "Thursday 12")
    assert first - monday < timedelta(days=2)
    posted = form(request_, first)
    posted |= {"times": [str(int(each.timestamp())) for each in (first, second)]}
    client.post(page(request_), posted)
    assert [time.starts for time in Offer.objects.get().times.order_by("starts")] == [first, second]


def test_on_one_day_two_times_are_ticked(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    AppointmentRequest.objects.update(preferred_days=["tuesday"], preferred_times=["afternoon"])
    ClosedDay.objects.create(day=date(2026, 12, 1), reason="Training")
    first, second = ticked(sign_in("Reception").get(page(request_)).content.decode())
    assert first.date() == second.date() == date(2026, 11, 24)


def test_nothing_is_ticked_where_nothing_suits_or_somebody_has_to_read(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    AppointmentRequest.objects.update(preferred_days=[], preferred_times=["afternoon"])
    assert ticked(client.get(page(request_)).content.decode()) == []
    AppointmentRequest.objects.update(preferred_days=["tuesday"], wishes="After 14:00.")
    assert ticked(client.get(page(request_)).content.decode()) == []


def test_what_was_unticked_stays_so(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    AppointmentRequest.objects.update(preferred_days=["tuesday"], preferred_times=["afternoon"])
    posted = form(request_, monday) | {"times": [], "look": "from"}
    content = sign_in("Reception").post(page(request_), posted).content.decode()
    assert ticked(content) == []


def test_two_wrong_dates_are_named_apart(
    request_: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    posted = form(request_, other="soon", held_until="later")
    content = sign_in("Reception").post(page(request_), posted).content.decode()
    summary = content.partition('id="error-summary-title"')[2].partition("</div>")[0]
    wrong = "Enter a date and a time, for example 1/12/2026 10:30."
    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', summary) == [
        ("id_other", f"Another time within a clinic session (optional): {wrong}"),
        ("id_held_until", f"Hold until (optional): {wrong}"),
    ]
    alone = sign_in("Reception").post(page(request_), form(request_, other="soon"))
    assert f'<a href="#id_other">{wrong}</a>' in alone.content.decode()


def test_a_move_says_what_it_was_before(
    with_another: AppointmentRequest, sign_in: SignIn, monday: datetime
) -> None:
    with_another.refresh_from_db()
    posted = form(with_another, factories.tomorrow(4, now=monday))
    moved = sign_in("Reception").post(page(with_another, "move"), posted, follow=True)
    before = "It was Tuesday 24 November at 12:00."
    assert "Moved. Now with Dr Clinician: Tuesday 24 November 2026 at 14:00. " + before in (
        moved.content.decode()
    )


def test_an_outcome_says_which(sign_in: SignIn, monday: datetime) -> None:
    request = ready_for("resolve-flag", monday)
    posted = {
        "version": request.version,
        "flag": request.flags.get().pk,
        "outcome": FlagOutcome.NOT_SUITABLE,
        "reason": "Too soon after surgery.",
    }
    decided = sign_in("Clinician").post(page(request, "resolve-flag"), posted, follow=True)
    assert f"Outcome recorded: {FlagOutcome.NOT_SUITABLE.label.lower()}." in (
        decided.content.decode()
    )
