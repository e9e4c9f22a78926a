"""Numbers for managers: one page for a period, and each of its tables as a file. Names nobody."""

from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from bookings.desk.forms.periods import BY, PeriodForm
from bookings.numbers.periods import CHOICES, WEEK, Period, chosen
from bookings.numbers.report import report
from procedures.ground.csv_files import csv_file

URL = "bookings_numbers"
PERMISSION = "bookings.view_numbers"


def urls(site: AdminSite) -> list[URLPattern]:
    """The page, and the files. An address contains only days."""

    def page(request: HttpRequest) -> HttpResponse:
        _check(request)
        return _page(site, request)

    return [
        path("numbers/", site.admin_view(page), name=URL),
        path("numbers/<slug:slug>.csv", site.admin_view(_file), name=f"{URL}_file"),
    ]


def _check(request: HttpRequest) -> None:
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied


def _page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    period, form = _chosen(request)
    name = "" if form.is_bound else request.GET.get("period", next(iter(CHOICES)))
    shown = report(period, timezone.now())
    is_clinician = request.user.has_perm("bookings.resolve_redflag")
    context = {
        **site.each_context(request),
        "waiting_for_me": shown.for_clinicians if is_clinician else shown.for_reception,
        "title": "Numbers",
        "form": form,
        "choices": [
            (f"?{urlencode({'period': each, 'by': period.by})}", label, each == name)
            for each, (label, _) in CHOICES.items()
        ],
        "units": [
            (f"?{urlencode(_address(period, name, unit))}", label, unit == period.by)
            for unit, label in BY
        ],
        "report": shown,
        "address": urlencode(_address(period, "", period.by)),
    }
    return TemplateResponse(request, "admin/bookings/numbers.html", context)


def _file(request: HttpRequest, slug: str) -> HttpResponse:
    _check(request)
    period, form = _chosen(request)
    if form.is_bound and not form.is_valid():
        raise Http404
    tables = report(period, timezone.now()).tables
    table = next((each for each in tables if each.slug == slug), None)
    if table is None:
        raise Http404
    name = f"numbers-{slug}-{period.first}-to-{period.last}"
    return csv_file(name, table.head, table.rows)


def _chosen(request: HttpRequest) -> tuple[Period, PeriodForm]:
    """The period in the address, or the usual one; and the form that shows it."""
    now = timezone.now()
    by = request.GET.get("by", WEEK)
    usual = chosen(request.GET.get("period", ""), by if by in dict(BY) else WEEK, now)
    if "first_day" not in request.GET:
        return usual, PeriodForm(initial=usual._asdict())
    form = PeriodForm(request.GET)
    return (form.period() if form.is_valid() else usual), form


def _address(period: Period, name: str, by: str) -> dict[str, object]:
    """The arguments of an address that show this period, told by week or by month."""
    if name:
        return {"period": name, "by": by}
    days = {"first": period.first, "last": period.last}
    parts = {
        f"{which}_{part}": getattr(day, part)
        for which, day in days.items()
        for part in ("day", "month", "year")
    }
    return {**parts, "by": by}
