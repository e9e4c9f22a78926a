"""Characters of a text that nobody can see, for pages and forms alike.

The list is Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties.txt), with the controls,
the private-use characters, Unicode's own line breaks, and the two "letters" that are drawn as a
blank. A character that is too new for this Python is not hidden: it is most likely an emoji.
"""

import re
import unicodedata

LINE_BREAKS = "\x0b\x0c\x85\u2028\u2029"
CONTROLS = "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
PRIVATE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
IGNORABLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
BLANK_LETTERS = "\u2800\U0001d159"
INVISIBLE = re.compile(f"[{CONTROLS}{LINE_BREAKS}{IGNORABLE}{BLANK_LETTERS}{PRIVATE}]")
# Half a character, or the sign for one that was lost on the way. They are visible, but always a
# mistake.
BROKEN = re.compile("[\ufffd\ud800-\udfff]")

JOINERS = "\u200c\u200d"
# Letters of these scripts never join, so a joiner between them only hides something.
NEVER_JOINED = ("LATIN", "GREEK", "CYRILLIC", "COMBINING", "MODIFIER")
VIRAMA = 9

PICTURE = (
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030"
    "\u303d\u3297\u3299\U0001f000-\U0001fbff]"
)
EMOJI = f"{PICTURE}[\ufe0e\ufe0f]?[\U0001f3fb-\U0001f3ff]?"
# An invisible character that changes how its neighbours look (Unicode TS 51 and TS 37).
NEEDED = re.compile(
    "\U0001f3f4[\U000e0061-\U000e007a]{2}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{1,3}\U000e007f"
    f"|[0-9#*]\ufe0f\u20e3|{EMOJI}(?:\u200d{EMOJI})*"
    "|[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff][\ufe00-\ufe02\U000e0100-\U000e01ef]"
    "|[\u1820-\u18aa][\u180b-\u180f]"
)
MOST_MARKS = 3


def without_invisible(text: str) -> str:
    """The text without invisible characters.

    One that only breaks a line becomes a plain line break. Characters that their neighbours need
    are kept: joiners inside words and emoji, and the signs that choose the form of an emoji or an
    ideograph. Broken characters are kept, because something was lost there.
    """
    if text.isascii() and text.isprintable():
        return text
    taken = set(_hidden_places(text))
    return "".join(
        letter if at not in taken else "\n" if letter in LINE_BREAKS else ""
        for at, letter in enumerate(text)
    )


def hidden_in(text: str) -> list[str]:
    """The characters of a text that are broken or that nobody can see, in order."""
    broken = [found.start() for found in BROKEN.finditer(text)]
    return [text[at] for at in sorted([*_hidden_places(text), *broken])]


def piles_up_marks(text: str) -> bool:
    """Whether a letter has more accents than any language writes, and so covers its neighbours."""
    row = 0
    for letter in unicodedata.normalize("NFC", text):
        row = row + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        if row > MOST_MARKS:
            return True
    return False


def name_of(character: str) -> str:
    """How to name a character that cannot be shown: “U+202E right-to-left override”."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '').lower()}".strip()


def _hidden_places(text: str) -> list[int]:
    candidates = [found.start() for found in INVISIBLE.finditer(text)]
    if not candidates:
        return []
    needed = {at for found in NEEDED.finditer(text) for at in range(*found.span())}
    return [at for at in candidates if at not in needed and not _joins(text, at)]


def _joins(text: str, at: int) -> bool:
    """Whether a joiner is where its script needs it: after a virama, or inside a word."""
    if text[at] not in JOINERS or not at:
        return False
    before, after = text[at - 1], text[at + 1 : at + 2]
    if unicodedata.combining(before) == VIRAMA:
        return True
    return _may_join(before) and bool(after) and _may_join(after)


def _may_join(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LM" and not unicodedata.name(letter, "").startswith(
        NEVER_JOINED
    )
