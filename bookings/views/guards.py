"""What stands in front of every page behind a private link, and how its buttons act."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from bookings.forms.patient import SeenForm
from bookings.links import is_alive
from bookings.models import AppointmentRequest
from bookings.status import Overtaken, TriageRefused

PatientView = Callable[[HttpRequest, AppointmentRequest], HttpResponse]


def behind_link(view: PatientView) -> Callable[..., HttpResponse]:
    """Let in only who opened the private link in this session, and only while the link stands."""

    @wraps(view)
    def guarded(request: HttpRequest, reference: str) -> HttpResponse:
        opened = request.session.get("opened", {})
        found = AppointmentRequest.objects.filter(
            reference=reference, link_version=opened.get(reference)
        ).first()
        if found is None or not is_alive(found, timezone.now()):
            return link_needed(request)
        return view(request, found)

    return guarded


def only_by_press(view: PatientView) -> PatientView:
    """An address that is only posted to leads a mere look back to the request."""

    @wraps(view)
    def guarded(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
        if request.method != "POST":
            return redirect("bookings:mine", found.reference)
        return view(request, found)

    return guarded


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
        say(request, refusal)
    return redirect("bookings:mine", found.reference)


def say(request: HttpRequest, refusal: TriageRefused) -> None:
    """A refusal in a sentence for patients, who need not know which of us was faster at what."""
    if isinstance(refusal, Overtaken):
        messages.error(
            request,
            "Something has changed meanwhile, so this was not possible. Look at where it stands now.",
        )
        return
    messages.error(request, str(refusal))


def open_in_session(request: HttpRequest, found: AppointmentRequest) -> None:
    """Let this browser see the request for an hour, unless its link is revoked sooner."""
    opened = request.session.get("opened", {})
    request.session["opened"] = {**opened, found.reference: found.link_version}
    request.session.set_expiry(settings.PATIENT_SESSION_SECONDS)


def is_identified(request: HttpRequest, found: AppointmentRequest) -> bool:
    """Whether the date of birth was given in this session."""
    return found.reference in cast("list[str]", request.session.get("identified", []))


def identify_first(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Ask for the date of birth, and lead to the wanted page afterwards."""
    wanted = request.resolver_match
    if request.method == "GET" and wanted:
        request.session["wanted"] = wanted.url_name
    return redirect("bookings:identify", found.reference)


def link_needed(request: HttpRequest) -> HttpResponse:
    """The same answer for a link or reference that is unknown, old, forged or not opened here."""
    return render(request, "bookings/mine/link_needed.html", status=404)
