"""The pages themselves, the lists that lead to them, and the people behind them."""

from collections import defaultdict
from operator import attrgetter

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from procedures.ground import languages
from procedures.models import Clinician, Figure
from procedures.reading import pdf, source_news, structured_data
from procedures.reading.body_map import places
from procedures.reading.publication import (
    Closed,
    Publication,
    glossary,
    in_language,
    open_pages,
    related_pages,
    shows,
    translations_of,
)
from procedures.reading.views.answers import (
    closed,
    find_or_english,
    last_change,
    public,
    today,
    told_of,
    with_signatures,
)
from procedures.status import MEDICAL, Category


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page: what the clinic is for, how to request an appointment, what to read."""
    pages = open_pages(today(), MEDICAL)
    context = {
        "shelves": [
            (category, [each for each in pages if each.page.category == category])
            for category in MEDICAL
        ],
        "places": places(pages),
        "clinicians": with_signatures(_everybody(), pages),
        "newest": max((each.sign_off for each in pages), key=attrgetter("signed_at"), default=None),
    }
    return public(render(request, "procedures/home.html", context))


@require_safe
def in_other_language(request: HttpRequest, language: str) -> HttpResponse:
    """What a patient can do and read in one of the other languages."""
    pages = open_pages(today(), language=language)
    return public(render(request, "procedures/in_language.html", {"pages": pages}))


@require_safe
def category(request: HttpRequest, category: str) -> HttpResponse:
    """The pages of one category."""
    context = {
        "category": Category(category),
        "pages": open_pages(today(), [category]),
        "section": category,
    }
    return public(render(request, "procedures/category.html", context))


@require_safe
def page(request: HttpRequest, category: str, slug: str, language: str = "") -> HttpResponse:
    """One information page: 404 if it was never public, 410 if it may not be read now.

    In a language in which it cannot be read, it is shown in English, and says so.
    """
    record, found = find_or_english(category, slug, language)
    if isinstance(found, Closed):
        return closed(request, record, found)
    context = told_of(found) | {
        "section": category,
        "related": in_language(related_pages(record, today()), language, today()),
        "structured_data": structured_data.script(found),
        "makes_pdf": pdf.is_installed(),
        "read_since": [] if found.english else source_news.read_since(found),
        "languages": _languages_of(found),
        "is_english_instead": bool(language and not record.language),
    }
    template = "page.html" if record.kind().needs_clinician else "about_page.html"
    return public(render(request, f"procedures/{template}", context), last_change(found))


def _languages_of(found: Publication) -> list[tuple[languages.Language, str]]:
    """Every language in which the page can be read, with its address; none if there is English only."""
    english = found.english or found
    every = [english, *translations_of(english, today())]
    shown = [(languages.of(each.page.language), each.page.get_absolute_url()) for each in every]
    return shown if len(shown) > 1 else []


@require_safe
def urgent(request: HttpRequest) -> HttpResponse:
    """When to call 999 or 111: at a short address, kept in memory, and never closed."""
    return public(render(request, "procedures/urgent.html"))


@require_safe
def old_privacy(request: HttpRequest) -> HttpResponse:
    """Where the privacy notice was before it was a page with versions."""
    return redirect("procedures:page", Category.ABOUT, "privacy", permanent=True)


@require_safe
def a_to_z(request: HttpRequest) -> HttpResponse:
    """Every page under its title and under each other name that people look for."""
    entries = [
        (name, each)
        for each in open_pages(today())
        for name in [each.document.title, *each.page.other_names()]
    ]
    letters: dict[str, list[tuple[str, Publication]]] = defaultdict(list)
    for name, each in sorted(entries, key=lambda entry: entry[0].lower()):
        letters[name[:1].upper()].append((name[:1].upper() + name[1:], each))
    return public(render(request, "procedures/a_to_z.html", {"letters": dict(letters)}))


@require_safe
def glossary_page(request: HttpRequest) -> HttpResponse:
    """The terms that our pages explain, in their signed words."""
    context = {"entries": glossary(today())}
    return public(render(request, "procedures/glossary.html", context))


@require_safe
def clinicians(request: HttpRequest) -> HttpResponse:
    """The people who sign what patients read here."""
    context = {"clinicians": with_signatures(_everybody(), open_pages(today()))}
    return public(render(request, "procedures/clinicians.html", context))


@require_safe
def clinician(request: HttpRequest, slug: str) -> HttpResponse:
    """One clinician: registration, interests, and the pages under their unrevoked signature."""
    person = get_object_or_404(Clinician, slug=slug)
    signed = [each for each in open_pages(today()) if each.sign_off.clinician == person]
    context = {
        "clinician": person,
        "signed": signed,
        "registration_checked": person.may_sign(today()),
    }
    return public(render(request, "procedures/clinician.html", context))


@require_safe
def figure(request: HttpRequest, content_hash: str, kind: str) -> HttpResponse:
    """A picture by the hash of its bytes: a portrait, shown on an open page, or for staff."""
    found = get_object_or_404(Figure, content_hash=content_hash)
    if found.kind() != kind or not found.is_intact():
        raise Http404
    response = HttpResponse(bytes(found.content), content_type=found.media_type)
    if found.shows.exists() or shows(found.address(), today()):
        return public(response)
    if not request.user.has_perm("procedures.view_figure"):
        raise Http404
    return response


def _everybody() -> QuerySet[Clinician]:
    return Clinician.objects.select_related("portrait").order_by("name")
