"""A request from somebody with a phone number and no email address."""

import random
import re
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client

from bookings import links, messages, triage
from bookings.desk.alarms import alarms
from bookings.desk.finding import find_people, likely_duplicates
from bookings.desk.to_phone import (
    UNANSWERED,
    patients_to_phone,
    reason_to_phone,
    reasons_to_phone,
)
from bookings.desk.to_say import what_to_say
from bookings.forms.request_form import YouForm
from bookings.messages import sms
from bookings.messages.outbox import OF_NO_WEIGHT
from bookings.messages.still_true import MATTERS_FOR, NOT_TO_PATIENT
from bookings.models import AppointmentRequest, Message
from bookings.patients import limits
from bookings.status import (
    CLOCK,
    PATIENT,
    Channel,
    MessageKind,
    MessageStatus,
    RequestStatus,
    TriageRefused,
)
from procedures.ground.rate_limits import Limit
from tests import factories
from tests.people import (
    BASE,
    BIRTH,
    LOST,
    YOU,
    behind_link,
    book_instead,
    decide_at,
    fill_in,
    identified,
    page_of,
    send,
    too_late_to_undo,
)

pytestmark = pytest.mark.django_db
CODE = "/appointments/code/"
PHONE = "020 7946 0958"
CARD = re.compile(r"<strong>(\w{3}-\w{3}-\w{3})</strong>")
HEARD = {
    MessageKind.QUESTION: "Ask them our question, and note the answer.",
    MessageKind.LINK: "They cannot get in. Make a new code and read it out.",
}


def asked(now: datetime, **columns: Any) -> AppointmentRequest:
    """A request with a phone number alone."""
    return factories.received(now=now, **{"email": ""} | columns)


def in_review(now: datetime, **columns: Any) -> AppointmentRequest:
    request = asked(now, **columns)
    by = factories.staff("Reception")
    return triage.start_review(request, version=request.version, by=by, now=now)


def news(request: AppointmentRequest) -> list[tuple[str, str, str]]:
    """What there is to say to the patient: the kind, the channel and the status of each message."""
    found = request.messages.exclude(kind=MessageKind.CLINIC_NOTICE).order_by("pk")
    return [(each.kind, each.channel, each.status) for each in found]


def told(request: AppointmentRequest, now: datetime, *, reached: bool = True) -> None:
    triage.record_call(
        request,
        reached=reached,
        note="",
        by=factories.staff("Reception"),
        now=now,
        told_up_to=request.messages.latest("pk").pk,
    )


# --- Asking ---------------------------------------------------------------------------------


def test_a_phone_number_alone_is_enough(client: Client, sign_in: Any, monday: datetime) -> None:
    fill_in(client, you={"email": ""})
    assert "<dd>Not given</dd>" in client.get(f"{BASE}check/").content.decode()
    assert send(client).headers["Location"] == f"{BASE}sent/"
    request = AppointmentRequest.objects.get()
    assert (request.email, str(request.phone)) == ("", "+44 20 7946 0958")
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert request.reference in receipt
    assert CARD.findall(receipt) == [links.code(request, monday)]
    assert "clinic.example/appointments/code/" in receipt
    assert "We will phone you on 020 7946 0958 when there is news." in receipt
    assert "We will not leave a voicemail message." in receipt
    # The receipt has said that we have it, so nobody has to.
    assert news(request) == []
    assert patients_to_phone(monday) == []
    desk = sign_in("Reception").get(page_of(request)).content.decode()
    assert "<p>No email address</p>" in desk


def test_somebody_with_an_email_address_gets_no_code(client: Client, monday: datetime) -> None:
    fill_in(client)
    send(client)
    assert links.code(AppointmentRequest.objects.get(), monday) == ""
    assert CARD.findall(client.get(f"{BASE}sent/").content.decode()) == []


def test_the_database_refuses_a_request_that_nobody_can_answer(monday: datetime) -> None:
    request = asked(monday)
    with pytest.raises(IntegrityError, match="a_request_has_an_email_or_a_phone"):
        AppointmentRequest.objects.filter(pk=request.pk).update(phone="")


def test_one_sentence_says_that_we_need_one_of_the_two() -> None:
    form = YouForm(YOU | {"email": "", "phone": ""})
    assert form.errors == {
        "email": ["Enter an email address or a phone number, so that we can reach you."]
    }
    # What was typed and is wrong has its own sentence, and needs no second one.
    assert list(YouForm(YOU | {"email": "", "phone": "12"}).errors) == ["phone"]
    assert list(YouForm(YOU | {"email": "pat", "phone": ""}).errors) == ["email"]


def test_a_number_that_cannot_be_one_is_told_of_the_country_code() -> None:
    (sentence,) = YouForm(YOU | {"phone": "1234"}).errors["phone"]
    assert "A number from another country starts with + and its country code" in sentence
    assert YouForm(YOU | {"phone": "+49 30 23125 000"}).is_valid()


@pytest.mark.parametrize(
    "born", [("27", "3", "1972"), ("27", "March", "1972"), ("27 March 1972", "", "")]
)
def test_a_date_of_birth_may_have_its_month_as_a_word(born: tuple[str, ...]) -> None:
    names = ("date_of_birth_day", "date_of_birth_month", "date_of_birth_year")
    form = YouForm(YOU | dict(zip(names, born, strict=True)))
    assert form.is_valid()
    assert f"{form.cleaned_data['date_of_birth']}" == "1972-03-27"


@pytest.mark.parametrize("mark", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_marks_that_show_nothing_are_taken_off(mark: str) -> None:
    form = YouForm(
        YOU
        | {
            "name": f"Pa{mark}t Sample{mark}",
            "date_of_birth_day": f"{mark}31",
            "email": f"pat{mark}@example.org",
            "phone": f"{mark}020 7946{mark} 0958",
        }
    )
    assert form.is_valid(), form.errors
    values = form.cleaned_data
    assert (values["name"], values["email"]) == ("Pat Sample", "pat@example.org")
    assert values["phone"] == "+44 20 7946 0958"


def test_three_requests_a_day_from_one_phone(client: Client) -> None:
    codes = []
    for _ in range(limits.SEND_TO_ONE_PHONE.times + 1):
        fill_in(client, you={"email": ""})
        codes.append(send(client).status_code)
    assert codes == [302, 302, 302, 429]
    fill_in(client, you={"email": "", "phone": "020 7946 0111"})
    assert send(client).status_code == 302


def test_what_was_agreed_to_in_the_form_is_kept(client: Client, settings: Any) -> None:
    settings.TEXT_MESSAGES = "console"
    agreed = {"text_messages": "on", "voicemail": "on", "detail_in_messages": "on"}
    fill_in(client, you=agreed | {"email": "", "phone": "07400 123456"})
    said = client.get(f"{BASE}check/").content.decode()
    for words in (
        "Text messages are fine.",
        "A voicemail message is fine.",
        "May say when and where",
    ):
        assert words in said
    send(client)
    request = AppointmentRequest.objects.get()
    assert (request.text_messages, request.voicemail, request.detail_in_messages) == (True,) * 3
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert "We will send a text message to 07400 123456" in receipt


def test_a_text_message_needs_a_mobile_number(settings: Any) -> None:
    settings.TEXT_MESSAGES = "console"
    form = YouForm(YOU | {"text_messages": "on"})
    assert "We cannot send text messages to this number." in form.errors["phone"][0]


def test_nobody_is_asked_about_text_messages_that_do_not_exist(settings: Any) -> None:
    settings.TEXT_MESSAGES = ""
    assert "text_messages" not in YouForm().fields


# --- For whom it is -------------------------------------------------------------------------


def hints(client: Client, address: str = f"{BASE}you/") -> dict[str, str]:
    """What browsers may fill in by themselves, by the name of the field."""
    fields = re.findall(r"<input[^>]*>", client.get(address).content.decode())
    named = {re.search(r'name="(\w+)"', each)[1]: each for each in fields if "name=" in each}  # type: ignore[index]
    found = {name: re.search(r'autocomplete="([\w-]+)"', each) for name, each in named.items()}
    return {name: hint[1] for name, hint in found.items() if hint}


def at_step_2(client: Client) -> Client:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", {"page": "", "concern": "My knee."})
    return client


def test_whoever_asks_for_themselves_may_have_all_filled_in(client: Client) -> None:
    page = at_step_2(client).get(f"{BASE}you/").content.decode()
    assert page.index("Who is this appointment for?") < page.index("Full name")
    assert "carer_name" not in page
    own = hints(client)
    assert (own["name"], own["date_of_birth_year"], own["email"]) == ("name", "bday-year", "email")


def test_a_carers_own_name_is_filled_in_only_where_it_belongs(client: Client) -> None:
    at_step_2(client)
    page = client.get(f"{BASE}you/?for=someone-else").content.decode()
    order = ["Who is this appointment", "Your own full name", "Their full name", "Their date"]
    assert [page.index(each) for each in order] == sorted(page.index(each) for each in order)
    offered = hints(client, f"{BASE}you/?for=someone-else")
    assert offered["carer_name"] == "name"
    assert not {"name", "date_of_birth_day", "date_of_birth_year"} & set(offered)


def test_for_whom_it_is_stays_with_the_answers_and_may_be_changed(client: Client) -> None:
    at_step_2(client)
    url = f"{BASE}you/"
    marked = YOU | {"for_someone_else": "True"}
    refused = client.post(f"{url}?for=someone-else", marked).content.decode()
    assert "Choose why you are asking for them." in refused
    assert "Enter your own name, because the appointment is for someone else." in refused
    assert "Which language do they need" in refused
    assert "everyone who plans their visit" in refused
    nameless = client.post(url, marked | {"name": ""}).content.decode()
    assert "Enter the full name of the person who needs the appointment." in nameless
    carer = {"carer_right": "parent", "carer_name": "Kim Sample"}
    assert client.post(url, marked | carer).status_code == 302
    assert 'value="Kim Sample"' in client.get(url).content.decode()
    answer_for = f"Answer for {YOU['name']}, not for yourself."
    assert answer_for in client.get(f"{BASE}safety/").content.decode()
    changed = client.get(f"{url}?for=me").content.decode()
    assert 'value="Pat Sample"' in changed
    assert "Kim Sample" not in changed
    client.post(url, YOU | {"for_someone_else": "False"})
    assert "Kim Sample" not in client.get(url).content.decode()
    assert "not for yourself" not in client.get(f"{BASE}safety/").content.decode()


# --- News ------------------------------------------------------------------------------------


def test_an_offer_is_told_by_phone_once(client: Client, monday: datetime) -> None:
    request = in_review(monday)
    factories.offer(request, now=monday)
    assert news(request) == [(MessageKind.OFFER, Channel.PHONE, MessageStatus.TO_TELL)]
    (task,) = patients_to_phone(monday)
    assert task.why == (
        "Offer them Tuesday 24 November at 12:00, Tuesday 24 November at 14:00. We hold these until "
        "Monday 23 November at 22:00."
    )
    told(request, monday, reached=False)
    (task,) = patients_to_phone(monday)
    assert str(task.calls) == "Tried once at 10:00"
    told(request, monday)
    assert patients_to_phone(monday) == []
    message = request.messages.get(kind=MessageKind.OFFER)
    assert (message.status, message.sent_at, message.sent_by) == ("sent", monday, "reception")


def test_whoever_has_not_heard_of_the_times_is_not_asked_why_they_do_not_answer(
    monday: datetime,
) -> None:
    request = in_review(monday)
    end = factories.offer(request, now=monday).held_until
    messages.queue_once(request, MessageKind.OFFER_ENDS, now=monday)
    last = end - timedelta(minutes=1)
    (offer,) = reasons_to_phone(request, last)
    assert offer.startswith("Offer them ")
    told_of = request.messages.get(kind=MessageKind.OFFER).pk
    by = factories.staff("Reception")
    triage.record_call(request, reached=True, note="", by=by, now=last, told_up_to=told_of)
    (ends,) = reasons_to_phone(request, last)
    assert ends.startswith("Ask which of the offered times they would like.")


def test_times_that_an_email_has_told_since_are_no_longer_ours_to_tell(monday: datetime) -> None:
    """They gave an address of their own accord: then their silence is a reason again."""
    request = in_review(monday)
    last = factories.offer(request, now=monday).held_until - timedelta(minutes=1)
    triage.change_contact(
        request, version=request.version, email="sam@example.org", phone=str(request.phone),
        by=PATIENT, now=monday + timedelta(hours=1),
    )  # fmt: skip
    arrived = {"status": MessageStatus.SENT, "sent_at": last, "sent_by": "worker"}
    request.messages.filter(kind=MessageKind.CONTACT).update(**arrived)
    assert reasons_to_phone(request, last) == [UNANSWERED]


def test_an_offer_that_did_not_arrive_is_one_reason(monday: datetime) -> None:
    request = in_review(monday, email="sam@example.org")
    last = factories.offer(request, now=monday).held_until - timedelta(minutes=1)
    request.messages.filter(kind=MessageKind.OFFER).update(status=MessageStatus.FAILED)
    assert reasons_to_phone(request, last) == ["Email not delivered: times offered."]


def test_news_that_came_during_the_call_stays_to_tell(sign_in: Any, monday: datetime) -> None:
    request = in_review(monday)
    factories.offer(request, now=monday)
    reception = sign_in("Reception")
    page = reception.get(decide_at(request, "call")).content.decode()
    seen = re.search(r'name="told_up_to" value="(\d+)"', page)
    assert seen
    messages.queue_once(request, MessageKind.OFFER_ENDS, now=monday)
    posted = {"version": request.version, "reached": "yes", "note": "", "told_up_to": seen[1]}
    answer = reception.post(decide_at(request, "call"), posted, follow=True).content.decode()
    assert "The patient stays on the list of patients to phone." in answer
    assert [status for *_, status in news(request)] == ["sent", "to_tell"]
    assert reason_to_phone(request, monday).startswith("Ask which of the offered times")


def test_a_call_without_what_was_on_the_screen_tells_nothing(
    sign_in: Any, monday: datetime
) -> None:
    request = in_review(monday)
    factories.offer(request, now=monday)
    posted = {"version": request.version, "reached": "yes", "note": ""}
    sign_in("Reception").post(decide_at(request, "call"), posted)
    assert [status for *_, status in news(request)] == ["to_tell"]


def test_a_message_on_the_machine_is_no_telling(sign_in: Any, monday: datetime) -> None:
    request = in_review(monday, voicemail=True)
    factories.offer(request, now=monday)
    reception, call = sign_in("Reception"), decide_at(request, "call")
    assert "you may leave a message" in reception.get(call).content.decode()
    reception.post(call, {"version": request.version, "reached": "message", "note": ""})
    (task,) = patients_to_phone(monday)
    assert str(task.calls) == "Tried once at 10:00, left a message"
    assert "left a message" in reception.get("/admin/").content.decode()
    kinds = request.events.order_by("number").values_list("kind", flat=True)
    assert "left the patient a voicemail message" in kinds


def test_nobody_leaves_a_message_where_others_may_hear_it(sign_in: Any, monday: datetime) -> None:
    request = in_review(monday)
    reception, call = sign_in("Reception"), decide_at(request, "call")
    assert "do not leave a message" in reception.get(call).content.decode()
    posted = {"version": request.version, "reached": "message", "note": ""}
    assert reception.post(call, posted).status_code == 200
    assert not request.calls.exists()


def test_what_was_agreed_on_the_phone_needs_no_second_call(monday: datetime) -> None:
    request = in_review(monday)
    book_instead(request, monday + timedelta(days=7), monday)
    assert news(request) == []
    offered = in_review(monday)
    chosen = factories.offer(offered, now=monday).times.all()[0]
    told(offered, monday)
    by = factories.staff("Reception")
    triage.book_offered(offered, version=offered.version, chosen=chosen, by=by, now=monday)
    assert [kind for kind, *_ in news(offered)] == [MessageKind.OFFER]


def test_what_patients_did_themselves_needs_no_call(monday: datetime) -> None:
    request = in_review(monday)
    chosen = factories.offer(request, now=monday).times.all()[0]
    triage.accept(request, version=request.version, chosen=chosen, now=monday)
    assert patients_to_phone(monday) == []
    assert messages.drop_what_need_not_be_told(monday) == 1
    assert news(request) == [(MessageKind.OFFER, Channel.PHONE, MessageStatus.DROPPED)]


def test_what_nobody_waits_for_any_more_is_dropped(monday: datetime) -> None:
    request = in_review(monday)
    by = factories.staff("Reception")
    triage.decline(request, version=request.version, reason="Ask a GP.", by=by, now=monday)
    assert "we cannot offer a visit" in reason_to_phone(request, monday)
    late = monday + MATTERS_FOR
    assert messages.drop_what_need_not_be_told(late - timedelta(seconds=1)) == 0
    assert messages.drop_what_need_not_be_told(late) == 1
    assert [status for *_, status in news(request)] == [MessageStatus.DROPPED]


def test_the_clock_reminds_by_phone(monday: datetime) -> None:
    request = in_review(monday)
    book_instead(request, monday + timedelta(days=7), monday)
    before = monday + timedelta(days=6)
    assert triage.remind(before) == 1
    assert reason_to_phone(request, before) == (
        "Remind them of the visit: Monday 30 November at 10:00."
    )
    assert triage.remind(before) == 0


@pytest.mark.parametrize("kind", sorted(set(MessageKind) - set(OF_NO_WEIGHT)))
def test_every_kind_of_news_has_words_for_the_phone(kind: MessageKind, monday: datetime) -> None:
    request = in_review(monday)
    assert re.fullmatch(r"[A-Z].+\.", what_to_say(Message(request=request, kind=kind)))
    book_instead(request, monday + timedelta(days=7), monday)
    factories.offer(request, now=monday)
    said = what_to_say(Message(request=request, kind=kind))
    assert re.fullmatch(r"[A-Z].+\.", said)
    if kind in {"booked", "moved", "kept", "cancelled", "reminder"}:
        assert "Monday 30 November at 10:00" in said


def test_nothing_waits_that_cannot_leave(settings: Any, monday: datetime) -> None:
    """The clinic's own notice leaves; no letter without an address is ever made."""
    request = in_review(monday)
    factories.offer(request, now=monday)
    call_command("send_messages", stdout=StringIO())
    assert [letter.to for letter in mail.outbox] == [["desk@example.org"]]
    assert not Message.objects.filter(status=MessageStatus.QUEUED).exists()
    assert alarms(monday) == []


# --- Text messages ---------------------------------------------------------------------------


@pytest.fixture
def texts(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Text messages are switched on; the words of those that were sent."""
    settings.TEXT_MESSAGES = "console"
    taken: list[str] = []
    monkeypatch.setattr(
        "bookings.messages.sms.send", lambda number, words, **_: taken.append(words)
    )
    return taken


MOBILE = {"phone": "+447400123456", "text_messages": True}


def test_whoever_takes_texts_gets_all_news_by_text(texts: list[str], monday: datetime) -> None:
    request = in_review(monday, **MOBILE)
    by = factories.staff("Reception")
    triage.ask(request, version=request.version, text="Which knee?", by=by, now=monday)
    messages.send_due()
    assert [words.partition(".")[0] for words in texts] == [
        "Example Lane Clinic: we have your request, and will answer by Wednesday 25 November at 10:00",
        "Example Lane Clinic: we have a question for you",
    ]
    assert all("Use your code on our website, or phone us on" in words for words in texts)
    assert "Which knee?" not in "".join(texts)
    assert patients_to_phone(monday) == []
    assert {channel for _, channel, _ in news(request)} == {Channel.TEXT}


@pytest.mark.parametrize(
    "kind",
    sorted({*MessageKind} - NOT_TO_PATIENT - {MessageKind.LINK}),
)
def test_every_kind_of_news_has_a_short_and_discreet_text(
    kind: MessageKind, texts: list[str], monday: datetime
) -> None:
    request = in_review(monday, **MOBILE)
    book_instead(request, monday + timedelta(days=7), monday)
    request.reply_due = monday
    said = messages.text(Message(request=request, kind=kind, channel=Channel.TEXT))
    assert len(said) <= 200
    assert "://" not in said
    for word in ("shoulder", "pat ", "email", "30 november", links.code(request, monday)):
        assert word.lower() not in said.lower()


def test_a_code_is_never_texted(texts: list[str], monday: datetime) -> None:
    request = in_review(monday, **MOBILE)
    triage.send_link_again(request, now=monday)
    assert (MessageKind.LINK, Channel.PHONE, MessageStatus.TO_TELL) in news(request)


@pytest.mark.parametrize("how", ["switched off", "not wanted any more", "refused"])
def test_a_text_that_cannot_leave_becomes_a_call(
    how: str, texts: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch, monday: datetime
) -> None:
    request = in_review(monday, **MOBILE)
    factories.offer(request, now=monday)
    if how == "switched off":
        settings.TEXT_MESSAGES = ""
    if how == "not wanted any more":
        AppointmentRequest.objects.update(text_messages=False)
    if how == "refused":
        refusal = sms.TextRefused(400)

        def refuse(*arguments: Any, **named: Any) -> None:
            raise refusal

        monkeypatch.setattr("bookings.messages.sms.send", refuse)
    too_late_to_undo()
    messages.send_due()
    failed = "Text message not delivered: times offered. " if how == "refused" else ""
    assert f"{failed}Offer them Tuesday 24 November" in reason_to_phone(request, monday)
    assert not Message.objects.filter(status=MessageStatus.QUEUED).exists()


def test_a_letter_whose_address_was_taken_away_becomes_a_call(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    AppointmentRequest.objects.update(email="")
    too_late_to_undo()
    messages.send_due()
    assert (MessageKind.OFFER, Channel.PHONE, MessageStatus.TO_TELL) in news(request)
    assert [letter.to for letter in mail.outbox] == [["desk@example.org"]]


# --- The code --------------------------------------------------------------------------------


def enter(client: Client, code: str, **changes: str) -> Any:
    return client.post(CODE, BIRTH | {"code": code} | changes)


def test_the_code_and_the_date_of_birth_open_the_request(client: Client, monday: datetime) -> None:
    request = asked(monday)
    code = links.code(request, monday)
    answer = enter(client, code)
    url = f"/appointments/mine/{request.reference}/"
    assert answer.headers["Location"] == url
    page = client.get(url).content.decode()
    assert "We are looking at your request" in page
    # The date of birth was given, so everything may be shown.
    assert CARD.findall(page) == [code]
    assert client.get(f"{url}contact/").status_code == 200


@pytest.mark.parametrize("seed", range(20))
def test_a_code_is_read_however_it_is_typed(seed: int) -> None:
    chance = random.Random(seed)
    code = "".join(chance.choice(links.CODE_ALPHABET) for _ in range(links.CODE_LENGTH))
    mistaken = {"0": "OoQ", "1": "IlL", "2": "zZ", "5": "sS", "6": "gG", "8": "bB", "V": "uy"}
    typed = "".join(chance.choice(mistaken.get(letter, letter) + letter) for letter in code)
    typed = f" {typed[:3]} – {typed[3:6].lower()}\u200b{typed[6:]}."
    assert links.as_code(typed) == code


@pytest.mark.parametrize("typed", ["", "K7M-4RT", "K7M-4RT-9XD-2", "K7M-4RT-9XA", "K7M-4RT-9X٣"])
def test_what_cannot_be_a_code_is_not_one(typed: str) -> None:
    assert links.as_code(typed) == ""


def test_no_letter_of_a_code_looks_like_another() -> None:
    assert not set(links.CODE_ALPHABET) & {chr(letter) for letter in links.LOOK_ALIKE}
    assert set(links.CODE_ALPHABET) == set("0123456789") | set(links.SPOKEN)
    assert links.spoken("K7M-4RT-9XD") == "Kilo 7 Mike, 4 Romeo Tango, 9 X-ray Delta"


def test_which_of_the_two_was_wrong_is_not_said(client: Client, monday: datetime) -> None:
    code = links.code(asked(monday), monday)
    other = f"{'C' if code[0] != 'C' else 'D'}{code[1:]}"
    pages = [
        re.sub(r' value="[^"]*"', "", each.content.decode())
        for each in (enter(client, other), enter(client, code, date_of_birth_year="1971"))
    ]
    assert pages[0] == pages[1]
    assert "We have no request with this code and this date of birth." in pages[0]
    assert "opened" not in client.session


def test_only_wrong_tries_count(client: Client, monday: datetime) -> None:
    code = links.code(asked(monday), monday)
    most = limits.ENTER_CODE_FROM_ONE_PLACE.times
    assert [enter(client, code).status_code for _ in range(most + 5)] == [302] * (most + 5)
    wrong = [enter(client, "CCC-CCC-CCC").status_code for _ in range(most + 1)]
    assert wrong == [200] * most + [429]


def test_a_guess_is_worth_what_the_docstring_says() -> None:
    """The figures that `links` gives follow from the alphabet and the limit."""
    codes = len(links.CODE_ALPHABET) ** links.CODE_LENGTH
    limit: Limit = limits.ENTER_CODE_FROM_ONE_PLACE
    a_day = 10_000 * limit.times * (timedelta(days=1) // limit.period)
    assert (f"{codes / 1e12:.1f}", a_day, f"{codes / a_day / 1e6:.1f}") == ("2.6", 2_400_000, "1.1")


def test_a_code_ends_on_its_day_and_with_the_request(
    client: Client, at: Any, monday: datetime
) -> None:
    request = asked(monday)
    code = links.code(request, monday)
    at(monday + links.CODE_LIFE - timedelta(seconds=1))
    assert enter(client, code).status_code == 302
    at(monday + links.CODE_LIFE)
    assert enter(Client(), code).status_code == 200
    assert links.code(request, monday + links.CODE_LIFE) == ""
    AppointmentRequest.objects.update(
        ended_at=monday - timedelta(days=400), ended_by=PATIENT, status=RequestStatus.WITHDRAWN
    )
    at(monday)
    assert enter(Client(), code).status_code == 200


def test_a_code_follows_the_key_and_is_not_stored(
    client: Client, settings: Any, monday: datetime
) -> None:
    request = asked(monday)
    code = links.code(request, monday)
    stored = str(AppointmentRequest.objects.values().get())
    assert code not in stored
    assert code.replace("-", "") not in stored
    settings.SECRET_KEY, old = "another", settings.SECRET_KEY
    assert enter(client, code).status_code == 200
    settings.SECRET_KEY_FALLBACKS = [old]
    assert enter(client, code).status_code == 302


def test_staff_make_a_new_code_and_see_it_once(
    client: Client, sign_in: Any, monday: datetime
) -> None:
    request = asked(monday)
    old = links.code(request, monday)
    enter(client, old)
    triage.send_link_again(request, now=monday)
    reception = sign_in("Reception")
    posted = {"version": request.version}
    said = reception.post(decide_at(request, "renew-code"), posted, follow=True).content.decode()
    request.refresh_from_db()
    new = links.code(request, monday)
    assert f"The new code is {new}. Read it out: {links.spoken(new)}." in said
    assert new not in reception.get(page_of(request)).content.decode()
    assert request.events.get(kind="made a new code").by == "reception"
    # Whoever lost theirs has been given this one.
    assert patients_to_phone(monday) == []
    # The old one, and whoever used it, are out.
    assert client.get(f"/appointments/mine/{request.reference}/").status_code == 404
    assert enter(client, old).status_code == 200
    assert enter(client, new).status_code == 302


def test_a_code_beside_a_link_leaves_the_link_alone(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = behind_link(client, request)
    by = factories.staff("Reception")
    code = triage.renew_code(request, version=request.version, by=by, now=monday)
    assert client.get(url).status_code == 200
    assert enter(Client(), code).status_code == 302
    # A new link ends it, because whoever had the old one may have the code as well.
    triage.renew_link(request, version=request.version, by=by, now=monday)
    assert enter(Client(), code).status_code == 200


def test_a_new_code_beside_a_link_ends_the_old_one(client: Client, monday: datetime) -> None:
    request, by = factories.received(now=monday), factories.staff("Reception")
    codes = [
        triage.renew_code(request, version=request.version, by=by, now=now)
        for now in (monday, monday + timedelta(minutes=1))
    ]
    assert [enter(client, code).status_code for code in codes] == [200, 302]


def test_no_code_for_what_ended_long_ago(monday: datetime) -> None:
    request = in_review(monday)
    by = factories.staff("Reception")
    triage.decline(request, version=request.version, reason="Ask a GP.", by=by, now=monday)
    late = monday + timedelta(days=91)
    with pytest.raises(TriageRefused, match="ended too long ago for a new code"):
        triage.renew_code(request, version=request.version, by=by, now=late)


# --- Other ways in and out ---------------------------------------------------------------------


def test_whoever_lost_the_code_is_phoned(client: Client, monday: datetime) -> None:
    request = asked(monday)
    page = client.post("/appointments/link/", LOST | {"contact": PHONE})
    assert "<h1>What happens now</h1>" in page.content.decode()
    assert reason_to_phone(request, monday) == HEARD[MessageKind.LINK]


def test_an_answer_given_on_the_phone_is_noted(sign_in: Any, monday: datetime) -> None:
    request = in_review(monday)
    by = factories.staff("Reception")
    triage.ask(request, version=request.version, text="Which knee?", by=by, now=monday)
    reception = sign_in("Reception")
    assert "Which knee?" in reception.get(decide_at(request, "answer")).content.decode()
    posted = {"version": request.version, "text": "The left one."}
    reception.post(decide_at(request, "answer"), posted)
    request.refresh_from_db()
    question = request.questions.get()
    assert (question.answer, question.answered_by) == ("The left one.", "reception")
    assert request.status == RequestStatus.IN_REVIEW
    assert patients_to_phone(monday) == []


def contact(request: AppointmentRequest, **changes: str) -> dict[str, Any]:
    return {"version": request.version, "email": request.email, "phone": PHONE} | changes


def test_an_email_address_can_be_added_and_taken_away(client: Client, monday: datetime) -> None:
    request = asked(monday)
    code = links.code(request, monday)
    enter(client, code)
    url = f"/appointments/mine/{request.reference}/"
    assert (
        client.post(f"{url}contact/", contact(request, email="pat@example.org")).status_code == 302
    )
    request.refresh_from_db()
    assert (request.email, links.code(request, monday)) == ("pat@example.org", "")
    assert (MessageKind.CONTACT, Channel.EMAIL, MessageStatus.QUEUED) in news(request)
    assert enter(Client(), code).status_code == 200

    old = links.private_link(request).removeprefix("https://clinic.example")
    page = client.post(f"{url}contact/", contact(request, email=""), follow=True)
    request.refresh_from_db()
    # They stay signed in, and see the code that they need from now on.
    assert CARD.findall(page.content.decode()) == [links.code(request, monday)]
    assert client.get(old).status_code == 404
    assert news(request)[-1] == (MessageKind.CONTACT_LEFT, Channel.EMAIL, MessageStatus.QUEUED)


def test_neither_can_be_taken_away_alone(client: Client, sign_in: Any, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = f"{identified(client, request)}contact/"
    nothing = contact(request, email="", phone="")
    assert "Enter an email address or a phone number" in client.post(url, nothing).content.decode()
    desk = sign_in("Reception").post(decide_at(request, "contact"), nothing).content.decode()
    assert "Enter an email address or a phone number. We need one of them." in desk


def test_staff_take_away_the_email_address_and_make_a_code(sign_in: Any, monday: datetime) -> None:
    request = factories.received(now=monday)
    posted = contact(request, email="") | {"voicemail": "on"}
    said = sign_in("Reception").post(decide_at(request, "contact"), posted, follow=True)
    assert "Make a new code now, and read it out to the patient." in said.content.decode()
    request.refresh_from_db()
    assert (request.email, request.voicemail) == ("", True)
    # They were on the phone; only the old address has to be told.
    kinds = [kind for kind, *_ in news(request)]
    assert kinds == [MessageKind.RECEIVED, MessageKind.CONTACT_LEFT]


def test_no_link_is_replaced_where_there_is_none(sign_in: Any, monday: datetime) -> None:
    desk = sign_in("Reception").get(page_of(asked(monday))).content.decode()
    assert "Replace the private link" not in desk
    assert "Make a new code" in desk


def test_wrong_dates_of_birth_behind_an_old_link_ask_the_desk_to_phone(
    monday: datetime,
) -> None:
    request = asked(monday)
    triage.note_wrong_birth_dates(request, renew=True, now=monday)
    assert news(request) == [(MessageKind.LINK, Channel.PHONE, MessageStatus.TO_TELL)]
    assert request.messages.get(kind=MessageKind.LINK).queued_by == CLOCK


def test_people_without_an_email_address_are_not_all_one_person(monday: datetime) -> None:
    request = asked(monday)
    again = asked(monday, name="Somebody Else", date_of_birth=monday.date())
    asked(monday, name="Sam Other", date_of_birth=monday.date(), phone="+442079460111")
    assert likely_duplicates(request) == [again]
    assert set(find_people(PHONE, 9)) == {request.person_id, again.person_id}
