"""What people are found by: rows that a search compares with what a colleague typed."""

from collections.abc import Collection

from bookings.models import AppointmentRequest, Person, SearchKey
from procedures.ground.folding import search_keys

Key = tuple[int, str]


def begin(request: AppointmentRequest) -> None:
    """Store the keys of somebody new, in the transaction that stored their first request.

    Nobody else sees them yet, and all that we know is what the request says, so nothing is looked up.
    """
    keys = search_keys(
        names=[request.name, request.carer_name],
        phone=str(request.phone),
        email=request.email,
        reference=request.reference,
    )
    SearchKey.objects.bulk_create(
        SearchKey(person_id=request.person_id, key=key) for key in sorted(keys)
    )


def keep(people: Collection[int]) -> None:
    """Make the keys of these people agree with what their requests say and what we know of them now.

    Called in the transaction that wrote the person, so that their row is locked: otherwise two changes
    at the same moment could each miss what the other has just said.
    """
    wanted = _wanted(people)
    kept = SearchKey.objects.filter(person__in=people)
    stored = set(kept.values_list("person", "key"))
    outdated = {person for person, _ in stored - wanted}
    if outdated:
        SearchKey.objects.filter(person__in=outdated).delete()
    missing = [key for key in wanted if key not in stored or key[0] in outdated]
    SearchKey.objects.bulk_create(
        [SearchKey(person_id=person, key=key) for person, key in sorted(missing)],
        ignore_conflicts=True,
    )


def _wanted(people: Collection[int]) -> set[Key]:
    """What we know of each person, and what was said on each of their requests."""
    people_left = Person.objects.filter(pk__in=people, emptied_at=None)
    known = people_left.values_list("pk", "name", "phone", "email")
    keys = {
        (pk, key)
        for pk, name, phone, email in known
        for key in search_keys(names=[name], phone=str(phone), email=email)
    }
    requests_left = AppointmentRequest.objects.filter(person__in=people, emptied_at=None)
    said = requests_left.values_list("person", "name", "carer_name", "phone", "email", "reference")
    # Most people say the same on each request, and reading a phone number takes the longest.
    alike = {(pk, name, carer, str(phone), email) for pk, name, carer, phone, email, _ in said}
    return (
        keys
        | {
            (pk, key)
            for pk, name, carer, phone, email in alike
            for key in search_keys(names=[name, carer], phone=phone, email=email)
        }
        | {
            (pk, key)
            for pk, *_, reference in said
            for key in search_keys(names=[], reference=reference)
        }
    )
