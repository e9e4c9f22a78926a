"""Patients who were given a page and have a visit to come hear of each change to it, once."""

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings import messages, triage
from bookings.desk.to_phone import patients_to_phone
from bookings.management.worker import SENDERS
from bookings.messages import outbox
from bookings.messages.still_true import is_still_true
from bookings.models import Appointment, AppointmentRequest, Message, PageNotice, Person
from bookings.status import Channel, MessageKind, MessageStatus
from procedures import publishing
from procedures.models import PageEvent, Revision
from procedures.status import ChangeClass, PageNews, RevisionStatus
from tests import factories, profiles
from tests.bookings.test_killed_and_crowded import Letters, letters, worker
from tests.people import LIST, book_instead, decide_at

pytestmark = pytest.mark.django_db

__all__ = ["letters"]

HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
KILLS, PATIENTS = (30, 600) if profiles.FULL else (1, 12)


def version(text: Revision, now: datetime, change: ChangeClass = ChangeClass.ADVICE) -> Revision:
    """The next version of that page, published."""
    body = factories.BODY.replace("Some words", f"Version {text.page.revisions.count() + 1}: words")
    made = publishing.start_draft(
        text.page,
        document=factories.document(body=body),
        change_class=change,
        note="Wait two days longer.",
        by=factories.staff("Editor"),
        now=now,
    )
    return factories.brought_to(RevisionStatus.PUBLISHED, made, now=now)


def given(text: Revision, starts: datetime, *, now: datetime, **columns: Any) -> AppointmentRequest:
    """A patient who is booked, and was given the page as it was then."""
    request = factories.received(now=now, page=text.page, **columns)
    triage.start_review(request, version=request.version, by=factories.staff("Reception"), now=now)
    book_instead(request, starts, now)
    assert request.appointments.get().given == text
    return request


def news_for(request: AppointmentRequest) -> list[tuple[str, str]]:
    told = Message.objects.filter(request=request, kind=MessageKind.PAGE_NEWS).order_by("pk")
    return [(str(each.channel), str(each.status)) for each in told]


def doctor() -> Any:
    return factories.clinician().login


def take_away(verb: Callable[..., Any], text: Revision, now: datetime) -> None:
    text.refresh_from_db()
    verb(text, version=text.version, by=doctor(), reason="Harm.", now=now)


# --- What is news ---------------------------------------------------------------------------------


def test_what_happened_to_a_page_in_the_eyes_of_who_relied_on_it(monday: datetime) -> None:
    """A change of wording is no news, but a text after one that was taken away always is."""
    hours = (monday + timedelta(hours=number) for number in range(1, 20))
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    version(first, next(hours), ChangeClass.WORDING)
    second = version(first, next(hours))
    take_away(publishing.suspend, second, next(hours))
    third = version(first, next(hours), ChangeClass.FORMAT)
    # What is done to a text before it is published is nothing to readers.
    drafted = version_signed(first, next(hours))
    take_away(publishing.revoke, drafted, next(hours))
    take_away(publishing.revoke, third, next(hours))
    third.refresh_from_db()
    publishing.re_affirm(
        third,
        version=third.version,
        fragment_hash=third.fragment_hash,
        by=doctor(),
        now=next(hours),
    )
    third.refresh_from_db()
    publishing.withdraw(
        third,
        version=third.version,
        by=factories.staff("Publisher"),
        reason="Gone.",
        now=next(hours),
    )
    told = PageEvent.objects.news().order_by("number")
    assert [(each.news, each.revision.number) for each in told] == [
        (PageNews.CHANGED, 3),
        (PageNews.SUSPENDED, 3),
        (PageNews.CORRECTED, 4),
        (PageNews.REVOKED, 4),
        (PageNews.CORRECTED, 4),
        (PageNews.WITHDRAWN, 4),
    ]


def version_signed(text: Revision, now: datetime) -> Revision:
    made = publishing.start_draft(
        text.page, document=factories.document(), by=factories.staff("Editor"), now=now, note="New."
    )
    return factories.brought_to(RevisionStatus.SIGNED, made, now=now)


# --- Who is told, and how -------------------------------------------------------------------------


def test_whoever_was_given_it_and_comes_is_told_once_in_their_way(monday: datetime) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    start, later = monday + WEEK, monday + timedelta(hours=1)
    written = given(first, start, now=monday)
    # The same person has another visit, and the next one is the one that the letter is about.
    series = given(first, start + timedelta(days=1), now=monday)
    phoned = given(
        first,
        start + timedelta(hours=2),
        now=monday,
        name="Lee Other",
        email="",
        phone="020 7946 0018",
    )
    over = given(first, monday + timedelta(minutes=30), now=monday, email="o@example.org", name="O")
    nothing = factories.received(now=monday, email="n@example.org", name="N")
    second = version(first, later)
    afterwards = given(second, start + timedelta(hours=4), now=later + timedelta(hours=1), name="A")

    assert triage.tell_of_page_news(later) == 2
    assert [triage.tell_of_page_news(later + timedelta(hours=each)) for each in (0, 1, 24)] == [
        0,
        0,
        0,
    ]
    assert news_for(written) == [(Channel.EMAIL, MessageStatus.QUEUED)]
    assert news_for(phoned) == [(Channel.PHONE, MessageStatus.TO_TELL)]
    assert [news_for(each) for each in (series, over, nothing, afterwards)] == [[]] * 4
    # Each later change is told as well, to whoever was given any text before it.
    take_away(publishing.suspend, second, later + timedelta(hours=2))
    assert triage.tell_of_page_news(later + timedelta(hours=3)) == 3


def test_people_who_are_one_hear_it_once(monday: datetime) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    one = given(first, monday + WEEK, now=monday)
    other = given(
        first, monday + 2 * WEEK, now=monday, date_of_birth=monday.date(), email="p@example.org"
    )
    triage.join(one.person, other=other.person, by=factories.staff("Reception"), now=monday)
    version(first, monday + timedelta(hours=1))
    assert triage.tell_of_page_news(monday + timedelta(hours=1)) == 1


def test_the_letter_says_what_became_of_it_and_nothing_else(at: Any, monday: datetime) -> None:
    factories.clinic(inbox="")
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request = given(first, monday + WEEK, now=monday)
    sentences = []
    second = version(first, monday + timedelta(hours=1))
    for hour, news in enumerate(
        [PageNews.CHANGED, PageNews.SUSPENDED, PageNews.CORRECTED], start=1
    ):
        at(moment := monday + timedelta(hours=hour))
        if news == PageNews.SUSPENDED:
            take_away(publishing.suspend, second, moment)
        if news == PageNews.CORRECTED:
            version(first, moment, ChangeClass.WORDING)
        messages.send_due()
        mail.outbox.clear()
        triage.tell_of_page_news(moment)
        assert messages.send_due() == 1
        (letter,) = mail.outbox
        sentences.append(letter.body.split("\n\n")[1])
        assert letter.to == ["pat@example.org"]
        assert "A thing" not in f"{letter.subject} {letter.body}"
        assert "/appointments/mine/link/" in letter.body
        assert request.reference in letter.body
    assert [each.split(". ")[0] for each in sentences] == [
        "We have changed our advice on the page that we gave you to read for your visit",
        "We have taken down the page that we gave you to read for your visit",
        "We had taken down the page that we gave you to read for your visit",
    ]


def test_news_that_are_sent_once_more_are_true_for_as_long(monday: datetime) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request = given(first, monday + WEEK, now=monday)
    second = version(first, monday + HOUR)
    triage.tell_of_page_news(monday + HOUR)
    messages.repeat(request.messages.latest("pk"), by="reception", now=monday + HOUR)
    again = request.messages.latest("pk")
    assert again.repeats == request.messages.get(notice__isnull=False)
    assert is_still_true(again, monday + HOUR)
    take_away(publishing.suspend, second, monday + 2 * HOUR)
    assert not is_still_true(again, monday + 2 * HOUR)


def test_a_letter_that_waits_gives_way_to_newer_news_and_goes_with_the_visit(
    at: Any, monday: datetime
) -> None:
    factories.clinic(inbox="")
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request = given(first, monday + WEEK, now=monday)
    second = version(first, monday + timedelta(hours=1))
    triage.tell_of_page_news(monday + timedelta(hours=1))
    take_away(publishing.suspend, second, monday + timedelta(hours=2))
    at(monday + timedelta(hours=3))
    messages.send_due()
    assert news_for(request) == [(Channel.EMAIL, MessageStatus.DROPPED)]
    assert triage.tell_of_page_news(monday + timedelta(hours=3)) == 1
    triage.cancel(
        request,
        version=request.version,
        by=factories.staff("Reception"),
        reason="",
        now=monday + timedelta(hours=3),
    )
    messages.send_due()
    assert news_for(request) == [(Channel.EMAIL, MessageStatus.DROPPED)] * 2


def test_the_desk_sees_who_was_told_and_what_to_say(
    sign_in: Any, at: Any, monday: datetime
) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    written = given(first, monday + WEEK, now=monday)
    given(first, monday + 2 * WEEK, now=monday, name="Lee Other", email="", phone="020 7946 0018")
    at(later := monday + timedelta(hours=1))
    version(first, later)
    triage.tell_of_page_news(later)
    messages.send_due()
    page = sign_in("Publisher").get(f"/admin/procedures/informationpage/{first.page_id}/change/")
    shown = " ".join(page.content.decode().split())
    assert "The advice changed</strong>, version 2" in shown
    assert "1 told, <strong>1 still to phone</strong>." in shown
    desk = sign_in("Reception")
    said = desk.get("/admin/bookings/appointmentrequest/to-phone/").content.decode()
    assert "Our advice on “A thing” has changed since we gave it to them." in said
    assert "Tell them: Wait two days longer." in said
    person = desk.get(f"/admin/bookings/person/{written.person_id}/change/").content.decode()
    assert "News of the page they were given" in person


def test_whoever_cannot_be_written_to_gets_the_news_on_paper_as_long_as_it_is_the_newest(
    sign_in: Any, at: Any, monday: datetime
) -> None:
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request = given(first, monday + WEEK, now=monday, email="", phone="020 7946 0018")
    at(later := monday + timedelta(hours=1))
    second = version(first, later)
    triage.tell_of_page_news(later)
    at(later + timedelta(minutes=5))
    desk, letters_page = sign_in("Reception"), f"{LIST}to-phone/letters/"
    assert "News of the page they were given" in desk.get(letters_page).content.decode()
    assert 'value="page_news"' in desk.get(decide_at(request, "letter")).content.decode()
    (task,) = Message.objects.filter(kind=MessageKind.PAGE_NEWS)
    sheet = desk.post(letters_page, {"act": "print", "letter": task.pk}, follow=True)
    said = " ".join(sheet.content.decode().split())
    assert "What has changed: Wait two days longer." in said
    assert "A thing, version 2" in said
    assert "/mine/link/" not in said
    assert news_for(request) == [(Channel.PAPER, MessageStatus.TO_POST)]
    assert "No longer true" not in desk.get(letters_page).content.decode()
    take_away(publishing.suspend, second, later + timedelta(minutes=6))
    assert "No longer true" in desk.get(letters_page).content.decode()
    desk.post(letters_page, {"act": "undo", "letter": task.pk})
    assert news_for(request) == [(Channel.PHONE, MessageStatus.TO_TELL)]
    assert "News of the page" not in desk.get(letters_page).content.decode()


@pytest.mark.parametrize("address", ["/admin/", f"{LIST}to-phone/", f"{LIST}to-phone/letters/"])
def test_however_many_have_to_be_told_the_desk_asks_the_database_the_same(
    address: str, sign_in: Any, at: Any, monday: datetime
) -> None:
    text = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    counts, begins = [], monday + WEEK
    for number, later in ((2, monday + HOUR), (8, monday + 2 * HOUR)):
        for n in range(number):
            who = {"name": f"Sample {number}-{n}", "email": "", "phone": f"020 7946 00{number}{n}"}
            given(text, begins, now=later - HOUR, **who)
            begins += HOUR
        at(later)
        text = version(text, later)
        triage.tell_of_page_news(later)
        at(later + timedelta(minutes=5))
        desk = sign_in("Reception")
        with CaptureQueriesContext(connection) as asked:
            assert desk.get(address).status_code == HTTPStatus.OK
        counts.append(len(asked))
    assert len(patients_to_phone(later)) == 2 + 8
    assert counts[0] == counts[1]


# --- Never twice ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("guard", "told"), [(True, [True, False]), (False, [True, True])])
def test_a_person_is_told_once_of_an_event_whatever_the_visit(
    guard: bool, told: list[bool], monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers may each have seen that nobody was told. Without the record both would tell."""
    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    visits = [given(first, monday + number * WEEK, now=monday) for number in (1, 2)]
    version(first, later := monday + timedelta(hours=1))
    event = PageEvent.objects.news().get()
    person = visits[0].person
    assert visits[1].person == person
    if not guard:
        monkeypatch.setattr(PageNotice.objects, "create", lambda **columns: None)
    tell = messages.queue_news
    assert [tell(event, person, about=each, now=later) for each in visits] == told


@pytest.mark.parametrize(("guard", "left"), [(True, (0, 1)), (False, (1, 0))])
def test_a_worker_that_dies_between_the_letter_and_its_record(
    guard: bool, left: tuple[int, int], monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either both are there or neither, so the next round tells whoever was not told."""

    class Killed(BaseException):
        pass

    def die(**columns: Any) -> None:
        raise Killed

    first = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    request = given(first, monday + WEEK, now=monday)
    version(first, later := monday + timedelta(hours=1))
    with monkeypatch.context() as patched:
        patched.setattr(PageNotice.objects, "create", die)
        if not guard:
            patched.setattr(outbox, "transaction", SimpleNamespace(atomic=contextlib.nullcontext))
        with pytest.raises(Killed):
            triage.tell_of_page_news(later)
    assert (len(news_for(request)), triage.tell_of_page_news(later)) == left


def many_given(text: Revision, count: int, now: datetime) -> None:
    """This many patients with a visit to come, without their history."""
    by_day = (now + WEEK).replace(hour=11, minute=0)
    request = given(text, by_day, now=now)
    pattern = request.appointments.get()

    def columns(of: Any) -> dict[str, Any]:
        fields = of._meta.concrete_fields
        return {
            field.attname: getattr(of, field.attname) for field in fields if not field.primary_key
        }

    people = Person.objects.bulk_create(Person(**columns(request.person)) for _ in range(count - 1))
    unique = ("reference", "submission_key", "link_key")
    made = AppointmentRequest.objects.bulk_create(
        AppointmentRequest(
            **columns(request)
            | dict.fromkeys(unique, f"{number:09}")
            | {"person_id": person.pk, "event_count": 0}
        )
        for number, person in enumerate(people)
    )
    Appointment.objects.bulk_create(
        Appointment(**columns(pattern) | {"request_id": each.pk}) for each in made
    )


@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_however_often_workers_die_each_hears_it_exactly_once(
    letters: Letters, settings: Any
) -> None:
    """Killed while it queues and while it sends; a letter sent again has the same Message-ID."""
    now = timezone.now()
    first = factories.revision(RevisionStatus.PUBLISHED, now=now - WEEK)
    many_given(first, PATIENTS, now - timedelta(days=1))
    Message.objects.all().delete()
    version(first, now)
    for killed in range(KILLS):
        wanted = (killed + 1) * 2 * PATIENTS // (KILLS + 2)
        with worker(settings):
            while PageNotice.objects.count() + len(set(letters.taken)) < wanted:
                letters.enough.wait(0.005)
    triage.tell_of_page_news(timezone.now())
    while Message.objects.filter(status=MessageStatus.QUEUED).exists():
        with time_machine.travel(timezone.now() + messages.LEASE + timedelta(seconds=10)):
            messages.send_due()
    queued = Counter(Message.objects.values_list("request__person", flat=True))
    assert queued == Counter(Person.objects.values_list("pk", flat=True))
    assert Message.objects.values("kind", "status").distinct().get() == {
        "kind": MessageKind.PAGE_NEWS,
        "status": MessageStatus.SENT,
    }
    copies = Counter(letters.taken)
    assert len(copies) == PATIENTS
    assert sum(copies.values()) <= PATIENTS + KILLS * SENDERS
