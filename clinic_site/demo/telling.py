"""Telling the story of one request: who does what, each at a moment of their own, by the real verbs."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import journal, messages, triage
from bookings.models import Appointment, Offer
from bookings.status import PATIENT, FlagLevel, FlagOutcome, MessageKind
from bookings.status.events import Event
from clinic_site.demo.clinic import ANSWERS, Clinic
from clinic_site.demo.people import Row
from clinic_site.demo.timetable import NoPlace
from procedures.models import Clinician

Place = tuple[Clinician, datetime]


class Telling:
    """One request on its way."""

    def __init__(self, row: Row, number: int, clinic: Clinic, place: Place | None):
        self.row, self.number, self.clinic = row, number, clinic
        self.kind = clinic.kind(row)
        self.place = place
        self.clinician: User = clinic.users["clinician"]
        if place and place[0].login:
            self.clinician = place[0].login
        self.reception: User = clinic.users["reception"]
        self.now = clinic.asked_at(row)
        self.request = triage.submit(
            clinic.submission(row),
            key=f"demonstration-{number}",
            by=self.reception if row.awaits_answers else PATIENT,
            now=self.now,
        )

    @property
    def visit(self) -> Place:
        """Its place in the diary."""
        if self.place is None:
            raise NoPlace(f"for the visit of {self.row.person.name}")
        return self.place

    # --- When -------------------------------------------------------------------------------

    def at_the_desk(self) -> None:
        """Some time later, while the desk is open."""
        self.now = self.clinic.timetable.desk(self.now, self.number * 37 % 390)

    def at_home(self) -> None:
        """In the evening of the same day."""
        evening = timezone.localtime(self.now).replace(hour=18, minute=30)
        evening += timedelta(minutes=self.number * 37 % 150)
        self.now = max(evening, self.now + timedelta(minutes=20))

    # --- What -------------------------------------------------------------------------------

    def do(self, verb: Callable[..., Any], **details: Any) -> Any:
        """A step with the request as it is now."""
        return verb(self.request, version=self.request.version, now=self.now, **details)

    def take_up(self) -> None:
        """Somebody at the desk looks at it."""
        self.at_the_desk()
        journal.record(self.request, Event.READ, by=self.reception, at=self.now)
        self.do(triage.start_review, by=self.reception)

    def resolve(self, outcome: FlagOutcome, reason: str = "") -> None:
        """A clinician decides about each flag, and rings those who may not wait."""
        for flag in self.request.flags.select_related("answer__question"):
            flag.request = self.request
            if flag.level == FlagLevel.URGENT:
                self.ring(reached=True, note="They got help the same day.")
            note = reason or ANSWERS[flag.answer.question.key]["note"]
            self.now += timedelta(minutes=2)
            triage.resolve_flag(
                flag,
                version=self.request.version,
                outcome=outcome,
                reason=note,
                by=self.clinician,
                now=self.now,
            )

    def ring(self, *, reached: bool, note: str) -> None:
        """Somebody rings the patient, and tells them what there is to tell."""
        newest = self.request.messages.order_by("pk").last()
        triage.record_call(
            self.request,
            reached=reached,
            note=note,
            by=self.reception,
            now=self.now,
            told_up_to=newest.pk if newest else 0,
        )

    def offer(self, places: Sequence[Place], held_until: datetime | None = None) -> Offer:
        """Hold these times, which are all of one clinician."""
        starts = [starts for _, starts in places]
        made: Offer = self.do(
            triage.offer,
            appointment_type=self.kind,
            clinician=places[0][0],
            starts=starts,
            held_until=held_until or triage.usual_hold(starts, self.now),
            by=self.reception,
        )
        return made

    def places(self, count: int) -> list[Place]:
        """Times to offer: one after the other, of one clinician."""
        timetable, day = self.clinic.timetable, self.row.visit_day
        first = timetable.place(day, self.kind, self.row.clinician)
        others = [timetable.place(day, self.kind, first[0].slug) for _ in range(count - 1)]
        return [first, *others]

    def book(self) -> Appointment:
        """Weigh the request and give it its place, on the phone or by the link."""
        clinician, starts = self.visit
        self.take_up()
        self.resolve(FlagOutcome.PROCEED_WITH_NOTE)
        self.now += timedelta(minutes=5)
        if not self.row.by_link:
            self.do(
                triage.book,
                appointment_type=self.kind,
                clinician=clinician,
                starts=starts,
                by=self.reception,
            )
        else:
            chosen = self.offer([self.visit]).times.get()
            self.at_home()
            self.do(triage.accept, chosen=chosen)
        return self.remind()

    def remind(self) -> Appointment:
        """The clock's words before the visit, if their moment has come; the appointment."""
        appointment = self.request.appointments.latest("pk")
        for days, due in triage.reminders_of(appointment):
            if due <= self.clinic.now:
                messages.queue_once(self.request, MessageKind.REMINDER, now=due, days_ahead=days)
        return appointment

    def see(self, appointment: Appointment, *, came: bool = True) -> None:
        """The hour of the visit is over."""
        self.now = appointment.ends
        self.do(triage.record_attendance, came=came, by=self.clinician)
