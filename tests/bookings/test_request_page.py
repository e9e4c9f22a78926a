"""The page of a request: whose turn it is, one next step, what happened, and who else is there."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings import triage
from bookings.models import AppointmentRequest
from bookings.records.export import everything_about
from bookings.status import WITH_APPOINTMENT, FlagOutcome, MessageKind, RequestStatus
from tests import factories
from tests.people import LIST, booked, decide_at, page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
HOUR = timedelta(hours=1)
# What every page of the desk asks: the session, the account, its permissions, and how many wait.
FRAME = 6
# What recording the look asks.
SEARCH = "/admin/bookings/person/search/"
LOOK = 3
DIARY = 8
# Three more are about the person: who else it may be, and their notes.
MOST_QUERIES = 15 + 3


def page(client: Client, request: AppointmentRequest, query: str = "") -> str:
    return client.get(page_of(request) + query).content.decode()


def owed(content: str) -> str:
    (words,) = re.findall(r'<h2 id="owed">(.*?)</h2>', content)
    return str(words)


def filled(content: str) -> list[str]:
    """The slugs of the filled buttons of the page itself."""
    main = content[content.index('class="whom"') :]
    return re.findall(r'class="button"\s+href="[^"]+/decide/([a-z-]+)/"', main)


def beside(content: str) -> list[str]:
    pattern = r'class="button button--quiet[^"]*"\s+href="[^"]+/decide/([a-z-]+)/"'
    return re.findall(
        pattern, content[content.index('class="owed__steps"') :].split("</section>")[0]
    )


def also(content: str) -> list[str]:
    part = content[content.index('class="panel also"') :].split("</nav>")[0]
    return re.findall(r"/decide/([a-z-]+)/", part)


# --- Whose turn it is -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "button", "others"),
    [
        (
            RequestStatus.RECEIVED,
            "We owe an answer by Wednesday 25 November at 10:00",
            "offer",
            ["book", "ask"],
        ),
        (
            RequestStatus.QUESTION_ASKED,
            "They answer our question by Monday 7 December at 10:00",
            "answer",
            ["send-again"],
        ),
        (
            RequestStatus.OFFERED,
            "They choose a time by Monday 23 November at 22:00",
            "book-offered",
            ["send-again", "take-back"],
        ),
        (
            RequestStatus.DEFERRED,
            "It comes back to us on Thursday 26 November 2026",
            "reopen",
            [],
        ),
        (RequestStatus.BOOKED, "They come on", "move", ["cancel"]),
        (
            RequestStatus.BOOKED_IN_REVIEW,
            "We owe an answer by Tuesday 24 November at 17:00",
            "offer",
            ["move", "leave"],
        ),
        (
            RequestStatus.BOOKED_OFFERED,
            "They choose a time by Monday 23 November at 22:00",
            "book-offered",
            ["move", "take-back"],
        ),
        (RequestStatus.LAPSED, "Their time to reply ended on Monday 23 November", "reopen", []),
    ],
)
def test_the_box_says_whose_turn_it_is_and_what_is_next(
    status: RequestStatus,
    words: str,
    button: str | None,
    others: list[str],
    sign_in: SignIn,
    at: Any,
    monday: datetime,
) -> None:
    request = factories.request_at(status, now=monday)
    at(monday + timedelta(minutes=1))
    content = page(sign_in("Reception"), request)
    assert owed(content).startswith(words)
    assert filled(content) == ([button] if button else [])
    if others:
        assert beside(content) == others
    assert not {button, *others} & set(also(content))


def test_an_answer_that_a_colleague_notes_is_still_the_patients(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    desk = sign_in("Reception")
    posted = {"version": request.version, "text": "The left one."}
    content = desk.post(decide_at(request, "answer"), posted, follow=True).content.decode()
    assert "noted the patient’s answer" in content
    assert "answered the question" not in content
    late = desk.post(decide_at(request, "answer"), posted).content.decode()
    assert "noted the patient’s answer on" in late.split("This is no longer possible:")[1]
    told = [each.what for each in everything_about(request.person, monday).what_happened()]
    assert told.count("noted the patient’s answer") == 1


@pytest.mark.parametrize("status", RequestStatus)
def test_at_most_one_button_is_filled_and_what_takes_away_comes_last(
    status: RequestStatus, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    content = page(sign_in("Clinician"), request)
    assert len(filled(content)) <= 1
    assert len(beside(content)) <= 2 if 'class="owed__steps"' in content else True
    taking_away = [slug in {"decline", "cancel", "take-back", "withdraw"} for slug in also(content)]
    assert taking_away == sorted(taking_away)


def test_a_missed_promise_says_since_when(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = factories.received(now=monday)
    for hours, late in (
        (0.5, "Late since 10:00"),
        (20, "Late since Wednesday"),
        (6 * 24, "Late since Wednesday"),
        (7 * 24, "Late since 25 November"),
    ):
        at(request.answer_due + hours * HOUR)
        content = page(sign_in("Reception"), request)
        assert owed(content) == "We have owed an answer since Wednesday 25 November at 10:00"
        assert f"● {late}<" in content


def test_a_flag_is_the_clinicians_turn(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(flagged=True, now=monday)
    content = page(sign_in("Reception"), request)
    assert owed(content) == "A clinician decides first, by Wednesday 25 November at 10:00"
    assert filled(content) == []
    content = page(sign_in("Clinician"), request)
    assert filled(content) == ["resolve-flag"]
    assert content.index('id="safety"') < content.index('id="came"')


def test_the_day_of_the_visit(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    at(starts - HOUR)
    client = sign_in("Reception")
    assert filled(page(client, request)) == ["arrived"]
    by = factories.staff("Reception")
    triage.record_arrival(request, version=request.version, by=by, now=starts - HOUR)
    content = page(client, request)
    assert (owed(content), filled(content)) == ("Here since 9:00", ["called-in"])
    triage.call_in(request, version=request.version, by=by, now=starts)
    at(starts)
    content = page(sign_in("Reception"), request)
    assert (owed(content), filled(content)) == ("With the clinician since 10:00", ["attended"])
    triage.record_attendance(request, version=request.version, came=True, by=by, now=starts)
    content = page(client, request)
    assert (owed(content), filled(content)) == ("They attended", ["follow-up"])


def test_news_to_tell_comes_first(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    AppointmentRequest.objects.filter(pk=request.pk).update(email="")
    request.refresh_from_db()
    factories.offer(request, now=monday)
    assert filled(page(sign_in("Reception"), request)) == ["call"]


def test_so_does_a_bounced_message_when_nothing_else_is_owed(
    sign_in: SignIn, monday: datetime
) -> None:
    request = booked(monday)
    request.messages.filter(kind=MessageKind.BOOKED).update(status="failed")
    content = page(sign_in("Reception"), request)
    assert filled(content) == ["call"]
    assert beside(content) == ["move", "cancel"]


# --- The next request -----------------------------------------------------------------------


def test_the_next_request_suits_who_looks(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    flagged = factories.received(flagged=True, name="Flagged Sample", now=monday)
    plain = factories.received(name="Plain Sample", now=monday + HOUR)
    for group, after in (("Clinician", flagged), ("Reception", plain), ("Manager", plain)):
        content = page(sign_in(group), request)
        assert f'{page_of(after)}">Next: {after.reference} ›' in content
    factories.clear(flagged, FlagOutcome.PROCEED, now=monday)
    assert "Next:" not in page(sign_in("Clinician"), request)


# --- What happened --------------------------------------------------------------------------


def test_one_time_line_has_steps_messages_and_what_was_said(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.QUESTION_ASKED, now=monday)
    triage.record_call(
        request,
        reached=False,
        note="Ring after four.",
        by=factories.staff("Reception"),
        now=monday + HOUR,
    )
    client = sign_in("Clinician")
    content = page(client, request)
    for words in (
        "Reception</strong> tried to phone the patient",
        "Ring after four.",
        "Reception</strong> asked a question",
        "Which side?",
        "The patient</strong> sent the request",
        "Email “question asked”",
    ):
        assert words in content
    assert "read it" not in content
    messages = page(client, request, "?show=messages")
    assert "Email “question asked”" in messages
    assert "Which side?" not in messages
    looks = page(client, request, "?show=looks")
    assert "Clinician</strong> read it" in looks
    assert "3 times" in looks


@pytest.mark.parametrize("strange", ["?show=", "?show=everything", "?show=steps&show="])
def test_a_strange_part_is_all_steps(strange: str, sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    assert "sent the request" in page(sign_in("Reception"), request, strange)


def test_offers_appointments_and_outcomes_are_on_their_lines(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(flagged=True, now=monday)
    factories.clear(request, FlagOutcome.PROCEED, now=monday)
    offer = factories.offer(request, now=monday)
    chosen = offer.times.all()[0]
    by = factories.staff("Reception")
    triage.book_offered(request, version=request.version, chosen=chosen, by=by, now=monday + HOUR)
    content = page(sign_in("Reception"), request)
    assert "recorded an outcome: proceed" in content
    assert "Only a test." in content
    assert (
        "offered times: Tue 24 Nov, 12:00, Tue 24 Nov, 14:00 with Dr Clinician (accepted)"
        in content
    )
    assert "booked the appointment: Tue 24 Nov, 12:00 with Dr Clinician" in content


def test_the_page_asks_the_database_little(sign_in: SignIn, monday: datetime) -> None:
    for status in RequestStatus:
        request = factories.request_at(status, now=monday)
        client = sign_in("Reception")
        with CaptureQueriesContext(connection) as asked:
            page(client, request)
        # Whether the clinic of a visit to come is still held is the diary's own question.
        most = MOST_QUERIES + (DIARY if status in WITH_APPOINTMENT else 0)
        assert len(asked) - FRAME - LOOK <= most, [each["sql"] for each in asked]


# --- Two people on one request ----------------------------------------------------------------


def test_each_sees_who_else_has_it_open(sign_in: SignIn, at: Any, monday: datetime) -> None:
    request = factories.received(now=monday)
    page(sign_in("Reception"), request)
    at(monday + timedelta(minutes=9))
    client = sign_in("Clinician")
    assert "Reception opened this at\n    10:00." in page(client, request)
    at(monday + timedelta(minutes=30))
    assert "Not only you" not in page(sign_in("Clinician"), request)


def test_the_second_keeps_what_they_typed_and_may_press_again(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    typed = {"version": request.version, "text": "Which shoulder is it?"}
    by = factories.staff("Manager")
    triage.change_contact(
        request, version=request.version, email="n@example.org", phone="", by=by, now=monday
    )
    client = sign_in("Reception")
    content = client.post(decide_at(request, "ask"), typed).content.decode()
    assert "Manager changed how to be reached on 23 November at 10:00." in content
    assert "press again" in content
    assert "Which shoulder is it?" in content
    (version,) = re.findall(r'name="version" value="(\d+)"', content)
    client.post(decide_at(request, "ask"), typed | {"version": version})
    request.refresh_from_db()
    assert request.status == RequestStatus.QUESTION_ASKED


def test_but_not_if_it_is_no_longer_possible(sign_in: SignIn, monday: datetime) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    typed = {"version": request.version, "reason": "Ask a GP instead."}
    factories.offer(request, now=monday)
    client = sign_in("Clinician")
    for _ in range(2):
        content = client.post(decide_at(request, "decline"), typed).content.decode()
        assert "Reception offered times on 23 November at 10:00." in content
        assert "Ask a GP instead." in content
        assert "press again" not in content
        (version,) = re.findall(r'name="version" value="(\d+)"', content)
        typed["version"] = int(version)
    request.refresh_from_db()
    assert request.status == RequestStatus.OFFERED


# --- Move and cancel ------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["move", "cancel"])
def test_moving_and_cancelling_are_three_presses_from_the_diary_and_the_search(
    slug: str, sign_in: SignIn, monday: datetime
) -> None:
    request = booked(monday)
    appointment = request.appointments.get()
    client = sign_in("Reception")
    shown = {"day": f"{appointment.starts:%Y-%m-%d}", "appointment": str(appointment.pk)}
    day = client.get(f"{LIST}diary/day/", shown).content.decode()
    found = client.post(SEARCH, {"term": request.reference}, follow=True).content.decode()
    assert page_of(request) in day
    assert page_of(request) in found
    assert decide_at(request, slug) in page(client, request)


def test_moving_opens_on_the_appointments_own_clinician_and_type(
    sign_in: SignIn, monday: datetime
) -> None:
    factories.clinician("aaa", name="Dr Aaa")
    factories.appointment_type(minutes=5)
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    kind, own = factories.appointment_type(minutes=45), factories.clinician("zzz", name="Dr Zzz")
    triage.book(
        request,
        version=request.version,
        appointment_type=kind,
        clinician=own,
        starts=monday + timedelta(days=7),
        by=factories.staff("Reception"),
        now=monday,
    )
    content = sign_in("Reception").get(decide_at(request, "move")).content.decode()
    assert f'<option value="{own.pk}" selected>' in content
    assert f'<option value="{kind.pk}" selected>' in content


def test_what_is_booked_is_told_apart_from_what_is_offered(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.BOOKED_OFFERED, now=monday)
    content = sign_in("Reception").get(page_of(request)).content.decode()
    owed = content.partition('class="panel owed')[2].partition("</section>")[0]
    booked, offered = owed.split('<p class="visit')[1:]
    assert "Booked, until they choose another time" in booked
    assert "Offered instead" in offered
