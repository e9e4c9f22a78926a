"""The record of every password and code that staff entered, and a warning if many were wrong."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.http import HttpRequest
from django.urls import reverse

from procedures.ground import rate_limits
from procedures.ground.places import place_of, shortened
from procedures.ground.rate_limits import Limit, TooManyTries
from procedures.models import SignIn
from procedures.status import PasswordUse, SignInResult

# More than colleagues who mistype in an hour.
MANY = 10
IN_ONE_HOUR = Limit("warned of failed sign-ins", 1, timedelta(hours=1))
SIGN_INS = "admin:procedures_signin_changelist"
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


def failures(now: datetime) -> int:
    """How many passwords and codes were wrong or refused within the last hour; 0 for a usual number."""
    tried = SignIn.objects.filter(tried_at__gt=now - IN_ONE_HOUR.period)
    number = tried.exclude(result=SignInResult.RIGHT).count()
    return number if number >= MANY else 0


def warn_of_failures(now: datetime) -> None:
    """Email the operator about an unusual number of failures, once an hour.

    The email names nobody. If it cannot be sent, the next round of the worker tries again.
    """
    number = failures(now)
    if not number or not settings.OPERATOR_EMAIL:
        return
    try:
        spent = rate_limits.spend_all([(IN_ONE_HOUR, "everybody")], now)
    except TooManyTries:
        return
    try:
        send_mail(
            subject="Many failed sign-ins",
            message=f"{number} passwords or codes of staff were wrong or refused within an hour.\n"
            f"A manager sees them here: {settings.SITE_URL}{reverse(SIGN_INS)}\n",
            from_email=None,
            recipient_list=[settings.OPERATOR_EMAIL],
        )
    except OSError:
        rate_limits.give_back(spent)
        raise


def forget_past_sign_ins(now: datetime) -> None:
    """Delete what is older than it has to be kept."""
    kept = timedelta(days=settings.SIGN_INS_KEPT_DAYS)
    SignIn.objects.filter(tried_at__lt=now - kept).delete()


def _has_room(request: HttpRequest, now: datetime) -> bool:
    try:
        rate_limits.spend(REFUSED_FROM_ONE_PLACE, place_of(request).subject, now)
    except TooManyTries:
        return False
    return True
