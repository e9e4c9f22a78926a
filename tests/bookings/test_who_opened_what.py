"""Who opened what: by colleague, by patient and by day, for managers."""

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

from bookings import journal
from bookings.desk import looks
from bookings.desk.opened import MANY, Key
from bookings.desk.unusual import unusual_weeks
from bookings.models import AppointmentRequest, Look
from bookings.status.events import Event
from clinic_site.groups import GROUPS
from tests import factories
from tests.people import LIST, page_of

SignIn = Callable[[User | str], Client]
PAGE = reverse("admin:bookings_look_changelist")
FILE = reverse("admin:bookings_look_file")
DAY = {"day_day": "23", "day_month": "11", "day_year": "2026"}
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
    assert [row for row in rows(client, **DAY) if row[1] == "Opened"] == on_monday
    assert [row[0] for row in rows(client, staff="reception", **DAY)] == ["Reception"]
    assert "Choose somebody from the list." in client.get(PAGE, {"staff": "no"}).content.decode()


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


def test_a_file_that_is_full_says_so(
    sign_in: SignIn, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "MOST_IN_FILE", 1)
    opened(factories.received(now=monday), monday)
    text = sign_in("Manager").get(FILE).content.decode("utf-8-sig")
    assert text.splitlines()[-1] == "There may be more. Choose a day or a person."


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
