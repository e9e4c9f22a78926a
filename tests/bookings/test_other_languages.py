"""Patients fill in the form in another language, and nothing about their safety rests on a machine."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.utils.translation import gettext

from bookings import triage
from bookings.forms.safety_questions import OTHERS, rest_value
from bookings.messages.letters import letter, text
from bookings.models import AppointmentRequest, Person, ScreeningAnswer, ScreeningQuestion
from bookings.screening import GivenAnswer
from bookings.status import (
    PATIENT,
    Answer,
    AnsweredFrom,
    MessageKind,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import TOLD
from bookings.triage.safety import keep_answers, take_over_answers
from procedures.ground import languages
from procedures.ground.languages import KNOWN
from procedures.status import RevisionStatus
from tests import factories
from tests.databases import migrate_here
from tests.people import (
    ABOUT,
    TIMES,
    YOU,
    begun_a_minute_ago,
    booked,
    decide_at,
    identified,
    key,
    page_of,
    rest,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
REQUEST = "/appointments/request/"
DIABETES = "Do you have diabetes?"
BY_MACHINE = {
    "cy": "Peiriant a gyfieithodd y dudalen hon.",
    "pl": "Tę stronę przetłumaczyła maszyna.",
    "ur": "اس صفحے کا ترجمہ مشین نے کیا ہے۔",
}
IN_WORDS = {
    "cy": "A oes gennych ddiabetes?",
    "pl": "Czy masz cukrzycę?",
    "ur": "کیا آپ کو ذیابیطس (شوگر) ہے؟",
}


def about_language(**columns: Any) -> None:
    """The question that makes answers in a translation count as flagged."""
    factories.question(
        "answered-in-a-translation",
        group=factories.question_group("The language"),
        answered_from=AnsweredFrom.LANGUAGE,
        wording="Were these questions answered in a translation?",
        **columns,
    )


def asked_again(now: datetime) -> tuple[AppointmentRequest, ScreeningQuestion]:
    """A visit a year after its request, and what is asked before it."""
    asked = factories.question("diabetes", wording=DIABETES, asked_again=True, asked_first=False)
    found = factories.request_at(RequestStatus.BOOKED, now=now)
    AppointmentRequest.objects.update(received_at=now.replace(year=now.year - 1))
    found.refresh_from_db()
    return found, asked


def fill_in(
    client: Client,
    code: str,
    about: dict[str, Any] = ABOUT,
    ticked: dict[str, Any] | None = None,
) -> None:
    asked = factories.question("diabetes", wording=DIABETES)
    base = f"/{code}{REQUEST}"
    client.post(base, {"about": ""})
    steps = {"about": about, "you": YOU, "safety": ticked or rest(asked), "times": TIMES}
    for step, values in steps.items():
        answer = client.post(f"{base}{step}/", values)
        assert answer.status_code == 302, answer.content.decode()
        assert answer.headers["Location"].startswith(f"/{code}/")
    begun_a_minute_ago(client)


@pytest.mark.parametrize("code", KNOWN)
def test_a_whole_request_in_another_language(client: Client, monday: datetime, code: str) -> None:
    about_language()
    start = client.get(f"/{code}{REQUEST}")
    said = start.content.decode()
    assert start.headers["Content-Language"] == code
    assert f'<html lang="{code}"' in said
    assert ('<html lang="ur" dir="rtl">' in said) == (KNOWN[code].direction == "rtl")
    assert BY_MACHINE[code] in said
    assert "Translated from English by machine, not checked by a translator." in said
    assert f'hreflang="{code}" href="{site.SITE_URL}/{code}{REQUEST}"' in said
    fill_in(client, code)
    questions = client.get(f"/{code}{REQUEST}safety/").content.decode()
    original = f'<span class="original" lang="en-GB" dir="ltr">{DIABETES}</span>'
    assert f"{IN_WORDS[code]} {original}" in questions
    sent = client.post(f"/{code}{REQUEST}check/", {"key": key(client)}, follow=True)
    assert sent.redirect_chain[-1][0] == f"/{code}{REQUEST}sent/"
    received = AppointmentRequest.objects.get()
    assert received.reference in sent.content.decode()
    assert (received.language, Person.objects.get().language) == (code, code)
    name = KNOWN[code].english_name
    assert received.needs() == [f"Reads {name}: offer an interpreter"]
    flag = received.flags.get()
    assert (flag.answer.detail, flag.is_blocking()) == (name, True)
    triage.start_review(received, version=1, by=factories.staff("Reception"), now=monday)
    with pytest.raises(TriageRefused, match="A flag is still open"):
        factories.offer(received, now=monday)


def test_a_topic_has_its_translated_title_and_is_marked_if_it_is_in_english(
    client: Client, monday: datetime
) -> None:
    about_language()
    translated = factories.revision(
        RevisionStatus.PUBLISHED, text=factories.document(title="A knee"), now=monday
    )
    factories.translation(of=translated.page, now=monday)
    other = factories.page("another-thing")
    text = factories.document(title="An elbow")
    factories.revision(RevisionStatus.PUBLISHED, of=other, text=text, now=monday)
    assert "A knee Cymraeg" in client.get(f"/cy{REQUEST}?about=a-thing").content.decode()
    client.post(f"/cy{REQUEST}", {"about": "a-thing"})
    asked = client.get(f"/cy{REQUEST}about/").content.decode()
    assert " ".join(asked.split()).count("A knee Cymraeg") == 1
    assert '<span lang="en-GB" dir="ltr">An elbow</span>' in asked
    assert ">A knee Cymraeg</span>" not in asked
    english = client.get(f"{REQUEST}about/").content.decode()
    assert "A knee Cymraeg" not in english
    assert "An elbow" in english
    # The request is about the page itself, whatever the language of its title.
    fill_in(client, "cy", about=ABOUT | {"page": "a-thing"})
    client.post(f"/cy{REQUEST}check/", {"key": key(client)})
    assert AppointmentRequest.objects.get().page == translated.page


def test_the_desk_reads_english_with_the_patients_words_beside(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    about_language()
    fill_in(client, "pl")
    client.post(f"/pl{REQUEST}check/", {"key": key(client)})
    received = AppointmentRequest.objects.get()
    page = sign_in("Clinician").get(page_of(received)).content.decode()
    assert '<html lang="en-gb"' in page
    assert "Reads Polish: offer an interpreter" in page
    assert "Were these questions answered in a translation?" in page
    # A wrong “no” is what a translation is feared for. What nobody was asked, nobody read.
    assert as_read(page) == [("pl", "Czy masz cukrzycę?")]
    no = page[page.index("“No” to 1 question") :]
    assert f'{DIABETES} <span class="original" lang="pl" dir="ltr">Czy masz cukrzycę?</span>' in no


def test_what_a_patient_wrote_runs_its_own_way_at_the_desk(
    sign_in: SignIn, monday: datetime
) -> None:
    """In no language that we could name: who reads Urdu may answer in English."""
    found = factories.received(
        language="ur", concern="گھٹنا", availability="پیر کو نہیں", now=monday
    )
    page = sign_in("Clinician").get(page_of(found)).content.decode()
    assert '<blockquote class="own-words" dir="auto">گھٹنا</blockquote>' in page
    assert "<bdi>پیر کو نہیں</bdi>" in page


def as_read(page: str) -> list[tuple[str, str]]:
    """The wordings beside the English ones at the desk, each with its language."""
    return re.findall(r'<span class="original" lang="(\w+)" dir="\w+">(.*?)</span>', page)


def test_what_was_read_in_urdu_and_sent_in_english_is_shown_in_urdu(
    client: Client, sign_in: SignIn
) -> None:
    about_language()
    asked = factories.question("diabetes", wording=DIABETES)
    fill_in(client, "ur", ticked={f"answer_{asked.pk}": Answer.YES})
    client.post(f"{REQUEST}check/", {"key": key(client)})
    received = AppointmentRequest.objects.get()
    assert received.language == ""
    page = sign_in("Clinician").get(page_of(received)).content.decode()
    assert as_read(page) == [("ur", IN_WORDS["ur"])]
    assert page.index("<strong>Yes.</strong>") < page.index(IN_WORDS["ur"])


def test_what_was_read_in_polish_about_an_english_request_is_shown_in_polish(
    client: Client, sign_in: SignIn, monday: datetime
) -> None:
    about_language()
    found, asked = asked_again(monday)
    url = f"/pl{identified(client, found)}safety/"
    client.post(url, rest(asked) | {"version": found.version, "answered": "yes"})
    page = sign_in("Clinician").get(page_of(found)).content.decode()
    assert as_read(page) == [("pl", "Czy masz cukrzycę?")]


def test_what_reception_asked_aloud_was_not_read_in_polish(
    client: Client, sign_in: SignIn, monday: datetime, at: Any
) -> None:
    about_language()
    fill_in(client, "pl")
    client.post(f"/pl{REQUEST}check/", {"key": key(client)})
    received = AppointmentRequest.objects.get()
    (asked,) = ScreeningQuestion.objects.filter(key="diabetes")
    at(monday + timedelta(hours=1))
    aloud = {"version": received.version, "no_to_all": rest_value(OTHERS, [asked])}
    reception = sign_in("Reception")
    reception.post(decide_at(received, "safety"), aloud)
    assert received.answers.filter(question=asked).count() == 2
    assert as_read(reception.get(page_of(received)).content.decode()) == []


def test_what_is_taken_over_into_a_follow_up_was_read_in_polish_then(monday: datetime) -> None:
    found, asked = asked_again(monday)
    read = GivenAnswer(asked, Answer.NO, "", "pl")
    keep_answers(found, [read], [], by=PATIENT, now=monday - timedelta(days=1))
    other = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    take_over_answers(other, list(found.answers.all()))
    assert list(other.answers.values_list("read_in", "given_at")) == [
        ("pl", monday - timedelta(days=1))
    ]


def test_answers_that_came_after_the_hour_still_count_as_read_in_polish(client: Client) -> None:
    about_language()
    asked = factories.question("diabetes", wording=DIABETES)
    client.post(f"/pl{REQUEST}safety/", rest(asked))
    client.post(REQUEST, {"about": ""})
    client.post(f"{REQUEST}about/", ABOUT)
    assert client.post(f"{REQUEST}you/", YOU).headers["Location"] == f"{REQUEST}times/"
    client.post(f"{REQUEST}times/", TIMES)
    begun_a_minute_ago(client)
    client.post(f"{REQUEST}check/", {"key": key(client)})
    received = AppointmentRequest.objects.get()
    assert received.flags.get().answer.detail == "Polish"
    assert received.answers.get(question=asked).read_in == "pl"


@pytest.mark.sqlite
@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_answers_from_before_are_said_to_have_been_read_as_they_were(
    client: Client, monday: datetime
) -> None:
    about_language()
    fill_in(client, "ur")
    client.post(f"{REQUEST}check/", {"key": key(client)})
    before = set(ScreeningAnswer.objects.values_list("question__key", "read_in"))
    try:
        migrate_here([("bookings", "0054_texts_by_time")])
    finally:
        migrate_here()
    assert before == {("diabetes", "ur"), ("answered-in-a-translation", "")}
    assert set(ScreeningAnswer.objects.values_list("question__key", "read_in")) == before


def test_the_address_alone_decides_about_the_language(client: Client) -> None:
    answer = client.get(REQUEST, headers={"Accept-Language": "pl"})
    assert '<html lang="en-GB">' in answer.content.decode()
    assert answer.headers["Content-Language"] == "en-GB"
    assert "Accept-Language" not in answer.headers.get("Vary", "")
    assert "django_language" not in client.cookies
    public = client.get("/pl/urgent/")
    assert public.headers["Cache-Control"].startswith("public")
    assert "set-cookie" not in {name.lower() for name in public.headers}
    assert client.get("/pl/procedures/").status_code == 404
    assert client.get("/de/urgent/").status_code == 404


def test_a_language_that_the_clinic_does_not_offer_has_no_address(
    client: Client, settings: Any
) -> None:
    settings.OTHER_LANGUAGES = ["cy"]
    assert client.get("/cy/urgent/").status_code == 200
    assert client.get("/pl/urgent/").status_code == 404
    assert 'href="/pl/urgent/"' not in client.get("/urgent/").content.decode()


def test_changing_the_language_keeps_what_was_typed(client: Client) -> None:
    about_language()
    client.post(REQUEST, {"about": ""})
    typed = {"page": "", "concern": "Boli mnie kolano.", "language": "pl"}
    answer = client.post(f"{REQUEST}about/", typed, follow=True)
    assert answer.redirect_chain == [(f"/pl{REQUEST}about/?changed", 302)]
    page = answer.content.decode()
    assert "Boli mnie kolano." in page
    assert "error-summary" not in page
    empty = client.post(
        f"/pl{REQUEST}about/", {"page": "", "concern": "", "language": ""}, follow=True
    )
    assert empty.redirect_chain == [(f"{REQUEST}about/?changed", 302)]
    assert "error-summary" not in empty.content.decode()


def test_what_was_answered_in_a_translation_stays_so_when_the_language_is_changed(
    client: Client,
) -> None:
    about_language()
    fill_in(client, "ur")
    client.post(f"{REQUEST}check/", {"key": key(client)})
    received = AppointmentRequest.objects.get()
    assert received.language == ""
    assert received.flags.get().answer.detail == "Urdu"


def test_english_answers_raise_no_flag(client: Client) -> None:
    about_language()
    asked = factories.question("diabetes", wording=DIABETES)
    client.post(REQUEST, {"about": ""})
    for step, values in {"about": ABOUT, "you": YOU, "safety": rest(asked), "times": TIMES}.items():
        client.post(f"{REQUEST}{step}/", values)
    begun_a_minute_ago(client)
    client.post(f"{REQUEST}check/", {"key": key(client)})
    assert not AppointmentRequest.objects.get().flags.exists()


@pytest.mark.parametrize("is_asked", [True, False])
def test_without_a_flag_for_it_nobody_answers_in_a_translation(
    client: Client, monday: datetime, is_asked: bool
) -> None:
    if is_asked:
        about_language()
    client.post(f"/pl{REQUEST}", {"about": ""})
    assert ("unsent" in client.session) == is_asked
    page = client.get(f"/pl{REQUEST}").content.decode()
    assert ("W tej chwili nie można wypełnić naszego formularza" in page) == (not is_asked)
    given = GivenAnswer(factories.question(), Answer.NO, "", "pl")
    with pytest.raises(TriageRefused, match="You cannot fill in our form in this language"):
        triage.submit(factories.submission(answers=[given]), key="k" * 43, now=monday)


def test_answers_that_are_given_again_in_a_translation_are_looked_at_every_time(
    client: Client, monday: datetime
) -> None:
    about_language()
    found, asked = asked_again(monday)
    url = f"/pl{identified(client, found)}"
    page = client.get(f"{url}safety/").content.decode()
    assert "Czy masz cukrzycę?" in page
    client.post(f"{url}safety/", rest(asked) | {"version": found.version, "answered": "yes"})
    found.refresh_from_db()
    assert found.status == RequestStatus.BOOKED_IN_REVIEW
    assert found.flags.get().answer.detail == "Polish"
    shown = client.get(url).content.decode()
    assert "Ponownie przyglądamy się twojej wizycie" in shown


def test_a_refusal_is_read_in_the_language_of_the_page(
    client: Client, monday: datetime, at: Any
) -> None:
    late = factories.request_at(RequestStatus.OFFERED, now=monday)
    offer = late.offers.get()
    at(offer.held_until)
    url = f"/cy{identified(client, late)}"
    posted = {"version": late.version, "time": offer.times.all()[0].pk}
    said = client.post(f"{url}choose/", posted, follow=True).content.decode()
    assert "Os oes angen apwyntiad arnoch o hyd, ffoniwch ni." in said
    given_back = booked(offer.held_until)
    triage.cancel(given_back, version=given_back.version, by=PATIENT, now=offer.held_until)
    at(offer.held_until + timedelta(hours=1))
    url = f"/cy{identified(client, given_back)}"
    said = client.post(f"{url}undo/", {"version": given_back.version}, follow=True).content.decode()
    assert "Nid ydym yn cadw&#x27;r amser mwyach." in said


def test_a_refusal_that_only_a_race_reaches_is_translated(monday: datetime, at: Any) -> None:
    request = booked(monday)
    say = partial(triage.answer_about_visit, request, got_it="yes", comment="", now=monday)
    with languages.spoken_in("cy"), pytest.raises(TriageRefused, match="ar ôl eich ymweliad"):
        say()
    at(monday + timedelta(days=7, hours=1))
    triage.record_attendance(
        request,
        version=request.version,
        came=True,
        by=factories.staff("Reception"),
        now=monday + timedelta(days=7, hours=1),
    )
    say()
    with languages.spoken_in("cy"), pytest.raises(TriageRefused, match="Mae eich ateb gennym"):
        say()


def test_every_sentence_about_what_has_happened_is_translated() -> None:
    """They are marked where they are written, and one that is not would stay in English."""
    sentences = {each for told in TOLD.values() for each in told if each}
    for code in KNOWN:
        with languages.spoken_in(code):
            assert {each for each in sentences if gettext(each) == each} == set()


@pytest.mark.parametrize("code", KNOWN)
def test_letters_go_out_in_the_patients_language_with_the_english_below(
    client: Client, monday: datetime, settings: Any, code: str
) -> None:
    about_language()
    fill_in(client, code)
    client.post(f"/{code}{REQUEST}check/", {"key": key(client)})
    found = AppointmentRequest.objects.get()
    to_patient = found.messages.get(kind=MessageKind.RECEIVED)
    mail = letter(to_patient)
    own, english = str(mail.body).split("\n* * *\n")
    with languages.spoken_in(code):
        assert gettext("Thank you. We have your request.") in own
        assert mail.subject == gettext("We have received your request %(reference)s") % {
            "reference": languages.left_to_right_in_text(found.reference)
        }
    assert "Thank you. We have your request." in english
    assert f"{site.SITE_URL}/{code}/appointments/mine/link/" in own
    assert f"{site.SITE_URL}/appointments/mine/link/" in english
    html = str(mail.alternatives[0][0])
    assert f'<div lang="{code}" dir="{KNOWN[code].direction}">' in html
    line = text(to_patient).replace("\u2066", "")
    assert " / Example Lane Clinic: we have your request, and will answer by " in line
    assert line.count(found.reference) == 2
    to_desk = found.messages.filter(kind=MessageKind.CLINIC_NOTICE).get()
    assert 'dir="ltr">http' in html
    assert "needs attention at the desk" in str(letter(to_desk).body)
    assert f"/{code}/" not in str(letter(to_desk).body)
    settings.OTHER_LANGUAGES = []
    assert str(letter(to_patient).body).startswith("Hello,")


def test_numbers_keep_their_order_in_messages_that_run_from_right_to_left(
    client: Client, monday: datetime
) -> None:
    """As Unicode's rules of direction show them: the groups of a bare number would change places."""
    about_language()
    fill_in(client, "ur")
    client.post(f"/ur{REQUEST}check/", {"key": key(client)})
    found = AppointmentRequest.objects.get()
    to_patient = found.messages.get(kind=MessageKind.RECEIVED)
    own, english = str(letter(to_patient).body).split("\n* * *\n")
    for in_one_piece in ("020 7946 0958", found.reference):
        assert own.count(in_one_piece) == own.count(f"\u2066{in_one_piece}\u2069") > 0
        assert in_one_piece in english
    assert "\u2066" not in english
    line = text(to_patient)
    assert line.startswith("\u200fExample Lane Clinic")
    assert " / \u2066Example Lane Clinic: we have your request" in line
    assert line.endswith("\u2069")
