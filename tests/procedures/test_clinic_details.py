"""A manager changes what the clinic is, and everybody reads it straight away."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError
from django.test import Client

from bookings import messages
from bookings.diary.desk_hours import answer_due, desk_hours_in_words
from bookings.status import MessageKind
from clinic_site.checks import the_clinic_says_who_it_is
from clinic_site.groups import GROUPS
from procedures.models import ClinicDetails, clinic
from procedures.models.clinic import details, first_values
from procedures.publishing.clinic_details import DetailsChangedMeanwhile, change_details
from procedures.status import Category, RevisionStatus
from tests import factories

BAD_SENDER = "Enter a phone number, a messaging service, or at most 11 letters and digits."
pytestmark = pytest.mark.django_db

SignIn = Callable[[User | str], Client]
PAGE = "/admin/procedures/clinicdetails/add/"
HISTORY = "/admin/procedures/clinicdetails/"
OLD, NEW = "020 7946 0958", "01632 960111"


def typed(**changes: Any) -> dict[str, Any]:
    """What a manager sends with the form as it is, apart from these changes."""
    known = details()
    fields = known.values() | {
        "number": known.number,
        "reminder_days": ", ".join(map(str, known.reminder_days)),
        "cqc_rating_day": "",
    }
    del fields["desk_hours"]
    rows = {
        "hours-TOTAL_FORMS": "2",
        "hours-INITIAL_FORMS": "1",
        "hours-0-days": ["0", "1", "2", "3", "4"],
        "hours-0-starts": "9:00",
        "hours-0-ends": "17:00",
    }
    return fields | rows | changes


def words(answer: Any) -> str:
    content: str = answer.content.decode().replace("&#x27;", "'")
    return " ".join(content.split())


# --- What is true, and since when -----------------------------------------------------------------


def test_the_environment_gives_the_first_values_and_a_manager_all_others(monday: datetime) -> None:
    assert (details().number, details().phone) == (0, OLD)
    factories.clinic(phone=NEW)
    assert (details().number, details().phone) == (1, NEW)
    clinic.forget()
    assert (details().number, details().phone) == (1, NEW)
    assert first_values().phone == OLD


def test_each_change_is_a_row_that_nobody_can_touch(monday: datetime) -> None:
    factories.clinic(phone=NEW)
    factories.clinic(name="Sample Street Clinic")
    second, first = ClinicDetails.objects.all()
    assert [(each.number, each.by, each.at) for each in (first, second)] == [
        (1, "manager", monday),
        (2, "manager", monday),
    ]
    assert first.changes_since(first_values()) == [("Phone", OLD, NEW)]
    assert second.changes_since(first) == [("Name", "Example Lane Clinic", "Sample Street Clinic")]
    with pytest.raises(DatabaseError, match="append-only"):
        ClinicDetails.objects.update(phone="")


def test_of_two_managers_the_slower_one_is_told(monday: datetime) -> None:
    seen = details()
    factories.clinic(phone=NEW)
    with pytest.raises(DetailsChangedMeanwhile, match="in the meantime"):
        change_details(
            seen.values() | {"phone": ""},
            seen_number=seen.number,
            by=factories.staff("Manager"),
            now=monday,
        )
    assert details().phone == NEW


def test_without_a_table_or_a_database_the_environment_still_knows_who_we_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(*_: Any) -> Any:
        raise OperationalError("no such table: procedures_clinicdetails")

    clinic.forget()
    monkeypatch.setattr(ClinicDetails.objects, "first", away)
    assert details().phone == OLD


def test_the_checks_read_what_was_saved(monday: datetime) -> None:
    factories.clinic(ico_number="")
    (doubt,) = the_clinic_says_who_it_is(None)
    assert doubt.msg.startswith("“ICO number” is not set, so no page says its number")


def test_nothing_is_asked_of_the_database_to_know_it(django_assert_num_queries: Any) -> None:
    factories.clinic(phone=NEW)
    with django_assert_num_queries(0):
        assert details().phone == NEW


# --- Where it is read -----------------------------------------------------------------------------


def test_a_page_a_letter_and_a_leaflet_have_the_new_number(
    client: Client, sign_in: SignIn, monday: datetime
) -> None:
    page = factories.page("shoulder")
    factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    address = page.get_absolute_url()
    shown = [address, f"{address}leaflet/", "/", "/no-such-page/"]
    assert [NEW in client.get(each).content.decode() for each in shown] == [False] * 4
    assert sign_in("Manager").post(PAGE, typed(phone=NEW)).status_code == 302
    client.logout()
    for each in shown:
        content = client.get(each).content.decode()
        assert (NEW in content, OLD in content) == (True, False), each
    request = factories.received(now=monday)
    letter = str(messages.letter(request.messages.get(kind=MessageKind.RECEIVED)).body)
    assert (NEW in letter, OLD in letter) == (True, False)


def test_hours_of_single_days_are_counted_and_said(monday: datetime) -> None:
    factories.clinic(
        desk_hours=[
            *factories.desk_hours([0, 1, 2, 3], "08:30", "12:30"),
            *factories.desk_hours([0, 1, 2, 3], "13:30", "17:00"),
            *factories.desk_hours([4], "08:30", "12:00"),
        ],
        answers_within_hours=4,
    )
    assert desk_hours_in_words() == (
        "Monday to Thursday, 8:30 to 12:30 and 13:30 to 17:00, and Friday, 8:30 to 12:00"
    )
    # From 10:00: two and a half hours before the break, and one and a half after it.
    assert answer_due(monday) == monday.replace(hour=15)


def test_the_commission_is_named_only_by_a_clinic_in_its_register(
    client: Client, monday: datetime
) -> None:
    page = factories.page("complaints", Category.ABOUT)
    factories.revision(RevisionStatus.PUBLISHED, of=page, now=monday)
    address = page.get_absolute_url()
    assert "Care Quality Commission" not in words(client.get(address))
    factories.clinic(
        cqc_provider="Example Lane Clinic Ltd",
        cqc_rating="good",
        cqc_rating_day="2026-03-03",
        cqc_link="https://cqc.example/1",
    )
    clinic.forget()
    assert (
        "Registered as Example Lane Clinic Ltd. Rating: Good, 3 March 2026. "
        '<a href="https://cqc.example/1">Our page at the Commission</a>'
    ) in words(client.get(address))


# --- The page at the desk -------------------------------------------------------------------------


@pytest.mark.parametrize("group", sorted(set(GROUPS) - {"Manager"}))
def test_only_a_manager_changes_them(group: str, sign_in: SignIn) -> None:
    client = sign_in(group)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, typed(phone=NEW)).status_code == 403
    assert client.get(HISTORY).status_code == 403
    assert details().phone == OLD


def test_the_history_says_who_changed_what_and_how_it_was(
    sign_in: SignIn, monday: datetime
) -> None:
    client = sign_in("Manager")
    client.post(PAGE, typed(phone=NEW, vat_number=""))
    shown = words(client.get(HISTORY))
    assert f"<strong>Phone:</strong> <del>{OLD}</del> <ins>{NEW}</ins>" in shown
    assert (
        "<strong>VAT number:</strong> <del>GB 000 0000 00 (invented)</del> <ins>empty</ins>"
        in shown
    )
    assert "manager" in shown
    saved = ClinicDetails.objects.get()
    assert client.post(f"{HISTORY}{saved.pk}/change/", typed(phone=OLD)).status_code == 403


def test_the_promise_is_said_as_patients_read_it(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Manager")
    client.post(PAGE, typed(answers_within_hours="9"))
    said = "is promised an answer by Tuesday 24 November at 11:00."
    assert said in words(client.get(PAGE))


def test_days_with_the_same_hours_share_a_row(sign_in: SignIn, monday: datetime) -> None:
    rows = {
        "hours-0-days": ["0", "1", "2", "3"],
        "hours-0-starts": "8.30",
        "hours-1-days": ["4"],
        "hours-1-starts": "0830",
        "hours-1-ends": "24:00",
    }
    client = sign_in("Manager")
    assert client.post(PAGE, typed(**rows)).status_code == 302
    assert details().desk_hours == [
        *factories.desk_hours([0, 1, 2, 3], "08:30", "17:00"),
        *factories.desk_hours([4], "08:30", "24:00"),
    ]
    shown = client.get(PAGE).content.decode()
    assert 'name="hours-1-ends" value="24:00"' in shown
    # A row that is cleared is gone.
    gone = {
        "hours-1-days": [],
        "hours-1-starts": "",
        "hours-1-ends": "",
        "hours-INITIAL_FORMS": "2",
    }
    assert client.post(PAGE, typed(**(rows | gone))).status_code == 302
    assert details().desk_hours == factories.desk_hours([0, 1, 2, 3], "08:30", "17:00")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Fill this in."),
        ({"phone": "none"}, "Enter a phone number, for example 020 7946 0958."),
        ({"inbox": "a@example.org; b"}, "“a@example.org; b” is not an email address."),
        ({"text_sender": "A sender that is long"}, BAD_SENDER),
        ({"text_sender": "Clinic&Co"}, BAD_SENDER),
        ({"reminder_days": "3, 3"}, "Enter different whole numbers with commas between them."),
        ({"reminder_days": "3, soon"}, "Enter different whole numbers with commas between them."),
        ({"reminder_days": "61"}, "Enter numbers from 1 to 60."),
        ({"answers_within_hours": "0"}, "Enter 1 or more."),
        ({"hours-0-days": []}, "Tick at least one day, or clear the times of this row."),
        ({"hours-0-starts": ""}, "Enter from when."),
        ({"hours-0-starts": "half nine"}, "Enter a time from 0:00 to 23:59, for example 8:30."),
        ({"hours-0-starts": "25:00"}, "Enter a time from 0:00 to 23:59, for example 8:30."),
        ({"hours-0-ends": "8:00"}, "Enter a time after the one before it."),
        (
            {"hours-1-days": ["4"], "hours-1-starts": "16", "hours-1-ends": "18"},
            "On Friday, the hours until 17:00 and those from 16:00 overlap. Change one of them.",
        ),
        (
            {"hours-0-days": [], "hours-0-starts": "", "hours-0-ends": ""},
            "Enter when the desk is open: the promise is counted in these hours.",
        ),
        ({"cqc_rating": "good"}, "Enter the name in the register, or clear the fields below."),
    ],
)
def test_what_cannot_be_is_asked_back_in_a_sentence(
    changes: dict[str, Any], sentence: str, sign_in: SignIn
) -> None:
    answer = sign_in("Manager").post(PAGE, typed(**changes))
    assert answer.status_code == 200
    assert sentence in words(answer)
    assert not ClinicDetails.objects.exists()


def test_whoever_was_slower_keeps_what_they_typed(sign_in: SignIn, monday: datetime) -> None:
    late = typed(phone=NEW)
    factories.clinic(email="new@example.org")
    answer = sign_in("Manager").post(PAGE, late)
    assert "A colleague has saved the clinic’s details in the meantime." in words(answer)
    assert NEW in words(answer)
    assert (details().phone, details().email) == (OLD, "new@example.org")
