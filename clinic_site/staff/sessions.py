"""In which browsers a colleague is signed in, and when that ends.

Django keeps a session until its cookie expires. Ours also ends after a while without a request, at
the end of a working day, and when its row here is deleted: by its owner, at a change of the password,
the role or the second factor, and when somebody leaves.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django_otp.plugins.otp_totp.models import TOTPDevice

from clinic_site.staff.reading import MAY, already_read, permissions_of
from procedures.ground.fresh_sign_in import note_sign_in
from procedures.ground.places import shortened
from procedures.models import DeskChoice, Passkey, StaffSession

KEY = "staff_session"
# The first of these that a browser names is what it is: several name others, to be served alike.
BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrom": "Chrome",
    "Safari": "Safari",
}
MACHINES = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS": "Mac",
    "Linux": "Linux",
}
KEYS_OFF = "keys_off"
# What a page asks without its reader is no work: a screen that nobody looks at would stay open.
BY_ITSELF = "X-By-Itself"
# A request within this time of the last one is not noted, so not every page writes.
BETWEEN_NOTES = timedelta(minutes=1)
# How long a passkey may sign what a page asked it to.
CHALLENGE_LASTS = timedelta(minutes=5)


class StaffSessionMiddleware(AuthenticationMiddleware):
    """Django's own middleware, except that a session of staff ends when it should.

    Nothing is looked up before a view asks who is signed in: public pages never do.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _signed_in(request))  # type: ignore[assignment]


def _signed_in(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Whoever is signed in: nobody while the second factor is missing.

    A session that has ended is emptied, so nothing of it is left.
    """
    user, session = _with_session(request)
    if not isinstance(user, User):
        return user
    if session is None:
        request.session.flush()
    return user if session and session.is_complete else AnonymousUser()


def pending(request: HttpRequest) -> User | None:
    """Whoever has given the password in this browser, and still has to give the second factor."""
    user, session = _with_session(request)
    return user if isinstance(user, User) and session and not session.is_complete else None


def complete(request: HttpRequest, account: User) -> None:
    """Sign somebody in who has given the second factor."""
    StaffSession.objects.filter(pk=this(request)).update(is_complete=True)
    _end_the_oldest(account)
    request.session.cycle_key()
    request.user = account


def _with_session(
    request: HttpRequest,
) -> tuple[AbstractBaseUser | AnonymousUser, StaffSession | None]:
    """Whose cookie it is, as Django finds it, and their session if it has not ended: one query for both.

    This request is noted in the session.
    """
    now = timezone.now()
    own = StaffSession.objects.filter(pk=this(request))
    found = own.select_related("started_by__departure").annotate(may=permissions_of("started_by"))
    session = found.exclude(_over(now)).first() if KEY in request.session else None
    if session:
        setattr(session.started_by, MAY, session.may)
    with already_read(session.started_by if session else None):
        user = auth.get_user(request)
    if session is None or user != session.started_by:
        return user, None
    if session.last_seen <= now - BETWEEN_NOTES and BY_ITSELF not in request.headers:
        own.update(last_seen=now)
    return user, session


def _over(now: datetime) -> Q:
    """The sessions that are too old, or in which nothing has happened for too long."""
    idle = timedelta(minutes=settings.STAFF_IDLE_MINUTES)
    longest = timedelta(hours=settings.STAFF_SESSION_HOURS)
    return Q(last_seen__lte=now - idle) | Q(started_at__lte=now - longest)


def begin(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    """Begin a session, however somebody has just signed in."""
    now = timezone.now()
    started = StaffSession.objects.create(
        started_at=now,
        started_by=user,
        last_seen=now,
        place=shortened(request),
        browser=browser_of(request),
        is_complete=not (settings.SECOND_FACTOR_REQUIRED or has_second_factor(user)),
    )
    request.session[KEY] = started.pk
    request.session[KEYS_OFF] = DeskChoice.objects.filter(account=user, has_keys=False).exists()
    _end_the_oldest(user)
    note_sign_in(request, now)


def _end_the_oldest(account: User) -> None:
    """End the sessions that have been unused longest, if there are more than one person needs."""
    # Whoever has only the password ends nobody's session.
    complete = StaffSession.objects.filter(started_by=account, is_complete=True)
    newest = complete.order_by("-last_seen", "-pk").values_list("pk", flat=True)
    complete.exclude(pk__in=list(newest[: settings.STAFF_SESSIONS_AT_ONCE])).delete()


def end(sender: object, request: HttpRequest, **kwargs: object) -> None:
    """End the session of a colleague who signs out."""
    StaffSession.objects.filter(pk=this(request)).delete()


def listen() -> None:
    """Begin and end sessions whenever Django signs somebody in or out."""
    user_logged_in.connect(begin, dispatch_uid="clinic_site.staff.begin")
    user_logged_out.connect(end, dispatch_uid="clinic_site.staff.end")


def has_second_factor(account: User) -> bool:
    """Whether they have set one up: an app or a passkey.

    An app counts where only passkeys are taken as well: otherwise the password alone would lead whoever
    knows it to the page on which a first passkey is made.
    """
    app = TOTPDevice.objects.filter(user_id=OuterRef("pk"), confirmed=True)
    passkey = Passkey.objects.filter(account_id=OuterRef("pk"))
    # One question, because every page of an account asks it.
    return User.objects.filter(Exists(app) | Exists(passkey), pk=account.pk).exists()


def has_app(account: User) -> bool:
    """Whether an app shows codes that open the desk for them."""
    if settings.PASSKEYS_ONLY:
        return False
    return bool(TOTPDevice.objects.filter(user_id=account.pk, confirmed=True).exists())


def new_challenge(request: HttpRequest, now: datetime) -> bytes:
    """What a passkey has to sign in this session, for a few minutes. An earlier one does not count."""
    challenge = secrets.token_bytes(32)
    StaffSession.objects.filter(pk=this(request)).update(
        challenge=challenge.hex(), challenge_ends=now + CHALLENGE_LASTS
    )
    return challenge


def take_challenge(request: HttpRequest, now: datetime) -> bytes | None:
    """The challenge of this session, which does not count any more; None if it ended or was used."""
    waiting = StaffSession.objects.filter(pk=this(request), challenge_ends__gt=now)
    challenge = waiting.exclude(challenge="").values_list("challenge", flat=True).first()
    # Of two requests that send the same answer one takes it.
    if challenge is None or not waiting.filter(challenge=challenge).update(challenge=""):
        return None
    return bytes.fromhex(challenge)


def browser_of(request: HttpRequest) -> str:
    """What somebody recognises their browser by: “Firefox on Windows”. Nothing else of it is kept."""
    says = request.headers.get("User-Agent", "")
    browser = next((name for sign, name in BROWSERS.items() if sign in says), "A browser")
    machine = next((name for sign, name in MACHINES.items() if sign in says), "")
    return f"{browser} on {machine}" if machine else browser


def has_keys(request: HttpRequest) -> bool:
    """Whether single keys do something on the pages of whoever sent the request."""
    return not request.session.get(KEYS_OFF)


def choose_keys(request: HttpRequest, *, on: bool) -> None:
    """Turn the single keys on or off for whoever sent the request, here now and from each sign-in on."""
    DeskChoice.objects.update_or_create(account_id=request.user.pk, defaults={"has_keys": on})
    request.session[KEYS_OFF] = not on


def own(request: HttpRequest, now: datetime) -> list[StaffSession]:
    """The sessions of whoever sent the request, this one first."""
    user = request.user
    complete = StaffSession.objects.filter(started_by_id=user.pk, is_complete=True)
    running = complete.exclude(_over(now))
    return sorted(running.order_by("-started_at"), key=lambda each: each.pk != this(request))


def this(request: HttpRequest) -> int:
    """The number of the session that the request belongs to."""
    return int(request.session.get(KEY, 0))


def end_others(request: HttpRequest) -> int:
    """End all other sessions of whoever sent the request; return how many there were."""
    others = StaffSession.objects.filter(started_by_id=request.user.pk).exclude(pk=this(request))
    return others.delete()[0]


def end_one(request: HttpRequest, number: int) -> int:
    """End one other session of whoever sent the request; return whether there was one."""
    own = StaffSession.objects.filter(started_by_id=request.user.pk)
    return own.filter(pk=number).exclude(pk=this(request)).delete()[0]


def end_all(account: User) -> None:
    """End every session of an account."""
    StaffSession.objects.filter(started_by_id=account.pk).delete()


def forget_past_sessions(now: datetime) -> None:
    """Delete the rows of sessions that are over."""
    StaffSession.objects.filter(_over(now)).delete()
