"""What the content checks find in a text, given the sources and the pages that the site has."""

from datetime import datetime

from procedures.models import Revision, Source
from procedures.reading.publication import known_terms
from procedures.texts import content_checks
from procedures.texts.content_checks import Finding
from procedures.texts.rendering import CITATION


def found_in(revision: Revision, now: datetime) -> list[Finding]:
    """Everything to correct in a revision before it goes to review. Its document must parse.

    A translation is compared with the English: lists of words are for English only.
    """
    if revision.translates:
        return content_checks.translation_findings(revision.document, revision.translates.document)
    cited = Source.objects.filter(key__in=CITATION.findall(revision.document))
    return content_checks.findings(
        revision.document,
        known_terms(revision.page, now),
        revision.note,
        {source.key: source for source in cited},
    )
