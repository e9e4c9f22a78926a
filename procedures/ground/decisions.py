"""Decision pages: how staff change a record in the admin.

A record is read-only there. Each thing that may be decided is one `Decision`: a page with a form,
its own permission, and one call of a verb. The page carries the version that its reader saw, so
that a verb can refuse politely when a colleague was faster.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Field, Model, TextField, URLField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from procedures.ground.fields import PlainTextField
from procedures.ground.seen import SeenVersionField


class DecisionForm(forms.Form):
    """A form about one record. It remembers the version of the record that was on the screen."""

    version = SeenVersionField()

    use_required_attribute = False

    def __init__(self, *args: Any, record: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.record = record
        self.initial.setdefault("version", record.version)


class ReasonForm(DecisionForm):
    """A decision that needs a reason."""

    reason = PlainTextField(
        label="Why",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        required_message="Write the reason. Colleagues will read it.",
    )


def always(record: Any, now: datetime) -> bool:
    """No further condition."""
    return True


class Decision(NamedTuple):
    """One thing that may be decided about a record."""

    slug: str
    label: str
    permission: str
    statuses: Iterable[str]
    form: type[DecisionForm]
    # Called with the record, the form's values, who and when; returns a sentence for the person
    # deciding.
    carry_out: Callable[[Any, dict[str, Any], User, datetime], str]
    explanation: str = ""
    template: str = "admin/decide.html"
    # A further condition on the record at that instant.
    open_when: Callable[[Any, datetime], bool] = always
    # The statuses in which it usually comes next and stands out.
    leads_on: Iterable[str] = ()
    # Whether it takes something away from somebody.
    is_grave: bool = False
    # What a link to its page may choose. Someone who writes a link must not be able to fill in what
    # a colleague then only has to press.
    chosen_by_link: Iterable[str] = ()


class PlainTextAdmin(BaseModelAdmin):
    """An admin whose text columns use our own field for typed text."""

    def formfield_for_dbfield(
        self, db_field: Field, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if type(db_field) in {CharField, TextField}:
            kwargs.setdefault("form_class", PlainTextField)
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class CarefulInline(PlainTextAdmin, admin.TabularInline):
    """Rows of another table, shown below a record."""


class CarefulAdmin(PlainTextAdmin, admin.ModelAdmin):
    """An admin without bulk actions or deleting.

    An address may contain no filters except those of the list.
    """

    actions = None
    # What a link to the form of a new record may choose.
    chosen_by_link: Iterable[str] = ()
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    safe_lookups = {"", "exact", "id__exact"}

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        field, _, how = lookup.partition("__")
        listed = {getattr(entry, "parameter_name", entry) for entry in self.list_filter}
        return field in listed and how in self.safe_lookups

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = super().get_changeform_initial_data(request)
        return {name: initial[name] for name in self.chosen_by_link if name in initial}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class DecisionAdmin(CarefulAdmin):
    """A read-only record with decision pages."""

    decisions: tuple[Decision, ...] = ()
    refusals: tuple[type[Exception], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_decide"
        decide = path(
            "<int:pk>/decide/<slug:slug>/", self.admin_site.admin_view(self.decide), name=name
        )
        return [decide, *super().get_urls()]

    def open_decisions(self, request: HttpRequest, record: Any) -> list[Decision]:
        """The decisions that this person may take about the record as it is now."""
        return [
            decision
            for decision in self.decisions
            if self.state_of(record) in decision.statuses
            and decision.open_when(record, timezone.now())
            and request.user.has_perm(f"{self.opts.app_label}.{decision.permission}")
        ]

    def next_step(self, record: Any, decisions: Iterable[Decision]) -> Decision | None:
        """The decision that usually comes next, if there is one."""
        state = self.state_of(record)
        return next((choice for choice in decisions if state in choice.leads_on), None)

    def state_of(self, record: Any) -> str:
        """The current status of the record."""
        return str(record.status)

    def decision_context(self, record: Any, decision: Decision) -> dict[str, Any]:
        """What else the page of a decision shows."""
        return {}

    def record_url(self, record: Any) -> str:
        """The record's own page."""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk]
        )

    def decide(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Load the record, ask the form, make one call, redirect.

        Somebody who may not decide does not learn which records exist.
        """
        decision = next((decision for decision in self.decisions if decision.slug == slug), None)
        if decision is None:
            raise Http404
        if not request.user.has_perm(f"{self.opts.app_label}.{decision.permission}"):
            raise PermissionDenied
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        posted = request.POST if request.method == "POST" else None
        chosen = {
            name: request.GET[name] for name in decision.chosen_by_link if name in request.GET
        }
        form = decision.form(posted, record=record, initial=chosen)
        if posted is not None and form.is_valid():
            try:
                said = decision.carry_out(record, form.cleaned_data, request.user, timezone.now())
            except self.refusals as refusal:
                # What was typed stays on the screen; nothing was stored.
                form.add_error(None, str(refusal))
            else:
                self.message_user(request, said, messages.SUCCESS)
                return redirect(self.record_url(record))
        context = {
            **self.admin_site.each_context(request),
            "title": decision.label,
            "opts": self.opts,
            "record": record,
            "record_url": self.record_url(record),
            "decision": decision,
            "form": form,
            **self.decision_context(record, decision),
        }
        return TemplateResponse(request, decision.template, context)
