"""The desk: Django's admin, and the only way in for staff."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from bookings import journal, records, webhooks
from bookings.desk import keeping, news
from bookings.desk.alarms import alarms
from bookings.desk.my_clinic import my_clinic
from bookings.desk.today import board
from bookings.diary.desk_hours import desk_now
from bookings.models import AppointmentRequest, ScreeningQuestion
from bookings.screening import unasked
from bookings.triage import surge
from clinic_site import doctor, nightly, ready, set_up, sign_in
from clinic_site.backups.keeping import alarm as backup_alarm
from clinic_site.desk_navigation import waiting_for, ways
from clinic_site.papers import pages as papers
from clinic_site.sign_in import OwnPasswordForm, SignInForm
from clinic_site.staff import (
    accounts,
    my_account,
    notices,
    second_step,
    sessions,
    sign_in_again,
    signing,
)
from procedures.ground.people import names_of_colleagues
from procedures.ground.scripts import may_ask
from procedures.ground.signed_in import signed_in
from procedures.models import PageEvent, Proposal, Revision
from procedures.models.clinic import details
from procedures.models.restored import is_quiet
from procedures.publishing import reviews
from procedures.status import RETURNED

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SHOWN = 20
# Whoever only reads pages does not find them on Today.
WORKS_ON_PAGES = ("add", "sign", "approve", "publish", "translate")
# How many days ahead a review of a safety question is announced.
SOON = timedelta(days=30)


class OwnPasswordView(PasswordChangeView):
    """The page where colleagues change their own password."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change_form.html"
    title = "Change your password"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The form's arguments, with the request, which the limits need."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Change the password, which ends the sessions elsewhere."""
        answer = super().form_valid(form)
        sessions.end_others(self.request)
        accounts.note_password_change(signed_in(self.request), now=timezone.now())
        said = "Your password is changed. In other browsers you are signed out."
        messages.success(self.request, said)
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
            path("set-up/doctor/", self.admin_view(self.doctor), name="doctor"),
            *papers.urls(self),
            path("news/", self.admin_view(news.show), name="news"),
            path("account/", self.admin_view(my_account.show), name="my_account"),
            path(
                "account/end-others/",
                self.admin_view(my_account.end_others),
                name="end_other_sessions",
            ),
            path(
                "account/end/<int:number>/",
                self.admin_view(my_account.end_one),
                name="end_session",
            ),
            path(
                "account/recovery-codes/",
                self.admin_view(second_step.new_codes),
                name="new_recovery_codes",
            ),
            path(
                "account/passkeys/<int:number>/remove/",
                self.admin_view(my_account.remove_passkey),
                name="remove_passkey",
            ),
            # Whoever has given only the password is not signed in yet.
            path("account/app/remove/", self.admin_view(my_account.remove_app), name="remove_app"),
            path(
                "account/passkeys/<int:number>/sign/",
                self.admin_view(signing.let_passkey_sign),
                name="let_passkey_sign",
            ),
            path("second-factor/", second_step.enter, name="second_factor"),
            path("second-factor/set-up/", second_step.set_up, name="set_up_second_factor"),
            path("second-factor/passkey/", second_step.add_passkey, name="add_passkey"),
            path("second-factor/start-again/", second_step.start_again, name="start_again"),
            path("account/notices/", self.admin_view(notices.choose_page), name="notices"),
            path("set-up/notices/", self.admin_view(notices.overview), name="who_gets_which"),
            path("account/keys/", self.admin_view(my_account.choose_keys), name="choose_keys"),
            path("sign-in-again/", self.admin_view(sign_in_again.enter), name="sign_in_again"),
        ]
        return [*own, *super().get_urls()]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the desk shows: the navigation as well, once somebody is signed in."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["is_quiet"] = is_quiet()
            context["ways"] = ways(signed_in(request), request.path)
            # Counted when it is written: a page that has counted them anyway puts its number here.
            context["waiting_for_me"] = SimpleLazyObject(partial(waiting_for, signed_in(request)))
            # Read when a page first names a colleague of whom a row has the username.
            context["colleagues"] = SimpleLazyObject(names_of_colleagues)
            context["has_keys"] = sessions.has_keys(request)
        return context

    def set_up(self, request: HttpRequest) -> TemplateResponse:
        """What can be set up, in the order of the work; and all tables behind the desk."""
        context = {
            **self.each_context(request),
            "title": "Set-up",
            "app_list": self.get_app_list(request),
            "sections": set_up.sections(signed_in(request)),
        }
        now = timezone.now()
        if request.user.has_perm(ready.PERMISSION):
            context["ready"] = ready.progress(now)
        context["proposals"] = Proposal.objects.waiting_for(signed_in(request), now)
        return TemplateResponse(request, "admin/setup.html", context)

    def doctor(self, request: HttpRequest) -> TemplateResponse:
        """What is wrong with this installation, for managers, beside what is missing before it opens."""
        if not request.user.has_perm(ready.PERMISSION):
            raise PermissionDenied
        now = timezone.now()
        reports = doctor.examine(now, goes_out=False)
        context = {
            **self.each_context(request),
            "title": "Is everything running?",
            "reports": reports,
            "urgent": doctor.is_urgent(reports),
            "ready": ready.progress(now),
        }
        return TemplateResponse(request, "admin/doctor.html", context)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's own page, and then the second factor.

        A form that was sent too late can be sent again after signing in.
        """
        if request.method != "POST" and sessions.pending(request):
            return second_step.ask(request, request.GET.get(REDIRECT_FIELD_NAME, ""))
        answer = super().login(request, extra_context)
        if request.method != "POST" or not isinstance(answer, HttpResponseRedirect):
            return answer
        if sessions.pending(request):
            return second_step.ask(request, answer.url, request.POST.get("sent", ""))
        return sign_in.send_again(request, answer.url, self) or answer

    # As above.
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own page. The browser forgets what it has kept of the desk."""
        answer = super().logout(request, extra_context)
        if request.method == "POST":
            answer.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'
        return answer

    # Django's own answers with a redirection, too, whatever its type says.
    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's own page. Its form knows the place from which the old password is given."""
        view = OwnPasswordView.as_view(
            success_url=reverse("admin:my_account", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Today, the first screen after signing in: what this person has to do next."""
        now = timezone.now()
        desk: dict[str, Any] = {
            "title": f"{timezone.localtime(now):%A %-d %B}",
            "next_week": timezone.localdate(now) + timedelta(weeks=1),
            "clock": f"{timezone.localtime(now):%-H:%M}. {desk_now(now)}",
            "alarms": alarms(now),
            "proposals": Proposal.objects.waiting_for(signed_in(request), now),
        }
        if request.user.has_perm(ready.PERMISSION):
            desk["is_new"] = details().number == 0
            desk["backup_alarm"] = backup_alarm(now)
            desk["journals_alarm"] = nightly.alarm(now)
        if request.user.has_perm("bookings.change_webhook"):
            desk["webhooks_off"] = webhooks.turned_off()
        if request.user.has_perm(keeping.KEEPS):
            desk["about_their_data"] = records.waiting(now)
        if request.user.has_perm("bookings.resolve_redflag"):
            desk["mine"] = mine = my_clinic(signed_in(request), now)
            desk["waiting_for_me"] = mine.waiting
            _record(request, mine.requests(), now)
        elif request.user.has_perm("bookings.view_appointmentrequest"):
            desk["board"] = for_reception = board(now, signed_in(request))
            desk["waiting_for_me"] = for_reception.tally.waiting
            desk["surge"] = for_reception.tally.is_surge and surge.USUAL
            _record(request, for_reception.requests(), now)
        if request.user.has_perm("bookings.agree_screeningquestion"):
            soon = timezone.localdate(now) + SOON
            due_questions = ScreeningQuestion.objects.to_review(soon).select_related("owner")
            desk["unasked"] = unasked()
            desk["due_questions"] = due_questions.order_by("review_due")[:SHOWN]
        if any(request.user.has_perm(f"procedures.{each}_revision") for each in WORKS_ON_PAGES):
            desk |= self._pages(now)
        return may_ask(super().index(request, desk | (extra_context or {})))

    def _pages(self, now: datetime) -> dict[str, Any]:
        """The texts that somebody is working on, and those that need a review."""
        returned = PageEvent.objects.filter(revision=OuterRef("pk"), kind=RETURNED)
        unfinished = Revision.objects.unfinished().with_doubts()
        revisions = unfinished.annotate(was_returned=Exists(returned))
        return {
            "revisions": revisions.select_related("page", "written_by").order_by("written_at")[
                :SHOWN
            ],
            "due": reviews.due(timezone.localdate(now))[:SHOWN],
        }


def _record(request: HttpRequest, shown: Iterable[AppointmentRequest], now: datetime) -> None:
    """Note in the journal whose names this person was shown."""
    journal.record_list("the desk", shown, by=signed_in(request), at=now)
