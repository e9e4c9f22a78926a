"""How long things are kept, who is under a legal hold, who asks about their data: pages of Set-up."""

from datetime import timedelta
from functools import partial

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings import journal, records
from bookings.models import AppointmentRequest, Person, RightsRequest
from bookings.records import holds, retention
from procedures.ground.signed_in import signed_in

KEEPS = "bookings.hold_person"
MOST_PROPOSED, MOST_ANSWERED = 50, 50
A_YEAR = timedelta(days=365)


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of the pages."""
    pages = (
        ("rights/", asked, "bookings_rights"),
        ("kept/", kept, "bookings_retention"),
        ("held/", held, "bookings_held"),
    )
    return [
        path(address, site.admin_view(require_safe(partial(page, site))), name=name)
        for address, page, name in pages
    ]


def kept(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """How long what is kept, and what would be emptied when."""
    _refuse_others(request)
    now = timezone.now()
    proposed = retention.proposed(now)
    shown = list(proposed[:MOST_PROPOSED])
    _record(request, "kept long enough", shown)
    context = {
        **site.each_context(request),
        "title": "How long we keep what",
        "lines": retention.plan(now),
        "by_worker": retention.is_done_by_worker(),
        "proposed": shown,
        "more": proposed.count() - len(shown),
    }
    return TemplateResponse(request, "admin/bookings/retention.html", context)


def held(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Everybody under a legal hold, since when and why."""
    _refuse_others(request)
    placed = list(holds.everybody_held().select_related("person"))
    _record(request, "under a legal hold", [each.person for each in placed])
    context = {**site.each_context(request), "title": "Under a legal hold", "placed": placed}
    return TemplateResponse(request, "admin/bookings/held.html", context)


def asked(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """What people ask about their data, what ends first at the top, and how we answered."""
    _refuse_others(request)
    today = timezone.localdate()
    every = RightsRequest.objects.select_related("person")
    waiting = list(every.waiting())
    answered = list(every.exclude(answered_at=None).order_by("-answered_at", "-pk")[:MOST_ANSWERED])
    _record(request, "about their data", [each.person for each in (*waiting, *answered)])
    context = {
        **site.each_context(request),
        "title": "What people ask about their data",
        "waiting": records.seen(waiting, today),
        "answered": records.seen(answered, today),
        "year": records.answered_since(today - A_YEAR),
    }
    return TemplateResponse(request, "admin/bookings/rights.html", context)


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm(KEEPS):
        raise PermissionDenied


def _record(request: HttpRequest, screen: str, people: list[Person]) -> None:
    """Note in the journal whose names this person was shown."""
    shown = AppointmentRequest.objects.filter(person__in=people)
    journal.record_list(screen, shown, by=signed_in(request), at=timezone.now())
