"""The decisions about a request: each with its permission, form and verb."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from bookings import diary, triage
from bookings.desk import acts
from bookings.desk.forms.after_visit import FollowUpForm
from bookings.desk.forms.decisions import (
    AnswerForm,
    AskForm,
    BirthDateForm,
    CallForm,
    CancelForm,
    ContactForm,
    DeclineForm,
    DeferForm,
    FlagForm,
    NameForm,
    OpenAnswersForm,
    SendAgainForm,
    WhoAsksForm,
)
from bookings.desk.forms.letters import LetterForm
from bookings.desk.forms.people import HandOverForm, NoteForm
from bookings.desk.forms.safety import AskSafetyForm
from bookings.desk.forms.times import BookForm, OfferForm, TakeOfferedForm
from bookings.desk.letters import open_sheet
from bookings.messages.outbox import takes_texts
from bookings.messages.still_true import kinds_on_paper, on_their_way
from bookings.models import AppointmentRequest
from bookings.screening import is_unheard
from bookings.status import ENDED, WITH_APPOINTMENT, WITHDRAWABLE, RequestStatus, VisitStep
from procedures.ground.decisions import Decision


def not_begun(record: AppointmentRequest, now: datetime) -> bool:
    """Whether there is no appointment, or it has not begun yet."""
    appointment = triage.booked_appointment(record)
    return appointment is None or now < appointment.starts


def _is_heard(record: AppointmentRequest, now: datetime) -> bool:
    return not is_unheard(record)


def _may_be_cancelled(record: AppointmentRequest, now: datetime) -> bool:
    return not_begun(record, now) and _is_heard(record, now)


def _may_have_time(record: AppointmentRequest, now: datetime) -> bool:
    is_blocked = record.awaits_answers or any(flag.is_blocking() for flag in record.flags.all())
    return not_begun(record, now) and not is_blocked


def _has_flag(record: AppointmentRequest, now: datetime) -> bool:
    return bool(record.flags.all())


def _not_listed(record: AppointmentRequest, now: datetime) -> bool:
    return not_begun(record, now) and not record.earlier_asked_at


def _listed(record: AppointmentRequest, now: datetime) -> bool:
    return bool(record.earlier_asked_at)


def _has_recall(record: AppointmentRequest, now: datetime) -> bool:
    return triage.planned_recall(record) is not None


def _keeps(record: AppointmentRequest, now: datetime) -> bool:
    return diary.kept_for(record, now) is not None


def _has_email(record: AppointmentRequest, now: datetime) -> bool:
    return bool(record.email)


def _has_email_or_text(record: AppointmentRequest, now: datetime) -> bool:
    return bool(record.email) or takes_texts(record)


def _is_left(record: AppointmentRequest, now: datetime) -> bool:
    return record.emptied_at is None


def _can_be_printed(record: AppointmentRequest, now: datetime) -> bool:
    kinds = kinds_on_paper(record, now)
    return bool(kinds) and bool({*kinds} - on_their_way(record, now))


def _is_possible(step: VisitStep, record: AppointmentRequest, now: datetime) -> bool:
    """Whether the step can be recorded about the visit now."""
    if step == VisitStep.MISSED and is_unheard(record):
        return False
    appointment = triage.latest_appointment(record)
    return appointment is not None and step in triage.possible_steps(appointment, now)


# What is recorded on the day of a visit, with one press each: the verb, and what to say.
ON_THE_DAY: tuple[tuple[VisitStep, Callable[..., Any], Callable[..., str]], ...] = (
    (VisitStep.ARRIVED, triage.record_arrival, acts.said_presence),
    (VisitStep.CALLED_IN, triage.call_in, acts.said_presence),
    (VisitStep.ATTENDED, partial(triage.record_attendance, came=True), acts.said_presence),
    (VisitStep.MISSED, partial(triage.record_attendance, came=False), acts.said_presence),
    (VisitStep.UNDO, triage.undo_attendance, acts.said_undone),
)
OURS = {RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, RequestStatus.BOOKED_IN_REVIEW}
# Where something that the patient gave back may still be kept for them.
GIVEN_BACK = {
    RequestStatus.CLOSED,
    RequestStatus.WITHDRAWN,
    RequestStatus.IN_REVIEW,
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
}
# The diary links here with the clinician, the type and the day or the time already chosen.
FREE_TIMES = ("appointment_type", "clinician", "from_day", "at")

DECISIONS = (
    Decision(
        slug="review",
        label="Start review",
        permission="review_appointmentrequest",
        statuses={RequestStatus.RECEIVED},
        verb=triage.start_review,
        said="In review. The patient can see that we are looking at it.",
        explanation="The patient sees that we are looking at it.",
    ),
    Decision(
        slug="reopen",
        label="Reopen",
        permission="review_appointmentrequest",
        statuses={RequestStatus.LAPSED, RequestStatus.DEFERRED},
        verb=triage.start_review,
        said="In review. The patient can see that we are looking at it.",
        explanation="The request goes back into review, for example because the patient phoned.",
    ),
    Decision(
        slug="offer",
        label="Offer times",
        permission="offer_appointmentrequest",
        statuses={*OURS, RequestStatus.BOOKED},
        form=OfferForm,
        verb=acts.offer,
        said=acts.said_offered,
        explanation=(
            "We hold these times for this patient until the offer ends. If they already have an "
            "appointment, they keep it until they take another time. Our message only says when they "
            "need to choose by."
        ),
        template="admin/bookings/times.html",
        open_when=_may_have_time,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        slug="book",
        label="Book by phone",
        permission="book_appointmentrequest",
        statuses={RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        form=BookForm,
        verb=triage.book,
        said=acts.said_booked,
        explanation="For a time you have just agreed with the patient.",
        template="admin/bookings/times.html",
        open_when=_may_have_time,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        slug="move",
        label="Move by phone",
        permission="book_appointmentrequest",
        statuses=WITH_APPOINTMENT,
        form=BookForm,
        verb=triage.book,
        said=acts.said_booked,
        explanation=(
            "For another time you have just agreed with the patient. Others can book the old time "
            "straight away."
        ),
        template="admin/bookings/times.html",
        open_when=_may_have_time,
        chosen_by_link=FREE_TIMES,
    ),
    Decision(
        slug="book-offered",
        label="Book one of the offered times",
        permission="book_appointmentrequest",
        statuses={RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        form=TakeOfferedForm,
        verb=triage.book_offered,
        said=acts.said_booked,
        explanation=(
            "For a patient on the phone who takes one of the times. Others can book the rest "
            "straight away."
        ),
    ),
    Decision(
        slug="take-back",
        label="Withdraw the offer",
        permission="offer_appointmentrequest",
        statuses={RequestStatus.OFFERED, RequestStatus.BOOKED_OFFERED},
        verb=triage.take_offer_back,
        said="Offer withdrawn. Others can book the times, and the request is waiting for us again.",
        explanation=(
            "For a patient who phoned because none of the times suits them. If they have an "
            "appointment, they keep it."
        ),
        is_destructive=True,
    ),
    Decision(
        slug="leave",
        label="Keep the appointment",
        permission="book_appointmentrequest",
        statuses={RequestStatus.BOOKED_IN_REVIEW},
        verb=triage.leave_as_it_is,
        said="Appointment kept. We will tell the patient.",
        explanation="We tell the patient that nothing changes.",
        open_when=_may_have_time,
    ),
    Decision(
        slug="join-earlier",
        label="Add to the cancellation list",
        permission="book_appointmentrequest",
        statuses=WITH_APPOINTMENT,
        verb=triage.join_earlier_list,
        said="Added to the cancellation list.",
        explanation="We will offer the patient times that become free before their own.",
        open_when=_not_listed,
    ),
    Decision(
        slug="leave-earlier",
        label="Remove from the cancellation list",
        permission="book_appointmentrequest",
        statuses=WITH_APPOINTMENT,
        verb=triage.leave_earlier_list,
        said="Removed from the cancellation list.",
        explanation="We will no longer offer the patient earlier times.",
        open_when=_listed,
    ),
    Decision(
        slug="ask",
        label="Ask a question",
        permission="ask_appointmentrequest",
        statuses={RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        form=AskForm,
        verb=triage.ask,
        said="Question sent. The request comes back here when the patient answers.",
        template="admin/bookings/ask.html",
    ),
    Decision(
        slug="answer",
        label="Note the answer",
        permission="ask_appointmentrequest",
        statuses={RequestStatus.QUESTION_ASKED},
        form=AnswerForm,
        verb=triage.answer_question,
        said="Answer noted. The request is waiting for us again.",
        explanation="For a patient who answers our question on the phone.",
        template="admin/bookings/answer.html",
    ),
    Decision(
        slug="safety",
        label="Ask the safety questions",
        permission="ask_appointmentrequest",
        statuses=set(RequestStatus) - ENDED,
        form=AskSafetyForm,
        verb=triage.answer_again,
        said=acts.said_answers,
        explanation=(
            "For a patient on the phone or at the front desk, whose answers are missing, old or wrong. "
            "Ask for their date of birth first. What they said before stays in the request."
        ),
        template="admin/bookings/ask_safety.html",
        open_when=not_begun,
        chosen_by_link=("ask",),
    ),
    Decision(
        slug="resolve-flag",
        label="Record an outcome",
        permission="resolve_redflag",
        statuses=OURS,
        form=FlagForm,
        verb=acts.resolve_flag,
        said=acts.said_outcome,
        explanation=(
            "You can offer or book times only after “Proceed” or “Proceed, with a note”. Do not "
            "tell anyone to stop a medicine."
        ),
        open_when=_has_flag,
        chosen_by_link=("flag",),
    ),
    Decision(
        slug="defer",
        label="Defer to a later day",
        permission="defer_appointmentrequest",
        statuses={RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        form=DeferForm,
        verb=triage.defer,
        said=acts.said_deferred,
    ),
    Decision(
        slug="decline",
        label="Decline",
        permission="decline_appointmentrequest",
        statuses={RequestStatus.RECEIVED, RequestStatus.IN_REVIEW},
        form=DeclineForm,
        verb=triage.decline,
        said=(
            "Declined. The patient can read your reason through their private link. We tell them in 3 "
            "minutes. Until then you can undo it here."
        ),
        open_when=_is_heard,
        is_destructive=True,
    ),
    Decision(
        slug="withdraw",
        label="Withdraw the request",
        permission="book_appointmentrequest",
        statuses=WITHDRAWABLE,
        verb=triage.withdraw,
        said=acts.said_withdrawn,
        explanation=(
            "For a patient on the phone who no longer wants an appointment. Ask for their date of birth "
            "first. If we have offered them times, we keep those for an hour, and until then you can "
            "undo it. Otherwise you cannot undo it."
        ),
        open_when=_is_heard,
        is_destructive=True,
    ),
    *(
        Decision(
            slug=step,
            label=step.label,
            permission="book_appointmentrequest",
            statuses={RequestStatus.CLOSED, *WITH_APPOINTMENT},
            verb=verb,
            said=said,
            open_when=partial(_is_possible, step),
        )
        for step, verb, said in ON_THE_DAY
    ),
    Decision(
        slug="cancel",
        label="Cancel the appointment",
        permission="book_appointmentrequest",
        statuses=WITH_APPOINTMENT,
        form=CancelForm,
        verb=triage.cancel,
        said="Cancelled. We tell the patient in 3 minutes. Until then you can undo it here.",
        explanation=(
            "Others can book the time straight away, and this request is closed. If the patient "
            "only needs another time, move the appointment or offer other times instead."
        ),
        template="admin/bookings/cancel.html",
        open_when=_may_be_cancelled,
        is_destructive=True,
    ),
    Decision(
        slug="undo",
        label="Undo",
        permission="book_appointmentrequest",
        statuses={RequestStatus.DECLINED, RequestStatus.CLOSED},
        verb=triage.undo,
        said=acts.said_undone_in_time,
        explanation=(
            "The request is again as it was before it was declined or closed. The patient has not been "
            "told yet, and hears nothing."
        ),
        open_when=triage.can_be_undone,
    ),
    Decision(
        slug="undo-for-them",
        label="Undo it for the patient",
        permission="book_appointmentrequest",
        statuses=GIVEN_BACK,
        verb=triage.undo_giving_back,
        said=acts.said_after_all,
        explanation=(
            "For a patient on the phone who changed their mind. Ask for their date of birth first. They "
            "have their time again."
        ),
        open_when=_keeps,
    ),
    Decision(
        slug="free-now",
        label="Free the time now",
        permission="book_appointmentrequest",
        statuses=GIVEN_BACK,
        verb=triage.free_now,
        said="Others can have the time now. The patient can no longer undo what they did.",
        explanation=(
            "The patient gave this time back and can undo that for an hour. Free it only if somebody "
            "needs it sooner: the patient can no longer undo it then."
        ),
        open_when=_keeps,
        is_destructive=True,
    ),
    Decision(
        slug="follow-up",
        label="Follow-up",
        permission="book_appointmentrequest",
        statuses={RequestStatus.CLOSED, *WITH_APPOINTMENT},
        form=FollowUpForm,
        verb=acts.follow_up,
        said=acts.said_follow_up,
        explanation=(
            "Another visit with what we know of the patient: book it now, or plan to ask them when "
            "the time comes."
        ),
        template="admin/bookings/follow_up.html",
        open_when=triage.may_follow_up,
    ),
    Decision(
        slug="recall-back",
        label="Do not ask about a follow-up",
        permission="book_appointmentrequest",
        statuses={RequestStatus.CLOSED, *WITH_APPOINTMENT},
        verb=triage.take_recall_back,
        said="We will not ask the patient about a follow-up.",
        explanation="For a patient who does not want to be asked, or has arranged it already.",
        open_when=_has_recall,
    ),
    Decision(
        slug="send-again",
        label="Send again",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=SendAgainForm,
        verb=triage.send_again,
        said="It is on its way to the address that we have now.",
        explanation=(
            "For a patient who has not received a message. It goes to the address that we have now, "
            "and the private link stays as it is."
        ),
        template="admin/bookings/send_again.html",
        open_when=_has_email_or_text,
    ),
    Decision(
        slug="letter",
        label="Print a letter",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=LetterForm,
        verb=triage.print_letter,
        file=open_sheet,
        said="",
        explanation=(
            "For a patient without email, or who would rather have it on paper. It says the same as our "
            "email, with day, time and place. What it tells is no longer on the list to phone."
        ),
        open_when=_can_be_printed,
    ),
    Decision(
        slug="call",
        label="Record a call",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=CallForm,
        verb=triage.record_call,
        said=acts.said_called,
        template="admin/bookings/call.html",
    ),
    Decision(
        slug="note",
        label="Write a note",
        permission="note_person",
        statuses=set(RequestStatus),
        form=NoteForm,
        verb=triage.write_note,
        said="Note written.",
        explanation="For colleagues. The patient does not see it.",
    ),
    Decision(
        slug="hand-over",
        label="Hand over",
        permission="hand_over_appointmentrequest",
        statuses=set(RequestStatus),
        form=HandOverForm,
        verb=triage.hand_over,
        said=acts.said_handed_over,
        template="admin/bookings/people/hand_over.html",
    ),
    Decision(
        slug="open-answers",
        label="Read the answers",
        permission="open_answers_appointmentrequest",
        statuses=set(RequestStatus),
        form=OpenAnswersForm,
        verb=triage.open_answers,
        said="You can read the answers of this request today.",
        explanation="Say why you need them. A manager sees that you opened them, and why.",
    ),
    Decision(
        slug="contact",
        label="Change contact details",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=ContactForm,
        verb=acts.contact,
        said=acts.said_contact,
        explanation=(
            "For a patient on the phone. Ask for their date of birth first. We tell the old "
            "address about the change."
        ),
    ),
    Decision(
        slug="birth-date",
        label="Correct the date of birth",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=BirthDateForm,
        verb=triage.correct_birth_date,
        said=acts.said_birth_date,
        explanation=(
            "For a date that was typed wrongly. The patient needs the right one to see their request. "
            "Answers that depend on their age follow it."
        ),
    ),
    Decision(
        slug="name",
        label="Correct the name",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=NameForm,
        verb=triage.correct_name,
        said=acts.said_name,
        explanation=(
            "For a name that is wrong. Ask for their date of birth first. The patient needs the right "
            "name to find a lost link, and we know them by it when they ask again. A note keeps what it "
            "was."
        ),
        open_when=_is_left,
    ),
    Decision(
        slug="who-asks",
        label="Correct who asks for them",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        form=WhoAsksForm,
        verb=triage.correct_carer,
        said=acts.said_carer,
        explanation=(
            "For a wrong name of the person who asks for the patient, or when somebody else asks from "
            "now on. Ask for the patient’s date of birth first. It is corrected on this request alone, "
            "and a note keeps who it was. If the email address or the phone number is the old one’s, "
            "change the contact details first, and then replace the private link: whoever has it can "
            "still open it."
        ),
        open_when=_is_left,
    ),
    Decision(
        slug="renew-code",
        label="Make a new code",
        permission="phone_appointmentrequest",
        statuses=set(RequestStatus),
        verb=triage.renew_code,
        said=acts.said_code,
        explanation=(
            "For a patient on the phone who cannot open the private link, or has lost the code. Ask "
            "for their date of birth first. We show you the code once. The old code stops working."
        ),
    ),
    Decision(
        slug="renew-link",
        label="Replace the private link",
        permission="review_appointmentrequest",
        statuses=set(RequestStatus),
        verb=triage.renew_link,
        said="The old link has stopped working. We are emailing the patient a new one.",
        explanation=(
            "For a link that someone else may have. The old link stops working, anyone using it is "
            "signed out, and the patient gets a new one by email."
        ),
        open_when=_has_email,
    ),
)
