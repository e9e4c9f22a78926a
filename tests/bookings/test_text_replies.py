"""What patients text us: about one visit by the number and the reminder, or left to a colleague."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from bookings import messages, triage
from bookings.messages.segments import is_gsm, segments
from bookings.models import Appointment, AppointmentRequest, Message, PhoneCall, TextReply
from bookings.records.emptying import empty_request
from bookings.status import (
    CLOCK,
    PATIENT,
    AppointmentStatus,
    Channel,
    Meant,
    MessageKind,
    MessageStatus,
    Overtaken,
    TextAnswer,
)
from bookings.status.events import Event
from bookings.status.texting import WORDS, meant_by
from bookings.triage import replies
from procedures.ground.languages import KNOWN
from tests import factories
from tests.gateway import StandIn, hand_on, running
from tests.people import book_instead, booked, decide_at, identified, page_of
from tests.races import race

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
NUMBER, OTHER = "+442079460958", "+442079460111"
TEXTS = "/admin/bookings/appointmentrequest/to-phone/texts/"
DAY = timedelta(days=1)


@pytest.fixture
def twilio(settings: Any) -> Iterator[StandIn]:
    settings.OTHER_LANGUAGES = list(KNOWN)
    with running(settings) as server:
        yield server


def remind(request: AppointmentRequest, now: datetime, **columns: Any) -> AppointmentRequest:
    """Text the patient a reminder of their visit."""
    AppointmentRequest.objects.filter(pk=request.pk).update(text_messages=True, **columns)
    request.refresh_from_db()
    messages.queue_once(request, MessageKind.REMINDER, days_ahead=3, now=now)
    messages.send_due()
    request.refresh_from_db()
    return request


def text(client: Client, said: str, *, sid: str = "", number: str = NUMBER, **more: str) -> str:
    """Text us; what we text back."""
    sid = sid or f"SM{TextReply.objects.count()}"
    posted = {"MessageSid": sid, "From": number, "To": "+442079460000", "Body": said, **more}
    answer = hand_on(client, "/appointments/texts/", posted)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return ET.fromstring(answer.content).findtext("Message", "")


def visit_of(request: AppointmentRequest) -> Appointment:
    return request.appointments.latest("pk")


def kinds(request: AppointmentRequest) -> list[str]:
    return list(request.events.order_by("number").values_list("kind", flat=True))


# --- One visit, by the number and the reminder ----------------------------------------------


def test_yes_confirms_the_visit_and_the_desk_shows_it(
    twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    request = remind(booked(monday), monday)
    version = request.version
    assert text(client, "Yes, thank you!").endswith("thank you. We have noted that you are coming.")
    assert visit_of(request).confirmed_by == PATIENT
    request.refresh_from_db()
    assert (request.version, kinds(request)[-1]) == (version, Event.CONFIRMED)
    assert TextReply.objects.to_see().count() == 0
    desk = sign_in("Reception")
    assert "Confirmed by text" in desk.get(page_of(request)).content.decode()
    day = (monday + 7 * DAY).date()
    shown = desk.get(f"/admin/bookings/appointmentrequest/diary/day/?day={day}").content.decode()
    assert "confirmed by text" in shown
    # Another time has to be confirmed anew.
    book_instead(request, monday + 8 * DAY, monday)
    assert visit_of(request).confirmed_at is None


def test_cancel_is_undone_for_an_hour_by_text_or_on_the_private_page(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday, email="")
    assert text(client, "CANCEL") == ""
    assert visit_of(request).status == AppointmentStatus.CANCELLED
    messages.send_due()
    assert re.search(r"cancelled.*You can undo this until.*Reply UNDO", twilio.sent[-1]["Body"])
    assert text(client, "undo").endswith(
        "we have undone your last change. Everything is as before."
    )
    assert visit_of(request).status == AppointmentStatus.BOOKED
    assert kinds(request)[-4:] == [
        Event.TEXTED,
        Event.CANCELLED,
        Event.TEXTED,
        Event.KEPT_AFTER_ALL,
    ]
    assert text(client, "CANCEL") == ""
    request.refresh_from_db()
    client.post(f"{identified(client, request)}undo/", {"version": request.version})
    assert visit_of(request).status == AppointmentStatus.BOOKED
    assert text(client, "CANCEL") == ""
    with time_machine.travel(monday + timedelta(minutes=61), tick=False):
        assert "nothing has changed" in text(client, "UNDO")
    assert visit_of(request).status == AppointmentStatus.CANCELLED


def test_a_second_cancel_is_told_that_the_visit_is_cancelled_already(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday)
    assert (text(client, "CANCEL"), "nothing has changed" in text(client, "YES")) == ("", True)
    before = Appointment.objects.values().get()
    assert text(client, "Cancel please") == (
        "Example Lane Clinic: your visit is already cancelled. You do not need to do anything else. "
        "If you want to come after all, phone us on 020 7946 0958."
    )
    assert Appointment.objects.values().get() == before
    assert kinds(request)[-1] == Event.TEXTED
    last = TextReply.objects.latest("pk")
    assert (last.request, last.for_desk, last.answered) == (request, False, TextAnswer.CANCELLED)
    of_two_people(request, monday)
    assert "nothing has changed" in text(client, "CANCEL")


def test_a_cancel_that_may_mean_another_request_is_read_by_a_colleague(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday)
    assert text(client, "CANCEL") == ""
    # The same person asks for something else.
    factories.received(now=monday)
    assert len(triage.people_with([NUMBER])[NUMBER]) == 1
    assert "nothing has changed" in text(client, "CANCEL")
    assert TextReply.objects.to_see().get().request is not None
    assert visit_of(request).status == AppointmentStatus.CANCELLED


def test_a_visit_that_we_cancelled_is_cancelled_and_one_that_is_over_is_not_said_to_be(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday)
    staff = factories.staff("Reception")
    triage.cancel(request, version=request.version, by=staff, now=monday)
    assert "already cancelled" in text(client, "CANCEL")
    # They may mean a visit about which we have not texted yet.
    later = booked(monday, days=8)
    assert "nothing has changed" in text(client, "CANCEL")
    triage.cancel(later, version=later.version, by=staff, now=monday)
    assert "already cancelled" in text(client, "CANCEL")
    with time_machine.travel(visit_of(request).starts, tick=False):
        assert "nothing has changed" in text(client, "CANCEL")


def twice_asked(request: AppointmentRequest, now: datetime) -> None:
    AppointmentRequest.objects.filter(pk=remind(booked(now, days=8), now).pk).update(
        person=request.person_id
    )


def of_two_people(request: AppointmentRequest, now: datetime) -> None:
    factories.received(name="Kim Sample", date_of_birth=date(2015, 5, 5), now=now)


def moved(request: AppointmentRequest, now: datetime) -> None:
    book_instead(request, now + 9 * DAY, now + timedelta(minutes=1))


def too_near(request: AppointmentRequest, now: datetime) -> None:
    factories.clinic(cancel_hours=24 * 8)


def of_another_number(request: AppointmentRequest, now: datetime) -> None:
    AppointmentRequest.objects.filter(pk=request.pk).update(phone=OTHER)


def erased(request: AppointmentRequest, now: datetime) -> None:
    triage.withdraw(factories.received(now=now), version=1, now=now)
    AppointmentRequest.objects.filter(pk=request.pk).update(emptied_at=now, emptied_by="x")


@pytest.mark.parametrize(
    "unclear", [twice_asked, of_two_people, moved, too_near, of_another_number, erased]
)
def test_whatever_is_not_certain_is_left_to_a_colleague_and_nothing_changes(
    unclear: Callable[[AppointmentRequest, datetime], None],
    twilio: StandIn,
    monday: datetime,
    client: Client,
    sign_in: SignIn,
) -> None:
    request = remind(booked(monday), monday)
    unclear(request, monday)
    said = text(client, "CANCEL")
    assert "nothing has changed" in said
    assert "phone us on 020 7946 0958" in said
    assert is_gsm(said)
    assert not Appointment.objects.filter(status=AppointmentStatus.CANCELLED).exists()
    page = sign_in("Reception").get(TEXTS)
    assert "CANCEL" in page.content.decode()
    assert ("2 people have this number" in page.content.decode()) == (unclear is of_two_people)


# --- No more texts --------------------------------------------------------------------------


@pytest.mark.parametrize("email", ["pat@example.org", ""])
def test_stop_ends_texts_to_the_number_and_nothing_that_waits_is_lost(
    email: str, twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    request = remind(booked(monday), monday, email=email)
    messages.queue_once(request, MessageKind.REMINDER, days_ahead=1, now=monday)
    before = len(twilio.sent)
    assert "no more texts" in text(client, "Stop all.")
    messages.send_due()
    assert len(twilio.sent) == before
    waiting = Message.objects.get(
        kind=MessageKind.REMINDER,
        days_ahead=1,
        queued_at=monday,
        channel__in=[Channel.TEXT, Channel.PHONE],
    )
    became = (
        (Channel.TEXT, MessageStatus.DROPPED) if email else (Channel.PHONE, MessageStatus.TO_TELL)
    )
    assert (waiting.channel, waiting.status) == became
    assert kinds(request)[-1] == Event.TEXTS_STOPPED
    assert "They ended text messages" in sign_in("Reception").get(page_of(request)).content.decode()
    # What they agree to on a form later does not turn them on again, and they are told nothing by text.
    later = factories.received(email="", text_messages=True, phone=NUMBER, now=monday)
    [told] = messages.queue(later, MessageKind.OFFER, by=CLOCK, now=monday)
    assert told.channel == Channel.PHONE
    assert text(client, "My knee is hot") == ""
    assert "we will text this number again" in text(client, "start")
    [told] = messages.queue(later, MessageKind.MOVED, by=CLOCK, now=monday)
    assert told.channel == Channel.TEXT


def test_a_number_that_nobody_has_can_end_texts_too(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = factories.received(now=monday)
    before = kinds(request)
    assert text(client, "STOP", number=OTHER) != ""
    reply = TextReply.objects.get()
    assert (reply.request, TextReply.objects.has_stopped(OTHER)) == (None, True)
    assert kinds(request) == before


def test_a_number_that_no_table_knows_is_found_as_it_was_typed(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday, phone="07700 900137")
    assert "We have noted that you are coming." in text(client, "YES", number="+447700900137")
    assert visit_of(request).confirmed_at


def test_twilio_has_said_it_itself(twilio: StandIn, monday: datetime, client: Client) -> None:
    request = remind(booked(monday), monday)
    assert text(client, "QUIT", OptOutType="STOP") == ""
    assert TextReply.objects.has_stopped(NUMBER)
    assert text(client, "START", OptOutType="START") == ""
    assert not TextReply.objects.has_stopped(NUMBER)
    # A word that somebody has added at Twilio counts as what it is there.
    assert text(client, "NIE", OptOutType="STOP") == ""
    assert TextReply.objects.has_stopped(NUMBER)
    assert text(client, "RESUME", OptOutType="START") == ""
    assert not TextReply.objects.has_stopped(NUMBER)
    assert TextReply.objects.to_see().count() == 0
    # Whoever texts HELP has Twilio's answer, and a colleague reads it.
    assert text(client, "HELP", OptOutType="HELP") == ""
    assert [each.said for each in TextReply.objects.to_see()] == ["HELP"]
    assert "not read straight away" in text(client, "HELP")
    # Unless it is set up for us, Twilio takes YES for START: we do both.
    assert "you are coming" in text(client, "YES", OptOutType="START")
    # Unless it is set up for us, Twilio takes CANCEL for STOP: we do both.
    assert text(client, "CANCEL", OptOutType="STOP") == ""
    assert visit_of(request).status == AppointmentStatus.CANCELLED
    assert TextReply.objects.has_stopped(NUMBER)


# --- Anything else --------------------------------------------------------------------------


def test_anything_else_is_a_task_with_words_of_alarm_first_and_one_notice_a_day(
    twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    request = remind(booked(monday), monday)
    first = text(client, "Yes but can I bring my dog?")
    assert first.split(": ", 1)[1] == (
        "texts are not read straight away. A colleague will read yours when we are open. "
        "You can also phone us on 020 7946 0958. "
        "If you need urgent medical advice, call 111. In an emergency, call 999."
    )
    assert segments(first) == 2
    assert text(client, "Moje kolano jest gorące i spuchnięte") == ""
    assert text(client, "Hello?", number=OTHER) != ""
    with time_machine.travel(monday + DAY, tick=False):
        assert text(client, "Hello?") != ""
    desk = sign_in("Reception")
    today = desk.get("/admin/").content.decode()
    assert "1 patient to phone straight away" in today
    assert "1 text from a number that we do not know" in today
    page = desk.get(TEXTS).content.decode()
    assert page.index("kolano") < page.index("my dog") < page.index("A number that we do not know")
    assert desk.get(decide_at(request, "call")).content.decode().count("They texted") == 3
    *known, unknown = TextReply.objects.filter(number=NUMBER), TextReply.objects.get(number=OTHER)
    answer = desk.post(TEXTS, {"text": unknown.pk}, follow=True).content.decode()
    assert "020 7946 0111: text seen to. 3 texts to go." in answer
    assert (
        "Somebody has just seen to this text."
        in desk.post(TEXTS, {"text": unknown.pk}, follow=True).content.decode()
    )
    # A call sees to those that were on its page.
    seen = known[0].latest("pk").pk
    text(client, "One more thing")
    posted = {"reached": "yes", "note": "", "told_up_to": 0, "texts_up_to": seen}
    desk.post(decide_at(request, "call"), {"version": request.version, **posted})
    [left] = TextReply.objects.to_see()
    assert left.said == "One more thing"


def test_a_word_of_alarm_from_a_patient_is_seen_to_by_a_call_and_keeps_its_mark(
    twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    request = remind(booked(monday), monday)
    text(client, "My thumb is hot and swollen")
    reply, desk = TextReply.objects.get(), sign_in("Reception")
    page = desk.get(TEXTS).content.decode()
    assert ("Seen to<" in page, f'href="{decide_at(request, "call")}"' in page) == (False, True)
    refused = desk.post(TEXTS, {"text": reply.pk, "phoned": "on"}, follow=True).content.decode()
    assert replies.CALL_FIRST in refused
    reply.refresh_from_db()
    assert reply.seen_at is None
    assert "1 patient to phone straight away" in desk.get("/admin/").content.decode()
    posted = {"note": "", "told_up_to": 0, "texts_up_to": reply.pk, "version": request.version}
    # A call that reached nobody leaves her where she is.
    desk.post(decide_at(request, "call"), {**posted, "reached": "no"})
    assert "1 patient to phone straight away" in desk.get("/admin/").content.decode()
    desk.post(decide_at(request, "call"), {**posted, "reached": "yes"})
    page = desk.get(TEXTS).content.decode()
    assert "No text is waiting for us." in page
    assert page.index("Done in the last two weeks") < page.index("■ Sounds like an emergency")


def test_a_word_of_alarm_from_a_stranger_is_seen_to_once_somebody_has_phoned_the_number(
    twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    text(client, "My thumb is hot and swollen", number=OTHER)
    reply, desk = TextReply.objects.get(), sign_in("Reception")
    assert "I have phoned this number" in desk.get(TEXTS).content.decode()
    refused = desk.post(TEXTS, {"text": reply.pk}, follow=True).content.decode()
    assert replies.PHONE_FIRST in refused
    assert TextReply.objects.to_see().count() == 1
    done = desk.post(TEXTS, {"text": reply.pk, "phoned": "on"}, follow=True).content.decode()
    assert "020 7946 0111: text seen to. 0 texts to go." in done
    assert "■ Sounds like an emergency" in done


def test_a_word_of_alarm_from_a_number_of_two_people_is_no_call_to_one_of_them(
    twilio: StandIn, monday: datetime, client: Client, sign_in: SignIn
) -> None:
    request = remind(booked(monday), monday)
    of_two_people(request, monday)
    text(client, "My thumb is hot and swollen")
    reply, desk = TextReply.objects.get(), sign_in("Reception")
    assert reply.request
    page = desk.get(TEXTS).content.decode()
    assert "2 people have this number: ask who it was." in page
    assert ("I have phoned this number" in page, "Record a call" in page) == (True, False)
    refused = desk.post(TEXTS, {"text": reply.pk}, follow=True).content.decode()
    assert replies.PHONE_FIRST in refused
    desk.post(TEXTS, {"text": reply.pk, "phoned": "on"})
    assert not TextReply.objects.to_see().exists()
    assert not PhoneCall.objects.exists()


# --- The gateway ----------------------------------------------------------------------------


def test_only_twilio_is_heard_and_a_delivery_counts_once(
    twilio: StandIn, monday: datetime, client: Client, settings: Any
) -> None:
    request = remind(booked(monday), monday, detail_in_messages=True)
    posted = {"MessageSid": "SM1", "From": NUMBER, "Body": "CANCEL"}
    assert hand_on(client, "/appointments/texts/", posted, token="guessed").status_code == 404
    assert hand_on(client, "/appointments/texts/", {"From": NUMBER}).status_code == 404
    assert TextReply.objects.count() == 0
    assert text(client, "YES", sid="SM2") == text(client, "YES", sid="SM2")
    assert text(client, "CANCEL", sid="SM3") == ""
    assert text(client, "UNDO", sid="SM4").startswith("Example Lane Clinic: we have undone")
    # Somebody repeats what was delivered before.
    assert text(client, "CANCEL", sid="SM3") == ""
    assert visit_of(request).status == AppointmentStatus.BOOKED
    # What it said is erased with the patient; its name stays, so it does nothing later either.
    text(client, "I am in pain", sid="SM5")
    empty_request(request, by=CLOCK, now=monday)
    kept = TextReply.objects.get(gateway_id="SM5")
    assert (kept.number, kept.said) == ("", "[erased]")
    text(client, "I am in pain", sid="SM5")
    assert TextReply.objects.filter(gateway_id="SM5", said="[erased]").count() == 1
    settings.TEXT_MESSAGES = "console"
    assert hand_on(client, "/appointments/texts/", posted).status_code == 404


def heard_by_two() -> tuple[int, list[str]]:
    """Hear one CANCEL twice at the same moment: how many rows there are, and what each became."""
    heard, now = triage.Heard("SM1", NUMBER, "CANCEL"), timezone.now()
    outcomes = race([lambda: triage.hear(heard, now=now)] * 2)
    assert not [each for each in outcomes if isinstance(each, Exception)]
    return TextReply.objects.count(), sorted(each.answered for each in outcomes)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guard", ["on", "off"])
def test_two_deliveries_at_the_same_moment_cancel_once(
    guard: str, twilio: StandIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    remind(booked(monday), monday)
    if guard == "off":
        keep, names = replies._kept, iter("ab")
        monkeypatch.setattr(
            replies, "_kept", lambda heard, now: keep(heard._replace(gateway_id=next(names)), now)
        )
    # Without the name the second would be a text of its own.
    told = {"on": (1, ["", ""]), "off": (2, ["", TextAnswer.CANCELLED])}[guard]
    assert heard_by_two() == told


@pytest.mark.parametrize("guard", ["on", "off"])
def test_a_cancel_while_reception_moves_the_visit_cancels_nothing(
    guard: str, twilio: StandIn, monday: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = remind(booked(monday), monday)
    cancel = triage.cancel

    def in_between(found: AppointmentRequest, *, version: int, **step: Any) -> Appointment:
        """Reception is faster by a moment, after we have found the visit."""
        book_instead(AppointmentRequest.objects.get(pk=found.pk), monday + 9 * DAY, monday)
        if guard == "off":
            found.refresh_from_db()
            version = found.version
        return cancel(found, version=version, **step)

    monkeypatch.setattr(replies, "cancel", in_between)
    said = text(client, "CANCEL")
    status = AppointmentStatus.BOOKED if guard == "on" else AppointmentStatus.CANCELLED
    assert visit_of(request).status == status
    assert ("nothing has changed" in said) == (guard == "on")


def test_a_yes_while_reception_cancels_the_visit_confirms_nothing(
    twilio: StandIn, monday: datetime, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    request, by = remind(booked(monday), monday), factories.staff("Reception")
    look = replies._asked_about

    def in_between(number: str, now: datetime) -> AppointmentRequest:
        """Reception is faster by a moment, after we have found the visit."""
        found = look(number, now)
        own = AppointmentRequest.objects.get(pk=found.pk)
        triage.cancel(own, version=own.version, by=by, now=now, reason="The clinician is ill.")
        return found

    monkeypatch.setattr(replies, "_asked_about", in_between)
    assert "nothing has changed" in text(client, "YES")
    assert visit_of(request).confirmed_at is None
    assert Event.CONFIRMED not in kinds(request)


def test_of_two_who_see_to_a_text_the_slower_one_is_told(
    twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday)
    text(client, "My knee clicks")
    one, other = (TextReply.objects.get() for _ in range(2))
    by, second = factories.staff("Reception"), factories.staff("Reception", "second")
    triage.see_to_text(one, by=by, now=monday)
    before = kinds(request)
    with pytest.raises(Overtaken, match=f"^{re.escape(replies.DONE_ALREADY)}$"):
        triage.see_to_text(other, by=second, now=monday)
    other.refresh_from_db()
    assert (other.seen_by, kinds(request)) == (by, before)


# --- Words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "most"), [("", 2), ("cy", 3), ("pl", 6), ("ur", 6)])
def test_a_reminder_names_words_that_work_and_has_few_parts(
    language: str, most: int, twilio: StandIn, monday: datetime, client: Client
) -> None:
    request = remind(booked(monday), monday, language=language, detail_in_messages=True)
    body = twilio.sent[-1]["Body"]
    assert segments(body) <= most
    assert is_gsm(body) == (not language) or language == "cy"
    named = {
        meant: WORDS[meant].get(language, WORDS[meant][""])[0] for meant in Meant if meant in WORDS
    }
    for meant in (Meant.YES, Meant.CANCEL, Meant.STOP):
        assert re.search(rf"\b{named[meant]}\b", body)
        assert meant_by(f" {named[meant].lower()}. ") == meant
    assert text(client, named[Meant.YES]).lstrip("\u200f").startswith("Example Lane Clinic: ")
    assert visit_of(request).confirmed_at
    # Too late to cancel by oneself: it is not offered.
    factories.clinic(cancel_hours=24 * 8)
    messages.queue_once(request, MessageKind.REMINDER, days_ahead=1, now=monday)
    messages.send_due()
    assert not re.search(rf"\b{named[Meant.CANCEL]}\b", twilio.sent[-1]["Body"])


def test_a_name_as_the_sender_cannot_be_answered(twilio: StandIn, monday: datetime) -> None:
    factories.clinic(text_sender="Clinic")
    remind(booked(monday), monday)
    assert "Reply" not in twilio.sent[-1]["Body"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("odwołuję", Meant.CANCEL),
        ("ODWOLAJ prosze", Meant.CANCEL),
        ("Byddaf, diolch", Meant.YES),
        ("جی ہاں", Meant.YES),
        ("STOP TEXTING ME I AM IN PAIN", Meant.OTHER),
        ("yes no", Meant.OTHER),
        ("👍", Meant.OTHER),
        ("", Meant.OTHER),
    ],
)
def test_a_word_counts_only_if_it_is_the_whole_text(said: str, meant: Meant) -> None:
    assert meant_by(said) == meant


def test_parts_are_counted_as_gateways_do() -> None:
    assert [segments(each) for each in ("", "a" * 160, "a" * 161, "a" * 306, "a" * 307)] == [
        0,
        1,
        2,
        2,
        3,
    ]
    assert segments("€" * 80) == 1
    assert segments("€" * 81) == 2
    assert [segments(each) for each in ("ł" * 70, "ł" * 71, "👍" * 35, "👍" * 36)] == [1, 2, 1, 2]
