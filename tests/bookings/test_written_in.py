"""Colleagues say in which language we write to somebody, and the next letter is in it."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from bookings import triage
from bookings.messages.letters import letter
from bookings.models import AppointmentRequest, Message, Person
from bookings.status import MessageKind, RequestStatus
from bookings.status.events import Event
from tests import factories
from tests.people import LIST, decide_about, page_of_person

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
URL = f"{LIST}book/"
WHO = {
    "name": "Pat Sample",
    "date_of_birth_day": "31",
    "date_of_birth_month": "1",
    "date_of_birth_year": "1970",
    "phone": "020 7946 0958",
    "email": "pat@example.org",
    "page": "",
}
THANKS = {
    "": "Thank you. We have your request.",
    "pl": "Dziękujemy. Mamy twoją prośbę.",
}


def note(client: Client, **said: str) -> Any:
    """Note the request of somebody on the phone."""
    page = client.post(URL, WHO).content.decode()
    (key,) = re.findall(r'name="key" value="([^"]+)"', page)
    return client.post(URL, WHO | {"key": key, "concern": "A knee.", **said})


def letter_about(request: AppointmentRequest, kind: MessageKind) -> str:
    return str(letter(Message.objects.get(request=request, kind=kind)).body)


def change(client: Client, person: Person, **said: str) -> str:
    """Change how we reach the person, as their page says it now apart from `said`."""
    person.refresh_from_db()
    now = {"version": person.version, "email": person.email, "phone": str(person.phone)}
    answer = client.post(decide_about(person, "contact"), now | said, follow=True)
    return str(answer.content.decode())


def chosen(page: str) -> list[str]:
    """The languages to choose from, the chosen one first."""
    box = page[page.index('name="language"') :].partition("</select>")[0]
    options = re.findall(r'<option value="([^"]*)"( selected)?', box)
    return [code for code, _ in sorted(options, key=lambda each: not each[1])]


def test_a_caller_who_reads_polish_gets_a_letter_in_polish(
    sign_in: SignIn, monday: datetime
) -> None:
    note(sign_in("Reception"), language="pl")
    received = AppointmentRequest.objects.get()
    assert (received.language, received.person.language) == ("pl", "pl")
    assert received.needs() == ["Reads Polish: offer an interpreter"]
    own, english = letter_about(received, MessageKind.RECEIVED).split("\n* * *\n")
    assert THANKS["pl"] in own
    assert THANKS[""] in english


@pytest.mark.parametrize(("said", "kept"), [({}, "pl"), ({"language": "en-GB"}, "")])
def test_whoever_wrote_in_polish_is_written_to_in_it_until_somebody_says_otherwise(
    sign_in: SignIn, monday: datetime, said: dict[str, str], kept: str
) -> None:
    factories.received(now=monday, language="pl")
    note(sign_in("Reception"), **said)
    newest = AppointmentRequest.objects.latest("pk")
    assert (newest.language, Person.objects.get().language) == (kept, kept)


def test_what_we_know_of_a_caller_is_filled_in_unless_they_say_otherwise(
    sign_in: SignIn, monday: datetime
) -> None:
    known, client = factories.received(now=monday, language="pl"), sign_in("Reception")
    assert chosen(client.post(URL, WHO).content.decode()) == ["", "en-GB", "cy", "pl", "ur"]
    page = client.post(URL, {"known": known.pk}).content.decode()
    assert chosen(page) == ["pl", "", "en-GB", "cy", "ur"]
    page = client.post(URL, {"known": known.pk, "language": "ur"}).content.decode()
    assert chosen(page)[0] == "ur"


def test_a_change_at_the_desk_changes_the_next_letter(sign_in: SignIn, monday: datetime) -> None:
    open_now, client = factories.received(now=monday), sign_in("Reception")
    over = factories.request_at(RequestStatus.WITHDRAWN, now=monday)
    person = open_now.person
    assert letter_about(open_now, MessageKind.RECEIVED).startswith("Hello,")
    said = change(client, person, language="pl")
    assert "Changed, here and on 1 open request." in said
    assert (
        "Reads Polish: offer an interpreter" in client.get(page_of_person(person)).content.decode()
    )
    assert THANKS["pl"] in letter_about(open_now, MessageKind.RECEIVED)
    over.refresh_from_db()
    assert (over.person, over.language) == (person, "")
    kinds = list(open_now.events.values_list("kind", "by"))
    assert kinds.count((Event.CONTACT_CHANGED, "reception")) == 1
    # Nobody is told that their address has changed: it has not.
    assert not open_now.messages.filter(kind=MessageKind.CONTACT).exists()
    change(client, person, language="en-GB")
    assert letter_about(open_now, MessageKind.RECEIVED).startswith("Hello,")


def test_a_request_in_a_language_of_its_own_keeps_it_while_that_is_not_changed(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday, language="pl")
    factories.received(now=monday, language="ur")
    change(sign_in("Reception"), request.person, language="ur", email="new@example.org")
    request.refresh_from_db()
    assert (request.language, request.email) == ("pl", "new@example.org")


def test_a_language_that_the_clinic_does_not_offer_is_refused(
    sign_in: SignIn, monday: datetime, settings: Any
) -> None:
    settings.OTHER_LANGUAGES = ["pl"]
    client = sign_in("Reception")
    assert "Choose from the list." in note(client, language="ur").content.decode()
    assert not AppointmentRequest.objects.exists()
    request = factories.received(now=monday)
    assert "Choose from the list." in change(client, request.person, language="ur")
    assert Person.objects.get().language == ""


def test_a_clinic_that_offers_none_is_not_asked(
    sign_in: SignIn, monday: datetime, settings: Any
) -> None:
    request = factories.received(now=monday, language="pl")
    settings.OTHER_LANGUAGES = []
    client = sign_in("Reception")
    assert 'name="language"' not in client.post(URL, WHO).content.decode()
    assert (
        'name="language"'
        not in client.get(decide_about(request.person, "contact")).content.decode()
    )
    note(client)
    change(client, request.person, phone="01632 960123")
    assert [each.language for each in AppointmentRequest.objects.all()] == ["pl", "pl"]
    assert Person.objects.get().language == "pl"


def test_a_language_that_is_no_longer_offered_is_there_when_it_is_again(
    sign_in: SignIn, monday: datetime, settings: Any
) -> None:
    person = factories.received(now=monday, language="cy").person
    settings.OTHER_LANGUAGES = ["pl"]
    client = sign_in("Reception")
    page = client.get(decide_about(person, "contact")).content.decode()
    assert "English, as we do not offer Welsh now" in page
    assert chosen(page) == ["", "en-GB", "pl"]
    change(client, person, language="", phone="01632 960123")
    assert Person.objects.get().language == "cy"


def test_whoever_wrote_in_polish_reads_so_of_a_visit_that_another_system_brings(
    monday: datetime,
) -> None:
    known = factories.received(now=monday, language="pl")
    arrival = triage.Arrival(
        submission=factories.submission(),
        key="k" * 43,
        visit=None,
        person=known.person,
        newcomer="",
    )
    by = factories.staff("Manager")
    (made,) = triage.bring_in([arrival], by=by, now=monday, tells=False, of=1)
    made.refresh_from_db()
    assert made.language == "pl"
