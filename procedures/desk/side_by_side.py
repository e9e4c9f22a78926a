"""A translation beside the English, part by part, and who has signed it."""

from typing import NamedTuple

from django.http import QueryDict

from procedures.models import Revision, SignOff
from procedures.texts.pairs import CATEGORY, Part, joined, parts

# A box is as high as what is in it, within reason. It is narrow beside the English and the preview.
LETTERS_A_LINE, FEWEST_ROWS, MOST_ROWS = 28, 2, 24


class Pair(NamedTuple):
    """A part of the English, and the box in which it is translated."""

    english: Part
    name: str
    text: str
    rows: int

    @property
    def label(self) -> str:
        """What the part is: “title”, “block at-a-glance”, “text”."""
        if self.english.in_front:
            return self.english.name.capitalize()
        return f"Block {self.english.name}" if self.english.name else "Text"


def pairs(english: str, document: str) -> list[Pair] | None:
    """The parts of both texts side by side; None if they do not have the same parts."""
    theirs, ours = parts(english), parts(document)
    if [each.name for each in theirs] != [each.name for each in ours]:
        return None
    return [
        Pair(their, f"part-{number}", our.text, _rows(their.text, our.text))
        for number, (their, our) in enumerate(zip(theirs, ours, strict=True))
        if their.name != CATEGORY
    ]


def document_of(english: str, sent: QueryDict) -> str:
    """The document of what was typed beside the English, part by part."""
    found = enumerate(parts(english))
    return joined([each._replace(text=sent.get(f"part-{at}", each.text)) for at, each in found])


def _rows(*texts: str) -> int:
    needed = max(
        sum(1 + len(line) // LETTERS_A_LINE for line in text.split("\n")) for text in texts
    )
    return min(MOST_ROWS, max(FEWEST_ROWS, needed))


def has_translators_signature(revision: Revision) -> bool:
    """Whether a translator has signed it, and nobody has revoked that."""
    signed = SignOff.objects.filter(revision=revision, revoked_at=None)
    return signed.filter(translator__isnull=False).exists()
