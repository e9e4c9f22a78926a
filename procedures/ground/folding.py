"""Finds people however their name was typed, in a form without case, accents and signs."""

import re
import unicodedata

from procedures.ground import phones
from procedures.ground.characters import without_invisible

# Letters that Unicode does not decompose. Case folding decomposes sharp s.
PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        # Apostrophes that count as letters.
        **dict.fromkeys("ʹʺʻʼʽʾʿˈ", "'"),
    }
)
# No name has more; one long piece of nonsense does not fit into an index.
MOST_WORDS = 12
LONGEST = 600
REFERENCE_LENGTH = 8


def words(text: str) -> list[str]:
    """The letters and digits of each word: “Siobhán O’Brien” becomes siobhan, o, brien."""
    apart = unicodedata.normalize("NFKD", without_invisible(text))
    bare = "".join(letter for letter in apart if unicodedata.category(letter)[0] != "M")
    return re.findall(r"[^\W_]+", bare.casefold().translate(PLAIN))[:MOST_WORDS]


def chunks(text: str) -> list[str]:
    """The search terms: each run of letters between blanks or commas, without its signs."""
    parts = re.split(r"[\s,;]+", without_invisible(text))
    return [run for run in ("".join(words(part)) for part in parts) if run]


def run_on(text: str) -> list[str]:
    """Each word with all that follow: siobhanobrien, obrien, brien.

    So the beginning of any part is found, whether a name is typed with a hyphen, an apostrophe or a
    blank.
    """
    parts = words(text)
    return ["".join(parts[at:]) for at in range(len(parts))]


def found_by(*, name: str, carer_name: str, phone: str) -> str:
    """What a request is found by, each with a blank before it: numbers and names."""
    each = [*phones.spellings(phone), *run_on(name), *run_on(carer_name)]
    return "".join(f" {one}" for one in each)[:LONGEST]


def is_same_name(one: str, other: str) -> bool:
    """Whether two names match in any order or shortened: “Müller, Zoe” is “Zoë Müller-Łukasz”."""
    return _is_within(one, other) or _is_within(other, one)


def has_same_words(one: str, other: str) -> bool:
    """Whether two names have the same words, in any order: a shortened one may be a twin's."""
    return sorted(words(one)) == sorted(words(other)) != []


def as_reference(typed: str) -> str:
    """A reference as we write it, however it was typed; empty if it cannot be one."""
    letters = "".join(
        filter(str.isalnum, unicodedata.normalize("NFKC", without_invisible(typed)))
    ).upper()
    if len(letters) != REFERENCE_LENGTH or not letters.isascii():
        return ""
    return f"{letters[:4]}-{letters[4:]}"


def _is_within(short: str, long: str) -> bool:
    asked, given = chunks(short), run_on(long)
    return bool(asked) and all(any(each.startswith(run) for each in given) for run in asked)
