"""Whoever follows a page by email: asks, confirms, is told, leaves. The only writer of `Subscription`.

An address that is not confirmed gets one letter for each time somebody typed it, and is forgotten
after a few days. Whoever leaves is forgotten straight away, with the record of what they were sent.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Max, Q

from bookings.messages import outbox
from bookings.models import Subscription
from bookings.status import MessageKind, MessageStatus
from procedures.models import InformationPage, PageEvent
from procedures.reading.publication import Closed, Publication

# How long an address may wait for its owner to confirm it.
TO_CONFIRM = timedelta(days=3)


def ask(page: InformationPage, email: str, *, language: str, now: datetime) -> None:
    """Send a letter with a link that confirms it, unless the address follows the page already.

    In another language somebody follows it once more: nobody but the owner of the address may change
    the language of their letters, so that has to be confirmed as well.
    """
    with transaction.atomic():
        subscription, _ = Subscription.objects.get_or_create(
            page=page,
            email=email,
            language=language,
            defaults={"key": secrets.token_urlsafe(32), "asked": now},
        )
        if Subscription.objects.filter(pk=subscription.pk, confirmed=None).update(asked=now):
            outbox.queue_to_subscriber(subscription, MessageKind.SUBSCRIBE, now=now)


def confirm(subscription: Subscription, *, now: datetime) -> None:
    """Tell this address from now on. What has happened before is no news to them."""
    newest = PageEvent.objects.order_by("-number").values_list("number", flat=True).first()
    unconfirmed = Subscription.objects.filter(pk=subscription.pk, confirmed=None)
    unconfirmed.update(confirmed=now, told=newest or 0)


def how_it_reads(found: Publication | Closed | None, language: str) -> dict[str, bool]:
    """What somebody who follows a page in a language has to know of the text in it."""
    if not isinstance(found, Publication):
        return {}
    is_in_english_only = bool(language) and not found.page.language
    return {"is_behind": found.is_behind, "is_in_english_only": is_in_english_only}


def has_untold_advice(subscription: Subscription) -> bool:
    """Whether the English advice changed since the last letter they were sent, or they confirmed.

    The letter about it gives way to one about the translation.
    """
    sent = subscription.messages.filter(
        kind=MessageKind.PAGE_CHANGED, status=MessageStatus.SENT
    ).aggregate(last=Max("request_version"))
    changes = PageEvent.objects.changes_of_advice().filter(
        page__subscriptions=subscription, at__gt=F("page__subscriptions__confirmed")
    )
    return changes.filter(number__gt=sent["last"] or 0).exists()


def leave(subscription: Subscription) -> None:
    """Forget the address for this page in every language, and which letters it was sent."""
    Subscription.objects.filter(page=subscription.page_id, email=subscription.email).delete()


def forget(addresses: Iterable[str]) -> None:
    """Forget these addresses for every page."""
    Subscription.objects.filter(email__in=set(addresses) - {""}).delete()


def tell(pk: int, event: PageEvent, *, now: datetime) -> bool:
    """Queue the letter about an event; False if they have been told, or have left."""
    with transaction.atomic():
        untold = Subscription.objects.filter(pk=pk, confirmed__isnull=False, told__lt=event.number)
        if not untold.update(told=event.number):
            return False
        subscription = Subscription.objects.get(pk=pk)
        outbox.queue_to_subscriber(subscription, MessageKind.PAGE_CHANGED, now=now, event=event)
        return True


def forget_past(now: datetime) -> int:
    """Delete addresses that nobody confirmed in time, and those at which nothing arrives; how many."""
    unconfirmed = Q(confirmed=None, asked__lte=now - TO_CONFIRM)
    past = Subscription.objects.filter(unconfirmed | Q(messages__status=MessageStatus.FAILED))
    gone = Subscription.objects.filter(pk__in=past.values("pk"))
    return gone.delete()[1].get(Subscription._meta.label, 0)
