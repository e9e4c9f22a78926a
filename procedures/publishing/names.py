"""Tells people of each signature in their name, and of each change of the passkeys with which they sign.

The email goes to the account of whoever is named, within a minute, whatever account the signature was
given with. It leaves with the worker; what has no record of being sent is tried again in the next round.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from procedures.ground.batches import Tally, one_by_one
from procedures.log.verify import NOTHING, read_statement
from procedures.models import LogEntry, NameNotice, PageEvent, SignOff
from procedures.models.clinic import details
from procedures.status import RE_AFFIRMED, SIGNINGS

# Older signatures were brought into the log by an update. Nobody is told of those.
TOLD_WITHIN = timedelta(days=7)


def tell_owners_of_names(now: datetime) -> Tally:
    """Email everybody of signatures in their name and of changes of their passkeys, unless they know."""
    signatures = Q(event__kind__in=SIGNINGS, event__at__gt=now - TOLD_WITHIN)
    untold = LogEntry.objects.filter(signatures | Q(clinician__isnull=False), notice=None)
    keys = list(untold.order_by("index").values_list("pk", flat=True))
    return one_by_one(keys, lambda key: _tell(key, now), task="telling of the signature in entry")


def _tell(key: int, now: datetime) -> int:
    """Send the email, then record it: two workers together may send it twice, but nobody is missed."""
    entry = LogEntry.objects.select_related("event__revision__page", "clinician__login").get(pk=key)
    owner, letter = _of_signature(entry.event) if entry.event else _of_passkeys(entry)
    if owner is None or not owner.email:
        return 0
    letter.to = [owner.email]
    letter.send()
    NameNotice.objects.get_or_create(entry=entry, defaults={"told_to": owner, "moment": now})
    return 1


def _of_signature(event: PageEvent) -> tuple[User | None, EmailMessage]:
    signed = SignOff.objects.select_related("clinician__login", "signed_by").get(
        revision=event.revision_id, signed_at=event.at, signed_by=event.by_id
    )
    context = {
        "signed": signed,
        "again": event.kind == RE_AFFIRMED,
        "title": event.revision.title,
        "address": settings.SITE_URL
        + reverse("admin:procedures_revision_decide", args=[event.revision_id, "revoke"]),
    }
    return _owner(signed), _letter("a page was signed in your name", "in_your_name", context)


def _of_passkeys(entry: LogEntry) -> tuple[User | None, EmailMessage]:
    said = read_statement(entry.statement)
    context = {
        "signer": said["signer"],
        "at": datetime.fromisoformat(said["at"]),
        "keys": [each for each in said["keys"].split() if each != NOTHING],
        "address": settings.SITE_URL + reverse("admin:my_account"),
    }
    owner = entry.clinician.login if entry.clinician else None
    return owner, _letter("your passkeys for signing changed", "your_passkeys", context)


def _letter(about: str, template: str, context: dict[str, Any]) -> EmailMessage:
    clinic = details()
    body = render_to_string(f"procedures/email/{template}.txt", {**context, "clinic": clinic})
    return EmailMessage(subject=f"{clinic.name}: {about}", body=body)


def _owner(signed: SignOff) -> User:
    """Whose name it is: the clinician's own account, or else that of the manager who approved."""
    login = signed.clinician.login if signed.clinician else None
    owner: User = login or signed.signed_by
    return owner
