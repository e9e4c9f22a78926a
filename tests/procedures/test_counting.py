"""How many of something, in words."""

import pytest

from procedures.ground.counting import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("page",), "0 pages"),
        (1, ("page",), "1 page"),
        (2, ("page",), "2 pages"),
        (1, ("event is", "events are"), "1 event is"),
        (2, ("event is", "events are"), "2 events are"),
    ],
)
def test_one_of_a_thing_is_not_several(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said
