"""Writes words of another site as Markdown, so that no sign in them means anything to it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from markdown_it import MarkdownIt

# Our pages cannot use all of these, but an editor sees why at the line of the link.
KEPT_SCHEMES = {"", "http", "https", "mailto", "tel"}
SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
SIGNS = re.compile(r"[\\`*\[\]|]|(?<!\w)_|_(?!\w)|<(?=[a-z/!?])|&(?=#?\w+;)", re.IGNORECASE)
# What would begin a heading, a list, a quotation, a line or code.
BEGINNING = re.compile(r"\A(?=(?:#{1,6}|[-+])(?:\s|$)|[>~]|(?:=+|-+)\s*$)")
NUMBER = re.compile(r"\A(\d{1,9})(?=[.)](?:\s|$))")
READER = MarkdownIt("commonmark", {"html": False})


class Run(NamedTuple):
    """Words in one style; “\\n” is a line break of the page."""

    words: str
    strong: bool = False
    emphasis: bool = False
    address: str = ""


def address_of(href: str) -> str:
    """The address of a link as Markdown writes it; empty for one that we never take over."""
    bare = re.sub(r"[\x00-\x1f\x7f]", "", href).strip()
    scheme = SCHEME.match(bare)
    kind = scheme[1].lower() if scheme else ""
    if kind not in KEPT_SCHEMES or bare.startswith("#"):
        return ""
    if kind == "tel":
        return "tel:" + re.sub(r"[^\d+-]", "", bare)
    return re.sub(r"[*_&]", r"\\\g<0>", quote(bare, safe="%/:?#@!$&'*+,;=~"))


def lines_of(runs: Iterable[Run]) -> list[list[Run]]:
    """The runs of each line, without blanks at its ends; an empty line has none."""
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run.words == "\n":
            lines.append([])
        else:
            lines[-1].append(run)
    return [_trimmed(line) for line in lines]


def written(line: Sequence[Run], *, begins: bool = True) -> str:
    """A line as Markdown, in the first of its ways that readers would see as it was."""
    ways = (_styled(way) for way in _ways(line))
    shown = next((way for way in ways if _shows(way, line)), _escaped(plain(line)))
    return _begun(shown) if begins else shown


def plain(line: Iterable[Run]) -> str:
    """The words of a line."""
    return "".join(run.words for run in line)


def _trimmed(runs: Sequence[Run]) -> list[Run]:
    """One blank between words, none at the ends, and one run for words of one style."""
    blank, kept = True, []
    for run in runs:
        words = re.sub(r" +", " ", run.words)
        words = words.removeprefix(" ") if blank else words
        blank = words.endswith(" ") if words else blank
        kept.append(run._replace(words=words) if words.strip() else Run(words))
    together = [Run(plain(group), *style) for style, group in groupby(kept, lambda run: run[1:])]
    while together and not together[-1].words.strip():
        together.pop()
    if together:
        together[-1] = together[-1]._replace(words=together[-1].words.rstrip())
    return [run for run in together if run.words]


def _ways(line: Sequence[Run]) -> Iterator[Sequence[Run]]:
    """The line as it is; without signs at the end of bold words, which break it; and not in bold."""
    yield line
    yield [part for run in line for part in _without_last_signs(run)]
    yield [run._replace(strong=False, emphasis=False) for run in line]


def _without_last_signs(run: Run) -> list[Run]:
    bare = run.words.rstrip(" .,:;!?")
    outside = run._replace(words=run.words[len(bare) :], strong=False, emphasis=False)
    return [part for part in (run._replace(words=bare), outside) if part.words]


def _styled(line: Sequence[Run]) -> str:
    styled = "".join(
        _linked(address, list(group)) for address, group in groupby(line, lambda run: run.address)
    )
    # Elsewhere it would be escaped: this bracket begins a link, and must not begin a picture.
    return styled.replace("![", "\\![")


def _linked(address: str, runs: Sequence[Run]) -> str:
    words = "".join(
        _outside_blanks(run.words, "*" * (2 * run.strong + run.emphasis)) for run in runs
    )
    if not address or not words.strip():
        return words
    bare = words.strip()
    before, after = words[: words.index(bare)], words[words.index(bare) + len(bare) :]
    return f"{before}[{bare}]({address}){after}"


def _outside_blanks(words: str, marks: str) -> str:
    """Escaped words between marks, which have to touch them."""
    bare = words.strip()
    if not bare:
        return words
    marked = f"{marks}{_escaped(bare)}{marks}"
    return f"{' ' * words.startswith(' ')}{marked}{' ' * words.endswith(' ')}"


def _escaped(words: str) -> str:
    words = SIGNS.sub(r"\\\g<0>", words).replace("\\[^", "\\[\\^")
    return words.replace(":::", "\\:\\:\\:")


def _begun(line: str) -> str:
    return NUMBER.sub(r"\1\\", BEGINNING.sub(r"\\", line))


def _shows(styled: str, line: Sequence[Run]) -> bool:
    """Whether readers would see these words and links, and nothing else."""
    children = READER.parseInline(styled)[0].children or []
    kinds = [child.type for child in children]
    links = sum(bool(address) for address, _ in groupby(line, lambda run: run.address))
    seen = "".join(child.content for child in children)
    return seen == plain(line) and kinds.count("link_open") == links and "image" not in kinds
