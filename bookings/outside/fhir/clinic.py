"""The clinic in FHIR's words: who works here, where, when, and what can be booked."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from bookings.models import AppointmentType, ClinicSession, Location
from bookings.outside.fhir.outcomes import Resource
from bookings.outside.fhir.search import period
from procedures.models import Clinician
from procedures.models.clinic import details

# What the NHS calls the registers. A number of another regulator is said without a system.
REGISTERS = {
    "GMC": "https://fhir.hl7.org.uk/Id/gmc-number",
    "NMC": "https://fhir.hl7.org.uk/Id/nmc-number",
    "HCPC": "https://fhir.hl7.org.uk/Id/hcpc-number",
}


def reference(kind: str, pk: object, display: str = "") -> Resource:
    """A reference to one of our own resources."""
    return {"reference": f"{kind}/{pk}", **({"display": display} if display else {})}


def instant(moment: datetime) -> str:
    """An instant, in UTC and to the second, as everything here is written."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def practitioner(clinician: Clinician, now: datetime) -> Resource:
    """A clinician, with their number in the public register."""
    number: Resource = {"value": clinician.registration_number}
    if system := REGISTERS.get(clinician.regulator):
        number = {"system": system, **number}
    return {
        "resourceType": "Practitioner",
        "identifier": [number],
        "active": clinician.login is None or clinician.login.is_active,
        "name": [{"text": clinician.name}],
    }


def practitioner_role(clinician: Clinician, now: datetime) -> Resource:
    """What a clinician does here, and where."""
    places = sorted({each.room.location_id or 0 for each in clinician.clinicsession_set.all()})
    role: Resource = {
        "resourceType": "PractitionerRole",
        "active": clinician.login is None or clinician.login.is_active,
        "practitioner": reference("Practitioner", clinician.pk, clinician.name),
        "organization": {"display": details().name},
        "code": [{"text": clinician.role}],
    }
    return role | ({"location": [reference("Location", pk) for pk in places]} if places else {})


def location(place: Location, now: datetime) -> Resource:
    """A place where patients are seen."""
    said = {"description": place.directions} if place.directions else {}
    return {
        "resourceType": "Location",
        "status": "active",
        "name": place.name,
        **said,
        "mode": "instance",
        "address": {"text": place.address},
    }


def healthcare_service(kind: AppointmentType, now: datetime) -> Resource:
    """A type of appointment."""
    return {
        "resourceType": "HealthcareService",
        "active": kind.retired_on is None,
        "name": kind.name,
        "comment": f"{kind.minutes} minutes",
        "appointmentRequired": True,
    }


def in_horizon(text: str, now: datetime) -> Q:
    """The sessions that may take place on a day of that period."""
    asked, found = period(text), Q()
    if asked.begins:
        first = timezone.localdate(asked.begins)
        found &= Q(last_day=None) | Q(last_day__gte=first)
    if asked.ends:
        last = timezone.localdate(asked.ends - timedelta(microseconds=1))
        found &= Q(first_day__lte=last)
    return found


def schedule(session: ClinicSession, now: datetime) -> Resource:
    """A clinic session: whose time it is, where, and from which day to which."""
    place: Any = session.room.location
    horizon = {"start": session.first_day.isoformat()}
    if session.last_day:
        horizon["end"] = session.last_day.isoformat()
    hours = f"{session.starts:%-H:%M} to {session.ends:%-H:%M}"
    return {
        "resourceType": "Schedule",
        "active": True,
        "actor": [
            reference("Practitioner", session.clinician_id, session.clinician.name),
            reference("Location", place.pk, f"{place.name}, {session.room.name}"),
        ],
        "planningHorizon": horizon,
        "comment": f"{session.first_day:%A}, {hours}",
    }
