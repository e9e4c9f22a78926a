"""The page behind the private link."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bookings import links, triage
from bookings.forms.patient import (
    AnswerQuestionForm,
    ChooseTimeForm,
    IdentifyForm,
    SeenForm,
)
from bookings.models import AppointmentRequest, Offer, OfferedTime
from bookings.status import WITHDRAWABLE, TriageRefused
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
    "kept the appointment": "You kept your appointment.",
    "left the appointment as it is": "Your appointment stays as it is.",
    "let the other times go": "The time to reply ended; your appointment stays as it is.",
    "took the offer back": "We took the offered times back, to find others.",
    "joined the earlier-time list": "You told us that you would come earlier.",
    "left the earlier-time list": "You told us that you do not need an earlier time.",
    "deferred it": "We put your request aside until a later day.",
    "came back on its day": "Your request came back to us.",
    "declined it": "We answered your request.",
    "withdrew it": "You withdrew your request.",
    "let it lapse": "The time to reply ended.",
    "cancelled the appointment": "The appointment was cancelled.",
    "saw the patient": "You came to your appointment.",
    "recorded that the patient did not come": "You did not come to your appointment.",
}


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a short session, and its secret address for a clean one."""
    found = links.follow(token)
    if found is None:
        address = rate_limits.client_address(request)
        if not rate_limits.spend(rate_limits.OPEN_UNKNOWN_LINK, address, timezone.now()):
            return render(request, "errors/429.html", status=429)
        return _link_needed(request)
    request.session.cycle_key()
    open_in_session(request, found)
    return redirect("bookings:mine", found.reference)


PatientView = Callable[[HttpRequest, AppointmentRequest], HttpResponse]


def behind_link(view: PatientView) -> Callable[..., HttpResponse]:
    """Let in only who opened the private link in this session, and only while the link stands."""

    @wraps(view)
    def guarded(request: HttpRequest, reference: str) -> HttpResponse:
        opened = request.session.get("opened", {})
        found = AppointmentRequest.objects.filter(
            reference=reference, link_version=opened.get(reference)
        ).first()
        return view(request, found) if found else _link_needed(request)

    return guarded


def only_by_press(view: PatientView) -> PatientView:
    """An address that is only posted to leads a mere look back to the request."""

    @wraps(view)
    def guarded(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
        if request.method != "POST":
            return redirect("bookings:mine", found.reference)
        return view(request, found)

    return guarded


@require_safe
@behind_link
def mine(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Where the request stands, what comes next and by when."""
    now = timezone.now()
    state = found.state(now)
    offer = found.offers.standing(now).prefetch_related("times").first()
    with_whom = found.appointments.select_related("clinician", "appointment_type", "room__location")
    appointment = with_whom.order_by("-pk").first()
    context = {
        "found": found,
        "state": state,
        "can_withdraw": state in WITHDRAWABLE,
        "offer": offer,
        "choose": _choose_form(found, offer) if offer else None,
        "appointment": appointment,
        "cancel_until": triage.cancel_until(appointment) if appointment else None,
        "can_cancel": bool(appointment) and now < triage.cancel_until(appointment),
        "identified": _is_identified(request, found),
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
            return redirect("bookings:mine", found.reference)
        form.add_error(
            "date_of_birth",
            "This is not the date of birth that we have. Check it, or ring us.",
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
def choose_time(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Take one of the offered times."""
    offer = found.offers.standing(timezone.now()).prefetch_related("times").first()
    if offer is None:
        messages.error(request, "This offer has ended, so its times are no longer held for you.")
        return redirect("bookings:mine", found.reference)
    form = _choose_form(found, offer, request)
    if not form.is_valid():
        context = {"form": form, "found": found, "offer": offer}
        return render(request, "bookings/mine/choose_time.html", context)
    values = form.cleaned_data
    chosen = OfferedTime.objects.select_related("offer__request").get(pk=values["time"])
    return act(
        request,
        found,
        lambda: triage.accept(found, version=values["version"], chosen=chosen, now=timezone.now()),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
@only_by_press
def other_times(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """None of the offered times suits."""
    return press(request, found, triage.ask_for_other_times)


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
@only_by_press
def answer_question(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Answer the clinic's question."""
    if not _is_identified(request, found):
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


def press(
    request: HttpRequest, found: AppointmentRequest, verb: Callable[..., object]
) -> HttpResponse:
    """A button that asks nothing but the version that was on the screen."""
    form = SeenForm(request.POST)
    if not form.is_valid():
        messages.error(request, form.errors["version"][0])
        return redirect("bookings:mine", found.reference)
    version = form.cleaned_data["version"]
    return act(request, found, lambda: verb(found, version=version, now=timezone.now()))


def act(
    request: HttpRequest, found: AppointmentRequest, verb: Callable[[], object]
) -> HttpResponse:
    """Make the one call, say a refusal in words, and lead back to the request."""
    try:
        verb()
    except TriageRefused as refusal:
        messages.error(request, str(refusal))
    return redirect("bookings:mine", found.reference)


def _choose_form(
    found: AppointmentRequest, offer: Offer, request: HttpRequest | None = None
) -> ChooseTimeForm:
    times = [
        (time.pk, f"{timezone.localtime(time.starts):%A %-d %B %Y, %H:%M}")
        for time in offer.times.all()
    ]
    posted = request.POST if request else None
    return ChooseTimeForm(posted, times=times, initial={"version": found.version})


def open_in_session(request: HttpRequest, found: AppointmentRequest) -> None:
    """Let this browser see the request for an hour, unless its link is revoked sooner."""
    opened = request.session.get("opened", {})
    request.session["opened"] = {**opened, found.reference: found.link_version}
    request.session.set_expiry(settings.PATIENT_SESSION_SECONDS)


def _is_identified(request: HttpRequest, found: AppointmentRequest) -> bool:
    return found.reference in cast("list[str]", request.session.get("identified", []))


def _link_needed(request: HttpRequest) -> HttpResponse:
    """The same answer for a link or reference that is unknown, old, forged or not opened here."""
    return render(request, "bookings/mine/link_needed.html", status=404)
