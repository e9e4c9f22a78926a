"""Where a second person agrees to what a colleague proposed, and where both decisions are kept."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from procedures.ground import two_people
from procedures.ground.decisions import Decision, DecisionAdmin, ReasonForm
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in
from procedures.ground.two_people import Proposal, ProposalRefused, ProposalState

OPEN = {ProposalState.WAITING}
AGREE = Decision(
    slug="agree",
    label="Agree, and do it",
    permission="decide_proposal",
    statuses=OPEN,
    verb=two_people.agree,
    said="Agreed, and done.",
    needs_fresh_sign_in=True,
)
REFUSE = Decision(
    slug="refuse",
    label="Do not agree",
    permission="decide_proposal",
    statuses=OPEN,
    form=ReasonForm,
    verb=two_people.refuse,
    said="Kept. Nothing was changed.",
    is_destructive=True,
)
TAKE_BACK = Decision(
    slug="take-back",
    label="Take it back",
    permission="decide_proposal",
    statuses=set(ProposalState),
    verb=two_people.take_back,
    said="Taken back. Nothing was changed.",
    is_destructive=True,
)


@admin.register(Proposal)
class ProposalAdmin(DecisionAdmin):
    """What waits for a second person, and what two people decided. Nothing here is deleted."""

    list_display = ("said", "what_became_of_it", "proposer", "proposed_at", "second")
    list_select_related = ("proposed_by", "decided_by")
    ordering = ("-pk",)
    decisions = (AGREE, REFUSE, TAKE_BACK)
    refusals = (ProposalRefused,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Proposal]:
        return Proposal.objects.shown_to(signed_in(request))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def state_of(self, record: Proposal) -> str:
        return record.state(timezone.now())

    def open_decisions(self, request: HttpRequest, record: Any) -> list[Decision]:
        """Whoever proposed it can take it back; only somebody else can agree, or not."""
        is_own = record.proposed_by_id == signed_in(request).pk
        return [
            decision
            for decision in super().open_decisions(request, record)
            if (decision is TAKE_BACK if is_own else decision is not TAKE_BACK)
            and (is_own or record.may_be_agreed_by(signed_in(request)))
        ]

    @admin.display(description="status")
    def what_became_of_it(self, proposal: Proposal) -> str:
        """Whether it waits, or how it ended."""
        return str(proposal.state(timezone.now()).label)

    @admin.display(description="proposed by")
    def proposer(self, proposal: Proposal) -> str:
        """The name of the first person."""
        return shown_name(proposal.proposed_by)

    @admin.display(description="decided by", empty_value="")
    def second(self, proposal: Proposal) -> str | None:
        """The name of whoever decided."""
        return shown_name(proposal.decided_by) if proposal.decided_by else None

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"title": "Decisions of two people"}
        return super().changelist_view(request, title | (extra_context or {}))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One proposal: what, why, who, and what can be decided about it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        proposal = self.get_object(request, object_id or "")
        if proposal is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": proposal.known_act.label if proposal.known_act else "An earlier step",
            "opts": self.opts,
            "proposal": proposal,
            "state": proposal.state(timezone.now()),
            "subject_address": _address_of(proposal),
            "subject_name": _name_of(proposal, request),
            "decisions": self.open_decisions(request, proposal),
            "others": [shown_name(each) for each in two_people.who_may_agree(proposal)],
            "is_own": proposal.proposed_by_id == signed_in(request).pk,
        }
        return TemplateResponse(request, "admin/procedures/proposal/page.html", context)


def _address_of(proposal: Proposal) -> str:
    """The page of the desk about its subject, if there is one."""
    if proposal.subject() is None:
        return ""
    name = f"admin:{proposal.about_model.lower().replace('.', '_')}_change"
    try:
        return reverse(name, args=[proposal.about_number])
    except NoReverseMatch:
        return ""


def _name_of(proposal: Proposal, request: HttpRequest) -> str:
    """Who it is about, if its sentence must not say so."""
    act, subject = proposal.known_act, proposal.subject()
    if act is None or act.name_of is None or subject is None:
        return ""
    return act.name_of(subject, by=signed_in(request), now=timezone.now())
