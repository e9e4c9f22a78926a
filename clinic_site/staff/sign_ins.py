"""The record of every password that staff entered, for managers."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest

from procedures.ground import rate_limits
from procedures.ground.places import place_of, shortened
from procedures.ground.rate_limits import Limit, TooManyTries
from procedures.models import SignIn
from procedures.status import PasswordUse, SignInResult

# Tries that a limit refuses cost nothing, so a program could fill the table with them.
REFUSED_FROM_ONE_PLACE = Limit("refused sign-in noted", 20, timedelta(minutes=15))


def record(
    request: HttpRequest, name: str, *, use: PasswordUse, result: SignInResult, now: datetime
) -> None:
    """Record what became of a password. A name that nobody has is not kept: it may be a password."""
    if result == SignInResult.REFUSED and not _has_room(request, now):
        return
    known = User.objects.filter(username=name).values_list("username", flat=True).first()
    SignIn.objects.create(
        tried_at=now, tried_by=known or "", place=shortened(request), use=use, result=result
    )


def forget_past_sign_ins(now: datetime) -> int:
    """Delete what is older than it has to be kept; return how many rows there were."""
    kept = timedelta(days=settings.SIGN_INS_KEPT_DAYS)
    return SignIn.objects.filter(tried_at__lt=now - kept).delete()[0]


def _has_room(request: HttpRequest, now: datetime) -> bool:
    try:
        rate_limits.spend(REFUSED_FROM_ONE_PLACE, place_of(request).subject, now)
    except TooManyTries:
        return False
    return True
