"""Verbs of drafting: write a text and hand it to a reviewer."""

from collections.abc import Mapping
from datetime import date, datetime

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.utils import timezone

from procedures.models import Figure, InformationPage, Revision, Source, sha256
from procedures.publishing.keeping import discard
from procedures.publishing.originals import refuse_machines, refuse_outdated, revoke_translators
from procedures.publishing.transitions import (
    name_page,
    one_step,
    record,
    refuse_outrun,
    transition,
)
from procedures.reading import findings
from procedures.status import (
    BEFORE_PATIENTS,
    EDITED,
    EVENTS,
    RETURNED,
    Category,
    ChangeClass,
    PublishingRefused,
    RevisionStatus,
)
from procedures.texts.content_checks import Finding
from procedures.texts.rendering import (
    CITATION,
    RENDERER_VERSION,
    Library,
    hidden_characters,
    parse,
    render,
    with_plain_line_ends,
)
from procedures.texts.skeletons import skeleton

# The note to patients of the first version of a page.
FIRST_NOTE = "This page is new."


def start_draft(
    page: InformationPage,
    *,
    document: str,
    by: User,
    now: datetime,
    change_class: str = ChangeClass.ADVICE,
    note: str = "",
    translates: Revision | None = None,
    made_by_machine: bool = False,
) -> Revision:
    """Begin the next revision of a page. Raises DocumentError if the text cannot be read.

    That of a translation names the English text that it translates.
    """
    _refuse_hidden(note)
    last = page.revisions.order_by("-number").first()
    revision = Revision(
        page=page,
        number=last.number + 1 if last else 1,
        written_at=now,
        written_by=by,
        change_class=change_class,
        note=note,
        translates=translates,
        made_by_machine=made_by_machine,
        **_columns(page, document),
    )
    try:
        with one_step():
            revision.save(force_insert=True)
            record(revision, EVENTS[RevisionStatus.DRAFT], by=by, now=now)
            _name_unpublished(revision)
    except IntegrityError:
        raise PublishingRefused(
            "A colleague has just started a new version of this page. Open theirs."
        ) from None
    return revision


def start_page(*, category: Category, slug: str, title: str, by: User, now: datetime) -> Revision:
    """Make a page and its first draft, filled with the skeleton of its category.

    Whoever begins a page owns it, until a colleague is chosen.
    """
    try:
        with one_step():
            page = InformationPage.objects.create(slug=slug, category=category, owner=by)
            document = skeleton(category, title)
            return start_draft(page, document=document, by=by, now=now, note=FIRST_NOTE)
    except IntegrityError:
        raise PublishingRefused(
            "A colleague has just made a page with this address. Choose another."
        ) from None


def start_version(page: InformationPage, *, by: User, now: datetime) -> Revision:
    """Begin the next version of a page with the text that patients read now.

    If somebody has already begun one, that draft is returned.
    """
    begun = page.revisions.to_come().filter(status=RevisionStatus.DRAFT)
    if found := begun.order_by("-number").first():
        return found
    in_force = page.revisions.filter(status__in=BEFORE_PATIENTS).first()
    text = in_force or page.revisions.order_by("-number").first()
    if text is None:
        return start_draft(
            page, document=skeleton(page.kind(), page.staff_title), by=by, now=now, note=FIRST_NOTE
        )
    return start_draft(page, document=text.document, by=by, now=now)


def save_draft(
    revision: Revision,
    *,
    version: int,
    document: str,
    change_class: str,
    note: str,
    by: User,
    now: datetime,
) -> Revision:
    """Replace the text of a draft. Raises DocumentError if the text cannot be read."""
    _refuse_hidden(note)
    columns = _columns(revision.page, document)
    with one_step():
        transition(
            revision,
            RevisionStatus.DRAFT,
            expected=RevisionStatus.DRAFT,
            version=version,
            written_at=now,
            written_by=by,
            change_class=change_class,
            note=note,
            **columns,
        )
        record(revision, EDITED, by=by, now=now)
        _name_unpublished(revision)
        discard(revision, by=by)
    return revision


def submit_for_review(
    revision: Revision,
    *,
    version: int,
    by: User,
    now: datetime,
    answers: Mapping[str, str] | None = None,
) -> Revision:
    """Freeze the text, render the fragment that a reviewer will read, and hand it over.

    `answers` gives the reason why the text may pass each rule that only prompts. Raises
    PublishingRefused with the first findings that block or are not answered, or with the sources
    that were read or published after the day of `now` in the clinic's time zone.
    """
    refuse_machines(revision)
    refuse_outrun(revision)
    if revision.translates:
        refuse_outdated(revision)
    if not revision.note:
        raise PublishingRefused("Write the note to patients first: one sentence about what is new.")
    answered = _answered(findings.found_in(revision, now), answers or {})
    shown = library()
    fragment = render(revision.document, shown, revision.page.language)
    _refuse_later_sources(revision.document, shown, timezone.localdate(now))
    with one_step():
        transition(
            revision,
            RevisionStatus.IN_REVIEW,
            version=version,
            fragment=fragment,
            fragment_hash=sha256(fragment),
            renderer_version=RENDERER_VERSION,
            answered_prompts=answered,
        )
        record(revision, EVENTS[RevisionStatus.IN_REVIEW], by=by, now=now)
    return revision


def return_to_author(
    revision: Revision, *, version: int, by: User, reason: str, now: datetime
) -> Revision:
    """Send a revision back to its author to be changed, with the reason."""
    with one_step():
        transition(revision, RevisionStatus.DRAFT, version=version)
        revoke_translators(revision, by=by, reason=reason, now=now)
        record(revision, RETURNED, by=by, now=now, reason=reason)
    return revision


def library() -> Library:
    """Everything that a text may cite and show; of figures with the same key, the newest."""
    figures = Figure.objects.order_by("pk").defer("content")
    return Library(
        sources={source.key: source for source in Source.objects.all()},
        figures={figure.key: figure for figure in figures},
    )


def _answered(found: list[Finding], answers: Mapping[str, str]) -> list[dict[str, object]]:
    """Each prompt with its lines and the author's reason, for the reviewer to read."""
    open_findings = [
        finding for finding in found if finding.blocks or not answers.get(finding.rule, "").strip()
    ]
    if open_findings:
        sentences = " ".join(f"Line {each.line}: {each.sentence}" for each in open_findings[:5])
        raise PublishingRefused(f"The text is not ready for review. {sentences}")
    lines: dict[str, list[int]] = {}
    for finding in found:
        lines.setdefault(finding.rule, []).append(finding.line)
    return [
        {"rule": rule, "lines": at, "reason": answers[rule].strip()} for rule, at in lines.items()
    ]


def _refuse_later_sources(document: str, shown: Library, day: date) -> None:
    """Refuse sources with impossible dates: from here on the text and these dates are frozen."""
    cited = dict.fromkeys(CITATION.findall(parse(document).body))
    later = [key for key in cited if shown.sources[key].is_from_after(day)]
    if later:
        raise PublishingRefused(
            f"Correct the dates of these sources, which are after today: {', '.join(later)}."
        )


def _name_unpublished(revision: Revision) -> None:
    if not revision.page.revisions.filter(published_at__isnull=False).exists():
        name_page(revision)


def _refuse_hidden(note: str) -> None:
    if hidden_characters([note]):
        raise PublishingRefused("Remove the hidden character from the note to patients.")


def _columns(page: InformationPage, document: str) -> dict[str, str]:
    document = with_plain_line_ends(document)
    parsed = parse(document)
    if parsed.category != page.category:
        raise PublishingRefused(
            f"This page is in “{page.get_category_display()}”, so its text must say “category: "
            f"{page.category}”."
        )
    return {
        "document": document,
        "document_hash": sha256(document),
        "title": parsed.title,
        "standfirst": parsed.standfirst,
    }
