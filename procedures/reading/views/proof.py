"""Public proof: what changed, who signed it, and the exact bytes."""

import base64
import logging
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from procedures.ground import languages
from procedures.log import checkpoints, notes, signatures
from procedures.log.verify import climb, leaf, meant, node
from procedures.models import LogEntry, SignOff
from procedures.reading.news import news_of_pages
from procedures.reading.publication import Closed, Publication, Version, history
from procedures.reading.views.answers import find, public, today
from procedures.reading.views.log import text, until_another
from procedures.status import RevisionStatus
from procedures.texts.differences import compare

logger = logging.getLogger(__name__)


class Step(NamedTuple):
    """One hash on the way from a statement up to the root of the log."""

    sibling: str
    is_left: bool
    result: str


class Shown(NamedTuple):
    """The proof of one signature, as the page shows it step by step."""

    proof: checkpoints.Proof
    first: str
    steps: list[Step]
    root: str


@require_safe
def history_page(
    request: HttpRequest, category: str, slug: str, language: str = ""
) -> HttpResponse:
    """Every version that patients could read, and the words that differ between any two of them."""
    page, found = find(category, slug, language)
    versions = history(page, today())
    if not versions:
        raise Http404
    shown = [version for version in versions if version.shown]
    chosen = _chosen(request, shown)
    context = {
        "page": page,
        "section": category,
        "title": versions[0].title,
        "found": found,
        "translator": getattr(found, "translator", None),
        "current": _current(versions),
        "versions": versions,
        "shown": shown,
        "news": news_of_pages([page]),
        "older": chosen[0] if chosen else None,
        "newer": chosen[1] if chosen else None,
        "changes": compare(*(each.revision.fragment for each in chosen)) if chosen else None,
    }
    return public(render(request, "procedures/history.html", context))


def _chosen(request: HttpRequest, shown: list[Version]) -> tuple[Version, Version] | None:
    """The two versions to compare, the older first: the ones asked for, or else the newest two."""
    by_number = {version.revision.number: version for version in shown}
    asked = [request.GET.get("from", ""), request.GET.get("to", "")]
    numbers = [int(each) for each in asked if each.isdecimal() and len(each) < 7]
    found = sorted({number for number in numbers if number in by_number})
    if any(asked) and len(found) != 2:
        return None
    older, newer = found or (sorted(by_number)[-2:] if len(shown) > 1 else (0, 0))
    return (by_number[older], by_number[newer]) if older else None


def _title(found: Publication | Closed) -> str:
    """The title of an open page, marked as being in its language: how to check it is in English."""
    if isinstance(found, Closed):
        return ""
    title, language = found.document.title, found.page.language
    return languages.marked(title, language) if language else title


@require_safe
def verify(request: HttpRequest, category: str, slug: str, language: str = "") -> HttpResponse:
    """How anybody can check that a page is what was signed, and what that proves."""
    page, found = find(category, slug, language)
    proof = None if isinstance(found, Closed) else _proof(found.sign_off)
    context = {
        "page": page,
        "section": category,
        "found": None if isinstance(found, Closed) else found,
        "title": _title(found),
        "shown": _shown(proof) if proof else None,
        "enrolment": signatures.enrolment(signatures.list_of(proof.entry)) if proof else None,
        "meant": meant(proof.entry.statement).hex() if proof else "",
        "log_key": notes.log_key(),
        "versions": [version for version in history(page, today()) if version.shown],
        "site_url": settings.SITE_URL,
        "is_english_instead": languages.is_foreign(),
    }
    return public(render(request, "procedures/verify.html", context))


@require_safe
def fragment(
    request: HttpRequest, category: str, slug: str, number: int, language: str = ""
) -> HttpResponse:
    """The exact bytes of one version, as they were signed."""
    page, _ = find(category, slug, language)
    version = _version(history(page, today()), number)
    if not version.shown:
        raise Http404
    content = version.revision.fragment.encode()
    return public(HttpResponse(content, content_type="text/plain; charset=utf-8"))


@require_safe
def statement(
    request: HttpRequest, category: str, slug: str, number: int, language: str = ""
) -> HttpResponse:
    """What the log says about the newest signature of one version."""
    page, _ = find(category, slug, language)
    entry = checkpoints.entry_of(_version(history(page, today()), number).sign_offs[-1])
    if entry is None:
        raise Http404
    return public(text(entry.statement))


@require_safe
def log_proof(
    request: HttpRequest, category: str, slug: str, number: int, language: str = ""
) -> HttpResponse:
    """The proof that the log contains that statement (C2SP tlog-proof)."""
    page, _ = find(category, slug, language)
    proof = _proof(_version(history(page, today()), number).sign_offs[-1])
    if proof is None:
        raise Http404
    return until_another(text(proof.text()))


@require_safe
def passkey_signature(
    request: HttpRequest, category: str, slug: str, number: int, language: str = ""
) -> HttpResponse:
    """What a passkey of the signer signed, and the lists that show whose passkey it is."""
    page, _ = find(category, slug, language)
    entry = checkpoints.entry_of(_version(history(page, today()), number).sign_offs[-1])
    found = _by_hand(entry) if entry else None
    if found is None:
        raise Http404
    return until_another(text(found))


def _by_hand(entry: LogEntry) -> str | None:
    """As JSON in one canonical form; None if the clinic signed, or there is no proof yet."""
    try:
        return signatures.of(entry)
    except checkpoints.LogBroken as fault:
        logger.error("The public log is not whole: %s", fault)
        return None


def _proof(signature: SignOff) -> checkpoints.Proof | None:
    """The proof of a signature; None if there is none yet, or the log cannot be trusted."""
    entry = checkpoints.entry_of(signature)
    try:
        return checkpoints.prove(entry) if entry else None
    except checkpoints.LogBroken as fault:
        logger.error("The public log is not whole: %s", fault)
        return None


def _shown(proof: checkpoints.Proof) -> Shown:
    first = below = leaf(proof.entry.statement.encode())
    steps = []
    results = climb(first, proof.entry.index, proof.size, proof.path)
    for sibling, result in zip(proof.path, results, strict=False):
        steps.append(Step(sibling.hex(), result == node(sibling, below), result.hex()))
        below = result
    return Shown(proof, first.hex(), steps, base64.b64encode(below).decode())


@require_safe
def paper(
    request: HttpRequest, category: str, slug: str, number: int, language: str = ""
) -> HttpResponse:
    """Where the code on a printed leaflet leads: is the version current, and what has changed?"""
    page, found = find(category, slug, language)
    versions = history(page, today())
    held = _version(versions, number)
    current = _current(versions)
    since = [version for version in versions if version.revision.number > number]
    comparable = bool(current and held.shown and since)
    context = {
        "page": page,
        "section": category,
        "held": held,
        "found": found,
        "translator": getattr(found, "translator", None),
        "current": current,
        "since": since,
        "changes": compare(held.revision.fragment, current.revision.fragment)
        if current and comparable
        else None,
    }
    return public(render(request, "procedures/paper.html", context))


def _current(versions: list[Version]) -> Version | None:
    """The version that patients read now; None while the page is closed."""
    published = (
        version
        for version in versions
        if version.shown and version.revision.status == RevisionStatus.PUBLISHED
    )
    return next(published, None)


def _version(versions: list[Version], number: int) -> Version:
    for version in versions:
        if version.revision.number == number:
            return version
    raise Http404
