"""All requests of the person behind a private link, and a new one with what we know already."""

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from bookings import triage
from bookings.models import AppointmentRequest
from bookings.patients import limits, typed
from bookings.patients.own_requests import in_words, others_of_the_same_person
from bookings.patients.unsent import UnsentRequest, pages_to_ask_about
from bookings.patients.views.guards import (
    behind_link,
    came_by_link,
    close_session,
    identify_first,
    is_identified,
    posted_or_given_back,
)
from bookings.screening import may_answer_in
from procedures.ground import languages, rate_limits
from procedures.ground.forms import get_or_post
from procedures.ground.places import by_place


@get_or_post
@behind_link
def own_requests(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """The person's requests and visits. The date of birth comes first.

    The others are shown only to somebody who opened the link in the email: anybody may send a
    request with another person's name, date of birth and address, and then has its receipt. Another
    request opens with its own private link, which a button sends to the address that we have. So a
    link that got into other hands opens no more than before.
    """
    if not is_identified(request, found):
        return identify_first(request, found)
    now = timezone.now()
    by_link = came_by_link(request, found)
    others = others_of_the_same_person(found, now) if by_link else []
    wanted = next((each for each in others if each.reference == request.POST.get("wanted")), None)
    if wanted:
        with suppress(rate_limits.TooManyTries):
            rate_limits.spend(limits.LOST_LINK_OF_ONE_REQUEST, wanted.link_key, now)
            triage.send_link_again(wanted, now=now)
        messages.success(
            request,
            gettext(
                "We are sending the private link of request {reference} to your email address. We send "
                "up to three links a day."
            ).format(reference=wanted.reference),
        )
    if request.method == "POST":
        return redirect("bookings:own_requests", found.reference)
    titles = {page.pk: title for page, title in pages_to_ask_about()}
    opened = request.session.get("opened", {})
    context = {
        "found": found,
        "by_link": by_link,
        "own": in_words([found, *others], titles, now),
        "opened": [
            each.reference for each in others if opened.get(each.reference) == each.link_version
        ],
    }
    return render(request, "bookings/mine/own_requests.html", context)


@get_or_post
@behind_link
def ask_again(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """Begin another request, with what we know of the person already filled in.

    Only what is new is asked: what it is about, and every safety question. The date of birth has
    proved who they are; nothing is filled in from the address of a page.
    """
    if not is_identified(request, found):
        return identify_first(request, found)
    unsent = UnsentRequest(request.session)
    form = unsent.about_form(posted_or_given_back(request, found))
    only_by_phone = not may_answer_in(languages.code())
    if request.method == "POST" and not only_by_phone and form.is_valid():
        begun = by_place(limits.BEGIN_FROM_ONE_PLACE, request)
        rate_limits.spend_all(begun, timezone.now())
        typed.forget(request)
        close_session(request)
        unsent = UnsentRequest(request.session)
        unsent.begin_for(found)
        unsent.keep("about", request.POST)
        return redirect("bookings:step", unsent.next_step())
    context = {
        "form": form,
        "found": found,
        "has_answers": unsent.has_answers,
        "only_by_phone": only_by_phone,
        "section": "request",
    }
    return render(request, "bookings/mine/ask_again.html", context)
