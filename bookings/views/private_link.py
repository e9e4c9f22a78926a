"""The page behind the private link."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bookings import links, triage
from bookings.forms.patient import AnswerQuestionForm, IdentifyForm, SeenForm
from bookings.models import AppointmentRequest
from bookings.screening import questions_to_ask_again
from bookings.status import WITHDRAWABLE
from bookings.views.choosing import choose_form
from bookings.views.given import given_page
from bookings.views.guards import (
    act,
    behind_link,
    is_identified,
    link_needed,
    only_by_press,
    open_in_session,
)
from procedures import rate_limits

# What a patient reads of the journal. Events that are not here are the clinic's own.
PUBLIC_EVENTS = {
    "sent the request": "You sent your request.",
    "took it into review": "We began to look at it.",
    "asked a question": "We asked you a question.",
    "answered the question": "You answered our question.",
    "offered times": "We offered you times.",
    "asked for other times": "You asked for other times.",
    "booked the appointment": "Your appointment was booked.",
    "asked for another time": "You asked for another time.",
    "offered other times": "We offered you other times.",
    "offered an earlier time": "We offered you an earlier time.",
    "moved the appointment": "Your appointment was moved.",
    "gave an answer to look at": "You answered our questions again.",
    "answered the safety questions again": "You answered our questions again.",
    "kept the appointment": "You kept your appointment.",
    "left the appointment as it is": "Your appointment stays as it is.",
    "let the other times go": "The time to reply ended; your appointment stays as it is.",
    "took the offer back": "We took the offered times back, to find others.",
    "joined the earlier-time list": "You told us that you would come earlier.",
    "left the earlier-time list": "You told us that you do not need an earlier time.",
    "deferred it": "We put your request aside until a later day.",
    "came back on its day": "Your request came back to us.",
    "declined it": "We answered your request.",
    "changed how to be reached": "You changed how we reach you.",
    "withdrew it": "You withdrew your request.",
    "let it lapse": "The time to reply ended.",
    "cancelled the appointment": "The appointment was cancelled.",
    "saw the patient": "The appointment took place.",
    "recorded that the patient did not come": "The appointment was missed.",
}


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a short session, and its secret address for a clean one."""
    now = timezone.now()
    found = links.follow(token, now)
    if found is None:
        address = rate_limits.client_address(request)
        if not rate_limits.spend(rate_limits.OPEN_UNKNOWN_LINK, address, now):
            return render(request, "errors/429.html", status=429)
        return link_needed(request)
    request.session.cycle_key()
    open_in_session(request, found)
    return redirect("bookings:mine", found.reference)


@require_safe
def glued_link(request: HttpRequest, token: str) -> HttpResponse:
    """A link with the sign that stood behind it in the letter: lead to the link itself."""
    return redirect("bookings:open_link", token)


@require_safe
@behind_link
def mine(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Where the request stands, what comes next and by when."""
    now = timezone.now()
    state = found.state(now)
    request.session.pop("wanted", None)
    # Chosen before the date of birth was asked for.
    chosen = request.session.get("chosen", "")
    standing = found.offers.standing(now).select_related("appointment_type", "clinician")
    offer = standing.prefetch_related("times").first()
    with_whom = found.appointments.select_related("clinician", "appointment_type", "room__location")
    appointment = with_whom.order_by("-pk").first()
    context = {
        "found": found,
        "state": state,
        "can_withdraw": state in WITHDRAWABLE,
        "can_keep": not found.flags.blocking().exists(),
        "is_soon": triage.is_soon(appointment, now),
        "offer": offer,
        "choose": choose_form(found, offer, chosen=chosen) if offer else None,
        "appointment": appointment,
        "cancel_until": triage.cancel_until(appointment) if appointment else None,
        "can_cancel": bool(appointment) and now < triage.cancel_until(appointment),
        "ask_again": triage.is_soon(appointment, now) and questions_to_ask_again(found, now),
        "identified": is_identified(request, found),
        "has_given": bool(appointment and appointment.given_id),
        "given": is_identified(request, found) and given_page(found, appointment, now),
        "question": found.questions.order_by("-pk").first(),
        "answer_form": AnswerQuestionForm(initial={"version": found.version}),
        "past": [
            (event.at, PUBLIC_EVENTS[event.kind])
            for event in found.events.order_by("number")
            if event.kind in PUBLIC_EVENTS
        ],
    }
    return render(request, "bookings/mine/request.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
def identify(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for the date of birth before anything private is shown. Five tries a day, then phone."""
    form = IdentifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        limit = rate_limits.GIVE_DATE_OF_BIRTH
        if not rate_limits.spend(limit, found.link_key, timezone.now()):
            return render(request, "errors/429.html", status=429)
        if form.cleaned_data["date_of_birth"] == found.date_of_birth:
            request.session["identified"] = [
                *request.session.get("identified", []),
                found.reference,
            ]
            wanted = request.session.pop("wanted", "mine")
            return redirect(f"bookings:{wanted}", found.reference)
        form.add_error(
            "date_of_birth",
            "This is not the date of birth that we have. Check that it is the one of the person who "
            "needs the appointment, or ring us.",
        )
    return render(request, "bookings/mine/identify.html", {"form": form, "found": found})


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
def withdraw(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask once more, then withdraw."""
    form = SeenForm(request.POST or None, initial={"version": found.version})
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        return act(
            request, found, lambda: triage.withdraw(found, version=version, now=timezone.now())
        )
    context = {"form": form, "found": found, "can": found.state(timezone.now()) in WITHDRAWABLE}
    return render(request, "bookings/mine/withdraw.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
@only_by_press
def answer_question(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Answer the clinic's question."""
    if not is_identified(request, found):
        return redirect("bookings:identify", found.reference)
    form = AnswerQuestionForm(request.POST)
    if not form.is_valid():
        question = found.questions.order_by("-pk").first()
        context = {"form": form, "found": found, "question": question}
        return render(request, "bookings/mine/answer.html", context)
    values = form.cleaned_data
    return act(
        request,
        found,
        lambda: triage.answer_question(
            found, version=values["version"], text=values["text"], now=timezone.now()
        ),
    )
