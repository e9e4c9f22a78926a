"""Error pages. Each says what happened, what to do, and the phone number or the way back to the desk.

None of them uses the database, which may be what failed; except for colleagues, who are told with
the ways of the desk what is closed to them or missing. If a form was sent, the pages for our own
faults contain what was typed, and a button that sends it again.
"""

import logging
import math
import sys
from datetime import datetime, timedelta

from django.contrib import admin
from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.log import log_response

from clinic_site import request_ids
from procedures.ground.outages import find_outage
from procedures.ground.rate_limits import TooManyTries

logger = logging.getLogger(__name__)
# How long a browser, a proxy or a robot is asked to wait.
RETRY_AFTER_SECONDS = 15
# The fields that identify a form that is sent twice.
GUARDS = {"key", "version", "seen_version"}


def _page(
    request: HttpRequest, name: str, status: int, context: dict[str, object] | None = None
) -> HttpResponse:
    """An error page. It leads to no other language of its address, which says what was asked for."""
    shown = {**(context or {}), "languages": [], "is_desk": _is_of_the_desk(request)}
    return render(request, f"errors/{name}.html", shown, status=status)


def _is_of_the_desk(request: HttpRequest) -> bool:
    return request.path.startswith(reverse("admin:index"))


def _is_at_the_desk(request: HttpRequest) -> bool:
    """Whether a colleague who is signed in asked for an address of the desk."""
    return _is_of_the_desk(request) and admin.site.has_permission(request)


def _page_of_the_desk(request: HttpRequest, name: str, status: int, title: str) -> HttpResponse:
    """An error page for whoever is signed in, with the ways to everything else at the desk."""
    shown = {**admin.site.each_context(request), "title": title}
    return render(request, f"admin/errors/{name}.html", shown, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400; 413 if the form is larger than any honest one; 503 if the fault is ours."""
    # The session could not be saved: Django calls that a bad request.
    if isinstance(exception, SessionInterrupted) or find_outage(exception):
        return unavailable(request)
    if isinstance(exception, RequestDataTooBig):
        return _page(request, "413", 413)
    return _page(request, "400", 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from our own page, or whose page was too old."""
    return _page(request, "403_form", 403)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 for a member of staff who lacks the permission. The log says who tried: by number, no name."""
    if request.user.is_authenticated:
        logger.warning("Refused account %s: %s %s", request.user.pk, request.method, request.path)
    if _is_at_the_desk(request):
        return _page_of_the_desk(request, "403", 403, "You cannot open this page")
    return _page(request, "403", 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    if _is_at_the_desk(request):
        return _page_of_the_desk(request, "404", 404, "Page not found")
    return _page(request, "404", 404)


def not_allowed(request: HttpRequest, refusal: HttpResponse) -> HttpResponse:
    """405 with a page. The Allow header of `refusal` names the methods that are allowed."""
    response = _page(request, "405", 405)
    response.headers["Allow"] = refusal.headers["Allow"]
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """503 if something that we depend on has failed, 500 if our code has."""
    if find_outage(sys.exception()):
        return unavailable(request)
    return _page(request, "500", 500, _of_a_fault(request))


def unavailable(request: HttpRequest) -> HttpResponse:
    """503: the database or the disk is away, and trying again in a moment helps."""
    response = _page(request, "503", 503, _of_a_fault(request))
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    # One line and no traceback: there may be thousands of these until somebody has repaired it.
    fault = find_outage(sys.exception()) or sys.exception() or "The page store tried in vain."
    log_response(
        "Unavailable: %s: %s",
        request.path,
        str(fault).partition("\n")[0],
        response=response,
        request=request,
        level="warning",
    )
    return response


def not_open(request: HttpRequest) -> HttpResponse:
    """503 for the forms of a restored copy, which is quiet until somebody releases it."""
    return _page(request, "503_copy", 503)


def too_many_tries(request: HttpRequest, refused: TooManyTries) -> HttpResponse:
    """429 for a limit that was passed: until when it is closed, and what was typed in a form."""
    seconds = math.ceil((refused.until - timezone.now()).total_seconds())
    context = {
        **_sent(request),
        "until": _whole_minute(refused.until),
        "kept_until": refused.kept_until,
    }
    answer = _page(request, "429", 429, context)
    answer.headers["Retry-After"] = str(max(1, seconds))
    return answer


def _of_a_fault(request: HttpRequest) -> dict[str, object]:
    """What was typed, and what a patient can read out so that we find the fault in the log."""
    return {**_sent(request), "request_id": request_ids.to_read_out()}


def _whole_minute(instant: datetime) -> datetime:
    """The next whole minute, so that nobody comes a few seconds early."""
    return (instant + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)


def _sent(request: HttpRequest) -> dict[str, object]:
    """What the form contained, so that the page can send it again.

    Only for a form of our own page, never with a password, and not if a file would be missing.
    """
    # Set once the form's token was found right: nobody else's form gets a button from us.
    if request.method != "POST" or not getattr(request, "csrf_processing_done", False):
        return {}
    try:
        posted, files = request.POST, request.FILES
    except (SuspiciousOperation, MultiPartParserError, OSError):
        return {}
    if files or any("password" in name for name in posted):
        return {}
    fields = [
        (name, value)
        for name, values in posted.lists()
        if name != "csrfmiddlewaretoken"
        for value in values
    ]
    return {"can_send_again": True, "sent": fields, "is_sent_once": bool(GUARDS & posted.keys())}
