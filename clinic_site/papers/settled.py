"""What the settings of this installation say: who receives something, and how long it is kept."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
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
    # What patients read of it; empty if nothing about them goes there, or nothing at all here.
    notice: str


class Told(NamedTuple):
    """A row of the privacy notice: what is kept, and how long, as patients read it."""

    what: str
    kept: str


class Period(NamedTuple):
    """How long something is kept, counted from when, and what happens then."""

    what: str
    kept: str
    counted_from: str
    afterwards: str
    # None for what is not about patients.
    notice: Told | None


def recipients() -> list[Recipient]:
    """Everything to which the software hands something over. It sends to nobody else.

    What only some clinics have is listed where there is one: webhooks, and a time authority.
    """
    always = [*_of_messages(), *_of_copies(), *_of_programs(), *_of_operators()]
    return [*always, *_told_by_webhooks(), *_time_authority()]


def _of_messages() -> list[Recipient]:
    return [
        Recipient(
            "Mail server",
            "Email addresses of patients and colleagues, and emails with a reference and a private "
            "link. None says anything about health; day, time, place and clinician only if the patient "
            "agreed",
            _mail_server(),
            ""
            if settings.DEVELOPMENT
            else "**The company that delivers our emails:** your email address, and emails with a "
            "reference and a private link. No email says anything about health. It names the day, the "
            "place or the clinician only if you agreed. ‹Its name; the server is "
            f"{settings.EMAIL_HOST}›",
        ),
        Recipient(
            "Provider of text messages",
            "Phone numbers of patients who agreed, and texts with a reference. None says anything about "
            "health; the day and the time only if the patient agreed to that too",
            _text_provider(),
            "**The company that sends our text messages:** your phone number, if you agreed, and texts "
            "with a reference. No text says anything about health. It names the day and the time only "
            f"if you agreed to that too. ‹Its name; texts go to {_text_provider()}›"
            if _sends_texts()
            else "",
        ),
        Recipient(
            "The clinic’s inbox",
            "The reference of a request that needs attention, without a name",
            details().inbox or "Nobody is told",
            "",
        ),
    ]


def _of_copies() -> list[Recipient]:
    return [
        Recipient(
            "Place of the backups",
            "A copy of the whole database, encrypted",
            _backups(),
            "**Whoever keeps our backups:** an encrypted copy of everything. ‹Who that is›"
            if settings.BACKUP_FOLDER
            else "",
        ),
        Recipient(
            "Whoever keeps copies of the journals’ heads",
            "References, numbers and hashes, without names",
            settings.HEADS_TO or "Nobody is sent them; copies are files on the server",
            "**Whoever helps us notice a changed record:** references and numbers, without names. ‹Who "
            "that is›"
            if settings.HEADS_TO
            else "",
        ),
    ]


def _of_programs() -> list[Recipient]:
    return [
        Recipient(
            "Calendar programs",
            "Times of visits in one diary",
            _calendars(),
            "**The calendar programs of our clinicians:** the times of visits, and at most your "
            "initials. ‹Which programs›"
            if CalendarFeed.objects.open()
            else "",
        ),
        Recipient(
            "Other systems with a token",
            "What each token may read",
            _systems(),
            f"**Other systems of ours:** ‹Say it in plain words: {_systems()}›"
            if _tokens()
            else "",
        ),
    ]


def _of_operators() -> list[Recipient]:
    return [
        Recipient(
            "Whoever runs the server",
            "That many sign-ins failed, without names; what is wrong with the installation, which may "
            "include the usernames of colleagues who cannot sign in",
            settings.OPERATOR_EMAIL or "Nobody is told",
            "",
        ),
        Recipient(
            "Monitoring",
            "Numbers without names",
            "On, for whoever has the token" if settings.METRICS_TOKEN else "Off",
            "",
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
            "**Systems that hear when something happens:** what kind of thing, when, and the number of "
            "your request. No name, and nothing about health. ‹Say in plain words who they are: "
            f"{', '.join(each.given_to for each in told)}›",
        )


def _time_authority() -> Iterator[Recipient]:
    if settings.TIMESTAMP_URL:
        yield Recipient(
            "Time authority",
            "A hash of the newest checkpoint of the public log. It says nothing about anybody",
            _host(settings.TIMESTAMP_URL),
            "",
        )


def periods() -> list[Period]:
    """The table of retention in the settings, and then what has a period of its own."""
    return [*map(_of_rule, retention.rules()), *_other_periods(), *_from_outside_and_to_it()]


def _of_rule(rule: retention.Rule) -> Period:
    counted_from = rule.counted_in_words.replace("the person’s", "your")
    told = f"{rule.kept_in_words} after {counted_from}"
    if not rule.kind.goes:
        afterwards = (
            "Listed for managers, and two people decide about each person. Whoever was a child stays "
            f"until they are {retention.KEPT_UNTIL} at least, or a year longer if they were 17 when "
            "last seen"
        )
        told += (
            f". If you were under {retention.GROWN_UP} then, at least until you are "
            f"{retention.KEPT_UNTIL}, or {retention.KEPT_UNTIL + 1} if you were {retention.GROWN_UP - 1}"
        )
    elif retention.is_done_by_worker():
        afterwards = "Emptied automatically, once a day"
    else:
        afterwards = "Emptied when whoever runs the server starts it: nothing does so automatically"
    return Period(
        rule.kind.label,
        rule.kept_in_words,
        rule.counted_in_words,
        afterwards,
        Told(rule.kind.label, told),
    )


def _other_periods() -> Iterator[Period]:
    minutes = settings.PATIENT_SESSION_SECONDS // 60
    yield Period(
        "Answers in a form that was not sent",
        counted(minutes, "minute"),
        "the last step of the form",
        "Deleted by the worker",
        Told(
            "Answers in a form that you did not send",
            f"{counted(minutes, 'minute')} after your last step",
        ),
    )
    yield Period(
        "Sign-ins of colleagues, good and bad",
        counted(settings.SIGN_INS_KEPT_DAYS, "day"),
        "the sign-in",
        "Deleted by the worker",
        None,
    )
    yield Period(
        "In which browsers a colleague is signed in",
        f"{counted(settings.STAFF_IDLE_MINUTES, 'minute')} without a request, at most "
        f"{counted(settings.STAFF_SESSION_HOURS, 'hour')}",
        "the last request, and the sign-in",
        "Deleted by the worker",
        None,
    )
    if settings.BACKUP_FOLDER:
        days, weeks, months = (number for number, _ in RULE)
        yield Period(
            "Backups",
            f"The newest of each of {days} days, {weeks} weeks and {months} months",
            "the backup",
            "Deleted with the next backup. Whoever was erased since is erased again after a restore",
            Told("Backups", f"up to {counted(months, 'month')}"),
        )


def _from_outside_and_to_it() -> Iterator[Period]:
    yield Period(
        "Files of another system that are being brought in",
        counted(imports.KEPT_FOR.days, "day"),
        "the upload",
        "Deleted by the worker, and sooner when the file is brought in or dropped",
        Told(
            "A file from another system that we bring in",
            f"{counted(imports.KEPT_FOR.days, 'day')} at most",
        ),
    )
    yield Period(
        "Email addresses that asked to follow a page and were not confirmed",
        counted(subscriptions.TO_CONFIRM.days, "day"),
        "the day on which they asked last",
        "Deleted by the worker",
        Told(
            "An email address for news of a page that you never confirmed",
            counted(subscriptions.TO_CONFIRM.days, "day"),
        ),
    )
    yield Period(
        "Email addresses that follow a page",
        "As long as they follow it",
        "the confirmation",
        "Deleted when the owner stops the emails, when nothing arrives there, and when the person with "
        "that address is erased",
        Told("An email address for news of a page", "until you stop the emails"),
    )
    yield Period(
        "What other systems were told",
        counted(webhooks.REPLAYED.days, "day"),
        "what happened",
        "Deleted by the worker once it has arrived, and sooner when the webhook ends",
        Told(
            "What other systems were told",
            f"{counted(webhooks.REPLAYED.days, 'day')} after it happened",
        )
        if Webhook.objects.exists()
        else None,
    )


def _mail_server() -> str:
    if settings.DEVELOPMENT:
        return "None: emails are written to files on the server"
    encrypted = settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL
    return (
        f"{settings.EMAIL_HOST}, {'with' if encrypted else 'without'} encryption on the way there"
    )


def _text_provider() -> str:
    if _sends_texts():
        return _host(settings.TEXT_MESSAGES_URL)
    return "None: no text messages are sent"


def _sends_texts() -> bool:
    return settings.TEXT_MESSAGES in {"http", "twilio"}


def _host(address: str) -> str:
    """Whose address it is. What comes after the host may be secret."""
    return urlsplit(address).hostname or ""


def _backups() -> str:
    if not settings.BACKUP_FOLDER:
        return "No backup is set up"
    return f"The folder {settings.BACKUP_FOLDER}, and wherever it is copied to"


def _systems() -> str:
    said = [f"{each.given_to}: {each.scopes_in_words()}" for each in _tokens()]
    return ". ".join(said) or "None has a token that is valid"


def _tokens() -> QuerySet[AccessToken]:
    valid: QuerySet[AccessToken] = AccessToken.objects.valid(timezone.now()).order_by("given_to")
    return valid


def _calendars() -> str:
    feeds = CalendarFeed.objects.open()
    if not feeds:
        return "No private address is open"
    said = sorted({str(feed.get_says_display()) for feed in feeds})
    addresses = counted(len(feeds), "private address", "private addresses")
    return f"{addresses}. What an entry says: {', '.join(said)}"
