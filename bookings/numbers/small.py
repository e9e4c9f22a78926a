"""Hides counts of fewer than five people, so that nobody can be recognised in the numbers.

A hidden count could often be worked out from a total and the other counts. So further counts are kept
back until each hidden count could be any number from 0 to 4, for all that is shown.
"""

from collections.abc import Sequence
from enum import Enum
from math import ceil
from typing import NamedTuple

LEAST = 5
MOST_HIDDEN = LEAST - 1


class Hidden(Enum):
    """What is shown instead of a count."""

    FEW = "fewer than 5"
    KEPT_BACK = "not shown"

    def __str__(self) -> str:
        return self.value


Shown = int | Hidden


class Protected(NamedTuple):
    """A total, and the ways in which it is divided, as they may be shown."""

    total: Shown
    divided: list[list[Shown]]


def protect(*divisions: Sequence[int]) -> Protected:
    """What may be shown of one total and of the ways to divide it: by week, by page, by place.

    Raises ValueError if the divisions do not have the same total.
    """
    totals = {sum(each) for each in divisions}
    if len(totals) != 1:
        raise ValueError(f"The divisions have different totals: {sorted(totals)}.")
    (total,) = totals
    if total < LEAST:
        return Protected(Hidden.FEW, [[Hidden.FEW] * len(each) for each in divisions])
    return Protected(total, [_protected(each) for each in divisions])


def _protected(counts: Sequence[int]) -> list[Shown]:
    """The counts of one division, whose total is shown."""
    few = [count for count in counts if count < LEAST]
    if not few:
        return list(counts)
    # In the order of the table: one by size would say something about the sizes.
    others = [at for at, count in enumerate(counts) if count >= LEAST]
    kept: list[int] = []
    while not _any_would_do(few, [counts[at] for at in kept]):
        if not others:
            # Then even the words “fewer than 5” would say too much.
            return [Hidden.KEPT_BACK] * len(counts)
        kept.append(others.pop(0))
    return [
        Hidden.FEW if count < LEAST else Hidden.KEPT_BACK if at in kept else count
        for at, count in enumerate(counts)
    ]


def _any_would_do(few: Sequence[int], kept: Sequence[int]) -> bool:
    """Whether each of the few could be any number from 0 to 4, as only the sum of all is known.

    Whoever knows our rule knows that what was kept back is five or more.
    """
    known = sum(few) + sum(kept)
    if known - MOST_HIDDEN < LEAST * len(kept):
        return False
    return bool(kept) or known <= MOST_HIDDEN * (len(few) - 1)


def share(part: Shown, rest: Shown, *, both: int | None = None) -> str:
    """The part as a share of both, in whole per cent, or what it is at least or at most.

    Where the sum of both is shown, and they are not, pass it: then the limits are made of that alone.
    """
    if isinstance(part, int) and isinstance(rest, int):
        return f"{round(100 * part / (part + rest))}%"
    if both is not None and both < LEAST + MOST_HIDDEN:
        return str(Hidden.KEPT_BACK)
    if isinstance(part, int) and rest is Hidden.FEW:
        whole = both or part + MOST_HIDDEN
        return f"at least {100 * (whole - MOST_HIDDEN) // whole}%"
    if part is Hidden.FEW and isinstance(rest, int):
        return f"at most {ceil(100 * MOST_HIDDEN / (both or rest + MOST_HIDDEN))}%"
    return str(Hidden.KEPT_BACK)
