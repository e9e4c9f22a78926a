"""Whoever is free: the rule, two people at the same moment, and whom the patient reads about."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from bookings import triage
from bookings.diary import claims
from bookings.diary.whoever import whoever_is_free
from bookings.models import Appointment, AppointmentRequest
from bookings.status import RequestStatus, TimeTaken
from procedures.models import Clinician
from tests import factories
from tests.people import NINE, behind_link, decide_at
from tests.races import losses, race

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
AN_HOUR = timedelta(hours=1)


def two_clinicians() -> tuple[Clinician, Clinician]:
    """Ann and Bob, with sessions in rooms of their own."""
    return factories.clinician("ann"), factories.clinician("bob")


def in_review(now: datetime, **columns: Any) -> AppointmentRequest:
    request = factories.received(now=now, **columns)
    by = factories.staff("Reception")
    return triage.start_review(request, version=request.version, by=by, now=now)


def book(request: AppointmentRequest, starts: datetime, now: datetime) -> Appointment:
    return triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=None,
        starts=starts,
        by=factories.staff("Reception"),
        now=now,
    )


def test_the_wish_then_the_fewest_visits_then_the_name(monday: datetime) -> None:
    ann, bob = two_clinicians()
    kind, nine = factories.appointment_type(), monday + NINE
    assert whoever_is_free(kind, [nine], monday) == [ann, bob]
    assert whoever_is_free(kind, [nine], monday, wish=bob) == [bob, ann]
    assert book(in_review(monday), nine, monday).clinician == ann
    # Ann has a visit on that day, and is not free at nine at all.
    assert whoever_is_free(kind, [nine + AN_HOUR], monday) == [bob, ann]
    assert whoever_is_free(kind, [nine, nine + AN_HOUR], monday) == [bob]
    assert book(in_review(monday, name="Al Sample"), nine, monday).clinician == bob
    with pytest.raises(TimeTaken, match="Nobody is free at that time"):
        book(in_review(monday, name="Bo Sample"), nine, monday)


@pytest.mark.parametrize("passes_over", [True, False])
@pytest.mark.django_db(transaction=True)
def test_three_at_one_moment_for_two_who_are_free(
    passes_over: bool, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each saw both free. Without passing over whoever was lost, one of them would go unused."""
    both = list(two_clinicians())
    monkeypatch.setattr(claims, "whoever_is_free", lambda *_: both if passes_over else both[:1])
    requests = [in_review(monday, name=f"{name} Sample") for name in ("Al", "Bo", "Cy")]
    outcomes = race([partial(book, each, monday + NINE, monday) for each in requests])
    assert losses(outcomes) == {TimeTaken}
    given = Appointment.objects.order_by("clinician").values_list("clinician", flat=True)
    assert list(given) == [each.pk for each in (both if passes_over else both[:1])]


def test_whoever_lost_the_time_since_the_look_is_passed_over(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = list(two_clinicians())
    monkeypatch.setattr(claims, "whoever_is_free", lambda *_: both)
    first, second, third = (in_review(monday, name=f"{name} Sample") for name in ("Al", "Bo", "Cy"))
    assert [book(each, monday + NINE, monday).clinician for each in (first, second)] == both
    with pytest.raises(TimeTaken, match="Nobody is free at that time"):
        book(third, monday + NINE, monday)


def test_an_offer_names_the_clinician_who_is_really_held(
    monday: datetime, sign_in: SignIn, client: Client
) -> None:
    ann, bob = two_clinicians()
    request = in_review(monday, wished_clinician=bob)
    desk = sign_in("Reception")
    kind, starts = factories.appointment_type(), monday + NINE
    page = desk.get(decide_at(request, "offer")).content.decode()
    assert '<option value="">Whoever is free</option>' in page
    look = {"look": "from", "appointment_type": kind.pk, "clinician": ""}
    look |= {"from_day": f"{starts:%Y-%m-%d}", "version": request.version}
    listed = desk.post(decide_at(request, "offer"), look).content.decode()
    assert f"{ann.name} or {bob.name}" in listed
    chosen = look | {"times": [int(starts.timestamp())], "listed": f"{kind.pk}-"}
    del chosen["look"]
    answer = desk.post(decide_at(request, "offer"), chosen, follow=True).content.decode()
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED, answer
    assert f"Offered with {bob.name}" in answer
    assert bob.name in client.get(behind_link(client, request)).content.decode()
