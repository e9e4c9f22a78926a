"""Translations of pages: begun, and signed by whoever translated them.

A translation is a page of its own with texts of its own, each of which names the English text that it
translates. Its states are those of every text (`procedures.status`), with these further guards:

| step | guard of its own |
|---|---|
| begin | the English page is published; a text that a machine made is marked, and stays a draft |
| send to review | same blocks, numbers, sources and addresses as the English; no machine made it |
| sign as translator | in review; a translator of the language; patients still read that English text |
| sign | the translator has signed these bytes; whoever signs the English, and is somebody else |
| publish | both signatures stand; patients still read that English text |
| be read | its own status; and its English text is one that patients may read, and not yet closed |

So it needs no step of its own to close with the English: whoever reads it asks for both.
"""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.utils import timezone

from procedures.ground.languages import english_name
from procedures.ground.people import shown_name
from procedures.models import (
    TRANSLATORS_CHECKLIST,
    InformationPage,
    Revision,
    SignOff,
    Translator,
)
from procedures.publishing.drafting import start_draft
from procedures.publishing.originals import refuse_outdated
from procedures.publishing.transitions import bump, examined, one_step, record
from procedures.status import TRANSLATED, PublishingRefused, RevisionStatus
from procedures.texts.pairs import taken_over

TRANSLATORS_STATEMENT = (
    "I have read the whole of this translation beside the English. It says the same: it adds nothing "
    "and leaves nothing out."
)
ROLE = "Translator"
FIRST_NOTE = "This translation is new."


def start_translation(
    page: InformationPage,
    *,
    language: str,
    by: User,
    now: datetime,
    by_machine: bool = False,
    document: str = "",
    note: str = "",
) -> Revision:
    """Begin a translation of what patients read in English now.

    Without a document, go on with one that is begun, or begin with what was translated of an earlier
    text; the rest is in English, part by part, to be written over. A machine's text is marked for good.
    """
    english = page.revisions.filter(status=RevisionStatus.PUBLISHED).first()
    if english is None:
        raise PublishingRefused("Only a page that is published in English can be translated.")
    with one_step():
        own = _page_in(page, language)
        begun = own.revisions.to_come().filter(
            status=RevisionStatus.DRAFT, translates=english, made_by_machine=False
        )
        is_given = by_machine or bool(document)
        if not is_given and (found := begun.order_by("-number").first()):
            return found
        return start_draft(
            own,
            document=document or _begun_with(own, english),
            by=by,
            now=now,
            note=note or ("" if own.revisions.exists() else FIRST_NOTE),
            translates=english,
            made_by_machine=by_machine,
        )


def translator_of(revision: Revision, by: User, now: datetime) -> Translator | None:
    """Their record for the language of a text, if they may sign in it today."""
    found = Translator.objects.filter(login=by, language=revision.page.language).first()
    return found if found and found.may_sign(timezone.localdate(now)) else None


def sign_as_translator(
    revision: Revision,
    *,
    version: int,
    fragment_hash: str,
    by: User,
    now: datetime,
    checklist: Sequence[str] | None = None,
) -> SignOff:
    """Sign that these bytes say what the English says. A clinician, or a manager, signs after it.

    Without a checklist, everything on it counts as checked.
    """
    translator = translator_of(revision, by, now)
    if translator is None:
        raise PublishingRefused(
            f"Only a translator for {english_name(revision.page.language) or 'this language'} can "
            "sign this. A manager enters translators under “Translators”."
        )
    if fragment_hash != revision.fragment_hash:
        raise PublishingRefused(
            "The text has changed since you opened it. Open it and read it again."
        )
    if checklist is not None and set(checklist) != set(TRANSLATORS_CHECKLIST):
        raise PublishingRefused(
            "Tick every item on the checklist, or return the text with a reason."
        )
    with one_step():
        if examined(revision, version=version).translator:
            raise PublishingRefused("A translator has signed this text already.")
        english = refuse_outdated(revision)
        bump(revision, {RevisionStatus.IN_REVIEW}, version=version)
        signed = _drawn_up(revision, english, translator, by=by, now=now)
        signed.save(force_insert=True)
        record(revision, TRANSLATED, by=by, now=now, sign_off=signed)
    return signed


def _page_in(page: InformationPage, language: str) -> InformationPage:
    of_page = InformationPage.in_every_language.filter(original=page, language=language).first()
    return of_page or InformationPage.in_every_language.create(
        original=page,
        language=language,
        slug=page.slug,
        category=page.category,
        position=page.position,
        review_months=page.review_months,
        grace_days=page.grace_days,
        owner=page.owner,
    )


def _begun_with(own: InformationPage, english: Revision) -> str:
    earlier = own.revisions.filter(made_by_machine=False).select_related("translates")
    last = earlier.order_by("-number").first()
    if last is None or last.translates is None:
        return english.document
    return taken_over(english.document, last.translates.document, last.document)


def _drawn_up(
    revision: Revision, english: SignOff, translator: Translator, *, by: User, now: datetime
) -> SignOff:
    return SignOff(
        revision=revision,
        document_hash=revision.document_hash,
        fragment_hash=revision.fragment_hash,
        translator=translator,
        signer_name=shown_name(by),
        signer_role=ROLE,
        statement=TRANSLATORS_STATEMENT,
        checklist=list(TRANSLATORS_CHECKLIST),
        note=revision.note,
        change_class=revision.change_class,
        signed_at=now,
        signed_by=by,
        review_due=english.review_due,
        closing_day=english.closing_day,
    )
