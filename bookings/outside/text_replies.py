"""Twilio hands on what patients text to our number, and sends what we answer."""

from html import escape

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from bookings import messages, triage
from bookings.messages import twilio
from bookings.outside.text_reports import signed_by_twilio


@csrf_exempt
@require_POST
def text_reply(request: HttpRequest) -> HttpResponse:
    """Take in a text and answer with our own, which Twilio sends (TwiML).

    Only whoever asked gets the answer, so a delivery that is repeated sends nothing anew. Without a
    valid signature there is nothing here. Raises TooManyTries as `text_report` does.
    """
    said = signed_by_twilio(request)
    heard = triage.Heard(**twilio.heard_in(said))
    if not heard.gateway_id:
        raise Http404
    reply = triage.hear(heard, now=timezone.now())
    answer = messages.answer_to(reply)
    inside = f"<Message>{escape(answer)}</Message>" if answer else ""
    twiml = f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'
    return HttpResponse(twiml, content_type="text/xml; charset=utf-8")
