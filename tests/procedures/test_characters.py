"""Invisible characters in a text, and which of them a text may keep."""

import sys
import unicodedata

import pytest

from procedures.ground.characters import hidden_in, name_of, piles_up_marks, without_invisible


@pytest.mark.parametrize(
    "character",
    [
        "\x00",
        "\x07",
        "\x1b",
        "\x7f",
        "\x90",
        "\xad",
        "\u034f",
        "\u061c",
        "\u115f",
        "\u17b4",
        "\u180e",
        "\u200b",
        "\u200c",
        "\u200d",
        "\u200e",
        "\u200f",
        "\u202e",
        "\u2060",
        "\u2066",
        "\u2800",
        "\u3164",
        "\ufe0f",
        "\ufeff",
        "\uffa0",
        "\ufff9",
        "\uf0b7",
        "\U000e0041",
        "\U000e0100",
        "\U0010fffd",
    ],
    ids=name_of,
)
def test_what_shows_nothing_is_found_and_taken_off(character: str) -> None:
    text = f"Bo{character}tox"
    assert hidden_in(text) == [character]
    assert without_invisible(text) == "Botox"
    assert without_invisible(character) == ""


@pytest.mark.parametrize("character", ["\x0b", "\x0c", "\x85", "\u2028", "\u2029"], ids=name_of)
def test_what_only_breaks_a_line_becomes_a_line_break(character: str) -> None:
    text = f"one{character}two"
    assert hidden_in(text) == [character]
    assert without_invisible(text) == "one\ntwo"


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines\r\nand a\ttab",
        "naïve O’Brien, ½ of 50 % – “so”",
        "می\u200cخواهم",  # Persian, inside a word
        "ක්\u200dෂ",  # Sinhala, after a virama
        "ന്\u200d",  # Malayalam, after a virama at the end of a word
        "👩🏽\u200d⚕\ufe0f",
        "❤\ufe0f\u200d🔥",
        "🙂\u200d↔\ufe0f",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # the flag of England
        "🇺🇦",
        "葛\U000e0100城",
        "\U0001fae9",  # newer than some interpreters
        "\u0378",  # assigned by nobody yet
        "\u0600\u06dd",  # format characters that are drawn
        "a\xa0b\u202fc",
    ],
)
def test_what_is_seen_or_needed_stays(text: str) -> None:
    assert hidden_in(text) == []
    assert without_invisible(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d Pat",
        "Pat\u200d👩",
        "\u200dPat",
        "é\u200dé",
        "🏴\U000e0068\U000e0069",
        "☃\ufe0f\ufe0f",
        "می\u200c ",
    ],
)
def test_a_sign_that_its_neighbours_do_not_need_is_hidden(text: str) -> None:
    assert hidden_in(text) != []
    assert hidden_in(without_invisible(text)) == []


@pytest.mark.parametrize("character", ["\ufffd", chr(0xD800)], ids=name_of)
def test_a_broken_character_is_found_and_not_taken_off(character: str) -> None:
    assert hidden_in(f"M{character}ller\u200b") == [character, "\u200b"]
    assert without_invisible(f"M{character}ller") == f"M{character}ller"


def test_everything_that_unicode_calls_a_control_or_a_line_break_is_hidden() -> None:
    expected = {
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in {"Cc", "Co", "Cs", "Zl", "Zp"}
    } - set("\n\r\t")
    assert {letter for letter in expected if hidden_in(letter) == [letter]} == expected


@pytest.mark.parametrize(
    ("text", "piles"),
    [
        ("Nguyễn, Ệ", False),
        (unicodedata.normalize("NFD", "Nguyễn"), False),
        ("שָׁ֑", False),
        ("e\u0301\u0302\u0303\u0304\u0305", True),
        ("a" + "\u0300" * 98, True),
    ],
)
def test_more_than_three_accents_on_a_letter_are_a_pile(text: str, piles: bool) -> None:
    assert piles_up_marks(text) is piles


def test_a_hidden_character_has_a_name() -> None:
    assert name_of("\u202e") == "U+202E right-to-left override"
    assert name_of("\x07") == "U+0007"
