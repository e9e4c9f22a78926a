"""Words as readers see them, however they are spelt."""

import re
import unicodedata

from procedures.ground.characters import INVISIBLE

# Hyphens, dashes and minus signs, and the percent signs of other scripts.
ALIKE = {ord(dash): "-" for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58"} | {
    0x66A: "%"
}


def normalised(text: str) -> str:
    """A text in one form for all spellings that look alike.

    There is one kind of blank, hyphen, digit and sign. Invisible characters are removed. Line
    breaks are kept, because lines are counted by them.
    """
    text = unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).translate(ALIKE)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r" ?\n ?", "\n", text).strip(" ")
