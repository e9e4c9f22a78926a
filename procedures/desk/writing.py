"""The pages on which a text is begun and written. Nothing on them needs the script."""

from http import HTTPStatus
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Subquery
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from procedures import publishing
from procedures.desk.forms import StartPageForm, StartVersionForm
from procedures.desk.forms.texts import LONGEST_NOTE, RevisionForm
from procedures.desk.seeing import see
from procedures.desk.side_by_side import document_of, pairs
from procedures.ground import languages
from procedures.ground.decisions import DecisionAdmin
from procedures.ground.forms import posted
from procedures.ground.scripts import may_ask
from procedures.ground.signed_in import signed_in
from procedures.models import Revision, UnsavedText
from procedures.status import RETURNED, ChangeClass, PublishingRefused, RevisionStatus
from procedures.texts.differences import compare_lines
from procedures.texts.examples import EXAMPLES, MARKS, shown_as
from procedures.texts.rendering import with_plain_line_ends

STAGES = (
    RevisionStatus.DRAFT,
    RevisionStatus.IN_REVIEW,
    RevisionStatus.SIGNED,
    RevisionStatus.PUBLISHED,
)


class WritingAdmin(DecisionAdmin):
    """Where an editor begins a text and writes it."""

    def get_urls(self) -> list[URLPattern]:
        """Also what the script asks, and the button that forgets what was not saved."""
        own = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(view),
                name=f"procedures_revision_{name}",
            )
            for name, view in (("see", self.see), ("keep", self.keep), ("discard", self.discard))
        ]
        return [*own, *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Begin a page of which only the kind and the title are known, or a new version of one."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        sent = posted(request)
        is_version = sent is not None and "page" in sent
        chosen = {"page": request.GET.get("page")}
        page_form = StartPageForm(sent if sent is not None and not is_version else None)
        version_form = StartVersionForm(sent if is_version else None, initial=chosen)
        may_start_pages = request.user.has_perm("procedures.add_informationpage")
        form: Form = version_form if is_version else page_form
        begin = publishing.start_version if is_version else publishing.start_page
        if sent is not None and not is_version and not may_start_pages:
            raise PermissionDenied
        if form.is_bound and form.is_valid():
            try:
                begun = begin(**form.cleaned_data, by=signed_in(request), now=timezone.now())
            except PublishingRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return redirect(self.record_url(begun))
        context = {
            **self.admin_site.each_context(request),
            "title": "Write a page",
            "opts": self.opts,
            "form": form,
            # Whoever has chosen a page wants a new version of that one.
            "page_form": page_form if may_start_pages and not chosen["page"] else None,
            "version_form": version_form,
        }
        return TemplateResponse(request, "admin/procedures/revision/start.html", context)

    def write(self, request: HttpRequest, revision: Revision) -> HttpResponse:
        """The draft with its preview. “See it” shows what is typed and saves nothing."""
        sent = posted(request)
        if sent is None:
            kept = publishing.kept_by(signed_in(request), revision)
            if kept and "unsaved" in request.GET:
                typed = _typed_of(revision, kept)
                return self._written(request, revision, typed, version=kept.seen_version)
            return self._written(request, revision, revision, kept=kept)
        if revision.translates and "part-0" in sent:
            sent = sent.copy()
            sent["document"] = document_of(revision.translates.document, sent)
        typed = _typed(request, revision)
        if "_see" in sent:
            return self._written(request, revision, typed, version=_seen_version(request))
        form = self._form_class(request, revision)(
            sent,
            instance=Revision.objects.select_related("page", "translates").get(pk=revision.pk),
        )
        if form.is_valid():
            try:
                return self._saved(request, revision, form)
            except PublishingRefused as refusal:
                form.add_error(None, str(refusal))
                revision.refresh_from_db()
        if _seen_version(request) != revision.version:
            return self._written(request, revision, typed, meanwhile=revision)
        return self._written(request, revision, typed, form=form)

    def too_late(self, request: HttpRequest, revision: Revision) -> HttpResponse:
        """What somebody typed into a draft that is none any more, for them to copy."""
        context = {
            **self.admin_site.each_context(request),
            "title": "This text can no longer be changed",
            "opts": self.opts,
            "record": revision,
            "record_url": self.record_url(revision),
            "typed": _typed(request, revision),
        }
        template = "admin/procedures/revision/too_late.html"
        return TemplateResponse(request, template, context, status=HTTPStatus.FORBIDDEN)

    def _saved(self, request: HttpRequest, revision: Revision, form: RevisionForm) -> HttpResponse:
        values = {name: form.cleaned_data[name] for name in ("document", "change_class", "note")}
        now = timezone.now()
        publishing.save_draft(
            revision,
            version=form.cleaned_data["seen_version"] or 0,
            by=signed_in(request),
            now=now,
            **values,
        )
        if "_review" in request.POST and not see(revision, now).left:
            return redirect("admin:procedures_revision_decide", revision.pk, "submit")
        self.message_user(request, "Saved.", messages.SUCCESS)
        return redirect(self.record_url(revision))

    def _written(
        self,
        request: HttpRequest,
        revision: Revision,
        typed: Revision,
        *,
        version: int | None = None,
        form: RevisionForm | None = None,
        kept: UnsavedText | None = None,
        meanwhile: Revision | None = None,
    ) -> HttpResponse:
        """The page, with this text in its box. `meanwhile` is what a colleague has saved."""
        form = form or self._form(request, revision, typed, version)
        library = publishing.library()
        returned = revision.events.filter(kind=RETURNED).select_related("by").order_by("-number")
        context = {
            **self.admin_site.each_context(request),
            "title": typed.title or revision.page.staff_title,
            "opts": self.opts,
            "record": revision,
            "form": form,
            "stages": STAGES,
            "is_typed": typed is not revision,
            "seen": see(typed, timezone.now()),
            "text_language": languages.of(revision.page.language),
            "kept": kept,
            "meanwhile": meanwhile,
            "returned": returned.first(),
            "not_in_it": _not_in_it(revision),
            "is_outrun": not Revision.objects.to_come().filter(pk=revision.pk).exists(),
            "changes": compare_lines(meanwhile.document, typed.document) if meanwhile else None,
            "examples": EXAMPLES.values(),
            "marks": MARKS,
            "sources": sorted(library.sources.values(), key=lambda source: source.key),
            "figures": [(each, shown_as(key)) for key, each in sorted(library.figures.items())],
            "others": revision.page.revisions.exclude(pk=revision.pk).order_by("-number"),
            "may_submit": request.user.has_perm("procedures.submit_revision"),
            "preview_url": reverse("admin:procedures_revision_preview", args=[revision.pk]),
        }
        template = "write"
        if revision.translates:
            context |= _beside_english(revision.translates, typed)
            template = "translate" if context["pairs"] else "write"
        response = TemplateResponse(request, f"admin/procedures/revision/{template}.html", context)
        return may_ask(response)

    def _form(
        self, request: HttpRequest, revision: Revision, typed: Revision, version: int | None
    ) -> RevisionForm:
        return self._form_class(request, revision)(
            instance=revision,
            typed={
                "document": typed.document,
                "change_class": typed.change_class,
                "note": typed.note,
                "seen_version": version or revision.version,
            },
        )

    def _form_class(self, request: HttpRequest, revision: Revision) -> type[RevisionForm]:
        return cast("type[RevisionForm]", self.get_form(request, revision, change=True))

    # --- What the script asks, and one button ------------------------------------------------

    def see(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What is shown beside the text, for what is typed at the moment. Nothing is saved."""
        revision = self._draft(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        context = {
            "seen": see(_typed(request, revision), timezone.now()),
            "text_language": languages.of(revision.page.language),
            "record": revision,
            "is_typed": True,
            "may_submit": request.user.has_perm("procedures.submit_revision"),
        }
        return TemplateResponse(request, "admin/procedures/revision/seen.html", context)

    def keep(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keep what is typed for whoever types it. The draft stays as it is."""
        revision = self._draft(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        typed = _typed(request, revision)
        now = timezone.now()
        publishing.keep(
            revision,
            version=_seen_version(request) or revision.version,
            document=typed.document,
            change_class=typed.change_class,
            note=typed.note,
            by=signed_in(request),
            now=now,
        )
        said = f"Kept for you at {timezone.localtime(now):%H:%M}, not saved yet."
        return HttpResponse(said, content_type="text/plain; charset=utf-8")

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Forget what was typed and not saved, whatever the draft has become since."""
        revision = self._writable(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        publishing.discard(revision, by=signed_in(request))
        self.message_user(request, "Discarded. This is the saved text.", messages.SUCCESS)
        return redirect(self.record_url(revision))

    def _writable(self, request: HttpRequest, pk: int) -> Revision:
        """A text, for somebody who writes texts. Raises Http404 or PermissionDenied."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        revision: Revision | None = self.get_object(request, str(pk))
        if revision is None:
            raise Http404
        return revision

    def _draft(self, request: HttpRequest, pk: int) -> Revision:
        """A draft that this person may write. Raises Http404 or PermissionDenied."""
        revision = self._writable(request, pk)
        if not self.has_change_permission(request, revision):
            raise PermissionDenied
        return revision


def _not_in_it(revision: Revision) -> QuerySet[Revision]:
    """Other texts of the page that may change what this one does not: on their way, or out since."""
    begun = revision.events.order_by("number").values("at")[:1]
    on_their_way = Revision.objects.to_come().filter(
        status__in=[RevisionStatus.IN_REVIEW, RevisionStatus.SIGNED]
    )
    out_since = Q(status=RevisionStatus.PUBLISHED, published_at__gte=Subquery(begun))
    others = revision.page.revisions.exclude(pk=revision.pk)
    return others.filter(Q(pk__in=on_their_way) | out_since).order_by("number")


def _beside_english(english: Revision, typed: Revision) -> dict[str, Any]:
    """The parts of the English with their boxes, if both texts have the same parts."""
    return {"english": english, "pairs": pairs(english.document, typed.document)}


def _typed(request: HttpRequest, revision: Revision) -> Revision:
    """What is in the boxes, as a revision that nobody saves."""
    change_class = request.POST.get("change_class", "")
    document = request.POST.get("document", "")
    if revision.translates and "part-0" in request.POST:
        document = document_of(revision.translates.document, request.POST)
    return Revision(
        page=revision.page,
        translates=revision.translates,
        document=_storable(with_plain_line_ends(document)),
        note=_storable(request.POST.get("note", ""))[:LONGEST_NOTE],
        change_class=change_class if change_class in ChangeClass.values else ChangeClass.ADVICE,
    )


def _typed_of(revision: Revision, kept: UnsavedText) -> Revision:
    return Revision(
        page=revision.page,
        translates=revision.translates,
        document=kept.document,
        note=kept.note,
        change_class=kept.change_class,
    )


def _storable(text: str) -> str:
    """A text without the one character that a database cannot store."""
    return text.replace("\x00", "")


def _seen_version(request: HttpRequest) -> int | None:
    """The version of the draft that was on the screen."""
    sent = request.POST.get("seen_version", "")
    return int(sent) if sent.isdecimal() and len(sent) < 10 else None
