"""A booked appointment behind the private link."""

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from bookings import triage
from bookings.diary.calendar_files import invitation
from bookings.models import AppointmentRequest, VisitAnswer
from bookings.patients.forms.private_link import (
    AfterVisitForm,
    AnotherTimeForm,
    CancelForm,
)
from bookings.patients.progress import has_lost_time, kept_times
from bookings.patients.views.guards import (
    act,
    ask_once_more,
    behind_link,
    identified_first,
    identify_first,
    is_identified,
    only_by_press,
    posted_or_given_back,
    press,
)
from bookings.status import PATIENT, RequestStatus
from procedures.ground.forms import get_or_post


@get_or_post
@behind_link
@identified_first
def cancel(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask once more, then cancel the appointment."""
    now = timezone.now()
    appointment = triage.booked_appointment(found)
    if appointment is None:
        return redirect("bookings:mine", found.reference)
    return ask_once_more(
        request,
        found,
        "bookings/mine/cancel.html",
        partial(triage.cancel, by=PATIENT),
        form=CancelForm,
        typed_on="cancel",
        appointment=appointment,
        is_lost=has_lost_time(found, now),
        can=now < triage.cancel_until(appointment),
    )


@get_or_post
@behind_link
def another_time(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for another time. The patient keeps the old one until they take another."""
    now = timezone.now()
    appointment = triage.booked_appointment(found)
    if appointment is None or found.state(now) != RequestStatus.BOOKED:
        return redirect("bookings:mine", found.reference)
    return ask_once_more(
        request,
        found,
        "bookings/mine/another_time.html",
        triage.ask_for_another_time,
        form=AnotherTimeForm,
        typed_on="another_time",
        appointment=appointment,
        is_lost=has_lost_time(found, now),
        can=now < triage.cancel_until(appointment),
    )


@get_or_post
@behind_link
@only_by_press
def keep(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Keep the time that the patient has. It gives offered times back, so it asks who it is."""
    if found.offers.standing(timezone.now()).exists() and not is_identified(request, found):
        once_more = gettext("To keep your booked time, press “Keep this time” once more.")
        messages.info(request, once_more)
        return identify_first(request, found)
    return press(request, found, triage.keep_appointment)


@get_or_post
@behind_link
@identified_first
def undo(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask once more, then give the patient back what they gave back."""
    return ask_once_more(
        request,
        found,
        "bookings/mine/undo.html",
        partial(triage.undo_giving_back, by=PATIENT),
        **kept_times(found, timezone.now()),
    )


@get_or_post
@behind_link
@only_by_press
def join_earlier(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask to be offered earlier times that become free."""
    return press(request, found, partial(triage.join_earlier_list, by=PATIENT))


@get_or_post
@behind_link
@only_by_press
def leave_earlier(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Stop offering earlier times."""
    return press(request, found, partial(triage.leave_earlier_list, by=PATIENT))


@get_or_post
@behind_link
def afterwards(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """One short question after the visit. The date of birth comes first."""
    if not is_identified(request, found):
        return identify_first(request, found)
    if VisitAnswer.objects.filter(request=found).exists() or not triage.was_seen(found):
        return redirect("bookings:mine", found.reference)
    form = AfterVisitForm(posted_or_given_back(request, found))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        return act(
            request,
            found,
            lambda: triage.answer_about_visit(found, **values, now=timezone.now()),
            typed_on="afterwards",
        )
    return render(request, "bookings/mine/afterwards.html", {"form": form, "found": found})


@require_safe
@behind_link
def calendar_file(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """The appointment for the patient's own calendar."""
    appointment = found.appointments.order_by("pk").last()
    if appointment is None:
        return redirect("bookings:mine", found.reference)
    response = HttpResponse(invitation(appointment), content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return response
