"""The page “Who opened what”: every look of a colleague at a patient, on a screen or in a list."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings import journal
from bookings.desk.finding import find_people
from bookings.desk.forms.decisions import SearchForm
from bookings.desk.forms.looks import WhichLooksForm
from bookings.desk.opened import Chosen, Key, Opened, Patients, entries, patients
from bookings.desk.unusual import unusual_weeks
from bookings.models import AppointmentRequest, Look, Person
from bookings.status.events import Event
from procedures.ground.csv_files import csv_file
from procedures.ground.decisions import CarefulAdmin, colleague
from procedures.ground.forms import posted
from procedures.ground.signed_in import signed_in

URL = "admin:bookings_look_changelist"
SHOWN = 50
MOST_FOUND = 50
MOST_IN_FILE = 10_000
HEAD = ("When", "Who", "What", "Reference", "Patients", "What stands out")

LOOKED_BY = colleague("looked_by")


@admin.register(Look)
class LookAdmin(CarefulAdmin):
    """Who opened what, by person of staff, by patient and by days. Whom the page names is recorded."""

    fields = ("screen", LOOKED_BY, "looked_at", "references")
    readonly_fields = (LOOKED_BY, "references")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        may_see_requests = request.user.has_perm("bookings.view_appointmentrequest")
        return may_see_requests and super().has_view_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        file = path("file.csv", self.admin_site.admin_view(self.file), name="bookings_look_file")
        return [file, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The newest looks of those that were chosen; or the patients that were searched for."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        search = SearchForm(posted(request))
        found = self._found(request, search)
        if len(found) == 1:
            return redirect(f"{reverse(URL)}?{urlencode({'request': found[0].pk})}")
        form, about = WhichLooksForm(request.GET), _about(request)
        before = Key.read(request.GET.get("before", ""))
        chosen = _chosen(form, about) if request.method == "GET" else None
        shown = entries(chosen, before, SHOWN + 1) if chosen else []
        self._record(request, "who opened what", shown[:SHOWN], about)
        context = {
            **self.admin_site.each_context(request),
            "title": "Who opened what",
            "form": form,
            "search": search,
            "searched": search.is_bound and search.is_valid(),
            "found": found,
            "about": about,
            "entries": shown[:SHOWN],
            "patients": _patients(chosen),
            "most_in_file": f"{MOST_IN_FILE:,}",
            "address": _address(request),
            "unusual": [] if request.GET or search.is_bound else unusual_weeks(timezone.now()),
            "later": _address(request, before=shown[SHOWN - 1].key) if len(shown) > SHOWN else "",
        }
        return TemplateResponse(request, "admin/bookings/who_opened_what.html", context)

    def file(self, request: HttpRequest) -> HttpResponse:
        """The looks that were chosen, as a file. It contains references and no names."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        about = _about(request)
        chosen = _chosen(WhichLooksForm(request.GET), about)
        if chosen is None:
            return redirect(f"{reverse(URL)}?{request.GET.urlencode()}")
        found = entries(chosen, None, MOST_IN_FILE + 1)
        shown = found[:MOST_IN_FILE]
        self._record(request, "who opened: file", shown, about)
        rows: list[tuple[object, ...]] = [
            (
                f"{timezone.localtime(each.key.at):%Y-%m-%d %H:%M:%S}",
                each.by,
                each.what,
                each.request.reference if each.request else "",
                len(each.look.requests) if each.look else 1,
                " ".join(each.marks),
            )
            for each in shown
        ]
        if len(found) > len(shown):
            rows.append((_left_out(shown[-1]),))
        return csv_file(f"who-opened-what-{timezone.localdate()}", HEAD, rows)

    @admin.display(description="references")
    def references(self, look: Look) -> str:
        """The requests in the list."""
        listed = AppointmentRequest.objects.filter(pk__in=look.requests).order_by("reference")
        return ", ".join(listed.values_list("reference", flat=True))

    def _found(self, request: HttpRequest, search: SearchForm) -> list[AppointmentRequest]:
        """The requests of the people who were searched for. Each gets an event in its journal."""
        if not (search.is_bound and search.is_valid()):
            return []
        people = find_people(search.cleaned_data["term"], MOST_FOUND)
        of_them = Q(person__in=people) | Q(person__joined_to__in=people)
        requests = AppointmentRequest.objects.filter(of_them).select_related("person")
        found = list(requests.order_by("-received_at")[:MOST_FOUND])
        for record in found:
            journal.record(record, Event.SEARCHED, by=signed_in(request), at=timezone.now())
        return found

    def _record(
        self,
        request: HttpRequest,
        screen: str,
        shown: list[Opened],
        about: list[AppointmentRequest],
    ) -> None:
        named = [each.request for each in shown if each.request]
        journal.record_list(screen, [*named, *about], by=signed_in(request), at=timezone.now())


def _about(request: HttpRequest) -> list[AppointmentRequest]:
    """All requests of the patient whose request the address names."""
    pk = request.GET.get("request", "")
    requests = AppointmentRequest.objects.select_related("person")
    known = requests.filter(pk=pk).first() if pk.isdecimal() else None
    if known is None:
        return []
    of_them = Person.objects.one_with(known.person)
    return list(requests.filter(person__in=of_them).order_by("-received_at", "-pk"))


def _chosen(form: WhichLooksForm, about: list[AppointmentRequest]) -> Chosen | None:
    """What the form asks for; None if there is something wrong with it."""
    if not form.is_valid():
        return None
    values = form.cleaned_data
    return Chosen(values["staff"], [each.pk for each in about] or None, values["span"])


def _patients(chosen: Chosen | None) -> Patients | None:
    """How many patients it was in a period. All entries about one patient are about one patient."""
    return patients(chosen) if chosen and chosen.span and chosen.requests is None else None


def _left_out(oldest: Opened) -> str:
    last = f"{timezone.localtime(oldest.key.at):%Y-%m-%d %H:%M:%S}"
    return (
        f"Left out: everything before {last}. A file has the newest {MOST_IN_FILE:,} at most. "
        "For the rest, choose that day as the last one, or one colleague."
    )


def _address(request: HttpRequest, **more: object) -> str:
    """The arguments of the address, without the place in the list unless it is given."""
    kept = {name: value for name, value in request.GET.items() if name != "before"}
    return urlencode(kept | more)
