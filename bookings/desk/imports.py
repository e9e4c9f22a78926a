"""Bringing in people and visits from another system's file, step by step.

Upload, columns, questions, rows, result. What the file says is in the import's own row, never in the
session, and the address of a step has only the number of the import.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.module_loading import import_string

from bookings import journal
from bookings.desk.forms.imports import BringInForm, ColumnsForm, QuestionsForm, UploadForm
from bookings.imports import keeping
from bookings.imports.columns import doubts, names_in
from bookings.imports.fates import Fate, Why, digest, fates
from bookings.models import AppointmentRequest, Import
from bookings.status import TriageRefused
from procedures.ground.counting import counted
from procedures.ground.csv_files import csv_file
from procedures.ground.decisions import CarefulAdmin
from procedures.ground.forms import posted
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.signed_in import signed_in

MAY = "bookings.import_visits"
SCREEN = "an import"
SHOWN = 100
# The page names so many rows of each kind of refusal; whoever has more corrects the file first.
MOST_REFUSED = 50
RECENT = 20


class Refusals(NamedTuple):
    """Rows that are refused for one reason, the first of them, and whether they are left out."""

    why: Why
    number: int
    rows: Sequence[Fate]
    is_left_out: bool

    @property
    def rest(self) -> int:
        """How many are not shown."""
        return self.number - len(self.rows)

    @property
    def rows_in_words(self) -> str:
        """“12 rows”."""
        return counted(self.number, "row")


@admin.register(Import)
class ImportAdmin(CarefulAdmin):
    """The pages. Each asks for the permission and for a fresh sign-in."""

    def get_urls(self) -> list[URLPattern]:
        """The steps, in their order."""
        view, name = self.admin_site.admin_view, "bookings_import"
        return [
            path("", view(self.start), name=f"{name}_changelist"),
            path("<int:pk>/columns/", view(self.columns), name=f"{name}_columns"),
            path("<int:pk>/questions/", view(self.questions), name=f"{name}_questions"),
            path("<int:pk>/rows/", view(self.rows), name=f"{name}_rows"),
            path("<int:pk>/", view(self.result), name=f"{name}_change"),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may bring files in."""
        return bool(request.user.has_perm(MAY))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever may bring files in finds the page under Set-up."""
        return False

    # --- The steps ----------------------------------------------------------------------------------

    def start(self, request: HttpRequest) -> HttpResponse:
        """The imports there were, the file of a new one, and in a demonstration one to try."""
        self._guard(request)
        if settings.IMPORT_SAMPLE and "sample" in request.GET:
            made = import_string(settings.IMPORT_SAMPLE)
            return csv_file("invented-visits", *made(timezone.now()))
        form = UploadForm(posted(request), request.FILES if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            this = keeping.upload(
                form.cleaned_data["file"], by=signed_in(request), now=timezone.now()
            )
            return redirect("admin:bookings_import_columns", this.pk)
        recent = Import.objects.order_by("-pk")[:RECENT]
        context = {
            "form": form,
            "imports": recent,
            "now": timezone.now(),
            "sample": settings.IMPORT_SAMPLE,
        }
        return self._page(request, "start", "Import from another system", context)

    def columns(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What each column is."""
        this, now = self._open(request, pk)
        form = ColumnsForm(posted(request), this=this)
        if form.is_bound and form.is_valid():
            keeping.understand(this, now, columns=form.cleaned_data["columns"], orders={})
            return redirect("admin:bookings_import_questions", pk)
        return self._page(
            request, "columns", "What is in each column?", {"form": form, "this": this}
        )

    def questions(self, request: HttpRequest, pk: int) -> HttpResponse:
        """How to read dates, and who or what the names are."""
        this, now = self._open(request, pk)
        form = QuestionsForm(
            posted(request),
            doubts=doubts(this),
            names=names_in(this),
            initial={f"order_{column}": order for column, order in this.orders.items()},
        )
        if not form.fields or (form.is_bound and form.is_valid()):
            if form.is_bound:
                keeping.understand(this, now, orders=form.orders(), values=form.values())
            return redirect("admin:bookings_import_rows", pk)
        return self._page(
            request, "questions", "Who and what is meant?", {"form": form, "this": this}
        )

    def rows(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What would become of each row, and the button that brings them in."""
        this, now = self._open(request, pk)
        form = BringInForm(posted(request))
        if form.is_bound and form.is_valid():
            try:
                keeping.bring_in(this, **form.cleaned_data, by=signed_in(request), now=now)
            except TriageRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect("admin:bookings_import_change", pk)
        found = fates(this, now)
        arriving = [each for each in found if each.arrival]
        page = Paginator(arriving, SHOWN).get_page(request.GET.get("page"))
        self._note_known(request, page.object_list, now)
        context = {
            "form": form,
            "this": this,
            "seen": digest(found),
            "counts": _counts(found),
            "refusals": _refusals(found, request.POST.getlist("left_out")),
            "page": page,
        }
        return self._page(request, "rows", "What would become of each row", context)

    def result(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What was brought in, and its undo; for one that was not, the next step or its end."""
        self._guard(request)
        this = self._found(pk)
        now = timezone.now()
        if this.brought_in_at is None:
            return self._unfinished(request, this, now)
        if request.method == "POST":
            keeping.undo(this, by=signed_in(request), now=now)
            return redirect("admin:bookings_import_change", pk)
        stays = keeping.stays(this, now)
        journal.record_list(SCREEN, [each.request for each in stays], by=signed_in(request), at=now)
        context = {"this": this, "stays": stays, "made": _made(this)}
        return self._page(request, "result", "Import", context)

    # --- What they share ----------------------------------------------------------------------------

    def _unfinished(self, request: HttpRequest, this: Import, now: datetime) -> HttpResponse:
        """Delete it if that was pressed, or if nothing of it is left to do; otherwise go on with it."""
        if request.method == "POST":
            keeping.drop(this)
            messages.success(request, "Deleted, with everything that was in the file.")
            return redirect("admin:bookings_import_changelist")
        if not keeping.is_open(this, now):
            raise Http404
        return redirect("admin:bookings_import_columns", this.pk)

    def _guard(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied
        require_fresh_sign_in(request)

    def _found(self, pk: int) -> Import:
        this = Import.objects.filter(pk=pk).first()
        if this is None:
            raise Http404
        return this

    def _open(self, request: HttpRequest, pk: int) -> tuple[Import, datetime]:
        """An import that can still be brought in, and the time."""
        self._guard(request)
        this, now = self._found(pk), timezone.now()
        if not keeping.is_open(this, now):
            raise Http404
        return this, now

    def _note_known(self, request: HttpRequest, shown: Iterable[Fate], now: datetime) -> None:
        """Record that the page says of these people that we know them."""
        people = [each.arrival.person for each in shown if each.arrival and each.arrival.person]
        theirs = AppointmentRequest.objects.filter(person__in=people)
        journal.record_list(SCREEN, theirs, by=signed_in(request), at=now)

    def _page(
        self, request: HttpRequest, name: str, title: str, context: dict[str, Any]
    ) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "title": title}
        return TemplateResponse(request, f"admin/bookings/import/{name}.html", context)


def _counts(found: Sequence[Fate]) -> list[tuple[str, str]]:
    """How many rows meet which fate."""
    arrivals = [each.arrival for each in found if each.arrival]
    visits = sum(1 for each in arrivals if each.visit)
    known = {each.person.pk for each in arrivals if each.person}
    new = {each.newcomer for each in arrivals if not each.person}
    refused = sum(1 for each in found if each.why)
    return [
        (str(len(found)), "rows in the file"),
        (str(visits), "visits will be booked"),
        (str(len(new)), "people are new"),
        (str(len(known)), "people we know"),
        (str(refused), "rows are refused"),
    ]


def _refusals(found: Sequence[Fate], left_out: Sequence[str]) -> list[Refusals]:
    """The refused rows, by reason."""
    numbers = Counter(each.why for each in found if each.why)
    return [
        Refusals(
            why,
            numbers[why],
            [each for each in found if each.why == why][:MOST_REFUSED],
            why in left_out,
        )
        for why in Why
        if numbers[why]
    ]


def _made(this: Import) -> list[AppointmentRequest]:
    """The first requests that it made, for whoever wants to look at some."""
    made = AppointmentRequest.objects.filter(brought_in__of=this, brought_in__is_undone=False)
    return list(made.order_by("pk")[:RECENT])
