"""How we and a patient reach each other: links that expire, contact details, texts, calls."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookings import links, messages, triage
from bookings.desk.to_phone import patients_to_phone
from bookings.messages import sms as texts
from bookings.models import AppointmentRequest, Message, Outage
from bookings.status import (
    Channel,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    RequestStatus,
    TriageRefused,
)
from procedures import publishing
from procedures.status import RevisionStatus
from tests import factories
from tests.bookings.test_messages import MailServer
from tests.people import LOST, behind_link, book_instead, booked, identified, too_late_to_undo
from tests.processes import serving

pytestmark = pytest.mark.django_db


# --- The link expires ---------------------------------------------------------------------------


def test_the_link_dies_some_time_after_the_end(client: Client, monday: datetime, at: Any) -> None:
    factories.clinic(link_days=30)
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    at(monday + timedelta(days=29))
    url = behind_link(client, request)
    assert client.get(url).status_code == 200
    at(monday + timedelta(days=29, minutes=30))
    assert client.get(url).status_code == 200
    at(monday + timedelta(days=30))
    # In a session that is still open, and by the link itself.
    assert client.get(url).status_code == 404
    path = links.private_link(request).removeprefix("https://clinic.example")
    assert client.get(path).status_code == 404
    assert client.post("/appointments/link/", LOST).status_code == 200
    assert not request.messages.filter(kind=MessageKind.LINK).exists()


def test_a_request_that_goes_on_keeps_its_link(monday: datetime, at: Any) -> None:
    request = factories.received(now=monday)
    assert links.is_alive(request, monday + timedelta(days=1000))


# --- Contact details ------------------------------------------------------------------------------


def contact(**changes: Any) -> dict[str, Any]:
    return {"version": 1, "email": "pat@example.org", "phone": "020 7946 0958"} | changes


def test_contact_details_stand_behind_the_date_of_birth(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    url = behind_link(client, request)
    assert client.get(f"{url}contact/").headers["Location"] == f"{url}identify/"
    assert client.post(f"{url}contact/", contact(email="x@example.org")).status_code == 302
    request.refresh_from_db()
    assert request.email == "pat@example.org"
    url = f"{identified(client, request)}contact/"
    # What was typed too early is given back, and is not saved.
    assert 'value="x@example.org"' in client.get(url).content.decode()


def test_the_date_of_birth_leads_to_the_page_that_was_wanted(
    client: Client, monday: datetime
) -> None:
    born = {"date_of_birth_day": "31", "date_of_birth_month": "1", "date_of_birth_year": "1970"}
    url = behind_link(client, factories.received(now=monday))
    client.get(f"{url}contact/")
    answer = client.post(f"{url}identify/", born)
    assert answer.headers["Location"] == f"{url}contact/"
    assert client.post(f"{url}identify/", born).headers["Location"] == url


def test_who_went_back_meanwhile_wants_nothing_else(client: Client, monday: datetime) -> None:
    born = {"date_of_birth_day": "31", "date_of_birth_month": "1", "date_of_birth_year": "1970"}
    url = behind_link(client, factories.received(now=monday))
    client.get(f"{url}contact/")
    client.get(url)
    assert client.post(f"{url}identify/", born).headers["Location"] == url


def test_a_new_address_gets_a_new_link_and_the_old_one_dies(
    client: Client, monday: datetime
) -> None:
    request = factories.received(now=monday)
    url = identified(client, request)
    old = links.private_link(request).removeprefix("https://clinic.example")
    answer = client.post(f"{url}contact/", contact(email="new@example.org"), follow=True)
    assert "Your contact details have been changed." in answer.content.decode()
    request.refresh_from_db()
    assert (request.email, request.link_version, request.version) == ("new@example.org", 2, 2)
    assert Client().get(old).status_code == 404
    messages.send_due()
    letter = next(each for each in mail.outbox if "contact details have" in each.subject)
    assert letter.to == ["new@example.org"]
    assert links.private_link(request) in letter.body


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"phone": "020 7946 0111"}, 1), ({"detail_in_messages": "on"}, 0), ({"phone": ""}, 1)],
)
def test_other_changes_keep_the_link(
    changes: dict[str, str], told: int, client: Client, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client.post(f"{identified(client, request)}contact/", contact(**changes))
    request.refresh_from_db()
    assert (request.link_version, request.version) == (1, 2)
    assert request.messages.filter(kind=MessageKind.CONTACT).count() == told
    assert request.events.order_by("-number")[0].kind == "changed how to be reached"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nobody"}, "Enter an email address like name@example.org."),
        ({"phone": "12"}, "Enter the whole phone number with its area code"),
        ({"phone": "", "text_messages": "on"}, "Enter a mobile number for text messages"),
        ({"version": 2}, "Something has changed since you opened the page"),
    ],
)
def test_contact_details_that_cannot_be(
    changes: dict[str, Any], sentence: str, client: Client, settings: Any, monday: datetime
) -> None:
    settings.TEXT_MESSAGES = "console"
    request = factories.received(now=monday)
    url = identified(client, request)
    content = client.post(f"{url}contact/", contact(**changes), follow=True).content.decode()
    assert sentence in content
    request.refresh_from_db()
    assert request.version == 1


def test_changing_contact_details_again_and_again_is_limited(
    client: Client, monday: datetime
) -> None:
    request = factories.received(now=monday)
    url = identified(client, request)
    codes = []
    for number in range(6):
        request.refresh_from_db()
        posted = contact(version=request.version, email=f"p{number}@example.org")
        codes.append(client.post(f"{url}contact/", posted).status_code)
    assert codes == [302] * 5 + [429]


# --- Detail, only for those who agreed to it ------------------------------------------------------


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("kind", [MessageKind.BOOKED, MessageKind.REMINDER, MessageKind.MOVED])
def test_day_time_and_place_only_for_those_who_agreed(
    kind: MessageKind, agreed: bool, monday: datetime
) -> None:
    request = booked(monday)
    AppointmentRequest.objects.update(detail_in_messages=agreed)
    request.refresh_from_db()
    message = request.messages.first()
    assert message is not None
    message.kind, message.request = kind, request
    letter = messages.letter(message)
    for words in ("Monday 30 November 2026 at 10:00", "Dr Clinician", "1 Invented Street"):
        assert (words in letter.body) == agreed
    # Not what it is about, and nothing in the subject, even then.
    assert "shoulder" not in letter.body.lower()
    subject = str(letter.subject)
    assert subject.startswith(("Your visit ", "A reminder of your visit"))
    assert not any(character.isdigit() for character in subject)


# --- Text messages --------------------------------------------------------------------------------


class Provider(BaseHTTPRequestHandler):
    """A provider of text messages that answers what it is told to."""

    answer = 200
    taken: list[tuple[dict[str, Any], dict[str, str]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.taken.append((body, dict(self.headers)))
        self.send_response(self.answer)
        if self.answer == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def do_GET(self) -> None:
        """Where no redirection may lead: the token would go along."""
        self.taken.append(({}, dict(self.headers)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Log nothing."""


@pytest.fixture
def provider(settings: Any) -> Iterator[type[Provider]]:
    Provider.taken, Provider.answer = [], 200
    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    settings.TEXT_MESSAGES = "http"
    settings.TEXT_MESSAGES_URL = f"http://127.0.0.1:{server.server_port}/messages"
    settings.TEXT_MESSAGES_TOKEN = "a-token"
    factories.clinic(inbox="")
    yield Provider
    server.shutdown()
    server.server_close()


def texted(now: datetime) -> AppointmentRequest:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=now)
    AppointmentRequest.objects.update(text_messages=True)
    request.refresh_from_db()
    factories.offer(request, now=now)
    too_late_to_undo()
    return request


def test_a_text_goes_beside_the_e_mail_and_says_as_little(
    provider: type[Provider], monday: datetime
) -> None:
    request = texted(monday)
    messages.send_due()
    ((body, headers),) = provider.taken
    assert body["to"] == "+442079460958"
    assert body["text"] == (
        "Example Lane Clinic: please choose a time by Monday 23 November at 22:00. Please check our "
        f"latest email, or phone us on 020 7946 0958. Reference {request.reference}."
    )
    assert headers["Authorization"] == "Bearer a-token"
    sent = Message.objects.get(channel=Channel.TEXT)
    assert (sent.status, headers["Idempotency-Key"]) == (MessageStatus.SENT, sent.message_id)


@pytest.mark.parametrize("kind", sorted(messages.TEXTED))
def test_every_text_is_short_and_discreet(kind: MessageKind, monday: datetime) -> None:
    request = booked(monday)
    message = Message(request=request, kind=kind, channel=Channel.TEXT)
    request.reply_due = monday
    said = messages.text(message)
    assert len(said) <= 200
    assert "://" not in said
    for word in ("shoulder", "clinician", "pat", "november 2026", "inject"):
        assert word not in said.lower().replace("patient", "")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (302, MessageStatus.QUEUED),
        (400, MessageStatus.FAILED),
        (422, MessageStatus.FAILED),
        (401, MessageStatus.QUEUED),
        (404, MessageStatus.QUEUED),
        (429, MessageStatus.QUEUED),
        (503, MessageStatus.QUEUED),
    ],
)
def test_a_text_is_tried_again_or_given_up(
    answer: int, status: str, provider: type[Provider], monday: datetime
) -> None:
    provider.answer = answer
    request = texted(monday)
    messages.send_due()
    message = Message.objects.get(channel=Channel.TEXT)
    assert (message.status, message.tries, len(provider.taken)) == (status, 1, 1)
    assert str(answer) in message.failure
    assert Outage.objects.exists() == (status == MessageStatus.QUEUED)
    assert "9460958" not in message.failure
    phoned = [each.request for each in patients_to_phone(monday)]
    assert phoned == ([request] if status == MessageStatus.FAILED else [])


def test_a_provider_that_is_away_is_tried_again(settings: Any, monday: datetime) -> None:
    settings.TEXT_MESSAGES, settings.TEXT_MESSAGES_URL = "http", "http://127.0.0.1:9/messages"
    texted(monday)
    messages.send_due()
    assert Message.objects.get(channel=Channel.TEXT).status == MessageStatus.QUEUED


def test_no_texts_unless_they_are_switched_on_and_agreed_to(
    settings: Any, monday: datetime
) -> None:
    texted(monday)
    settings.TEXT_MESSAGES = "console"
    booked(monday)
    assert not Message.objects.filter(channel=Channel.TEXT).exists()


def test_the_console_does_not_show_the_number(settings: Any, capsys: Any) -> None:
    settings.TEXT_MESSAGES = "console"
    texts.send("+442079460958", "Hello.", key="k")
    assert capsys.readouterr().out == "Text message to a number ending in 958: Hello.\n"


# --- An offer that nobody answers -----------------------------------------------------------------


def test_an_unanswered_offer_is_told_of_once_more_and_then_phoned(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    starts = [monday + timedelta(days=5)]
    factories.offer(request, starts, now=monday, held_for=timedelta(days=4))
    for hours, warned, phoned in ((70, 0, 0), (72, 1, 1), (73, 0, 1), (96, 0, 0)):
        now = monday + timedelta(hours=hours)
        assert triage.warn_of_ends(now) == warned
        assert [each.request for each in patients_to_phone(now)] == [request] * phoned
    assert request.messages.filter(kind=MessageKind.OFFER_ENDS).count() == 1


def test_a_short_offer_is_told_of_when_half_of_it_is_over(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    factories.offer(request, now=monday, held_for=timedelta(hours=12))
    assert triage.warn_of_ends(monday + timedelta(hours=5)) == 0
    assert triage.warn_of_ends(monday + timedelta(hours=6)) == 1


def test_a_warning_that_waits_is_not_sent_after_the_answer(monday: datetime, at: Any) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    now = monday + timedelta(hours=6)
    assert triage.warn_of_ends(now) == 1
    request.refresh_from_db()
    triage.ask_for_other_times(request, version=request.version, wishes="", now=now)
    at(now)
    messages.send_due()
    warning = request.messages.get(kind=MessageKind.OFFER_ENDS)
    assert warning.status == MessageStatus.DROPPED


def test_a_call_that_reached_them_ends_the_task(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    now = monday + timedelta(hours=11)
    by = factories.staff("Reception")
    for reached in (False, True):
        (task,) = patients_to_phone(now)
        triage.record_call(request, reached=reached, note="Rings back.", by=by, now=now)
    assert task.calls.in_vain == 1
    assert patients_to_phone(now) == []
    kinds = list(request.events.order_by("number").values_list("kind", flat=True))
    assert kinds[-2:] == ["tried to phone the patient", "phoned the patient"]
    # The offer is still open: a call is not a step.
    assert request.status == RequestStatus.OFFERED


def test_a_bounce_and_a_clinicians_wish_are_tasks(client: Client, monday: datetime) -> None:
    bounced = factories.received(now=monday)
    bounced.messages.filter(kind=MessageKind.RECEIVED).update(status=MessageStatus.FAILED)
    request = factories.received(flagged=True, now=monday, email="b@example.org")
    by = factories.staff("Clinician")
    triage.start_review(request, version=request.version, by=by, now=monday)
    triage.resolve_flag(
        request.flags.get(),
        version=request.version,
        outcome=FlagOutcome.CALL_PATIENT,
        reason="Which medicine?",
        by=by,
        now=monday,
    )
    assert {each.request: each.why for each in patients_to_phone(monday)} == {
        bounced: "Email not delivered: request received.",
        request: "A clinician wants to speak to them first.",
    }
    client.force_login(factories.staff("Reception"))
    desk = client.get("/admin/").content.decode()
    assert "2 patients to phone" in desk
    assert "Email not delivered: request received." in desk


# --- After the visit, and what the patient was given ----------------------------------------------


def about_a_page(now: datetime) -> AppointmentRequest:
    page = factories.revision(RevisionStatus.PUBLISHED, now=now).page
    request = factories.received(now=now, page=page)
    triage.start_review(request, version=request.version, by=factories.staff("Reception"), now=now)
    book_instead(request, now + timedelta(days=7), now)
    return request


def test_after_the_visit_there_is_a_letter(monday: datetime) -> None:
    request = about_a_page(monday)
    later = monday + timedelta(days=7, hours=1)
    by = factories.staff("Reception")
    triage.record_attendance(request, version=request.version, came=True, by=by, now=later)
    assert request.messages.filter(kind=MessageKind.AFTERWARDS).count() == 1
    missed = booked(monday)
    triage.record_attendance(missed, version=missed.version, came=False, by=by, now=later)
    assert not missed.messages.filter(kind=MessageKind.AFTERWARDS).exists()


def test_what_was_given_stays_in_its_version(client: Client, monday: datetime) -> None:
    request = about_a_page(monday)
    first = request.appointments.get().given
    assert first is not None
    url = behind_link(client, request)
    # The title would reveal what the visit is for.
    assert "A thing" not in client.get(url).content.decode()
    assert client.get(f"{url}page/").headers["Location"] == f"{url}identify/"
    identified(client, request)
    assert "version 1." in client.get(url).content.decode()
    shown = client.get(f"{url}page/").content.decode()
    assert "It is still the current version." in shown
    assert "It is a thing." in shown

    text = factories.document(body=factories.BODY.replace("It is a thing.", "It is another."))
    factories.revision(RevisionStatus.PUBLISHED, of=first.page, text=text, now=monday)
    assert "It has changed since:" in client.get(url).content.decode()
    shown = client.get(f"{url}page/").content.decode()
    assert "This is version 1, which you were given. There is a newer one." in shown
    assert "It is a thing." in shown
    changes = f"/procedures/{first.page.slug}/version/1/"
    assert changes in shown
    assert "another" in client.get(changes).content.decode()


def test_a_text_that_was_taken_back_is_not_shown(client: Client, monday: datetime) -> None:
    request = about_a_page(monday)
    given = request.appointments.get().given
    assert given is not None
    by = factories.clinician().login
    assert by is not None
    publishing.suspend(given, version=given.version, by=by, reason="Harm.", now=monday)
    url = identified(client, request)
    for address in (url, f"{url}page/"):
        content = client.get(address).content.decode()
        assert "has been withdrawn" in content
        assert "Ask us instead." in content
        assert "It is a thing." not in content
    factories.revision(RevisionStatus.PUBLISHED, of=given.page, now=monday)
    for address in (url, f"{url}page/"):
        content = client.get(address).content.decode()
        assert f'There is a newer one: please <a href="{given.page.get_absolute_url()}">' in content


def test_a_request_about_nothing_has_no_page(client: Client, monday: datetime) -> None:
    url = identified(client, booked(monday))
    assert "How to prepare" not in client.get(url).content.decode()
    assert client.get(f"{url}page/").headers["Location"] == url


# --- What a careless or hostile hand can do -------------------------------------------------------


@pytest.mark.parametrize("change", [{"text_messages": False}, {"phone": ""}])
def test_a_text_that_waits_is_not_sent_once_it_is_not_wanted(
    change: dict[str, Any], provider: type[Provider], monday: datetime
) -> None:
    request = texted(monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(**change)
    messages.send_due()
    assert provider.taken == []
    assert Message.objects.get(channel=Channel.TEXT).status == MessageStatus.DROPPED
    assert Message.objects.filter(channel=Channel.EMAIL, status=MessageStatus.SENT).exists()


def test_a_provider_that_answers_rubbish_is_tried_again(
    settings: Any, provider: type[Provider], monkeypatch: pytest.MonkeyPatch, monday: datetime
) -> None:
    monkeypatch.setattr(Provider, "send_response", lambda self, code: self.wfile.write(b"What?"))
    texted(monday)
    messages.send_due()
    message = Message.objects.get(channel=Channel.TEXT)
    assert (message.status, message.tries) == (MessageStatus.QUEUED, 1)


def test_the_old_address_is_told_without_a_link(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday)
    client.post(f"{identified(client, request)}contact/", contact(email="new@example.org"))
    messages.send_due()
    (letter,) = [each for each in mail.outbox if each.to == ["pat@example.org"]]
    assert "From now on we will not use this email address." in letter.body
    assert "://" not in letter.body
    assert "new@example.org" not in letter.body
    # The old address is not kept.
    assert not Message.objects.exclude(address="").exists()


def test_staff_put_a_mistyped_address_right(client: Client, monday: datetime) -> None:
    request = factories.received(now=monday, email="tpyo@example.org")
    client.force_login(factories.staff("Reception"))
    posted = {"version": 1, "email": "typo@example.org", "phone": ""}
    client.post(f"/admin/bookings/appointmentrequest/{request.pk}/decide/contact/", posted)
    request.refresh_from_db()
    assert (request.email, str(request.phone), request.link_version) == ("typo@example.org", "", 2)
    assert request.events.order_by("-number")[0].by == "reception"


def test_a_link_that_staff_ended_does_not_open_again_by_a_late_press(
    client: Client, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is ended between the look and the verb of a browser that had it open."""
    request = factories.received(now=monday)
    url = identified(client, request)
    change = triage.change_contact

    def after_the_renewal(found: AppointmentRequest, **named: Any) -> AppointmentRequest:
        renewed = AppointmentRequest.objects.get(pk=found.pk)
        by = factories.staff("Reception")
        triage.renew_link(renewed, version=renewed.version, by=by, now=monday)
        return change(found, **named)

    monkeypatch.setattr(triage, "change_contact", after_the_renewal)
    answer = client.post(f"{url}contact/", contact(email="thief@example.org"), follow=True)
    assert answer.status_code == 404
    assert client.get(url).status_code == 404


def test_a_dead_link_is_not_renewed(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.DECLINED, now=monday)
    by = factories.staff("Reception")
    late = monday + timedelta(days=91)
    with pytest.raises(TriageRefused, match="ended too long ago"):
        triage.renew_link(request, version=request.version, by=by, now=late)


def test_the_link_of_a_lapsed_request_dies_and_lives_again(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.LAPSED, now=monday)
    late = monday + timedelta(days=91)
    assert not links.is_alive(request, late)
    by = factories.staff("Reception")
    triage.start_review(request, version=request.version, by=by, now=late)
    assert (request.ended_at, links.is_alive(request, late)) == (None, True)


def test_a_call_makes_no_screen_of_the_patient_stale(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    seen, chosen = request.version, request.offers.get().times.all()[0]
    copy, by = AppointmentRequest.objects.get(), factories.staff("Reception")
    triage.record_call(copy, reached=False, note="", by=by, now=monday)
    assert triage.accept(request, version=seen, chosen=chosen, now=monday)


def test_nobody_is_woken_at_night(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    starts = [monday + timedelta(days=3)]
    factories.offer(request, starts, now=monday, held_for=timedelta(hours=30))
    night = monday + timedelta(hours=16)  # two o'clock
    assert triage.warn_of_ends(night) == 0
    assert triage.warn_of_ends(monday + timedelta(hours=23)) == 1


def test_a_failure_of_what_is_over_is_nobodys_task(monday: datetime) -> None:
    request = booked(monday)
    request.messages.filter(kind=MessageKind.BOOKED).update(status=MessageStatus.FAILED)
    assert [each.request for each in patients_to_phone(monday)] == [request]
    by = factories.staff("Reception")
    triage.cancel(request, version=request.version, by=by, now=monday, reason="Ill.")
    assert patients_to_phone(monday) == []


def test_an_old_address_that_refuses_is_nobodys_task_and_is_not_kept(
    client: Client, settings: Any, monday: datetime
) -> None:
    request = factories.received(now=monday)
    client.post(f"{identified(client, request)}contact/", contact(email="new@example.org"))
    Message.objects.exclude(kind=MessageKind.CONTACT_LEFT).delete()
    server = MailServer()
    server.answer_to_recipient = "550 no such person"
    factories.clinic(inbox="")
    with serving(server, settings):
        messages.send_due()
    message = Message.objects.get()
    assert (message.status, message.address) == (MessageStatus.FAILED, "")
    assert patients_to_phone(monday) == []
