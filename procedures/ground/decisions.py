"""Decision pages: how staff change a record in the admin.

A record is read-only there. Each thing that may be decided is one `Decision`: a page with a form,
its own permission, and one call of a verb. The page carries the version that its reader saw, so
that a verb can refuse politely when a colleague was faster.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import CharField, Field, ManyToManyField, Model, TextField, URLField
from django.forms.models import model_to_dict
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from procedures.ground.fields import PlainTextField
from procedures.ground.forms import posted
from procedures.ground.fresh_sign_in import require_fresh_sign_in
from procedures.ground.generics import BaseModelAdmin, ModelAdmin, StackedInline
from procedures.ground.people import named, shown_name
from procedures.ground.seen import SeenVersionField
from procedures.ground.signed_in import signed_in
from procedures.ground.two_people import ProposalRefused, TwoPersonAct, propose, said_waiting


class DecisionForm(forms.Form):
    """A form about one record. It remembers the version of the record that was on the screen."""

    version = SeenVersionField()

    use_required_attribute = False

    def __init__(self, *args: Any, record: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.record = record
        self.initial.setdefault("version", record.version)

    def values(self) -> dict[str, Any]:
        """What the verb of the decision is called with. For a form that is valid."""
        return self.cleaned_data


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


@dataclass(frozen=True)
class Said:
    """What to tell whoever decided: that it is done, and what they must not overlook."""

    done: str
    warning: str = ""

    def show(self, request: HttpRequest) -> None:
        """Show both at the top of the next page."""
        messages.success(request, self.done)
        if self.warning:
            messages.warning(request, self.warning)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """One thing that staff may decide about a record: a page, its permission, its form and its verb."""

    slug: str
    label: str
    permission: str
    statuses: Iterable[str]
    # Called with the record, the values of the form, `by` and `now`.
    verb: Callable[..., Any]
    # What to tell whoever decided; or a function of what the verb returned.
    said: str | Callable[[Any], str | Said]
    form: type[DecisionForm] = DecisionForm
    explanation: str = ""
    template: str = "admin/decide.html"
    # What else has to be true of the record at that time.
    open_when: Callable[[Any, datetime], bool] = always
    # Whether its page says what has to be done first, so that it is shown before it is open.
    says_what_is_left: bool = False
    # Whether it takes something away from somebody.
    is_destructive: bool = False
    # Whether the password is asked for again if it was entered some time ago.
    needs_fresh_sign_in: bool = False
    # Instead of going back: the file that the verb made.
    file: Callable[[Any], HttpResponse] | None = None
    # What a link to its page may choose beforehand. Whoever writes a link must not be able to fill in
    # what a colleague then only presses.
    chosen_by_link: Iterable[str] = ()

    def carry_out(
        self, record: Any, values: dict[str, Any], *, by: User, now: datetime
    ) -> Said | HttpResponse:
        """Call the verb; what to tell whoever decided, or the file that it made."""
        result = self.verb(record, **values, by=by, now=now)
        if self.file:
            return self.file(result)
        said = self.said if isinstance(self.said, str) else self.said(result)
        return said if isinstance(said, Said) else Said(said)


def ask_second_person(
    request: HttpRequest,
    act: TwoPersonAct,
    subject: Model,
    *,
    reason: str,
    arguments: dict[str, Any] | None = None,
) -> None:
    """Propose what was sent with a form of the admin, and say who has to agree, or why it is refused."""
    try:
        proposal = propose(
            act,
            subject,
            reason=reason,
            by=signed_in(request),
            now=timezone.now(),
            arguments=arguments,
        )
    except ProposalRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.warning(request, said_waiting(proposal))


def colleague(field: str) -> Any:
    """A column of the admin with what somebody is called of whom a row has the account or username.

    A function of the row. Django takes one wherever it takes the name of a field, except in its types.
    """

    @admin.display(description=field.replace("_", " "), ordering=field)
    def shown(record: Any) -> str:
        who = getattr(record, field)
        # Django has an empty value for lists alone: a form would say “None”.
        return (named(who) if isinstance(who, str) else shown_name(who)) if who else "–"

    shown.__name__ = field
    return shown


class PlainTextAdmin(BaseModelAdmin[Any]):
    """An admin whose text columns use our own field for typed text. Every control has a name."""

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Django's choice, but our own field for text, and a name for each half of a date and time."""
        if type(db_field) in {CharField, TextField}:
            kwargs.setdefault("form_class", PlainTextField)
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, forms.SplitDateTimeWidget):
            for half, name in zip(field.widget.widgets, ("date", "time"), strict=True):
                half.attrs["aria-label"] = f"{field.label}: {name}"
        if isinstance(field, forms.TimeField):
            # Nobody enters seconds.
            field.widget.format = "%H:%M"
        if isinstance(field, forms.DateField):
            # Django leaves that to a calendar, which needs a script.
            field.help_text = field.help_text or "For example, 1/12/2026."
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # Pictures without words that open another window.
            for may in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{may}_related", False)
        return field

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelMultipleChoiceField[Any] | None":
        """Boxes to tick: two lists between which names move need a script, and a mouse."""
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and field.help_text:
            # Each box refers to the words below, to which Django then gives no id.
            words = '<span id="id_{}_helptext">{}</span>'
            field.help_text = format_html(words, db_field.name, field.help_text)
        return field


class OpenedRow:
    """Of a form of the admin: it was opened on a row, which a colleague may have changed since."""

    # What the row was when the form was opened, and what it is; empty if nobody says.
    seen: str
    seen_now: str

    def clean(self) -> dict[str, Any] | None:
        """Refuse once. Sent again, it was opened on what the colleague saved."""
        cleaned: dict[str, Any] | None = super().clean()  # type: ignore[misc]  # of the form beside it
        if self.seen and self.seen != self.seen_now:
            self.add_error(  # type: ignore[attr-defined]
                None,
                "A colleague has changed this since you opened it, and you would replace what they "
                "saved. “History” says who it was, and what they changed. To save yours all the same, "
                "press Save again.",
            )
        return cleaned


def _state(row: Model, fields: Iterable[str]) -> str:
    """A short mark of what these fields of a form say of a row."""
    said = model_to_dict(row, fields=[*fields])
    # Rows of another table are read in no order.
    values = [
        (name, sorted(map(str, value)) if isinstance(value, list) else str(value))
        for name, value in sorted(said.items())
    ]
    return hashlib.sha256(repr(values).encode()).hexdigest()[:16]


class CarefulInline(PlainTextAdmin, StackedInline[Any, Any]):
    """Rows of another table, shown below a record. Each field has its label, which a table lacks."""

    template = "admin/rows_below.html"


class CarefulAdmin(PlainTextAdmin, ModelAdmin[Any]):
    """An admin without bulk actions or deleting.

    An address may contain no filters except those of the list.
    """

    actions = None
    # What a link to the form of a new record may choose.
    chosen_by_link: Iterable[str] = ()
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    safe_lookups = {"", "exact", "id__exact"}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Django's, which notices that a colleague was faster."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if not (change and obj and self.has_change_permission(request, obj)):
            return form
        marks = {"seen": request.POST.get("seen", ""), "seen_now": _state(obj, form.base_fields)}
        return type(form.__name__, (OpenedRow, form), marks)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say what is listed. Django's own heading is “Select topic to change”.

        A page that the list no longer has leads to the first page of the same list, with its filters.
        """
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        answer = super().changelist_view(request, title | (extra_context or {}))
        if answer.status_code == HTTPStatus.FOUND and PAGE_VAR in request.GET:
            kept = request.GET.copy()
            del kept[PAGE_VAR]
            return redirect(f"{request.path}?{kept.urlencode()}")
        return answer

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Django's. If a colleague adds the same at that moment, the form is read again and says so."""
        answer = partial(super().changeform_view, request, object_id, form_url, extra_context)
        try:
            return answer()
        except IntegrityError:
            return answer()

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: object, object_id: str
    ) -> HttpResponse:
        """As any other address without a page. Django's own leads to Today: “Perhaps it was deleted?”"""
        raise Http404

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Only the filters of the list, and only whole values."""
        field, _, how = lookup.partition("__")
        listed = {getattr(entry, "parameter_name", entry) for entry in self.list_filter}
        return field in listed and how in self.safe_lookups

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Only what a link may choose."""
        initial = super().get_changeform_initial_data(request)
        return {name: initial[name] for name in self.chosen_by_link if name in initial}

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes anything here."""
        return False


class DecisionAdmin(CarefulAdmin):
    """A read-only record with decision pages."""

    decisions: tuple[Decision, ...] = ()
    refusals: tuple[type[Exception], ...] = ()

    def get_urls(self) -> list[URLPattern]:
        """Django's own pages, and those of the decisions."""
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
            if request.user.has_perm(f"{self.opts.app_label}.{decision.permission}")
            and self.is_open(record, decision)
        ]

    def is_open(self, record: Any, decision: Decision) -> bool:
        """Whether the record as it is now allows the decision, whoever takes it."""
        return self._is_its_turn(record, decision) and decision.open_when(record, timezone.now())

    def _is_its_turn(self, record: Any, decision: Decision) -> bool:
        return self.state_of(record) in decision.statuses

    def is_shown(self, record: Any, decision: Decision) -> bool:
        """Whether there is a page to open: the decision is open, or the page says what is left to do."""
        if decision.says_what_is_left:
            return self._is_its_turn(record, decision)
        return self.is_open(record, decision)

    def why_closed(self, record: Any, decision: Decision) -> str:
        """What to tell whoever opens the page of a decision that the record does not allow."""
        return f"“{decision.label}” is not possible now."

    def state_of(self, record: Any) -> str:
        """The current status of the record."""
        return str(record.status)

    def decision_context(
        self, request: HttpRequest, record: Any, decision: Decision
    ) -> dict[str, Any]:
        """What else the page of a decision shows."""
        return {}

    def record_url(self, record: Any) -> str:
        """The record's own page."""
        return reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk]
        )

    def refused(
        self,
        request: HttpRequest,
        record: Any,
        decision: Decision,
        form: DecisionForm,
        refusal: Exception,
    ) -> str:
        """What to tell whoever pressed. The form still has what they typed."""
        return str(refusal)

    def way_back(self, request: HttpRequest, record: Any) -> str:
        """Where to go after a decision: the record's own page."""
        return self.record_url(record)

    def _decision_at(self, request: HttpRequest, slug: str) -> Decision:
        """The decision of that address, for somebody who may take it and has signed in lately enough."""
        decision = next((decision for decision in self.decisions if decision.slug == slug), None)
        if decision is None:
            raise Http404
        if not request.user.has_perm(f"{self.opts.app_label}.{decision.permission}"):
            raise PermissionDenied
        if decision.needs_fresh_sign_in:
            require_fresh_sign_in(request)
        return decision

    def decide(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Load the record, ask the form, make one call, redirect.

        Somebody who may not decide does not learn which records exist.
        """
        decision = self._decision_at(request, slug)
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        sent = posted(request)
        if sent is None and not self.is_shown(record, decision):
            # Nobody fills in what can only be refused. What is sent already keeps what was typed.
            messages.error(request, self.why_closed(record, decision))
            return redirect(self.record_url(record))
        chosen = {
            name: request.GET[name] for name in decision.chosen_by_link if name in request.GET
        }
        form = decision.form(sent, record=record, initial=chosen)
        if sent is not None and form.is_valid():
            try:
                said = decision.carry_out(
                    record, form.values(), by=signed_in(request), now=timezone.now()
                )
            except self.refusals as refusal:
                # What was typed stays on the screen; nothing was stored.
                form.add_error(None, self.refused(request, record, decision, form, refusal))
            else:
                if isinstance(said, HttpResponse):
                    return said
                said.show(request)
                return redirect(self.way_back(request, record))
        context = {
            **self.admin_site.each_context(request),
            "title": decision.label,
            "opts": self.opts,
            "record": record,
            "record_url": self.record_url(record),
            "decision": decision,
            "form": form,
            **self.decision_context(request, record, decision),
        }
        return TemplateResponse(request, decision.template, context)
