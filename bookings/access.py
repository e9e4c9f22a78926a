"""Tokens with which other systems read: made, shown once, checked, counted and revoked.

A token is 256 random bits, so its plain SHA-256 opens nothing and needs no key: it stays valid when
SECRET_KEY changes. The row says who made it, for whom and who ended it, and never changes otherwise.
"""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import F
from django.utils import timezone

from bookings.models import AccessToken, AccessUse
from bookings.status import Scope
from procedures.ground.rate_limits import Limit

# By which programs that look for secrets recognise one that was left somewhere.
PREFIX = "clinic_"
USE = Limit("access token", 300, timedelta(minutes=1))
GUESS_FROM_ONE_PLACE = Limit("wrong access token", 30, timedelta(minutes=10))


def make_token(
    *, given_to: str, scopes: Iterable[Scope], last_day: date, by: str, now: datetime
) -> AccessToken:
    """A new token. Only this object has its text: nobody can read it again."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = AccessToken.objects.create(
        given_to=given_to,
        scopes=sorted(scopes),
        digest=_digest(text),
        ending=text[-4:],
        made_at=now,
        made_by=by,
        last_day=last_day,
    )
    token.text = text
    return token


def revoke(token: AccessToken, *, by: str, now: datetime) -> None:
    """End the token for good. The first to say so counts."""
    AccessToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now, revoked_by=by)


def token_of(text: str, now: datetime) -> AccessToken | None:
    """The valid token with this text; None if there is none."""
    return AccessToken.objects.valid(now).filter(digest=_digest(text)).first()


def note_use(token: AccessToken, now: datetime, *, answered: bool) -> None:
    """Count an answer, or a refusal, on the day of the clinic."""
    rows = AccessUse.objects.filter(token=token, day=timezone.localdate(now))
    column = "answered" if answered else "refused"
    if not rows.update(**{column: F(column) + 1}):
        new = AccessUse(token=token, day=timezone.localdate(now))
        AccessUse.objects.bulk_create([new], ignore_conflicts=True)
        rows.update(**{column: F(column) + 1})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
