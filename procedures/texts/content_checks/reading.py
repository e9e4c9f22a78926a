"""How hard a text is to read: long sentences, and a rough age."""

import re
from collections.abc import Iterator

import pyphen

from procedures.texts.content_checks.rules import (
    LONGEST_SENTENCE,
    LONGEST_TEXT,
    OLDEST_READER,
    Finding,
)
from procedures.texts.rendering import Passage

SENTENCE_END = re.compile(r"[.:;?!](?:\s|$)")
WORD = re.compile(r"[\w’'-]+")
SYLLABLES = pyphen.Pyphen(lang="en_GB")


def long_sentences(passage: Passage) -> Iterator[Finding]:
    """A finding, with its first words, for each sentence that is too long."""
    at = 0
    for sentence in SENTENCE_END.split(passage.prose):
        words = WORD.findall(sentence)
        if len(words) > LONGEST_SENTENCE:
            line = passage.line_of(passage.prose.index(words[0], at), passage.prose)
            yield Finding(line, "long sentence", f"“{' '.join(words[:5])} …”")
        at += len(sentence)


def reading_findings(passages: list[Passage]) -> Iterator[Finding]:
    """Findings for the whole text: if it is too hard for most people, and if it is too long."""
    prose = [passage.prose for passage in passages if passage.kind not in {"title", "front matter"}]
    age = reading_age("\n\n".join(prose))
    if age > OLDEST_READER:
        yield Finding(1, "reading age", f"about {age}")
    shown = [passage.words for passage in passages if passage.kind != "front matter"]
    length = len(WORD.findall(" ".join(shown)))
    if length > LONGEST_TEXT:
        yield Finding(1, "length", f"{length:,}")


def reading_age(text: str) -> int:
    """A rough age from the Flesch–Kincaid grade (1975); 0 for a text without a whole sentence.

    An empty line ends a sentence, too.
    """
    found = [WORD.findall(part) for part in re.split(rf"{SENTENCE_END.pattern}|\n\n", text)]
    sentences = [words for words in found if len(words) > 2]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0
    syllables = sum(len(SYLLABLES.inserted(word).split("-")) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
    return round(grade + 5)
