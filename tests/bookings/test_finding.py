"""The desk finds people again, however their names and numbers were typed."""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookings import triage
from bookings.desk.people import MOST_FOUND
from bookings.models import AppointmentRequest, Person, SearchKey
from bookings.status.events import Event
from procedures.ground import folding
from tests import factories
from tests.people import people_found

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
LIST = "/admin/bookings/appointmentrequest/"


@pytest.fixture
def people(monday: datetime) -> dict[str, AppointmentRequest]:
    def received(**columns: Any) -> AppointmentRequest:
        return factories.received(email=f"{len(made)}@example.org", now=monday, **columns)

    made: dict[str, AppointmentRequest] = {}
    made["Siobhán"] = received(name="Siobhán O’Brien", phone="+44 20 7946 0958 ext. 12")
    made["Zoë"] = received(
        name=unicodedata.normalize("NFD", "Zoë Müller-Łukasz"), phone="+49 171 1234567"
    )
    made["Élodie"] = received(name="Élodie Ångström", phone="")
    made["child"] = received(
        name="Robin Weiß", carer_name="Maria Guardian", carer_right="parent", phone=""
    )
    made["Smith"] = received(name="Mary Ann Smith", phone="+44 7700 900123")
    made["Søren"] = received(name="SØREN ÞÓRÐARSON", phone="")
    made["Arab"] = received(name="مُحَمَّد علي", phone="")
    return made


@pytest.mark.parametrize(
    ("term", "whose"),
    [
        ("O'Brien", "Siobhán"),
        ("O’Brien", "Siobhán"),
        ("OBrien", "Siobhán"),
        ("o brien", "Siobhán"),
        ("oʼbrien", "Siobhán"),
        ("Siobhan", "Siobhán"),
        ("SIOBHÁN", "Siobhán"),
        (unicodedata.normalize("NFD", "siobhán"), "Siobhán"),
        ("O’Brien Siobhán", "Siobhán"),
        ("O'Brien, Siobhan", "Siobhán"),
        ("\u200fSiobhán\u00ad", "Siobhán"),
        ("020 7946 0958", "Siobhán"),
        ("(020) 7946-0958", "Siobhán"),
        ("+44 (0)20 7946 0958", "Siobhán"),
        ("0044 20 7946 0958", "Siobhán"),
        ("020 7946 0958 ext 12", "Siobhán"),
        ("02079460", "Siobhán"),
        ("\u202a020\u00a07946\u00a00958\u202c", "Siobhán"),
        ("Zoë", "Zoë"),
        ("zoe", "Zoë"),
        ("Müller", "Zoë"),
        ("Łukasz", "Zoë"),
        ("lukasz zoe", "Zoë"),
        ("Muller Lukasz", "Zoë"),
        ("MüllerŁukasz", "Zoë"),
        ("+49 171 1234567", "Zoë"),
        ("0171 1234567", "Zoë"),
        ("élodie", "Élodie"),
        ("Angstrom", "Élodie"),
        ("Angstrom,Elodie", "Élodie"),
        ("Guardian", "child"),
        ("maria guardian", "child"),
        ("WEISS", "child"),
        ("Smith, Mary", "Smith"),
        ("Maryann", "Smith"),
        ("Mary-Ann Smith", "Smith"),
        ("07700 900123", "Smith"),
        ("soren", "Søren"),
        ("thordarson", "Søren"),
        ("محمد", "Arab"),
        # Parts: of a name, a number, an address; a date of birth with a name.
        ("iobh", "Siobhán"),
        ("946 0958", "Siobhán"),
        ("0958 siobhan", "Siobhán"),
        ("uller", "Zoë"),
        ("0@example.org", "Siobhán"),
        ("siobhan 31.1.70", "Siobhán"),
    ],
)
def test_everybody_is_found(
    term: str, whose: str, people: dict[str, AppointmentRequest], sign_in: SignIn
) -> None:
    assert people_found(sign_in("Reception"), term) == {people[whose].person_id}


def test_a_reference_is_found_however_it_is_typed(
    people: dict[str, AppointmentRequest], sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    reference = people["Zoë"].reference
    for typed in (
        reference,
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        reference.replace("-", "\u2013"),
        f"\ufeff{reference}\u200b",
        reference[:4],
        reference[5:].lower(),
    ):
        assert people_found(client, typed) == {people["Zoë"].person_id}


@pytest.mark.parametrize(
    "term",
    [
        "brien siobhanx",
        "-",
        "’",
        "\u200d",
        "947 0958",
        "%",
        "_",
        "zo 0958",
        "zoe 1.2.70",
        "@",
        "io",
    ],
)
def test_nobody_else_is_found(
    term: str, people: dict[str, AppointmentRequest], sign_in: SignIn
) -> None:
    assert people_found(sign_in("Reception"), term) == set()


def test_a_search_is_in_the_journal_of_what_it_found(
    people: dict[str, AppointmentRequest], sign_in: SignIn
) -> None:
    people_found(sign_in("Reception"), "guardian")
    searched = {
        name for name, each in people.items() if each.events.filter(kind=Event.SEARCHED).exists()
    }
    assert searched == {"child"}


def test_a_changed_number_is_found(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    triage.change_contact(
        request,
        version=1,
        email=request.email,
        phone="+44 1632 960123",
        by=factories.staff("Reception"),
        now=monday,
    )
    client = sign_in("Reception")
    assert people_found(client, "01632 960123") == {request.person_id}
    assert people_found(client, "020 7946 0958") == set()
    assert people_found(client, "Sample") == {request.person_id}


@pytest.mark.parametrize(
    ("name", "again", "same"),
    [
        ("Siobhán O’Brien", "Siobhan O'Brien", True),
        ("Zoë Müller-Łukasz", "ZOE MULLER", True),
        ("Zoë Müller-Łukasz", "Müller Łukasz, Zoë", True),
        ("Anne-Marie Weiß", "annemarie weiss", True),
        ("Mary Smith", "Ben Smith", False),
        ("Mary Smith", "Mary Jones", False),
    ],
)
def test_the_same_person_is_recognised_by_another_spelling(
    name: str, again: str, same: bool, sign_in: SignIn, monday: datetime
) -> None:
    first = factories.received(name=name, email="a@example.org", now=monday)
    second = factories.received(name=again, email="b@example.org", now=monday)
    born_later = date(1971, 1, 31)
    factories.received(name=name, email="c@example.org", date_of_birth=born_later, now=monday)
    for record, other in ((first, second), (second, first)):
        shown = sign_in("Reception").get(f"{LIST}{record.pk}/change/").content.decode()
        shown = " ".join(shown.split())
        assert ("Possible duplicates" in shown) == same
        assert (f'">{other.reference}</a>, received' in shown) == same


@given(st.text(st.characters(codec="ascii"), max_size=30))
def test_the_quick_way_for_plain_letters_is_the_same(name: str) -> None:
    assert folding.words(f"{name} ø") == [*folding.words(name), "o"][: folding.MOST_WORDS]


@given(st.text(max_size=100), st.text(max_size=100))
def test_any_name_is_found_by_itself_and_fills_no_table(name: str, carer: str) -> None:
    stored = folding.search_keys(names=[name, carer])
    whole = folding.chunks(name)
    if len(folding.words(name)) < folding.MOST_WORDS:
        assert all(any(key.startswith(f" {run}"[:40]) for key in stored) for run in whole)
    assert all(len(key) <= folding.LONGEST_KEY for key in stored)


def test_who_begins_so_comes_before_who_has_it_inside(sign_in: SignIn, monday: datetime) -> None:
    for name, email in (("Joanna Ash", "a"), ("Anna Ash", "b"), ("Ann Zill", "c")):
        factories.received(name=name, email=f"{email}@example.org", phone="", now=monday)
    shown = sign_in("Reception").post("/admin/bookings/person/search/", {"term": "ann"})
    names = re.findall("Joanna Ash|Anna Ash|Ann Zill", shown.content.decode())
    assert list(dict.fromkeys(names)) == ["Anna Ash", "Ann Zill", "Joanna Ash"]


def test_a_search_takes_few_queries_however_many_are_found(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    client = sign_in("Reception")
    for number in range(MOST_FOUND + 1):
        factories.received(name="Anna Ashby", email=f"{number}@example.org", phone="", now=monday)
    with django_assert_max_num_queries(20):
        shown = client.post("/admin/bookings/person/search/", {"term": "ann ash"}).content.decode()
    assert f"People found: {MOST_FOUND}<" in shown
    assert "There are more." in shown


def test_keys_are_made_again_as_the_verbs_make_them(monday: datetime) -> None:
    request = factories.received(carer_name="Maria Guardian", carer_right="parent", now=monday)
    triage.change_contact(
        request,
        version=1,
        email="new@example.org",
        phone="+44 1632 960123",
        by=factories.staff("Reception"),
        now=monday,
    )
    kept = SearchKey.objects.order_by("key").values_list("person", "key")
    written = list(kept)
    SearchKey.objects.all().delete()
    SearchKey.objects.create(person=request.person, key="stale")
    call_command("make_search_keys", stdout=StringIO())
    assert list(kept.all()) == written
    SearchKey.objects.all().delete()
    import_module("bookings.migrations.0033_search_keys").fill(apps, connection.schema_editor())
    assert list(kept.all()) == written
    AppointmentRequest.objects.update(name="", carer_name="", carer_right="", email="-", phone="")
    Person.objects.update(name="", phone="", email="")
    call_command("make_search_keys", stdout=StringIO())
    half, whole = request.reference[5:].lower(), request.reference.replace("-", "").lower()
    assert set(kept.all()) == {(request.person_id, f" {each}") for each in (whole, half)}
