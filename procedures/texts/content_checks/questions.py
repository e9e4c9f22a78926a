"""What patients ask first, and whether a page answers it in its block “at-a-glance”."""

import re
from collections.abc import Iterator, Sequence

from procedures.status import Category
from procedures.texts.content_checks.rules import Finding
from procedures.texts.rendering import Passage

# A question that an author may copy, and how to recognise one about the same thing.
ASKED_FIRST = {
    "Does it hurt?": r"\b(?:hurts?|pain\w*|sore|uncomfortable)\b",
    "How long does it take?": r"\bhow long\b.*\b(?:take|visit|appointment|session|here|there)\b",
    "When can I drive and work?": r"\b(?:drive|driving)\b|\b(?:at|to|and|or|off) work\b",
    "What can go wrong?": r"\bgo(?:es)? wrong\b|\brisks?\b|\bside effects?\b|\bsafe\b",
    "How soon does it work, and for how long?": (
        r"\bhow (?:soon|quickly)\b|\bwhen (?:will|does|do)\b|\blasts?\b"
    ),
    "Who does it?": r"\bwho\b",
    "What does it cost?": r"\b(?:costs?|pay|price|fees?|charges?)\b",
}
RULE_OF = {Category.PROCEDURE: "at a glance", Category.GUIDE: "guide at a glance"}


def unanswered(category: Category, passages: Sequence[Passage]) -> Iterator[Finding]:
    """One finding with every question that a page of this category leaves open."""
    rule = RULE_OF.get(category)
    answered = [passage for passage in passages if passage.question]
    asked = "\n".join(passage.question.lower() for passage in answered)
    missing = [question for question, words in ASKED_FIRST.items() if not re.search(words, asked)]
    if rule and missing:
        line = answered[0].line if answered else 1
        yield Finding(line, rule, " ".join(missing))
