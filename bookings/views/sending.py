"""Sending a request: the off-ramp, the steps, the check, the receipt."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from bookings import triage
from bookings.forms.patient import (
    DAYS,
    TIMES,
    SendForm,
)
from bookings.models import AppointmentRequest
from bookings.status import CarerRight, TooOften, TriageRefused, needs_in_words
from bookings.steps import CHECK, ORDER, UnsentRequest, pages_to_ask_about
from bookings.views.guards import open_in_session
from procedures import rate_limits


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """The urgent-symptom off-ramp. Passing it opens an empty form."""
    about = request.POST.get("about") or request.GET.get("about") or ""
    titles = {page.slug: title for page, title in pages_to_ask_about()}
    if request.method == "POST":
        UnsentRequest(request.session).begin(about if about in titles else "")
        return redirect("bookings:step", "about")
    context = {"about": about, "title": titles.get(about), "section": "request"}
    return render(request, "bookings/request/start.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, step: str) -> HttpResponse:
    """One step of the form. A step that the patient has not reached leads back to the one due."""
    unsent = UnsentRequest(request.session)
    if not unsent.key:
        return _begin_again(request)
    due = unsent.next_step()
    if ORDER.index(step) > ORDER.index(due):
        return redirect("bookings:step", due)
    form = unsent.form(step, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        unsent.keep(step, request.POST)
        return redirect("bookings:step", unsent.next_step())
    context = {
        "form": form,
        "number": ORDER.index(step) + 1,
        "steps": len(ORDER),
        "section": "request",
    }
    return render(request, f"bookings/request/{step}.html", context | _way_back(step))


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The last step: everything that was answered, and the button that sends it."""
    unsent = UnsentRequest(request.session)
    pressed = request.POST.get("key")
    if pressed and pressed == request.session.get("sent_key"):
        return redirect("bookings:sent")
    if not unsent.key:
        return _begin_again(request)
    due = unsent.next_step()
    if due != CHECK:
        return redirect("bookings:step", due)
    if pressed == unsent.key:
        return _send(request, unsent)
    if request.method == "POST":
        messages.error(
            request, "This page was too old to send. Check your answers here, then send them."
        )
    form = SendForm(initial={"key": unsent.key})
    submission = unsent.submission()
    context = {
        "form": form,
        "unsent": submission,
        "page_title": unsent.page_title,
        "days": [DAYS[day] for day in submission.preferred_days],
        "times": [TIMES[time] for time in submission.preferred_times],
        "answers": submission.answers,
        "needs": needs_in_words(submission.access_needs, submission.access_detail),
        "carer_right": CarerRight(submission.carer_right).label if submission.carer_right else "",
        "number": len(ORDER),
        "section": "request",
    }
    return render(request, "bookings/request/check.html", context | _way_back(CHECK))


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The receipt: reference, until when we answer, what happens next."""
    reference = request.session.get("sent_reference")
    received = AppointmentRequest.objects.filter(reference=reference).first()
    if received is None:
        return _begin_again(request)
    return render(request, "bookings/request/sent.html", {"received": received})


def _send(request: HttpRequest, unsent: UnsentRequest) -> HttpResponse:
    submission = unsent.submission()
    limits = [
        (rate_limits.SEND_FROM_ONE_PLACE, rate_limits.client_address(request)),
        (rate_limits.SEND_TO_ONE_ADDRESS, submission.email),
        (rate_limits.SEND_ALTOGETHER, ""),
    ]
    try:
        received = triage.submit(submission, key=unsent.key, now=timezone.now(), limits=limits)
    except TooOften:
        return render(request, "errors/429.html", {"unsent": True}, status=429)
    except TriageRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("bookings:start")
    unsent.forget()
    request.session["sent_key"] = received.submission_key
    request.session["sent_reference"] = received.reference
    open_in_session(request, received)
    return redirect("bookings:sent")


def _begin_again(request: HttpRequest) -> HttpResponse:
    messages.info(
        request,
        "There is no unsent request here. To keep what you write private, we forget it after an "
        "hour. Please start again.",
    )
    return redirect("bookings:start")


def _way_back(step: str) -> dict[str, str]:
    index = ORDER.index(step)
    return {"back": ORDER[index - 1] if index else ""}
