"""The moments at which the tests have to pass: sixty over two years, chosen by a rule.

python -m tests.moments              prints all of them, one a line
python -m tests.moments 10 20        prints numbers 10 to 20
python -m tests.moments --random     prints a random one
"""

import secrets
import sys
from datetime import datetime, timedelta

from tests.clock import ZONE, read

# Moments at which something once failed, or may. A moment without an offset is in the clinic's zone.
CHOSEN = [
    "2026-11-25T03:00",  # a Wednesday before the desk opens
    "2027-06-09T05:15",  # and one in summer
    "2026-11-28T12:00",  # a Saturday
    "2026-12-31T23:50",  # the year ends during the run
    "2027-12-31T23:50",
    "2027-03-28T00:30",  # the night in which an hour is skipped
    "2027-10-31T00:30",  # the night in which an hour happens twice
    "2027-10-31T01:30+00:00",  # the second time
    "2028-03-25T23:30",  # the evening before the next one
    "2028-02-28T23:55",  # the day after is no first of March
    "2028-02-29T10:00",
    "2027-12-24T16:00",  # four closed days follow
]

# Every fifteen days: the next weekday each time. Every five hours: all hours in turn.
FIRST = datetime.fromisoformat("2026-11-29T00:00")
DAYS, HOURS, MINUTES, HOW_MANY = 15, 5, 7, 48


def by_rule() -> list[str]:
    """A moment of every weekday and of every hour of the day, in the clinic's zone."""
    return [
        (
            FIRST + timedelta(days=DAYS * n, hours=HOURS * n % 24, minutes=MINUTES * n % 60)
        ).isoformat(timespec="minutes")
        for n in range(HOW_MANY)
    ]


def moments() -> list[str]:
    """All of them: the chosen ones first."""
    return CHOSEN + by_rule()


def at_random() -> str:
    """Any minute of the two years, with its offset."""
    first, last = read(FIRST.isoformat()), read(by_rule()[-1])
    minutes = secrets.randbelow(int((last - first).total_seconds() // 60))
    drawn = (first + timedelta(minutes=minutes)).astimezone(ZONE)
    return drawn.isoformat(timespec="minutes")


def main(arguments: list[str]) -> None:
    match arguments:
        case []:
            chosen = moments()
        case ["--random"]:
            chosen = [at_random()]
        case [first, last] if first.isdigit() and last.isdigit():
            chosen = moments()[max(int(first), 1) - 1 : int(last)]
        case _:
            sys.exit("Say nothing, or the first and the last number: 10 20")
    print("\n".join(chosen))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
