"""What keeps a document from being rendered, each fault with its line."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from procedures.ground.characters import MOST_MARKS, piles_up_marks
from procedures.models import Figure, Source
from procedures.texts.rendering.blocks import BLOCKS
from procedures.texts.rendering.documents import (
    CITATION,
    FENCE,
    TERM,
    Document,
    Fault,
    heading,
    hidden_characters,
)
from procedures.texts.rendering.figures import LONGEST_ALT, key_faults
from procedures.texts.rendering.languages import (
    MARKED_LINK,
    left_over_marks,
    unknown_languages,
)
from procedures.texts.rendering.losses import losses
from procedures.texts.rendering.markdown import term_anchor
from procedures.texts.rendering.passages import passages, source_text

# Markdown that our pages have no style for, or that a block could hide in.
UNUSED = {
    "blockquote_open": "a quotation (>)",
    "code_block": "a line with four spaces before it",
    "fence": "a block of code (```)",
    "hr": "a line (---)",
    "code_inline": "code (`)",
}
QUESTIONS = (
    "Put one list into this block, and begin each item with a question in bold: - **Does it "
    "hurt?** A little."
)
HEADINGS = "Begin with headings “##”, and put “###” only below them."


class Library(NamedTuple):
    """What a text may cite and show, by key."""

    sources: Mapping[str, Source]
    figures: Mapping[str, Figure]


def faults(parsed: Document, library: Library, parser: MarkdownIt) -> list[Fault]:
    """(line, sentence) pairs that an editor can act on; none if the document can be rendered."""
    found = (
        _block_faults(parsed)
        + _fence_faults(parsed)
        + _citation_faults(parsed, library.sources)
        + _term_faults(parsed)
        + list(unknown_languages(parsed))
    )
    if found:
        return found  # only a document without such faults is worth parsing
    tokens = parser.parse(source_text(parsed))
    return (
        _shape_faults(tokens, parsed, library.figures)
        + key_faults(tokens, parsed, library.figures)
        + _question_faults(tokens, parsed)
        + losses(tokens, parsed)
        + _unreadable(parsed, tokens)
    )


def _unreadable(parsed: Document, tokens: Sequence[Token]) -> list[Fault]:
    """What nobody can see or read, looked for in the words as they will be shown."""
    found: list[Fault] = []
    for passage in passages(parsed, tokens):
        shown = passage.raw.split("\n")
        found += left_over_marks(shown, first=passage.line)
        found += hidden_characters(shown, first=passage.line)
        if piles_up_marks(passage.raw):
            found.append((passage.line, f"Use at most {MOST_MARKS} accents on one letter."))
    return found


def _block_faults(parsed: Document) -> list[Fault]:
    faults = []
    opened: tuple[int, str] | None = None
    for number, line in parsed.lines():
        opens = heading(line)
        if opens is None:
            continue
        name, title = opens
        if not name:
            if opened is None:
                faults.append((number, "This “:::” closes a block that was never opened."))
            opened = None
        elif opened is not None:
            faults.append((number, f"Close the block “{opened[1]}” of line {opened[0]} first."))
        else:
            opened = (number, name)
            faults += [(number, sentence) for sentence in _opening_faults(name, title)]
    if opened is not None:
        faults.append((opened[0], f"The block “{opened[1]}” is never closed with “:::”."))
    return faults


def _opening_faults(name: str, title: str) -> list[str]:
    if name not in BLOCKS:
        return [f"There is no block “{name}”. Use: {', '.join(BLOCKS)}."]
    has_heading = BLOCKS[name].titled or name == "figure"
    if has_heading and not title:
        return [f"Give the block “{name}” a heading on the same line."]
    if title and not has_heading:
        return [f"The block “{name}” has no heading. Put these words on a new line."]
    if CITATION.search(title):
        return ["Cite a source in the text of a block, not its heading."]
    return []


def _fence_faults(parsed: Document) -> list[Fault]:
    return [
        (number, "Write “::: name Heading” at the very beginning of the line, with single spaces.")
        for number, line in parsed.lines()
        if ":::" in line and not FENCE.match(line)
    ]


def _citation_faults(parsed: Document, sources: Mapping[str, Source]) -> list[Fault]:
    return [
        (number, f"There is no source “{key}”. Add it under Sources, or correct the key.")
        for number, line in parsed.lines()
        for key in CITATION.findall(line)
        if key not in sources
    ]


def _shape_faults(
    tokens: Sequence[Token], parsed: Document, figures: Mapping[str, Figure]
) -> list[Fault]:
    """What the parser found that is not allowed on our pages, or is in the wrong place."""
    faults: list[Fault] = []
    below = False
    figure: list[Token] | None = None
    for token in tokens:
        said = []
        used = [token.type, *(child.type for child in token.children or [])]
        if unused := [UNUSED[name] for name in used if name in UNUSED]:
            said = [f"Our pages do not use {unused[0]}. Write it in another way."]
        elif token.type == "heading_open":
            said = [] if token.tag in _headings(below=below) else [HEADINGS]
            below = True
        elif token.type == "container_figure_open":
            figure = []
        elif token.type == "container_figure_close":
            said = [] if figure else ["Put exactly one picture, ![words](key), in this block."]
            figure = None
        elif any(child.type == "image" for child in token.children or []):
            said = _picture_faults(token, figure, figures)
            figure = None if figure is None else [*figure, token]
        line = parsed.body_line + (token.map[0] if token.map else 0)
        faults += [(line, sentence) for sentence in said]
    return faults


def _question_faults(tokens: Sequence[Token], parsed: Document) -> list[Fault]:
    """What is in a block “at-a-glance” and is not a question in bold with its answer."""
    faults: list[Fault] = []
    level: int | None = None
    for token, following in pairwise(tokens):
        if token.type == "container_at-a-glance_close":
            level = None
        elif token.type == "container_at-a-glance_open":
            level = token.level
        is_empty = token.nesting == 1 and following.nesting == -1
        if level is not None and (is_empty or not _is_question_and_answer(token, level)):
            line = parsed.body_line + (token.map[0] if token.map else 0)
            faults.append((line, QUESTIONS))
    return list(dict.fromkeys(faults))


def _is_question_and_answer(token: Token, level: int) -> bool:
    """Whether a token fits into a block of one list, with one paragraph in each item."""
    expected = {0: "container", 1: "bullet_list", 2: "list_item", 3: "paragraph", 4: "inline"}
    if not token.type.startswith(expected.get(token.level - level, "nothing")):
        return False
    children = token.children or []
    kinds = [child.type for child in children]
    return token.type != "inline" or (
        "answer_open" in kinds
        and any(child.content.strip() for child in children[kinds.index("answer_open") :])
    )


def _headings(*, below: bool) -> tuple[str, ...]:
    return ("h2", "h3", "h4") if below else ("h2",)


def _picture_faults(
    inline: Token, figure: list[Token] | None, figures: Mapping[str, Figure]
) -> list[str]:
    """Pictures that are not alone in the paragraph of a figure, have no words, or are not ours."""
    children = inline.children or []
    picture = children[0]
    if figure:
        return ["Put exactly one picture, ![words](key), in this block."]
    if figure is None or len(children) != 1:
        return ["Put a picture on a line of its own in a block “figure”."]
    if picture.attrs.get("src") not in figures:
        return [f"There is no figure “{picture.attrs.get('src')}”. Add it under Figures."]
    if not picture.content.strip():
        return ["Say between the brackets what the picture shows."]
    if len(picture.content) > LONGEST_ALT:
        return [f"Say what the picture shows in {LONGEST_ALT} characters, and the rest below it."]
    return []


def _term_faults(parsed: Document) -> list[Fault]:
    faults, seen = [], set()
    for number, line in parsed.lines():
        for term, _ in TERM.findall(line):
            anchor = term_anchor(term)
            if anchor in seen:
                faults.append((number, f"“{term}” is already explained. Explain it only once."))
            if anchor == "term-":
                faults.append((number, f"“{term}” does not contain a letter. Explain a word."))
            seen.add(anchor)
        if "[[" in TERM.sub("", MARKED_LINK.sub("", line)):
            faults.append((number, "Explain a term as [[term: what it means]], on one line."))
    return faults
