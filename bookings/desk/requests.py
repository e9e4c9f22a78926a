"""Requests at the desk: the list, the screen of each request, and the search."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bookings import journal, triage
from bookings.desk import callers, diary_pages, rebooking
from bookings.desk.calls import note_no_answer
from bookings.desk.decisions import DECISIONS
from bookings.desk.finding import find
from bookings.desk.forms.decisions import SearchForm
from bookings.desk.request_page import facts
from bookings.desk.to_phone import patients_to_phone, reasons_to_phone
from bookings.diary.clinicians import wish_is_gone
from bookings.models import (
    AppointmentRequest,
    AppointmentRequestQuerySet,
)
from bookings.status import RequestStatus, TriageRefused
from bookings.status.events import Event
from procedures.ground.decisions import Decision, DecisionAdmin
from procedures.ground.forms import posted
from procedures.ground.signed_in import signed_in

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices

SEARCH_URL = "bookings_appointmentrequest_search"
MOST_FOUND = 50
WHO = "admin/bookings/who.html"


class WhoseTurn(admin.SimpleListFilter):
    """The filter of the list. It opens on what waits for us; everything else is one press away."""

    title = "status"
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "All requests"), *RequestStatus.choices]

    def choices(self, changelist: Any) -> "Iterator[_ListFilterChoices]":
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": "Waiting for us",
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> AppointmentRequestQuerySet:
        requests = cast("AppointmentRequestQuerySet", queryset)
        shown = self.value()
        if shown in RequestStatus.values:
            return requests.in_state(RequestStatus(shown), timezone.now())
        if shown == "all":
            return requests
        return requests.waiting_for_clinic(timezone.now())


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(DecisionAdmin):
    """The requests, read-only, with one page for each decision."""

    list_display = ("reference_and_flag", "name", "about", "stands", "answer_due_in_words")
    list_display_links = ("reference_and_flag",)
    list_filter = (WhoseTurn,)
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    show_full_result_count = False
    refusals = (TriageRefused,)
    decisions = DECISIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[AppointmentRequest]:
        return AppointmentRequest.objects.select_related("page").most_urgent_first()

    def get_urls(self) -> list[URLPattern]:
        search = path("search/", self.admin_site.admin_view(self.search), name=SEARCH_URL)
        to_phone = path(
            "to-phone/", self.admin_site.admin_view(self.to_phone), name="bookings_to_phone"
        )
        pages = [
            *callers.urls(self.admin_site),
            *diary_pages.urls(self.admin_site),
            *rebooking.urls(self.admin_site),
        ]
        return [search, to_phone, *pages, *super().get_urls()]

    def search(self, request: HttpRequest) -> HttpResponse:
        """Find requests with a posted form, so that no name appears in an address or a log.

        Each request that was found gets an event in its journal.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SearchForm(posted(request))
        found: list[AppointmentRequest] | None = None
        if request.method == "POST" and form.is_valid():
            matching = find(form.cleaned_data["term"]).select_related("page").most_urgent_first()
            found = list(matching[: MOST_FOUND + 1])
            for record in found[:MOST_FOUND]:
                journal.record(record, Event.SEARCHED, by=signed_in(request), at=timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": "Search requests",
            "opts": self.opts,
            "form": form,
            "found": [
                {"record": record, "status": self.stands(record)}
                for record in (found or [])[:MOST_FOUND]
            ],
            "searched": found is not None,
            "more": len(found or []) > MOST_FOUND,
        }
        return TemplateResponse(request, "admin/bookings/search.html", context)

    def to_phone(self, request: HttpRequest) -> HttpResponse:
        """Everybody who is waiting for a phone call from us, and why. One press notes “no answer”."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._no_answer(request)
        now = timezone.now()
        waiting = patients_to_phone(now)
        shown = [each.request for each in waiting]
        journal.record_list("patients to phone", shown, by=signed_in(request), at=now)
        context = {
            **self.admin_site.each_context(request),
            "title": "Patients to phone",
            "to_phone": waiting,
        }
        return TemplateResponse(request, "admin/bookings/to_phone.html", context)

    def _no_answer(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("bookings.phone_appointmentrequest"):
            raise PermissionDenied
        pressed = request.POST.get("no_answer", "")
        self.message_user(
            request, note_no_answer(pressed, by=signed_in(request), now=timezone.now())
        )
        is_desk = request.POST.get("pressed_on") == "desk"
        return redirect("admin:index" if is_desk else "admin:bookings_to_phone")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-has_urgent_flag", "answer_due", "pk")

    def state_of(self, record: AppointmentRequest) -> str:
        """The status, including the steps that the clock has taken."""
        return record.state(timezone.now())

    def decision_context(self, record: AppointmentRequest, decision: Decision) -> dict[str, Any]:
        """Who the patient is, and what makes a visit possible for them.

        Every decision page shows this.
        """
        return {
            "about": WHO,
            "current": triage.booked_appointment(record),
            "to_phone": reasons_to_phone(record, timezone.now()),
            "wish_is_gone": wish_is_gone(record.wished_clinician, timezone.localdate()),
        }

    def way_back(self, request: HttpRequest, record: AppointmentRequest) -> str:
        """The list from which a button was pressed, if it says so; otherwise the request's page."""
        match request.POST.get("pressed_on"):
            case "desk":
                return reverse("admin:index")
            case "diary":
                return diary_pages.way_back(request.POST.get("shown", ""))
        return self.record_url(record)

    def decide(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Show a decision page and carry out the decision.

        Being shown the page counts as a look, because it says who the patient is and what they
        answered. A form that was refused shows as much as one that was opened, so both are
        recorded.
        """
        answer = super().decide(request, pk, slug)
        if isinstance(answer, TemplateResponse) and answer.context_data:
            record = answer.context_data["record"]
            journal.record(record, Event.READ, by=signed_in(request), at=timezone.now())
        return answer

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, {"title": "Requests"} | (extra_context or {}))
        shown = getattr(answer, "context_data", {}).get("cl")
        if shown:
            journal.record_list(
                "requests", shown.result_list, by=signed_in(request), at=timezone.now()
            )
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Everything that is needed to decide, on one screen. Opening it is recorded."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, object_id)
        if record is None:
            # As Django answers, which has no public name for it.
            return self._get_obj_does_not_exist_redirect(  # type: ignore[attr-defined, no-any-return]
                request, self.opts, object_id
            )
        journal.record(record, Event.READ, by=signed_in(request), at=timezone.now())
        allowed = self.open_decisions(request, record)
        told = facts(record, timezone.now())
        # Each flag has a button of its own; here the decision is shown only if it comes next.
        decisions = [each for each in allowed if each.slug != "resolve-flag" or told["blocked"]]
        context = {
            **self.admin_site.each_context(request),
            **told,
            "title": f"Request {record.reference}",
            "opts": self.opts,
            "record": record,
            "about": WHO,
            "decisions": decisions,
            "next_step": self._next_step(record, decisions, told),
            "may_resolve": any(each.slug == "resolve-flag" for each in allowed),
        }
        return TemplateResponse(request, "admin/bookings/request.html", context)

    def _next_step(
        self, record: AppointmentRequest, decisions: list[Decision], told: dict[str, Any]
    ) -> Decision | None:
        """The call, if there is news that only a call can tell; otherwise what usually comes next."""
        if told["news"]:
            return next((each for each in decisions if each.slug == "call"), None)
        return self.next_step(record, decisions)

    @admin.display(description="request")
    def reference_and_flag(self, record: AppointmentRequest) -> SafeString:
        """The reference, and the most serious flag in shape and word as well as colour."""
        if record.has_urgent_flag:
            return format_html(
                '{} <span class="mark mark--urgent">■ Urgent</span>', record.reference
            )
        if record.has_red_flag:
            return format_html(
                '{} <span class="mark mark--red">▲ Red flag</span>', record.reference
            )
        return format_html("{}", record.reference)

    @admin.display(description="about")
    def about(self, record: AppointmentRequest) -> str:
        """The page that the request came from."""
        return record.page.staff_title if record.page else "Something else"

    @admin.display(description="status")
    def stands(self, record: AppointmentRequest) -> str:
        """The status in words, including the steps that the clock has taken."""
        return str(record.state(timezone.now()).label)

    @admin.display(description="answer by")
    def answer_due_in_words(self, record: AppointmentRequest) -> SafeString:
        """By when we promised an answer, and whether that has passed."""
        now = timezone.now()
        due = f"{timezone.localtime(record.answer_due):%a %-d %b, %-H:%M}"
        if record.is_waiting_for_clinic(now) and record.answer_due < now:
            return format_html('{} <span class="mark mark--late">● Late</span>', due)
        return format_html("{}", due)
