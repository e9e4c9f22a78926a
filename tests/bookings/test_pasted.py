"""What people type and paste is read as they mean it: text, names, birth dates, phone numbers."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import dates

from bookings import links, triage
from bookings.forms.birth_date import BirthDateField
from bookings.models import AppointmentRequest
from procedures.ground import languages, phones
from procedures.ground.contact_fields import OptionalPhoneField
from procedures.ground.languages import KNOWN
from tests import factories
from tests.people import BASE, YOU, fill_in, send

SignIn = Callable[[User | str], Client]
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
NEWER_THAN_PYTHON = "\U0001fac8"


# --- Text -----------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("My shoul\u00adder hurts.", "My shoulder hurts."),
        ("\ufeffMy shoulder hurts.\u200b", "My shoulder hurts."),
        ("First line\x0bsecond line", "First line\nsecond line"),
        ("\uf0b7 at night\r\n\uf0b7 on stairs", "• at night\n• on stairs"),
        ("\u200fكتفي يؤلمني\u200f", "كتفي يؤلمني"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        (f"I am from {ENGLAND} {NEWER_THAN_PYTHON}", f"I am from {ENGLAND} {NEWER_THAN_PYTHON}"),
    ],
)
def test_pasted_text_is_taken(pasted: str, kept: str, client: Client) -> None:
    fill_in(client, about={"concern": pasted}, you={"name": "\u200fPat Sample"})
    send(client)
    request = AppointmentRequest.objects.get()
    assert (request.concern, request.name) == (kept, "Pat Sample")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("\u200d", "Enter your full name."),
        ("\u3164", "Enter your full name."),
        ("12", "Enter a name that contains letters."),
        ("👩‍⚕️", "Enter a name that contains letters."),
    ],
)
def test_a_name_has_a_letter(name: str, sentence: str, client: Client) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", {"page": "", "concern": "It hurts."})
    assert sentence in client.post(f"{BASE}you/", YOU | {"name": name}).content.decode()


# --- Dates of birth -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        ("27", "3", "1972"),
        ("27", "03", "1972"),
        ("27", "March", "1972"),
        ("27", "mar", "1972"),
        ("27", "MARCH.", "1972"),
        ("27th", "3", "1972"),
        ("27.", "3.", "1972"),
        ("27", "3", "1972\u200e"),
        (" 27 ", "\u00a03", "\ufeff1972"),
        ("２７", "３", "１９７２"),
        ("٢٧", "٣", "١٩٧٢"),
        ("27 Mar 1972", "", ""),
        ("27th March, 1972", "", ""),
        ("27/03/1972", "", ""),
        ("27.3.1972", "", ""),
        ("1972-03-27", "", ""),
    ],
)
def test_a_date_of_birth_is_taken_as_people_write_it(typed: tuple[str, ...]) -> None:
    assert BirthDateField().clean(list(typed)) == date(1972, 3, 27)


def test_every_month_is_known_by_its_name() -> None:
    for number in range(1, 13):
        name = f"{date(2000, number, 1):%B}"
        for typed in (name, name[:3].lower(), f"{name[:3]}."):
            assert BirthDateField().clean(["9", typed, "1972"]) == date(1972, number, 9)
    assert BirthDateField().clean(["9", "Sept", "1972"]) == date(1972, 9, 9)


@pytest.mark.parametrize("code", KNOWN)
def test_every_month_is_known_by_its_names_in_the_language_of_the_page(code: str) -> None:
    with languages.spoken_in(code):
        for names in (dates.MONTHS, dates.MONTHS_ALT):
            for number, name in names.items():
                assert BirthDateField().clean([f"9 {name} 1972", "", ""]) == date(1972, number, 9)
        assert BirthDateField().clean(["9", "March", "1972"]) == date(1972, 3, 9)


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("pl", ("27 marca 1972 r.", "", "")),
        ("pl", ("27 marca 1972r", "", "")),
        ("pl", ("27.03.1972 roku", "", "")),
        ("pl", ("27", "3", "1972 r.")),
        ("ur", ("27 مارچ 1972ء", "", "")),
        ("ur", ("27", "3", "1972 ء")),
        ("en", ("27 3 1972 r.", "", "")),
    ],
)
def test_what_a_language_writes_behind_a_year_may_be_there(
    code: str, typed: tuple[str, ...]
) -> None:
    with languages.spoken_in(code):
        assert BirthDateField().clean(list(typed)) == date(1972, 3, 27)


def test_a_month_of_another_language_is_none() -> None:
    with pytest.raises(ValidationError, match="Enter a real date of birth"):
        BirthDateField().clean(["9", "października", "1972"])


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (("2_7", "3", "1972"), "Enter a real date of birth"),
        (("+1", "3", "1972"), "Enter a real date of birth"),
        (("27", "Ma", "1972"), "Enter a real date of birth"),
        (("27", "Marchtober", "1972"), "Enter a real date of birth"),
        (("31", "Feb", "1972"), "Enter a real date of birth"),
        (("27", "3", "0001970"), "four digits, from 1900 on"),
        (("27", "3", "72"), "four digits, from 1900 on"),
        (("27", "3", "1_72"), "four digits, from 1900 on"),
        (("27", "3", "1899"), "four digits, from 1900 on"),
        (("27 March", "", ""), "Enter the date of birth, for example 27 3 1972."),
        (("27", "", "1972"), "Enter the date of birth, for example 27 3 1972."),
        (("", "", ""), "Enter the date of birth, for example 27 3 1972."),
    ],
)
def test_a_date_of_birth_that_is_none_is_refused(typed: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        BirthDateField().clean(list(typed))
    assert sentence in refused.value.messages[0]


@pytest.mark.django_db
def test_whoever_asked_for_a_child_is_told_whose_date_of_birth(
    client: Client, monday: datetime
) -> None:
    request = factories.received(carer_name="Maria Guardian", carer_right="parent", now=monday)
    client.get(links.private_link(request).removeprefix("https://clinic.example"))
    url = f"/appointments/mine/{request.reference}/"
    opened = client.get(url).content.decode()
    assert "the date of birth of the person you asked for" in opened
    asked = client.post(f"{url}identify/", {"date_of_birth_0": "1"}).content.decode()
    assert "enter their date of birth, not yours" in asked
    assert "your date of birth" not in opened + asked
    born = {f"date_of_birth_{part}": "2" for part in ("day", "month")}
    wrong = client.post(f"{url}identify/", born | {"date_of_birth_year": "1990"}).content.decode()
    assert "Check that it is for the person who needs the appointment" in wrong


# --- Phone numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored", "shown", "doubtful"),
    [
        ("020 7946 0958", "+44 20 7946 0958", "020 7946 0958", False),
        ("\u202a020 7946\u200b 0958\u202c", "+44 20 7946 0958", "020 7946 0958", False),
        ("+44 (0)20 7946 0958", "+44 20 7946 0958", "020 7946 0958", False),
        ("+49 171 1234567", "+49 171 1234567", "+49 171 1234567", False),
        ("+353 1 800 1234", "+353 1 800 1234", "+353 1 800 1234", False),
        ("07700 900123", "+44 7700 900123", "07700 900123", True),
    ],
)
def test_a_number_is_taken_and_shown(typed: str, stored: str, shown: str, doubtful: bool) -> None:
    number = OptionalPhoneField().clean(typed)
    assert (str(number), phones.shown(number)) == (stored, shown)
    assert phones.is_doubtful(number) == doubtful


@pytest.mark.parametrize("typed", ["12", "999", "7946 0958", "nobody", "+999 1", "1" * 300])
def test_what_cannot_be_a_number_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="Enter the whole phone number with its area code"):
        OptionalPhoneField().clean(typed)


@pytest.mark.django_db
def test_a_doubtful_number_is_asked_about_and_kept(client: Client, sign_in: SignIn) -> None:
    fill_in(client, you={"phone": "07700 900123"})
    assert "Please check this number." in client.get(f"{BASE}check/").content.decode()
    send(client)
    request = AppointmentRequest.objects.get()
    assert str(request.phone) == "+44 7700 900123"
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    shown = sign_in("Reception").get(url).content.decode()
    assert '<a href="tel:+44-7700-900123">07700 900123</a>' in shown
    assert "Check this number" in shown


@pytest.mark.django_db
def test_a_number_of_another_country_looks_like_none_of_ours(
    sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(phone="+49 171 1234567", now=monday)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=monday
    )
    booked = triage.book(
        request,
        version=request.version,
        appointment_type=factories.appointment_type(),
        clinician=factories.clinician(),
        starts=factories.tomorrow(2, now=monday),
        by=factories.staff("Reception"),
        now=monday,
    )
    client = sign_in("Reception")
    day = f"{booked.starts:%Y-%m-%d}"
    for path in (f"{request.pk}/change/", f"diary/list/?day={day}", f"{request.pk}/decide/call/"):
        shown = client.get(f"/admin/bookings/appointmentrequest/{path}").content.decode()
        assert "+49 171 1234567" in shown
        assert "0171 1234567" not in shown


def test_no_template_drops_a_country() -> None:
    templates = Path(__file__).parents[2] / "templates"
    assert [str(path) for path in templates.rglob("*.*") if "as_national" in path.read_text()] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("phone", "refused"),
    [
        ("020 7946 0958", True),
        ("0800 123 4567", True),
        ("07123 456789", False),
        ("07700 900123", False),
        ("+1 212 555 2368", False),
    ],
)
def test_texts_are_promised_only_to_what_may_be_a_mobile(
    phone: str, refused: bool, client: Client, settings: Any, monday: datetime
) -> None:
    settings.TEXT_MESSAGES = "console"
    request = factories.received(now=monday)
    client.get(links.private_link(request).removeprefix("https://clinic.example"))
    url = f"/appointments/mine/{request.reference}/"
    client.post(f"{url}identify/", {k: v for k, v in YOU.items() if k.startswith("date")})
    posted = {"version": 1, "email": request.email, "phone": phone, "text_messages": "on"}
    answer = client.post(f"{url}contact/", posted)
    request.refresh_from_db()
    assert request.text_messages == (not refused)
    assert ("We cannot send text messages to this number." in answer.content.decode()) == refused


@pytest.mark.django_db
@pytest.mark.parametrize(("phone", "goes_on"), [("+442079460958", False), ("+447123456789", True)])
def test_texts_end_when_the_desk_writes_down_a_landline(
    phone: str, goes_on: bool, sign_in: SignIn, monday: datetime
) -> None:
    request = factories.received(phone="+447123456780", now=monday)
    triage.change_contact(
        request,
        version=1,
        email=request.email,
        phone="+447123456780",
        by=factories.staff("Reception"),
        now=monday,
        text_messages=True,
    )
    url = f"/admin/bookings/appointmentrequest/{request.pk}/decide/contact/"
    posted = {"version": 2, "email": request.email, "phone": phone}
    answer = sign_in("Reception").post(url, posted, follow=True).content.decode()
    request.refresh_from_db()
    assert request.text_messages == goes_on
    assert ("We will not send them text messages any more" in answer) == (not goes_on)
