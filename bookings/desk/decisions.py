"""What may be decided about a request: each step with its permission, form and verb."""

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


OURS = {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}
# Whose free times for what, and from when: the link of a diary may choose them.
FREE_TIMES = ("appointment_type", "clinician", "from_day")

DECISIONS = (
    Decision(
        "review",
        "Start review",
        "review_appointmentrequest",
        {RequestStatus.RECEIVED},
        DecisionForm,
        acts.start_review,
        "The patient sees that we are looking at it.",
    ),
    Decision(
        "reopen",
        "Reopen",
        "review_appointmentrequest",
        {RequestStatus.LAPSED},
        DecisionForm,
        acts.start_review,
        "The request goes back into review, for example because the patient phoned.",
    ),
    Decision(
        "offer",
        "Offer times",
        "offer_appointmentrequest",
        {*OURS, RequestStatus.BOOKED},
        OfferForm,
        acts.offer,
        "We hold these times for this patient until the offer ends. If they already have an "
        "appointment, they keep it until they take another time. The email only says when they "
        "need to choose by.",
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
        "For a time you have just agreed with the patient.",
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
        "For another time you have just agreed with the patient. Others can book the old time "
        "straight away.",
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
        "For a patient on the phone who takes one of the times. Others can book the rest "
        "straight away.",
    ),
    Decision(
        "take-back",
        "Withdraw the offer",
        "offer_appointmentrequest",
        {RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        DecisionForm,
        acts.take_back,
        "For a patient who phoned because none of the times suits them. If they have an "
        "appointment, they keep it.",
        is_grave=True,
    ),
    Decision(
        "leave",
        "Keep the appointment",
        "book_appointmentrequest",
        {RequestStatus.BOOKED_IN_REVIEW},
        DecisionForm,
        acts.leave,
        "We tell the patient that nothing changes.",
        open_when=_may_have_time,
    ),
    Decision(
        "join-earlier",
        "Add to the cancellation list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        acts.join_earlier,
        "We will offer the patient times that become free before their own.",
        open_when=_not_listed,
    ),
    Decision(
        "leave-earlier",
        "Remove from the cancellation list",
        "book_appointmentrequest",
        WITH_APPOINTMENT,
        DecisionForm,
        acts.leave_earlier,
        "We will no longer offer the patient earlier times.",
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
        "You can offer or book times only after “Proceed” or “Proceed, with a note”. Do not "
        "tell anyone to stop a medicine.",
        leads_on=OURS,
        chosen_by_link=("flag",),
    ),
    Decision(
        "defer",
        "Defer to a later day",
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
        "Record attendance",
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
        "Others can book the time straight away, and this request is closed. If the patient "
        "only needs another time, move the appointment or offer other times instead.",
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
        "For a patient on the phone. Ask for their date of birth first. We tell the old "
        "address about the change.",
    ),
    Decision(
        "renew-link",
        "Replace the private link",
        "review_appointmentrequest",
        set(RequestStatus),
        DecisionForm,
        acts.renew_link,
        "For a link that someone else may have. The old link stops working, anyone using it is "
        "signed out, and the patient gets a new one by email.",
    ),
)
