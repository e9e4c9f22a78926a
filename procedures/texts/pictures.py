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
    size = VIEW_BOX.search(content)
    if not size:
        raise PictureError("This drawing has no size. Give it a viewBox.")
    width, height = (round(float(side)) for side in size.groups())
    return Picture(content, content_hash, "image/svg+xml", width, height)


def numbers_of(content: bytes) -> list[int]:
    """The numbers in a drawing, which the key under it explains. None can be read from a PNG."""
    written = (re.sub(rb"<[^>]*>|\s", b"", text) for text in TEXT.findall(content))
    return sorted({int(each) for each in written if each.isdigit()})
