"""Book by phone: a colleague notes the request of somebody who phones or is at the front desk."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from bookings import journal, links, triage
from bookings.forms.safety_questions import OTHERS, rest_value
from bookings.models import AppointmentRequest, Look, ScreeningQuestion
from bookings.status import (
    DAYS,
    PARTS_OF_DAY,
    Answer,
    AnsweredFrom,
    Channel,
    FlagLevel,
    MessageKind,
    RequestStatus,
)
from bookings.status.events import Event
from procedures.status import RevisionStatus
from tests import factories
from tests.people import LIST, PEOPLE, book_instead, decide_at, open_link, page_of, rest

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
URL = f"{LIST}book/"
PHONE = "+442079460958"
LONG_AGO = date(1999, 1, 1)
WHO = {
    "name": "Pat Sample",
    "date_of_birth_day": "31",
    "date_of_birth_month": "1",
    "date_of_birth_year": "1970",
    "phone": "020 7946 0958",
    "page": "",
}
SAID = WHO | {"concern": "My shoulder hurts at night."}


def no_to_all(*asked: ScreeningQuestion) -> dict[str, str]:
    """What the browser posts for the one tick about every question without a tick."""
    return {"no_to_all": rest_value(OTHERS, asked)}


def key_on(page: Any) -> str:
    (key,) = re.findall(r'name="key" value="([^"]+)"', page.content.decode())
    return str(key)


def begin(client: Client, **who: str) -> str:
    """Say who it is; the key of the form that follows."""
    return key_on(client.post(URL, WHO | who))


def note(client: Client, **said: Any) -> Any:
    """Say who it is, and send the whole form."""
    return client.post(URL, SAID | {"key": begin(client)} | said)


def errors(page: Any) -> list[str]:
    summary = re.search(r'class="error-summary".*?</div>', page.content.decode(), re.DOTALL)
    assert summary, page.content.decode()
    found = re.findall(r"<li>(.*?)</li>", summary[0])
    return [re.sub(r"<[^>]+>", "", each) for each in found]


def said(page: Any) -> str:
    return " ".join(
        re.findall(r'<li class="(?:success|warning)">(.*?)</li>', page.content.decode())
    )


# --- With and without an email address ------------------------------------------------------------


def test_somebody_without_an_email_is_noted_and_gets_a_time_in_the_next_step(
    sign_in: SignIn, monday: datetime
) -> None:
    question = factories.question()
    answer = note(sign_in("Reception"), **no_to_all(question))
    record = AppointmentRequest.objects.get()
    assert answer.headers["Location"] == decide_at(record, "book")
    assert (record.name, record.email, record.phone) == ("Pat Sample", "", PHONE)
    assert (record.received_by, record.received_at) == ("reception", monday)
    assert (record.preferred_days, record.preferred_times) == (list(DAYS), list(PARTS_OF_DAY))
    given = record.answers.get()
    assert (given.question, given.answer, given.given_by) == (question, Answer.NO, "reception")
    assert not record.messages.exists()


def test_nobody_has_the_code_before_a_colleague_makes_one(
    sign_in: SignIn, monday: datetime
) -> None:
    note(sign_in("Reception"))
    assert links.code(AppointmentRequest.objects.get(), monday) == ""


def test_whoever_gives_an_email_gets_the_letter(sign_in: SignIn, monday: datetime) -> None:
    note(sign_in("Reception"), email="pat@example.org", phone="")
    record = AppointmentRequest.objects.get()
    (message,) = record.messages.all()
    assert (message.kind, message.channel, message.queued_by) == (
        MessageKind.RECEIVED,
        Channel.EMAIL,
        "reception",
    )


def test_the_journal_says_who_noted_it(sign_in: SignIn, monday: datetime) -> None:
    note(sign_in("Reception"))
    record = AppointmentRequest.objects.get()
    assert list(record.events.values_list("kind", "by")) == [(Event.NOTED, "reception")]
    assert journal.chain_is_whole(record)


@pytest.mark.parametrize("answer", [Answer.YES, Answer.NO])
def test_the_clinics_inbox_hears_of_a_flag_only(
    answer: Answer, sign_in: SignIn, monday: datetime
) -> None:
    factories.clinic(inbox="desk@clinic.example")
    question = factories.question()
    ticked = {f"answer_{question.pk}": Answer.YES} if answer == Answer.YES else {}
    note(sign_in("Reception"), **ticked, **no_to_all(question))
    kinds = AppointmentRequest.objects.get().messages.values_list("kind", flat=True)
    assert list(kinds) == ([MessageKind.CLINIC_NOTICE] if ticked else [])


def test_either_an_email_or_a_phone_is_needed_and_nothing_typed_is_lost(
    sign_in: SignIn, monday: datetime
) -> None:
    page = note(sign_in("Reception"), phone="", availability="Not on the 3rd")
    assert errors(page) == ["Enter an email address or a phone number. We need one of them."]
    content = page.content.decode()
    assert 'value="Pat Sample"' in content
    assert 'value="Not on the 3rd"' in content
    assert "My shoulder hurts at night.</textarea>" in content
    assert not AppointmentRequest.objects.exists()


def test_what_suits_them_is_noted(sign_in: SignIn, monday: datetime) -> None:
    clinician = factories.clinician()
    page = factories.revision(RevisionStatus.PUBLISHED).page
    wishes = {"preferred_days": ["friday"], "preferred_times": ["morning"]}
    note(sign_in("Reception"), page=page.slug, wished_clinician=clinician.slug, **wishes)
    record = AppointmentRequest.objects.get()
    assert (record.page, record.wished_clinician) == (page, clinician)
    assert (record.preferred_days, record.preferred_times) == (["friday"], ["morning"])


def test_it_can_be_kept_as_a_request(sign_in: SignIn, monday: datetime) -> None:
    answer = note(sign_in("Reception"), keep="yes")
    assert answer.headers["Location"] == page_of(AppointmentRequest.objects.get())


# --- Safety questions, asked aloud ----------------------------------------------------------------


def test_an_answer_of_yes_waits_for_a_clinician(sign_in: SignIn, monday: datetime) -> None:
    client, question = sign_in("Reception"), factories.question()
    other = factories.question("allergy", wording="Do you have an allergy?")
    ticked = {f"answer_{question.pk}": Answer.YES, f"detail_{question.pk}": "Apixaban"}
    answer = note(client, **ticked, **no_to_all(question, other))
    record = AppointmentRequest.objects.get()
    assert answer.headers["Location"] == page_of(record)
    assert dict(record.answers.values_list("question", "answer")) == {
        question.pk: Answer.YES,
        other.pk: Answer.NO,
    }
    assert [(flag.level, flag.answer.detail) for flag in record.flags.all()] == [
        (FlagLevel.RED, "Apixaban")
    ]
    content = said(client.get(page_of(record)))
    assert "A clinician decides first" in content
    assert "they will hear from us by" in content
    closed = client.get(decide_at(record, "book"), follow=True).content.decode()
    assert "A clinician has to decide about a flag first." in closed
    assert "A flag is open" in client.get(page_of(record)).content.decode()


def test_what_cannot_wait_is_said_while_they_are_on_the_phone(
    sign_in: SignIn, monday: datetime
) -> None:
    client, question = sign_in("Reception"), factories.urgent_question()
    note(client, **{f"answer_{question.pk}": Answer.YES})
    content = said(client.get(page_of(AppointmentRequest.objects.get())))
    assert "Tell the caller to call 111 today" in content
    assert question.wording in content


def test_a_question_that_was_not_asked_is_no_no(sign_in: SignIn, monday: datetime) -> None:
    factories.question()
    page = note(sign_in("Reception"))
    assert errors(page) == ["Your health: tick what applies, or tick “No”."]
    assert not AppointmentRequest.objects.exists()


def test_the_boxes_of_each_group_work_as_they_do_for_patients(
    sign_in: SignIn, monday: datetime
) -> None:
    note(sign_in("Reception"), **rest(factories.question()))
    assert AppointmentRequest.objects.get().answers.get().answer == Answer.NO


def test_nobody_says_no_to_a_question_that_came_meanwhile(
    sign_in: SignIn, monday: datetime
) -> None:
    question = factories.question()
    factories.question("allergy", wording="Do you have an allergy?")
    page = note(sign_in("Reception"), **no_to_all(question))
    assert errors(page)[-1].startswith("The safety questions have changed")
    assert not AppointmentRequest.objects.exists()


def test_the_age_raises_its_flag_and_asks_who_is_responsible(
    sign_in: SignIn, monday: datetime
) -> None:
    asked = factories.question(
        "under-18",
        wording="Are you under 18?",
        detail_prompt="Who is responsible for you?",
        answered_from=AnsweredFrom.AGE,
    )
    client, child = sign_in("Reception"), {"date_of_birth_year": "2015"}
    assert errors(note(client, **child)) == ["Please tell us: who is responsible for you?"]
    note(client, **child, carer_right="parent", carer_name="Sam Sample")
    flag = AppointmentRequest.objects.get().flags.get()
    assert (flag.answer.question, flag.answer.answer) == (asked, Answer.YES)


# --- Somebody else asks ---------------------------------------------------------------------------


def test_a_parent_is_noted_with_their_right(sign_in: SignIn, monday: datetime) -> None:
    note(sign_in("Reception"), carer_right="parent", carer_name="Sam Sample")
    record = AppointmentRequest.objects.get()
    assert (record.carer_right, record.carer_name) == ("parent", "Sam Sample")


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({"carer_right": "parent"}, "Enter the name of the person who is asking."),
        ({"carer_name": "Sam"}, "Choose why someone else is asking for the patient."),
    ],
)
def test_a_carer_has_a_name_and_a_right(
    typed: dict[str, str], error: str, sign_in: SignIn, monday: datetime
) -> None:
    assert errors(note(sign_in("Reception"), **typed)) == [error]


# --- People we know -------------------------------------------------------------------------------


def test_people_alike_are_shown_and_that_is_a_look(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Reception")
    born = factories.received(now=monday, name="Patricia Other", phone="", email="o@example.org")
    named = factories.received(now=monday, date_of_birth=LONG_AGO)
    factories.received(
        now=monday,
        name="Kim Stranger",
        date_of_birth=LONG_AGO,
        phone="+442079460111",
    )
    content = client.post(URL, WHO).content.decode()
    assert re.findall(r'name="known" value="(\d+)"', content) == [str(named.pk), str(born.pk)]
    look = Look.objects.get()
    assert (look.screen, look.requests) == ("book by phone", sorted([born.pk, named.pk]))


def test_one_person_is_shown_once(sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday)
    newest = factories.received(now=monday, phone="+442079460222")
    content = sign_in("Reception").post(URL, WHO).content.decode()
    assert re.findall(r'name="known" value="(\d+)"', content) == [str(newest.pk)]


def test_this_person_fills_in_what_we_know_and_keeps_what_was_typed(
    sign_in: SignIn, monday: datetime
) -> None:
    client, question = sign_in("Reception"), factories.question()
    known = factories.received(
        now=monday, access_needs=["step_free"], access_detail="Polish", concern="Old words"
    )
    typed = SAID | {"key": begin(client), "phone": "020 7946 0777", "known": known.pk}
    typed |= {"concern": "New words", f"answer_{question.pk}": Answer.YES}
    page = client.post(URL, typed)
    content = page.content.decode()
    assert key_on(page) == typed["key"]
    assert 'value="pat@example.org"' in content
    assert 'value="Polish"' in content
    assert 'value="step_free" id="id_access_needs_2" checked' in content
    assert "7946 0777" in content
    assert "New words</textarea>" in content
    assert "Old words" not in content
    assert f'id="id_answer_{question.pk}_0" checked' in content
    assert "error-summary" not in content
    assert known.events.filter(kind=Event.READ, by="reception").count() == 1
    assert AppointmentRequest.objects.count() == 1


def test_somebody_found_by_a_search_can_be_booked_from_there(
    sign_in: SignIn, monday: datetime
) -> None:
    client, known = sign_in("Reception"), factories.received(now=monday)
    found = client.post(f"{PEOPLE}search/", {"term": "Pat Sample"}, follow=True).content.decode()
    assert f'name="known" value="{known.pk}"' in found
    content = client.post(URL, {"known": known.pk}).content.decode()
    assert 'value="pat@example.org"' in content


def test_a_known_caller_with_a_new_number_is_the_same_person(
    sign_in: SignIn, monday: datetime
) -> None:
    client, known = sign_in("Reception"), factories.received(now=monday)
    content = client.post(URL, {"known": known.pk}).content.decode()
    assert f'name="earlier" value="{known.pk}"' in content
    reached = {"phone": "01632 960123", "email": ""}
    note(client, earlier=known.pk, **reached)
    note(client, **reached | {"phone": "01632 960124"})
    people = AppointmentRequest.objects.order_by("pk").values_list("person", flat=True)
    assert [pk == known.person_id for pk in people] == [True, True, False]


def test_what_we_know_now_is_filled_in(sign_in: SignIn, monday: datetime) -> None:
    known = factories.received(now=monday)
    person = known.person
    triage.change_person(
        person,
        version=person.version,
        email="new@example.org",
        phone="",
        access_needs=["step_free"],
        access_detail="",
        language="",
        by=factories.staff("Reception"),
        now=monday,
    )
    content = sign_in("Reception").post(URL, {"known": known.pk}).content.decode()
    assert 'value="new@example.org"' in content
    assert 'value="step_free" id="id_access_needs_2" checked' in content


def test_two_who_are_joined_are_one_in_the_list(sign_in: SignIn, monday: datetime) -> None:
    one = factories.received(now=monday)
    other = factories.received(email="other@example.org", phone="", now=monday)
    client = sign_in("Reception")
    assert client.post(URL, WHO).content.decode().count('name="known"') == 2
    triage.join(one.person, other=other.person, by=factories.staff("Reception"), now=monday)
    assert client.post(URL, WHO).content.decode().count('name="known"') == 1


@pytest.mark.parametrize("pk", ["0", "x", ""])
def test_nobody_is_found_under_a_number_that_is_none(pk: str, sign_in: SignIn) -> None:
    assert sign_in("Reception").post(URL, {"known": pk}).status_code == 404


def test_nobody_is_merged_and_the_request_names_the_others(
    sign_in: SignIn, monday: datetime
) -> None:
    client, known = sign_in("Reception"), factories.received(now=monday)
    note(client)
    newest = AppointmentRequest.objects.exclude(pk=known.pk).get()
    content = client.get(page_of(newest)).content.decode()
    assert "Possible duplicates" in content
    assert page_of(known) in content


# --- Once, and only by some -----------------------------------------------------------------------


def test_a_double_press_makes_one_request(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Reception")
    typed = SAID | {"key": begin(client)}
    first, second = (client.post(URL, typed).headers["Location"] for _ in range(2))
    assert first == second == decide_at(AppointmentRequest.objects.get(), "book")


def test_the_same_form_with_other_words_is_refused(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Reception")
    typed = SAID | {"key": begin(client)}
    client.post(URL, typed)
    page = client.post(URL, typed | {"concern": "Something else"})
    assert errors(page) == [
        "You have already sent this form with other answers. Start again to send a new request."
    ]


@pytest.mark.parametrize(
    ("group", "status"),
    [("Reception", 200), ("Clinician", 200), ("Manager", 200), ("Editor", 403), ("Publisher", 403)],
)
def test_whoever_may_book_may_note_a_request(group: str, status: int, sign_in: SignIn) -> None:
    client = sign_in(group)
    assert client.get(URL).status_code == status
    assert client.post(URL, WHO).status_code == status
    assert (URL in client.get("/admin/").content.decode()) == (status == 200)


def test_whoever_may_only_look_is_offered_no_booking(sign_in: SignIn, monday: datetime) -> None:
    factories.received(now=monday)
    person = factories.staff("Editor")
    person.user_permissions.add(Permission.objects.get(codename="view_appointmentrequest"))
    client = sign_in(person)
    assert client.get(URL).status_code == 403
    found = client.post(f"{PEOPLE}search/", {"term": "Pat Sample"}, follow=True).content.decode()
    assert "Pat Sample" in found
    assert URL not in found
    assert "New appointment" not in client.get("/admin/bookings/person/").content.decode()


def test_no_name_is_in_an_address(sign_in: SignIn) -> None:
    content = sign_in("Reception").get(URL).content.decode()
    assert '<form method="post" novalidate autocomplete="off">' in content


def test_a_form_that_is_refused_is_shown_again_with_everybody_found(
    sign_in: SignIn, monday: datetime
) -> None:
    client, known = sign_in("Reception"), factories.received(now=monday)
    page = note(client, concern="")
    assert errors(page) == ["Write a few words about what they would like help with."]
    assert f'name="known" value="{known.pk}"' in page.content.decode()


def test_the_first_step_says_what_is_missing(sign_in: SignIn) -> None:
    page = sign_in("Reception").post(URL, WHO | {"name": "", "date_of_birth_year": "70"})
    assert errors(page) == [
        "Enter the full name of the person who needs the appointment.",
        "Enter a year of birth with four digits, from 1900 onwards, for example 1972.",
    ]


def test_patients_read_that_we_noted_their_request(sign_in: SignIn, monday: datetime) -> None:
    note(sign_in("Reception"), email="pat@example.org")
    patient = Client()
    record = AppointmentRequest.objects.get()
    address = open_link(patient, record)
    born = {name: WHO[name] for name in WHO if name.startswith("date_of_birth")}
    patient.post(f"{address}identify/", born)
    assert "We noted your request." in patient.get(address).content.decode()


# --- Without an appointment, at the front desk ----------------------------------------------------


def test_a_walk_in_is_booked_with_whoever_is_free_first(
    sign_in: SignIn, monday: datetime, at: Any
) -> None:
    """Ada has somebody now, so Ben is first. The questions come before the booking."""
    kind, ada = factories.appointment_type(), factories.clinician()
    ben = factories.clinician("ben")
    taken = factories.request_at(RequestStatus.IN_REVIEW, now=monday - timedelta(hours=1))
    book_instead(taken, monday + timedelta(minutes=5), monday - timedelta(hours=1))
    factories.question()
    client = sign_in("Reception")
    page = client.get(f"{URL}now/").content.decode()
    offered = re.findall(r'href="([^"]+at=\d+)"', page.replace("&amp;", "&"))
    begins = {f"clinician={ben.pk}": 10, f"clinician={ada.pk}": 45}
    starts = {
        who: int((monday + timedelta(minutes=each)).timestamp()) for who, each in begins.items()
    }
    first, *all_of_them = offered
    assert all_of_them == [f"{URL}?type={kind.pk}&{who}&at={when}" for who, when in starts.items()]
    assert first == all_of_them[0]
    key = key_on(client.post(first, WHO))
    asked = client.post(first, SAID | {"key": key} | no_to_all(factories.question()))
    decision = asked.headers["Location"]
    assert f"at={starts[f'clinician={ben.pk}']}" in decision
    at(monday + timedelta(hours=13, minutes=30))
    late = sign_in("Reception").get(f"{URL}now/").content.decode()
    assert "Nobody is free today" in late
