"""Checks of the sources that a text cites: can a reader tell what each one is, and find it?"""

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from procedures.models import UNDATED, YEAR, Source
from procedures.texts.content_checks.rules import Finding
from procedures.texts.rendering import CITATION, Document

# “Page of a clinic; our notes do not name it”, “in a peer-reviewed journal”.
EVASIVE = re.compile(r"\bour notes\b|\bpeer[- ]reviewed journals?\b", re.IGNORECASE)
# “Publisher not recorded”, “Article PMC3324992”: true of a title, but no name of a publisher.
NAMELESS = re.compile(
    r"\b(?:unnamed|unknown|anonymous)\b|\bnot (?:named?|recorded|known|noted|given)\b"
    r"|^(?:article )?pmc ?\d+$",
    re.IGNORECASE,
)
# A publisher of these words alone could be anybody.
ANYBODY = re.compile(
    r"(?:[\W\d]|\b(?:an?|the|of|in|one|some|bmc|uk|us|gp|private|general|medical|peer|reviewed|nhs"
    r"(?= )|journals?|hospitals?|clinics?|practices?|surgery|trust|websites?|leaflets?|newspapers?|"
    r"university|stud(?:y|ies)|reviews?)\b)*",
    re.IGNORECASE,
)


def source_findings(parsed: Document, sources: Mapping[str, Source]) -> Iterator[Finding]:
    """What is wrong with each source, at the line that cites it first."""
    cited: dict[str, int] = {}
    for line, text in parsed.lines():
        for key in CITATION.findall(text):
            cited.setdefault(key, line)
    for key, line in cited.items():
        if key in sources:
            yield from (Finding(line, rule, key) for rule in _broken(sources[key]))


def _broken(source: Source) -> Iterator[str]:
    if not source.kind:
        yield "source kind"
    if _is_unnamed(source):
        yield "source name"
    if not YEAR.search(source.dated) and not (source.dated == UNDATED and source.url):
        yield "source date"
    if source.url and urlsplit(source.url).path in {"", "/"} and not urlsplit(source.url).query:
        yield "source address"


def _is_unnamed(source: Source) -> bool:
    return bool(
        ANYBODY.fullmatch(source.publisher)
        or NAMELESS.search(source.publisher)
        or EVASIVE.search(f"{source.title}; {source.publisher}")
    )
