"""Sixty faults, each in one resource that was good: what a validator has to refuse."""

import copy
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
GONE = object()
HERE, ACTOR = ("participant", 0), ("participant", 0, "actor")
ITEM, CHOICE = ("item", 0), ("item", 0, "answer", 0, "valueCoding")

# The kind, where in it, and what is put there instead.
FAULTS: list[tuple[str, tuple[str | int, ...], Any]] = [
    ("Appointment", ("status",), "banana"),
    ("Appointment", ("status",), GONE),
    ("Appointment", ("start",), GONE),
    ("Appointment", ("end",), GONE),
    ("Appointment", ("start",), "tomorrow"),
    ("Appointment", ("start",), "2026-11-23"),
    ("Appointment", ("start",), "2026-11-23T10:00:00"),
    ("Appointment", ("created",), 20261123),
    ("Appointment", ("participant",), GONE),
    ("Appointment", ("participant",), []),
    ("Appointment", ACTOR, GONE),
    ("Appointment", ACTOR, "Patient/1"),
    ("Appointment", ACTOR, {"reference": "Slot/1-2"}),
    ("Appointment", (*HERE, "status"), GONE),
    ("Appointment", (*HERE, "status"), "maybe"),
    ("Appointment", ("serviceType",), {"text": "Follow-up"}),
    ("Appointment", ("cancelationReason",), {"text": "Only a cancelled one has a reason"}),
    ("Appointment", ("minutesDuration",), 0),
    ("Appointment", ("patient",), {"reference": "Patient/1"}),
    ("Appointment", ("id",), "a b"),
    ("Appointment", ("meta", "lastUpdated"), "now"),
    ("Slot", ("status",), "open"),
    ("Slot", ("status",), GONE),
    ("Slot", ("schedule",), GONE),
    ("Slot", ("schedule",), {"reference": "Location/1"}),
    ("Slot", ("start",), "10:00"),
    ("Slot", ("end",), GONE),
    ("Slot", ("overbooked",), "no"),
    ("Schedule", ("actor",), GONE),
    ("Schedule", ("actor", 0), {"reference": "Slot/1-2"}),
    ("Schedule", ("active",), "true"),
    ("Schedule", ("planningHorizon",), {"start": "2026-12-01", "end": "2026-11-01"}),
    ("Schedule", ("planningHorizon", "start"), "soon"),
    ("Practitioner", ("name",), "Dr Ada Example"),
    ("Practitioner", ("gender",), "f"),
    ("Practitioner", ("birthDate",), "01.02.1970"),
    ("PractitionerRole", ("practitioner",), {"reference": "Patient/1"}),
    ("PractitionerRole", ("code",), {"text": "Consultant"}),
    ("Location", ("status",), "open"),
    ("Location", ("mode",), "real"),
    ("Location", ("address",), "1 Example Lane"),
    ("Location", ("address",), {}),
    ("HealthcareService", ("active",), 1),
    ("HealthcareService", ("name",), ""),
    ("Patient", ("birthDate",), "31/01/1970"),
    ("Patient", ("gender",), "not said"),
    ("Patient", ("link",), [{"type": "replaced-by"}]),
    ("Patient", ("contact",), [{"gender": "female"}]),
    ("Questionnaire", ("status",), GONE),
    ("Questionnaire", ("status",), "asked"),
    ("Questionnaire", (*ITEM, "linkId"), GONE),
    ("Questionnaire", (*ITEM, "linkId"), "detail"),
    ("Questionnaire", (*ITEM, "type"), GONE),
    ("Questionnaire", (*ITEM, "answerOption", 0, "valueCoding"), GONE),
    ("Questionnaire", ("item", 1, "enableWhen", 0, "operator"), "is"),
    ("QuestionnaireResponse", ("status",), "answered"),
    ("QuestionnaireResponse", ("authored",), "yesterday"),
    ("QuestionnaireResponse", (*ITEM, "linkId"), GONE),
    ("QuestionnaireResponse", CHOICE, "yes"),
    ("QuestionnaireResponse", (*ITEM, "answer", 0, "valueString"), "and a second value"),
]


def planted(good: list[Node]) -> Iterator[tuple[str, Node]]:
    """Each fault, named, in a copy of a resource of its kind. An Appointment is one that is booked."""
    for kind, path, value in FAULTS:
        bad = copy.deepcopy(
            next(
                each
                for each in good
                if each["resourceType"] == kind
                and (kind != "Appointment" or each["status"] == "booked")
            )
        )
        *above, last = path
        node: Any = bad
        for step in above:
            node = node[step]
        if value is GONE:
            del node[last]
        else:
            node[last] = value
        said = "missing" if value is GONE else repr(value)
        yield f"{kind}.{'.'.join(map(str, path))}: {said}", bad
