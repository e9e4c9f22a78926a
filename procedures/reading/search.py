"""Finds words in the pages that may be read now.

There is no index: the few dozen texts of a clinic are read in a moment, an index could go stale, and
what is found here has passed every check of `publication`. See `docs/decisions.md`.

A word that no page has is read as the beginning of one that some page has, or as a misspelling of one.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import snowballstemmer

from procedures.models import Clinician
from procedures.reading.publication import Publication
from procedures.texts.differences import passages
from procedures.texts.rendering import words_of

LONGEST_QUERY = 100
# Shorter words are too like others: “fees” is not “feels”.
SHORTEST_BEGINNING, SHORTEST_MISSPELLING = 4, 5
# How alike two words have to be, from 0 to 1 (difflib): “sholder” and “shoulder” are 0.93.
ALIKE = 0.8
EXCERPT_WORDS = 28
COMMON = frozenset(
    {"a", "an", "and", "are", "be", "can", "do", "does", "for", "from", "had", "has", "have", "how"}
    | {"i", "in", "is", "it", "my", "of", "on", "or", "that", "the", "this", "to", "was", "what"}
    | {"when", "which", "will", "with", "you", "your"}
)
WEIGHTS = {"title": 12, "synonym": 10, "standfirst": 6, "heading": 4, "text": 1}
WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?", re.IGNORECASE)

_stem = lru_cache(maxsize=20_000)(snowballstemmer.stemmer("english").stemWord)


COMMON_STEMS = frozenset(map(_stem, COMMON))
TITLES = frozenset({"dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor"})


class Part(NamedTuple):
    """Some words of an excerpt, and whether they match the query."""

    words: str
    found: bool


class Result(NamedTuple):
    """A page in which every word of the query was found.

    `named` is 2 if the words are a name of the page, 1 if they are part of one, otherwise 0.
    """

    page: Publication
    named: int
    score: int
    also_known_as: list[str]
    excerpt: list[Part]


class Found(NamedTuple):
    """The results of a search, the best first, and the words that were looked for instead of others."""

    results: list[Result]
    instead: dict[str, str]


def search(query: str, pages: Iterable[Publication]) -> Found:
    """Find the pages that have every word of the query.

    Words are compared by their stems; common words count only if there are no others. A page with
    all the words in one of its names comes before pages that have them here and there: “back pain”
    must not lead to a wrist whose pain came back.
    """
    pages = list(pages)
    words = _words(query[:LONGEST_QUERY])
    known = frozenset().union(*(_known(page) for page in pages))
    words, instead = _as_known(words, known)
    wanted = _telling(" ".join(words))
    if not wanted:
        return Found([], {})
    results = [result for page in pages if (result := _result(page, wanted))]
    return Found(sorted(results, key=lambda each: (-each.named, -each.score)), instead)


def search_people(query: str, people: Iterable[Clinician]) -> list[Clinician]:
    """The clinicians whose name or role has every word of the query, and whose name has one of them.

    “Dr” and “Ms” are in too many names to find anybody.
    """
    wanted = {stem for stem in stems(query[:LONGEST_QUERY]) if stem not in COMMON_STEMS | TITLES}
    return [
        person
        for person in people
        if wanted & set(stems(person.name)) and wanted <= set(stems(f"{person.name} {person.role}"))
    ]


def stems(text: str) -> list[str]:
    """The stem of each word, without doubles, in order."""
    return list(dict.fromkeys(_stem(word) for word in _words(text)))


def _telling(text: str) -> list[str]:
    """The stems of a text without the common ones, if there are others."""
    found = stems(text)
    return [stem for stem in found if stem not in COMMON_STEMS] or found


def _words(text: str) -> list[str]:
    return [word.replace("’", "'").removesuffix("'s") for word in WORD.findall(text.lower())]


def _known(page: Publication) -> frozenset[str]:
    """Every word of a page that a search can find."""
    names = [page.document.title, page.document.standfirst, *page.page.other_names()]
    return _words_of(page.fragment.text) | frozenset(_words(" ".join(names)))


@lru_cache(maxsize=256)
def _words_of(text: str) -> frozenset[str]:
    return frozenset(_words(words_of(text)))


def _as_known(words: Sequence[str], known: Collection[str]) -> tuple[list[str], dict[str, str]]:
    """The words as some page writes them, and which of them stand for what was typed."""
    known_stems = set(map(_stem, known))
    read: list[str] = []
    instead: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word, *waiting = waiting
        following = waiting[0] if waiting else ""
        if following and f"{word}{following}" in known and not {word, following} <= known_stems:
            word, waiting = f"{word}{following}", waiting[1:]  # “ultra sound”
        elif _stem(word) not in known_stems and (guess := _guess(word, known)):
            instead[word] = guess
            word = guess
        read.append(word)
    return read, instead


def _guess(word: str, known: Collection[str]) -> str:
    """The shortest known word that begins with this one, or the one most like it; or nothing."""
    longer = [other for other in known if other.startswith(word)]
    if longer and len(word) >= SHORTEST_BEGINNING:
        return min(longer, key=lambda other: (len(other), other))
    if len(word) < SHORTEST_MISSPELLING:
        return ""
    alike = difflib.get_close_matches(word, sorted(known), n=1, cutoff=ALIKE)
    return alike[0] if alike else ""


def _result(page: Publication, wanted: Sequence[str]) -> Result | None:
    synonyms = page.page.other_names()
    text, held_by_passage = _read(page.fragment.text)
    held = {
        "title": set(stems(page.document.title)),
        "synonym": set(stems(" ".join(synonyms))),
        "standfirst": set(stems(page.document.standfirst)),
        "heading": set(stems(" ".join(_headings(page)))),
        "text": set().union(*held_by_passage),
    }
    scores = [sum(WEIGHTS[name] for name in held if stem in held[name]) for stem in wanted]
    if not all(scores):
        return None
    names = [name for name in synonyms if set(stems(name)) & set(wanted)]
    hits = [len(held_here & set(wanted)) for held_here in held_by_passage]
    best = text[hits.index(max(hits))] if hits else ""
    named = _named([page.document.title, *synonyms], wanted)
    return Result(page, named, sum(scores), names, _excerpt(best, wanted))


def _named(names: Iterable[str], wanted: Sequence[str]) -> int:
    """How far the words are a name: 2 for a whole name, 1 for a part of one, 0 for neither."""
    of_names = [set(_telling(name)) for name in names]
    return max((set(wanted) <= name) + (set(wanted) == name) for name in of_names)


def _headings(page: Publication) -> list[str]:
    return [words for _, heading in page.fragment.contents for words in passages(heading)]


# A text is read once; the same words always have the same stems.
@lru_cache(maxsize=256)
def _read(text: str) -> tuple[list[str], list[set[str]]]:
    """The passages of a text, and the stems in each."""
    found = passages(words_of(text))
    return found, [set(stems(passage)) for passage in found]


def _excerpt(passage: str, wanted: Sequence[str]) -> list[Part]:
    """The words around the first match, cut into parts that match and parts that do not."""
    words = passage.split()
    hits = [bool(set(stems(word)) & set(wanted)) for word in words]
    if not any(hits):
        return []
    start = max(0, hits.index(True) - EXCERPT_WORDS // 3)
    end = start + EXCERPT_WORDS
    parts = [Part("…", False)] if start else []
    parts += [Part(word, hit) for word, hit in zip(words[start:end], hits[start:end], strict=True)]
    return parts + ([Part("…", False)] if end < len(words) else [])
