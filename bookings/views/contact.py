"""How we reach the patient: their contact details, and a link that was lost."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from bookings import triage
from bookings.forms.patient import ContactForm, LostLinkForm
from bookings.links import is_alive
from bookings.models import AppointmentRequest
from bookings.status import PATIENT, TriageRefused
from bookings.views.guards import behind_link, identify_first, is_identified, open_in_session, say
from procedures import rate_limits


@require_http_methods(["GET", "HEAD", "POST"])
@behind_link
def contact(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Show and change the contact details, to nobody without the date of birth."""
    if not is_identified(request, found):
        return identify_first(request, found)
    now = timezone.now()
    names = ("version", "email", "phone", "detail_in_messages", "text_messages")
    form = ContactForm(
        request.POST if request.method == "POST" else None,
        initial={name: getattr(found, name) for name in names},
        texts=bool(settings.TEXT_MESSAGES),
    )
    if request.method != "POST" or not form.is_valid():
        return render(request, "bookings/mine/contact.html", {"form": form, "found": found})
    if not rate_limits.spend(rate_limits.CHANGE_CONTACT, found.link_key, now):
        return render(request, "errors/429.html", status=429)
    try:
        triage.change_contact(found, **form.cleaned_data, by=PATIENT, now=now)
    except TriageRefused as refusal:
        say(request, refusal)
    else:
        # A new address has a new link; whoever changed it stays in.
        open_in_session(request, found)
        messages.success(request, "We have changed how we reach you.")
    return redirect("bookings:mine", found.reference)


@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: HttpRequest) -> HttpResponse:
    """Send the private link again. The answer is the same whether or not we know the address."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "bookings/mine/lost_link.html", {"form": form})
    now = timezone.now()
    reference, email = form.cleaned_data["reference"], form.cleaned_data["email"]
    place = rate_limits.client_address(request)
    if not rate_limits.spend(rate_limits.LOST_LINK_FROM_ONE_PLACE, place, now):
        return render(request, "errors/429.html", status=429)
    found = AppointmentRequest.objects.filter(reference=reference, email=email).first()
    alive = found and is_alive(found, now)
    if (
        found
        and alive
        and rate_limits.spend(rate_limits.LOST_LINK_OF_ONE_REQUEST, found.link_key, now)
    ):
        triage.send_link_again(found, now=now)
    return render(request, "bookings/mine/link_sent.html", {"email": email})
