"""The weeks of the clinicians and the opening hours of a place, each changed on one page.

Whatever a change would have as a consequence is said before it is saved: who has two clinics at a time,
which hours are outside those of the place, and whose booked or offered time would have no clinic any
more.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE as CHANGED
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings.desk.before_saving import BeforeSaving, before_saving
from bookings.desk.forms.weeks import WeekForm
from bookings.diary.opening_hours import periods_of
from bookings.diary.week_changes import (
    WeekChangedMeanwhile,
    change_opening_hours,
    change_week,
)
from bookings.diary.weeks import (
    Week,
    clashes,
    coming,
    fingerprint,
    outside_hours,
    sessions_of,
    week_of,
)
from bookings.models import ClinicSession, Location
from procedures.ground.fields import typed_day
from procedures.ground.forms import posted
from procedures.ground.signed_in import signed_in
from procedures.ground.week import days_in_words, spoken_periods
from procedures.ground.week import in_words as week_in_words
from procedures.ground.week_forms import hours_of
from procedures.models import Clinician

VIEW, CHANGE = "bookings.view_clinicsession", "bookings.change_clinicsession"
CHANGE_HOURS = "bookings.change_openinghours"


def week_urls(site: AdminSite) -> list[URLPattern]:
    """The addresses of the weeks."""
    pages = Weeks(site)
    return [
        path("weeks/", site.admin_view(pages.everybody), name="bookings_weeks"),
        path("weeks/<int:pk>/", site.admin_view(pages.one), name="bookings_week"),
    ]


def hours_urls(site: AdminSite) -> list[URLPattern]:
    """The address of a place's opening hours."""
    pages = Weeks(site)
    return [
        path("<int:pk>/hours/", site.admin_view(pages.hours), name="bookings_location_hours"),
    ]


class Weeks:
    """The pages, each of which asks for its permission itself."""

    def __init__(self, site: AdminSite):
        self.site = site

    def everybody(self, request: HttpRequest) -> HttpResponse:
        """Each clinician's week in words."""
        _insist(request, VIEW)
        today = timezone.localdate()
        sessions: defaultdict[int, list[ClinicSession]] = defaultdict(list)
        for each in coming(today):
            sessions[each.clinician_id].append(each)
        rows = [
            {"clinician": each, "lines": in_words(week_of(sessions[each.pk], today))}
            for each in Clinician.objects.order_by("name")
        ]
        context = {"rows": rows, "may_change": request.user.has_perm(CHANGE)}
        return self._page(request, "admin/bookings/weeks.html", "Weeks", context)

    def one(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One clinician's week, to be changed from a day on."""
        _insist(request, CHANGE)
        clinician = get_object_or_404(Clinician, pk=pk)
        from_day = _day(request.POST.get("from_day") or request.GET.get("from"), timezone.now())
        if "show" in request.POST:
            return redirect(f"{request.path}?from={from_day}")
        form = WeekForm(
            posted(request),
            week=week_of(coming(from_day, clinician=clinician), from_day),
            from_day=from_day,
            seen=fingerprint(clinician),
        )
        before = BeforeSaving()
        if form.is_bound and form.is_valid():
            before = self._save_week(request, clinician, form)
            if before.is_saved:
                said = f"The week of {clinician.name} is saved from {from_day:%-d %B %Y} on."
                messages.success(request, said)
                return redirect("admin:bookings_weeks")
        context = {
            "form": form,
            "before": before,
            "address": reverse("admin:bookings_week", args=[pk]),
        }
        title = f"The week of {clinician.name}"
        return self._page(request, "admin/bookings/week.html", title, context)

    def _save_week(
        self, request: HttpRequest, clinician: Clinician, form: WeekForm
    ) -> BeforeSaving:
        """Save the week unless it cannot be, or something has to be read first."""
        week, now = form.week(), timezone.now()
        from_day, seen = (form.from_day.cleaned_data[name] for name in ("from_day", "seen"))

        def change() -> None:
            wanted = sessions_of(clinician, week, from_day)
            change_week(clinician, wanted, from_day=from_day, seen=seen)

        sessions = sessions_of(clinician, week, from_day)
        form.clashes = clashes(sessions)
        if form.clashes:
            return BeforeSaving()
        try:
            before = before_saving(request, change, outside_hours(sessions), now)
            if before.was_read:
                change()
                before.is_saved = True
                _log(request, clinician, [f"From {from_day}:", *in_words(week)])
        except WeekChangedMeanwhile as refusal:
            form.clashes = [str(refusal)]
            return BeforeSaving()
        return before

    def hours(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The opening hours of a place."""
        _insist(request, CHANGE_HOURS)
        location = get_object_or_404(Location, pk=pk)
        rows = hours_of(periods_of(location), posted(request))
        before = BeforeSaving()
        if rows.is_bound and rows.is_valid():

            def change() -> None:
                change_opening_hours(location, rows.week())

            before = before_saving(request, change, [], timezone.now())
            if before.was_read:
                change()
                _log(request, location, [week_in_words(rows.week()) or "Never open"])
                messages.success(request, f"The opening hours of {location} are saved.")
                return redirect("admin:bookings_location_change", pk)
        context = {"rows": rows, "location": location, "before": before}
        title = f"Opening hours of {location}"
        return self._page(request, "admin/bookings/location_hours.html", title, context)

    def _page(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        context |= {**self.site.each_context(request), "title": title}
        return TemplateResponse(request, template, context)


def in_words(week: Week) -> list[str]:
    """A week as lines: “Monday to Thursday, 9:00 to 13:00, Room 1”."""
    lines = []
    for row in week.weekly:
        hours = spoken_periods([(row.starts, row.ends)])
        begins = f", from {row.begins:%-d %B %Y}" if row.begins else ""
        until = f", until {row.until:%-d %B %Y}" if row.until else ""
        lines.append(f"{days_in_words(row.days)}, {hours}, {row.room}{begins}{until}")
    return lines + [
        f"{each.day:%A %-d %B %Y}, {spoken_periods([(each.starts, each.ends)])}, {each.room}"
        for each in week.once
    ]


def _insist(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _log(request: HttpRequest, changed: Clinician | Location, lines: Sequence[str]) -> None:
    """Add what was saved to the history of the record in the admin."""
    LogEntry.objects.log_actions(
        signed_in(request).pk, [changed], CHANGED, " ".join(lines), single_object=True
    )


def _day(typed: str | None, now: datetime) -> date:
    """The day from which the week is shown: today unless a later one was typed."""
    today = timezone.localdate(now)
    return max(typed_day(typed or "") or today, today)
