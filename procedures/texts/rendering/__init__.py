"""Turns Markdown into the fragment that is signed, and reads fragments again."""

from procedures.texts.rendering.documents import (
    CITATION,
    MAX_DOCUMENT,
    TERM,
    Document,
    DocumentError,
    heading,
    hidden_characters,
    parse,
    with_plain_line_ends,
)
from procedures.texts.rendering.faults import Library
from procedures.texts.rendering.fragments import (
    CLOSING_SEAM,
    RENDERER_VERSION,
    SEAM,
    Fragment,
    Term,
    cut,
    json_ld,
    read,
    render,
    square_code,
    terms,
    words_of,
)
from procedures.texts.rendering.passages import Passage, Piece
from procedures.texts.rendering.sketches import Sketch, sketch
from procedures.texts.rendering.words import normalised

__all__ = [
    "CITATION",
    "CLOSING_SEAM",
    "MAX_DOCUMENT",
    "RENDERER_VERSION",
    "SEAM",
    "TERM",
    "Document",
    "DocumentError",
    "Fragment",
    "Library",
    "Passage",
    "Piece",
    "Sketch",
    "Term",
    "cut",
    "heading",
    "hidden_characters",
    "json_ld",
    "normalised",
    "parse",
    "read",
    "render",
    "sketch",
    "square_code",
    "terms",
    "with_plain_line_ends",
    "words_of",
]
