"""Pages for when something went wrong. Each says what happened, what to do, and the phone number."""

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
