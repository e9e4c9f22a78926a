"""The editors', reviewers' and publishers' side of the desk."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from procedures import publishing
from procedures.decisions import CarefulAdmin, Decision, DecisionAdmin, DecisionForm, ReasonForm
from procedures.forms import ClinicianForm, RevisionForm
from procedures.models import Clinician, InformationPage, Revision, SignOff, Source
from procedures.rendering import DocumentError, cut, parse, render
from procedures.status import PublishingRefused, RevisionStatus


@admin.register(Clinician)
class ClinicianAdmin(CarefulAdmin):
    """People who may sign, with the evidence that they are who they say."""

    form = ClinicianForm
    list_display = ("name", "role", "registration_number", "verified_on", "verified_until")
    prepopulated_fields = {"slug": ("name",)}
    fieldsets = (
        (None, {"fields": ("name", "slug", "role", "interests", "login")}),
        (
            "Registration",
            {
                "description": "A number of the right form proves nothing. Look the person up in "
                "the public register, check the licence and any restrictions, and say what you saw.",
                "fields": (
                    "regulator",
                    "registration_number",
                    "register_url",
                    "verified_on",
                    "verification_evidence",
                    "verified_until",
                ),
            },
        ),
    )

    def save_model(
        self, request: HttpRequest, obj: Clinician, form: ModelForm, change: bool
    ) -> None:
        """Whoever records a check is the one who made it."""
        if "verified_on" in form.changed_data:
            obj.verified_by = request.user if obj.verified_on else None
        super().save_model(request, obj, form, change)


@admin.register(Source)
class SourceAdmin(CarefulAdmin):
    """What the texts lean on."""

    list_display = ("key", "title", "publisher", "dated", "seen_on")
    search_fields = ("key", "title", "publisher")


@admin.register(InformationPage)
class InformationPageAdmin(CarefulAdmin):
    """Topics; their texts are the revisions."""

    list_display = ("slug", "category", "live_version", "owner", "review_months")
    list_filter = ("category",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: InformationPage | None = None
    ) -> tuple[str, ...]:
        """The address of a page that patients have read stays: moving it would withdraw it."""
        was_public = obj and obj.revisions.filter(published_at__isnull=False).exists()
        return ("slug", "category") if was_public else ()

    @admin.display(description="published version")
    def live_version(self, page: InformationPage) -> str:
        """The number of the published revision."""
        revision = page.revisions.filter(status=RevisionStatus.PUBLISHED).first()
        return f"{revision.number}" if revision else "none"


class SignForm(DecisionForm):
    """The hash of what the reviewer was shown travels with the signature."""

    fragment_hash = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("fragment_hash", self.record.fragment_hash)


def _submit(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.submit_for_review(revision, version=values["version"], by=by, now=now)
    return "Sent to review. A clinician who did not write it can now sign it."


def _return(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.return_to_author(
        revision, version=values["version"], by=by, reason=values["reason"], now=now
    )
    return "Returned to the author with your reason."


def _sign(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.sign_off(
        revision,
        version=values["version"],
        fragment_hash=values["fragment_hash"],
        by=by,
        now=now,
    )
    return "Signed. A publisher can now put it before patients."


def _publish(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.publish(revision, version=values["version"], by=by, now=now)
    return f"Published. Patients read it at {revision.page.get_absolute_url()}"


def _suspend(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.suspend(revision, version=values["version"], by=by, reason=values["reason"], now=now)
    return "Suspended. Patients now see a notice in its place."


def _withdraw(revision: Revision, values: dict[str, Any], by: User, now: datetime) -> str:
    publishing.withdraw(
        revision, version=values["version"], by=by, reason=values["reason"], now=now
    )
    return "Withdrawn. Patients now see a notice in its place."


@admin.register(Revision)
class RevisionAdmin(DecisionAdmin):
    """Texts of pages. A draft can be edited here; everything else is a decision."""

    form = RevisionForm
    change_form_template = "admin/procedures/revision/change_form.html"
    list_display = ("page", "number", "title", "status", "written_by", "written_at")
    list_filter = ("status", "page")
    refusals = (PublishingRefused, DocumentError)
    decisions = (
        Decision(
            "submit",
            "Send to review",
            "submit_revision",
            {RevisionStatus.DRAFT},
            DecisionForm,
            _submit,
            "The text is frozen, and what a clinician will read and sign is made from it.",
        ),
        Decision(
            "sign",
            "Sign",
            "sign_revision",
            {RevisionStatus.IN_REVIEW},
            SignForm,
            _sign,
            publishing.STATEMENT,
            "admin/procedures/revision/sign.html",
        ),
        Decision(
            "return",
            "Return to the author",
            "sign_revision",
            {RevisionStatus.IN_REVIEW},
            ReasonForm,
            _return,
        ),
        Decision(
            "publish",
            "Publish",
            "publish_revision",
            {RevisionStatus.SIGNED},
            DecisionForm,
            _publish,
            "Patients read this version from now on. The version before it is kept as history.",
        ),
        Decision(
            "suspend",
            "Suspend at once",
            "suspend_revision",
            {RevisionStatus.PUBLISHED},
            ReasonForm,
            _suspend,
            "Patients see a notice and the urgent help instead of the page until a new version "
            "is signed and published.",
        ),
        Decision(
            "withdraw",
            "Withdraw for good",
            "withdraw_revision",
            {RevisionStatus.PUBLISHED, RevisionStatus.SUSPENDED},
            ReasonForm,
            _withdraw,
            "Patients see a notice instead of the page. Its history stays.",
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        return super().get_queryset(request).select_related("page", "written_by")

    def has_change_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        """Only a draft is open to editing."""
        return super().has_change_permission(request, obj) and (
            obj is None or obj.status == RevisionStatus.DRAFT
        )

    def get_fields(self, request: HttpRequest, obj: Revision | None = None) -> list[str]:
        if obj is None:
            return ["page", "document", "change_class", "note"]
        if self.has_change_permission(request, obj):
            return ["document", "change_class", "note", "seen_version"]
        return ["change_class", "note", "document"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new revision begins with the newest text of its page."""
        initial = super().get_changeform_initial_data(request)
        page = str(initial.get("page", ""))
        last = (
            Revision.objects.filter(page=int(page)).order_by("-number").first()
            if page.isdecimal() and len(page) < 10
            else None
        )
        if last:
            initial["document"] = last.document
        return initial

    def save_model(
        self, request: HttpRequest, obj: Revision, form: ModelForm, change: bool
    ) -> None:
        """Hand the text to `publishing`, the only writer of revisions."""
        values = form.cleaned_data
        text = {name: values[name] for name in ("document", "change_class", "note")}
        now = timezone.now()
        if change:
            publishing.save_draft(
                obj, version=values["seen_version"] or 0, by=request.user, now=now, **text
            )
        else:
            saved = publishing.start_draft(values["page"], by=request.user, now=now, **text)
            obj.pk, obj.number = saved.pk, saved.number

    def decision_context(self, record: Revision, decision: Decision) -> dict[str, Any]:
        """Whoever signs has the whole text before them, under the hash that they sign."""
        if decision.slug != "sign" or not record.fragment:
            return {}
        return {"fragment": cut(record.fragment)}

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:pk>/preview/",
            self.admin_site.admin_view(self.preview),
            name="procedures_revision_preview",
        )
        return [preview, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        record = self.get_object(request, object_id) if object_id else None
        extra = {**(extra_context or {})}
        if record:
            extra |= {
                "decisions": self.open_decisions(request, record),
                "events": record.events.select_related("by").order_by("-pk"),
                "sign_offs": record.sign_offs.order_by("-signed_at"),
                "preview_url": reverse("admin:procedures_revision_preview", args=[record.pk]),
            }
        try:
            return super().changeform_view(request, object_id, form_url, extra)
        except PublishingRefused as refusal:
            self.message_user(request, str(refusal), "ERROR")
            return self.response_post_save_change(request, record)

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as patients would see it, in its true look. Frozen bytes where they exist."""
        revision = self.get_object(request, str(pk))
        if revision is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        if not self.has_view_permission(request, revision):
            raise PermissionDenied
        try:
            html = revision.fragment or render(revision.document, publishing.sources())
        except DocumentError as error:
            context = {"faults": error.faults, "revision": revision}
            return TemplateResponse(request, "procedures/preview_faults.html", context)
        context = {
            "revision": revision,
            "page": revision.page,
            "document": parse(revision.document),
            "fragment": cut(html),
        }
        return TemplateResponse(request, "procedures/preview.html", context)


@admin.register(SignOff)
class SignOffAdmin(CarefulAdmin):
    """The signatures: to be read, never to be written here."""

    list_display = ("revision", "signer_name", "signed_at", "review_due", "short_hash")

    @admin.display(description="hash")
    def short_hash(self, signed: SignOff) -> SafeString:
        """The beginning of the signed hash."""
        return format_html("<code>{}</code>", signed.fragment_hash[:12])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
