"""The texts of pages: write, preview and compare them, and take the decisions of `decisions.py`."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Case, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from procedures import publishing
from procedures.desk.decisions import BEHIND, DECISIONS, KIND_OF, incident
from procedures.desk.forms import RevisionForm, SignForm
from procedures.desk.writing import WritingAdmin
from procedures.ground import languages
from procedures.ground.decisions import Decision
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in
from procedures.models import Revision
from procedures.reading import findings
from procedures.reading.feedback import tally
from procedures.reading.publication import is_closed
from procedures.reading.views.answers import facts_about
from procedures.status import UNFINISHED, PlanStatus, PublishingRefused, RevisionStatus
from procedures.texts.content_checks import RULES, Finding
from procedures.texts.differences import compare
from procedures.texts.rendering import DocumentError, cut, parse, render


@admin.register(Revision)
class RevisionAdmin(WritingAdmin):
    """Texts of pages. A draft can be written here; everything else is a decision."""

    form = RevisionForm
    change_form_template = "admin/procedures/revision/change_form.html"
    change_list_template = "admin/procedures/revision/change_list.html"
    list_display = (
        "shown_title",
        "language",
        "version_number",
        "shown_status",
        "who",
        "written_on",
    )
    # What somebody still works on comes first.
    ordering = (
        Case(When(status__in=UNFINISHED, made_by_machine=False, then=0), default=1),
        "-written_at",
        "-pk",
    )
    list_filter = ("status", "page")
    refusals = (PublishingRefused, DocumentError)
    decisions = DECISIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Revision]:
        found = Revision.objects.with_doubts().order_by(*self.get_ordering(request))
        return found.select_related("page__original", "translates", "written_by", "plan")

    @admin.display(description="title", ordering="title")
    def shown_title(self, revision: Revision) -> str:
        """Its title, marked as being in its language."""
        return languages.in_language(revision.title, revision.page.language)

    @admin.display(description="note to patients")
    def said_note(self, revision: Revision) -> str:
        """The note, marked as being in its language."""
        return languages.in_language(revision.note, revision.page.language)

    @admin.display(description="document")
    def said_document(self, revision: Revision) -> str:
        """The text as it was typed, space by space, so that it can be copied into another version."""
        language = languages.of(revision.page.language)
        form = '<pre class="typed" tabindex="0" lang="{}" dir="{}">{}</pre>'
        return format_html(form, language.code, language.direction, revision.document)

    @admin.display(description="language", ordering="page__language")
    def language(self, revision: Revision) -> str:
        """In which language it is."""
        return languages.of(revision.page.language).english_name

    @admin.display(description="version", ordering="number")
    def version_number(self, revision: Revision) -> int:
        """Which version of its page it is."""
        return revision.number

    @admin.display(description="status", ordering="status")
    def shown_status(self, revision: Revision) -> str:
        """Its status, whether its signature was revoked, and the day on which it is to be published."""
        status = revision.get_status_display()
        if getattr(revision, "is_revoked", False):
            status += ", revoked"
        planned = getattr(revision, "plan", None)
        if planned and planned.status in {PlanStatus.PLANNED, PlanStatus.STOPPED}:
            plan = f"{planned.get_status_display().lower()} for {planned.day:%-d %B %Y}"
            return f"{status}, {plan}"
        return status

    @admin.display(description="written", ordering="written_at")
    def written_on(self, revision: Revision) -> str:
        """The day on which it was begun."""
        return f"{timezone.localtime(revision.written_at):%-d %b %Y}"

    @admin.display(description="written by", ordering="written_by")
    def who(self, revision: Revision) -> str:
        """The name of the colleague who wrote it."""
        return shown_name(revision.written_by)

    def has_change_permission(self, request: HttpRequest, obj: Revision | None = None) -> bool:
        """Whether the revision can be edited: only a draft can, and none that a machine made.

        Translators may edit translations, and editors may edit all.
        """
        may = super().has_change_permission(request, obj) or (
            request.user.has_perm("procedures.translate_revision")
            and (obj is None or bool(obj.page.language))
        )
        is_open = obj is None or (obj.status == RevisionStatus.DRAFT and not obj.made_by_machine)
        return may and is_open

    def get_fields(self, request: HttpRequest, obj: Revision | None = None) -> tuple[str, ...]:
        if obj and not self.has_change_permission(request, obj):
            return ("change_class", "said_note", "said_document")
        return ("document", "change_class", "note", "seen_version")

    def decision_context(
        self, request: HttpRequest, record: Revision, decision: Decision
    ) -> dict[str, Any]:
        """The whole text for the person who signs, and what it changes for patients."""
        if not issubclass(decision.form, SignForm) or not record.fragment:
            return {}
        live = record.page.revisions.filter(status=RevisionStatus.PUBLISHED).exclude(pk=record.pk)
        live_now = live.first()
        return {
            "fragment": cut(record.fragment),
            "text_language": languages.of(record.page.language),
            "english": record.translates,
            "live": live_now,
            "changes": compare(live_now.fragment, record.fragment, addresses=True)
            if live_now
            else None,
            "answered": _answered(record),
            "readers": tally(live_now or record),
            **_for_passkey(record, decision, signed_in(request)),
        }

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:pk>/preview/",
            self.admin_site.admin_view(self.preview),
            name="procedures_revision_preview",
        )
        compared = path(
            "<int:pk>/compare/",
            self.admin_site.admin_view(self.compare),
            name="procedures_revision_compare",
        )
        return [preview, compared, *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        record = self.get_object(request, object_id) if object_id else None
        if record and self.has_change_permission(request, record):
            return self.write(request, record)
        if record and request.method == "POST" and self.has_change_permission(request):
            return self.too_late(request, record)
        extra = {**(extra_context or {})}
        if record:
            extra |= self._read_only_context(request, record)
        return super().changeform_view(request, object_id, form_url, extra)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, under the name that the navigation gives it."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Pages"})

    def _read_only_context(self, request: HttpRequest, record: Revision) -> dict[str, Any]:
        decisions = self.open_decisions(request, record)
        return {
            "title": str(record),
            "subtitle": None,
            **incident(decisions),
            "decisions": [each for each in decisions if each.slug not in {"suspend", *BEHIND}],
            "live": record,
            "events": record.events.select_related("by").order_by("-pk"),
            "sign_offs": record.sign_offs.order_by("-signed_at"),
            "preview_url": reverse("admin:procedures_revision_preview", args=[record.pk]),
            "others": _others(record),
            "readers": tally(record),
            "answered": _answered(record),
            "text_language": languages.of(record.page.language),
            "may_be_translated": bool(settings.OTHER_LANGUAGES),
            "is_draft": record.status == RevisionStatus.DRAFT,
            "may_be_sent": any(each.slug == "submit" for each in decisions),
            "preview_label": _preview_label(record),
            "findings": _findings(record),
            "faults": _faults(record),
            "plan": getattr(record, "plan", None),
            "kept": publishing.kept_by(signed_in(request), record),
            "is_closed": is_closed(record),
        }

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The page as patients would see it. Uses the frozen bytes where they exist."""
        revision = self._visible(request, pk)
        try:
            html = _fragment(revision)
        except DocumentError as error:
            context = {"faults": error.faults, "revision": revision}
            return TemplateResponse(request, "procedures/preview_faults.html", context)
        context = {
            "revision": revision,
            "page": revision.page,
            "text_language": languages.of(revision.page.language),
            "document": parse(revision.document),
            "fragment": cut(html),
            "findings": _findings(revision),
            "facts": facts_about(revision.page),
        }
        return TemplateResponse(request, "procedures/preview.html", context)

    def compare(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The words that differ between this text and another of the same page."""
        revision = self._visible(request, pk)
        asked = request.GET.get("with", "")
        other = _others(revision).filter(pk=asked if asked.isdecimal() else 0).first()
        if other is None:
            raise Http404
        older, newer = sorted((revision, other), key=lambda each: each.number)
        context = {
            **self.admin_site.each_context(request),
            "title": f"From version {older.number} to version {newer.number}",
            "opts": self.opts,
            "record": revision,
            "record_url": self.record_url(revision),
            "older": older,
            "newer": newer,
            "text_language": languages.of(revision.page.language),
        }
        try:
            context["changes"] = compare(_fragment(older), _fragment(newer), addresses=True)
        except DocumentError as error:
            context["faults"] = error.faults
        return TemplateResponse(request, "admin/procedures/revision/compare.html", context)

    def _visible(self, request: HttpRequest, pk: int) -> Revision:
        """A revision that this person may see. Raises Http404 or PermissionDenied."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        revision: Revision | None = self.get_object(request, str(pk))
        if revision is None:
            raise Http404
        return revision


def _for_passkey(revision: Revision, decision: Decision, user: User) -> dict[str, Any]:
    """What the script asks the passkeys of whoever signs, and when; nothing if they may not sign."""
    kind = KIND_OF.get(decision.slug)
    if kind is None:
        return {}
    signing = publishing.that_sign(user)
    if not signing:
        return {"may_have_passkeys": True}
    at = timezone.now()
    try:
        statement = publishing.put_before(revision, kind, by=user, at=at)
    except PublishingRefused:
        return {}
    asked = publishing.asked_of(statement, signing)
    return {"options": json.dumps(asked), "at": at.isoformat(), "statement": statement}


def _fragment(revision: Revision) -> str:
    """The frozen bytes, or what would be frozen now if it is a draft. Raises DocumentError."""
    if revision.status != RevisionStatus.DRAFT:
        return revision.fragment
    return render(revision.document, publishing.library(), revision.page.language)


def _faults(revision: Revision) -> list[tuple[int, str]]:
    """The faults that keep a draft from being shown to anybody."""
    try:
        _fragment(revision)
    except DocumentError as error:
        return error.faults
    return []


def _preview_label(revision: Revision) -> str:
    """What the link to the preview is called."""
    if revision.status == RevisionStatus.DRAFT:
        return "Preview"
    if revision.status == RevisionStatus.PUBLISHED:
        return "Read what patients read"
    return "Read what patients would read"


def _findings(revision: Revision) -> list[Finding]:
    """What the content checks find in a draft."""
    if revision.status != RevisionStatus.DRAFT:
        return []
    return findings.found_in(revision, timezone.now())


def _answered(revision: Revision) -> list[dict[str, Any]]:
    """The author's reasons for passing the prompts, with the words of each rule."""
    return [
        each | {"sentence": RULES[each["rule"]].sentence if each["rule"] in RULES else each["rule"]}
        for each in revision.answered_prompts
    ]


def _others(revision: Revision) -> QuerySet[Revision]:
    """The other texts of the same page, newest first."""
    return revision.page.revisions.exclude(pk=revision.pk).order_by("-number")
