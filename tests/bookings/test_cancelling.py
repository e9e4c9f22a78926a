"""Cancelling: whose wish it was, what the patient reads, and what can be undone for a moment."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import journal, messages, triage
from bookings.desk.forms.decisions import OFTEN_ASKED, STOCK_REASONS
from bookings.models import Appointment, AppointmentRequest, Claim, Closure
from bookings.status import (
    PATIENT,
    CancelledBy,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TimeTaken,
    TriageRefused,
)
from bookings.status.events import Event, told_patient
from tests import factories
from tests.people import book_instead, booked, decide_at, page_of, waiting

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
MINUTE = timedelta(minutes=1)


def cancel(
    request: AppointmentRequest, now: datetime, side: str = CancelledBy.CLINIC, reason: str = "Ill."
) -> Appointment:
    return triage.cancel(
        request,
        version=request.version,
        by=factories.staff("Reception"),
        now=now,
        reason=reason,
        cancelled_by=side,
    )


def undo(request: AppointmentRequest, now: datetime) -> AppointmentRequest:
    request.refresh_from_db()
    by = factories.staff("Reception")
    return triage.undo(request, version=request.version, by=by, now=now)


def statuses(request: AppointmentRequest, kind: MessageKind) -> list[str]:
    return list(request.messages.filter(kind=kind).order_by("pk").values_list("status", flat=True))


# --- Whose wish -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by_patient", "side", "kept", "kind", "told"),
    [
        (True, CancelledBy.CLINIC, "patient", Event.CANCELLED, "You cancelled the visit."),
        (False, CancelledBy.CLINIC, "clinic", Event.CANCELLED, "We cancelled the visit."),
        (
            False,
            CancelledBy.PATIENT,
            "patient",
            Event.CANCELLED_FOR_PATIENT,
            "We cancelled the visit, as you asked.",
        ),
    ],
)
def test_whose_wish_it_was_is_kept_and_told(
    by_patient: bool, side: str, kept: str, kind: Event, told: str, at: Any, monday: datetime
) -> None:
    request = booked(monday)
    by = PATIENT if by_patient else factories.staff("Reception")
    appointment = triage.cancel(
        request, version=request.version, by=by, now=monday, cancelled_by=side
    )
    event = request.events.order_by("-number")[0]
    assert (appointment.cancelled_by, event.kind) == (kept, kind)
    assert told_patient(event.kind, event.by) == told
    at(monday + 3 * MINUTE)
    messages.send_due()
    (letter,) = (each for each in mail.outbox if "cancelled" in each.subject)
    assert told in letter.body


def test_a_patient_who_cancels_on_the_phone_is_not_phoned_about_it(monday: datetime) -> None:
    for side, channels in ((CancelledBy.PATIENT, []), (CancelledBy.CLINIC, ["phone"])):
        request = booked(monday, days=7 if channels else 8)
        AppointmentRequest.objects.filter(pk=request.pk).update(email="")
        request.refresh_from_db()
        cancel(request, monday, side)
        about = request.messages.filter(kind=MessageKind.CANCELLED)
        assert list(about.values_list("channel", flat=True)) == channels


# --- The page -------------------------------------------------------------------------------


def posted(request: AppointmentRequest, **values: str) -> dict[str, Any]:
    return {"version": request.version, **values}


def test_their_cancellation_needs_no_letter(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    client = sign_in("Reception")
    page = client.get(decide_at(request, "cancel")).content.decode()
    assert 'value="patient" id="id_cancelled_by_0" checked' in page
    client.post(decide_at(request, "cancel"), posted(request, cancelled_by="patient"))
    request.refresh_from_db()
    assert (request.status, request.ended_reason) == (RequestStatus.CLOSED, "")
    assert "They cancelled on" in client.get(page_of(request)).content.decode()


def test_ours_does_and_a_ready_made_sentence_fills_it_in(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    client = sign_in("Reception")
    address = decide_at(request, "cancel")
    ours = posted(request, cancelled_by="clinic", reason="")
    assert "Write why we cancel." in client.post(address, ours).content.decode()
    filled = client.post(address, ours | {"fill": "1"}).content.decode()
    assert (
        "We have had to close the clinic on that day. We are sorry." in filled.split("textarea")[1]
    )
    assert 'value="clinic" id="id_cancelled_by_1" checked' in filled
    request.refresh_from_db()
    assert request.status == RequestStatus.BOOKED
    client.post(address, ours | {"reason": "The roof leaks."})
    request.refresh_from_db()
    assert (request.status, request.ended_reason) == (RequestStatus.CLOSED, "The roof leaks.")
    assert "We cancelled on" in client.get(page_of(request)).content.decode()


@pytest.mark.parametrize(
    ("slug", "box", "ready"), [("ask", "text", OFTEN_ASKED), ("cancel", "reason", STOCK_REASONS)]
)
def test_a_ready_made_sentence_replaces_nothing_that_somebody_typed(
    slug: str, box: str, ready: list[str], sign_in: SignIn, monday: datetime
) -> None:
    request = booked(monday) if slug == "cancel" else factories.received(now=monday)
    client = sign_in("Reception")

    def then(typed: str, pressed: str) -> str:
        answer = client.post(decide_at(request, slug), {box: typed, "fill": pressed})
        [written] = re.findall(
            r"<textarea[^>]*>(.*?)</textarea>", answer.content.decode(), re.DOTALL
        )
        return html.unescape(written).strip()

    assert then("", "0") == ready[0]
    assert then("I saw your note.", "1") == f"I saw your note.\n{ready[1]}"
    assert then(f"I saw your note.\n{ready[1]}", "1") == f"I saw your note.\n{ready[1]}"
    # Nobody wrote what only a press filled in.
    assert then(ready[0], "1") == ready[1]
    assert then("I saw your note.", "99") == "I saw your note."


@pytest.mark.parametrize("pressed", ["", "9", "x", "-1"])
def test_a_strange_button_fills_in_nothing(pressed: str, sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    answer = sign_in("Reception").post(decide_at(request, "cancel"), {"fill": pressed})
    assert "We are sorry" not in answer.content.decode().split("textarea")[1]


def test_who_cancels_has_to_be_said(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    answer = sign_in("Reception").post(decide_at(request, "cancel"), posted(request))
    assert "Choose who cancels." in answer.content.decode()


def test_a_lost_clinic_is_our_cancellation(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    appointment = request.appointments.get()
    Closure.objects.create(
        resource=appointment.clinician.resource,
        starts=appointment.starts - MINUTE,
        ends=appointment.ends,
        reason="Ill",
    )
    page = sign_in("Reception").get(decide_at(request, "cancel")).content.decode()
    assert 'value="clinic" id="id_cancelled_by_1" checked' in page


# --- Undone in time -------------------------------------------------------------------------


def test_a_cancellation_that_is_undone_reaches_nobody(at: Any, monday: datetime) -> None:
    request = booked(monday)
    before = set(Claim.objects.values_list("resource", "cell", "appointment"))
    cancel(request, monday)
    at(monday + 2 * MINUTE)
    messages.send_due()
    assert statuses(request, MessageKind.CANCELLED) == [MessageStatus.QUEUED]
    undo(request, monday + 2 * MINUTE)
    assert statuses(request, MessageKind.CANCELLED) == [MessageStatus.DROPPED]
    assert (request.status, request.ended_at, request.ended_by, request.ended_reason) == (
        RequestStatus.BOOKED,
        None,
        None,
        "",
    )
    assert set(Claim.objects.values_list("resource", "cell", "appointment")) == before
    assert request.appointments.get().cancelled_by == ""
    undone = request.events.latest("number")
    assert (undone.kind, undone.by, undone.at) == (
        Event.CANCEL_UNDONE,
        "reception",
        monday + 2 * MINUTE,
    )
    at(monday + 10 * MINUTE)
    messages.send_due()
    assert statuses(request, MessageKind.CANCELLED) == [MessageStatus.DROPPED]
    assert "cancelled" not in str([each.subject for each in mail.outbox])
    assert journal.chain_is_whole(request)


def test_a_refusal_that_is_undone_reaches_nobody(at: Any, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    undo(request, monday + MINUTE)
    assert statuses(request, MessageKind.DECLINED) == [MessageStatus.DROPPED]
    assert (request.status, request.ended_at, request.ended_by, request.ended_reason) == (
        RequestStatus.IN_REVIEW,
        None,
        None,
        "",
    )
    undone = request.events.latest("number")
    assert (undone.kind, undone.by, undone.at) == (
        Event.DECLINE_UNDONE,
        "reception",
        monday + MINUTE,
    )
    at(monday + 10 * MINUTE)
    messages.send_due()
    assert statuses(request, MessageKind.DECLINED) == [MessageStatus.DROPPED]


def test_what_nobody_refused_is_not_undone(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    with pytest.raises(Overtaken, match="Reception asked a question"):
        undo(request, monday + MINUTE)
    assert request.status == RequestStatus.QUESTION_ASKED


def test_an_offer_that_is_taken_back_reaches_nobody(at: Any, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    by = factories.staff("Reception")
    triage.take_offer_back(request, version=request.version, by=by, now=monday + MINUTE)
    factories.offer(request, now=monday + 2 * MINUTE)
    at(monday + 10 * MINUTE)
    messages.send_due()
    assert statuses(request, MessageKind.OFFER) == [MessageStatus.DROPPED, MessageStatus.SENT]


@pytest.mark.parametrize("seconds", [180, 3600])
@pytest.mark.parametrize("status", [RequestStatus.CLOSED, RequestStatus.DECLINED])
def test_after_three_minutes_it_is_too_late(
    status: RequestStatus, seconds: int, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    late = monday + timedelta(seconds=seconds)
    assert triage.can_be_undone(request, late - timedelta(seconds=seconds) + 2 * MINUTE)
    assert not triage.can_be_undone(request, late)
    with pytest.raises(TriageRefused, match="cannot be undone any more"):
        undo(request, late)
    assert request.status == status


def test_so_it_is_once_somebody_has_been_told(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.CLOSED, now=monday)
    request.messages.filter(kind=MessageKind.CANCELLED).update(tries=1)
    with pytest.raises(TriageRefused, match="cannot be undone any more"):
        undo(request, monday + MINUTE)
    assert statuses(request, MessageKind.CANCELLED) == [MessageStatus.QUEUED]
    assert request.status == RequestStatus.CLOSED


def test_what_a_patient_cancelled_is_theirs(monday: datetime) -> None:
    request = booked(monday)
    triage.cancel(request, version=request.version, by=PATIENT, now=monday)
    assert not triage.can_be_undone(request, monday + MINUTE)
    with pytest.raises(TriageRefused):
        undo(request, monday + MINUTE)


def test_a_visit_that_has_been_is_no_cancellation(monday: datetime) -> None:
    """What a colleague noted of it is taken back on the page of the visit."""
    request, by = booked(monday, days=1), factories.staff("Reception")
    assert not triage.can_be_undone(request, monday)
    then = request.appointments.get().starts + MINUTE
    triage.record_attendance(request, version=request.version, came=False, by=by, now=then)
    assert request.status == RequestStatus.CLOSED
    assert not triage.can_be_undone(request, then + MINUTE)


def test_a_time_that_somebody_else_has_is_not_taken_from_them(monday: datetime) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    cancel(request, monday)
    book_instead(factories.request_at(RequestStatus.IN_REVIEW, now=monday), starts, monday)
    with pytest.raises(TimeTaken):
        undo(request, monday + MINUTE)
    assert request.status == RequestStatus.CLOSED


def test_an_open_flag_is_still_open_after_an_undo(monday: datetime) -> None:
    request = booked(monday)
    factories.flag(request, now=monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(status="booked_in_review")
    request.refresh_from_db()
    cancel(request, monday)
    undo(request, monday + MINUTE)
    assert request.status == RequestStatus.BOOKED_IN_REVIEW
    assert [flag.outcome for flag in request.flags.all()] != [FlagOutcome.PROCEED]


def test_the_cancellation_list_waits_until_it_is_certain(monday: datetime) -> None:
    request, other = booked(monday, days=7), waiting(monday, days=9, email="o@example.org")
    AppointmentRequest.objects.filter(pk=other.pk).update(
        preferred_days=["monday"], preferred_times=["morning", "afternoon"]
    )
    cancel(request, monday)
    triage.pass_on_freed_times(monday + 2 * MINUTE)
    assert not other.offers.filter(status=OfferStatus.OPEN).exists()
    triage.pass_on_freed_times(monday + 3 * MINUTE)
    assert other.offers.filter(status=OfferStatus.OPEN).exists()


def test_the_page_offers_the_undo_for_as_long_as_it_works(
    sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = booked(monday)
    client = sign_in("Reception")
    client.post(decide_at(request, "cancel"), posted(request, cancelled_by="patient"))
    request.refresh_from_db()
    assert decide_at(request, "undo") in client.get(page_of(request)).content.decode()
    said = client.post(decide_at(request, "undo"), posted(request), follow=True).content.decode()
    assert "Undone. The appointment is booked again" in said
    request.refresh_from_db()
    client.post(decide_at(request, "cancel"), posted(request, cancelled_by="patient"))
    at(monday + 3 * MINUTE)
    client.force_login(factories.staff("Reception"))
    assert decide_at(request, "undo") not in client.get(page_of(request)).content.decode()
