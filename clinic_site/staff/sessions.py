"""In which browsers a colleague is signed in, and when that ends.

Django keeps a session until its cookie expires. Ours also ends after a while without a request, at
the end of a working day, and when its row here is deleted: by its owner, at a change of the password
or of the role, and when somebody leaves.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from procedures.ground.fresh_sign_in import note_sign_in
from procedures.ground.places import shortened
from procedures.models import StaffSession

KEY = "staff_session"
# A request within this time of the last one is not noted, so not every page writes.
BETWEEN_NOTES = timedelta(minutes=1)


class StaffSessionMiddleware(AuthenticationMiddleware):
    """Django's own middleware, except that a session of staff ends when it should.

    Nothing is looked up before a view asks who is signed in: public pages never do.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Set `request.user`."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _signed_in(request))  # type: ignore[assignment]


def _signed_in(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    """Whoever is signed in. A session that has ended is emptied, so nothing of it is left."""
    user = auth.get_user(request)
    if isinstance(user, User) and not _goes_on(request, user, timezone.now()):
        request.session.flush()
        return AnonymousUser()
    return user


def _goes_on(request: HttpRequest, user: User, now: datetime) -> bool:
    """Whether the session has not ended. If so, this request is noted in it."""
    found = StaffSession.objects.filter(pk=request.session.get(KEY, 0), started_by=user)
    session = found.exclude(_over(now)).first()
    if session is None:
        return False
    if session.last_seen <= now - BETWEEN_NOTES:
        found.update(last_seen=now)
    return True


def _over(now: datetime) -> Q:
    """The sessions that are too old, or in which nothing has happened for too long."""
    idle = timedelta(minutes=settings.STAFF_IDLE_MINUTES)
    longest = timedelta(hours=settings.STAFF_SESSION_HOURS)
    return Q(last_seen__lte=now - idle) | Q(started_at__lte=now - longest)


def begin(sender: object, request: HttpRequest, user: User, **kwargs: object) -> None:
    """Begin a session, however somebody has just signed in."""
    now = timezone.now()
    started = StaffSession.objects.create(
        started_at=now, started_by=user, last_seen=now, place=shortened(request)
    )
    request.session[KEY] = started.pk
    note_sign_in(request, now)


def end(sender: object, request: HttpRequest, **kwargs: object) -> None:
    """End the session of a colleague who signs out."""
    StaffSession.objects.filter(pk=request.session.get(KEY, 0)).delete()


def listen() -> None:
    """Begin and end sessions whenever Django signs somebody in or out."""
    user_logged_in.connect(begin, dispatch_uid="clinic_site.staff.begin")
    user_logged_out.connect(end, dispatch_uid="clinic_site.staff.end")


def own(request: HttpRequest, now: datetime) -> list[StaffSession]:
    """The sessions of whoever sent the request, this one first."""
    user = request.user
    running = StaffSession.objects.filter(started_by_id=user.pk).exclude(_over(now))
    return sorted(running.order_by("-started_at"), key=lambda each: each.pk != this(request))


def this(request: HttpRequest) -> int:
    """The number of the session that the request belongs to."""
    return int(request.session.get(KEY, 0))


def end_others(request: HttpRequest) -> int:
    """End all other sessions of whoever sent the request; return how many there were."""
    others = StaffSession.objects.filter(started_by_id=request.user.pk).exclude(pk=this(request))
    return others.delete()[0]


def end_all(account: User) -> None:
    """End every session of an account."""
    StaffSession.objects.filter(started_by_id=account.pk).delete()


def forget_past_sessions(now: datetime) -> int:
    """Delete the rows of sessions that are over; return how many there were."""
    return StaffSession.objects.filter(_over(now)).delete()[0]
