"""How long things are kept, and who is under a legal hold: two pages of Set-up."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings import journal
from bookings.models import AppointmentRequest, Person
from bookings.records import holds, retention
from procedures.ground.signed_in import signed_in

KEEPS = "bookings.hold_person"
MOST_PROPOSED = 50


def urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of the two pages."""

    @require_safe
    def kept(request: HttpRequest) -> HttpResponse:
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

    @require_safe
    def held(request: HttpRequest) -> HttpResponse:
        """Everybody under a legal hold, since when and why."""
        _refuse_others(request)
        placed = list(holds.everybody_held().select_related("person"))
        _record(request, "under a legal hold", [each.person for each in placed])
        context = {**site.each_context(request), "title": "Under a legal hold", "placed": placed}
        return TemplateResponse(request, "admin/bookings/held.html", context)

    return [
        path("kept/", site.admin_view(kept), name="bookings_retention"),
        path("held/", site.admin_view(held), name="bookings_held"),
    ]


def _refuse_others(request: HttpRequest) -> None:
    if not request.user.has_perm(KEEPS):
        raise PermissionDenied


def _record(request: HttpRequest, screen: str, people: list[Person]) -> None:
    """Note in the journal whose names this person was shown."""
    shown = AppointmentRequest.objects.filter(person__in=people)
    journal.record_list(screen, shown, by=signed_in(request), at=timezone.now())
