"""The risk tables of the demonstration: a picture shows the figures of its row, or is left out."""

import functools
import re
import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from clinic_site.demo import signed_pages
from procedures.models import Figure, Source
from procedures.texts.pictures import read_picture
from procedures.texts.rendering import Library, render

FOLDER = signed_pages.FOLDER / "pages"
PAGES = sorted(FOLDER.glob("*.md"))
LIBRARY = Library(
    sources={
        key: Source(key=key, **columns)
        for key, columns in tomllib.loads((FOLDER / "sources.toml").read_text()).items()
    },
    figures={
        path.stem: Figure(key=path.stem, **read_picture(path.read_bytes())._asdict())
        for path in (FOLDER / "figures").glob("*.*")
    },
)
HEDGES = re.compile(
    r"\b(usual|usually|rare|less than|under|up to|from|below|not known)\b", re.IGNORECASE
)


@functools.cache
def rows(path: Path) -> list[list[str]]:
    """The cells of each row of the page's risk table, as HTML without its marks of sources."""
    table = re.search(
        r'<div class="risks".*?</table>', render(path.read_text(), LIBRARY), re.DOTALL
    )
    if table is None:
        return []
    bare = re.sub(r"<sup\b.*?</sup>", "", table[0], flags=re.DOTALL)
    found = re.findall(r"<tr>(.*?)</tr>", bare.partition("<tbody>")[2], re.DOTALL)
    return [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in found]


def dots(path_of_dots: str) -> int:
    """How many dots the path of a picture draws."""
    pitch = float(re.findall(r'stroke-dasharray="0 ([\d.]+)"', path_of_dots)[0])
    lines = re.findall(r"h([\d.]+)", path_of_dots)
    return sum(round(float(length) / pitch) + 1 for length in lines)


def drawn(cell: str) -> list[Fraction]:
    """The share of dots that are filled in each picture of a cell."""
    pictures = re.findall(r"<svg.*?</svg>", cell, re.DOTALL)
    paths = [re.findall(r"<path.*?>", picture, re.DOTALL) for picture in pictures]
    return [Fraction(dots(filled), dots(every)) for every, filled in paths]


def stated(cell: str) -> list[Fraction]:
    """The figures that the words of a cell give, as they are written: “53 in 100”."""
    words = re.sub(r"<[^>]+>", "", re.sub(r"<svg.*?</svg>", "", cell, flags=re.DOTALL))
    figures = re.findall(r"(\d[\d,]*) in (\d[\d,]*)", words)
    return [Fraction(int(a.replace(",", "")), int(b.replace(",", ""))) for a, b in figures]


def named(path: Path, name: str) -> list[list[str]]:
    return [row for row in rows(path) if row[0].startswith(name)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_picture_fills_as_many_dots_as_its_row_says(path: Path) -> None:
    for name, how_often, *others in rows(path):
        assert not any("<svg" in other for other in (name, *others))
        if "<svg" in how_often:
            assert drawn(how_often) == stated(how_often), name
            assert not HEDGES.search(re.sub(r"<[^>]+>", "", how_often)), name


def test_shockwave_shows_whom_it_does_not_help() -> None:
    (row,) = named(FOLDER / "shockwave-therapy.md", "It does not help enough")
    assert drawn(row[1]) == [Fraction(53, 100), Fraction(70, 100)]


def test_what_is_usual_or_very_rare_or_disputed_has_no_picture() -> None:
    for name in ("Higher blood sugar", "Serious allergic reaction", "Infection", "A nerve hurt"):
        found = [row for path in PAGES for row in named(path, name)]
        assert found, name
        # Aspiration has one figure for a whole country, too small for dots.
        assert not any("<svg" in cell for row in found for cell in row), name


def test_both_sides_of_a_disagreement_on_flares_are_drawn() -> None:
    flares = [row for name in ("More pain", "A flare") for p in PAGES for row in named(p, name)]
    assert flares
    for name, how_often, *_ in flares:
        assert len(drawn(how_often)) == 2, name
        assert Fraction(1, 10) in drawn(how_often)
