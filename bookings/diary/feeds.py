"""The diary of a clinician or a room as a calendar that a program reads again and again (RFC 5545).

The address is the only key, and calendars are often shared, so an entry names neither the reason
nor the patient, at most their initials. Nothing is stored that opens it: the address is made from
the row under SECRET_KEY. Instants are in UTC, as in the file for a patient (`calendar_files`). The
clinic's zone is in it as well, because a calendar has to contain something (RFC 5545, 3.6).
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.db.models import Q, QuerySet
from django.urls import reverse
from icalendar import Calendar, Event, vDuration

from bookings.diary.clinic_zone import clinic_zone
from bookings.models import Appointment, CalendarFeed, Resource
from bookings.status import AppointmentStatus, FeedWords
from procedures.models.clinic import details

SALT = "bookings.calendar_feed"
# What a calendar needs of the past, and how often it should ask.
BACK = timedelta(days=30)
ASK_AGAIN = timedelta(minutes=15)
# For how many more years it says when the clocks change.
YEARS_AHEAD = 2
# How exactly we keep when it last asked: not a write for every reading.
READ_TO_THE = timedelta(hours=1)
SHOWN = (AppointmentStatus.BOOKED, AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW)


def make_feed(resource: Resource, *, says: FeedWords, by: str, now: datetime) -> CalendarFeed:
    """A new private address for this diary."""
    return CalendarFeed.objects.create(resource=resource, says=says, made_by=by, made_at=now)


def end_feed(feed: CalendarFeed, *, by: str, now: datetime) -> None:
    """End the address for good. The first to say so counts."""
    CalendarFeed.objects.open().filter(pk=feed.pk).update(ended_at=now, ended_by=by)


def address_of(feed: CalendarFeed) -> str:
    """The full private address. Built from a setting, never from a Host header."""
    token = signing.Signer(salt=SALT).sign(str(feed.pk))
    return f"{settings.SITE_URL}{reverse('bookings:calendar_feed', args=[token])}"


def feed_at(token: str) -> CalendarFeed | None:
    """The feed with this token; None if it is none of ours, or has ended."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return CalendarFeed.objects.open().select_related("resource").filter(pk=pk).first()


def note_reading(feed: CalendarFeed, now: datetime) -> None:
    """Keep when a program last asked, to the hour, so that a forgotten address can be found."""
    stale = Q(last_read=None) | Q(last_read__lte=now - READ_TO_THE)
    CalendarFeed.objects.filter(stale, pk=feed.pk).update(last_read=now)


def calendar(feed: CalendarFeed, now: datetime) -> bytes:
    """The calendar: appointments from 30 days ago on. It is the same as long as the diary is."""
    made = Calendar()
    made.add("version", "2.0")
    made.add("prodid", "-//Clinic site//Diary//EN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", f"{feed.resource}, {details().name}")
    made.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", vDuration(ASK_AGAIN))
    made.add_component(clinic_zone((now - BACK).year, now.year + YEARS_AHEAD))
    for appointment in _appointments(feed.resource, now):
        made.add_component(_entry(feed, appointment))
    content: bytes = made.to_ical()
    return content


def _appointments(resource: Resource, now: datetime) -> QuerySet[Appointment]:
    whose = Q(clinician=resource.clinician_id) if resource.clinician_id else Q(room=resource)
    shown = Appointment.objects.filter(whose, status__in=SHOWN, starts__gte=now - BACK)
    return shown.select_related("request", "room__location").order_by("starts", "pk")


def _entry(feed: CalendarFeed, appointment: Appointment) -> Event:
    entry = Event()
    entry.add("uid", f"diary-{appointment.pk}@{urlsplit(settings.SITE_URL).hostname}")
    entry.add("dtstamp", appointment.booked_at.astimezone(UTC))
    entry.add("dtstart", appointment.starts.astimezone(UTC))
    entry.add("dtend", appointment.ends.astimezone(UTC))
    entry.add("summary", _summary(feed, appointment))
    if appointment.room:
        entry.add("location", f"{appointment.room}, {appointment.room.location}")
    entry.add("class", "PRIVATE")
    entry.add("status", "CONFIRMED")
    return entry


def _summary(feed: CalendarFeed, appointment: Appointment) -> str:
    if feed.says == FeedWords.BOOKED:
        return "Booked"
    return "".join(f"{word[0]}." for word in appointment.request.name.split())
