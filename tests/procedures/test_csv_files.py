"""A file for a spreadsheet runs nothing there, and keeps its accents."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.ground.csv_files import BEGINS_FORMULA, csv_file, harmless


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+44 20 7946 0958",
        "-2",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "  =HYPERLINK(1)",
    ],
)
def test_what_begins_like_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["Pat", "", "a=1", "9 Nov", 5, -5, None])
def test_anything_else_stays_as_it_is(cell: object) -> None:
    assert harmless(cell) == cell


@given(st.lists(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"))))
def test_no_cell_of_any_text_begins_a_formula(texts: list[str]) -> None:
    file = csv_file("names", ["Name"], [[text] for text in texts]).content.decode("utf-8-sig")
    cells = [row[0] for row in csv.reader(StringIO(file, newline="")) if row][1:]
    assert cells == [str(harmless(text)) for text in texts]
    assert not any(cell.lstrip(" ").startswith(BEGINS_FORMULA) for cell in cells)


def test_the_file_is_utf_8_with_a_mark_and_has_a_name() -> None:
    answer = csv_file("numbers", ["Page"], [["Łukasz, “Zoë”"]])
    assert answer.content == '\ufeffPage\r\n"Łukasz, “Zoë”"\r\n'.encode()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="numbers.csv"'
