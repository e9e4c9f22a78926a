"""What other systems are told: queued with the change, in its transaction, and what became of it.

The journal calls `queue` for each event that it writes. A worker leases a delivery, as it does a
message; if it dies, another one takes it over, so each arrives at least once, with the same id.
"""

import base64
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from http import HTTPStatus

from django.conf import settings
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from bookings.models import AppointmentRequest, Delivery, Webhook, asks_for_something
from bookings.models.webhooks import DeliveryQuerySet
from bookings.status import CLOCK, DeliveryStatus, Notice
from bookings.status.events import NOTICES, Event

SALT = "bookings.webhooks"
BEGINS = "whsec_"
LEASE = timedelta(minutes=5)
BATCH = 200
# As Standard Webhooks has them: more than three days in all.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
# After so long without an answer we stop trying, and a manager has something to do.
PATIENCE = timedelta(days=3)
# For how long the secret before a renewed one signs as well, so that the receiver can change over.
OVERLAP = timedelta(days=1)
REPLAYED = timedelta(days=30)
# What a try ends with: the receiver wants to hear no more; we do not send to that address.
GONE = str(HTTPStatus.GONE.value)
NOT_ALLOWED = "address not allowed"


def add(*, given_to: str, url: str, notices: Iterable[Notice], by: str, now: datetime) -> Webhook:
    """A new webhook."""
    return Webhook.objects.create(
        given_to=given_to, url=url, notices=sorted(notices), made_at=now, made_by=by
    )


def end(webhook: Webhook, *, by: str, now: datetime) -> None:
    """End it for good. The first to say so counts."""
    Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=now, ended_by=by)


def renew_secret(webhook: Webhook, *, by: str, now: datetime) -> None:
    """Make another secret; the one before signs as well for a day."""
    ours = Webhook.objects.filter(pk=webhook.pk, secret_number=webhook.secret_number)
    ours.update(secret_number=F("secret_number") + 1, renewed_at=now, renewed_by=by)


def turn_on(webhook: Webhook, *, now: datetime) -> None:
    """Tell it again what happens, and what waited while it was off."""
    Webhook.objects.filter(pk=webhook.pk).update(off_at=None, off_by=None, failing_since=None)
    waiting = Delivery.objects.filter(webhook=webhook, status=DeliveryStatus.QUEUED)
    waiting.update(next_try=now, tries=0)


def replay(webhook: Webhook, *, now: datetime) -> int:
    """Send again what the last 30 days should have told it, with the same ids; how many."""
    recent = Delivery.objects.filter(webhook=webhook, happened__gt=now - REPLAYED)
    return recent.exclude(status=DeliveryStatus.QUEUED).update(
        status=DeliveryStatus.QUEUED, next_try=now, tries=0, failure=""
    )


def turned_off() -> list[tuple[Webhook, str]]:
    """The webhooks about which a manager has to decide, longest off first, and why each is off."""
    off = Webhook.objects.off().with_last_failure().order_by("off_at")
    return [(each, last_failure(each)) for each in off]


def last_failure(webhook: Webhook) -> str:
    """Why its last notice did not arrive, in a sentence; empty if no failure is kept.

    The webhook was read `with_last_failure`.
    """
    return _in_words(webhook.last_failure) if webhook.last_failure else ""


def queue(requests: Iterable[AppointmentRequest], event: Event, *, at: datetime) -> None:
    """Write what an event tells other systems, in the transaction that writes the event."""
    notice = NOTICES.get(event)
    if notice is None:
        return
    wanting = [each for each in Webhook.objects.on() if notice in each.notices]
    if not wanting:
        return
    told = [(pk, f"msg_{secrets.token_urlsafe(24)}") for pk in _shown_outside(requests)]
    Delivery.objects.bulk_create(
        Delivery(
            webhook=webhook,
            message_id=message_id,
            notice=notice,
            request=pk,
            happened=at,
            next_try=at,
        )
        for pk, message_id in told
        for webhook in wanting
    )


def secret_of(webhook: Webhook) -> str:
    """The secret that the receiver checks with. Nothing that is stored gives it away."""
    made = base64.b64encode(_key(webhook, webhook.secret_number, settings.SECRET_KEY)).decode()
    return f"{BEGINS}{made}"


def keys_of(webhook: Webhook, now: datetime) -> list[bytes]:
    """What signs: under each key of ours, and for a day the secret before a renewed one as well."""
    numbers = [webhook.secret_number]
    if webhook.renewed_at and now < webhook.renewed_at + OVERLAP:
        numbers.append(webhook.secret_number - 1)
    ours = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [_key(webhook, number, key) for key in ours for number in numbers]


def forget_past(now: datetime) -> int:
    """Delete what can no longer be sent again, and what nobody wants any more; how many."""
    settled = Q(happened__lt=now - REPLAYED) & ~Q(status=DeliveryStatus.QUEUED)
    return Delivery.objects.filter(settled | Q(webhook__ended_at__isnull=False)).delete()[0]


def waiting(now: datetime) -> list[Webhook]:
    """The webhooks for which something is due. Those that have not answered lately come last."""
    due = Delivery.objects.due(now).values("webhook")
    answering_first = F("failing_since").desc(nulls_first=True)
    return list(Webhook.objects.filter(pk__in=due).order_by(answering_first, "pk"))


def due(webhook: Webhook, now: datetime) -> list[int]:
    """What can be sent to it at that instant, oldest first."""
    mine = Delivery.objects.due(now).filter(webhook=webhook).order_by("next_try", "pk")
    return list(mine.values_list("pk", flat=True)[:BATCH])


def take(pk: int, now: datetime) -> Delivery | None:
    """Lease a delivery; None if another worker has it or had it."""
    free = Delivery.objects.filter(pk__in=Delivery.objects.due(now).filter(pk=pk).values("pk"))
    if not free.update(leased_until=now + LEASE, tries=F("tries") + 1):
        return None
    return Delivery.objects.select_related("webhook").get(pk=pk)


def note_sent(delivery: Delivery) -> None:
    """It arrived, so nothing is failing."""
    _queued(delivery).update(status=DeliveryStatus.SENT, leased_until=None, failure="")
    Webhook.objects.filter(pk=delivery.webhook_id).update(failing_since=None)


def note_failure(delivery: Delivery, code: str, now: datetime) -> None:
    """Try again later, give up after the last wait, and turn a webhook off that is silent for days."""
    more = delivery.tries <= len(WAITS)
    _queued(delivery).update(
        status=DeliveryStatus.QUEUED if more else DeliveryStatus.FAILED,
        next_try=now + WAITS[delivery.tries - 1] if more else now,
        leased_until=None,
        failure=code,
    )
    ours = Webhook.objects.filter(pk=delivery.webhook_id)
    ours.filter(failing_since=None).update(failing_since=now)
    silent = Q(failing_since__lte=now - PATIENCE, off_at=None)
    ours.filter(silent).update(off_at=now, off_by=CLOCK)


def turn_off(delivery: Delivery, code: str, now: datetime) -> None:
    """The receiver says that it wants nothing more."""
    _queued(delivery).update(
        status=DeliveryStatus.FAILED, next_try=now, leased_until=None, failure=code
    )
    Webhook.objects.filter(pk=delivery.webhook_id, off_at=None).update(off_at=now, off_by=CLOCK)


def _shown_outside(requests: Iterable[AppointmentRequest]) -> list[int]:
    """Those that other systems can read as an Appointment."""
    named = AppointmentRequest.objects.filter(pk__in={each.pk for each in requests})
    return list(named.filter(asks_for_something()).order_by("pk").values_list("pk", flat=True))


def _in_words(code: str) -> str:
    if code == GONE:
        return f"It answered that it wants to hear no more ({code})."
    if code == NOT_ALLOWED and not settings.WEBHOOKS_GO_OUT:
        return "We have not tried: a demonstration sends nothing to other systems."
    if code == NOT_ALLOWED:
        return "We have not tried: its address has to be public and begin with https://."
    if code.isdecimal():
        return f"It answered with {code}, so it did not accept what we sent."
    return f"We could not reach it ({code})."


def _key(webhook: Webhook, number: int, key: str) -> bytes:
    named = f"{webhook.pk}\n{number}"
    return salted_hmac(SALT, named, secret=key, algorithm="sha256").digest()


def _queued(delivery: Delivery) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.QUEUED)
