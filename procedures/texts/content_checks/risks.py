"""Checks that a figure in a table of risks is about what its row names."""

import re

FIGURE = re.compile(
    r"\d[\d,]{0,11} (?:in|out of) (?:every )?\d[\d,]{0,11}([^.;,()]{0,200})", re.IGNORECASE
)
# “9 in 100 without an injection” negates the injection and not what the row names.
DENIED = re.compile(r"\b(?:no|not|none|never|nobody|cannot|fail(?:s|ed)?|\w+n't)\b", re.IGNORECASE)
WELL = re.compile(
    r"(?<!as )\b(?:well|better|benefit(?:s|ed)?|relief|helps|helped|improve[ds]?|improvement|"
    r"success\w*|works|worked|cured|recover(?:s|ed)|satisfied|happy|free of)\b",
    re.IGNORECASE,
)


def contradicts(heading: str, cell: str) -> bool:
    """Whether a figure counts the people to whom the opposite of the row's heading happened.

    “No benefit: 47 in 100 did well” and “Infection: 99 in 100 had none” draw the wrong dots.
    """
    heading, cell = (words.replace("\n", " ").replace("’", "'") for words in (heading, cell))
    return any(_is_opposite(heading, found[1]) for found in FIGURE.finditer(cell))


def _is_opposite(heading: str, said: str) -> bool:
    well, denied = bool(WELL.search(said)), bool(DENIED.search(said))
    heading_denies = bool(DENIED.search(heading))
    if not well:
        return denied and not heading_denies
    names_good = bool(WELL.search(heading)) and not heading_denies
    return denied if names_good else not denied
