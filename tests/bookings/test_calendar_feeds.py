"""A diary in somebody's own calendar program: discreet, right over a clock change, revocable."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from bookings import triage
from bookings.diary.claims import resource_of
from bookings.diary.feeds import address_of, feed_at, make_feed
from bookings.models import Appointment, CalendarFeed
from bookings.status import FeedWords
from tests import factories
from tests.people import booked

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
FEEDS = "/admin/bookings/calendarfeed/"
HOUR = timedelta(hours=1)
CLOCKS_CHANGE = datetime.fromisoformat("2027-03-26T10:00:00+00:00")


def feed_of(appointment: Appointment, now: datetime, **columns: Any) -> CalendarFeed:
    says = columns.get("says", FeedWords.BOOKED)
    return make_feed(resource_of(appointment.clinician), says=says, by="manager", now=now)


def path_of(feed: CalendarFeed) -> str:
    return "/" + address_of(feed).split("/", 3)[3]


def entries(client: Client, feed: CalendarFeed) -> list[Any]:
    return list(Calendar.from_ical(client.get(path_of(feed)).content).walk("VEVENT"))


def test_an_entry_says_when_and_where_and_not_who(client: Client, monday: datetime) -> None:
    appointment = booked(monday).appointments.get()
    (entry,) = entries(client, feed_of(appointment, monday))
    assert (entry.decoded("dtstart"), entry.decoded("dtend")) == (
        appointment.starts.astimezone(UTC),
        appointment.ends.astimezone(UTC),
    )
    assert str(entry["summary"]) == "Booked"
    calendar = client.get(path_of(feed_of(appointment, monday))).content.decode().splitlines()
    # RFC 7986, 5.7, and what Outlook and others read.
    asks = [line for line in calendar if line.startswith(("REFRESH-INTERVAL", "X-PUBLISHED-TTL"))]
    assert asks == ["REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"]
    content = client.get(path_of(feed_of(appointment, monday))).content.decode()
    said = [appointment.request.name, appointment.request.reference, "Assessment"]
    assert [words for words in said if words in content] == []


def test_a_visit_without_a_room_is_an_entry_without_a_place(
    client: Client, monday: datetime
) -> None:
    """Visits from before rooms were noted have none."""
    appointment = booked(monday).appointments.get()
    feed = feed_of(appointment, monday)
    places = []
    for room in (appointment.room, None):
        Appointment.objects.update(room=room)
        places += [entry.get("location") for entry in entries(client, feed)]
    assert places == ["Room of clinician, The house", None]


def test_it_may_say_the_initials(client: Client, monday: datetime) -> None:
    request = booked(monday)
    initials = "".join(f"{word[0]}." for word in request.name.split())
    feed = feed_of(request.appointments.get(), monday, says=FeedWords.INITIALS)
    assert [str(entry["summary"]) for entry in entries(client, feed)] == [initials]


def test_what_is_cancelled_or_of_somebody_else_is_not_in_it(
    client: Client, monday: datetime
) -> None:
    request = booked(monday)
    appointment = request.appointments.get()
    own, other = feed_of(appointment, monday), factories.clinician("other")
    others = make_feed(resource_of(other), says=FeedWords.BOOKED, by="manager", now=monday)
    assert (len(entries(client, own)), len(entries(client, others))) == (1, 0)
    triage.cancel(request, version=request.version, by=factories.staff("Reception"), now=monday)
    assert entries(client, own) == []


def test_a_time_is_the_same_on_the_wall_before_and_after_the_clocks_change(
    client: Client, at: Any
) -> None:
    at(CLOCKS_CHANGE)
    requests = [
        booked(CLOCKS_CHANGE, days=1),
        booked(CLOCKS_CHANGE - timedelta(hours=1), days=8),
    ]
    appointments = [each.appointments.get() for each in requests]
    feed = feed_of(appointments[0], CLOCKS_CHANGE)
    shown = [entry.decoded("dtstart") for entry in entries(client, feed)]
    assert shown == [each.starts.astimezone(UTC) for each in appointments]
    local = [timezone.localtime(each) for each in shown]
    assert [(each.hour, each.utcoffset()) for each in local] == [
        (10, timedelta(0)),
        (10, timedelta(hours=1)),
    ]


def test_a_diary_without_visits_is_a_calendar_with_the_clinics_zone(
    client: Client, monday: datetime
) -> None:
    feed = make_feed(
        resource_of(factories.clinician()), says=FeedWords.BOOKED, by="manager", now=monday
    )
    calendar = Calendar.from_ical(client.get(path_of(feed)).content)
    assert [each.name for each in calendar.subcomponents] == ["VTIMEZONE"]
    assert vobject.readOne(calendar.to_ical().decode()).validate(raiseException=True)


@pytest.mark.parametrize(
    "name", ["Europe/London", "Europe/Dublin", "Asia/Karachi", "America/Santiago", "UTC"]
)
def test_the_zone_changes_its_clocks_to_the_minute(
    client: Client, monday: datetime, settings: Any, name: str
) -> None:
    settings.TIME_ZONE = name
    feed = make_feed(
        resource_of(factories.clinician()), says=FeedWords.BOOKED, by="manager", now=monday
    )
    (zone,) = Calendar.from_ical(client.get(path_of(feed)).content).walk("VTIMEZONE")
    first, *others = zone.subcomponents
    assert zone["tzid"] == name
    assert first.decoded("tzoffsetto") == offset_of(datetime(2026, 1, 1, tzinfo=UTC), name)
    said = [
        (each.decoded("dtstart") - each.decoded("tzoffsetfrom"), each.decoded("tzoffsetto"))
        for each in others
    ]
    hours = [datetime(2026, 1, 1, tzinfo=UTC) + number * HOUR for number in range(3 * 8760)]
    changes = [
        (each.replace(tzinfo=None), offset_of(each, name))
        for each in hours
        if offset_of(each, name) != offset_of(each - HOUR, name)
    ]
    assert said == changes


def offset_of(instant: datetime, name: str) -> timedelta:
    return instant.astimezone(ZoneInfo(name)).utcoffset() or timedelta(0)


def test_another_library_reads_it_over_both_changes_of_the_clocks(client: Client, at: Any) -> None:
    at(CLOCKS_CHANGE)
    before = booked(CLOCKS_CHANGE, days=1).appointments.get()
    booked(CLOCKS_CHANGE - HOUR, days=8)
    content = client.get(path_of(feed_of(before, CLOCKS_CHANGE))).content.decode()
    calendar = vobject.readOne(content)
    assert calendar.validate(raiseException=True)
    zone = calendar.vtimezone.tzinfo
    starts = [each.dtstart.value.astimezone(zone) for each in calendar.vevent_list]
    assert [f"{each:%d %B %H:%M %Z}" for each in starts] == [
        "27 March 10:00 GMT",
        "03 April 10:00 BST",
    ]
    year = [datetime(2027, 1, 2, tzinfo=UTC) + number * HOUR for number in range(8760)]
    local = [each.astimezone(zone).replace(tzinfo=None) for each in year]
    assert local == [timezone.localtime(each).replace(tzinfo=None) for each in year]


def test_a_program_that_has_it_is_told_so(client: Client, monday: datetime) -> None:
    request = booked(monday)
    path = path_of(feed_of(request.appointments.get(), monday))
    first = client.get(path)
    known = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, known.status_code, known.content) == (200, 304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"
    triage.cancel(request, version=request.version, by=factories.staff("Reception"), now=monday)
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_an_ended_or_invented_address_opens_nothing(
    client: Client, sign_in: SignIn, monday: datetime
) -> None:
    appointment = booked(monday).appointments.get()
    feed, other = feed_of(appointment, monday), feed_of(appointment, monday)
    path = path_of(feed)
    assert client.get(path.replace(f"/{feed.pk}:", f"/{other.pk}:")).status_code == 404
    assert client.get(path).status_code == 200
    sign_in("Manager").post(f"{FEEDS}{feed.pk}/change/", {"ends": "on"})
    assert [client.get(path).status_code, client.get(path_of(other)).status_code] == [404, 200]
    feed.refresh_from_db()
    assert (feed.ended_by, feed.ended_at) == ("manager", monday)


def test_a_manager_makes_one_and_its_clinician_alone_sees_the_address(
    sign_in: SignIn, monday: datetime
) -> None:
    own, other = factories.clinician(), factories.clinician("other")
    sign_in("Manager").post(
        f"{FEEDS}add/", {"resource": resource_of(own).pk, "says": FeedWords.INITIALS}
    )
    feed = CalendarFeed.objects.get()
    page = f"{FEEDS}{feed.pk}/change/"
    assert feed_at(address_of(feed).split("/")[-2]) == feed
    assert (feed.made_by, feed.made_at, feed.says) == ("manager", monday, FeedWords.INITIALS)
    assert address_of(feed) in sign_in(own.login).get(page).content.decode()
    assert sign_in(other.login).get(page).status_code == 404
    assert sign_in("Reception").get(page).status_code == 403


def test_when_it_was_last_read_is_kept_to_the_hour(
    client: Client, monday: datetime, at: Any
) -> None:
    feed = feed_of(booked(monday).appointments.get(), monday)
    read = []
    for minutes in (0, 59, 60):
        at(monday + timedelta(minutes=minutes))
        client.get(path_of(feed))
        feed.refresh_from_db()
        read.append(feed.last_read)
    assert read == [monday, monday, monday + timedelta(hours=1)]
