"""Stories of requests that have no appointment, or none yet."""

from datetime import time, timedelta

from django.utils import timezone

from bookings import triage
from bookings.status import FlagOutcome
from clinic_site.demo.telling import Telling

A_MINUTE = timedelta(minutes=1)
MORNING = time(8)


def received(told: Telling) -> None:
    """Nobody has looked at it yet."""


def awaits_answers(told: Telling) -> None:
    """Noted in a call. The caller could not answer, and has not done so by their private link yet."""


def in_review(told: Telling) -> None:
    """Somebody at the desk is looking at it."""
    told.take_up()


def wants_a_call(told: Telling) -> None:
    """A clinician wants to speak to them first, and nobody answered yet."""
    told.take_up()
    told.resolve(FlagOutcome.CALL_PATIENT, told.row.words[0])
    told.ring(reached=False, note="")


def question_asked(told: Telling) -> None:
    """The patient has two weeks to answer."""
    told.take_up()
    told.do(triage.ask, text=told.row.words[0], by=told.reception)


def answered(told: Telling) -> None:
    """The patient has answered our question."""
    question_asked(told)
    told.at_home()
    told.do(triage.answer_question, text=told.row.words[1])


def question_lapsed(told: Telling) -> None:
    """The patient never answered."""
    question_asked(told)
    lapse(told)


def offered(told: Telling) -> None:
    """Three times are held for the patient."""
    told.take_up()
    told.resolve(FlagOutcome.PROCEED_WITH_NOTE)
    told.offer(told.places(3))


def offered_by_phone(told: Telling) -> None:
    """The patient has no email address, so reception read the times out and gave a new code."""
    offered(told)
    told.now += A_MINUTE
    told.do(triage.renew_code, by=told.reception)
    told.ring(reached=True, note="Wants to ask her daughter. Will use the code.")


def offer_ends_soon(told: Telling) -> None:
    """Two times are held until the next morning, or nearly."""
    told.take_up()
    told.offer(told.places(2), held_until=told.clinic.timetable.at(1, MORNING))


def wants_other_times(told: Telling) -> None:
    """None of the offered ones suited."""
    offered(told)
    told.at_home()
    told.do(triage.ask_for_other_times, wishes=told.row.words[0])


def offer_lapsed(told: Telling) -> None:
    """The patient took none of the offered times."""
    offered(told)
    lapse(told)


def lapse(told: Telling) -> None:
    """The patient does not reply, and the clock goes on."""
    told.request.refresh_from_db()
    triage.catch_up((told.request.reply_due or told.now) + A_MINUTE)


def deferred(told: Telling) -> None:
    """The patient cannot come before some day."""
    told.take_up()
    comes_back = told.clinic.timetable.at(told.row.visit_day, MORNING)
    told.do(triage.defer, until=timezone.localdate(comes_back), by=told.reception)


def delayed(told: Telling) -> None:
    """A clinician wants to wait until something has healed."""
    told.take_up()
    told.resolve(FlagOutcome.DELAY_UNTIL, told.row.words[0])
    comes_back = told.clinic.timetable.at(told.row.visit_day, MORNING)
    told.do(triage.defer, until=timezone.localdate(comes_back), by=told.clinician)


def came_back(told: Telling) -> None:
    """The day for which it was put aside has come."""
    deferred(told)
    triage.catch_up(told.clinic.timetable.at(told.row.visit_day, MORNING))


def declined(told: Telling) -> None:
    """It is nothing for us."""
    told.take_up()
    told.do(triage.decline, reason=told.row.words[0], by=told.clinician)


def not_suitable(told: Telling) -> None:
    """A clinician looked at the flag and said no."""
    told.take_up()
    told.resolve(FlagOutcome.NOT_SUITABLE, told.row.words[1])
    told.do(triage.decline, reason=told.row.words[0], by=told.clinician)


def sent_elsewhere(told: Telling) -> None:
    """Somebody else has to help, and soon."""
    told.take_up()
    told.resolve(FlagOutcome.REDIRECT, told.row.words[1])
    told.do(triage.decline, reason=told.row.words[0], by=told.clinician)


def withdrawn(told: Telling) -> None:
    """The patient stepped back."""
    told.take_up()
    told.at_home()
    told.do(triage.withdraw)
