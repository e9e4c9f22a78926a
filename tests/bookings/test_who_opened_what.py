"""Who opened what: by colleague, by patient and by days, for managers."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bookings import access, journal
from bookings.desk import looks
from bookings.desk import opened as opened_module
from bookings.desk.opened import MANY, Chosen, Key, patients
from bookings.desk.unusual import unusual_weeks
from bookings.diary.free_times import span_of
from bookings.models import AppointmentRequest, Look, Person
from bookings.status.choices import Scope
from bookings.status.events import Event
from clinic_site.groups import GROUPS
from tests import factories
from tests.people import LIST, page_of

SignIn = Callable[[User | str], Client]
PAGE = reverse("admin:bookings_look_changelist")
FILE = reverse("admin:bookings_look_file")
FIRST, LAST = "first_day", "last_day"
Row = tuple[str, ...]

pytestmark = pytest.mark.django_db


def rows(client: Client, **about: Any) -> list[Row]:
    """What the page lists: who, what, whose, and what stands out."""
    return parsed(client.get(PAGE, about).content.decode())


def parsed(content: str) -> list[Row]:
    body = content.partition('id="entries"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    found = []
    for row in body.split("</tr>")[:-1]:
        cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)
        plain = [re.sub(r"<span class=.visually.*?</span>|<[^>]+>", " ", each) for each in cells]
        found.append(tuple(" ".join(each.split()) for each in plain[1:]))
    return found


def day(number: int | str, which: str) -> dict[str, str]:
    """That day of November 2026, typed into the three boxes of the first or the last day."""
    return {f"{which}_day": str(number), f"{which}_month": "11", f"{which}_year": "2026"}


def opened(
    request: AppointmentRequest, at: datetime, by: str = "reception", kind: Event = Event.READ
) -> None:
    journal.record(request, kind, by=factories.staff("Reception", by), at=at)


def test_every_way_of_seeing_a_patient_is_listed(sign_in: SignIn, at: Any) -> None:
    start = datetime(2026, 11, 23, 10, tzinfo=UTC)
    at(start)
    request = factories.received(now=start)
    reception = sign_in("Reception")
    reception.get(page_of(request))
    at(start + timedelta(minutes=1))
    reception.post("/admin/bookings/person/search/", {"term": "Sample"})
    at(start + timedelta(minutes=2))
    reception.get(LIST)
    about = f"Pat Sample, {request.reference}"
    assert rows(sign_in(factories.staff("Manager"))) == [
        ("Reception", "Listed in “requests”", "1 patient show", ""),
        ("Reception", "Found by searching", about, ""),
        ("Reception", "Opened", about, ""),
    ]


@pytest.mark.parametrize("group", GROUPS)
def test_whoever_can_be_shown_patients_is_told_that_it_is_recorded(
    group: str, sign_in: SignIn, monday: datetime
) -> None:
    page = " ".join(sign_in(group).get("/admin/account/").content.decode().split())
    told = "or see them in a list, that is recorded under your name. Managers can read it" in page
    assert told == ("view_appointmentrequest" in GROUPS[group])


def test_by_colleague_and_by_day(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    opened(request, monday - timedelta(days=1))
    opened(request, monday)
    opened(request, monday, by="robin")
    journal.record_list("requests", [request], by=factories.staff("Reception", "robin"), at=monday)
    client = sign_in("Manager")
    whose = f"Pat Sample, {request.reference}"
    assert rows(client, staff="robin") == [
        ("Robin", "Opened", whose, ""),
        ("Robin", "Listed in “requests”", "1 patient show", ""),
    ]
    on_monday = [("Robin", "Opened", whose, ""), ("Reception", "Opened", whose, "")]
    for which in (FIRST, LAST):
        found = rows(client, **day(23, which))
        assert [row for row in found if row[1] == "Opened"] == on_monday
        assert len(rows(client, staff="reception", **day(23, which))) == 1
    assert "Choose somebody from the list." in client.get(PAGE, {"staff": "no"}).content.decode()


def test_from_one_day_to_another_with_the_first_and_the_last_instant(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(now=monday)
    midnight = monday.replace(day=20, hour=0, minute=0)
    least = timedelta(microseconds=1)
    for at in (midnight - least, midnight, midnight + timedelta(days=2) - least):
        opened(request, at)
    opened(request, midnight + timedelta(days=2))
    client = sign_in("Manager")
    chosen = day(20, FIRST) | day(21, LAST)
    assert [each.key.at for each in client.get(PAGE, chosen).context["entries"]] == [
        midnight + timedelta(days=2) - least,
        midnight,
    ]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (day(21, FIRST) | day(20, LAST), "The last day must not be before the first."),
        (
            day(22, FIRST) | {"first_day_year": "2025"} | day(23, LAST),
            "Choose at most a year.",
        ),
        (day(31, FIRST), "Enter a real date, for example 27 3 2026 or 27 March 2026."),
    ],
)
def test_days_that_cannot_be_show_nobody_and_give_no_file(
    days: dict[str, str], said: str, sign_in: SignIn, monday: datetime
) -> None:
    opened(factories.received(now=monday), monday)
    client = sign_in("Manager")
    page = client.get(PAGE, days)
    assert page.context["entries"] == []
    assert said in page.content.decode()
    assert FILE not in page.content.decode()
    answer = client.get(FILE, days)
    assert answer.status_code == 302
    assert client.get(answer["Location"]).content.decode().count(said)
    assert not Look.objects.exists()


def test_a_whole_year_can_be_chosen(sign_in: SignIn, monday: datetime) -> None:
    opened(factories.received(now=monday), monday)
    year = day(23, FIRST) | {"first_day_year": "2025"} | day(23, LAST)
    assert len(rows(sign_in("Manager"), **year)) == 1


def test_how_many_different_patients_one_colleague_was_shown_in_a_period(
    sign_in: SignIn, monday: datetime
) -> None:
    robin = factories.staff("Reception", "robin")
    pat, again, listed, joined, other, before = (
        factories.received(now=monday, name=name, email=f"{name[:3].lower()}@example.org")
        for name in (
            "Pat Sample",
            "Pat Sample",
            "Lee Listed",
            "Joe Joined",
            "Oli Other",
            "Bea Before",
        )
    )
    assert again.person_id == pat.person_id
    Person.objects.filter(pk=joined.person_id).update(joined_to=pat.person)
    for request in (pat, pat, again):
        opened(request, monday, by="robin")
    opened(before, monday - timedelta(days=7), by="robin")
    opened(other, monday)
    journal.record_list("requests", [pat, listed, joined], by=robin, at=monday)
    journal.record_list("requests", [listed], by=robin, at=monday)
    assert patients(Chosen(span=span_of(monday.date()))) == (3, 2)
    client = sign_in("Manager")

    def said(**chosen: Any) -> str:
        return str(client.get(PAGE, chosen).context["patients"])

    assert said(staff="robin", **day(20, FIRST), **day(23, LAST)) == (
        "2 different patients in all these days: 1 opened, found or printed one by one, and 1 only "
        "named in lists or read by another system."
    )
    assert said(staff="robin", **day(16, FIRST), **day(16, LAST)).startswith(
        "1 different patient in"
    )
    # Without days it would be all years, and about one patient it is one.
    assert said(staff="robin") == "None"
    assert said(request=pat.pk, **day(23, FIRST)) == "None"


def test_what_another_system_read_is_counted_for_everybody_alone(monday: datetime) -> None:
    request = factories.received(now=monday)
    token = access.make_token(
        given_to="Theatre list",
        scopes=[Scope.APPOINTMENT],
        last_day=monday.date(),
        by="manager",
        now=monday,
    )
    journal.record_outside("Appointment", [request.pk], by=token, at=monday)
    span = span_of(monday.date())
    assert patients(Chosen(span=span)) == (1, 0)
    assert patients(Chosen(factories.staff("Manager"), None, span)) == (0, 0)


def test_more_requests_than_one_query_asks_for_are_all_counted(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened_module, "REQUESTS_AT_ONCE", 2)
    several = [
        factories.received(now=monday, name=f"{name} Sample", email=f"{name}@example.org")
        for name in ("Ann", "Bob", "Cleo", "Dan", "Eve")
    ]
    journal.record_list("requests", several, by=factories.staff("Reception"), at=monday)
    assert patients(Chosen(span=span_of(monday.date()))) == (5, 0)


def test_by_patient_with_all_their_requests_and_nobody_elses(
    sign_in: SignIn, monday: datetime
) -> None:
    first = factories.received(now=monday)
    second = factories.received(now=monday, email="new@example.org")
    other = factories.received(now=monday, name="Somebody Else", email="else@example.org")
    for request in (first, second, other):
        opened(request, monday)
    by = factories.staff("Reception")
    journal.record_list("requests", [first, other], by=by, at=monday)
    journal.record_list("the desk", [other], by=by, at=monday)
    client = sign_in("Manager")
    assert rows(client, request=second.pk) == [
        ("Reception", "Opened", f"Pat Sample, {second.reference}", ""),
        ("Reception", "Opened", f"Pat Sample, {first.reference}", ""),
        ("Reception", "Listed in “requests”", "2 patients show", ""),
    ]


def test_a_search_leads_to_the_patient_and_is_recorded(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = sign_in("Manager")
    answer = client.post(PAGE, {"term": request.reference})
    assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}?request={request.pk}")
    assert request.events.filter(kind=Event.SEARCHED).count() == 1
    factories.received(now=monday, name="Pat Simple", email="b@example.org")
    several = client.post(PAGE, {"term": "Pat"}).content.decode()
    assert several.count("?request=") == 2
    assert "No requests found" in client.post(PAGE, {"term": "zebra"}).content.decode()


def test_looking_here_is_recorded_too(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    client = sign_in("Manager")
    client.get(PAGE, {"request": request.pk})
    client.get(FILE, {"request": request.pk})
    found = Look.objects.order_by("pk").values_list("screen", "requests", "looked_by__username")
    assert list(found) == [
        ("who opened what", [request.pk], "manager"),
        ("who opened: file", [request.pk], "manager"),
    ]


def test_a_list_says_which_patients_were_in_it(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    journal.record_list("requests", [request], by=factories.staff("Reception"), at=monday)
    url = reverse("admin:bookings_look_change", args=[Look.objects.get().pk])
    assert request.reference in sign_in("Manager").get(url).content.decode()


# --- Page after page --------------------------------------------------------------------------


def test_earlier_pages_follow_without_a_gap_or_a_repetition(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "SHOWN", 3)
    by = factories.staff("Reception")
    requests = [factories.received(now=monday, email=f"{n}@example.org") for n in range(5)]
    for request in requests:
        # All at one instant: the order is that of the rows.
        opened(request, monday)
        journal.record_list("requests", [request], by=by, at=monday)
    client, seen, address = sign_in("Manager"), [], "?staff=reception"
    while address:
        content = client.get(f"{PAGE}{address}").content.decode()
        seen += parsed(content)
        later = re.search(r'href="(\?[^"]+)">Earlier ones', content)
        address = later[1].replace("&amp;", "&") if later else ""
    singles = [f"Pat Sample, {each.reference}" for each in reversed(requests)]
    assert [row[2] for row in seen] == singles + ["1 patient show"] * 5


@pytest.mark.parametrize(
    "text", ["", "x", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z,a,1", "1,2,3"]
)
def test_a_place_that_is_none_is_the_beginning(text: str, sign_in: SignIn) -> None:
    assert Key.read(text) is None
    assert sign_in("Manager").get(PAGE, {"before": text}).status_code == 200


def test_a_place_survives_the_address() -> None:
    key = Key(datetime(2026, 11, 23, 10, 0, 0, 7, tzinfo=UTC), 1, 12)
    assert Key.read(str(key)) == key


# --- What stands out --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "stands_out"),
    [
        ("2026-11-22T21:59:59", False),
        ("2026-11-22T22:00:00", True),
        ("2026-11-23T05:59:59", True),
        ("2026-11-23T06:00:00", False),
        # In summer time it is 22:30 in the clinic.
        ("2026-07-01T21:30:00", True),
    ],
)
def test_at_night(moment: str, stands_out: bool, sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    opened(request, datetime.fromisoformat(moment).replace(tzinfo=UTC))
    marks = [row[3] for row in rows(sign_in("Manager"))]
    assert marks == ["▲ It was at night, between 22:00 and 6:00." if stands_out else ""]


def test_the_same_surname(sign_in: SignIn, monday: datetime) -> None:
    for name, last_name in [("a", "Sámple"), ("b", "Other"), ("c", "")]:
        person = factories.staff("Reception", name)
        User.objects.filter(pk=person.pk).update(last_name=last_name)
    request = factories.received(now=monday)
    for name in "abc":
        opened(request, monday, by=name)
    marks = [row[3] for row in rows(sign_in("Manager"))]
    assert marks == ["", "", "▲ They have the same surname."]


def test_many_requests_within_an_hour(sign_in: SignIn, monday: datetime) -> None:
    step = timedelta(minutes=2)
    for number in range(MANY):
        request = factories.received(now=monday, email=f"{number}@example.org")
        opened(request, monday + number * step)
        # Twice is still one request, and a search is no look at one of them.
        opened(request, monday + number * step)
        opened(request, monday, by="robin", kind=Event.SEARCHED)
    opened(request, monday + timedelta(minutes=70), by="reception")
    found = rows(sign_in("Manager"), staff="reception")
    said = f"▲ The same person opened {MANY} requests within an hour."
    assert [row[3] for row in found[:4]] == ["", said, said, ""]


# --- The file ---------------------------------------------------------------------------------


def test_the_file_has_references_and_no_names(sign_in: SignIn, monday: datetime) -> None:
    request = factories.received(now=monday)
    opened(request, monday)
    journal.record_list("requests", [request], by=factories.staff("Reception"), at=monday)
    answer = sign_in("Manager").get(FILE)
    text = answer.content.decode("utf-8-sig")
    assert list(csv.reader(StringIO(text, newline="")))[1:] == [
        ["2026-11-23 10:00:00", "Reception", "Opened", request.reference, "1", ""],
        ["2026-11-23 10:00:00", "Reception", "Listed in “requests”", "", "1", ""],
    ]
    assert "Sample" not in text
    assert answer["Content-Disposition"].endswith('"who-opened-what-2026-11-23.csv"')


def test_a_file_that_is_full_says_what_it_leaves_out(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_IN_FILE", 2)
    first, second, third = (
        factories.received(now=monday, email=f"{n}@example.org") for n in range(3)
    )
    opened(first, monday)
    opened(second, monday)
    client = sign_in("Manager")
    chosen = day(20, FIRST) | day(23, LAST) | {"staff": "reception"}
    assert "Left out" not in client.get(FILE, chosen).content.decode()
    opened(third, monday + timedelta(minutes=1))
    text = client.get(FILE, chosen).content.decode("utf-8-sig")
    *_, head, newest, oldest, last = csv.reader(StringIO(text, newline=""))
    assert [head[3], newest[3], oldest[3]] == ["Reference", third.reference, second.reference]
    said = (
        "Left out: everything before 2026-11-23 10:00:00. A file has the newest 2 at most. "
        "For the rest, choose that day as the last one, or one colleague."
    )
    assert last == [said]
    # Whom the file does not name is not recorded as seen.
    assert Look.objects.latest("pk").requests == [second.pk, third.pk]


@pytest.mark.parametrize("group", GROUPS)
def test_only_managers_see_who_opened_what(group: str, sign_in: SignIn) -> None:
    client = sign_in(group)
    expected = 200 if group == "Manager" else 403
    assert [client.get(url).status_code for url in (PAGE, FILE)] == [expected] * 2


def test_the_number_of_queries_does_not_grow(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        request = factories.received(now=monday, email=f"{number}@example.org")
        opened(request, monday)
        journal.record_list("requests", [request], by=factories.staff("Reception"), at=monday)
    client = sign_in("Manager")
    with django_assert_max_num_queries(15):
        client.get(PAGE, {"request": request.pk})


def test_unusual_weeks_are_named_with_the_reason(sign_in: SignIn, at: Any) -> None:
    """Robin opens far more than before; Sam what nobody works on; Kim at night; Pat as ever."""
    now = datetime(2026, 11, 27, 12, tzinfo=UTC)
    at(now)
    old = [factories.received(now=now - timedelta(weeks=10)) for _ in range(MANY)]
    for request in old[:4]:
        opened(request, now - timedelta(weeks=2), by="robin")
        opened(request, now, by="pat")
    for request in old:
        opened(request, now, by="robin")
        journal.record(request, Event.NOTE_WRITTEN, by="robin", at=now)
    for number, by, when in ((5, "sam", now - timedelta(weeks=1)), (5, "kim", now)):
        for request in old[:number]:
            opened(request, when if by == "sam" else now.replace(hour=23), by=by)
    found = [(each.monday.day, each.who, each.why) for each in unusual_weeks(now)]
    assert found == [
        (23, "Kim", ["Opened 5 requests while the desk was closed."]),
        (23, "Robin", [f"Opened {MANY} requests; in their usual week 4."]),
        (16, "Sam", ["Opened 5 requests with which nobody did anything that week."]),
    ]
    page = sign_in("Manager").get(PAGE).content.decode()
    assert "Week of" in page
    assert '<a href="?staff=kim">Kim</a>' in page
