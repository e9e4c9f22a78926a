"""What colleagues decide about people: whether two are one, and how a person is reached.

Joining two people is a link that can be undone. No row is deleted and no request changes its
person; who is shown as whom follows from the newest verdicts alone. So an undone link gives back
what there was before, whatever was said in between. Nothing but a colleague joins two people.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from bookings import identity
from bookings.models import AppointmentRequest, Person, PersonLink
from bookings.status import ENDED, TriageRefused, Verdict
from bookings.triage import search_keys
from bookings.triage.contact import reach_otherwise


def join(person: Person, *, other: Person, by: User, now: datetime) -> PersonLink:
    """Say that the two are one person. From then on they are shown as one, on the older row."""
    with transaction.atomic():
        ours, theirs = _apart(person, other)
        for pair, said in identity.verdicts(ours).items():
            if said.verdict == Verdict.NOT_SAME and set(pair) <= ours | theirs:
                raise TriageRefused(
                    "A colleague has said that these are two people. Undo that first, on the page "
                    "of either of them."
                )
        link = _say(person, other, Verdict.SAME, by=by, now=now)
        _regroup(ours | theirs, by=by, now=now)
    return link


def keep_apart(person: Person, *, other: Person, by: User, now: datetime) -> PersonLink:
    """Say that the two are not one person. They are not suggested any more."""
    with transaction.atomic():
        _apart(person, other)
        if identity.pair(person.pk, other.pk) in identity.verdicts([person.pk]):
            raise TriageRefused("A colleague has said so already.")
        return _say(person, other, Verdict.NOT_SAME, by=by, now=now)


def undo_verdict(link: PersonLink, *, by: User, now: datetime) -> PersonLink:
    """Take back what was said about two people. Both are as they were before it was said."""
    with transaction.atomic():
        _one_at_a_time()
        newest = identity.verdicts([link.one_id]).get((link.one_id, link.other_id))
        if newest != link:
            raise TriageRefused("This has been undone already, or said again since.")
        undone = _say(link.one, link.other, Verdict.UNDONE, by=by, now=now)
        if link.verdict == Verdict.SAME:
            _regroup(_rows_of(link.one), by=by, now=now)
    return undone


def change_person(
    person: Person,
    *,
    version: int,
    email: str,
    phone: str,
    access_needs: list[str],
    access_detail: str,
    language: str,
    by: User,
    now: datetime,
) -> list[AppointmentRequest]:
    """Change how and in which language a person is reached, and what they need, on open requests too.

    Returns the requests that it changed. What the colleague did not change is left on each request
    as it is: somebody may have asked for one of them with an address of their own.
    """
    needs = {"access_needs": access_needs, "access_detail": access_detail}
    new: dict[str, Any] = {"language": language} if language != person.language else {}
    if any(value != getattr(person, name) for name, value in needs.items()):
        new |= needs
    with transaction.atomic():
        changed = _reach_otherwise(person, email=email, phone=phone, new=new, by=by, now=now)
        seen = Person.objects.filter(pk=person.pk, version=version)
        if not seen.update(
            version=F("version") + 1,
            email=email,
            phone=phone,
            language=language,
            known_at=now,
            known_by=by.get_username(),
            **needs,
        ):
            raise TriageRefused(
                "Somebody has changed what we know about this person. Open the person again."
            )
        search_keys.keep([person.pk])
    return changed


def _reach_otherwise(
    person: Person, *, email: str, phone: str, new: dict[str, Any], by: User, now: datetime
) -> list[AppointmentRequest]:
    """Change on every open request what is new about the person, `new` besides; the requests."""
    new_email, new_phone = email != person.email, phone != str(person.phone)
    if not (new_email or new_phone or new):
        return []
    still_open = AppointmentRequest.objects.of_person(person).exclude(status__in=ENDED)
    requests = list(still_open.order_by("pk"))
    for request in requests:
        reach_otherwise(
            request,
            version=request.version,
            email=email if new_email else request.email,
            phone=phone if new_phone else str(request.phone),
            by=by,
            now=now,
            **new,
        )
    return requests


def _apart(person: Person, other: Person) -> tuple[set[int], set[int]]:
    """The rows of each of the two, who must not be one person yet. Nobody else joins meanwhile."""
    _one_at_a_time()
    ours, theirs = _rows_of(person), _rows_of(other)
    if ours & theirs:
        raise TriageRefused("These two are one person already. Undo that first, if it is wrong.")
    return ours, theirs


def _one_at_a_time() -> None:
    """Wait for whoever is joining or parting people: it is rare, and takes a moment.

    The oldest row is never deleted. Requests may refer to it all the while.
    """
    Person.objects.select_for_update(no_key=True).order_by("pk").values_list("pk").first()


def _rows_of(person: Person) -> set[int]:
    """The numbers of the rows that are this person now."""
    person.refresh_from_db(fields=["joined_to"])
    return set(Person.objects.one_with(person).values_list("pk", flat=True))


def _say(person: Person, other: Person, verdict: Verdict, *, by: User, now: datetime) -> PersonLink:
    one, last = identity.pair(person.pk, other.pk)
    return PersonLink.objects.create(
        one_id=one, other_id=last, verdict=verdict, said_at=now, said_by=by
    )


def _regroup(rows: Iterable[int], *, by: User, now: datetime) -> None:
    """Show each of these rows as the oldest that a chain of “the same person” leads to."""
    rows = set(rows)
    same = [pair for pair, said in identity.verdicts(rows).items() if said.verdict == Verdict.SAME]
    while rows:
        oldest = min(rows)
        group, found = set[int](), {oldest}
        while found:
            group |= found
            found = {each for pair in same if set(pair) & group for each in pair} - group
        _show_as(None, {oldest}, by=by, now=now)
        _show_as(oldest, group - {oldest}, by=by, now=now)
        rows -= group


def _show_as(shown: int | None, rows: set[int], *, by: User, now: datetime) -> None:
    """Show these rows as that one, or as themselves. Those that are shown so already do not change."""
    others = Person.objects.filter(pk__in=rows).exclude(joined_to=shown)
    others.update(joined_to=shown, changed_at=now, changed_by=by.get_username())
