"""The one door for staff: Django's admin, limited before a password is hashed, opening on the desk."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from bookings.agenda import appointments_without_attendance
from bookings.alarms import alarms
from bookings.free_times import stranded
from bookings.models import AppointmentRequest, ScreeningQuestion
from bookings.to_phone import patients_to_phone
from procedures import rate_limits, reviews
from procedures.models import Revision
from procedures.status import RevisionStatus

SHOWN = 20
# How long before its day a review of a safety question is announced.
SOON = timedelta(days=30)


class Desk(admin.AdminSite):
    """What waits for us comes first; everything else is below."""

    site_header = "The desk"
    site_title = "The desk"
    index_title = "What waits for us"
    index_template = "admin/desk.html"
    enable_nav_sidebar = False

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Count each try first: one check of a password costs 100 MiB and a quarter of a second."""
        if request.method == "POST":
            now = timezone.now()
            address = rate_limits.client_address(request)
            person = f"{request.POST.get('username', '')[:150].lower()}\n{address}"
            tries = [
                (rate_limits.SIGN_IN_FROM_ONE_PLACE, address),
                (rate_limits.SIGN_IN_AS_ONE_PERSON, person),
            ]
            if not rate_limits.spend_all(tries, now):
                return render(request, "errors/429.html", status=429)
        return super().login(request, extra_context)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first screen after signing in."""
        now = timezone.now()
        desk: dict[str, Any] = {"alarms": alarms(now)}
        if request.user.has_perm("bookings.view_appointmentrequest"):
            waiting = AppointmentRequest.objects.waiting_for_clinic(now).select_related("page")
            first = list(waiting.most_urgent_first()[: SHOWN + 1])
            desk["waiting"] = [
                (record, record.state(now).label, record.answer_due < now)
                for record in first[:SHOWN]
            ]
            desk["more_waiting"] = len(first) > SHOWN
            lost, to_phone = stranded(now), patients_to_phone(now)
            desk |= {
                "stranded": lost[:SHOWN],
                "more_stranded": len(lost) - SHOWN,
                "to_phone": to_phone[:SHOWN],
                "more_to_phone": len(to_phone) - SHOWN,
                "not_recorded": appointments_without_attendance(now)[:SHOWN],
            }
        if request.user.has_perm("bookings.view_screeningquestion"):
            soon = timezone.localdate(now) + SOON
            due_questions = ScreeningQuestion.objects.to_review(soon).select_related("owner")
            desk["due_questions"] = due_questions.order_by("review_due")[:SHOWN]
        if request.user.has_perm("procedures.view_revision"):
            unfinished = [RevisionStatus.DRAFT, RevisionStatus.IN_REVIEW, RevisionStatus.SIGNED]
            desk["revisions"] = (
                Revision.objects.filter(status__in=unfinished)
                .select_related("page", "written_by")
                .order_by("written_at")[:SHOWN]
            )
            desk["due"] = reviews.due(timezone.localdate(now))[:SHOWN]
        return super().index(request, desk | (extra_context or {}))
