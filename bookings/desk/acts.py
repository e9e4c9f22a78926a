"""What each decision does: one call of a verb, and a sentence on what came of it."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import triage
from bookings.desk.to_phone import reason_to_phone
from bookings.models import Appointment, AppointmentRequest

Values = dict[str, Any]


def start_review(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Take the request into review."""
    triage.start_review(record, version=values["version"], by=by, now=now)
    return "In review. The patient can see that we are looking at it."


def resolve_flag(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Record the outcome of a flag."""
    triage.resolve_flag(
        values["flag"],
        version=values["version"],
        outcome=values["outcome"],
        reason=values["reason"],
        by=by,
        now=now,
    )
    return "Outcome recorded."


def ask(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Ask the patient."""
    triage.ask(record, version=values["version"], text=values["text"], by=by, now=now)
    return "Question sent. The request comes back here when the patient answers."


def book(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Book the time that was agreed."""
    booked = triage.book(
        record,
        version=values["version"],
        appointment_type=values["appointment_type"],
        clinician=values["clinician"],
        starts=values["starts"],
        by=by,
        now=now,
    )
    return _said_booked(booked)


def _said_booked(booked: Appointment) -> str:
    when = f"{timezone.localtime(booked.starts):%A %-d %B %Y at %-H:%M}"
    return f"Booked with {booked.clinician.name}: {when}."


def defer(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Put the request aside until a day."""
    triage.defer(record, version=values["version"], until=values["until"], by=by, now=now)
    return f"Deferred. The request comes back here on {values['until']:%A %-d %B %Y}."


def decline(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Decline the request."""
    triage.decline(record, version=values["version"], reason=values["reason"], by=by, now=now)
    return "Declined. The patient can read your reason through their private link."


def cancel(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Cancel the appointment."""
    triage.cancel(record, version=values["version"], reason=values["reason"], by=by, now=now)
    return "Cancelled. We will tell the patient, and others can book the time."


def attendance(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Write down whether the patient came."""
    came = values["came"] == "yes"
    triage.record_attendance(record, version=values["version"], came=came, by=by, now=now)
    return "Recorded."


def call(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Write down what came of a call."""
    reached = values["reached"] == "yes"
    triage.record_call(record, reached=reached, note=values["note"], by=by, now=now)
    still = (
        " The patient stays on the list of patients to phone."
        if reason_to_phone(record, now)
        else ""
    )
    return f"Recorded.{still}"


def contact(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Change how the patient is reached."""
    had_texts = record.text_messages
    triage.change_contact(
        record,
        version=values["version"],
        email=values["email"],
        phone=str(values["phone"] or ""),
        by=by,
        now=now,
    )
    ended = had_texts and not record.text_messages
    texts = (
        (" We will not send them text messages any more, because this is not a mobile number.")
        if ended
        else ""
    )
    return (
        "Contact details changed. If the email address is new, we will send it a new private "
        f"link, and the old link has stopped working.{texts}"
    )


def renew_link(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """End the private link, send a new one."""
    triage.renew_link(record, version=values["version"], by=by, now=now)
    return "The old link has stopped working. We are emailing the patient a new one."


def book_offered(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Book one of the offered times."""
    booked = triage.book_offered(
        record, version=values["version"], chosen=values["chosen"], by=by, now=now
    )
    return _said_booked(booked)


def take_back(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Take the offer back."""
    triage.take_offer_back(record, version=values["version"], by=by, now=now)
    return "Offer withdrawn. Others can book the times, and the request is waiting for us again."


def leave(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Leave the appointment as it is."""
    triage.leave_as_it_is(record, version=values["version"], by=by, now=now)
    return "Appointment kept. We will tell the patient."


def join_earlier(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Put the patient on the earlier-time list."""
    triage.join_earlier_list(record, version=values["version"], by=by, now=now)
    return "Added to the cancellation list."


def leave_earlier(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Take the patient off the earlier-time list."""
    triage.leave_earlier_list(record, version=values["version"], by=by, now=now)
    return "Removed from the cancellation list."


def offer(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    """Offer the chosen times."""
    made = triage.offer(
        record,
        version=values["version"],
        appointment_type=values["appointment_type"],
        clinician=values["clinician"],
        starts=values["starts"],
        held_until=values["held_until"] or triage.usual_hold(values["starts"], now),
        by=by,
        now=now,
    )
    times = ", ".join(
        f"{timezone.localtime(starts):%a %-d %b %-H:%M}" for starts in values["starts"]
    )
    until = f"{timezone.localtime(made.held_until):%A %-d %B at %-H:%M}"
    return f"Offered with {made.clinician.name}: {times}. Held until {until}."
