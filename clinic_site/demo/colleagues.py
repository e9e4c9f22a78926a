"""Colleagues who come and go in the invented clinic, and who signed in lately.

Everybody who can sign in is in `staff`. These two cannot: one has not chosen a password yet, the other
has left.
"""

from datetime import datetime, time, timedelta

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from bookings import records
from bookings.models import Person, ScreeningQuestion
from bookings.status import MessageStatus
from bookings.triage.questions import RETIRE
from clinic_site.demo.requests import SENDER
from clinic_site.demo.staff import PASSWORD
from clinic_site.staff import accounts, sign_ins
from procedures.ground import two_people
from procedures.models import Invitation, StaffAccount
from procedures.status import PasswordUse, SignInResult

INVITED = "ivy.example"
# Addresses that are set aside for examples (RFC 5737).
CLINIC, HOME, STRANGER = "198.51.100.7", "203.0.113.20", "192.0.2.66"
# How many days ago, at what hour, the username that was typed, from where, and what became of it.
SIGN_INS = (
    (3, time(8, 52), "reception", CLINIC, SignInResult.RIGHT),
    (3, time(8, 55), "manager", CLINIC, SignInResult.RIGHT),
    (2, time(8, 50), "reception", CLINIC, SignInResult.WRONG),
    (2, time(8, 51), "reception", CLINIC, SignInResult.RIGHT),
    (2, time(19, 30), "clinician", HOME, SignInResult.RIGHT),
    (1, time(3, 14), "admin", STRANGER, SignInResult.WRONG),
    (1, time(3, 14), "reception", STRANGER, SignInResult.WRONG),
    (1, time(8, 49), "reception", CLINIC, SignInResult.RIGHT),
)


def load(now: datetime) -> None:
    """An invitation in the mailbox, a colleague who has left, the sign-ins, and two steps that wait."""
    if User.objects.filter(username=INVITED).exists():
        return
    manager = User.objects.get(username="manager")
    _a_leaver(now - timedelta(days=7), manager)
    accounts.invite(
        first_name="Ivy",
        last_name="Example",
        email="ivy@example.org",
        role="Reception",
        by=manager,
        now=now,
    )
    two_people.propose(
        RETIRE,
        ScreeningQuestion.objects.current().get(key="infection"),
        reason="Half of all requests raise this flag. I would ask it on the phone instead.",
        by=manager,
        now=now - timedelta(hours=2),
    )
    records.propose_erasure(
        Person.objects.get(name="Jack Legend"),
        reason="They withdrew before anybody saw them, and asked on the phone to be forgotten.",
        by=User.objects.get(username="deputy"),
        now=now - timedelta(hours=1),
    )
    for days, hour, username, address, result in SIGN_INS:
        day = timezone.localdate(now) - timedelta(days=days)
        request = HttpRequest()
        request.META["REMOTE_ADDR"] = address
        at = timezone.make_aware(datetime.combine(day, hour))
        sign_ins.record(request, username, use=PasswordUse.SIGN_IN, result=result, now=at)


def _a_leaver(left: datetime, manager: User) -> None:
    came = left - timedelta(days=200)
    leo = accounts.invite(
        first_name="Leo",
        last_name="Example",
        email="leo@example.org",
        role="Editor",
        by=manager,
        now=came,
    )
    invitation = Invitation.objects.get(account=leo)
    invitation.messages.update(status=MessageStatus.SENT, sent_at=came, sent_by=SENDER, tries=1)
    accounts.accept(invitation, password=PASSWORD, now=came + timedelta(hours=1))
    leo = StaffAccount.objects.get(pk=leo.pk)
    accounts.set_leaving(
        leo, version=leo.version, leaves_on=timezone.localdate(left), by=manager, now=left
    )
