"""What the settings of this installation say: who receives something, and how long it is kept."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from bookings import webhooks
from bookings.imports import keeping as imports
from bookings.messages import subscriptions
from bookings.models import AccessToken, CalendarFeed, Webhook
from bookings.records import retention
from clinic_site.backups.keeping import RULE
from procedures.ground.counting import counted
from procedures.models.clinic import details


class Recipient(NamedTuple):
    """Who receives something from the software, which of it, and what the settings say."""

    name: str
    receives: str
    settled: str


class Period(NamedTuple):
    """How long something is kept, counted from when, and what happens then."""

    what: str
    kept: str
    counted_from: str
    afterwards: str


def recipients() -> list[Recipient]:
    """Everything to which the software hands something over. It sends to nobody else.

    What only some clinics have is listed where there is one: webhooks, and a time authority.
    """
    return [*_always(), *_told_by_webhooks(), *_time_authority()]


def _always() -> list[Recipient]:
    return [
        Recipient(
            "Mail server",
            "Email addresses of patients and colleagues, and emails with a reference and a private "
            "link. None says anything about health; day, time, place and clinician only if the patient "
            "agreed",
            _mail_server(),
        ),
        Recipient(
            "Provider of text messages",
            "Phone numbers of patients who agreed, and texts with a reference. None says anything about "
            "health; the day and the time only if the patient agreed to that too",
            _text_provider(),
        ),
        Recipient(
            "The clinic’s inbox",
            "The reference of a request that needs attention, without a name",
            details().inbox or "Nobody is told",
        ),
        Recipient("Place of the backups", "A copy of the whole database, encrypted", _backups()),
        Recipient(
            "Whoever keeps copies of the journals’ heads",
            "References, numbers and hashes, without names",
            settings.HEADS_TO or "Nobody is sent them; copies are files on the server",
        ),
        Recipient("Calendar programs", "Times of visits in one diary", _calendars()),
        Recipient("Other systems with a token", "What each token may read", _systems()),
        Recipient(
            "Whoever runs the server",
            "That many sign-ins failed, without names; what is wrong with the installation, which may "
            "include the usernames of colleagues who cannot sign in",
            settings.OPERATOR_EMAIL or "Nobody is told",
        ),
        Recipient(
            "Monitoring",
            "Numbers without names",
            "On, for whoever has the token" if settings.METRICS_TOKEN else "Off",
        ),
    ]


def _told_by_webhooks() -> Iterator[Recipient]:
    told = Webhook.objects.filter(ended_at=None).order_by("given_to", "pk")
    if told:
        yield Recipient(
            "Other systems that are told what happens",
            "What kind of thing happened, when, and the number of the request, as an address at which "
            "whoever has a token reads more. No name, and nothing about health",
            ". ".join(f"{each.given_to}: {_host(each.url)}" for each in told),
        )


def _time_authority() -> Iterator[Recipient]:
    if settings.TIMESTAMP_URL:
        yield Recipient(
            "Time authority",
            "A hash of the newest checkpoint of the public log. It says nothing about anybody",
            _host(settings.TIMESTAMP_URL),
        )


def periods() -> list[Period]:
    """The table of retention in the settings, and then what has a period of its own."""
    return [*map(_of_rule, retention.rules()), *_other_periods(), *_from_outside_and_to_it()]


def _of_rule(rule: retention.Rule) -> Period:
    if not rule.kind.goes:
        afterwards = (
            "Listed for managers, and two people decide about each person. Whoever was a child stays "
            f"until they are {retention.KEPT_UNTIL} at least, or a year longer if they were 17 when "
            "last seen"
        )
    elif retention.is_done_by_worker():
        afterwards = "Emptied automatically, once a day"
    else:
        afterwards = "Emptied when whoever runs the server starts it: nothing does so automatically"
    return Period(rule.kind.label, rule.kept_in_words, rule.counted_in_words, afterwards)


def _other_periods() -> Iterator[Period]:
    minutes = settings.PATIENT_SESSION_SECONDS // 60
    yield Period(
        "Answers in a form that was not sent",
        counted(minutes, "minute"),
        "the last step of the form",
        "Deleted by the worker",
    )
    yield Period(
        "Sign-ins of colleagues, good and bad",
        counted(settings.SIGN_INS_KEPT_DAYS, "day"),
        "the sign-in",
        "Deleted by the worker",
    )
    yield Period(
        "In which browsers a colleague is signed in",
        f"{counted(settings.STAFF_IDLE_MINUTES, 'minute')} without a request, at most "
        f"{counted(settings.STAFF_SESSION_HOURS, 'hour')}",
        "the last request, and the sign-in",
        "Deleted by the worker",
    )
    if settings.BACKUP_FOLDER:
        days, weeks, months = (number for number, _ in RULE)
        yield Period(
            "Backups",
            f"The newest of each of {days} days, {weeks} weeks and {months} months",
            "the backup",
            "Deleted with the next backup. Whoever was erased since is erased again after a restore",
        )


def _from_outside_and_to_it() -> Iterator[Period]:
    yield Period(
        "Files of another system that are being brought in",
        counted(imports.KEPT_FOR.days, "day"),
        "the upload",
        "Deleted by the worker, and sooner when the file is brought in or dropped",
    )
    yield Period(
        "Email addresses that asked to follow a page and were not confirmed",
        counted(subscriptions.TO_CONFIRM.days, "day"),
        "the day on which they asked last",
        "Deleted by the worker",
    )
    yield Period(
        "Email addresses that follow a page",
        "As long as they follow it",
        "the confirmation",
        "Deleted when the owner stops the emails, when nothing arrives there, and when the person with "
        "that address is erased",
    )
    yield Period(
        "What other systems were told",
        counted(webhooks.REPLAYED.days, "day"),
        "what happened",
        "Deleted by the worker once it has arrived, and sooner when the webhook ends",
    )


def _mail_server() -> str:
    if settings.DEVELOPMENT:
        return "None: emails are written to files on the server"
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    return (
        f"{settings.EMAIL_HOST}, {'with' if encrypted else 'without'} encryption on the way there"
    )


def _text_provider() -> str:
    if settings.TEXT_MESSAGES in {"http", "twilio"}:
        return _host(settings.TEXT_MESSAGES_URL)
    return "None: no text messages are sent"


def _host(address: str) -> str:
    """Whose address it is. What comes after the host may be secret."""
    return urlsplit(address).hostname or ""


def _backups() -> str:
    if not settings.BACKUP_FOLDER:
        return "No backup is set up"
    return f"The folder {settings.BACKUP_FOLDER}, and wherever it is copied to"


def _systems() -> str:
    tokens = AccessToken.objects.valid(timezone.now()).order_by("given_to")
    said = [f"{each.given_to}: {each.scopes_in_words()}" for each in tokens]
    return ". ".join(said) or "None has a token that is valid"


def _calendars() -> str:
    feeds = CalendarFeed.objects.open()
    if not feeds:
        return "No private address is open"
    said = sorted({str(feed.get_says_display()) for feed in feeds})
    addresses = counted(len(feeds), "private address", "private addresses")
    return f"{addresses}. What an entry says: {', '.join(said)}"
