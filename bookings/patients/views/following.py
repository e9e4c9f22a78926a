"""News of a page by email: to ask for it, to confirm that, and to leave. Nobody needs an account.

The address decides about the language of these pages. Letters are in the language of the page where
somebody asked for them.
"""

from contextlib import suppress
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from bookings.links import subscription_of
from bookings.messages import subscriptions
from bookings.messages.subscriptions import TO_CONFIRM, how_it_reads
from bookings.models import Subscription
from bookings.patients import limits
from bookings.patients.forms.following import FollowForm
from procedures.ground import languages, rate_limits
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place
from procedures.models import InformationPage
from procedures.reading.publication import Closed, Publication, look_up_in
from procedures.status import MEDICAL


@get_or_post
def follow(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for an address, and send a letter to it.

    The answer is the same whether or not the address follows the page already.
    """
    page = get_object_or_404(InformationPage.objects, slug=slug, category__in=MEDICAL)
    context = {**_as_read(page), "days": TO_CONFIRM.days}
    form = FollowForm(posted(request))
    if request.method != "POST" or not form.is_valid():
        return render(request, "bookings/following/follow.html", {**context, "form": form})
    now, email = timezone.now(), form.cleaned_data["email"]
    rate_limits.spend_all(by_place(limits.FOLLOW_FROM_ONE_PLACE, request), now)
    # Nor do we say that the address was written to often enough today.
    with suppress(rate_limits.TooManyTries):
        mailbox = rate_limits.one_mailbox(email)
        rate_limits.spend(limits.FOLLOW_TO_ONE_MAILBOX, mailbox, now)
        subscriptions.ask(page, email, language=languages.code(), now=now)
    return render(request, "bookings/following/asked.html", context)


@get_or_post
def following(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link in the letters: to confirm, to see what has changed, to leave.

    Only a press changes anything, because mail scanners open links as well.
    """
    found = subscription_of(token)
    if found is None:
        return _left(request)
    if request.method == "POST" and "leave" in request.POST:
        subscriptions.leave(found)
        return render(request, "bookings/following/left.html", _shown(found))
    if request.method == "POST":
        subscriptions.confirm(found, now=timezone.now())
        found.refresh_from_db()
    return render(request, "bookings/following/following.html", _shown(found))


@csrf_exempt
@get_or_post
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """Leave with one press in the mail program (RFC 8058), which has neither cookies nor a form.

    Opened in a browser it shows the page with the button.
    """
    if request.method != "POST":
        return following(request, token)
    found = subscription_of(token)
    if found is None:
        return _left(request)
    subscriptions.leave(found)
    return render(request, "bookings/following/left.html", _shown(found))


def _left(request: HttpRequest) -> HttpResponse:
    """The answer for a link that is unknown or forged, and for whoever has left before.

    It is the same for all of them, so it does not lead to the same address in another language.
    """
    rate_limits.spend_all(by_place(limits.OPEN_UNKNOWN_LINK, request), timezone.now())
    return render(request, "bookings/following/unknown.html", {"languages": []}, status=404)


def _shown(found: Subscription) -> dict[str, Any]:
    return {**_as_read(found.page), "confirmed": found.confirmed}


def _as_read(page: InformationPage) -> dict[str, Any]:
    """A page that patients could read, as it is in the language of this answer."""
    code = languages.code()
    found = look_up_in(page, code, timezone.localdate())
    if found is None:
        raise Http404
    if isinstance(found, Closed):
        text, title = page, found.title
    else:
        text, title = found.page, found.document.title
    return {
        "page": page,
        "address": languages.path_in(code, page.get_absolute_url()),
        "title": languages.in_language(title, text.language),
        "text": text,
        "is_open": isinstance(found, Publication),
        **how_it_reads(found, code),
    }
