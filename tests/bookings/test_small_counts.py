"""Counts of fewer than five people are hidden, and nothing that is shown lets one work them out."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookings.numbers.small import LEAST, Hidden, Shown, protect, share

View = tuple[Shown, tuple[Shown, ...]]
SMALL = range(LEAST)
# How many ways of dividing a total are tried out, and up to which total.
WORLDS = {1: 30, 2: 30, 3: 22, 4: 16}
divisions = st.lists(st.integers(0, 40), min_size=1, max_size=8)


def view(*counts: int) -> View:
    shown = protect(counts)
    return shown.total, tuple(shown.divided[0])


def worlds(cells: int) -> Iterator[tuple[int, ...]]:
    most = WORLDS[cells]
    return (each for each in product(range(most + 1), repeat=cells) if sum(each) <= most)


@cache
def seen(cells: int) -> dict[View, list[tuple[int, ...]]]:
    """Everything that could be counted, by what is shown of it."""
    found = defaultdict(list)
    for world in worlds(cells):
        found[view(*world)].append(world)
    return found


def solutions(shown: View) -> Iterator[tuple[int, ...]]:
    """Every way to fill in what is hidden, for somebody who takes the words as they are meant."""
    total, cells = shown
    wholly_kept = all(each is Hidden.KEPT_BACK for each in cells)
    highest = total if isinstance(total, int) else LEAST - 1
    could_be = {
        Hidden.FEW: SMALL,
        Hidden.KEPT_BACK: range(0 if wholly_kept else LEAST, highest + 1),
    }
    choices = [[each] if isinstance(each, int) else could_be[each] for each in cells]
    totals = {total} if isinstance(total, int) else set(SMALL)
    return (each for each in product(*choices) if sum(each) in totals)


@pytest.mark.parametrize("cells", WORLDS)
def test_a_hidden_count_could_be_any_number_under_five(cells: int) -> None:
    for shown in seen(cells):
        filled_in = list(solutions(shown))
        for at, each in enumerate(shown[1]):
            if each is Hidden.FEW:
                assert {one[at] for one in filled_in} == set(SMALL), shown


@pytest.mark.parametrize("cells", WORLDS)
def test_whoever_knows_the_rule_cannot_work_out_a_count_either(cells: int) -> None:
    for shown, possible in seen(cells).items():
        for at in range(cells):
            counts = {world[at] for world in possible}
            assert len(counts) > 1 or min(counts) >= LEAST, (shown, possible)


@given(divisions)
def test_what_is_shown_is_true_and_never_small(counts: list[int]) -> None:
    total, cells = view(*counts)
    assert total == (sum(counts) if sum(counts) >= LEAST else Hidden.FEW)
    for count, shown in zip(counts, cells, strict=True):
        assert shown in ({Hidden.FEW, Hidden.KEPT_BACK} if count < LEAST else {count, *Hidden})
        assert not (count >= LEAST and shown is Hidden.FEW and sum(counts) >= LEAST)


@given(divisions)
def test_one_hidden_count_is_never_alone(counts: list[int]) -> None:
    total, cells = view(*counts)
    hidden = [each for each in cells if isinstance(each, Hidden)]
    assert len(hidden) != 1 or not isinstance(total, int)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ((5, 6), (5, 6)),
        ((0, 0, 4), ("fewer than 5",) * 3),
        ((12, 3, 9), ("not shown", "fewer than 5", 9)),
        ((20, 2, 3, 1), (20, "fewer than 5", "fewer than 5", "fewer than 5")),
        # Of 6 people 1 or 0 are hidden: 6 would say so.
        ((6, 0), ("not shown", "not shown")),
        # Two of four each are eight together, and eight says so.
        ((4, 4), ("not shown", "not shown")),
    ],
)
def test_what_is_kept_back(counts: Sequence[int], shown: Sequence[object]) -> None:
    cells = protect(counts).divided[0]
    assert tuple(each if isinstance(each, int) else str(each) for each in cells) == shown


def test_ways_to_divide_the_same_people_have_one_total() -> None:
    assert protect([5, 6], [11]).divided == [[5, 6], [11]]
    with pytest.raises(ValueError, match="different totals"):
        protect([5, 6], [12])


# --- Shares -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "rest", "said"),
    [
        (15, 5, "75%"),
        (46, Hidden.FEW, "at least 92%"),
        (Hidden.FEW, 46, "at most 8%"),
        (Hidden.FEW, Hidden.FEW, "not shown"),
        (Hidden.KEPT_BACK, 20, "not shown"),
        (20, Hidden.KEPT_BACK, "not shown"),
    ],
)
def test_a_share_is_made_of_what_is_shown(part: Shown, rest: Shown, said: str) -> None:
    assert share(part, rest) == said


@pytest.mark.parametrize("both", range(LEAST, 60))
def test_a_share_of_a_number_that_is_shown_gives_no_small_count_away(both: int) -> None:
    possible = defaultdict(set)
    for part in range(both + 1):
        said = share(protect([part]).total, protect([both - part]).total, both=both)
        possible[said].add(part)
    for said, parts in possible.items():
        if said.endswith("%") and said[0].isdecimal():
            assert LEAST <= min(parts) <= max(parts) <= both - LEAST
        elif said.startswith("at least"):
            assert parts == {both - few for few in SMALL}
        elif said.startswith("at most"):
            assert parts == set(SMALL)
        else:
            assert (said, len(parts) > 1) == ("not shown", True)
