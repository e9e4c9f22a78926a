"""How often somebody may do something. Exact under any concurrency: one statement counts and tells.

Kept are keyed hashes of what is limited, for the length of the window; never an address.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.http import HttpRequest

from procedures.models import RateLimit


class Limit(NamedTuple):
    """At most `times` in each window of `period`."""

    name: str
    times: int
    period: timedelta


SEND_FROM_ONE_PLACE = Limit("send", 10, timedelta(hours=1))
SEND_TO_ONE_ADDRESS = Limit("address", 3, timedelta(days=1))
SEND_ALTOGETHER = Limit("all", 300, timedelta(hours=1))
OPEN_UNKNOWN_LINK = Limit("link", 30, timedelta(hours=1))
GIVE_DATE_OF_BIRTH = Limit("birth", 5, timedelta(days=1))
LOST_LINK_FROM_ONE_PLACE = Limit("lost link place", 10, timedelta(hours=1))
LOST_LINK_OF_ONE_REQUEST = Limit("lost link", 3, timedelta(days=1))
CHANGE_CONTACT = Limit("contact", 5, timedelta(days=1))
FEEDBACK_FROM_ONE_PLACE = Limit("feedback", 10, timedelta(hours=1))
SIGN_IN_FROM_ONE_PLACE = Limit("sign-in place", 20, timedelta(minutes=15))
SIGN_IN_AS_ONE_PERSON = Limit("sign-in person", 5, timedelta(minutes=15))

# ON CONFLICT … RETURNING is the same on PostgreSQL and SQLite, and Django's ORM has no word for it.
COUNT = f"""
    INSERT INTO {RateLimit._meta.db_table} ("key", "count", "ends") VALUES {{rows}}
    ON CONFLICT ("key") DO UPDATE SET "count" = {RateLimit._meta.db_table}."count" + 1
    RETURNING "key", "count"
"""  # noqa: S608 -- the table's name is our own


def spend(limit: Limit, subject: str, now: datetime) -> bool:
    """Count one more try of the subject; False once the limit is passed."""
    return spend_all([(limit, subject)], now)


def spend_all(tries: Sequence[tuple[Limit, str]], now: datetime) -> bool:
    """Count one more try of each, in one statement; False once any of the limits is passed."""
    windows = {}
    for limit, subject in tries:
        period = limit.period.total_seconds()
        window = int(now.timestamp() // period)
        ends = datetime.fromtimestamp((window + 1) * period, UTC)
        windows[_keyed_hash(f"{limit.name}\n{subject}\n{window}")] = (limit, ends)
    # In one order everywhere, so that two of these never wait for each other in a circle.
    rows = sorted((key, ends) for key, (_, ends) in windows.items())
    statement = COUNT.format(rows=", ".join(["(%s, 1, %s)"] * len(rows)))
    adapt = connection.ops.adapt_datetimefield_value
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for key, ends in rows for value in (key, adapt(ends))])
        return all(count <= windows[key][0].times for key, count in cursor.fetchall())


def forget_past_windows(now: datetime) -> int:
    """Delete the counters whose window is over; the number deleted."""
    return RateLimit.objects.filter(ends__lt=now).delete()[0]


def client_address(request: HttpRequest) -> str:
    """The address that our own outermost proxy saw. What a client claims further left is ignored."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if settings.PROXIES and len(forwarded) >= settings.PROXIES:
        return forwarded[-settings.PROXIES].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _keyed_hash(text: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
