"""How many of something: in words, and in the database."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, QuerySet, Value


def counted(number: int, one: str, several: str = "") -> str:
    """“1 page”, “2 pages”; `several` is the plural that is not made with an s."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def how_many(lists: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each of these lists has, by its name: one query for all of them."""
    counts = [
        rows.order_by()
        .annotate(in_list=Value(name))
        .values("in_list")
        .annotate(number=Count("pk", distinct=rows.query.distinct))
        .values_list("in_list", "number")
        for name, rows in lists.items()
    ]
    found = dict(counts[0].union(*counts[1:], all=True))
    # A list without rows has no group.
    return {name: found.get(name, 0) for name in lists}
