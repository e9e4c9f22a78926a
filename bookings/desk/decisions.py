"""The decisions about a request: each with its permission, form and verb."""

from datetime import datetime

from bookings import triage
from bookings.desk import acts
from bookings.desk.forms.decisions import (
    AskForm,
    AttendanceForm,
    CallForm,
    ContactForm,
    DeclineForm,
    DeferForm,
    FlagForm,
)
from bookings.desk.forms.times import BookForm, OfferForm, TakeOfferedForm
from bookings.models import AppointmentRequest
from bookings.status import WITH_APPOINTMENT, RequestStatus
from procedures.ground.decisions import Decision, DecisionForm


def _not_begun(record: AppointmentRequest, now: datetime) -> bool:
    """Whether there is no appointment, or it has not begun yet."""
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


OURS = {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}
# The diary links here with the clinician, the type and the day already chosen.
FREE_TIMES = ("appointment_type", "clinician", "from_day")

DECISIONS = (
    Decision(
        "review",
        "Take into review",
        "review_appointmentrequest",
        {RequestStatus.RECEIVED},
        DecisionForm,
        acts.start_review,
        "The patient sees that we are looking at it.",
    ),
    Decision(
        "reopen",
        "Open again",
        "review_appointmentrequest",
        {RequestStatus.LAPSED},
        DecisionForm,
        acts.start_review,
        "The request comes back into review, for example because the patient rang.",
    ),
    Decision(
        "offer",
        "Offer times",
        "offer_appointmentrequest",
        {*OURS, RequestStatus.BOOKED},
        OfferForm,
        acts.offer,
        "Each time is held for this patient and nobody else until the offer ends. An appointment that "
        "they have already is kept until they take another. The e-mail says only until when to choose.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
        leads_on=OURS,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        "book",
        "Book by phone",
        "book_appointmentrequest",
        {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        BookForm,
        acts.book,
        "For a time that you have just agreed with the patient.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        "move",
        "Move by phone",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        BookForm,
        acts.book,
        "For another time that you have just agreed with the patient. The old one is free for others "
        "at once.",
        "admin/bookings/times.html",
        open_when=_may_have_time,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        "book-offered",
        "Book one of the offered times",
        "book_appointmentrequest",
        {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        TakeOfferedForm,
        acts.book_offered,
        "For a patient on the phone who takes one. The others are free at once.",
    ),
    Decision(
        "take-back",
        "Take the offer back",
        "offer_appointmentrequest",
        {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        DecisionForm,
        acts.take_back,
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
        acts.leave,
        "The patient is told that nothing changes.",
        open_when=_may_have_time,
    ),
    Decision(
        "join-earlier",
        "Put on the earlier-time list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        acts.join_earlier,
        "Whoever is on it is offered times that become free before their own.",
        open_when=_not_listed,
    ),
    Decision(
        "leave-earlier",
        "Take off the earlier-time list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        acts.leave_earlier,
        "They are offered no earlier times any more.",
        open_when=_listed,
    ),
    Decision(
        "ask",
        "Ask a question",
        "ask_appointmentrequest",
        {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        AskForm,
        acts.ask,
    ),
    Decision(
        "resolve-flag",
        "Record the outcome of a flag",
        "resolve_redflag",
        OURS,
        FlagForm,
        acts.resolve_flag,
        "Only “proceed”, with a note or without, lets times be offered or booked. Nobody is told to "
        "stop a medicine.",
        leads_on=OURS,
        chosen_by_link=("flag",),
    ),
    Decision(
        "defer",
        "Defer until a day",
        "defer_appointmentrequest",
        {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        DeferForm,
        acts.defer,
    ),
    Decision(
        "decline",
        "Decline",
        "decline_appointmentrequest",
        {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        DeclineForm,
        acts.decline,
        is_grave=True,
    ),
    Decision(
        "attendance",
        "Record whether the patient came",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        AttendanceForm,
        acts.attendance,
        open_when=_begun,
        leads_on=WITH_APPOINTMENT,
    ),
    Decision(
        "cancel",
        "Cancel the appointment",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DeclineForm,
        acts.cancel,
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
        acts.call,
    ),
    Decision(
        "contact",
        "Change contact details",
        "phone_appointmentrequest",
        set(RequestStatus),
        ContactForm,
        acts.contact,
        "For a patient on the phone. Ask for their date of birth first. The old address is told that "
        "there was a change.",
    ),
    Decision(
        "renew-link",
        "End the private link, send a new one",
        "review_appointmentrequest",
        set(RequestStatus),
        DecisionForm,
        acts.renew_link,
        "For a link that came into other hands. Every session that it opened ends, too.",
    ),
)
