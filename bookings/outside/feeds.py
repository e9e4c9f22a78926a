"""A calendar program reads a diary at its private address."""

import hashlib

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from bookings.diary import feeds


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar, or 304 if the program has it already. Nobody else may keep it."""
    feed = feeds.feed_at(token)
    if feed is None:
        raise Http404
    now = timezone.now()
    feeds.note_reading(feed, now)
    content = feeds.calendar(feed, now)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response.headers["ETag"] = quote_etag(hashlib.sha256(content).hexdigest())
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    kept = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return kept or response
