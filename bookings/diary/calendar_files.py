"""An appointment as a file for the patient's own calendar (RFC 5545).

It is discreet: it gives neither the reason nor the clinician, and calendars are often shared, so it
has no private link. The UID is the request's, which has
one appointment at a time, and the SEQUENCE grows, so a calendar replaces its old entry, also when
an appointment is moved. Instants are in UTC, which every calendar shows in its owner's zone, even
if time zones change in the meantime.
"""

from collections.abc import Callable
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext
from icalendar import Alarm, Calendar, Event

from bookings.models import Appointment, AppointmentRequest
from bookings.status import AppointmentStatus
from procedures.ground import languages
from procedures.models.clinic import details

# Time to get ready and travel. Our own reminders come days before.
ALARM_BEFORE = timedelta(hours=2)


def invitation(appointment: Appointment) -> bytes:
    """The calendar file of an appointment.

    For a cancelled one, the file removes it from the calendar.
    """
    cancelled = appointment.status == AppointmentStatus.CANCELLED
    request = appointment.request
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Clinic site//Appointments//EN")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    event = Event()
    event.add("uid", f"{request.reference}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", request.version)
    event.add("dtstamp", (appointment.ended_at or appointment.booked_at).astimezone(UTC))
    event.add("dtstart", appointment.starts.astimezone(UTC))
    event.add("dtend", appointment.ends.astimezone(UTC))
    title = _beside_english(request, _title, " / ")
    event.add("summary", title)
    place = appointment.room.location if appointment.room else None
    event.add("location", place.address if place else details().address)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    if not cancelled:
        event.add("description", _beside_english(request, _description, "\n\n"))
        event.add_component(_alarm(title))
    calendar.add_component(event)
    file: bytes = calendar.to_ical()
    return file


def _title() -> str:
    return gettext("Appointment, %(clinic)s") % {"clinic": details().name}


def _description() -> str:
    """What to do if the patient cannot come."""
    use_link = gettext("If you cannot come, use the private link in our email to change or cancel.")
    if not details().phone:
        return use_link
    phone = {"clinic_phone": languages.left_to_right_in_text(details().phone)}
    return f"{use_link} {gettext('You can also phone us on %(clinic_phone)s.') % phone}"


def _beside_english(request: AppointmentRequest, say: Callable[[], str], between: str) -> str:
    """The words in the patient's language, and then in English, because a machine translated them."""
    with languages.spoken_in(""):
        english = say()
    with languages.spoken_in(request.language):
        return f"{say()}{between}{english}" if languages.is_foreign() else english


def _alarm(title: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", title)
    alarm.add("trigger", -ALARM_BEFORE)
    return alarm
