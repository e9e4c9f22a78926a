"""The diary: a day, a week, a month, and the list of a day to print."""

import re
from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode

from bookings import journal
from bookings.desk.agenda import Agenda, Entry, Kind, Plan, appointments_on
from bookings.desk.diary_grid import grids
from bookings.desk.forms.diary import DayForm
from bookings.desk.notes import mark_pinned
from bookings.diary.free_times import Rota, why_stranded
from bookings.models import AppointmentRequest, AppointmentType
from bookings.status.events import Event
from procedures.ground.scripts import may_ask
from procedures.ground.signed_in import signed_in
from procedures.models import Clinician

WEEK = 7
WEEKEND = {5, 6}
# How far the diary looks for the next clinic, from a day without one.
LOOK_AHEAD = 28
DAY = "admin:bookings_diary_day"
# What an address of the diary may contain besides the day.
KEPT = ("type", "clinician", "for")
A_VALUE = re.compile(r"[0-9a-z-]{1,20}")
# For whose request a time is chosen, and by which decision: “12-move”.
FOR = re.compile(r"([0-9]{1,10})-(offer|book|move)")
VIEWS = {"day": "Day", "week": "Week", "month": "Month", "list": "List to print"}
KEY = [each for each in Kind if each != Kind.LEFT]
KEY_WITHOUT_NAMES = [each for each in KEY if each.mark]


def urls(site: AdminSite) -> list[URLPattern]:
    """The diary's addresses, for staff who may see requests. They contain days and numbers only."""

    def page(name: str, view: Any) -> URLPattern:
        def guarded(request: HttpRequest) -> HttpResponse:
            if not request.user.has_perm("bookings.view_appointmentrequest"):
                raise PermissionDenied
            asked = Asked(request)
            if asked.choosing:
                shown = [asked.choosing.record]
                by = signed_in(request)
                journal.record_list("choosing a time", shown, by=by, at=asked.now)
            context = {
                **site.each_context(request),
                "asked": asked,
                "view": name,
                "views": [
                    (each, label, reverse(f"admin:bookings_diary_{each}"))
                    for each, label in VIEWS.items()
                ],
                **view(request, asked),
            }
            return may_ask(TemplateResponse(request, f"admin/bookings/diary_{name}.html", context))

        return path(f"diary/{name}/", site.admin_view(guarded), name=f"bookings_diary_{name}")

    return [page("day", _day), page("week", _week), page("month", _month), page("list", _list)]


def way_back(shown: str) -> str:
    """The day on which a button was pressed, with the appointment that was open there."""
    asked = QueryDict(shown)
    kept = {
        name: asked[name]
        for name in ("day", *KEPT, "appointment")
        if A_VALUE.fullmatch(asked.get(name, ""))
    }
    return f"{reverse(DAY)}?{urlencode(kept)}#panel" if kept else reverse(DAY)


def _further(kept: dict[str, str]) -> str:
    return f"&{urlencode(kept)}" if kept else ""


class Asked:
    """What the address asks for: a day, and free times of what type with whom."""

    def __init__(self, request: HttpRequest):
        self.get = request.GET
        self.now = timezone.now()
        self.today = timezone.localdate(self.now)
        form = DayForm(self.get)
        is_day = form.is_valid()
        self.day: date = form.cleaned_data["day"] if is_day else self.today
        # What cannot be read as a day is shown again, with what to do about it.
        typed = self.get.get("day", "")
        self.refused = "" if is_day else typed
        self.errors = list(form.errors["day"]) if typed and not is_day else []

    @cached_property
    def types(self) -> list[AppointmentType]:
        """What can be booked."""
        return list(AppointmentType.objects.filter(retired_on=None).order_by("name"))

    @property
    def appointment_type(self) -> AppointmentType | None:
        """What the free times are for: the first there is, unless the address has another."""
        chosen = self.get.get("type")
        first = self.types[0] if self.types else None
        return next((each for each in self.types if str(each.pk) == chosen), first)

    @cached_property
    def choosing(self) -> "Choosing | None":
        """The decision for which a time is chosen, if there is one."""
        found = FOR.fullmatch(self.get.get("for", ""))
        record = AppointmentRequest.objects.filter(pk=found[1]).first() if found else None
        return Choosing(record, found[2]) if found and record else None

    def address_of(self, clinician: Clinician, starts: datetime) -> str:
        """Where a free time leads: to the decision for which one is chosen, or to book by phone."""
        pk = self.appointment_type.pk if self.appointment_type else ""
        time = {"clinician": clinician.pk, "at": int(starts.timestamp())}
        if self.choosing:
            return f"{self.choosing.address}?{urlencode({'appointment_type': pk, **time})}"
        return f"{reverse('admin:bookings_book_by_phone')}?{urlencode({'type': pk, **time})}"

    @property
    def minutes_needed(self) -> int:
        """How long a free period has to be for it, with what is kept free afterwards."""
        kind = self.appointment_type
        return kind.minutes + kind.buffer_minutes if kind else 0

    @property
    def kept(self) -> dict[str, str]:
        """What the address has besides the day."""
        return {name: self.get[name] for name in KEPT if A_VALUE.fullmatch(self.get.get(name, ""))}

    @property
    def keep(self) -> str:
        """What every link to another day keeps of the address."""
        return _further(self.kept)

    @property
    def keep_for_others(self) -> str:
        """What a link to the same day with another clinician, or with all, keeps of it."""
        return _further({name: value for name, value in self.kept.items() if name != "clinician"})

    def agenda(self, days: Sequence[date], *, has_names: bool = True) -> Agenda:
        """The agenda of these days, with times for what was asked for."""
        return Agenda(days, self.now, self.appointment_type, has_names=has_names)

    def only(self, plans: list[Plan], clinicians: Sequence[Clinician]) -> list[Plan]:
        """The plans with the chosen clinician alone, if there is one."""
        chosen = self.clinician_of(clinicians)
        if chosen is None:
            return plans
        return [
            plan._replace(columns=[each for each in plan.columns if each.clinician == chosen])
            for plan in plans
        ]

    def clinician_of(self, clinicians: Sequence[Clinician]) -> Clinician | None:
        """The chosen one of these clinicians."""
        chosen = self.get.get("clinician")
        return next((each for each in clinicians if str(each.pk) == chosen), None)


class Choosing(NamedTuple):
    """A request for which a time is chosen in the diary."""

    record: AppointmentRequest
    decision: str

    @property
    def address(self) -> str:
        """The page of the decision."""
        name = "admin:bookings_appointmentrequest_decide"
        return reverse(name, args=[self.record.pk, self.decision])


class Panel(NamedTuple):
    """The appointment that is open beside the day."""

    entry: Entry
    may_change: bool
    # The address of the page without its path, for the way back to it.
    shown: str


def _day(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    agenda = asked.agenda([asked.day])
    (whole,) = agenda.plans()
    clinicians = agenda.clinicians()
    (plan,) = asked.only([whole], clinicians)
    panel = _panel(asked, plan)
    open_ = [panel.entry.request] if panel and panel.entry.request else []
    mark_pinned(plan.requests())
    shown = {"diary of a day": plan.requests(), "diary appointment": open_}
    journal.record_lists(shown, by=signed_in(request), at=asked.now)
    (grid,) = grids([plan], asked.now)
    return {
        "title": f"{asked.day:%A %-d %B %Y}",
        "plan": plan,
        "grid": grid,
        "panel": panel,
        "key": KEY,
        "next_clinic": None if whole.columns else _next_clinic(asked.day),
        "tabs": [each.clinician for each in whole.columns],
        **_around(asked, agenda, "day", asked.day, timedelta(days=1)),
    }


def _week(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    monday = asked.day - timedelta(days=asked.day.weekday())
    agenda = asked.agenda([monday + timedelta(days=n) for n in range(WEEK)])
    week = asked.only(agenda.plans(), agenda.clinicians())
    shown = [each for plan in week for each in plan.requests()]
    journal.record_list("diary of a week", shown, by=signed_in(request), at=asked.now)
    return {
        "title": f"The week of {monday:%-d %B %Y}",
        "grids": grids([plan for plan in week if _is_worth_showing(plan)], asked.now),
        "key": KEY_WITHOUT_NAMES,
        **_around(asked, agenda, "week", monday, timedelta(days=WEEK)),
    }


def _month(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """How full each day is. Nobody is shown, so nobody is recorded."""
    first = asked.day.replace(day=1)
    length = monthrange(first.year, first.month)[1]
    agenda = asked.agenda([first + timedelta(days=n) for n in range(length)], has_names=False)
    around = _around(asked, agenda, "month", first, timedelta(days=length))
    return {
        "title": f"{first:%B %Y}",
        "plans": asked.only(agenda.plans(), agenda.clinicians()),
        **around,
        "before": (first - timedelta(days=1)).replace(day=1),
    }


def _list(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """A list to print. It leaves the building, so each request on it records who printed it."""
    chosen, now = asked.kept.get("clinician", ""), asked.now
    everybody = appointments_on(asked.day)
    coming = [each for each in everybody if chosen in {"", str(each.clinician_id)}]
    requests = [each.request for each in coming]
    journal.record_each(requests, Event.PRINTED, by=signed_in(request), at=now)
    rota = Rota([asked.day])
    lost = {
        each.pk
        for each in coming
        if each.room and each.starts > now
        if why_stranded(each, {claim.resource_id for claim in each.claims.all()}, rota)
    }
    return {
        "title": f"{asked.day:%A %-d %B %Y}",
        "appointments": coming,
        "is_of_one": bool(chosen),
        "without_clinic": lost,
        "now": now,
        "unit": "day",
        "before": asked.day - timedelta(days=1),
        "after": asked.day + timedelta(days=1),
    }


def _around(
    asked: Asked, agenda: Agenda, unit: str, first: date, length: timedelta
) -> dict[str, Any]:
    """What is above every page of the diary: the ways from it, and what free times can be of."""
    clinicians = agenda.clinicians()
    return {
        "unit": unit,
        "before": first - length,
        "after": first + length,
        "next_week": asked.today + timedelta(days=WEEK),
        "clinicians": clinicians,
        "clinician": asked.clinician_of(clinicians),
    }


def _panel(asked: Asked, plan: Plan) -> Panel | None:
    """The appointment that the address names, if it is on that day."""
    pk = asked.get.get("appointment")
    open_ = (each for each in plan.entries() if each.appointment and str(each.appointment.pk) == pk)
    entry = next(open_, None)
    if entry is None or entry.appointment is None:
        return None
    may_change = entry.appointment.ended_at is None and asked.now < entry.starts
    shown = f"day={asked.day:%Y-%m-%d}{asked.keep}&appointment={pk}"
    return Panel(entry, may_change, shown)


def _is_worth_showing(plan: Plan) -> bool:
    """Whether a week shows the day: not a weekend on which nobody comes."""
    return bool(plan.columns) or plan.day.weekday() not in WEEKEND


def _next_clinic(day: date) -> date | None:
    """The next day with a clinic."""
    ahead = Rota([day + timedelta(days=n) for n in range(1, LOOK_AHEAD + 1)])
    first: datetime | None = min((each.span.starts for each in ahead.stretches), default=None)
    return timezone.localdate(first) if first else None
