"""Pages for when something went wrong. Each says what happened, what to do, and the phone number."""

import math
from datetime import datetime, timedelta

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from procedures.rate_limits import TooManyTries


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 where the form was larger than any honest one."""
    if isinstance(exception, RequestDataTooBig):
        return render(request, "errors/413.html", status=413)
    return render(request, "errors/400.html", status=400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from our own page, or whose page was too old."""
    return render(request, "errors/403_form.html", status=403)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 for a member of staff who lacks the permission."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. The template asks the database nothing, which may be what failed."""
    return render(request, "errors/500.html", status=500)


def too_many_tries(request: HttpRequest, refused: TooManyTries) -> HttpResponse:
    """429 for a passed limit: until when, by the clinic's clock, with what was typed in a form."""
    seconds = math.ceil((refused.until - timezone.now()).total_seconds())
    context = {
        "until": _whole_minute(refused.until),
        "kept_until": refused.kept_until,
        "typed": [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if name != "csrfmiddlewaretoken" and "password" not in name
        ],
    }
    answer = render(request, "errors/429.html", context, status=429)
    answer.headers["Retry-After"] = str(max(1, seconds))
    return answer


def _whole_minute(instant: datetime) -> datetime:
    """The next one, so that nobody comes a few seconds early."""
    return (instant + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)
