"""The one door for staff: Django's admin, opening on the desk."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from bookings import surge
from bookings.agenda import appointments_without_attendance
from bookings.free_times import stranded
from bookings.models import AppointmentRequest, ScreeningQuestion
from bookings.to_phone import patients_to_phone
from clinic_site.sign_in import OwnPasswordForm, SignInForm
from procedures import reviews
from procedures.models import Revision
from procedures.status import RevisionStatus

SHOWN = 20
# How long before its day a review of a safety question is announced.
SOON = timedelta(days=30)


class OwnPasswordView(PasswordChangeView):
    """Where a colleague changes their own password."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the request, for the limits."""
        return super().get_form_kwargs() | {"request": self.request}


class Desk(admin.AdminSite):
    """What waits for us comes first; everything else is below."""

    site_header = "The desk"
    site_title = "The desk"
    index_title = "What waits for us"
    index_template = "admin/desk.html"
    enable_nav_sidebar = False
    login_form = SignInForm

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own page, whose form knows from where the old password is given."""
        view = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The first screen after signing in."""
        desk: dict[str, Any] = {}
        now = timezone.now()
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
                "surge": surge.is_surge(now) and surge.USUAL,
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
