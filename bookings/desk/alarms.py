"""The sentences on the desk about messages that do not go out. None mentions a patient."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from bookings.models import Message, Outage, Webhook, WorkerRun
from bookings.status import Channel, MessageStatus
from procedures.ground.counting import counted

# Nobody needs to know about a shorter delay.
PATIENCE = timedelta(minutes=10)

SERVERS = {Channel.EMAIL: "mail server", Channel.TEXT: "text message provider"}


def alarms(now: datetime) -> list[str]:
    """One sentence for each reason why messages are not going out then; empty if all is well."""
    return [*about_the_worker(now), *about_outages(), *left_unsent(now), *about_webhooks()]


def about_the_worker(now: datetime) -> Iterator[str]:
    """Whether it runs, and completes what it does."""
    run = WorkerRun.objects.first()
    if run is None:
        yield (
            "The program that sends our messages and reminders has never run here. Ask whoever "
            "runs the server to start it."
        )
    elif run.ran_at < now - PATIENCE:
        yield (
            "The program that sends our messages and reminders has not run since "
            f"{_at(run.ran_at)}. Ask whoever runs the server to start it again."
        )
    elif run.failed:
        yield (
            "The program that sends our messages and reminders could not complete "
            f"{counted(run.failed, 'step')}. It keeps trying. Ask whoever runs the server to "
            "read its log."
        )


def about_outages() -> Iterator[str]:
    """Since when no message of a channel has gone out, and what the server replies."""
    for outage in Outage.objects.order_by("channel"):
        channel = Channel(outage.channel)
        if channel == Channel.TEXT and not settings.TEXT_MESSAGES:
            continue
        yield (
            f"We have not been able to send any {channel.label.lower()}s since "
            f"{_at(outage.since)}. We keep trying. The {SERVERS[channel]} replies: "
            f"{outage.code}."
        )


def left_unsent(now: datetime) -> Iterator[str]:
    """How many messages are late."""
    late = Message.objects.filter(status=MessageStatus.QUEUED, next_try__lt=now - PATIENCE)
    if number := late.count():
        minutes = PATIENCE.seconds // 60
        yield f"{counted(number, 'message')} should have gone out more than {minutes} minutes ago."


def about_webhooks() -> Iterator[str]:
    """Which other systems are no longer told what happens."""
    for webhook in Webhook.objects.filter(ended_at=None, off_at__isnull=False).order_by("off_at"):
        if webhook.off_at:
            yield (
                f"We have stopped telling “{webhook}” what happens since {_at(webhook.off_at)}, because "
                "nothing arrived. A manager can turn it on again under Set-up, Webhooks."
            )


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B at %-H:%M}"
