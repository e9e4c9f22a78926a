"""Words of another language inside a text: [bore da]{lang=cy}, as Pandoc and Djot write it."""

import re
from collections.abc import Iterable, Iterator

from django.conf.locale import LANG_INFO
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from procedures.texts.rendering.documents import Document, Fault

# Those that Django knows by their codes, and others that patients or medicine speak.
RIGHT_TO_LEFT = {"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"}
CODES = {*LANG_INFO, *RIGHT_TO_LEFT} | {
    *("am", "bo", "fil", "grc", "gu", "ha", "ht", "ku", "la", "mt", "om", "or", "rom", "rw", "sa"),
    *("si", "sn", "so", "st", "su", "ti", "tl", "wo", "xh", "yo", "zu"),
}
MARK = re.compile(r"\{lang=([a-z]{2,3}(?:-[a-z]{2,4})?)\}")
ANY_MARK = re.compile(r"\]\{lang=([^}\s]*)\}")
IN_A_LINK = re.compile(r"\]\{lang=[^}\s]*\}[^\[\]]*\]\(")
LEFT_OVER = re.compile(r"\]\{|\{\s*:?\s*(?:lang|dir)\b", re.IGNORECASE)
# An address with another scheme is no link, with a mark or without.
LINK_LEFT_OVER = re.compile(r"\]\((?:/|#|https?:|mailto:|tel:)")
UNKNOWN = (
    "There is no language “{}”. Use its code: cy for Welsh, en for English, fr for French, la for "
    "Latin, pl for Polish, ur for Urdu."
)
MARKS_NOTHING = (
    "Readers would see this mark of a language. Write [words]{lang=cy} with all four brackets, in "
    "a passage, a list, a table or a heading."
)
AROUND = (
    "Put the mark around the whole link: [[words](address)]{lang=cy}. The words for a picture have "
    "none."
)
LINK_SHOWN = "Readers would see this link as you typed it. " + AROUND.partition(". ")[0] + "."
# A link that is marked as a whole begins like an explained term, with two brackets.
MARKED_LINK = re.compile(r"\[(?=\[[^\[\]]*\]\([^()\s]*\)\]\{lang=)")


def with_languages(parser: MarkdownIt) -> None:
    """Teach a parser to mark the words of another language."""
    parser.inline.ruler.before("link", "language", _language)


def direction(code: str) -> str:
    """The way in which a language is written, as `dir` attributes have it."""
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"


def unknown_languages(parsed: Document) -> Iterator[Fault]:
    """Marks with a code that is none, and marks inside a link, which would break the link."""
    for number, line in parsed.lines():
        for code in ANY_MARK.findall(line):
            if code not in CODES:
                yield number, UNKNOWN.format(code)
        if IN_A_LINK.search(line):
            yield number, AROUND


def left_over_marks(lines: Iterable[str], first: int = 1) -> Iterator[Fault]:
    """Marks that marked nothing, and links that a mark broke, in lines as readers would see them."""
    for number, line in enumerate(lines, start=first):
        if LEFT_OVER.search(line):
            yield number, MARKS_NOTHING
        elif LINK_LEFT_OVER.search(line):
            yield number, LINK_SHOWN


def _language(state: StateInline, silent: bool) -> bool:
    """The words between the brackets, in a span with their language and direction."""
    if state.src[state.pos] != "[":
        return False
    start, end = state.pos + 1, state.md.helpers.parseLinkLabel(state, state.pos, False)
    mark = MARK.match(state.src, end + 1, state.posMax) if end > start else None
    if not mark or mark[1] not in CODES:
        return False
    if not silent:
        opening = state.push("language_open", "span", 1)
        opening.attrs = {"lang": mark[1], "dir": direction(mark[1])}
        state.pos, last, state.posMax = start, state.posMax, end
        state.md.inline.tokenize(state)
        state.push("language_close", "span", -1)
        state.posMax = last
    state.pos = mark.end()
    return True
