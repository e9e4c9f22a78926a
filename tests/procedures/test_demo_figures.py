"""The drawings of the demonstration: one hand, digits only, and as clear in the dark."""

import re
from pathlib import Path

import pytest

from clinic_site.demo import signed_pages, staff
from procedures.texts.pictures import numbers_of, read_picture

FIGURES = sorted((signed_pages.FOLDER / "pages" / "figures").glob("*.svg"))
PORTRAITS = sorted(staff.PORTRAITS.glob("*.svg"))
STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)
# White on the screen of a scanner, a syringe or a coat, and the colours of people: the same by night.
COLOUR = re.compile(r'(?:fill|stroke)="(#[0-9a-f]{6})"')


@pytest.mark.parametrize("path", [*FIGURES, *PORTRAITS], ids=lambda path: path.stem)
def test_a_drawing_is_one_that_we_take_and_is_soon_here(path: Path) -> None:
    picture = read_picture(path.read_bytes())
    assert picture.media_type == "image/svg+xml"
    assert len(picture.content) < 10_000
    # A PDF would not show them.
    assert not re.search(rb"<(?:pattern|mask|filter|use)\b", picture.content)


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_its_only_words_are_digits_from_one_up(path: Path) -> None:
    drawing = path.read_text(encoding="utf-8")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    numbers = numbers_of(path.read_bytes())
    assert sorted(texts, key=int) == [str(number) for number in numbers]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(texts) == drawing.count("<text") >= 3


def test_all_drawings_turn_dark_alike() -> None:
    drawings = [path.read_text(encoding="utf-8") for path in [*FIGURES, *PORTRAITS]]
    (style,) = {style for drawing in drawings for style in STYLE.findall(drawing)}
    assert "@media (prefers-color-scheme: dark)" in style
    assert all(style in drawing for drawing in drawings)


@pytest.mark.parametrize("path", FIGURES, ids=lambda path: path.stem)
def test_the_ground_and_the_numbers_are_of_those_that_turn_dark(path: Path) -> None:
    drawing = path.read_text(encoding="utf-8")
    style, *_ = STYLE.findall(drawing)
    _, ground, *_ = COLOUR.split(drawing.partition("</style>")[2])
    numbers = drawing[drawing.rindex("<g fill=", 0, drawing.index("<text")) :]
    for colour in {ground, *COLOUR.findall(numbers)}:
        assert f'[fill="{colour}"]' in style
