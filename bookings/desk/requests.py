"""Requests at the desk: the list, and the screen of each request."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings import journal, triage
from bookings.desk import callers, diary_pages, letters, numbers, rebooking, texts, walk_ins
from bookings.desk.calls import note_no_answer
from bookings.desk.decisions import DECISIONS, not_begun
from bookings.desk.notes import mark_pinned
from bookings.desk.request_list import FILTERS, is_archive, shown_in
from bookings.desk.request_page import (
    FOLLOWED_UP,
    answered,
    facts,
    next_request,
    part_of,
    prepare,
    steps,
)
from bookings.desk.to_phone import IN_TURN, URGENTLY, marked, patients_to_phone, reasons_to_phone
from bookings.diary.clinicians import wish_is_gone
from bookings.models import AppointmentRequest, Message
from bookings.screening import TALK_FIRST, is_unheard
from bookings.status import WITH_APPOINTMENT, Overtaken, TriageRefused
from bookings.status.events import Event
from procedures.ground.counting import how_many
from procedures.ground.decisions import Decision, DecisionAdmin, DecisionForm
from procedures.ground.paging import CappedPaginator
from procedures.ground.scripts import may_ask
from procedures.ground.signed_in import signed_in

WHO = "admin/bookings/who.html"
# The decisions whose pages repeat what the patient answered, and the one that lets a colleague read it.
# They give or keep a time, which waits for answers and for flags.
NEED_ANSWERS = {"offer", "book", "move", "leave"}
# What ends a request, which waits until somebody has talked about what cannot wait.
ENDS_IT = {"decline", "withdraw", "cancel", "missed"}
# What can be done only until the appointment begins.
BEFORE_A_VISIT = {*NEED_ANSWERS, "join-earlier", "safety", "cancel"}
SHOW_ANSWERS, OPENING = {"resolve-flag", "follow-up"}, {"open-answers"}
MAY_OPEN = "bookings.open_answers_appointmentrequest"


@admin.register(AppointmentRequest)
class AppointmentRequestAdmin(DecisionAdmin):
    """The requests, read-only, with one page for each decision."""

    list_filter = FILTERS
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    show_full_result_count = False
    refusals = (TriageRefused,)
    decisions = DECISIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[AppointmentRequest]:
        people = ("owner", "person__joined_to", "wished_clinician")
        related = ("page", "visit_answer", "brought_in", *people)
        return AppointmentRequest.objects.select_related(*related).most_urgent_first()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AppointmentRequest | None:
        """As Django’s, with where there may be a reason to phone: every page about it says so."""
        rows = marked(self.get_queryset(request))
        try:
            return rows.filter(pk=object_id).first()
        except (ValidationError, ValueError):  # the address has no number
            return None

    def get_urls(self) -> list[URLPattern]:
        to_phone = path(
            "to-phone/", self.admin_site.admin_view(self.to_phone), name="bookings_to_phone"
        )
        pages = [
            *callers.urls(self.admin_site),
            *walk_ins.urls(self.admin_site),
            *letters.urls(self.admin_site),
            *texts.urls(self.admin_site),
            *diary_pages.urls(self.admin_site),
            *rebooking.urls(self.admin_site),
            *numbers.urls(self.admin_site),
        ]
        return [to_phone, *pages, *super().get_urls()]

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
            "lists": [
                (URGENTLY, "Straight away", [each for each in waiting if each.is_urgent]),
                (IN_TURN, "In this order", [each for each in waiting if not each.is_urgent]),
            ],
            "to_print": sum(each.can_be_letter for each in waiting),
            **how_many({"to_post": Message.objects.to_post(), "texts": texts.to_see()}),
        }
        return may_ask(TemplateResponse(request, "admin/bookings/to_phone.html", context))

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
        """What waits by its urgency; what is over, and everything, with the newest first."""
        by_urgency = ("-has_urgent_flag", "answer_due", "pk")
        return ("-received_at", "-pk") if is_archive(request) else by_urgency

    def get_paginator(
        self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any
    ) -> CappedPaginator:
        return CappedPaginator.showing(queryset, per_page, request.GET.get("p", ""))

    def open_decisions(self, request: HttpRequest, record: AppointmentRequest) -> list[Decision]:
        """As anywhere; and whoever may not read the answers takes none that shows them, but may ask."""
        reads = triage.may_read_answers(signed_in(request), record, timezone.now())
        hidden = OPENING if reads else SHOW_ANSWERS
        return [each for each in super().open_decisions(request, record) if each.slug not in hidden]

    def state_of(self, record: AppointmentRequest) -> str:
        """The status, including the steps that the clock has taken."""
        return record.state(timezone.now())

    def why_closed(self, record: AppointmentRequest, decision: Decision) -> str:
        """The status that does not allow it, that it is too late, or who has to do something first."""
        said = super().why_closed(record, decision)
        if self.state_of(record) not in decision.statuses:
            return f"{said} The status of the request is “{self.stands(record)}”."
        if decision.slug in BEFORE_A_VISIT and not not_begun(record, timezone.now()):
            return f"{said} The appointment has begun."
        if decision.slug in ENDS_IT and is_unheard(record):
            return f"{said} {TALK_FIRST}"
        if decision.slug not in NEED_ANSWERS:
            return said
        if record.awaits_answers:
            return f"{said} The safety questions have to be answered first."
        is_blocked = any(flag.is_blocking() for flag in record.flags.all())
        return f"{said} A clinician has to decide about a flag first." if is_blocked else said

    def decision_context(
        self, request: HttpRequest, record: AppointmentRequest, decision: Decision
    ) -> dict[str, Any]:
        """Who the patient is, and what makes a visit possible for them.

        Every decision page shows this.
        """
        has_visit = self.state_of(record) in WITH_APPOINTMENT
        return {
            "about": WHO,
            "current": triage.booked_appointment(record) if has_visit else None,
            "recall": triage.planned_recall(record) if record.status in FOLLOWED_UP else None,
            "to_phone": reasons_to_phone(record, timezone.now(), is_marked=True),
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
        recorded. Whoever may not read the answers says why first, if the page repeats them.
        """
        if slug in SHOW_ANSWERS and (closed := self._closed_answers(request, pk)):
            return redirect("admin:bookings_appointmentrequest_decide", closed.pk, "open-answers")
        answer = super().decide(request, pk, slug)
        if isinstance(answer, TemplateResponse) and answer.context_data:
            record = answer.context_data["record"]
            journal.record(record, Event.READ, by=signed_in(request), at=timezone.now())
        return answer

    def _closed_answers(self, request: HttpRequest, pk: int) -> AppointmentRequest | None:
        """The request, if this colleague may book but has not said why they read its answers."""
        user = signed_in(request)
        if triage.reads_every_answer(user) or not user.has_perm(MAY_OPEN):
            return None
        record = AppointmentRequest.objects.filter(pk=pk).first()
        readable = record is None or triage.may_read_answers(user, record, timezone.now())
        return None if readable else record

    def refused(
        self,
        request: HttpRequest,
        record: AppointmentRequest,
        decision: Decision,
        form: DecisionForm,
        refusal: Exception,
    ) -> str:
        """Who was faster. A second press then counts, if the decision is still open."""
        is_open = decision in self.open_decisions(request, record)
        if not (isinstance(refusal, Overtaken) and is_open and form.is_bound):
            return str(refusal)
        typed = request.POST.copy()
        typed["version"] = str(record.version)
        form.data = typed
        return f"{refusal} What you typed is still here. If it is still right, press again."

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        answer = super().changelist_view(request, {"title": "Requests"} | (extra_context or {}))
        if isinstance(answer, TemplateResponse) and answer.context_data:
            shown = answer.context_data["cl"]
            mark_pinned(shown.result_list)
            answer.context_data |= shown_in(shown, request)
            journal.record_list(
                "requests", shown.result_list, by=signed_in(request), at=timezone.now()
            )
        return may_ask(answer)

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
            raise Http404
        now, reader = timezone.now(), signed_in(request)
        events = journal.read(record, by=reader, at=now)
        prepare(record, events)
        allowed = self.open_decisions(request, record)
        show = part_of(request.GET.get("show", ""))
        open_now = {each.slug for each in allowed}
        told = facts(record, events, now, show=show, reader=reader)
        # Each flag has a button of its own; here the decision is shown only if it comes next.
        decisions = [each for each in allowed if each.slug != "resolve-flag" or told["blocked"]]
        for_clinician = reader.has_perm("bookings.resolve_redflag")
        waiting, after = next_request(record, now, for_clinician=for_clinician)
        context = {
            **self.admin_site.each_context(request),
            **told,
            **answered(record, now, may_ask="safety" in open_now),
            "waiting_for_me": waiting,
            "title": f"Request {record.reference}",
            "opts": self.opts,
            "record": record,
            "steps": steps(record, decisions, told),
            "next_waiting": after,
            "may_open": "open-answers" in open_now,
            "may_resolve": "resolve-flag" in open_now,
        }
        return TemplateResponse(request, "admin/bookings/request.html", context)

    def stands(self, record: AppointmentRequest) -> str:
        """The status in words, including the steps that the clock has taken."""
        return str(record.state(timezone.now()).label)
