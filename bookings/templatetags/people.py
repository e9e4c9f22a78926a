"""The person behind a request, for the pages that are about the request."""

from typing import NamedTuple

from django import template

from bookings import identity
from bookings.desk.forms.read_by_reception import word_beside
from bookings.desk.owners import owner_in_words
from bookings.desk.person_page import notes_about
from bookings.models import AppointmentRequest, Note, Person

register = template.Library()
register.simple_tag(owner_in_words, name="with_whom")
register.simple_tag(word_beside, name="who_reads_notes")


class Beside(NamedTuple):
    """What is shown of a person beside one of their requests."""

    person: Person
    notes: list[Note]
    # Whether there are others who may be the same. They are named on the person's own page.
    is_perhaps_known_twice: bool


@register.simple_tag
def notes_on(record: AppointmentRequest) -> list[Note]:
    """The notes about the person of a request, those that are pinned first."""
    return notes_about(record.person)


@register.simple_tag
def person_of(record: AppointmentRequest) -> Beside:
    """The person of a request, as they are shown."""
    person = record.person.joined_to or record.person
    return Beside(person, notes_about(person), bool(identity.perhaps_same(person)))
