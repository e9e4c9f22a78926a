"""What the desk adds to a verb, where it adds anything: its arguments, and what to tell a colleague."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import triage
from bookings.desk.owners import owner_in_words
from bookings.desk.to_phone import reason_to_phone
from bookings.links import spoken
from bookings.messages.outbox import takes_texts
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Message,
    Offer,
    PhoneCall,
    Recall,
    RedFlag,
)
from bookings.screening import GivenAnswer, urgent_answers_given_last
from bookings.status import WITH_APPOINTMENT, RequestStatus
from procedures.ground.decisions import Said

# What a request of the same person takes over from an earlier one.
TAKEN_OVER = (
    "name",
    "date_of_birth",
    "carer_name",
    "carer_right",
    "phone",
    "email",
    "text_messages",
    "voicemail",
    "detail_in_messages",
    "access_needs",
    "access_detail",
    "preferred_days",
    "preferred_times",
    "wished_clinician",
)


def resolve_flag(
    record: AppointmentRequest, *, flag: RedFlag, by: User, now: datetime, **values: Any
) -> RedFlag:
    """Record the outcome of the chosen flag."""
    return triage.resolve_flag(flag, by=by, now=now, **values)


def said_outcome(flag: RedFlag) -> str:
    """What was decided."""
    return f"Outcome recorded: {flag.get_outcome_display().lower()}."


def offer(
    record: AppointmentRequest,
    *,
    starts: list[datetime],
    held_until: datetime | None,
    by: User,
    now: datetime,
    **values: Any,
) -> Offer:
    """Offer the chosen times, held for the usual time if nobody chose another."""
    current = triage.booked_appointment(record)
    held_until = held_until or triage.usual_hold(starts, now, current)
    return triage.offer(record, starts=starts, held_until=held_until, by=by, now=now, **values)


class ContactChanged(NamedTuple):
    """What a change of the contact details means for the patient."""

    ends_texts: bool
    has_new_email: bool
    needs_code: bool


def contact(
    record: AppointmentRequest, *, by: User, now: datetime, **values: Any
) -> ContactChanged:
    """Change how we reach the patient."""
    had_texts, had_email = record.text_messages, record.email
    wants_texts = values.get("text_messages", had_texts)
    triage.change_contact(record, by=by, now=now, **values)
    return ContactChanged(
        ends_texts=had_texts and wants_texts and not record.text_messages,
        has_new_email=bool(record.email) and record.email != had_email,
        needs_code=bool(had_email and not record.email),
    )


def said_birth_date(record: AppointmentRequest) -> str:
    """The date that we have now, and whether somebody has to look at it."""
    said = f"Date of birth corrected: {record.date_of_birth:%-d %B %Y}."
    if record.flags.blocking().exists():
        return f"{said} A clinician has to record the outcome of a flag."
    return said


def said_name(changed: list[AppointmentRequest]) -> Said:
    """The name that we have now, on how many requests, and which letters still have the old one."""
    on = "this request" if len(changed) == 1 else f"{len(changed)} of their requests"
    printed = Message.objects.to_post().filter(request__in=changed).select_related("request")
    letters = sorted({each.request.reference for each in printed})
    again = f"A letter with the old name is printed. Print it again: {', '.join(letters)}."
    return Said(f"Name corrected on {on}: {changed[0].name}.", again if letters else "")


def said_carer(record: AppointmentRequest) -> str:
    """Who asks for the patient now."""
    if not record.carer_name:
        return "Corrected: the patient asks for themselves."
    return f"Corrected: {record.carer_name} asks for the patient."


def said_answers(record: AppointmentRequest) -> Said:
    """What the caller has to be told: to get help straight away, and that a clinician decides first."""
    warnings = [urgent_in_words(urgent_answers_given_last(record))]
    if record.flags.blocking().exists():
        warnings.append(clinician_first(record))
    return Said("Answers noted.", " ".join(filter(None, warnings)))


def urgent_in_words(answers: Sequence[GivenAnswer]) -> str:
    """What to tell a caller who gave these urgent answers; empty if there are none."""
    if not answers:
        return ""
    given = " ".join(f"“{each.question.wording}” {each.spoken}." for each in answers)
    return f"Tell the caller to call 111 today, and not to wait for us. {given}"


def answers_first(record: AppointmentRequest) -> str:
    """What to tell a caller whose safety questions are answered by the private link."""
    if record.email:
        return "Tell the caller that we email the patient a private link to the safety questions."
    return (
        "Tell the caller that we text the patient. They need a code to open their page: press “Make a "
        "new code” now, and read it out."
    )


def clinician_first(record: AppointmentRequest) -> str:
    """What to tell a caller whose answers a clinician has to look at."""
    kept = (
        "they keep the appointment for now, and that " if triage.booked_appointment(record) else ""
    )
    due = timezone.localtime(record.answer_due)
    by = f" by {due:%A %-d %B at %-H:%M}" if due > timezone.now() else ""
    return (
        "A clinician decides first, because of an answer to the safety questions. Tell the caller that "
        f"{kept}they will hear from us{by}."
    )


def follow_up(
    record: AppointmentRequest,
    *,
    version: int,
    by: User,
    now: datetime,
    ask_due: date | None = None,
    concern: str = "",
    answers: Sequence[GivenAnswer] = (),
    **values: Any,
) -> Recall | list[AppointmentRequest]:
    """Plan to ask the patient on that day; or note and book what follows, with what we know of them."""
    if ask_due:
        return triage.plan_recall(record, version=version, ask_due=ask_due, by=by, now=now)
    known = {name: getattr(record, name) for name in TAKEN_OVER}
    submission = triage.Submission(
        page=record.page, concern=concern, answers=answers, availability="", earlier=record, **known
    )
    return triage.follow_up(
        record, version=version, submission=submission, by=by, now=now, **values
    )


def said_follow_up(made: Recall | list[AppointmentRequest]) -> str:
    """When we ask; or which visits are booked, or that a clinician decides first."""
    if isinstance(made, Recall):
        return f"Planned. We will ask the patient on {made.ask_due:%A %-d %B %Y}."
    first = made[0]
    if first.flags.exists():
        due = f"{timezone.localtime(first.answer_due):%A %-d %B at %-H:%M}"
        return (
            f"Nothing is booked yet. A clinician decides first about request {first.reference}, "
            "because of an answer to the safety questions. Tell the patient that they will hear "
            f"from us by {due}."
        )
    booked = [each.appointments.select_related("clinician").get() for each in made]
    times = "; ".join(
        f"{timezone.localtime(each.starts):%A %-d %B %Y at %-H:%M}" for each in booked
    )
    return f"Booked with {booked[0].clinician.name}: {times}."


def said_undone_in_time(record: AppointmentRequest) -> str:
    """What is true again, and what an undo does not bring back."""
    if record.status == RequestStatus.IN_REVIEW:
        return "Undone. The request is in review again, and the patient has not been told."
    return (
        "Undone. The appointment is booked again, and the patient has not been told. Other times "
        "that were offered, and a place on the cancellation list, are not restored."
    )


def said_after_all(record: AppointmentRequest) -> str:
    """What the patient has again."""
    if record.status in WITH_APPOINTMENT - {RequestStatus.BOOKED_OFFERED}:
        return "Undone. The appointment is booked again, at the same time."
    return "Undone. The patient can choose one of the offered times again."


def said_withdrawn(record: AppointmentRequest) -> str:
    """Whether the patient hears of it from us, or only from the colleague on the phone."""
    if record.email or takes_texts(record):
        return "Withdrawn. We tell the patient."
    return "Withdrawn. We cannot write to the patient, so tell them now that it is done."


def said_offered(offer: Offer) -> str:
    """With whom, when, and until when the times are held."""
    starts = offer.times.order_by("starts").values_list("starts", flat=True)
    times = ", ".join(f"{timezone.localtime(each):%a %-d %b %-H:%M}" for each in starts)
    until = f"{timezone.localtime(offer.held_until):%A %-d %B at %-H:%M}"
    return (
        f"Offered with {offer.clinician.name}: {times}. Held until {until}. We tell the patient in 3 "
        "minutes; until then you can withdraw the offer, and they hear nothing."
    )


def said_booked(booked: Appointment) -> str:
    """With whom, and when; and until when it was, if another time was given up for it."""
    when = f"{timezone.localtime(booked.starts):%A %-d %B %Y at %-H:%M}"
    with_whom = f"with {booked.clinician.name}: {when}"
    given_up = booked.request.appointments.filter(ended_at=booked.booked_at).last()
    if given_up is None:
        return f"Booked {with_whom}."
    before = f"{timezone.localtime(given_up.starts):%A %-d %B at %-H:%M}"
    return f"Moved. Now {with_whom}. It was {before}."


def said_presence(appointment: Appointment) -> str:
    """Who it is, and where they are now."""
    return f"{appointment.request.name}: {appointment.presence.lower()}."


def said_undone(appointment: Appointment) -> str:
    """What is recorded about the visit after an undo."""
    presence = appointment.presence.lower() or "expected"
    return f"Undone. {appointment.request.name}: {presence}."


def said_deferred(record: AppointmentRequest) -> str:
    """When the request comes back."""
    return f"Deferred. The request comes back here on {record.deferred_until:%A %-d %B %Y}."


def said_handed_over(record: AppointmentRequest) -> str:
    """Who sees to it from now on."""
    if record.for_clinicians:
        return "Handed over to the clinicians."
    if record.owner:
        return f"Handed over to {owner_in_words(record)}."
    return "Nobody in particular sees to it now."


def said_called(call: PhoneCall) -> str:
    """Whether somebody still has to phone."""
    if not reason_to_phone(call.request, call.made_at):
        return "Call recorded."
    return "Call recorded. The patient stays on the list of patients to phone."


def said_code(code: str) -> str:
    """The code, as it is written and as it is read out."""
    return (
        f"The new code is {code}. Read it out: {spoken(code)}. The patient enters it with the date "
        "of birth on our website. We do not show it again."
    )


def said_contact(changed: ContactChanged) -> str:
    """What the change means for the private link and for text messages."""
    told = "Contact details changed."
    if changed.has_new_email:
        told += " We will email a new private link, and the old link has stopped working."
    if changed.needs_code:
        told += " The old link has stopped working. Make a new code now, and read it out to the patient."
    if changed.ends_texts:
        told += " We will not send them text messages any more: we have no mobile number for them."
    return told
