"""A clinician's own day: who comes, which flags wait, what a colleague or a patient sent to them."""

from datetime import date, datetime
from typing import NamedTuple

from django.contrib.auth.models import User
from django.utils import timezone

from bookings.desk.agenda import coming_today
from bookings.desk.owners import with_them
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentRequestQuerySet,
    ClinicQuestion,
    RedFlag,
)
from bookings.status import FlagLevel

SHOWN = 6


class MyClinic(NamedTuple):
    """What a clinician finds on Today."""

    today: date
    coming: list[Appointment]
    # Names that two of today's patients share.
    same_names: set[str]
    flags: list[RedFlag]
    how_many_flags: int
    # How many requests these flags are of.
    waiting: int
    answers: list[ClinicQuestion]
    # Requests that a colleague gave to them, or to any clinician, and that wait for us.
    given: list[AppointmentRequest]

    def requests(self) -> list[AppointmentRequest]:
        """Everybody who is named on the page."""
        return [
            *(each.request for each in self.coming),
            *(each.request for each in self.flags),
            *(each.request for each in self.answers),
            *self.given,
        ]


def my_clinic(user: User, now: datetime) -> MyClinic:
    """The day of whoever signs in as this user; without patients if they are no clinician."""
    own = coming_today(now).filter(clinician__login=user)
    coming = list(own.prefetch_related("request__flags"))
    names = [each.request.name for each in coming]
    flags = flags_to_decide(now)
    return MyClinic(
        today=timezone.localdate(now),
        coming=coming,
        same_names={name for name in names if names.count(name) > 1},
        flags=flags[:SHOWN],
        how_many_flags=len(flags),
        waiting=len({flag.request_id for flag in flags}),
        answers=_answers_back(user, now),
        given=list(given_to(user, now).select_related("page", "owner")[:SHOWN]),
    )


def given_to(user: User, now: datetime) -> AppointmentRequestQuerySet:
    """Requests that this person was given and whose next step they can take, the most urgent first."""
    waiting = AppointmentRequest.objects.waiting_for_reception(now)
    return waiting.filter(with_them(user)).most_urgent_first()


def flags_to_decide(now: datetime) -> list[RedFlag]:
    """Flags that wait for a clinician: urgent ones first, then by when we promised an answer."""
    waiting = AppointmentRequest.objects.waiting_for_clinician(now)
    undecided = RedFlag.objects.undecided().filter(request__in=waiting)
    in_order = undecided.select_related("request", "answer__question__owner").order_by(
        "request__answer_due", "request", "pk"
    )
    return sorted(in_order, key=lambda flag: flag.level != FlagLevel.URGENT)


def _answers_back(user: User, now: datetime) -> list[ClinicQuestion]:
    """Answers to this person's questions, while the request waits for us."""
    waiting = AppointmentRequest.objects.waiting_for_clinic(now)
    answered = ClinicQuestion.objects.filter(
        request__in=waiting, asked_by=user, answered_at__isnull=False
    )
    return list(answered.select_related("request").order_by("answered_at")[:SHOWN])
