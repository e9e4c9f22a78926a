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

    All pages can be reached, because the count goes on with the page that is shown. What is counted
    are the numbers of the rows from that page on, in their order: one question to the database finds
    the page and how many rows there are.
    """

    asked_for = 1

    @classmethod
    def showing(cls, rows: Any, per_page: int, asked: str) -> Self:
        """The pages of these rows for whoever asked for a page, by its number from 1 as it was typed."""
        made = cls(rows, per_page)
        if asked.isdecimal() and len(asked) < DIGITS:
            made.asked_for = max(int(asked), 1)
        return made

    @cached_property
    def count(self) -> int:
        """How many rows there are, up to the last that is counted."""
        if self._numbers or not self._before:
            return self._before + len(self._numbers)
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self._before].count())

    def _get_page(self, rows: Any, number: int, *args: Any) -> Page:  # type: ignore[type-arg]
        """The page with these rows, looked up by their numbers.

        Joined with other tables, a database may sort a million rows to show fifty.
        """
        shown: Any = self.object_list
        is_asked_for = number == self.asked_for
        numbers = self._numbers if is_asked_for else rows.values_list("pk", flat=True)
        return Page(shown.filter(pk__in=list(numbers[: self.per_page])), number, *args)

    @property
    def _before(self) -> int:
        """How many rows are on the pages before the one that was asked for."""
        return (self.asked_for - 1) * self.per_page

    @cached_property
    def _numbers(self) -> list[int]:
        """The numbers of the rows on the page that was asked for, and of those counted beyond it."""
        rows: Any = self.object_list
        last = self._before + self.per_page + COUNTED_BEYOND
        return list(rows.values_list("pk", flat=True)[self._before : last])

    @property
    def is_capped(self) -> bool:
        """Whether there may be more rows than were counted."""
        return len(self._numbers) == self.per_page + COUNTED_BEYOND


def few(numbers: Any) -> list[int] | None:
    """These numbers, in no order, some perhaps twice; None if they are many.

    If few rows are asked for, name them: a database that has to show the first of them may otherwise
    walk through all rows to find them. If many are asked for, it meets enough of them on the way.
    """
    found = list(numbers.order_by()[: MOST_NAMED + 1])
    return found if len(found) <= MOST_NAMED else None
