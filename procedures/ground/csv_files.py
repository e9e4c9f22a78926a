"""Tables as CSV files that a spreadsheet opens without running anything in them."""

import csv
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

# With one of these a spreadsheet takes what follows for a formula.
BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(cell: object) -> object:
    """The cell, with an apostrophe before text that a spreadsheet would take for a formula."""
    if isinstance(cell, str) and cell.lstrip(" ").startswith(BEGINS_FORMULA):
        return f"'{cell}"
    return cell


def csv_file(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The table as a file of that name.

    In UTF-8 that begins with a byte order mark: without one, Excel reads it in the machine's old
    character set and breaks every accent. Other programs expect or skip the mark.
    """
    answer = HttpResponse(
        "\ufeff",
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    writer = csv.writer(answer)
    writer.writerows([harmless(cell) for cell in row] for row in (head, *rows))
    return answer
