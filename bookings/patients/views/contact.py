"""How we reach the patient: their contact details, and a lost link."""

from contextlib import suppress
from datetime import date, datetime

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from bookings import triage
from bookings.links import is_alive
from bookings.models import AppointmentRequest
from bookings.patients import limits, typed
from bookings.patients.forms.private_link import ContactForm, LostLinkForm
from bookings.patients.views.guards import (
    behind_link,
    identify_first,
    is_identified,
    open_in_session,
    posted_or_given_back,
    say,
)
from bookings.status import PATIENT, TriageRefused
from procedures.ground import rate_limits
from procedures.ground.folding import is_same_name
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place


@get_or_post
@behind_link
def contact(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Show and change the contact details. The date of birth comes first."""
    if not is_identified(request, found):
        return identify_first(request, found)
    now = timezone.now()
    form = ContactForm(
        posted_or_given_back(request, found),
        initial={name: getattr(found, name) for name in ContactForm.base_fields},
    )
    if request.method != "POST" or not form.is_valid():
        return render(request, "bookings/mine/contact.html", {"form": form, "found": found})
    tries = [(limits.CHANGE_CONTACT, found.link_key)]
    if form.cleaned_data["email"] not in {"", found.email}:
        mailbox = rate_limits.one_mailbox(form.cleaned_data["email"])
        tries.append((limits.SEND_TO_ONE_MAILBOX, mailbox))
    spent = rate_limits.spend_all(tries, now)
    try:
        triage.change_contact(found, **form.cleaned_data, by=PATIENT, now=now)
    except TriageRefused as refusal:
        rate_limits.give_back(spent)
        say(request, refusal)
        typed.keep(request, found.reference, "contact")
        return redirect("bookings:contact", found.reference)
    else:
        typed.forget(request)
        # A new address has a new link or code; the patient who changed it stays signed in.
        open_in_session(request, found)
        messages.success(request, gettext("Your contact details have been changed."))
    return redirect("bookings:mine", found.reference)


@get_or_post
def lost_link(request: HttpRequest) -> HttpResponse:
    """Send the private link again, or have the desk phone.

    The answer is the same whether or not we know the person.
    """
    form = LostLinkForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return render(request, "bookings/mine/lost_link.html", {"form": form})
    now = timezone.now()
    # Giving the try back to people whom we know would reveal who they are.
    rate_limits.spend_all(by_place(limits.LOST_LINK_FROM_ONE_PLACE, request), now)
    for found in _requests_of(now=now, **form.cleaned_data):
        # Nor do we say that the link has been sent often enough today.
        with suppress(rate_limits.TooManyTries):
            rate_limits.spend(limits.LOST_LINK_OF_ONE_REQUEST, found.link_key, now)
            triage.send_link_again(found, now=now)
    return render(request, "bookings/mine/link_sent.html")


def _requests_of(
    name: str, date_of_birth: date, contact: str, *, now: datetime
) -> list[AppointmentRequest]:
    """The requests of this person that a link still opens."""
    reached = Q(email=contact) if "@" in contact else Q(phone=contact)
    possible = AppointmentRequest.objects.filter(reached, date_of_birth=date_of_birth)
    return [found for found in possible if is_alive(found, now) and is_same_name(found.name, name)]
