"""Stories of requests that have an appointment, or had one."""

from dataclasses import replace
from datetime import time, timedelta

from django.utils import timezone

from bookings import triage
from bookings.models import Appointment
from bookings.status import PATIENT, CancelledBy, MessageKind
from clinic_site.demo.diary import CLEO
from clinic_site.demo.telling import Telling

# How long after a visit of today somebody has written down whether the patient came.
AFTERWARDS = timedelta(minutes=30)
# On which working days the treatments after the first one are.
NEXT_TREATMENTS = (8, 13)
ASKED_AFTER = timedelta(weeks=12)
# How long before a visit people arrive if the desk is open, and how long after its start they go in.
EARLY, CALLED_IN = timedelta(minutes=25), timedelta(minutes=2)
# One of so many did not come.
MISSED = 6
MORNING, EVENING = time(8), time(20)
A_MINUTE, A_MOMENT = timedelta(minutes=1), timedelta(minutes=12)


def _yesterday(told: Telling, at: time) -> None:
    """On the last working day before today."""
    told.now = told.clinic.timetable.at(-1, at)


def booked(told: Telling) -> None:
    """And if that is today, the patient is where one would expect by now."""
    appointment = told.book()
    if appointment.ends + AFTERWARDS <= told.clinic.now:
        told.see(appointment, came=told.number % MISSED != 0)
    elif told.clinic.timetable.is_today(appointment.starts):
        _arrive(told, appointment)


def _arrive(told: Telling, appointment: Appointment) -> None:
    """Waiting, or with the clinician; but every other of those who are due is late."""
    now, starts = told.clinic.now, appointment.starts
    arrived = max(starts - EARLY, told.clinic.timetable.desk_opens(starts))
    if now < arrived or (starts < now and told.number % 2):
        return
    told.now = arrived
    told.do(triage.record_arrival, by=told.reception)
    if starts + CALLED_IN <= now:
        told.now = starts + CALLED_IN
        told.do(triage.call_in, by=told.reception)


def booked_on_paper(told: Telling) -> None:
    """On the phone. The letter to somebody without email is printed, and still on the desk."""
    told.book()
    told.now += A_MINUTE
    triage.print_letter(
        told.request,
        kind=MessageKind.BOOKED,
        postal_address="3 Invented Row\nExampleton\nEX0 0EX",
        by=told.reception,
        now=told.now,
    )


def bounced(told: Telling) -> None:
    """The e-mail about it comes back, once it has been sent."""
    told.book()


def attended(told: Telling) -> None:
    """They came, and some of them say afterwards how it went."""
    told.see(told.book())
    got_it, *comment = told.row.words
    if got_it:
        told.at_home()
        triage.answer_about_visit(
            told.request, got_it=got_it, comment=" ".join(comment), now=told.now
        )


def did_not_come(told: Telling) -> None:
    """Nobody came, and nobody rang."""
    told.see(told.book(), came=False)


def not_recorded(told: Telling) -> None:
    """It is over, and nobody has written down whether they came."""
    told.book()


def cancelled_by_patient(told: Telling) -> None:
    """In time, by the private link."""
    told.book()
    told.at_home()
    told.do(triage.cancel, by=PATIENT, reason=told.row.words[0])


def given_back_just_now(told: Telling) -> None:
    """Cancelled by the private link a moment ago: we still keep the time for them."""
    told.book()
    told.now = told.clinic.now - A_MOMENT
    told.do(triage.cancel, by=PATIENT)


def cancelled_and_undone(told: Telling) -> None:
    """Cancelled by the private link, and undone within the hour: they are on the list again, too."""
    told.book()
    told.at_home()
    told.do(triage.join_earlier_list, by=PATIENT)
    told.now += A_MOMENT
    told.do(triage.cancel, by=PATIENT)
    told.now += A_MOMENT
    told.do(triage.undo_giving_back, by=PATIENT)


def cancelled_on_the_phone(told: Telling) -> None:
    """The patient rang, and reception cancelled it for them."""
    told.book()
    told.at_the_desk()
    told.do(triage.cancel, by=told.reception, cancelled_by=CancelledBy.PATIENT)


def followed_up(told: Telling) -> None:
    """They came, and reception booked the next two treatments."""
    attended(told)
    told.at_the_desk()
    first, second = (told.clinic.timetable.place(day, told.kind, CLEO) for day in NEXT_TREATMENTS)
    concern = "The next treatment of the course."
    told.do(
        triage.follow_up,
        submission=replace(told.clinic.submission(told.row), concern=concern),
        carried=[],
        appointment_type=told.kind,
        clinician=first[0],
        starts=[first[1], second[1]],
        by=told.reception,
    )


def asked_again_later(told: Telling) -> None:
    """They came, and would like to be asked in the spring whether it has to be done again."""
    attended(told)
    told.at_the_desk()
    ask_due = timezone.localdate(told.clinic.now) + ASKED_AFTER
    told.do(triage.plan_recall, ask_due=ask_due, by=told.reception)


def cancelled_by_us(told: Telling) -> None:
    """With a reason that the patient reads."""
    told.book()
    told.at_the_desk()
    told.do(triage.cancel, by=told.reception, reason=told.row.words[0])


def waiting_list(told: Telling) -> None:
    """They would come earlier, if a time becomes free."""
    told.book()
    told.at_home()
    told.do(triage.join_earlier_list, by=PATIENT)


def moved(told: Telling) -> None:
    """By phone, from a time that is over now."""
    clinician, starts = told.visit
    told.place = told.clinic.timetable.place(-1, told.kind)
    told.book()
    told.at_the_desk()
    details = {"appointment_type": told.kind, "clinician": clinician, "starts": starts}
    told.do(triage.book, by=told.reception, **details)
    told.remind()


def wants_another_time(told: Telling) -> None:
    """They keep the one that they have until then."""
    told.book()
    _yesterday(told, EVENING)
    told.do(triage.ask_for_another_time, wishes=told.row.words[0])


def offered_another_time(told: Telling) -> None:
    """They keep the one that they have until they take another."""
    told.book()
    an_hour_later = told.now + timedelta(hours=1)
    _yesterday(told, MORNING)
    told.at_the_desk()
    told.now = max(told.now, an_hour_later)
    told.offer(told.places(2))


def unwell_before_the_visit(told: Telling) -> None:
    """What was asked again before the visit has changed, and a clinician has to look at it."""
    told.book()
    _yesterday(told, EVENING)
    answers = told.clinic.answers_again(told.row, ["feeling-unwell"])
    told.do(triage.answer_again, answers=answers)


def answered_on_the_phone(told: Telling) -> None:
    """They rang about something else, and reception asked what is asked again before the visit."""
    told.book()
    _yesterday(told, MORNING)
    told.at_the_desk()
    told.do(triage.answer_again, answers=told.clinic.answers_again(told.row, []), by=told.reception)


def clinic_cancelled(told: Telling) -> None:
    """Booked. Later the clinician is away on that day."""
    told.book()
