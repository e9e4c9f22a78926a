"""Finds people however their name was typed, in a form without case, accents and signs."""

import re
import unicodedata
from collections.abc import Iterable

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
# No name has more.
MOST_WORDS = 12
REFERENCE_LENGTH = 8
# Nobody types more of a name or an address than this many letters.
LONGEST_KEY = 40
# Fewer letters than these are in almost every name, so they are found only where a word begins.
LEAST_INSIDE = 3


def words(text: str) -> list[str]:
    """The letters and digits of each word: “Siobhán O’Brien” becomes siobhan, o, brien."""
    visible = without_invisible(text)
    # Most names have no accents to take off, and a page compares a name with everybody born on one day.
    bare = visible if visible.isascii() else _without_marks(visible)
    return re.findall(r"[^\W_]+", bare.casefold())[:MOST_WORDS]


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in apart if unicodedata.category(letter)[0] != "M")
    return bare.casefold().translate(PLAIN)


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


def search_keys(
    *, names: Iterable[str], phone: str = "", email: str = "", reference: str = ""
) -> set[str]:
    """What somebody is found by: the beginning of a key is what is typed.

    The beginnings of words have a blank before them. Of names and phone numbers there are also keys
    that begin inside; an email address is found by the words before its @, a reference by its halves.
    """
    keys: set[str] = set()
    for runs in [*map(run_on, names), phones.spellings(phone)]:
        if runs:
            whole = runs[0]
            inside = {whole[at:] for at in range(1, len(whole) - LEAST_INSIDE + 1)}
            keys |= beginnings(runs) | {each[:LONGEST_KEY] for each in inside - set(runs)}
    mailbox, _, domain = email.rpartition("@")
    host = "".join(words(domain))
    return (
        keys | beginnings(f"{run}{host}" for run in run_on(mailbox)) | beginnings(run_on(reference))
    )


def beginnings(runs: Iterable[str]) -> set[str]:
    """The keys of runs of letters that begin a word."""
    return {f" {run}"[:LONGEST_KEY] for run in runs}


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
