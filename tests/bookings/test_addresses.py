"""One form of an email address: typed, stored, compared and sent to."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module

import pytest
from django import forms
from django.apps import apps
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookings import links, messages
from bookings.models import AppointmentRequest, Message
from bookings.patients import limits
from procedures.ground.contact_fields import EmailAddressField
from procedures.ground.email_addresses import CannotBeSent, canonical, readable
from tests import factories
from tests.people import BASE, LOST, YOU, fill_in, people_found, send

SignIn = Callable[[User | str], Client]
STRASSE = "alex@xn--strae-oqa.example"


def cleaned(typed: str) -> str:
    return str(EmailAddressField(required_message="Enter your email address.").clean(typed))


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("alex@straße.example", STRASSE),
        ("Alex@XN--STRAE-OQA.example", STRASSE),
        ("alex@strasse.example", "alex@strasse.example"),
        ("ruth@א1.example", "ruth@xn--1-zhc.example"),
        ("pat@BÜCHER。example", "pat@xn--bcher-kva.example"),
        ("Pat.Sample@Example.ORG", "pat.sample@example.org"),
        ("\u200bpat@example.org\u200b", "pat@example.org"),
        ("\u202apat@example.org\u202c", "pat@example.org"),
        ("\ufeff pat@exam\u00adple.org\u00a0", "pat@example.org"),
        ("ｐａｔ＠ｅｘａｍｐｌｅ．ｏｒｇ", "pat@example.org"),
        ("mailto:pat@example.org", "pat@example.org"),
        ("Pat Sample <pat@example.org>,", "pat@example.org"),
        ("<pat@example.org>", "pat@example.org"),
        ("pat@example.org.", "pat@example.org"),
        ("pat@ab--cd.example", "pat@ab--cd.example"),
        ("o'brien+clinic@example.org", "o'brien+clinic@example.org"),
    ],
)
def test_an_address_is_taken_as_it_is_meant(typed: str, stored: str) -> None:
    assert cleaned(typed) == stored


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter your email address."),
        ("\u200b\u3164", "Enter your email address."),
        ("pat", "Enter an email address like name@example.org."),
        ("@example.org", "Enter an email address like name@example.org."),
        ("pat sample@example.org", "Enter an email address like name@example.org."),
        ("pat@localhost", "Enter an email address like name@example.org."),
        ("pat@-a.example", "Enter an email address like name@example.org."),
        ("pat@", "Enter an email address like name@example.org."),
        ("pat@[127.0.0.1]", "We cannot send to this address"),
        ("pat@☃.example", "We cannot send to this address"),
        ("pat@xn--a.example", "We cannot send to this address"),
        ("pat@א1a.example", "We cannot send to this address"),
        (
            "zoë@example.org",
            "We cannot send to an address with letters such as é or ß before the @",
        ),
        ("\u017fam@example.org", None),
        (f"pat@{'ü' * 60}.example", "We cannot send to this address"),
        (f"{'a' * 300}@example.org", "254 characters or fewer"),
        (f"{'a' * 60}@{'.'.join(['ü' * 30] * 6)}.example", "254 characters or fewer"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_a_sentence(typed: str, sentence: str | None) -> None:
    if sentence is None:  # a long s is an s by its shape alone
        assert cleaned(typed) == "sam@example.org"
        return
    with pytest.raises(ValidationError) as refused:
        cleaned(typed)
    assert sentence in refused.value.messages[0]


@given(st.text(max_size=80), st.text(max_size=80))
def test_what_is_stored_can_be_sent_and_stays_what_it_is(local: str, domain: str) -> None:
    try:
        stored = canonical(f"{local}@{domain}")
    except CannotBeSent:
        return
    assert stored.isascii()
    assert canonical(stored) == stored
    assert canonical(readable(stored)) == stored


def test_an_address_is_shown_as_its_owner_writes_it() -> None:
    assert readable(STRASSE) == "alex@straße.example"
    assert readable("pat@xn--nonsense-.example") == "pat@xn--nonsense-.example"

    class Form(forms.Form):
        email = EmailAddressField(required_message="Enter it.")

    assert 'value="alex@straße.example"' in str(Form(initial={"email": STRASSE})["email"])


# --- Through the front door -----------------------------------------------------------------------


@pytest.mark.django_db
def test_a_letter_goes_to_the_domain_that_was_typed(client: Client) -> None:
    fill_in(client, you={"email": "alex@straße.example"})
    assert "alex@straße.example" in client.get(f"{BASE}check/").content.decode()
    send(client)
    assert "alex@straße.example" in client.get(f"{BASE}sent/").content.decode()
    assert AppointmentRequest.objects.get().email == STRASSE
    messages.send_due()
    assert [STRASSE] in [letter.to for letter in mail.outbox]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["alex@straße.example", "ALEX@xn--strae-oqa.example"])
def test_a_lost_link_is_found_by_any_spelling(typed: str, client: Client, monday: datetime) -> None:
    request = factories.received(email=STRASSE, now=monday)
    posted = LOST | {"name": "\u200fPAT sample ", "contact": f" {typed}\u200b"}
    assert client.post("/appointments/link/", posted).status_code == 200
    assert request.messages.filter(kind="link").count() == 1


@pytest.mark.django_db
def test_spellings_of_one_address_share_its_limit(client: Client) -> None:
    for _ in range(limits.SEND_TO_ONE_MAILBOX.times):
        fill_in(client, you={"email": "alex@straße.example"})
        assert send(client).status_code == 302
    fill_in(client, you={"email": "Alex@xn--strae-oqa.example"})
    assert send(client).status_code == 429


@pytest.mark.django_db
def test_another_spelling_is_no_new_address(client: Client, monday: datetime) -> None:
    request = factories.received(email=STRASSE, now=monday)
    client.get(links.private_link(request).removeprefix("https://clinic.example"))
    url = f"/appointments/mine/{request.reference}/"
    born = {name: value for name, value in YOU.items() if name.startswith("date_of_birth")}
    client.post(f"{url}identify/", born)
    assert 'value="alex@straße.example"' in client.get(f"{url}contact/").content.decode()
    posted = {"version": 1, "email": "Alex@Straße.example", "phone": "020 7946 0958"}
    assert client.post(f"{url}contact/", posted).status_code == 302
    request.refresh_from_db()
    assert (request.email, request.link_version) == (STRASSE, 1)


@pytest.mark.django_db
def test_the_desk_finds_and_recognises_every_spelling(sign_in: SignIn, monday: datetime) -> None:
    first = factories.received(email=STRASSE, now=monday)
    again = factories.received(email=STRASSE, name="Somebody Else", now=monday)
    client = sign_in("Reception")
    for term in ("alex@straße.example", "\u200bALEX@xn--strae-oqa.example "):
        assert people_found(client, term) == {first.person_id, again.person_id}
    shown = client.get(f"/admin/bookings/appointmentrequest/{again.pk}/change/").content.decode()
    assert "alex@straße.example" in shown
    assert f'change/">{first.reference}</a>, received' in " ".join(shown.split())


@pytest.mark.django_db
def test_stored_addresses_are_converted_and_one_bad_row_stops_nothing(monday: datetime) -> None:
    rows = {
        "Alex@straße.example": STRASSE,
        "zoë@example.org": "zoë@example.org",
        "not an address": "not an address",
        "PAT@example.org": "pat@example.org",
    }
    made = {old: factories.received(name="Zoë O’Brien", now=monday) for old in rows}
    for old, request in made.items():
        AppointmentRequest.objects.filter(pk=request.pk).update(email=old, phone="12")
        request.messages.update(address=old)
    import_module("bookings.migrations.0019_found_by").fill(apps, connection.schema_editor())
    for old, new in rows.items():
        made[old].refresh_from_db()
        assert made[old].email == new
        assert set(Message.objects.filter(request=made[old]).values_list("address", flat=True)) == {
            new
        }
