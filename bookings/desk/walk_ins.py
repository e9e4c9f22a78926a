"""Somebody is at the front desk without an appointment: who could see them now, or soon today."""

from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings.desk.callers import MAY, URL
from bookings.diary.free_times import FreeTime, Rota, Taken, free_on
from bookings.models import AppointmentType
from procedures.models import Clinician

NAME = "bookings_walk_in"
# So long it takes to say who they are and to answer the safety questions.
TO_ASK = timedelta(minutes=10)


class Next(NamedTuple):
    """A clinician's first time today that somebody at the front desk could have."""

    clinician: Clinician
    free: FreeTime
    # The page on which it is booked, with the questions before it.
    address: str


def urls(site: AdminSite) -> list[URLPattern]:
    """The address of the page."""

    def walk_in(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perms(MAY):
            raise PermissionDenied
        now = timezone.now()
        types = list(AppointmentType.objects.filter(retired_on=None).order_by("name"))
        asked = request.GET.get("type", "")
        chosen = next((each for each in types if str(each.pk) == asked), next(iter(types), None))
        context = {
            **site.each_context(request),
            "title": "Somebody is here without an appointment",
            "types": types,
            "chosen": chosen,
            "found": next_free(chosen, now) if chosen else [],
        }
        return TemplateResponse(request, "admin/bookings/walk_in.html", context)

    return [path("book/now/", site.admin_view(walk_in), name=NAME)]


def next_free(kind: AppointmentType, now: datetime) -> list[Next]:
    """Each clinician's first free time of today for this type, the soonest first."""
    rota = Rota([timezone.localdate(now)])
    first: dict[Clinician, FreeTime] = {}
    for stretch, free in free_on(rota, Taken(rota, now), kind, now + TO_ASK):
        first.setdefault(stretch.session.clinician, free)
    found = [Next(who, free, _address(kind, who, free)) for who, free in first.items()]
    return sorted(found, key=lambda each: (each.free.starts, each.clinician.name))


def _address(kind: AppointmentType, clinician: Clinician, free: FreeTime) -> str:
    at = int(free.starts.timestamp())
    chosen = {"type": kind.pk, "clinician": clinician.pk, "at": at}
    return f"{reverse(f'admin:{URL}')}?{urlencode(chosen)}"
