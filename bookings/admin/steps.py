"""What may be decided about a request: each step with its permission, form and verb."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import triage
from bookings.forms.staff import (
    AskForm,
    AttendanceForm,
    CallForm,
    ContactForm,
    DeclineForm,
    DeferForm,
    FlagForm,
)
from bookings.forms.times import BookForm, OfferForm, TakeOfferedForm
from bookings.models import Appointment, AppointmentRequest
from bookings.status import WITH_APPOINTMENT, RequestStatus
from bookings.to_phone import reason_to_phone
from procedures.decisions import Decision, DecisionForm

Values = dict[str, Any]


def _start_review(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.start_review(record, version=values["version"], by=by, now=now)
    return "In review. The patient sees that we are looking at it."


def _resolve_flag(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.resolve_flag(
        values["flag"],
        version=values["version"],
        outcome=values["outcome"],
        reason=values["reason"],
        by=by,
        now=now,
    )
    return "The outcome is recorded."


def _ask(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.ask(record, version=values["version"], text=values["text"], by=by, now=now)
    return "Asked. It comes back here when the patient answers."


def _book(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
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
    when = f"{timezone.localtime(booked.starts):%A %-d %B %Y, %H:%M}"
    return f"Booked with {booked.clinician.name}: {when}."


def _defer(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.defer(record, version=values["version"], until=values["until"], by=by, now=now)
    return f"Deferred. It comes back here on {values['until']:%A %-d %B %Y}."


def _decline(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.decline(record, version=values["version"], reason=values["reason"], by=by, now=now)
    return "Declined. The patient reads your reason behind their link."


def _cancel(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.cancel(record, version=values["version"], reason=values["reason"], by=by, now=now)
    return "Cancelled. The patient is told, and the time is free."


def _attendance(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    came = values["came"] == "yes"
    triage.record_attendance(record, version=values["version"], came=came, by=by, now=now)
    return "Recorded."


def _call(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    reached = values["reached"] == "yes"
    triage.record_call(record, reached=reached, note=values["note"], by=by, now=now)
    still = " They stay among the patients to phone." if reason_to_phone(record, now) else ""
    return f"Recorded.{still}"


def _contact(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.change_contact(
        record,
        version=values["version"],
        email=values["email"],
        phone=str(values["phone"] or ""),
        by=by,
        now=now,
    )
    return "Changed. A new e-mail address has a new link; the old one is dead."


def _renew_link(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.renew_link(record, version=values["version"], by=by, now=now)
    return "The old link is dead. A new one is on its way to the patient."


def _book_offered(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    booked = triage.book_offered(
        record, version=values["version"], chosen=values["chosen"], by=by, now=now
    )
    return _said_booked(booked)


def _take_back(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.take_offer_back(record, version=values["version"], by=by, now=now)
    return "The times are free for others. The request waits for us again."


def _leave(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.leave_as_it_is(record, version=values["version"], by=by, now=now)
    return "The appointment stays as it is, and the patient is told."


def _join_earlier(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.join_earlier_list(record, version=values["version"], by=by, now=now)
    return "On the earlier-time list."


def _leave_earlier(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
    triage.leave_earlier_list(record, version=values["version"], by=by, now=now)
    return "Off the earlier-time list."


def _offer(record: AppointmentRequest, values: Values, by: User, now: datetime) -> str:
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
        f"{timezone.localtime(starts):%a %-d %b %H:%M}" for starts in values["starts"]
    )
    until = f"{timezone.localtime(made.held_until):%A %-d %B, %H:%M}"
    return f"Offered with {made.clinician.name}: {times}. Held until {until}."


def _not_begun(record: AppointmentRequest, now: datetime) -> bool:
    """There is no appointment, or it is still to come."""
    appointment = triage.booked_appointment(record)
    return appointment is None or now < appointment.starts


def _begun(record: AppointmentRequest, now: datetime) -> bool:
    return not _not_begun(record, now)


def _may_have_time(record: AppointmentRequest, now: datetime) -> bool:
    return _not_begun(record, now) and not record.flags.blocking().exists()


def _not_listed(record: AppointmentRequest, now: datetime) -> bool:
    return _not_begun(record, now) and not record.earlier_asked_at


def _listed(record: AppointmentRequest, now: datetime) -> bool:
    return bool(record.earlier_asked_at)


DECISIONS = (
    Decision(
        "review",
        "Take into review",
        "review_appointmentrequest",
        {RequestStatus.RECEIVED},
        DecisionForm,
        _start_review,
        "The patient sees that we are looking at it.",
        leads_on={RequestStatus.RECEIVED},
    ),
    Decision(
        "reopen",
        "Open again",
        "review_appointmentrequest",
        {RequestStatus.LAPSED},
        DecisionForm,
        _start_review,
        "The request comes back into review, for example because the patient rang.",
    ),
    Decision(
        "offer",
        "Offer times",
        "offer_appointmentrequest",
        {RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW, RequestStatus.BOOKED},
        OfferForm,
        _offer,
        "Each time is held for this patient and nobody else until the offer ends. An appointment that "
        "they have already is kept until they take another. The e-mail says only until when to choose.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
        leads_on={RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW},
    ),
    Decision(
        "book",
        "Book by phone",
        "book_appointmentrequest",
        {RequestStatus.IN_REVIEW},
        BookForm,
        _book,
        "For a time that you have just agreed with the patient.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
    ),
    Decision(
        "move",
        "Move by phone",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        BookForm,
        _book,
        "For another time that you have just agreed with the patient. The old one is free for others "
        "at once.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
    ),
    Decision(
        "book-offered",
        "Book one of the offered times",
        "book_appointmentrequest",
        {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        TakeOfferedForm,
        _book_offered,
        "For a patient on the phone who takes one. The others are free at once.",
    ),
    Decision(
        "take-back",
        "Take the offer back",
        "offer_appointmentrequest",
        {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        DecisionForm,
        _take_back,
        "For a patient who rang because none of the times suits. An appointment that they have is "
        "kept.",
        is_grave=True,
    ),
    Decision(
        "leave",
        "Leave the appointment as it is",
        "book_appointmentrequest",
        {RequestStatus.BOOKED_IN_REVIEW},
        DecisionForm,
        _leave,
        "The patient is told that nothing changes.",
        open_when=_may_have_time,
    ),
    Decision(
        "join-earlier",
        "Put on the earlier-time list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        _join_earlier,
        "Whoever is on it is offered times that become free before their own.",
        open_when=_not_listed,
    ),
    Decision(
        "leave-earlier",
        "Take off the earlier-time list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        _leave_earlier,
        "They are offered no earlier times any more.",
        open_when=_listed,
    ),
    Decision(
        "ask",
        "Ask a question",
        "ask_appointmentrequest",
        {RequestStatus.IN_REVIEW},
        AskForm,
        _ask,
    ),
    Decision(
        "resolve-flag",
        "Record the outcome of a flag",
        "resolve_redflag",
        {RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW},
        FlagForm,
        _resolve_flag,
        "Only “proceed”, with a note or without, lets times be offered or booked. Nobody is told to "
        "stop a medicine.",
        leads_on={RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW},
    ),
    Decision(
        "defer",
        "Defer until a day",
        "defer_appointmentrequest",
        {RequestStatus.IN_REVIEW},
        DeferForm,
        _defer,
    ),
    Decision(
        "decline",
        "Decline",
        "decline_appointmentrequest",
        {RequestStatus.IN_REVIEW},
        DeclineForm,
        _decline,
        is_grave=True,
    ),
    Decision(
        "attendance",
        "Record whether the patient came",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        AttendanceForm,
        _attendance,
        open_when=_begun,
        leads_on=WITH_APPOINTMENT,
    ),
    Decision(
        "cancel",
        "Cancel the appointment",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DeclineForm,
        _cancel,
        "The time is free for others at once, and this request is closed. If they only need another "
        "time, move it or offer others instead.",
        open_when=_not_begun,
        is_grave=True,
    ),
    Decision(
        "call",
        "Record a phone call",
        "phone_appointmentrequest",
        set(RequestStatus),
        CallForm,
        _call,
    ),
    Decision(
        "contact",
        "Change contact details",
        "phone_appointmentrequest",
        set(RequestStatus),
        ContactForm,
        _contact,
        "For a patient on the phone. Ask for their date of birth first. The old address is told that "
        "there was a change.",
    ),
    Decision(
        "renew-link",
        "End the private link, send a new one",
        "review_appointmentrequest",
        set(RequestStatus),
        DecisionForm,
        _renew_link,
        "For a link that came into other hands. Every session that it opened ends, too.",
    ),
)
