"""The sentences on the desk about messages that do not go out. None mentions a patient."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count, DateTimeField, Value
from django.utils import timezone

from bookings.models import Message, Outage, WorkerRun
from bookings.status import Channel, MessageStatus
from procedures.ground.counting import counted

# Nobody needs to know about a shorter delay.
PATIENCE = timedelta(minutes=10)

SERVERS = {Channel.EMAIL: "mail server", Channel.TEXT: "text message provider"}


class Known(NamedTuple):
    """What the tables say about the messages at an instant, without anybody's name."""

    # When the worker last ran, and how many of its steps failed.
    runs: list[tuple[datetime, int]]
    # A channel, since when nothing has gone out, and what the server replies.
    outages: list[tuple[str, datetime, str]]
    late: int


def known(now: datetime) -> Known:
    """Read all of it with one query."""
    none, no_moment = Value(0), Value(None, DateTimeField())
    runs = WorkerRun.objects.values_list(Value("run"), Value(""), "ran_at", Value(""), "failed")
    outages = Outage.objects.values_list(Value("outage"), "channel", "since", "code", none)
    waiting = Message.objects.filter(status=MessageStatus.QUEUED, next_try__lt=now - PATIENCE)
    late = waiting.values_list(Value("late"), Value(""), no_moment, Value(""), Count("pk"))
    rows = list(runs.union(outages, late, all=True))
    return Known(
        [(at, number) for what, _, at, _, number in rows if what == "run"],
        sorted((name, at, code) for what, name, at, code, _ in rows if what == "outage"),
        sum(number for what, *_, number in rows if what == "late"),
    )


def alarms(now: datetime) -> list[str]:
    """One sentence for each reason why messages are not going out then; empty if all is well."""
    told = known(now)
    return [*about_the_worker(told, now), *about_outages(told), *left_unsent(told)]


def about_the_worker(told: Known, now: datetime) -> Iterator[str]:
    """Whether it runs, and completes what it does."""
    ran_at, failed = told.runs[0] if told.runs else (None, 0)
    if ran_at is None:
        yield (
            "The program that sends our messages and reminders has never run here. Ask whoever "
            "runs the server to start it."
        )
    elif ran_at < now - PATIENCE:
        yield (
            "The program that sends our messages and reminders has not run since "
            f"{_at(ran_at)}. Ask whoever runs the server to start it again."
        )
    elif failed:
        yield (
            "The program that sends our messages and reminders could not complete "
            f"{counted(failed, 'step')}. It keeps trying. Ask whoever runs the server to "
            "read its log."
        )


def about_outages(told: Known) -> Iterator[str]:
    """Since when no message of a channel has gone out, and what the server replies."""
    for name, since, code in told.outages:
        channel = Channel(name)
        if channel == Channel.TEXT and not settings.TEXT_MESSAGES:
            continue
        yield (
            f"We have not been able to send any {channel.label.lower()}s since "
            f"{_at(since)}. We keep trying. The {SERVERS[channel]} replies: {code}."
        )


def left_unsent(told: Known) -> Iterator[str]:
    """How many messages are late."""
    if told.late:
        minutes = PATIENCE.seconds // 60
        yield f"{counted(told.late, 'message')} should have gone out more than {minutes} minutes ago."


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B at %-H:%M}"
