"""The page on which a page's translations are begun, and where each of them is."""

from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from procedures import publishing
from procedures.desk.forms.translations import StartTranslationForm
from procedures.desk.side_by_side import has_translators_signature
from procedures.ground.forms import posted
from procedures.ground.languages import KNOWN, Language
from procedures.ground.signed_in import signed_in
from procedures.models import InformationPage, Revision
from procedures.status import PublishingRefused, RevisionStatus
from procedures.texts.rendering import DocumentError

MAY_BEGIN = ("procedures.add_revision", "procedures.translate_revision")


class Standing(NamedTuple):
    """Where the translation into one language is."""

    language: Language
    state: str
    # What somebody works on, and what patients read.
    newest: Revision | None = None
    published: Revision | None = None
    by_machine: Revision | None = None


def standings(page: InformationPage) -> list[Standing]:
    """The translation of a page into each language that the clinic offers."""
    texts = Revision.objects.filter(page__original=page).select_related("page", "translates")
    found = list(texts.order_by("-number"))
    english = page.revisions.filter(status=RevisionStatus.PUBLISHED).first()
    return [
        _standing(KNOWN[code], [each for each in found if each.page.language == code], english)
        for code in settings.OTHER_LANGUAGES
    ]


def _standing(language: Language, texts: list[Revision], english: Revision | None) -> Standing:
    own = [each for each in texts if not each.made_by_machine]
    by_machine = next((each for each in texts if each.made_by_machine), None)
    newest = own[0] if own else None
    published = next((each for each in own if each.status == RevisionStatus.PUBLISHED), None)
    states = [_state(newest)] if newest and newest != published else []
    if published:
        is_behind = english is not None and published.translates != english
        states.append("published, behind the English" if is_behind else "published")
    return Standing(language, "; ".join(states) or "none", newest, published, by_machine)


def _state(revision: Revision) -> str:
    if revision.status == RevisionStatus.IN_REVIEW:
        waits_for = "second signature" if has_translators_signature(revision) else "translator"
        return f"waiting for the {waits_for}"
    return revision.get_status_display().lower()


def translations_page(site: AdminSite, request: HttpRequest, pk: int) -> HttpResponse:
    """The languages with their states; each can be begun or gone on with."""
    if not request.user.has_perm("procedures.view_informationpage"):
        raise PermissionDenied
    page = InformationPage.objects.filter(pk=pk).first()
    if page is None:
        raise Http404
    may_begin = any(request.user.has_perm(each) for each in MAY_BEGIN)
    sent = posted(request)
    form = StartTranslationForm(sent)
    if sent is not None and not may_begin:
        raise PermissionDenied
    if sent is not None and form.is_valid():
        try:
            begun = publishing.start_translation(
                page, **form.cleaned_data, by=signed_in(request), now=timezone.now()
            )
        except (PublishingRefused, DocumentError) as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("admin:procedures_revision_change", begun.pk)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": f"Translations of {page}",
        "opts": InformationPage._meta,
        "page": page,
        "standings": standings(page),
        "form": form,
        "may_begin": may_begin,
    }
    template = "admin/procedures/informationpage/translations.html"
    return TemplateResponse(request, template, context)
