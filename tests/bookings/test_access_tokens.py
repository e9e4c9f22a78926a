"""Tokens of other systems: shown once, stored as a hash, ended by a day or a press, and counted."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from bookings import access, journal
from bookings.models import AccessToken, AccessUse
from bookings.records.export import everything_about
from bookings.status import Scope
from tests import factories
from tests.people import booked

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
TOKENS = "/admin/bookings/accesstoken/"


def sent(now: datetime, days: int = 30, *scopes: Scope) -> dict[str, Any]:
    """What a manager posts to make a token."""
    last_day = timezone.localdate(now) + timedelta(days=days)
    return {
        "given_to": "Theatre list",
        "scopes": scopes or [Scope.SLOT],
        "last_day": last_day.isoformat(),
    }


def token(now: datetime, *scopes: Scope, given_to: str = "Theatre list") -> AccessToken:
    last_day = timezone.localdate(now) + timedelta(days=30)
    return access.make_token(
        given_to=given_to, scopes=scopes, last_day=last_day, by="manager", now=now
    )


def test_a_manager_makes_one_and_sees_it_once(sign_in: SignIn, monday: datetime) -> None:
    manager = sign_in("Manager")
    page = manager.post(f"{TOKENS}add/", sent(monday, 30, Scope.SLOT, Scope.LOCATION))
    made = AccessToken.objects.get()
    text = page.context["made"].text
    assert (text[:7], len(text), made.ending) == ("clinic_", 50, text[-4:])
    assert access.token_of(text, monday) == made
    assert text in page.content.decode()
    assert (made.made_by, made.made_at, made.scopes) == ("manager", monday, ["Location", "Slot"])
    later = manager.get(f"{TOKENS}{made.pk}/change/").content.decode()
    assert (text in later, made.ending in later) == (False, True)
    assert text not in str(vars(made))
    assert sign_in("Reception").get(f"{TOKENS}{made.pk}/change/").status_code == 403


def test_making_one_asks_for_the_password_again(
    sign_in: SignIn, monday: datetime, at: Callable[[datetime], None]
) -> None:
    manager = sign_in("Manager")
    at(monday + timedelta(minutes=16))
    manager.post(f"{TOKENS}add/", sent(monday))
    assert list(AccessToken.objects.all()) == []


def test_it_ends_after_its_last_day_or_when_a_manager_revokes_it(
    sign_in: SignIn, monday: datetime
) -> None:
    made, other = token(monday, Scope.SLOT), token(monday, Scope.SLOT, given_to="Another")
    last = monday + timedelta(days=30)
    found = [access.token_of(made.text, last + timedelta(days=days)) for days in (0, 1)]
    assert found == [made, None]
    assert access.token_of(made.text[:-1], monday) is None
    sign_in("Manager").post(f"{TOKENS}{made.pk}/change/", {"ends": "on"})
    access.revoke(made, by="somebody later", now=last)
    made.refresh_from_db()
    assert (made.revoked_by, made.revoked_at) == ("manager", monday)
    assert [access.token_of(each.text, monday) for each in (made, other)] == [None, other]
    for moment in (monday, last, last + timedelta(days=1)):
        assert set(AccessToken.objects.valid(moment)) == {
            each for each in AccessToken.objects.all() if each.is_valid(moment)
        }


@pytest.mark.parametrize("days", [-1, 367])
def test_it_has_an_end_that_somebody_remembers(
    sign_in: SignIn, monday: datetime, days: int
) -> None:
    page = sign_in("Manager").post(f"{TOKENS}add/", sent(monday, days))
    assert "at most a year" in page.content.decode()
    assert list(AccessToken.objects.all()) == []


def test_nobody_gives_away_answers_that_they_may_not_read(
    sign_in: SignIn, monday: datetime
) -> None:
    factories.clinic(reception_reads_answers=False)
    answers = sent(monday, 30, Scope.QUESTIONNAIRE_RESPONSE)
    sign_in("Manager").post(f"{TOKENS}add/", answers)
    assert list(AccessToken.objects.all()) == []
    factories.clinic(reception_reads_answers=True)
    sign_in("Manager").post(f"{TOKENS}add/", answers)
    assert AccessToken.objects.get().scopes == ["QuestionnaireResponse"]


def test_its_use_is_counted_by_day(sign_in: SignIn, monday: datetime) -> None:
    made, other = token(monday, Scope.SLOT), token(monday, Scope.SLOT, given_to="Another")
    for answered in (True, True, False):
        access.note_use(made, monday, answered=answered)
    access.note_use(other, monday, answered=False)
    access.note_use(made, monday + timedelta(days=1), answered=True)
    counted = {each: list(each.uses.values_list("answered", "refused")) for each in (made, other)}
    assert counted == {made: [(1, 0), (2, 1)], other: [(0, 1)]}
    page = sign_in("Manager").get(f"{TOKENS}{made.pk}/change/").content.decode()
    assert "23 November 2026: 2 answers, 1 refused" in page


def test_two_first_uses_of_a_day_are_both_counted(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, insert = token(monday, Scope.SLOT), AccessUse.objects.bulk_create

    def after_another(rows: list[AccessUse], **how: Any) -> list[AccessUse]:
        AccessUse.objects.create(token=made, day=timezone.localdate(monday), answered=1)
        return insert(rows, **how)

    monkeypatch.setattr(AccessUse.objects, "bulk_create", after_another)
    access.note_use(made, monday, answered=True)
    assert list(made.uses.values_list("answered", "refused")) == [(2, 0)]


def test_only_its_end_can_be_written_and_nothing_it_read_forgotten(monday: datetime) -> None:
    made = token(monday, Scope.APPOINTMENT)
    journal.record_outside("Appointment", [booked(monday).pk], by=made, at=monday)
    for change in (
        lambda: AccessToken.objects.update(scopes=["Patient"]),
        lambda: made.looks.update(requests=[]),
        lambda: made.looks.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()


def test_what_it_read_about_a_patient_is_among_the_looks(sign_in: SignIn, monday: datetime) -> None:
    request = booked(monday)
    journal.record_outside(
        "Appointment", [request.pk], by=token(monday, Scope.APPOINTMENT), at=monday
    )
    other = factories.received(now=monday, name="Sam Other", email="other@example.org")
    manager, looks = sign_in("Manager"), "/admin/bookings/look/"
    said = "Read by another system: Appointment"
    pages = [
        manager.get(f"{looks}?{of}").content.decode()
        for of in ("", f"request={request.pk}", f"request={other.pk}", "staff=manager")
    ]
    assert [said in page for page in pages] == [True, True, False, False]
    looked = everything_about(request.person, monday).who_looked()
    assert ("Theatre list", "another system read Appointment") in [each[1:] for each in looked]
