"""Tells people of each signature in their name, so that they notice one that they did not give.

The email goes to the account of whoever is named, within a minute, whatever account the signature was
given with. It leaves with the worker; what has no record of being sent is tried again in the next round.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from procedures.ground.batches import Tally, one_by_one
from procedures.log.checkpoints import SIGNINGS
from procedures.models import LogEntry, NameNotice, SignOff
from procedures.models.clinic import details

# Older signatures were brought into the log by an update. Nobody is told of those.
TOLD_WITHIN = timedelta(days=7)


def tell_owners_of_names(now: datetime) -> Tally:
    """Email everybody in whose name something was signed and who was not told yet."""
    untold = LogEntry.objects.filter(
        event__kind__in=SIGNINGS, event__at__gt=now - TOLD_WITHIN, notice=None
    )
    keys = list(untold.order_by("index").values_list("pk", flat=True))
    return one_by_one(keys, lambda key: _tell(key, now), task="telling of the signature in entry")


def _tell(key: int, now: datetime) -> int:
    """Send the email, then record it: two workers together may send it twice, but nobody is missed."""
    entry = LogEntry.objects.select_related("event__revision__page").get(pk=key)
    event = entry.event
    signed = SignOff.objects.select_related("clinician__login", "signed_by").get(
        revision=event.revision_id, signed_at=event.at, signed_by=event.by_id
    )
    owner = _owner(signed)
    if not owner.email:
        return 0
    context = {
        "signed": signed,
        "again": event.kind != SIGNINGS[0],
        "title": event.revision.title,
        "address": settings.SITE_URL
        + reverse("admin:procedures_revision_decide", args=[event.revision_id, "revoke"]),
        "clinic": details(),
    }
    EmailMessage(
        subject=f"{details().name}: a page was signed in your name",
        body=render_to_string("procedures/email/in_your_name.txt", context),
        to=[owner.email],
    ).send()
    NameNotice.objects.get_or_create(entry=entry, defaults={"told_to": owner, "moment": now})
    return 1


def _owner(signed: SignOff) -> User:
    """Whose name it is: the clinician's own account, or else that of the manager who approved."""
    login = signed.clinician.login if signed.clinician else None
    owner: User = login or signed.signed_by
    return owner
