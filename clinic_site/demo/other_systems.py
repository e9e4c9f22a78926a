"""Other systems that the invented clinic told what happens: one was ended, one has fallen silent."""

from datetime import datetime, time

from bookings import webhooks
from bookings.models import Delivery, RequestEvent, Webhook
from bookings.status import Notice
from bookings.status.events import NOTICES, Event
from clinic_site.demo.timetable import Timetable

# Addresses that are set aside for examples (RFC 2606). Nothing is ever sent to them.
SCREEN = ("Screen in the waiting room (invented)", "https://screen.example/clinic")
THEATRE = ("Theatre list (invented)", "https://theatre-list.example/hook")
BY = "manager"
# Working days before today: made, ended, and since when nothing arrives.
MADE, ENDED, SILENT = (-25, time(11, 20)), (-9, time(16, 5)), (-6, time(15))
# A machine that is on and a program that is not.
NO_ANSWER = ConnectionRefusedError.__name__


def load(timetable: Timetable) -> None:
    """Make both, and tell the one in vain until it is turned off."""
    made, ended = timetable.at(*MADE), timetable.at(*ENDED)
    given_to, url = SCREEN
    at_visits = [Notice.ARRIVED, Notice.ENDED]
    screen = webhooks.add(given_to=given_to, url=url, notices=at_visits, by=BY, now=made)
    webhooks.end(screen, by=BY, now=ended)
    given_to, url = THEATRE
    of_visits = [Notice.BOOKED, Notice.MOVED, Notice.CANCELLED]
    _tell_in_vain(
        webhooks.add(given_to=given_to, url=url, notices=of_visits, by=BY, now=made), timetable
    )


def _tell_in_vain(webhook: Webhook, timetable: Timetable) -> None:
    """What happened since is queued and tried as it was told, and nothing arrives."""
    kinds = [event for event, notice in NOTICES.items() if notice in webhook.notices]
    since = RequestEvent.objects.filter(kind__in=kinds, at__gte=timetable.at(*SILENT))
    for event in since.select_related("request").order_by("at", "pk"):
        _try(until=event.at)
        webhooks.queue([event.request], Event(event.kind), at=event.at)
    _try(until=timetable.now)


def _try(*, until: datetime) -> None:
    """Try what is due until then, as the worker does."""
    while due := Delivery.objects.due(until).order_by("next_try", "pk").first():
        moment = due.next_try
        if taken := webhooks.take(due.pk, moment):
            webhooks.note_failure(taken, NO_ANSWER, moment)
