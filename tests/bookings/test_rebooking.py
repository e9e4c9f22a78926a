"""Another time for everybody whom an absence has cost theirs: proposed together, sent one by one."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bookings import diary, triage
from bookings.desk import rebooking
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentType,
    ClinicSession,
    Closure,
    Look,
    MachineKind,
    Message,
    Offer,
    PhoneCall,
    Resource,
    RoomKind,
    Topic,
)
from bookings.status import (
    DAYS,
    PARTS_OF_DAY,
    Channel,
    FlagOutcome,
    MessageKind,
    MessageStatus,
    OfferStatus,
    RequestStatus,
)
from bookings.triage import transitions
from procedures.models import Clinician
from tests import factories, races
from tests.people import behind_link

pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
Name = str
URL = "/admin/bookings/appointmentrequest/rebook/"
TO_PHONE = "/admin/bookings/appointmentrequest/to-phone/"
TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
ANY: dict[str, Any] = {"preferred_days": list(DAYS), "preferred_times": list(PARTS_OF_DAY)}


def at_hour(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """An instant in winter, when London is on UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@pytest.fixture
def doctor(monday: datetime) -> Clinician:
    """Has a clinic every morning of the week."""
    doctor = factories.clinician()
    ClinicSession.objects.all().delete()
    weekly(doctor, time(9), time(12))
    return doctor


def weekly(doctor: Clinician, starts: time, ends: time) -> None:
    for n in range(5):
        factories.clinic_session(doctor, TUESDAY - timedelta(days=8 - n), starts, ends)


def book(
    name: Name, starts: datetime, doctor: Clinician, *, now: datetime, **columns: Any
) -> AppointmentRequest:
    """Somebody whom any time suits, unless something else is said."""
    made = factories.received(now=now, name=name, **ANY | columns)
    triage.start_review(made, version=made.version, by=factories.staff("Reception"), now=now)
    triage.book(
        made,
        version=made.version,
        appointment_type=factories.appointment_type(),
        clinician=doctor,
        starts=starts,
        by=factories.staff("Reception"),
        now=now,
    )
    return made


def close(doctor: Clinician, day: int = 24) -> Closure:
    return Closure.objects.create(
        resource=doctor.resource, starts=at_hour(day, 0), ends=at_hour(day + 1, 0)
    )


@pytest.fixture
def three(doctor: Clinician, monday: datetime) -> list[AppointmentRequest]:
    """On Tuesday at 9:00, 9:40 and 10:20; then the doctor falls ill."""
    names = ("First Sample", "Second Sample", "Third Sample")
    made = [
        book(name, at_hour(24, 9) + timedelta(minutes=40 * n), doctor, now=monday)
        for n, name in enumerate(names)
    ]
    close(doctor)
    return made


def proposals(content: str) -> dict[Name, str]:
    """What is chosen for each patient, in words."""
    selects = re.findall(
        r'<select name="time-\d+" aria-label="New time for ([^"]+)">(.*?)</select>',
        content,
        re.DOTALL,
    )
    chosen = {name: re.findall(r"selected>([^<]+)<", options) for name, options in selects}
    return {name: words[0] if words else "" for name, words in chosen.items()}


def ticked(content: str) -> set[Name]:
    return set(re.findall(r'aria-label="Take ([^"]+)" checked', content))


def form(content: str) -> dict[str, Any]:
    """What the browser posts for the page as it is."""
    hidden = re.findall(r'name="(version-\d+)" value="(\d+)"', content)
    selects = re.findall(r'<select name="(time-\d+)".*?</select>', content, re.DOTALL)
    times = {
        name: found[1]
        for name in selects
        if (found := re.search(rf'name="{name}".*?value="([\d-]+)" selected', content, re.DOTALL))
    }
    how = re.findall(r'name="(how-\d+)" value="(\w+)" checked', content)
    take = re.findall(r'name="take" value="(\d+)"[^>]* checked', content)
    return {**dict(hidden), **times, **dict(how), "take": take, "send": "yes"}


def offered(request: AppointmentRequest) -> list[datetime]:
    """The times that are held for the patient."""
    standing = request.offers.filter(status=OfferStatus.OPEN)
    return list(standing.values_list("times__starts", flat=True))


def page(client: Client, closure: Closure | None = None) -> str:
    address = f"{URL}?closure={closure.pk}" if closure else URL
    return client.get(address).content.decode()


# --- What is proposed ------------------------------------------------------------------------------


def test_everybody_is_proposed_the_first_time_that_suits_and_no_two_the_same(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    content = page(sign_in("Reception"))
    assert proposals(content) == {
        "First Sample": "Wed 25 Nov, 9:00, Dr Clinician",
        "Second Sample": "Wed 25 Nov, 9:40, Dr Clinician",
        "Third Sample": "Wed 25 Nov, 10:20, Dr Clinician",
    }
    assert ticked(content) == {"First Sample", "Second Sample", "Third Sample"}
    assert "Tue 24 Nov, 9:40" in content


def test_the_proposal_suits_their_days_and_times(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    suits = {"preferred_days": ["friday"], "preferred_times": ["morning"]}
    book("Friday Sample", at_hour(24, 9), doctor, now=monday, **suits)
    close(doctor)
    content = page(sign_in("Reception"))
    assert proposals(content) == {"Friday Sample": "Fri 27 Nov, 9:00, Dr Clinician"}
    assert "Fri, mornings" in content


def test_another_clinician_is_proposed_if_their_own_has_none(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    other = factories.clinician("other")
    ClinicSession.objects.filter(clinician=other).delete()
    weekly(other, time(13), time(16))
    suits = {"preferred_days": list(DAYS), "preferred_times": ["afternoon"]}
    book("Late Sample", at_hour(24, 9), doctor, now=monday, **suits)
    close(doctor)
    content = page(sign_in("Reception"))
    assert proposals(content) == {"Late Sample": "Tue 24 Nov, 13:00, Dr Other"}


def test_somebody_whom_nothing_suits_is_not_ticked(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    suits = {"preferred_days": list(DAYS), "preferred_times": ["afternoon"]}
    book("Late Sample", at_hour(24, 9), doctor, now=monday, **suits)
    close(doctor)
    content = page(sign_in("Reception"))
    assert (proposals(content), ticked(content)) == ({"Late Sample": ""}, set())
    assert "No free time suits them." in content
    assert "Wed 25 Nov, 9:00, Dr Clinician" in content


def test_only_who_sees_patients_about_the_page_is_proposed_instead(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    expert, other = factories.clinician("expert"), factories.clinician("other")
    ClinicSession.objects.exclude(clinician=doctor).delete()
    weekly(other, time(13), time(16))
    weekly(expert, time(14), time(16))
    about = factories.page()
    Topic.objects.create(page=about).clinicians.add(doctor, expert)
    suits = {"preferred_days": list(DAYS), "preferred_times": ["afternoon"]}
    book("Late Sample", at_hour(24, 9), doctor, now=monday, page=about, **suits)
    close(doctor)
    content = page(sign_in("Reception"))
    assert proposals(content) == {"Late Sample": "Tue 24 Nov, 14:00, Dr Expert"}
    assert "Dr Other" not in content


def test_nobody_is_moved_to_before_their_own_time(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    book("Later Sample", at_hour(15, 9, month=12), doctor, now=monday)
    Closure.objects.create(
        resource=doctor.resource, starts=at_hour(14, 0, month=12), ends=at_hour(16, 0, month=12)
    )
    content = page(sign_in("Reception"))
    assert proposals(content) == {"Later Sample": "Wed 16 Dec, 9:00, Dr Clinician"}


def test_with_a_closure_only_those_whom_it_concerns_are_listed(
    three: list[AppointmentRequest], doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    book("Friday Sample", at_hour(27, 9), doctor, now=monday)
    friday = close(doctor, 27)
    client = sign_in("Reception")
    assert set(proposals(page(client, friday))) == {"Friday Sample"}
    assert len(proposals(page(client))) == 4
    assert "Dr Clinician is away" in page(client, friday)
    assert len(proposals(client.get(f"{URL}?closure=x").content.decode())) == 4


def test_whoever_wrote_when_they_could_come_is_read_first(
    three: list[AppointmentRequest], sign_in: SignIn, monday: datetime
) -> None:
    AppointmentRequest.objects.filter(pk=three[0].pk).update(wishes="Only after the school run.")
    content = page(sign_in("Reception"))
    assert ticked(content) == {"Second Sample", "Third Sample"}
    assert "Only after the school run." in content


def test_a_flag_blocks_the_offer(doctor: Clinician, sign_in: SignIn, monday: datetime) -> None:
    flagged = factories.received(flagged=True, now=monday, name="Flagged Sample", **ANY)
    factories.clear(flagged, FlagOutcome.PROCEED, now=monday)
    triage.book(
        flagged,
        version=flagged.version,
        appointment_type=factories.appointment_type(),
        clinician=doctor,
        starts=at_hour(24, 9),
        by=factories.staff("Reception"),
        now=monday,
    )
    close(doctor)
    client = sign_in("Reception")
    assert ticked(page(client)) == {"Flagged Sample"}
    flagged.flags.update(outcome=FlagOutcome.CALL_PATIENT)
    content = page(client)
    assert (ticked(content), proposals(content)) == (set(), {})
    assert "A clinician must record the outcome of a flag" in content


def test_what_is_pinned_to_somebody_is_beside_them(
    three: list[AppointmentRequest], sign_in: SignIn, monday: datetime
) -> None:
    by = factories.staff("Reception")
    triage.write_note(three[0].person, text="Rings twice.", pinned=True, by=by, now=monday)
    triage.write_note(three[1].person, text="Is shy.", pinned=False, by=by, now=monday)
    content = page(sign_in("Reception"))
    assert "◆ Rings twice." in content
    assert "Is shy." not in content


def test_who_is_listed_is_recorded(three: list[AppointmentRequest], sign_in: SignIn) -> None:
    page(sign_in("Reception"))
    look = Look.objects.get()
    assert look.screen == "to rebook"
    assert look.requests == [request.pk for request in three]


# --- What is sent ----------------------------------------------------------------------------------


def test_one_press_sends_all_offers_and_the_old_times_are_kept(
    three: list[AppointmentRequest], sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    answer = client.post(URL, form(page(client)), follow=True)
    content = answer.content.decode()
    assert "3 offers sent: First Sample, Second Sample, Third Sample." in content
    assert "Nobody needs another time" in content
    assert "Offered another time: 3" in content
    for number, request in enumerate(three):
        request.refresh_from_db()
        assert request.status == RequestStatus.BOOKED_OFFERED
        assert offered(request) == [at_hour(25, 9) + timedelta(minutes=40 * number)]
        # Kept, and no longer than until it would have begun.
        old = request.appointments.get()
        assert old.ended_at is None
        assert request.reply_due == min(old.starts, at_hour(25, 7) + timedelta(minutes=40 * number))
        assert request.messages.filter(kind=MessageKind.OFFER).count() == 1


def test_whoever_was_offered_a_time_takes_it(
    three: list[AppointmentRequest], sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    client.post(URL, form(page(client)))
    first = three[0]
    first.refresh_from_db()
    chosen = first.offers.get(status=OfferStatus.OPEN).times.get()
    triage.accept(first, version=first.version, chosen=chosen, now=monday)
    assert "Offered another time: 2" in page(client)


def test_a_time_that_was_taken_in_between_comes_back_red_and_the_others_are_sent(
    three: list[AppointmentRequest], doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Reception")
    posted = form(page(client))
    book("Faster Sample", at_hour(25, 9, 40), doctor, now=monday)
    content = client.post(URL, posted).content.decode()
    assert "2 offers sent: " in content
    assert "1 not sent" in content
    assert "Wed 25 Nov 9:40: That time has just been taken." in content
    assert content.count("rebook__refused") == 1
    assert proposals(content) == {"Second Sample": "Wed 25 Nov, 11:00, Dr Clinician"}
    assert ticked(content) == {"Second Sample"}
    assert [len(offered(each)) for each in three] == [1, 0, 1]
    client.post(URL, form(content))
    assert offered(three[1]) == [at_hour(25, 11)]


def test_one_failure_never_ends_the_run(
    three: list[AppointmentRequest], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("Reception")
    posted = form(page(client))

    def failing(request: AppointmentRequest, **values: Any) -> Offer:
        if request.pk == three[0].pk:
            raise RuntimeError
        return triage.offer_instead(request, **values)

    monkeypatch.setitem(rebooking.VERBS, rebooking.OFFER, failing)
    content = client.post(URL, posted).content.decode()
    assert "2 offers sent: " in content
    assert "This could not be saved." in content
    assert [len(offered(each)) for each in three] == [0, 1, 1]


def test_booked_by_phone_moves_the_appointment(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    posted = form(page(client)) | {f"how-{three[0].pk}": "book", "take": [three[0].pk]}
    content = client.post(URL, posted, follow=True).content.decode()
    assert "1 booked by phone: First Sample." in content
    moved = triage.booked_appointment(three[0])
    assert moved is not None
    assert moved.starts == at_hour(25, 9)
    assert set(proposals(content)) == {"Second Sample", "Third Sample"}


def test_whom_we_cannot_write_to_becomes_a_task_to_phone(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    by_phone = book("Phone Sample", at_hour(24, 9), doctor, now=monday, email="")
    close(doctor)
    client = sign_in("Reception")
    content = client.post(URL, form(page(client)), follow=True).content.decode()
    assert "1 offer sent: Phone Sample. 1 of them by phone: see “To phone”." in content
    message = Message.objects.get(request=by_phone, kind=MessageKind.OFFER)
    assert (message.channel, message.status) == (Channel.PHONE, MessageStatus.TO_TELL)
    assert "Offer them Wednesday 25 November at 9:00." in client.get(TO_PHONE).content.decode()


def test_an_offer_whose_times_are_lost_is_replaced(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    held = factories.received(now=monday, name="Held Sample", **ANY)
    factories.offer(held, [at_hour(25, 9), at_hour(25, 10)], now=monday)
    partly = factories.received(now=monday, name="Partly Sample", **ANY)
    factories.offer(partly, [at_hour(25, 11), at_hour(26, 11)], now=monday)
    close(doctor, 25)
    client = sign_in("Reception")
    content = page(client)
    assert proposals(content) == {"Held Sample": "Thu 26 Nov, 9:00, Dr Clinician"}
    client.post(URL, form(content))
    held.refresh_from_db()
    assert (held.status, offered(held)) == (RequestStatus.OFFERED, [at_hour(26, 9)])
    assert len(offered(partly)) == 2


def test_who_comes_within_two_hours_is_phoned(
    three: list[AppointmentRequest], sign_in: SignIn, at: Any
) -> None:
    client = sign_in("Reception")
    at(at_hour(24, 7, 30))
    client = sign_in("Reception")
    content = client.post(URL, form(page(client))).content.decode()
    assert "Their appointment starts too soon to offer another time instead." in content
    assert [len(offered(each)) for each in three] == [0, 1, 1]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"take": []}, "Tick at least one patient."),
        ({"time": "x"}, "Choose a time from the list."),
        ({"time": "1-99999999999999999999"}, "Choose a time from the list."),
        ({"time": ""}, "Choose a time from the list."),
        ({"version": "x"}, "This is no longer possible"),
        ({"take": ["x", "9" * 30]}, "not sent"),
    ],
)
def test_what_makes_no_sense_is_refused_and_offers_nothing(
    changes: dict[str, Any], sentence: str, three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    pk = three[0].pk
    posted = form(page(client)) | {"take": [pk]}
    posted |= {name if name == "take" else f"{name}-{pk}": value for name, value in changes.items()}
    assert sentence in client.post(URL, posted, follow=True).content.decode()
    assert [len(offered(each)) for each in three] == [0, 0, 0]


def test_the_patient_reads_that_the_old_time_cannot_be(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    patient = Client()
    sorry = "We are sorry: we cannot see you on Tuesday 24 November at 9:00 as planned."
    reception = sign_in("Reception")
    reception.post(URL, form(page(reception)))
    first = three[0]
    first.refresh_from_db()
    content = " ".join(patient.get(behind_link(patient, first)).content.decode().split())
    assert sorry in content
    assert "Keep this time" not in content
    Closure.objects.all().delete()
    content = " ".join(patient.get(behind_link(patient, first)).content.decode().split())
    assert sorry not in content
    assert "Keep this time" in content


# --- Pressed twice, and two colleagues -------------------------------------------------------------


def sent(three: list[AppointmentRequest]) -> list[int]:
    """How many offers each of them was ever sent."""
    return [request.messages.filter(kind=MessageKind.OFFER).count() for request in three]


def test_a_second_press_sends_nothing_and_reports_no_fault(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    client = sign_in("Reception")
    posted = form(page(client))
    for _ in range(2):
        content = client.post(URL, posted, follow=True).content.decode()
        assert "not sent" not in content
    assert sent(three) == [1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_one_moment_send_each_offer_once(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    posted = form(page(sign_in("Reception")))
    outcomes = races.race([partial(press, name, posted) for name in ("robin", "sam")])
    assert races.losses(outcomes) == set()
    assert sent(three) == [1, 1, 1]
    assert [len(offered(each)) for each in three] == [1, 1, 1]


def press(username: str, posted: dict[str, Any]) -> int:
    client = Client()
    client.force_login(factories.staff("Reception", username))
    return client.post(URL, posted, follow=True).status_code


def test_without_the_version_the_second_colleague_sends_another(
    three: list[AppointmentRequest], sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: whatever the colleague saw counts as the newest."""
    client = sign_in("Reception")
    posted = form(page(client))
    other_times = posted | {
        f"time-{request.pk}": f"{Clinician.objects.get().pk}-{at_hour(26, 9 + n).timestamp():.0f}"
        for n, request in enumerate(three)
    }
    client.post(URL, posted)
    client.post(URL, other_times)
    assert sent(three) == [1, 1, 1]
    keep = transitions.keep

    def keep_anyway(request: AppointmentRequest, *, version: int, **changes: Any) -> None:
        keep(request, version=request.version, **changes)

    monkeypatch.setattr(transitions, "keep", keep_anyway)
    client.post(URL, other_times)
    assert sent(three) == [2, 2, 2]


# --- Calls -----------------------------------------------------------------------------------------


def no_answer(content: str, name: Name) -> str:
    """What the button beside that patient posts."""
    buttons = re.findall(
        r'name="no_answer" value="([\d-]+)">No answer<span\s+class="visually-hidden">: ([^<]+)',
        content,
    )
    return str({whose: value for value, whose in buttons}[name])


@pytest.mark.parametrize("url", [URL, TO_PHONE])
def test_each_try_is_one_press_and_is_counted(
    url: str, doctor: Clinician, sign_in: SignIn, at: Any, monday: datetime
) -> None:
    request = book("Phone Sample", at_hour(24, 9), doctor, now=monday, email="")
    close(doctor)
    client = sign_in("Reception")
    client.post(URL, form(page(client)))
    for minutes, words in ((60, "Tried once at 11:00"), (80, "Tried twice, last at 11:20")):
        at(monday + timedelta(minutes=minutes))
        client = sign_in("Reception")
        pressed = {"no_answer": no_answer(client.get(url).content.decode(), "Phone Sample")}
        for _ in range(2):
            client.post(url, pressed)
        assert words in client.get(url).content.decode()
    assert PhoneCall.objects.filter(request=request, reached=False).count() == 2
    triage.record_call(request, reached=True, note="", by=factories.staff("Reception"), now=monday)
    assert "Reached at 10:00" in page(client)


def test_a_try_leaves_what_was_chosen(three: list[AppointmentRequest], sign_in: SignIn) -> None:
    client = sign_in("Reception")
    content = page(client)
    posted = form(content) | {"take": [three[1].pk], f"how-{three[1].pk}": "book"}
    del posted["send"]
    posted["no_answer"] = no_answer(content, "First Sample")
    content = client.post(URL, posted).content.decode()
    assert "First Sample: no answer, 10:00." in content
    assert ticked(content) == {"Second Sample"}
    assert form(content)[f"how-{three[1].pk}"] == "book"
    assert sent(three) == [0, 0, 0]


def test_a_try_beside_today_leads_back_there(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday, name="Urgent Sample", urgent=True)
    client = sign_in("Reception")
    value = no_answer(client.get("/admin/").content.decode(), "Urgent Sample")
    answer = client.post(TO_PHONE, {"no_answer": value, "pressed_on": "desk"})
    assert answer["Location"] == "/admin/"
    assert request.calls.get().reached is False
    assert client.post(TO_PHONE, {"no_answer": "x"}).status_code == 404


# --- Who may, and how much it asks of the database ------------------------------------------------


def test_today_leads_there_with_the_number(
    three: list[AppointmentRequest], sign_in: SignIn
) -> None:
    content = sign_in("Reception").get("/admin/").content.decode()
    assert f'href="{URL}">Rebook 3</a>' in content


@pytest.mark.parametrize("group", ["Editor", "Publisher"])
def test_others_rebook_nobody(group: str, sign_in: SignIn, monday: datetime) -> None:
    assert sign_in(group).get(URL).status_code == 403
    assert sign_in(group).post(TO_PHONE, {"no_answer": "1-0"}).status_code == 403


def type_of_its_own(n: int) -> AppointmentType:
    """It needs a machine of a kind, and a kind of room, that no other type needs."""
    house = factories.location()
    machine = MachineKind.objects.create(name=f"Machine {n}")
    Resource.objects.create(name=f"Machine {n}", location=house, machine_kind=machine)
    of_kind = RoomKind.objects.create(name=f"Room {n}")
    Resource.objects.create(name=f"Own room {n}", location=house, room_kind=of_kind)
    made = AppointmentType.objects.create(
        name=f"Type {n}", minutes=30, buffer_minutes=10, room_kind=of_kind
    )
    made.needs.add(machine)
    return made


def test_the_page_asks_no_query_for_each_patient(
    doctor: Clinician, sign_in: SignIn, monday: datetime
) -> None:
    ClinicSession.objects.update(ends=time(23, 59))
    client = sign_in("Reception")
    counts = []
    diary.resource_of(doctor)
    close(doctor)
    Closure.objects.update(starts=at_hour(24, 0), ends=at_hour(24, 1))
    for upto in (2, 20):
        for n in range(Appointment.objects.count(), upto):
            starts = at_hour(24, 9) + timedelta(minutes=40 * n)
            made = book(f"Patient {n:02}", starts, doctor, now=monday)
            made.appointments.update(appointment_type=type_of_its_own(n))
        Closure.objects.update(starts=at_hour(24, 9), ends=at_hour(25, 0))
        with CaptureQueriesContext(connection) as asked:
            content = page(client)
        Closure.objects.update(starts=at_hour(24, 0), ends=at_hour(24, 1))
        assert len(proposals(content)) == upto
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with CaptureQueriesContext(connection) as frame:
        client.get(reverse("admin:setup"))
    assert counts[1] - len(frame) <= 15
