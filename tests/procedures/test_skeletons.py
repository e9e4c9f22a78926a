"""What a new page begins with, and the examples of blocks that an editor copies."""

import pytest
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from procedures.status import Category
from procedures.texts import content_checks
from procedures.texts.examples import EXAMPLES, shown_as
from procedures.texts.rendering import DocumentError, Library, parse, render
from procedures.texts.rendering.blocks import BLOCKS
from procedures.texts.skeletons import HINT, skeleton
from tests import factories

NOTHING = Library({}, {})
# Only a source that somebody has read answers these, and their author may explain why there is none.
NEEDS_A_SOURCE = {"exclusion source"}

WORDS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9), min_size=1, max_size=20
)
TITLES = st.text(
    st.characters(codec="utf-8", categories=["L", "N"], include_characters=" -’'&<>{}:?"),
    min_size=1,
    max_size=200,
).filter(str.strip)


def rules_of(document: str) -> set[str]:
    return {finding.rule for finding in content_checks.findings(document)}


@given(category=st.sampled_from(Category), title=TITLES)
def test_a_skeleton_can_be_shown_whatever_its_title(category: Category, title: str) -> None:
    document = skeleton(category, title)
    parsed = parse(document)
    assert (parsed.title, parsed.category) == (title.strip(), category)
    assert f"<h1>{escape(title.strip())}</h1>" in render(document, NOTHING)


@given(category=st.sampled_from(Category), words=st.data())
def test_prose_over_each_hint_is_all_that_a_skeleton_needs(
    category: Category, words: st.DataObject
) -> None:
    def write_over(hint: object) -> str:
        return " ".join(words.draw(WORDS))

    document = HINT.sub(write_over, skeleton(category, "A thing"))
    render(document, NOTHING)
    blocking = {each for each in content_checks.findings(document) if each.blocks}
    # Words made by chance may be a promise, a brand or a note to a colleague.
    assert {each.rule for each in blocking} <= {"promise", "brand", "markup", "skin", "do not"}


@pytest.mark.parametrize("category", Category)
def test_a_skeleton_passes_what_can_pass_and_says_what_to_fill_in(category: Category) -> None:
    document = skeleton(category, "A thing")
    assert rules_of(document) - NEEDS_A_SOURCE == {"fill in"}
    hints = [finding for finding in content_checks.findings(document) if finding.rule == "fill in"]
    assert all(hint.blocks for hint in hints)
    lines = document.split("\n")
    assert all("‹" in lines[hint.line - 1] for hint in hints)
    assert len(hints) == document.count("‹")
    written = HINT.sub("some plain words", document)
    assert rules_of(written) <= NEEDS_A_SOURCE


@pytest.mark.parametrize("category", Category)
def test_the_headings_of_a_skeleton_are_questions(category: Category) -> None:
    lines = skeleton(category, "A thing").split("\n")
    headings = [line for line in lines if line.startswith("## ")]
    assert headings
    assert all(line.endswith("?") for line in headings)
    assert lines.index("::: at-a-glance") < lines.index(headings[0])


@pytest.mark.parametrize("left", ["‹a hint›", "‹half of one", "the end of one›"])
def test_a_hint_is_found_wherever_half_of_it_is_left(left: str) -> None:
    document = factories.document(category="about", body=f"\nWe are here.\n\n{left}\n")
    found = content_checks.findings(document)
    assert [(each.rule, each.line) for each in found] == [("fill in", 11)]


def test_every_block_has_an_example_that_can_be_shown() -> None:
    assert set(EXAMPLES) == set(BLOCKS)
    for name, example in EXAMPLES.items():
        document = factories.document(body=f"## Why?\n\n{example.markdown}\n")
        if name == "figure":
            # Its key is the one thing that has to be written over.
            with pytest.raises(DocumentError, match="There is no figure “key”"):
                render(document, NOTHING)
        else:
            assert BLOCKS[name].css_class in render(document, NOTHING)


def test_a_figure_with_numbers_comes_with_an_item_for_each() -> None:
    assert shown_as("knee", [2, 1]).split("\n") == [
        "::: figure What the picture is called",
        "![What it shows, in a few words](knee)",
        "",
        "1. What this is.",
        "2. What this is.",
        ":::",
    ]
    assert shown_as("knee").split("\n")[2:] == [":::"]
