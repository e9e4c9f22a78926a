"""Pages of a long list, whose rows nobody counts to the end."""

from typing import Any, Self

from django.core.paginator import Page, Paginator
from django.utils.functional import cached_property

# So many rows beyond the page that is shown are counted.
COUNTED_BEYOND = 1000
# So many numbers are named one by one.
MOST_NAMED = 1000
# No list has so many pages that their number needs more.
DIGITS = 7


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # brackets need Django's own patch
    """As Django's, but it stops counting: a million rows cost no more than the first thousand.

    All pages can be reached, because the count goes on with the page that is shown.
    """

    most = COUNTED_BEYOND

    @classmethod
    def showing(cls, rows: Any, per_page: int, asked: str) -> Self:
        """The pages of these rows for whoever asked for a page, by its number from 1 as it was typed."""
        made = cls(rows, per_page)
        shown = int(asked) if asked.isdecimal() and len(asked) < DIGITS else 1
        made.most = shown * per_page + COUNTED_BEYOND
        return made

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to the last that is counted."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.most].count())

    def _get_page(self, rows: Any, *args: Any) -> Page:  # type: ignore[type-arg]
        """The page with these rows, looked up by their numbers.

        Joined with other tables, a database may sort a million rows to show fifty.
        """
        shown: Any = self.object_list
        return Page(shown.filter(pk__in=list(rows.values_list("pk", flat=True))), *args)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return self.count >= self.most


def few(numbers: Any) -> list[int] | None:
    """These numbers, in no order, some perhaps twice; None if they are many.

    If few rows are asked for, name them: a database that has to show the first of them may otherwise
    walk through all rows to find them. If many are asked for, it meets enough of them on the way.
    """
    found = list(numbers.order_by()[: MOST_NAMED + 1])
    return found if len(found) <= MOST_NAMED else None
