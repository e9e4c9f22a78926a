"""Numbers for managers: exact figures of a small world, through the front door."""

import csv
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bookings import triage
from bookings.models import AppointmentRequest, ClinicSession, Message
from bookings.numbers.periods import MONTH, WEEK, Period, chosen
from bookings.status import CLOCK, Channel, MessageKind, MessageStatus
from clinic_site.groups import GROUPS
from procedures.models import InformationPage
from procedures.reading import feedback
from procedures.status import RevisionStatus
from tests import factories

SignIn = Callable[[User | str], Client]
PAGE = reverse("admin:bookings_numbers")
HOUR = timedelta(hours=1)
# Mondays at 9:00, when the desk opens.
NINTH, SIXTEENTH = (datetime(2026, 11, day, 9, tzinfo=UTC) for day in (9, 16))
BOTH_WEEKS = {
    "first_day": "9",
    "first_month": "11",
    "first_year": "2026",
    "last_day": "22",
    "last_month": "11",
    "last_year": "2026",
    "by": "week",
}


def table(client: Client, slug: str, about: dict[str, str] | None = None) -> list[list[str]]:
    """The rows of a table below its head, as the file has them."""
    answer = client.get(f"{PAGE}{slug}.csv", about or BOTH_WEEKS)
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"), newline="")))[1:]


def asked(at: datetime, hours: Sequence[float] = (), **columns: Any) -> list[AppointmentRequest]:
    """Requests that came then, each answered with a question so many hours later."""
    by = factories.staff("Reception")
    made = []
    for number, each in enumerate(hours):
        request = factories.received(now=at, email=f"{at:%d}-{number}@example.org", **columns)
        triage.start_review(request, version=request.version, by=by, now=at)
        answered = at + each * HOUR
        triage.ask(request, version=request.version, text="Which side?", by=by, now=answered)
        made.append(request)
    return made


def seen(day: date, came: Sequence[bool | None], *, doctor: str, place: str = "The house") -> None:
    """Visits of one day, one after the other: the patient came, did not come, or cancelled (None)."""
    clinician = factories.clinician(doctor)
    room = factories.room(f"Room at {place}", place)
    ClinicSession.objects.filter(clinician=clinician).update(room=room)
    by = factories.staff("Reception")
    for number, one in enumerate(came):
        starts = datetime.combine(day, time(9), UTC) + number * HOUR
        before = starts - timedelta(days=2)
        request = factories.received(now=before, email=f"{doctor}-{day:%d}-{number}@example.org")
        triage.start_review(request, version=request.version, by=by, now=before)
        triage.book(
            request,
            version=request.version,
            appointment_type=factories.appointment_type(),
            clinician=clinician,
            starts=starts,
            by=by,
            now=before,
        )
        if one is None:
            triage.cancel(request, version=request.version, by=by, reason="Ill.", now=before)
        else:
            ends = starts + HOUR
            triage.record_attendance(request, version=request.version, came=one, by=by, now=ends)


pytestmark = pytest.mark.django_db


# --- Exact figures --------------------------------------------------------------------------


def test_requests_and_answers(sign_in: SignIn, monday: datetime) -> None:
    asked(NINTH, [1, 1, 1, 2, 2, 2])
    asked(SIXTEENTH, [1, 2, 3, 4, 5, 6, 7, 24, 25, 26, 27, 28])
    # The other side of midnight is another week.
    factories.received(now=NINTH - 9 * HOUR - timedelta(microseconds=1))
    client = sign_in("Manager")
    assert table(client, "requests") == [
        ["9 Nov", "6"],
        ["16 Nov", "12"],
        ["Of all: over the website", "not shown"],
        ["Of all: by phone or at the desk", "fewer than 5"],
        ["All", "18"],
    ]
    # From 9:00 on Monday to 10:00 on Tuesday the desk is open for 9 hours.
    assert table(client, "answers") == [
        ["9 Nov", "6", "too few", "too few"],
        ["16 Nov", "12", "6.0", "too few"],
        ["All", "18", "3.0", "too few"],
        ["In time", "at least 77%", "", ""],
    ]


def test_fifty_answers_are_enough_for_nine_in_ten(
    sign_in: SignIn, monday: datetime, settings: Any
) -> None:
    factories.clinic(answers_within_hours=2)
    asked(NINTH, [1] * 44 + [3] * 6)
    assert table(sign_in("Manager"), "answers")[2:] == [
        ["All", "50", "1.0", "3.0"],
        ["In time", "88%", "", ""],
    ]


def test_somebody_on_the_phone_is_a_request_and_no_quick_answer(
    sign_in: SignIn, monday: datetime
) -> None:
    asked(NINTH, [1] * 5)
    for number in range(5):
        triage.submit(
            factories.submission(email=f"caller{number}@example.org"),
            key=f"call-{number}",
            by=factories.staff("Reception"),
            now=NINTH,
        )
    client = sign_in("Manager")
    assert table(client, "requests")[2:] == [
        ["Of all: over the website", "5"],
        ["Of all: by phone or at the desk", "5"],
        ["All", "10"],
    ]
    assert table(client, "answers")[2][:2] == ["All", "5"]


def test_only_the_first_answer_counts(sign_in: SignIn, monday: datetime) -> None:
    by = factories.staff("Reception")
    for request in asked(NINTH, [1] * 10):
        at = SIXTEENTH
        triage.answer_question(request, version=request.version, text="Left.", now=at)
        request.refresh_from_db()
        triage.decline(request, version=request.version, reason="Ask a GP.", by=by, now=at)
    assert table(sign_in("Manager"), "answers") == [
        # All ten are of the first week, which leaves none for the second.
        ["9 Nov", "not shown", "too few", "too few"],
        ["16 Nov", "fewer than 5", "too few", "too few"],
        ["All", "10", "1.0", "too few"],
        ["In time", "at least 60%", "", ""],
    ]


def test_offers_by_what_became_of_them(sign_in: SignIn, monday: datetime) -> None:
    by = factories.staff("Reception")
    for number in range(16):
        request = factories.received(now=NINTH, email=f"{number}@example.org")
        triage.start_review(request, version=request.version, by=by, now=NINTH)
        starts = datetime(2026, 12, 1, number + 1, tzinfo=UTC)
        made = factories.offer(request, [starts], now=NINTH)
        if number < 5:
            triage.accept(request, version=request.version, chosen=made.times.get(), now=NINTH)
        elif number < 11:
            triage.ask_for_other_times(request, version=request.version, wishes="", now=NINTH)
    # The last five have expired, whether or not that was written down.
    assert table(sign_in("Manager"), "offers") == [
        ["9 Nov", "not shown", "not shown", "not shown"],
        ["16 Nov", "not shown", "not shown", "not shown"],
        ["All", "5", "6", "5"],
    ]


def test_visits_by_week_clinician_and_place(sign_in: SignIn, monday: datetime) -> None:
    ada, ben = "ada", "ben"
    tenth, seventeenth = date(2026, 11, 10), date(2026, 11, 17)
    seen(tenth, [True] * 9 + [False] * 5, doctor=ada)
    seen(seventeenth, [True] * 6 + [False] * 5 + [None] * 2, doctor=ben, place="Annexe")
    client = sign_in("Manager")
    assert table(client, "visits") == [
        ["9 Nov", "9", "5", "fewer than 5", "fewer than 5"],
        ["16 Nov", "6", "5", "fewer than 5", "fewer than 5"],
        ["All", "15", "10", "fewer than 5", "fewer than 5"],
    ]
    assert table(client, "visits-by-clinician") == [
        ["Dr Ada", "9", "5", "fewer than 5", "fewer than 5", "36%"],
        ["Dr Ben", "6", "5", "fewer than 5", "fewer than 5", "45%"],
    ]
    assert table(client, "visits-by-place") == [
        ["Annexe", "6", "5", "fewer than 5", "fewer than 5", "45%"],
        ["The house", "9", "5", "fewer than 5", "fewer than 5", "36%"],
    ]
    assert table(client, "visits-by-page") == [
        ["Something else", "15", "10", "fewer than 5", "fewer than 5", "40%"]
    ]


def test_a_clinic_of_two_hours_with_half_an_hour_booked(sign_in: SignIn, monday: datetime) -> None:
    seen(date(2026, 11, 10), [True] * 4 + [False, None], doctor="ada")
    ClinicSession.objects.all().delete()
    clinician = factories.clinician("ada")
    # On two Tuesdays, from 9 to 14.
    factories.clinic_session(
        clinician, date(2026, 11, 10), time(9), time(14), last_day=date(2026, 11, 17)
    )
    assert table(sign_in("Manager"), "clinic-time") == [
        ["Dr Ada", "10.0", "2.5", "25%"],
        ["All", "10.0", "2.5", "25%"],
    ]


def test_what_is_free_in_the_next_two_weeks(sign_in: SignIn, monday: datetime) -> None:
    clinician = factories.clinician("ada")
    ClinicSession.objects.all().delete()
    factories.clinic_session(
        clinician, date(2026, 11, 24), time(9), time(14), last_day=date(2026, 12, 8)
    )
    by = factories.staff("Reception")
    for number in range(6):
        request = factories.received(now=monday, email=f"{number}@example.org")
        triage.start_review(request, version=request.version, by=by, now=monday)
        starts = [datetime(2026, 11, 24, 9, tzinfo=UTC) + number * timedelta(minutes=40)]
        factories.offer(request, starts, doctor="ada", now=monday)
    # Two of the three Tuesdays are within 14 days: 10 hours, of which six times 40 minutes are held.
    assert table(sign_in("Manager"), "free") == [
        ["Dr Ada", "10.0", "6.0", "60%"],
        ["All", "10.0", "6.0", "60%"],
    ]


def test_who_waits_now_by_age(sign_in: SignIn, monday: datetime) -> None:
    midnight = monday - 10 * HOUR
    ages = {
        "today": midnight,
        "yesterday": midnight - timedelta(microseconds=1),
        "days": midnight - timedelta(days=6),
        "week": midnight - timedelta(days=6, microseconds=1),
    }
    for number, (name, at) in enumerate(ages.items()):
        for each in range(5 + number):
            factories.received(now=at, email=f"{name}-{each}@example.org")
    assert table(sign_in("Manager"), "waiting") == [
        ["Today", "5"],
        ["Yesterday", "6"],
        ["2 to 6 days ago", "7"],
        ["7 days ago or more", "8"],
        ["All", "26"],
    ]


def test_requests_by_page_leave_small_ones_out(sign_in: SignIn, monday: datetime) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=NINTH)
    asked(NINTH, [1] * 9, page=published.page)
    asked(SIXTEENTH, [1] * 20)
    other = InformationPage.objects.create(slug="rare", category="guide", title="A rare thing")
    factories.received(now=NINTH, page=other)
    assert table(sign_in("Manager"), "pages") == [["Something else", "20"]]


def test_readers_by_page_and_version_with_what_they_said_before(
    sign_in: SignIn, monday: datetime
) -> None:
    published = factories.revision(RevisionStatus.PUBLISHED, now=NINTH)
    for clear, comment, now in [
        (True, "", NINTH),
        (True, "Thanks.", SIXTEENTH),
        (False, "What is a bursa?", SIXTEENTH),
        (False, "", NINTH - timedelta(days=1)),
        (True, "", NINTH - timedelta(days=14)),
    ]:
        feedback.give(published, clear=clear, comment=comment, now=now)
    assert table(sign_in("Manager"), "readers") == [["A thing", "1", "3", "67%", "50%", "2"]]


# --- Days of the clinic -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "starts"),
    [
        (date(2026, 3, 29), "2026-03-29T00:00+00:00"),
        (date(2026, 3, 30), "2026-03-29T23:00+00:00"),
        (date(2026, 10, 25), "2026-10-24T23:00+00:00"),
        (date(2026, 10, 26), "2026-10-26T00:00+00:00"),
    ],
)
def test_a_day_begins_at_midnight_in_the_clinic_over_both_clock_changes(
    first: date, starts: str
) -> None:
    assert Period(first, first).starts == datetime.fromisoformat(starts)
    day_before = first - timedelta(days=1)
    assert Period(day_before, day_before).ends == Period(first, first).starts


def test_a_request_counts_on_its_day_over_both_clock_changes(
    sign_in: SignIn, monday: datetime
) -> None:
    """On 25 October the clinic's day is 25 hours long, and the next begins at midnight UTC."""
    for at in ("2026-10-24T22:59:59", "2026-10-24T23:00:00", "2026-10-25T23:59:59"):
        for number in range(5):
            moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
            factories.received(now=moment, email=f"{number}-{at[8:10]}@example.org")
    sunday = {"first_day": "25", "first_month": "10", "last_day": "25", "last_month": "10"}
    assert table(sign_in("Manager"), "requests", BOTH_WEEKS | sunday)[0] == ["25 Oct", "10"]


def test_weeks_are_cut_at_the_ends_and_months_are_calendar_months() -> None:
    period = Period(date(2026, 10, 28), date(2026, 11, 10), WEEK)
    assert [(part.first.day, part.last.day, part.label) for part in period.parts()] == [
        (28, 1, "28 Oct"),
        (2, 8, "2 Nov"),
        (9, 10, "9 Nov"),
    ]
    by_month = period._replace(by=MONTH)
    assert [(part.first, part.last, part.label) for part in by_month.parts()] == [
        (date(2026, 10, 28), date(2026, 10, 31), "Oct 2026"),
        (date(2026, 11, 1), date(2026, 11, 10), "Nov 2026"),
    ]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("6-weeks", date(2026, 10, 19), date(2026, 11, 23)),
        ("this-month", date(2026, 11, 1), date(2026, 11, 23)),
        ("last-month", date(2026, 10, 1), date(2026, 10, 31)),
        ("this-quarter", date(2026, 10, 1), date(2026, 11, 23)),
        ("nonsense", date(2026, 10, 19), date(2026, 11, 23)),
    ],
)
def test_one_press_chooses_a_period(name: str, first: date, last: date, monday: datetime) -> None:
    assert chosen(name, WEEK, monday) == Period(first, last, WEEK)


# --- The page ---------------------------------------------------------------------------------


@pytest.mark.parametrize("group", GROUPS)
def test_numbers_are_for_managers(group: str, sign_in: SignIn) -> None:
    expected = 200 if group == "Manager" else 403
    client = sign_in(group)
    assert client.get(PAGE).status_code == expected
    assert client.get(f"{PAGE}visits.csv").status_code == expected


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_day": "32"}, "Enter a real date"),
        ({"last_day": "24"}, "Choose a day that is not after today."),
        ({"first_day": "23"}, "The last day must not be before the first."),
        ({"first_year": "2025"}, "Choose “month” for more than a year."),
        ({"first_year": "2019", "by": "month"}, "Choose at most five years."),
    ],
)
def test_days_that_cannot_be_are_told_what_to_do(
    changes: dict[str, str], sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    page = client.get(PAGE, BOTH_WEEKS | changes).content.decode()
    assert sentence in page
    assert "19 October to 23 November 2026" in page
    assert client.get(f"{PAGE}visits.csv", BOTH_WEEKS | changes).status_code == 404


def test_a_file_says_its_period_and_an_unknown_one_is_not_found(
    sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    answer = client.get(f"{PAGE}visits.csv", BOTH_WEEKS)
    assert answer["Content-Disposition"] == (
        'attachment; filename="numbers-visits-2026-11-09-to-2026-11-22.csv"'
    )
    assert client.get(f"{PAGE}nothing.csv").status_code == 404


def test_a_chart_has_a_name_and_no_style_of_its_own(sign_in: SignIn, monday: datetime) -> None:
    asked(NINTH, [1] * 6)
    asked(SIXTEENTH, [1] * 5)
    page = sign_in("Manager").get(PAGE, BOTH_WEEKS).content.decode()
    assert page.count('role="img"') == page.count("<title id=") == 8
    assert "Requests each week: at most 6. The table has every number." in page
    assert "style=" not in page


def test_nobody_is_named_and_nothing_is_journaled(sign_in: SignIn, monday: datetime) -> None:
    (request, *_) = asked(NINTH, [1] * 6, name="Canaryname Sample")
    before = request.events.count()
    page = sign_in("Manager").get(PAGE, BOTH_WEEKS).content.decode()
    assert ("Canaryname" in page, request.reference in page) == (False, False)
    assert request.events.count() == before


def test_the_number_of_queries_does_not_grow(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    asked(NINTH, [1] * 6)
    seen(date(2026, 11, 10), [True] * 6, doctor="ada")
    client = sign_in("Manager")
    client.get(PAGE)
    with django_assert_max_num_queries(45):
        client.get(PAGE, BOTH_WEEKS | {"first_year": "2022", "by": "month"})


def test_texts_and_their_cost(sign_in: SignIn, monday: datetime) -> None:
    factories.clinic(text_price=Decimal("3.5"))
    request = factories.received(now=NINTH, text_messages=True)
    at = {"queued_at": NINTH + HOUR, "queued_by": CLOCK, "next_try": NINTH, "request": request}
    sent = {"status": MessageStatus.SENT, "sent_at": NINTH + HOUR, "sent_by": "a worker"}
    lost = {**sent, "status": MessageStatus.FAILED}
    became: list[dict[str, Any]] = [{**sent, "delivered": NINTH, "segments": 2}] * 6
    # What the gateway says counts more than our own price. What never left costs nothing.
    became += [{**sent, "price": Decimal("0.11"), "segments": 2}]
    became += [{**lost, "segments": 1}] * 5 + [{"status": MessageStatus.QUEUED}]
    for number, each in enumerate(became):
        Message.objects.create(
            kind=MessageKind.REMINDER,
            channel=Channel.TEXT,
            days_ahead=number,
            request_version=1,
            message_id=f"text {number}",
            **at,
            **each,
        )
    for number in range(4):
        triage.hear(triage.Heard(f"SM{number}", str(request.phone), "?"), now=SIXTEENTH)
    rows = table(sign_in("Manager"), "texts")
    assert rows == [
        ["9 Nov", "not shown", "not shown", "not shown", "fewer than 5"],
        ["16 Nov", "fewer than 5", "not shown", "not shown", "fewer than 5"],
        ["All", "12", "6", "5", "fewer than 5"],
        # 12 + 5 parts, our one answer of 2 parts, and 11 pence: 77.5 pence.
        ["Cost", "£0.78", "", "", ""],
    ]
    # The cost of a few would count them.
    Message.objects.filter(status=MessageStatus.FAILED, delivered=None).delete()
    Message.objects.filter(delivered__isnull=False).delete()
    assert table(sign_in("Manager"), "texts")[-1][1] == "fewer than 5"
