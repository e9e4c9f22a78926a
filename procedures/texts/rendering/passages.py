"""What readers see of a document, passage by passage, with the line that each came from.

The words come from the same parser that renders, so a rule that reads them cannot be evaded with an
entity, an escape, emphasis or a line break.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from markdown_it.token import Token

from procedures.texts.rendering.blocks import inline
from procedures.texts.rendering.documents import CITATION, Document
from procedures.texts.rendering.words import normalised


@dataclass(frozen=True)
class Piece:
    """Words that belong together: plain ones, a question, an explained term, or its meaning."""

    words: str
    kind: str = "words"


@dataclass(eq=False)
class Passage:
    """Words that are read together, such as those of a paragraph, an item, a cell or a heading.

    `kind` is prose, item, cell, column (its heading), heading, title (of a block) or front matter.
    """

    line: int
    kind: str
    block: str = ""
    pieces: Sequence[Piece] = ()
    links: Sequence[str] = ()
    cited: bool = False
    # The passages of a table's row, including this one.
    row: "list[Passage]" = field(default_factory=list)

    @cached_property
    def raw(self) -> str:
        """All words as they are shown, hidden characters included."""
        return "".join(piece.words for piece in self.pieces)

    @cached_property
    def words(self) -> str:
        """All words, normalised, with a line break for each one in the source."""
        return self._of("words", "question", "term", "meaning")

    @cached_property
    def prose(self) -> str:
        """The words without the meanings of explained terms."""
        return self._of("words", "question", "term")

    @cached_property
    def unexplained(self) -> str:
        """The words without the terms that are explained here."""
        return self._of("words", "question")

    @cached_property
    def question(self) -> str:
        """The question that an item of “at-a-glance” answers."""
        return self._of("question").strip()

    def terms(self) -> list[str]:
        """The terms that are explained here."""
        return [normalised(piece.words) for piece in self.pieces if piece.kind == "term"]

    def line_of(self, at: int, text: str = "") -> int:
        """The line of the document that this position in the words, or text, came from."""
        return self.line + (text or self.words).count("\n", 0, at)

    def context(self) -> str:
        """The words that are read together with these: those of the whole row, for a cell."""
        return " ".join(each.words for each in self.row) or self.words

    def has_source(self) -> bool:
        """Whether a source is cited here, or elsewhere in the row."""
        return self.cited or any(each.cited for each in self.row)

    def _of(self, *kinds: str) -> str:
        return normalised(
            "".join(piece.words if piece.kind in kinds else " " for piece in self.pieces)
        )


def source_text(parsed: Document) -> str:
    """The body with an empty note for each source it cites, because a citation needs its note."""
    keys = dict.fromkeys(CITATION.findall(parsed.body))
    return f"{parsed.body}\n\n" + "\n\n".join(f"[^{key}]: {key}" for key in keys)


def passages(parsed: Document, tokens: Sequence[Token]) -> list[Passage]:
    """Everything that readers see of a document, in the order of lines.

    `tokens` are those of its `source_text`. Our own words around a text are not included.
    """
    return [*_front_matter(parsed), *_body(parsed, tokens)]


def _front_matter(parsed: Document) -> Iterator[Passage]:
    for number, name, value in parsed.matter:
        if name != "category":
            yield Passage(number, "front matter", pieces=[Piece(value)])


def _body(parsed: Document, tokens: Sequence[Token]) -> Iterator[Passage]:
    block = ""
    row: list[Passage] = []
    for at, token in enumerate(tokens):
        if token.type == "footnote_block_open":
            return
        line = parsed.body_line + (token.map[0] if token.map else 0)
        if token.type.startswith("container_"):
            block, _, title = token.info.strip().partition(" ") if token.nesting == 1 else ("",) * 3
            if title:
                plain = [Token("text", "", 0, content=title)]
                yield _passage(line, "title", block, plain if block == "figure" else inline(title))
        elif token.type == "tr_open":
            row = []
        elif token.type == "inline":
            passage = _passage(
                line, _kind(tokens[max(0, at - 2) : at]), block, token.children or []
            )
            if passage.kind in {"cell", "column"}:
                passage.row = row
                row.append(passage)
            yield passage


def _kind(before: Sequence[Token]) -> str:
    """What the words after these tokens belong to."""
    opened = {"td_open": "cell", "th_open": "column", "heading_open": "heading"}
    if before[-1].type in opened:
        return opened[before[-1].type]
    return "item" if len(before) > 1 and before[-2].type == "list_item_open" else "prose"


def _passage(line: int, kind: str, block: str, children: Sequence[Token]) -> Passage:
    return Passage(
        line,
        kind,
        block,
        pieces=list(_pieces(children)),
        links=[str(child.attrs["href"]) for child in children if child.type == "link_open"],
        cited=any(child.type == "footnote_ref" for child in children),
    )


def _pieces(children: Sequence[Token]) -> Iterator[Piece]:
    kind = around = "words"
    for child in children:
        if child.type in {"question_open", "question_close"}:
            kind = around = "question" if child.nesting == 1 else "words"
        elif child.type in {"term_open", "meaning_open"}:
            kind = child.type.removesuffix("_open")
        elif child.type in {"term_close", "meaning_close"}:
            kind = around
        elif child.type in {"softbreak", "hardbreak"}:
            yield Piece("\n")
        elif child.type in {"text", "code_inline"}:
            yield Piece(child.content.replace("\n", " "), kind)
        elif child.type == "image":
            yield from _pieces(child.children or [])
