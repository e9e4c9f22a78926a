"""The preview of a text that still has faults: everything but the passages that they are in."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procedures.status import Category
from procedures.texts.rendering import DocumentError, Library, Sketch, render, sketch
from procedures.texts.skeletons import skeleton
from tests import factories

NOTHING = Library({}, {})
WHOLE = skeleton(Category.GUIDE, "A thing")
LINES = WHOLE.split("\n")


def drawn(body: str) -> Sketch:
    return sketch(factories.document(category="guides", body=body), NOTHING)


def holes(shown: Sketch) -> list[int]:
    """The lines that the holes lead to."""
    return [
        int(line) for line in re.findall(r'<p class="hole"><a href="#line-(\d+)">', shown.fragment)
    ]


def test_a_text_without_faults_is_shown_as_it_would_be_signed() -> None:
    assert sketch(WHOLE, NOTHING) == (render(WHOLE, NOTHING), [], frozenset())


# The body of a document of the factories begins with line 8.
@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("::: stairs\n- words\n:::", 10),
        ("::: do\n- words\n:::", 10),
        ("::: risks\n| a | b |\n|---|---|\n| c | d | lost |\n:::", 13),
        ("Words [[without an end.", 10),
        ("It helps.[^nobody]", 10),
        ("![picture](nowhere)", 10),
        ("> a quotation", 10),
        (":::", 10),
        ("A hidden\u202e character", 10),
        ("1. One\n3. Three", 11),
    ],
)
def test_a_fault_hides_its_own_passage_and_no_other(fault: str, line: int) -> None:
    shown = drawn(f"Before.\n\n{fault}\n\n## A heading?\n\nAfter.\n\n::: do Do\n- this\n:::\n")
    assert holes(shown) == [line]
    for kept in ("<p>Before.</p>", "A heading?</h2>", "<p>After.</p>", "<li>this</li>"):
        assert kept in shown.fragment
    assert {each for each, _ in shown.faults} == {line}
    assert shown.left_out == frozenset(range(10, 10 + fault.count("\n") + 1))


def test_several_faults_are_all_told_though_they_are_found_one_after_another() -> None:
    shown = drawn("::: stairs\n:::\n\nWords.\n\n> a quotation\n\n[a](ftp://b)\n")
    assert holes(shown) == [8, 13, 15]
    assert [line for line, _ in shown.faults] == [8, 13, 15]
    assert "<p>Words.</p>" in shown.fragment


def test_a_block_that_is_not_closed_does_not_take_the_next_one_with_it() -> None:
    shown = drawn("::: do Do\n- one\n\n::: steps\n1. two\n:::\n")
    assert holes(shown) == [8]
    assert "<li>two</li>" in shown.fragment
    assert [line for line, _ in shown.faults] == [11]


def test_a_faulty_heading_stays_a_heading() -> None:
    shown = drawn("## What [[is it?\n\n### Smaller\n\nWords.\n")
    assert "Shown when line 8 is corrected.</h2>" in shown.fragment
    assert "<h3>Smaller</h3>" in shown.fragment
    assert [line for line, _ in shown.faults] == [8]


@pytest.mark.parametrize(
    ("document", "title"),
    [
        ("Words.", "No title yet"),
        ("---\ntitle: A\nstndfirst: B\ncategory: guides\n---\nWords.", "A"),
        ("---\nstandfirst: B\ncategory: nothing\n---\nWords.", "No title yet"),
    ],
)
def test_faults_at_the_top_hide_nothing_below(document: str, title: str) -> None:
    shown = sketch(document, NOTHING)
    assert f"<h1>{title}</h1>" in shown.fragment
    assert "<p>Words.</p>" in shown.fragment
    assert shown.faults


def test_a_text_that_takes_too_long_is_not_looked_at() -> None:
    assert drawn("[" * 2_001).fragment == ""
    assert sketch("x" * 200_001, NOTHING).fragment == ""


@given(
    st.integers(0, len(LINES) - 1), st.sampled_from(["", ":::", "::: x", "[[", "> q", "## ", "|"])
)
def test_any_line_may_go_wrong(at: int, typed: str) -> None:
    document = "\n".join([*LINES[:at], typed, *LINES[at + 1 :]])
    shown = sketch(document, NOTHING)
    try:
        assert shown == (render(document, NOTHING), [], frozenset())
    except DocumentError:
        assert shown.faults
        assert "What are my choices?" in shown.fragment or LINES[at].startswith("## What are my")


@given(st.text(st.sampled_from("a\n :#|[]()!^>*-1.‹›"), max_size=120))
def test_whatever_is_typed_there_is_an_answer(body: str) -> None:
    document = factories.document(category="guides", body=body)
    shown = sketch(document, NOTHING)
    try:
        assert shown == (render(document, NOTHING), [], frozenset())
    except DocumentError:
        assert shown.faults
