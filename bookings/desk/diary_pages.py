"""The diary: a day, a week, and the list of a day to print."""

from datetime import date, timedelta
from typing import Any

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from bookings import journal
from bookings.desk.agenda import appointments_on, plans
from bookings.desk.notes import mark_pinned
from bookings.diary.free_times import span_of, stranded
from bookings.models import Closure
from bookings.status.events import Event
from procedures.ground.signed_in import signed_in

WEEK = 7
FIRST_YEAR, LAST_YEAR = 2000, 2100


def urls(site: AdminSite) -> list[URLPattern]:
    """The diary's addresses, for staff who may see requests. An address contains only a day."""

    def page(name: str, view: Any) -> URLPattern:
        def guarded(request: HttpRequest) -> HttpResponse:
            if not request.user.has_perm("bookings.view_appointmentrequest"):
                raise PermissionDenied
            return TemplateResponse(
                request,
                f"admin/bookings/diary_{name}.html",
                {**site.each_context(request), **view(request)},
            )

        return path(f"diary/{name}/", site.admin_view(guarded), name=f"bookings_diary_{name}")

    return [page("day", _day), page("week", _week), page("list", _list)]


def _day(request: HttpRequest) -> dict[str, Any]:
    day = _chosen_day(request)
    now = timezone.now()
    (plan,) = plans([day], now)
    mark_pinned(plan.requests())
    journal.record_list("diary of a day", plan.requests(), by=signed_in(request), at=now)
    return {
        "title": f"{day:%A %-d %B %Y}",
        "plan": plan,
        "closures": Closure.objects.overlapping(*span_of(day)).select_related(
            "resource", "location"
        ),
        "day": day,
        "unit": "day",
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
    }


def _week(request: HttpRequest) -> dict[str, Any]:
    day = _chosen_day(request)
    monday = day - timedelta(days=day.weekday())
    now = timezone.now()
    week = plans([monday + timedelta(days=n) for n in range(WEEK)], now)
    shown = [each for plan in week for each in plan.requests()]
    journal.record_list("diary of a week", shown, by=signed_in(request), at=now)
    return {
        "title": f"The week of {monday:%-d %B %Y}",
        "plans": week,
        "day": day,
        "unit": "week",
        "before": monday - timedelta(days=WEEK),
        "after": monday + timedelta(days=WEEK),
    }


def _list(request: HttpRequest) -> dict[str, Any]:
    """A list to print. It leaves the building, so each request on it records who printed it."""
    day = _chosen_day(request)
    coming = appointments_on(day)
    now = timezone.now()
    for appointment in coming:
        journal.record(appointment.request, Event.PRINTED, by=signed_in(request), at=now)
    lost = {each.appointment.pk for each in stranded(now, Q(starts__range=span_of(day)))}
    return {
        "title": f"{day:%A %-d %B %Y}",
        "day": day,
        "appointments": coming,
        "without_clinic": lost,
        "now": now,
    }


def _chosen_day(request: HttpRequest) -> date:
    """The day in the address, or today if that is not a day or is in another century."""
    try:
        chosen = date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return timezone.localdate()
    return chosen if FIRST_YEAR <= chosen.year < LAST_YEAR else timezone.localdate()
