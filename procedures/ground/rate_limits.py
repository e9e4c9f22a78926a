"""How often somebody may do something.

Each subject of a limit has one row with the stamps of its last tries. One statement checks whether
a try is free and takes it, so a limit is exact however many people press at the same moment, and is
never passed within any period of its length: the window slides. Somebody who is refused is told
when the next try is free. A try that turned out to be right is given back, so only what went wrong
counts.

The table contains keyed hashes of what is limited, until the last try no longer counts, and never
an address.
"""

import hashlib
import hmac
import secrets
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Value
from django.db.models.functions import Replace


class RateLimit(models.Model):
    """The last tries of one subject of a limit. Keys are keyed hashes."""

    key = models.CharField(max_length=64, unique=True)
    times = models.PositiveIntegerField()
    # Newest first, all of the same length; only `rate_limits` writes and reads them.
    tries = models.TextField(blank=True)
    ends = models.DateTimeField()

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "key", "times", "tries", "ends"}

    def __str__(self) -> str:
        return f"{self.times} until {self.ends}"


class Limit(NamedTuple):
    """At most `times` within any period of this length."""

    name: str
    times: int
    period: timedelta


Try = tuple[Limit, str]

# A stamp is a letter that occurs nowhere else in it, the instant at which the try stops counting,
# in microseconds of Unix time, and six letters that make it unique.
DIGITS, WIDTH = 16, 23
TABLE = RateLimit._meta.db_table
# ON CONFLICT … WHERE … RETURNING is the same on PostgreSQL and SQLite, and Django's ORM has no
# equivalent. A full log allows a try if its last-but-`times` stamp has run out, and then forgets
# what is older.
TAKE = f"""
    INSERT INTO {TABLE} ("key", "times", "tries", "ends") VALUES {{rows}}
    ON CONFLICT ("key") DO UPDATE SET
        "times" = excluded."times",
        "ends" = excluded."ends",
        "tries" = excluded."tries" || CASE
            WHEN length({TABLE}."tries") < excluded."times" * {WIDTH} THEN {TABLE}."tries"
            ELSE substr({TABLE}."tries", 1, (excluded."times" - 1) * {WIDTH}) END
    WHERE length({TABLE}."tries") < excluded."times" * {WIDTH}
        OR substr({TABLE}."tries", (excluded."times" - 1) * {WIDTH} + 2, {DIGITS}) <= %s
    RETURNING "key", "tries"
"""  # noqa: S608 -- the table's name is our own


class TooManyTries(Exception):
    """A limit has been passed. The next try is free from `until` on."""

    def __init__(self, until: datetime):
        super().__init__(f"Too many tries; the next is free from {until:%Y-%m-%d %H:%M} UTC.")
        self.until = until
        # Until when what somebody typed is kept for them, if it is.
        self.kept_until: datetime | None = None


class Spent(NamedTuple):
    """What one try has cost, how many more are left, and when the next one is free."""

    stamps: dict[str, str]
    left: int
    until: datetime


def spend(limit: Limit, subject: str, now: datetime) -> Spent:
    """Count one more try of the subject. Raises TooManyTries once the limit is passed."""
    return spend_all([(limit, subject)], now)


def spend_all(tries: Sequence[Try], now: datetime) -> Spent:
    """Count one more try of each subject, or of none of them if any limit is passed.

    This takes one statement. Raises TooManyTries, which knows when all of the limits are open
    again.
    """
    mark = secrets.token_hex(3)
    # The same order everywhere, so that two of these never wait for each other in a circle.
    asked = dict(sorted((_key(limit.name, subject), limit) for limit, subject in tries))
    stamps = {key: _stamp(now + limit.period, mark) for key, limit in asked.items()}
    adapt = connection.ops.adapt_datetimefield_value
    values = [
        value
        for key, limit in asked.items()
        for value in (key, limit.times, stamps[key], adapt(now + limit.period))
    ]
    statement = TAKE.format(rows=", ".join(["(%s, %s, %s, %s)"] * len(asked)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, _digits(now)])
        taken = dict(cursor.fetchall())
    refused = [key for key in asked if key not in taken]
    logs = taken | dict(RateLimit.objects.filter(key__in=refused).values_list("key", "tries"))
    until = max(_free_from(log, asked[key].times, now) for key, log in logs.items())
    left = min(asked[key].times - _counting(log, now) for key, log in logs.items())
    spent = Spent({key: stamps[key] for key in taken}, left, until)
    if refused:
        give_back(spent)
        raise TooManyTries(until)
    return spent


def give_back(spent: Spent) -> None:
    """Stop counting a try, because it was right or came to nothing."""
    with transaction.atomic():
        for key, stamp in sorted(spent.stamps.items()):
            row = RateLimit.objects.filter(key=key)
            row.update(tries=Replace("tries", Value(stamp), Value("")))


def remember(name: str, subject: str, until: datetime) -> None:
    """Remember this fact about the subject until that instant."""
    key = _key(name, subject)
    RateLimit.objects.update_or_create(key=key, defaults={"times": 0, "ends": until})


def is_remembered(name: str, subject: str, now: datetime) -> bool:
    """Whether `remember` was called for this subject and its time is not over."""
    key = _key(name, subject)
    return RateLimit.objects.filter(key=key, ends__gt=now).exists()


def forget_past_tries(now: datetime) -> int:
    """Delete the rows in which nothing counts any more; return how many were deleted."""
    return RateLimit.objects.filter(ends__lt=now).delete()[0]


def one_mailbox(email: str) -> str:
    """The mailbox behind an email address, however the address is written. For limits only.

    In nearly every mail system, whatever follows a plus sign is a label, and Gmail ignores dots.
    """
    name, _, domain = unicodedata.normalize("NFKC", email).casefold().rpartition("@")
    name = name.partition("+")[0]
    if domain in {"gmail.com", "googlemail.com"}:
        name, domain = name.replace(".", ""), "gmail.com"
    return f"{name}@{domain}"


def _free_from(log: str, times: int, now: datetime) -> datetime:
    """When the next try is free: now, or when the last-but-`times` stops counting."""
    stamp = log[(times - 1) * WIDTH : times * WIDTH]
    return max(_instant(stamp), now) if stamp else now


def _counting(log: str, now: datetime) -> int:
    stamps = (log[start : start + WIDTH] for start in range(0, len(log), WIDTH))
    return sum(stamp[1 : 1 + DIGITS] > _digits(now) for stamp in stamps)


def _stamp(ends: datetime, mark: str) -> str:
    return f"t{_digits(ends)}{mark}"


def _digits(instant: datetime) -> str:
    microseconds = (instant - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
    return f"{microseconds:0{DIGITS}d}"


def _instant(stamp: str) -> datetime:
    microseconds = int(stamp[1 : 1 + DIGITS])
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)


def _key(name: str, subject: str) -> str:
    text = f"{name}\n{subject}"
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
