"""The manager's pages about the accounts of colleagues."""

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from clinic_site.groups import ROLES
from clinic_site.staff import accounts, sessions
from clinic_site.staff.belongings import belongings
from clinic_site.staff.desk.decisions import DECISIONS, MANAGE, NEXT
from clinic_site.staff.forms import InviteForm
from procedures.ground.decisions import DecisionAdmin
from procedures.ground.forms import posted
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in
from procedures.ground.two_people import ProposalRefused
from procedures.models import Clinician, StaffAccount
from procedures.status import AccountRefused, AccountState

EVENTS_SHOWN = 50


@admin.register(StaffAccount)
class StaffAccountAdmin(DecisionAdmin):
    """The accounts of staff. Those of operators, who may do everything, are made on the server."""

    list_display = ("shown_name", "role", "status", "username", "last_sign_in", "since", "until")
    ordering = ("-is_active", "first_name", "last_name")
    decisions = DECISIONS
    refusals = (AccountRefused, ProposalRefused)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StaffAccount]:
        return StaffAccount.objects.filter(is_superuser=False).with_facts()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"procedures.{MANAGE}")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def state_of(self, record: StaffAccount) -> str:
        return record.state(timezone.now())

    @admin.display(description="name")
    def shown_name(self, account: StaffAccount) -> str:
        """The full name."""
        return shown_name(account)

    @admin.display(description="role")
    def role(self, account: StaffAccount) -> str:
        """What they may do."""
        return account.role

    @admin.display(description="status")
    def status(self, account: StaffAccount) -> str:
        """What the account is good for."""
        return account.state(timezone.now()).label

    @admin.display(description="last sign-in", empty_value="never")
    def last_sign_in(self, account: StaffAccount) -> datetime | None:
        """When they last signed in."""
        return account.last_login

    @admin.display(description="since")
    def since(self, account: StaffAccount) -> str:
        """The day on which the account was made."""
        return f"{timezone.localdate(account.date_joined):%-d %b %Y}"

    @admin.display(description="until", empty_value="")
    def until(self, account: StaffAccount) -> str | None:
        """The day of leaving, if there is one."""
        return f"{account.leaves_on:%-d %b %Y}" if account.leaves_on else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Staff accounts"} | (extra_context or {}))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Invite a colleague. A clinician's entry for patients comes straight after."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        require_fresh_sign_in(request)
        role = request.GET.get("role", "")
        form = InviteForm(posted(request), initial={"role": role if role in ROLES else ""})
        if request.method == "POST" and form.is_valid():
            try:
                invited = accounts.invite(
                    **form.cleaned_data, by=signed_in(request), now=timezone.now()
                )
            except AccountRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._after_inviting(request, invited)
        context = {
            **self.admin_site.each_context(request),
            "title": "Invite a colleague",
            "opts": self.opts,
            "form": form,
        }
        return TemplateResponse(request, "admin/staff/invite.html", context)

    def _after_inviting(self, request: HttpRequest, invited: StaffAccount) -> HttpResponse:
        said = (
            f"Invited. {invited} will sign in as {invited.username}. The link works once, for "
            f"{accounts.VALID_FOR.days} days."
        )
        self.message_user(request, said, messages.SUCCESS)
        is_clinician = invited.groups.filter(name="Clinician").exists()
        if is_clinician and request.user.has_perm("procedures.add_clinician"):
            self.message_user(request, "Now enter what patients read about them.", messages.INFO)
            return redirect(f"{reverse('admin:procedures_clinician_add')}?login={invited.pk}")
        return redirect(self.record_url(invited))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One account: what it is good for, what can be done, what is in its name, what was done."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = self.get_object(request, object_id or "")
        if account is None:
            raise Http404
        now = timezone.now()
        decisions = self.open_decisions(request, account)
        state = account.state(now)
        context = {
            **self.admin_site.each_context(request),
            "title": str(account),
            "opts": self.opts,
            "account": account,
            "state": state,
            "says_role": ROLES.get(account.role, ""),
            "clinician": Clinician.objects.filter(login_id=account.pk).first(),
            "letter": _last_letter(account),
            "has_second_factor": sessions.has_second_factor(account),
            "decisions": decisions,
            "next_step": NEXT.get(state),
            "is_own": account.pk == signed_in(request).pk,
            "can_be_clinician": account.role == "Clinician" and state != AccountState.LEFT,
            "belongings": belongings(account, now),
            "events": account.events.select_related("done_by").order_by("-pk")[:EVENTS_SHOWN],
        }
        return TemplateResponse(request, "admin/staff/account.html", context)


def _last_letter(account: StaffAccount) -> str:
    """What became of the last email with a link, in words; empty if there was none."""
    last = account.invitations.order_by("-pk").first()
    letter = last.messages.order_by("-pk").first() if last else None
    return letter.get_status_display() if letter else ""
