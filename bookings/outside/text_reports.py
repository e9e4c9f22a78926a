"""Twilio reports what became of a text message, at an address that only that message has."""

from datetime import timedelta
from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bookings import messages
from bookings.messages import twilio
from procedures.ground.places import by_place
from procedures.ground.rate_limits import Limit, spend_all

UNSIGNED_FROM_ONE_PLACE = Limit("text report", 30, timedelta(hours=1))


@csrf_exempt
@require_POST
def text_report(request: HttpRequest, message_id: str) -> HttpResponse:
    """Note that a message did not arrive, so that somebody phones. The same report twice is one.

    Without a valid signature there is nothing here, whatever the message. Nothing of a report is kept
    but its code, that it arrived, and the price. Until the worker has noted that it sent the message,
    a report is too early. Raises TooManyTries from a place that sends too many without a signature.
    """
    said = signed_by_twilio(request)
    try:
        if code := twilio.loss_in(said):
            messages.note_returned(message_id, code)
        messages.note_report(
            message_id,
            price=twilio.price_in(said),
            has_arrived=twilio.has_arrived(said),
            now=timezone.now(),
        )
    except messages.StillBeingSent:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse()


def signed_by_twilio(request: HttpRequest) -> dict[str, str]:
    """What Twilio posts. Raises Http404 if it is not Twilio, and TooManyTries if that is often so."""
    if settings.TEXT_MESSAGES != "twilio":
        raise Http404
    said = {name: str(request.POST[name]) for name in request.POST}
    url = f"{settings.SITE_URL}{request.get_full_path()}"
    if not twilio.is_signed(url, said, request.headers.get("X-Twilio-Signature", "")):
        spend_all(by_place(UNSIGNED_FROM_ONE_PLACE, request), timezone.now())
        raise Http404
    return said
