"""The geometry of charts. A template draws them as SVG, without any script.

Lengths are in units of a drawing that is 480 wide.
"""

from collections.abc import Mapping, Sequence
from math import ceil, log10
from typing import NamedTuple

from bookings.numbers.small import Shown

LEFT, RIGHT, TOP, BOTTOM = 34.0, 476.0, 12.0, 182.0
STEPS = 4
# More words below a chart would run into each other.
MOST_LABELS = 9
GAP = 0.3
# The height of a bar whose count is hidden.
STUB = 3.0
ROW, ROW_LEFT, ROW_RIGHT = 36.0, 150.0, 430.0
# The classes of the style sheet, in the order of the series.
CLASSES = "abcd"


class Bar(NamedTuple):
    """A rectangle. What is hidden has no height that would say anything."""

    x: float
    y: float
    width: float
    height: float
    series: str
    is_hidden: bool = False
    words: str = ""


class Tick(NamedTuple):
    """Words at a place beside or below the chart."""

    at: float
    words: str


class Line(NamedTuple):
    """The points of a series, and its path, which is broken where a value is hidden."""

    path: str
    points: list[tuple[float, float]]
    series: str


class Chart(NamedTuple):
    """Everything that a template draws."""

    kind: str
    words: str
    legend: list[tuple[str, str]]
    height: float = 208
    bars: Sequence[Bar] = ()
    lines: Sequence[Line] = ()
    grid: Sequence[Tick] = ()
    labels: Sequence[Tick] = ()
    goal: Tick | None = None


def bars(words: str, labels: Sequence[str], series: Mapping[str, Sequence[Shown]]) -> Chart:
    """Upright bars, beside each other for each label."""
    top = _round_up(
        [each for values in series.values() for each in values if isinstance(each, int)]
    )
    room = (RIGHT - LEFT) / max(len(labels), 1)
    width = room * (1 - GAP) / len(series)
    drawn = []
    for number, values in enumerate(series.values()):
        for at, value in enumerate(values):
            x = LEFT + room * (at + GAP / 2) + width * number
            y = round(_level(value, top), 1) if isinstance(value, int) else BOTTOM - STUB
            box = (round(x, 1), y, round(width, 1), round(BOTTOM - y, 1))
            drawn.append(Bar(*box, CLASSES[number], not isinstance(value, int)))
    middles = [LEFT + room * (at + 0.5) for at in range(len(labels))]
    return Chart(
        "bars",
        words,
        _legend(series),
        bars=drawn,
        grid=_grid(top),
        labels=_thinned(middles, labels),
    )


def lines(
    words: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[float | None]],
    goal: tuple[float, str],
) -> Chart:
    """Lines, with a mark for each value, and one level line for what we promise."""
    values = [each for one in series.values() for each in one if each is not None]
    top = _round_up([*values, goal[0]])
    room = (RIGHT - LEFT) / max(len(labels), 1)
    middles = [LEFT + room * (at + 0.5) for at in range(len(labels))]
    drawn = []
    for number, one in enumerate(series.values()):
        points = [
            None if value is None else (round(middles[at], 1), round(_level(value, top), 1))
            for at, value in enumerate(one)
        ]
        drawn.append(Line(_path(points), [each for each in points if each], CLASSES[number]))
    return Chart(
        "lines",
        words,
        _legend(series),
        lines=drawn,
        grid=_grid(top),
        labels=_thinned(middles, labels),
        goal=Tick(round(_level(goal[0], top), 1), goal[1]),
    )


def rows(words: str, shares: Mapping[str, int | None]) -> Chart:
    """Level bars, one for each name, of 100 per cent."""
    drawn, labels = [], []
    for at, (name, value) in enumerate(shares.items()):
        y = 8 + ROW * at
        full = ROW_RIGHT - ROW_LEFT
        drawn.append(Bar(ROW_LEFT, y, full, ROW - 14, "rest"))
        width = STUB if value is None else full * min(value, 100) / 100
        said = "not shown" if value is None else f"{value}%"
        drawn.append(Bar(ROW_LEFT, y, round(width, 1), ROW - 14, "a", value is None, said))
        labels.append(Tick(y + 15, name))
    return Chart("rows", words, [], height=8 + ROW * len(shares), bars=drawn, labels=labels)


def _round_up(values: Sequence[float]) -> float:
    """A round number, not below any of the values, that four steps divide."""
    most = max(values, default=0)
    if most <= STEPS:
        return STEPS
    step = most / STEPS
    size = 10 ** int(log10(step))
    return float(STEPS * next(size * n for n in (1, 2, 5, 10) if size * n >= step))


def _level(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _grid(top: float) -> list[Tick]:
    steps = [top * step / STEPS for step in range(STEPS + 1)]
    return [Tick(round(_level(value, top), 1), f"{value:,.0f}") for value in steps]


def _thinned(places: Sequence[float], labels: Sequence[str]) -> list[Tick]:
    every = max(ceil(len(labels) / MOST_LABELS), 1)
    return [
        Tick(round(place, 1), words)
        for number, (place, words) in enumerate(zip(places, labels, strict=True))
        if number % every == 0
    ]


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    drawn, pen_is_down = [], False
    for point in points:
        if point:
            drawn.append(f"{'L' if pen_is_down else 'M'}{point[0]} {point[1]}")
        pen_is_down = point is not None
    return " ".join(drawn)


def _legend(series: Mapping[str, object]) -> list[tuple[str, str]]:
    return list(zip(CLASSES, series, strict=False))
