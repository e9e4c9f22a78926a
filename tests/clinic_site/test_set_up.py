"""Set-up, and what a clinic still needs before it opens."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from bookings.models import WorkerRun
from bookings.status import MessageStatus
from clinic_site import ready
from clinic_site.set_up import SECTIONS
from procedures.ground.phones import is_fictitious
from procedures.models import Clinician
from tests import factories

pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
SET_UP = "/admin/set-up/"
MOST_QUERIES = 15


def step(name: str, now: datetime) -> ready.Step:
    return next(each for each in ready.steps(now) if each.name == name)


def test_the_sections_are_in_the_order_of_the_work_and_only_what_one_may_see(
    sign_in: SignIn,
) -> None:
    def shown(client: Client) -> list[str]:
        return [each["name"] for each in client.get(SET_UP).context["sections"]]

    names = [section.name for section in SECTIONS]
    assert shown(sign_in("Manager")) == names
    assert shown(sign_in("Reception")) == names[1:6]
    assert shown(sign_in("Editor")) == [names[1]]


def test_every_page_of_set_up_opens(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Manager")
    pages = [page for each in client.get(SET_UP).context["sections"] for page in each["pages"]]
    assert {client.get(address).status_code for _, address in pages} == {200}


@pytest.mark.parametrize("group", ["Reception", "Clinician", "Editor", "Publisher"])
def test_only_managers_are_told_what_is_missing(group: str, sign_in: SignIn) -> None:
    for address in (SET_UP, "/admin/"):
        assert "Ready to open?" in sign_in("Manager").get(address).content.decode()
        assert "Ready to open?" not in sign_in(group).get(address).content.decode()


def test_the_list_costs_few_queries(django_assert_max_num_queries: Any, monday: datetime) -> None:
    factories.clinician()
    factories.question()
    with django_assert_max_num_queries(MOST_QUERIES):
        ready.progress(monday)


def test_what_is_missing_comes_first_and_leads_where_it_is_done(sign_in: SignIn) -> None:
    found = sign_in("Manager").get(SET_UP).context["ready"]
    assert [each.is_done for each in found["steps"]] == sorted(
        each.is_done for each in found["steps"]
    )
    assert found["done"] < found["of"] == len(ready.CHECKS)


def test_the_details_are_done_once_somebody_saved_them_all(monday: datetime) -> None:
    name = "The clinic’s details"
    assert step(name, monday)[1:3] == (False, "Read them once and save them")
    factories.clinic(ico_number="")
    assert step(name, monday)[1:3] == (False, "Missing: ICO number")
    factories.clinic(ico_number="ZA000001 (invented)")
    assert step(name, monday)[1:3] == (True, "Saved on 23 November 2026")


@pytest.mark.parametrize(
    ("phone", "fictitious"),
    [
        ("020 7946 0958", True),
        ("+44 1632 960123", True),
        ("07700 900123", True),
        ("0113 496 0123", True),
        ("0161 496 0123", True),
        ("0191 498 0123", True),
        ("029 2018 0123", True),
        ("03069 990123", True),
        ("0300 000 0000", False),
        ("", False),
    ],
)
def test_a_number_of_a_film_is_no_number_of_a_clinic(phone: str, fictitious: bool) -> None:
    assert is_fictitious(phone) == fictitious


def test_the_phone_is_done_once_it_can_be_phoned(monday: datetime) -> None:
    name = "A phone number that works"
    assert not step(name, monday).is_done
    factories.clinic(phone="")
    assert not step(name, monday).is_done
    factories.clinic(phone="0300 000 0000")
    assert step(name, monday).is_done


def test_a_clinician_counts_whose_registration_is_checked(monday: datetime) -> None:
    name = "A clinician whose registration is checked"
    factories.clinician()
    assert step(name, monday).is_done
    Clinician.objects.update(verified_until=timezone.localdate(monday) - timedelta(days=1))
    assert step(name, monday)[1:3] == (False, "Nobody’s registration has been checked")


def test_a_place_a_week_and_a_type_are_counted(monday: datetime) -> None:
    names = ("A place, its hours and a room", "When the clinicians work", "What can be booked")
    assert [step(name, monday).is_done for name in names] == [False] * 3
    factories.clinician()
    factories.appointment_type()
    assert [step(name, monday).is_done for name in names] == [True] * 3


def test_a_clinician_answers_for_every_safety_question(monday: datetime) -> None:
    name = "Safety questions that a clinician answers for"
    assert not step(name, monday).is_done
    factories.question()
    assert step(name, monday).is_done
    assert step(name, monday + timedelta(days=800)).said.startswith("The registration of ")


def test_a_manager_who_never_signed_in_is_no_second_one(monday: datetime) -> None:
    name = "A second manager"
    first, second = factories.staff("Manager", "one"), factories.staff("Manager", "two")
    User.objects.filter(pk=first.pk).update(last_login=monday)
    assert step(name, monday)[1:3] == (False, "1 manager signed in so far; you need 2")
    User.objects.filter(pk=second.pk).update(last_login=monday)
    assert step(name, monday).is_done
    User.objects.filter(pk=second.pk).update(is_active=False)
    assert not step(name, monday).is_done


def test_the_worker_counts_while_it_runs(monday: datetime) -> None:
    name = "The program that sends messages"
    assert not step(name, monday).is_done
    WorkerRun.objects.create(ran_at=monday, ran_by="the clock")
    assert step(name, monday).is_done
    assert not step(name, monday + timedelta(minutes=11)).is_done


def test_emails_count_once_one_has_left_a_real_site(monday: datetime, settings: Any) -> None:
    name = "Emails that arrive"
    request = factories.received(now=monday)
    request.messages.update(status=MessageStatus.SENT, sent_at=monday, sent_by="the clock")
    assert not step(name, monday).is_done
    settings.DEVELOPMENT = False
    assert step(name, monday).is_done


def test_nothing_invented_is_left(monday: datetime, settings: Any) -> None:
    name = "No invented people or texts"
    assert not step(name, monday).is_done
    settings.DEMONSTRATION = False
    assert step(name, monday).is_done
    factories.clinician(slug="dr-ada-example", name="Dr Ada Example")
    assert step(name, monday)[1:3] == (False, "Still here: Dr Ada Example")
