"""Reads picture files: their type and size, and whether they are safe to show."""

import hashlib
import re
import struct
from typing import NamedTuple

LARGEST = 200_000
LONGEST_SIDE = 10_000
PNG = b"\x89PNG\r\n\x1a\n"
# As an image an SVG runs no script and loads nothing, and our policy forbids both when it is opened
# alone. We refuse both all the same, so that nobody has to rely on that.
ACTIVE = re.compile(
    rb"<script|<foreignobject|<!entity|<!doctype|javascript:|\son\w+\s*="
    rb"|https?://(?!www\.w3\.org/)",
    re.IGNORECASE,
)
# What a drawing may consist of: shapes, text and colours. Nothing is drawn elsewhere, and nothing
# refers to anything but the same file, so no drawing can be made of itself a million times.
ELEMENTS = {
    *("svg", "g", "defs", "title", "desc", "style", "path", "rect", "circle", "ellipse", "line"),
    *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop"),
    *("clipPath", "mask"),
}
ATTRIBUTES = {
    *(
        "id",
        "class",
        "style",
        "d",
        "points",
        "x",
        "y",
        "x1",
        "y1",
        "x2",
        "y2",
        "cx",
        "cy",
        "r",
        "rx",
    ),
    *("ry", "fx", "fy", "dx", "dy", "rotate", "width", "height", "viewBox", "preserveAspectRatio"),
    *("version", "transform", "gradientTransform", "gradientUnits", "spreadMethod", "offset"),
    *("stop-color", "stop-opacity", "clip-path", "clip-rule", "clipPathUnits", "mask", "maskUnits"),
    *("maskContentUnits", "fill", "fill-opacity", "fill-rule", "opacity", "color", "display"),
    *("visibility", "overflow", "stroke", "stroke-width", "stroke-opacity", "stroke-linecap"),
    *(
        "stroke-linejoin",
        "stroke-dasharray",
        "stroke-dashoffset",
        "stroke-miterlimit",
        "font-family",
    ),
    *(
        "font-size",
        "font-weight",
        "font-style",
        "text-anchor",
        "dominant-baseline",
        "letter-spacing",
    ),
    *("textLength", "lengthAdjust", "role", "aria-hidden", "focusable", "vector-effect"),
    *("shape-rendering", "text-rendering", "paint-order", "pathLength"),
}
NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'
ATTRIBUTE = re.compile(r"""\s+([\w:.-]+)\s*=\s*("[^"<>]*"|'[^'<>]*')""")
# A declaration, a comment, a tag with its attributes, or text.
PIECE = re.compile(
    r"""<\?xml [^<>?]*\?>|<!--(?:(?!--).)*-->"""
    r"""|</?([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'))*)\s*/?>|([^<>]+)""",
    re.DOTALL,
)
# In a style or an attribute: what would load something, or hide that it does.
ELSEWHERE = re.compile(
    r"@import|url\(\s*['\"]?(?!#)|\\|&(?!(?:amp|lt|gt|quot|apos);)", re.IGNORECASE
)
SIDE = rb"(\d{1,4}(?:\.\d{1,9})?)"
TEXT = re.compile(rb"<text\b[^>]*>(.*?)</text>", re.DOTALL)
VIEW_BOX = re.compile(rb'viewBox="\s*[\d.-]+\s+[\d.-]+\s+' + SIDE + rb"\s+" + SIDE + rb'\s*"')


class PictureError(Exception):
    """Why a file cannot be one of our pictures, as a sentence for the person who chose it."""


class Picture(NamedTuple):
    """A picture's bytes and what was read from them."""

    content: bytes
    content_hash: str
    media_type: str
    width: int
    height: int


def read_picture(content: bytes) -> Picture:
    """Read the type and size from the bytes, not from the name. Raises PictureError."""
    if len(content) > LARGEST:
        raise PictureError(f"The file is larger than {LARGEST // 1000} KB. Make it smaller.")
    content_hash = hashlib.sha256(content).hexdigest()
    if content.startswith(PNG) and len(content) > 24:
        width, height = struct.unpack(">II", content[16:24])
        if max(width, height) > LONGEST_SIDE:
            raise PictureError(
                f"The picture is larger than {LONGEST_SIDE:,} pixels. Make it smaller."
            )
        return Picture(content, content_hash, "image/png", width, height)
    if b"<svg" not in content[:2000]:
        raise PictureError("Choose a drawing (SVG) or a picture (PNG).")
    if ACTIVE.search(content):
        raise PictureError(
            "This drawing contains a script, a link or an entity. Save it without them."
        )
    _refuse_what_is_not_listed(content)
    size = VIEW_BOX.search(content)
    if not size:
        raise PictureError("This drawing has no size. Give it a viewBox.")
    width, height = (round(float(side)) for side in size.groups())
    return Picture(content, content_hash, "image/svg+xml", width, height)


def _refuse_what_is_not_listed(drawing: bytes) -> None:
    """Raises PictureError for an element or attribute that is not in the lists above.

    No program that reads XML is let near it: whatever is not a plain tag, text or comment is refused.
    """
    text = drawing.decode(errors="replace").replace(NAMESPACE, "", 1)
    if PIECE.sub("", text):
        raise PictureError("This drawing cannot be read. Save it again as “plain SVG”.")
    for tag, attributes, between in PIECE.findall(text):
        if tag and tag not in ELEMENTS:
            raise _not_plain(f"<{tag}>")
        for name, _ in ATTRIBUTE.findall(attributes):
            if name not in ATTRIBUTES:
                raise _not_plain(name)
        if ELSEWHERE.search(attributes + between):
            raise _not_plain("a reference to something else")


def _not_plain(what: str) -> PictureError:
    return PictureError(
        f"This drawing contains {what}, which we do not show. Save it as “plain SVG”, with shapes and "
        "text alone."
    )


def numbers_of(content: bytes) -> list[int]:
    """The numbers in a drawing, which the key under it explains. None can be read from a PNG."""
    written = (re.sub(rb"<[^>]*>|\s", b"", text) for text in TEXT.findall(content))
    return sorted({int(each) for each in written if each.isdigit()})
