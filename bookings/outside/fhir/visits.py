"""Patients, and their requests and visits, in FHIR's words.

One request is one Appointment for its whole life: proposed, booked, moved to another time, fulfilled.
What a patient wrote and why they come is in none of it, and their name is in Patient alone.
"""

from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery

from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    Offer,
    OfferedTime,
    Person,
    RequestEvent,
    Resource,
    asks_for_something,
    has_state,
)
from bookings.outside.fhir import outcomes
from bookings.outside.fhir.clinic import instant, reference
from bookings.outside.fhir.search import NOTHING, Codes, Period, code_in, key_in, period
from bookings.status import ENDED, WITH_APPOINTMENT, AppointmentStatus, CancelledBy, RequestStatus
from bookings.status.events import LOOKS
from procedures.ground.paging import few
from procedures.models import Clinician

REASONS = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
WHOSE_WISH = {CancelledBy.PATIENT: "pat", CancelledBy.CLINIC: "prov"}
ONE_TIME = 1
STATUSES = Codes(
    "http://hl7.org/fhir/appointmentstatus",
    (
        *("proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow"),
        *("entered-in-error", "checked-in", "waitlist"),
    ),
)


class Visit(NamedTuple):
    """What is known of when, with whom and where: booked, or one time that is offered."""

    clinician: Clinician
    kind: AppointmentType
    starts: datetime
    ends: datetime
    room: Resource | None


def newest() -> QuerySet[Appointment]:
    """Of each request the appointment that counts: others were moved, or cancelled before it."""
    later = Appointment.objects.filter(request=OuterRef("request"), pk__gt=OuterRef("pk"))
    return Appointment.objects.filter(~Exists(later))


def requests(now: datetime) -> QuerySet[AppointmentRequest]:
    """All that ask for something and have not been emptied, with what an Appointment says of them."""
    changes = RequestEvent.objects.filter(request=OuterRef("pk")).exclude(kind__in=LOOKS)
    booked = newest().select_related("clinician", "appointment_type", "room__location")
    offers = Offer.objects.standing(now).select_related("clinician", "appointment_type")
    times = OfferedTime.objects.select_related("room__location").order_by("starts")
    return (
        AppointmentRequest.objects.filter(asks_for_something(), emptied_at=None)
        .select_related("person")
        .annotate(changed=Subquery(changes.order_by("-at").values("at")[:1]))
        .prefetch_related(
            Prefetch("appointments", booked, to_attr="newest_appointment"),
            Prefetch("offers", offers.prefetch_related(Prefetch("times", times)), "standing"),
        )
    )


def appointment(request: Any, now: datetime) -> outcomes.Resource:
    """A request as an Appointment."""
    booked = request.newest_appointment[0] if request.newest_appointment else None
    offer = None if booked or not request.standing else request.standing[0]
    times = list(offer.times.all()) if offer else []
    visit = _booked(booked) if booked else _offered(offer, times)
    status = status_of(request, booked, len(times), now)
    said: outcomes.Resource = {"resourceType": "Appointment", "status": status}
    if status == "cancelled" and booked:
        code = WHOSE_WISH[CancelledBy(booked.cancelled_by)]
        said["cancelationReason"] = {"coding": [{"system": REASONS, "code": code}]}
    kind = visit.kind if visit else (offer.appointment_type if offer else None)
    if kind:
        said["serviceType"] = [{"text": kind.name}]
    if visit:
        said |= {"start": instant(visit.starts), "end": instant(visit.ends)}
    said["created"] = instant(request.received_at)
    said["participant"] = list(_participants(request, visit, offer, status))
    if len(times) > ONE_TIME:
        said["requestedPeriod"] = [
            {"start": instant(each.starts), "end": instant(each.ends)} for each in times
        ]
    return said


def status_of(
    request: AppointmentRequest, booked: Appointment | None, times: int, now: datetime
) -> str:
    """The status at that instant, in FHIR's words.

    A patient on the cancellation list keeps a visit that is booked; what waits for a day is on FHIR's
    waitlist. Several offered times are a proposal: “pending” would need one of them.
    """
    state = request.state(now)
    if state in WITH_APPOINTMENT:
        return "arrived" if booked and booked.arrived_at else "booked"
    if state == RequestStatus.CLOSED and booked:
        return booked.status
    if state in ENDED:
        return "cancelled"
    if state == RequestStatus.DEFERRED:
        return "waitlist"
    return "pending" if state == RequestStatus.OFFERED and times == ONE_TIME else "proposed"


def with_status(text: str, now: datetime) -> Q:
    """The twin of `status_of`: the requests with that status at that instant."""

    def in_state(*states: RequestStatus) -> Q:
        found = Q()
        for state in states:
            found |= has_state(state, now)
        return found

    def ended(status: AppointmentStatus) -> Q:
        # Looked up for each of them, because nearly every request has ended in one of these ways.
        how = newest().filter(request=OuterRef("pk"), status=status)
        return in_state(RequestStatus.CLOSED) & Q(Exists(how))

    arrived = Q(pk__in=_requests_of(Q(status=AppointmentStatus.BOOKED, arrived_at__isnull=False)))
    offered = in_state(RequestStatus.OFFERED)
    one = Q(pk__in=_with_one_time(now).values("request"))
    waiting = (RequestStatus.RECEIVED, RequestStatus.IN_REVIEW, RequestStatus.QUESTION_ASKED)
    known = {
        "proposed": lambda: in_state(*waiting) | (offered & ~one),
        "pending": lambda: offered & one,
        "booked": lambda: in_state(*sorted(WITH_APPOINTMENT)) & ~arrived,
        "arrived": lambda: in_state(*sorted(WITH_APPOINTMENT)) & arrived,
        "fulfilled": lambda: ended(AppointmentStatus.FULFILLED),
        "noshow": lambda: ended(AppointmentStatus.NOSHOW),
        "cancelled": lambda: (
            in_state(*sorted(ENDED - {RequestStatus.CLOSED})) | ended(AppointmentStatus.CANCELLED)
        ),
        "waitlist": lambda: in_state(RequestStatus.DEFERRED),
    }
    code = code_in(text, STATUSES)
    return known[code]() if code in known else NOTHING


def on_date(text: str, now: datetime) -> Q:
    """The requests whose visit, or only offered time, starts then."""
    starts = period(text).on("starts")
    times = OfferedTime.objects.filter(starts, offer__in=_with_one_time(now))
    return _visit_or_offer(starts, times.values("offer__request"))


def with_practitioner(text: str, now: datetime) -> Q:
    """The requests whose visit or offer is with that clinician."""
    theirs = Q(clinician=key_in(text, "Practitioner"))
    offers = Offer.objects.standing(now).filter(theirs)
    return _visit_or_offer(theirs, offers.values("request"))


def of_patient(text: str, now: datetime) -> Q:
    """The requests of that person, on whichever of their rows."""
    return Q(person__in=_rows_of_person(text))


def answers_of_patient(text: str, now: datetime) -> Q:
    """The answers of that person."""
    return Q(request__person__in=_rows_of_person(text))


def changed(text: str, now: datetime) -> Q:
    """The requests whose last change was then. That somebody looked is no change."""
    asked: Period = period(text)
    events = RequestEvent.objects.exclude(kind__in=LOOKS)
    found = Q(pk__in=events.filter(asked.on("at")).values("request"))
    if asked.ends:
        # Looked up for each of them, because nearly every request has changed since some day.
        found &= ~Q(Exists(events.filter(request=OuterRef("pk"), at__gte=asked.ends)))
    return found


def people(now: datetime) -> QuerySet[Person]:
    """Everybody of whom something is left."""
    return Person.objects.with_last_change().filter(emptied_at=None)


def patient(person: Person, now: datetime) -> outcomes.Resource:
    """A person by name and date of birth. One whose row was joined to another leads there."""
    said: outcomes.Resource = {
        "resourceType": "Patient",
        "active": person.joined_to_id is None,
        "name": [{"text": person.name}],
        "birthDate": person.date_of_birth.isoformat(),
    }
    if person.joined_to_id:
        other = reference("Patient", person.joined_to_id)
        said["link"] = [{"other": other, "type": "replaced-by"}]
    return said


def requests_of_people(rows: list[Any]) -> list[int]:
    """The requests of these people, by which the journal knows them."""
    found = AppointmentRequest.objects.filter(person__in=[each.pk for each in rows])
    return list(found.values_list("pk", flat=True))


def _booked(booked: Appointment) -> Visit:
    return Visit(booked.clinician, booked.appointment_type, booked.starts, booked.ends, booked.room)


def _offered(offer: Offer | None, times: list[OfferedTime]) -> Visit | None:
    """The visit as it would be, if only one time is offered."""
    if offer is None or len(times) != ONE_TIME:
        return None
    (only,) = times
    return Visit(offer.clinician, offer.appointment_type, only.starts, only.ends, only.room)


def _participants(request: AppointmentRequest, visit: Visit | None, offer: Any, status: str) -> Any:
    is_certain = status in {"booked", "arrived", "fulfilled", "noshow", "cancelled"}
    theirs = "accepted" if is_certain else "needs-action"
    ours = "accepted" if is_certain else "tentative"
    yield {"actor": reference("Patient", request.person.shown_as), "status": theirs}
    clinician = visit.clinician if visit else (offer.clinician if offer else None)
    if clinician:
        actor = reference("Practitioner", clinician.pk, clinician.name)
        yield {"actor": actor, "status": ours}
    if visit and visit.room and visit.room.location:
        place = visit.room.location
        actor = reference("Location", place.pk, f"{place.name}, {visit.room.name}")
        yield {"actor": actor, "status": "accepted"}
    kind = visit.kind if visit else (offer.appointment_type if offer else None)
    if kind:
        actor = reference("HealthcareService", kind.pk, kind.name)
        yield {"actor": actor, "status": "accepted"}


def _requests_of(appointments: Q) -> Any:
    return newest().filter(appointments).values("request")


def _with_one_time(now: datetime) -> QuerySet[Offer]:
    return Offer.objects.standing(now).annotate(many=Count("times")).filter(many=ONE_TIME)


def _visit_or_offer(appointments: Q, offered: Any) -> Q:
    """The requests with such a newest appointment, or of these those without any.

    A visit that is booked counts before what is offered. If many requests are meant, each is looked up,
    because another parameter may have left few of them.
    """
    alone = AppointmentRequest.objects.filter(pk__in=offered, appointments=None)
    meant = newest().filter(appointments)
    numbers = meant.values_list("request", flat=True)
    named = few(numbers.union(alone.values_list("pk", flat=True), all=True))
    if named is not None:
        return Q(pk__in=named)
    return Q(Exists(meant.filter(request=OuterRef("pk")))) | Q(pk__in=alone.values("pk"))


def _rows_of_person(reference_: str) -> Any:
    pk = key_in(reference_, "Patient")
    shown = Person.objects.filter(pk=pk).values_list("joined_to", flat=True).first() or pk
    return Person.objects.filter(Q(pk=shown) | Q(joined_to=shown)).values("pk")
