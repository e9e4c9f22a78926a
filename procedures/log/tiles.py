"""The log as files that never change, for whoever watches it (C2SP tlog-tiles)."""

import re

from procedures.log.checkpoints import newest, tree_of
from procedures.models import LogEntry

WIDTH = 256
HEIGHT = 8
PLACE = re.compile(r"((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")


def tile(level: int, place: str) -> bytes | None:
    """The hashes of one tile; None if no checkpoint calls for it.

    `place` is the number of the tile, as in “x001/234” or, while it is not full, “000.p/7”.
    """
    checkpoint, wanted = newest(), _wanted(place)
    if checkpoint is None or wanted is None or level > 7:
        return None
    start, end = wanted
    if end > checkpoint.size >> (HEIGHT * level):
        return None
    return b"".join(tree_of(checkpoint).levels[HEIGHT * level][start:end])


def bundle(place: str) -> bytes | None:
    """The statements under one tile of the lowest level, each after its length; None as above."""
    checkpoint, wanted = newest(), _wanted(place)
    if checkpoint is None or wanted is None or wanted[1] > checkpoint.size:
        return None
    entries = LogEntry.objects.filter(index__gte=wanted[0], index__lt=wanted[1]).order_by("index")
    statements = (each.encode() for each in entries.values_list("statement", flat=True))
    return b"".join(len(each).to_bytes(2, "big") + each for each in statements)


def places(size: int) -> list[str]:
    """The place of every tile of the lowest level in a log of this size, in order."""
    full, rest = divmod(size, WIDTH)
    partial = [f"{_spelled(full)}.p/{rest}"] if rest else []
    return [*map(_spelled, range(full)), *partial]


def _spelled(number: int) -> str:
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _wanted(place: str) -> tuple[int, int] | None:
    """The first number under a tile and the one after the last; None if the place is misspelled."""
    found = PLACE.fullmatch(place)
    if not found or int(found[2] or 1) >= WIDTH or len(place) > 40:
        return None
    number = int(re.sub(r"\D", "", found[1]))
    if _spelled(number) != found[1]:
        return None
    return number * WIDTH, number * WIDTH + int(found[2] or WIDTH)
