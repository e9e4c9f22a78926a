"""The desk: Django's admin, and the only way in for staff."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import admin
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone

from bookings import journal
from bookings.desk.agenda import appointments_without_attendance, coming_today
from bookings.desk.alarms import alarms
from bookings.desk.to_phone import patients_to_phone
from bookings.diary.free_times import stranded
from bookings.models import AppointmentRequest, RedFlag, ScreeningQuestion
from bookings.screening import unasked
from bookings.triage import surge
from clinic_site import sign_in
from clinic_site.desk_navigation import ways
from clinic_site.sign_in import OwnPasswordForm, SignInForm
from clinic_site.staff import accounts, my_account, sessions, sign_in_again
from procedures.ground.signed_in import signed_in
from procedures.models import Revision
from procedures.publishing import reviews
from procedures.status import RevisionStatus

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SHOWN = 20
# How many days ahead a review of a safety question is announced.
SOON = timedelta(days=30)


class OwnPasswordView(PasswordChangeView):
    """The page where colleagues change their own password."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change_form.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form's arguments, with the request, which the limits need."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Change the password, which ends the sessions elsewhere."""
        answer = super().form_valid(form)
        sessions.end_others(self.request)
        accounts.note_password_change(signed_in(self.request), now=timezone.now())
        return answer


class Desk(admin.AdminSite):
    """Django's admin site, opening on what waits for us."""

    site_header = "The desk"
    site_title = "The desk"
    index_title = "What needs attention"
    index_template = "admin/desk.html"
    enable_nav_sidebar = False
    login_form = SignInForm

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Django's own check, except that a form sent after the session ended is not lost."""
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if sign_in.carries_something(request) and not self.has_permission(request):
                return sign_in.before_sending(request, self)
            return guarded(request, *args, **kwargs)

        return cast("View", kept)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Django's own pages, what can be set up, and what belongs to a colleague's own account."""
        own = [
            path("set-up/", self.admin_view(self.set_up), name="setup"),
            path("account/", self.admin_view(my_account.show), name="my_account"),
            path(
                "account/end-others/",
                self.admin_view(my_account.end_others),
                name="end_other_sessions",
            ),
            path("sign-in-again/", self.admin_view(sign_in_again.enter), name="sign_in_again"),
        ]
        return [*own, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the desk shows: the navigation as well, once somebody is signed in."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["ways"] = ways(signed_in(request), request.path)
        return context

    def set_up(self, request: HttpRequest) -> TemplateResponse:
        """The tables behind the desk, for those who may see them."""
        context = {
            **self.each_context(request),
            "title": "Set-up",
            "app_list": self.get_app_list(request),
        }
        return TemplateResponse(request, "admin/setup.html", context)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own page. A form that was sent too late can be sent again after signing in."""
        answer = super().login(request, extra_context)
        if request.method == "POST" and isinstance(answer, HttpResponseRedirect):
            return sign_in.send_again(request, answer.url, self) or answer
        return answer

    # Django's own answers with a redirection, too, whatever its type says.
    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own page. Its form knows the place from which the old password is given."""
        view = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The first screen after signing in."""
        now = timezone.now()
        desk: dict[str, Any] = {"alarms": alarms(now)}
        if request.user.has_perm("bookings.view_appointmentrequest"):
            desk |= self._requests(request, now)
        if request.user.has_perm("bookings.view_screeningquestion"):
            soon = timezone.localdate(now) + SOON
            due_questions = ScreeningQuestion.objects.to_review(soon).select_related("owner")
            desk["unasked"] = unasked()
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

    def _requests(self, request: HttpRequest, now: datetime) -> dict[str, Any]:
        """The requests and patients that somebody has to see to.

        Showing their names is recorded.
        """
        waiting = AppointmentRequest.objects.waiting_for_clinic(now)
        first = list(waiting.select_related("page").most_urgent_first()[: SHOWN + 1])
        flagged = RedFlag.objects.blocking().filter(request__in=waiting)
        lost, to_phone = stranded(now), patients_to_phone(now)
        not_recorded = list(appointments_without_attendance(now)[:SHOWN])
        coming = coming_today(now)
        shown = [
            *(each.request for each in coming),
            *first[:SHOWN],
            *(each.appointment.request for each in lost[:SHOWN]),
            *(each.request for each in to_phone[:SHOWN]),
            *(each.request for each in not_recorded),
        ]
        journal.record_list("the desk", shown, by=signed_in(request), at=now)
        return {
            "waiting": [
                {
                    "record": record,
                    "status": record.state(now).label,
                    "late": record.answer_due < now,
                }
                for record in first[:SHOWN]
            ],
            "more_waiting": len(first) > SHOWN,
            "how_many_wait": waiting.count(),
            "wait_for_clinician": flagged.values("request").distinct().count(),
            "surge": surge.is_surge(now) and surge.USUAL,
            "stranded": lost[:SHOWN],
            "more_stranded": len(lost) - SHOWN,
            "to_phone": to_phone[:SHOWN],
            "more_to_phone": len(to_phone) - SHOWN,
            "not_recorded": not_recorded,
            "coming": coming,
        }
