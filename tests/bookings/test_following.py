"""Somebody follows a page by email: double opt-in, one letter for each change, one press to leave."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils.translation import gettext

from bookings import messages, records, triage
from bookings.management import worker
from bookings.messages import subscriptions
from bookings.models import Message, Subscription
from bookings.records import erasing
from bookings.status import MessageKind, MessageStatus
from procedures import publishing
from procedures.ground.languages import KNOWN, path_in, spoken_in
from procedures.models import Revision
from procedures.status import Category, ChangeClass, RevisionStatus
from tests import factories
from tests.bookings.test_page_news import given, take_away, version

pytestmark = pytest.mark.django_db

ADDRESS = "reader@example.org"
FORM = "/appointments/follow/a-thing/"


@pytest.fixture
def text(at: Any, monday: datetime) -> Revision:
    """A page that patients read, at an hour at which its story can go on."""
    factories.clinic(inbox="")
    made = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    at(monday + timedelta(minutes=1))
    return made


def links(letter: Any) -> list[str]:
    """The paths of the links in a letter."""
    return re.findall(r"https://clinic\.example(\S+)", letter.body)


def sent() -> list[Any]:
    """What the worker sends now."""
    mail.outbox.clear()
    messages.send_due()
    return list(mail.outbox)


def follow(client: Client, now: datetime, email: str = ADDRESS, code: str = "") -> str:
    """Ask, open the link of the letter and press; the path of the link."""
    client.post(path_in(code, FORM), {"email": email})
    (letter,) = sent()
    path = links(letter)[0]
    client.post(path, {"confirm": "yes"})
    return path


def told_at(moment: datetime, at: Any) -> list[Any]:
    """The letters about what has happened, once the worker has gone round at that moment."""
    at(moment)
    triage.tell_subscribers(moment)
    return sent()


def heard(letter: Any) -> str:
    """What it says of the page, in the English half."""
    english = str(letter.body).partition("* * *\n\n")[2]
    return english.split("\n\n")[2]


def test_an_address_is_used_only_once_its_owner_has_pressed(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    page = client.get(text.page.get_absolute_url())
    assert f'href="{FORM}"' in page.content.decode()
    assert not page.cookies
    asked = client.post(FORM, {"email": "Reader@Example.org"})
    (letter,) = sent()
    (path,) = links(letter)
    assert letter.to == [ADDRESS]
    # Opening it, as mail scanners do, confirms nothing.
    assert "Yes, email me" in client.get(path).content.decode()
    version(text, monday + timedelta(hours=1))
    assert triage.tell_subscribers(monday + timedelta(hours=1)) == 0
    at(moment := monday + timedelta(hours=2))
    assert "Stop these emails" in client.post(path, {"confirm": "yes"}).content.decode()
    # What happened before is no news, and whoever asks again gets the same answer and no letter.
    assert triage.tell_subscribers(moment) == 0
    again = client.post(FORM, {"email": ADDRESS})
    assert again.content == asked.content
    assert sent() == []


def test_only_pages_with_news_offer_it(client: Client, text: Revision, monday: datetime) -> None:
    about = factories.page("about-us", Category.ABOUT)
    written = factories.document(title="About us", category=Category.ABOUT)
    factories.revision(RevisionStatus.PUBLISHED, of=about, text=written, now=monday)
    offered = [f"/appointments/follow/{page.slug}/" for page in (text.page, about)]
    pages = [client.get(page.get_absolute_url()).content.decode() for page in (text.page, about)]
    assert [address in page for address, page in zip(offered, pages, strict=True)] == [True, False]
    assert [client.get(address).status_code for address in offered] == [200, 404]


def test_an_unconfirmed_address_is_forgotten(
    client: Client, text: Revision, monday: datetime
) -> None:
    client.post(FORM, {"email": ADDRESS})
    limit = monday + timedelta(minutes=1) + subscriptions.TO_CONFIRM
    for moment, left in [(limit - timedelta(seconds=1), 1), (limit, 0)]:
        worker.go_round(moment)
        assert Subscription.objects.count() == left
    assert not Message.objects.filter(kind=MessageKind.SUBSCRIBE).exists()


def test_one_letter_for_each_change_after_the_patients_and_it_names_no_page(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    follow(client, monday)
    given(text, monday + timedelta(days=7), now=monday)
    sent()
    second = version(text, monday + timedelta(hours=1))
    at(moment := monday + timedelta(hours=1))
    assert triage.tell_subscribers(moment) == 0  # the patient has no letter yet
    triage.tell_of_page_news(moment)
    assert triage.tell_subscribers(moment) == 0  # nor has anybody tried to send it
    assert [letter.to for letter in sent()] == [["pat@example.org"]]
    assert [triage.tell_subscribers(moment) for _ in range(3)] == [1, 0, 0]
    (letter,) = sent()
    assert letter.to == [ADDRESS]
    assert "A thing" not in f"{letter.subject} {letter.body}"
    assert "a-thing" not in letter.body
    (path,) = links(letter)
    assert "“A thing”" in client.get(path).content.decode()
    # A letter that waits gives way to the next one.
    take_away(publishing.suspend, second, monday + timedelta(hours=2))
    at(moment := monday + timedelta(hours=2))
    triage.tell_of_page_news(moment)
    sent()
    assert triage.tell_subscribers(moment) == 1
    version(text, monday + timedelta(hours=3))
    assert sent() == []


def test_a_page_that_nobody_was_given_is_told_straight_away_and_once_whoever_tells(
    client: Client, text: Revision, monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers may each have seen that nobody was told: the number on the row decides."""
    follow(client, monday)
    later = monday + timedelta(hours=1)
    version(text, later)
    (pk,) = Subscription.objects.values_list("pk", flat=True)
    (event,) = text.page.events.news()
    assert [subscriptions.tell(pk, event, now=later) for _ in range(2)] == [True, False]
    # Without the number, each would.
    Subscription.objects.update(told=0)
    assert subscriptions.tell(pk, event, now=later)


def test_one_press_leaves_in_the_mail_program_and_on_the_page(
    text: Revision, at: Any, monday: datetime
) -> None:
    client = Client(enforce_csrf_checks=True)
    for number in (1, 2):
        follow(Client(), monday)
        version(text, moment := monday + timedelta(hours=number))
        at(moment)
        triage.tell_subscribers(moment)
        (letter,) = sent()
        headers = letter.message()
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        (path,) = re.findall(r"<https://clinic\.example(\S+)>", headers["List-Unsubscribe"])
        if number == 1:
            client.get(path)
            assert Subscription.objects.count() == 1
            answer = client.post(path, {"List-Unsubscribe": "One-Click"})
        else:
            answer = Client().post(links(letter)[0], {"leave": "yes"})
        assert "We have deleted your address" in answer.content.decode()
        assert not Subscription.objects.exists()
        assert not Message.objects.exclude(subscription=None).exists()
    assert client.get(path).status_code == 404
    assert client.get("/appointments/mine/link/news/forged/").status_code == 404


def test_an_address_at_which_nothing_arrives_is_forgotten(
    client: Client, text: Revision, monday: datetime
) -> None:
    follow(client, monday)
    Message.objects.update(status=MessageStatus.FAILED)
    worker.go_round(monday + timedelta(minutes=2))
    assert not Subscription.objects.exists()


def test_a_mailbox_gets_three_links_a_day_and_the_answer_is_the_same(
    client: Client, text: Revision
) -> None:
    answers = {client.post(FORM, {"email": f"reader+{n}@example.org"}).content for n in range(5)}
    assert len(answers) == 1
    assert len(sent()) == 3


def test_it_is_in_the_copy_for_the_person_and_erased_with_them(
    client: Client, text: Revision, monday: datetime
) -> None:
    follow(client, monday, "pat@example.org")
    request = factories.received(now=monday)
    triage.withdraw(request, version=request.version, now=monday)
    everything = records.everything_about(request.person, monday).for_machines()
    (told,) = everything["records"]["Subscription"]
    assert told["email"] == "pat@example.org"
    assert "key" not in told
    manager, other = factories.staff("Manager"), factories.staff("Manager", "another")
    erasing.erase(request.person, proposed_by=manager, by=other, now=monday + timedelta(hours=1))
    assert not Subscription.objects.exists()


# --- In other languages ---------------------------------------------------------------------------

CHANGED = "The advice has changed on a page that you asked us to tell you about."
NEW_TEXT = "A page that you asked us to tell you about has a new text in your language."
TAKEN = (
    "We have taken down a page that you asked us to tell you about. Do not rely on a copy of it."
)
NO_SECOND_LINK = (
    "If nothing comes, look in your junk folder. If you already get our emails about this page in this "
    "language, we will not send another link. We send up to three links a day to one address."
)
NO_LONGER = (
    "If you stopped these emails, we deleted your address for this page, in every language. If you did "
    "not confirm it in time, or an email did not reach it, we deleted only what you had asked for with "
    "this link."
)
AGAIN = "A page that you asked us to tell you about had been taken down. Now you can read it again."
MAY_NOT_HEAR = "We may not email you when it is translated, so look at the page again."
NEW_ADVICE = "Its advice has changed since our last email."
OLDER = (
    "The text in your language is older than the English text. Until we have translated it again, "
    "read the English as well, or ask us."
)
ENGLISH_ONLY = (
    "For now you can read it in English only. If you would like to know what it says, ask us: we will "
    "find an interpreter."
)


def says(answer: Any, code: str, *texts: str) -> bool:
    """Whether a page is in that language and its direction, and says these texts in it."""
    page = " ".join(answer.content.decode().split())
    direction = ' dir="rtl"' if KNOWN[code].direction == "rtl" else ""
    with spoken_in(code):
        said = [gettext(each) for each in texts]
    return f'<html lang="{code}"{direction}>' in page and all(each in page for each in said)


@pytest.mark.parametrize("code", KNOWN)
def test_whoever_asks_in_a_language_reads_pages_and_letters_in_it(
    client: Client, text: Revision, at: Any, monday: datetime, code: str
) -> None:
    made = factories.translation(of=text.page, language=code, now=monday)
    form = path_in(code, FORM)
    assert f'<p><a href="{form}">' in client.get(made.page.get_absolute_url()).content.decode()
    asked = client.get(form)
    assert says(asked, code, "Tell me when the advice changes", "Your email address")
    assert "A thing Cymraeg</a>" in asked.content.decode()
    assert says(client.post(form, {"email": ""}), code, "Enter your email address.")
    assert says(client.post(form, {"email": ADDRESS}), code, "Check your email")
    (letter,) = sent()
    own, english = links(letter)
    assert own == path_in(code, english)
    with spoken_in(code):
        assert letter.subject == gettext("Would you like to hear when a page changes?")
    html = str(letter.alternatives[0][0])
    assert f'<div lang="{code}" dir="{KNOWN[code].direction}">' in html
    assert says(client.get(own), code, "Yes, email me", "No, delete my address")
    confirmed = client.post(own, {"confirm": "yes"})
    assert says(confirmed, code, "You will hear when this page changes", "Stop these emails")
    assert made.page.at("history") in confirmed.content.decode()
    version(text, moment := monday + timedelta(hours=1))
    (letter,) = told_at(moment, at)
    own, english = links(letter)
    assert own == path_in(code, english)
    with spoken_in(code):
        assert gettext(CHANGED) in str(letter.body)
    leaving = letter.message()["List-Unsubscribe"]
    assert leaving == f"<https://clinic.example{own}leave/>"
    assert says(client.post(f"{own}leave/"), code, "We have deleted your address")
    assert says(client.get(own), code, "This link no longer works")


def test_whoever_follows_a_translation_hears_what_becomes_of_it_and_of_the_english(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    factories.translation(of=text.page, now=monday)
    path = follow(client, monday, code="cy")
    steps: list[Any] = [
        lambda now: version(text, now),
        lambda now: factories.translation(of=text.page, now=now),
        lambda now: take_away(publishing.suspend, live_in("cy"), now),
        lambda now: factories.translation(of=text.page, now=now),
        lambda now: take_away(publishing.suspend, live_in(""), now),
        lambda now: version(text, now),
    ]
    told, pages = [], []
    for hour, step in enumerate(steps, start=1):
        step(moment := monday + timedelta(hours=hour))
        (letter,) = told_at(moment, at)
        told.append(heard(letter))
        pages.append(client.get(path))
    assert told == [
        f"{CHANGED} {OLDER} {MAY_NOT_HEAR}",
        NEW_TEXT,
        f"{TAKEN} {ENGLISH_ONLY} {MAY_NOT_HEAR}",
        AGAIN,
        TAKEN,
        f"{AGAIN} {ENGLISH_ONLY} {MAY_NOT_HEAR}",
    ]
    said = ["older", "", "english", "", "closed", "english"]
    texts = {"older": OLDER, "english": ENGLISH_ONLY}
    texts["closed"] = "It is closed. Do not rely on a copy of it."
    found = [[key for key, each in texts.items() if says(page, "cy", each)] for page in pages]
    assert found == [[key] if key else [] for key in said]


def live_in(code: str) -> Revision:
    """The text that patients read in a language."""
    return Revision.objects.get(page__language=code, status=RevisionStatus.PUBLISHED)


def test_what_happens_to_a_translation_is_no_news_to_whoever_follows_the_page_in_another_language(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    factories.translation(of=text.page, now=monday)
    for code in ("", "cy", "pl"):
        follow(client, monday, f"{code or 'en'}@example.org", code)
    take_away(publishing.suspend, live_in("cy"), moment := monday + timedelta(hours=1))
    assert [letter.to for letter in told_at(moment, at)] == [["cy@example.org"]]
    version(text, moment := monday + timedelta(hours=2))
    letters = told_at(moment, at)
    assert [letter.to[0][:2] for letter in letters] == ["en", "cy", "pl"]
    assert [len(links(letter)) for letter in letters] == [1, 2, 2]


def test_somebody_who_asks_in_another_language_confirms_that_as_well(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    follow(client, monday)
    follow(client, monday, code="ur")
    again = client.post(path_in("ur", FORM), {"email": ADDRESS})
    assert says(again, "ur", NO_SECOND_LINK)
    assert sent() == []
    version(text, moment := monday + timedelta(hours=1))
    assert [len(links(letter)) for letter in told_at(moment, at)] == [1, 2]


@pytest.mark.parametrize("code", KNOWN)
def test_a_link_that_was_not_confirmed_in_time_promises_no_end_of_all_emails(
    client: Client, text: Revision, at: Any, monday: datetime, code: str
) -> None:
    follow(client, monday)
    client.post(path_in(code, FORM), {"email": ADDRESS})
    own, _ = links(sent()[-1])
    at(moment := monday + subscriptions.TO_CONFIRM + timedelta(minutes=1))
    worker.go_round(moment)
    assert says(client.get(own), code, NO_LONGER)
    english = " ".join(client.get(own.removeprefix(f"/{code}")).content.decode().split())
    assert NO_LONGER in english
    assert "will not email you again" not in english
    # They still follow it in English.
    version(text, moment := moment + timedelta(hours=1))
    (letter,) = told_at(moment, at)
    assert letter.to == [ADDRESS]


def test_a_letter_about_a_translation_gives_way_to_newer_news_of_the_english(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    factories.translation(of=text.page, now=monday)
    follow(client, monday, code="cy")
    take_away(publishing.suspend, live_in("cy"), moment := monday + timedelta(hours=1))
    assert triage.tell_subscribers(moment) == 1
    version(text, moment := monday + timedelta(hours=2))
    (letter,) = told_at(moment, at)
    assert heard(letter) == f"{CHANGED} {ENGLISH_ONLY} {MAY_NOT_HEAR}"


@pytest.mark.parametrize("is_queued", [False, True], ids=["not queued", "queued"])
@pytest.mark.parametrize(
    ("step", "told", "reads"),
    [("new", NEW_TEXT, ""), ("taken", TAKEN, ENGLISH_ONLY)],
    ids=["new text", "taken down"],
)
def test_a_letter_about_a_translation_tells_of_the_english_advice_that_no_letter_told_of(
    client: Client,
    text: Revision,
    at: Any,
    monday: datetime,
    step: str,
    told: str,
    reads: str,
    is_queued: bool,
) -> None:
    factories.translation(of=text.page, now=monday)
    follow(client, monday, code="cy")
    version(text, moment := monday + timedelta(hours=1))
    if is_queued:
        assert triage.tell_subscribers(moment) == 1
    moment += timedelta(hours=1)
    if step == "new":
        factories.translation(of=text.page, now=moment)
    else:
        take_away(publishing.suspend, live_in("cy"), moment)
    (letter,) = told_at(moment, at)
    lines = [told, NEW_ADVICE, *([reads, MAY_NOT_HEAR] if reads else [])]
    assert heard(letter) == " ".join(lines)
    # It is said once: the next letter has news of its own.
    moment += timedelta(hours=1)
    factories.translation(of=text.page, now=moment)
    (letter,) = told_at(moment, at)
    assert heard(letter) == (NEW_TEXT if step == "new" else AGAIN)


def test_advice_from_before_somebody_followed_is_no_news_in_a_letter_about_a_translation(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    factories.translation(of=text.page, now=monday)
    version(text, moment := monday + timedelta(hours=1))
    at(moment := moment + timedelta(hours=1))
    follow(client, moment, code="cy")
    moment += timedelta(hours=1)
    factories.translation(of=text.page, now=moment)
    (letter,) = told_at(moment, at)
    assert heard(letter) == NEW_TEXT


def test_patients_hear_of_the_english_advice_before_a_letter_about_a_translation_tells_of_it(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    factories.translation(of=text.page, now=monday)
    follow(client, monday, code="cy")
    given(text, monday + timedelta(days=7), now=monday)
    sent()
    version(text, moment := monday + timedelta(hours=1))
    factories.translation(of=text.page, now=moment)
    assert told_at(moment, at) == []
    triage.tell_of_page_news(moment)
    assert [letter.to for letter in sent()] == [["pat@example.org"]]
    (letter,) = told_at(moment, at)
    assert heard(letter) == f"{NEW_TEXT} {NEW_ADVICE}"


def test_a_first_translation_and_one_with_other_words_only_are_no_news(
    client: Client, text: Revision, at: Any, monday: datetime
) -> None:
    """Whoever was told that there is none has been told as well that we may not write."""
    path = follow(client, monday, code="cy")
    assert says(client.get(path), "cy", ENGLISH_ONLY, MAY_NOT_HEAR)
    factories.translation(of=text.page, now=(moment := monday + timedelta(hours=1)))
    assert told_at(moment, at) == []
    version(text, moment := monday + timedelta(hours=2))
    (letter,) = told_at(moment, at)
    assert heard(letter) == f"{CHANGED} {OLDER} {MAY_NOT_HEAR}"
    moment += timedelta(hours=1)
    factories.translation(of=text.page, now=moment, change=ChangeClass.WORDING)
    assert told_at(moment, at) == []


@pytest.mark.parametrize("is_button", [True, False], ids=["button", "mail program"])
def test_whoever_leaves_in_one_language_leaves_in_all(
    client: Client, text: Revision, monday: datetime, is_button: bool
) -> None:
    other = factories.page("another-thing")
    factories.revision(RevisionStatus.PUBLISHED, of=other, now=monday)
    paths = [follow(client, monday, code=code) for code in ("", "cy")]
    follow(client, monday, "else@example.org")
    client.post("/appointments/follow/another-thing/", {"email": ADDRESS})
    if is_button:
        client.post(paths[1], {"leave": "yes"})
    else:
        client.post(f"{paths[1]}leave/", {"List-Unsubscribe": "One-Click"})
    left = Subscription.objects.order_by("email").values_list("email", "page__slug")
    assert list(left) == [("else@example.org", "a-thing"), (ADDRESS, "another-thing")]


def test_in_a_language_that_the_clinic_offers_no_longer_letters_are_in_english(
    client: Client, text: Revision, at: Any, monday: datetime, settings: Any
) -> None:
    factories.translation(of=text.page, now=monday)
    follow(client, monday, code="cy")
    settings.OTHER_LANGUAGES = []
    version(text, moment := monday + timedelta(hours=1))
    assert triage.tell_subscribers(moment) == 1
    take_away(publishing.suspend, live_in("cy"), moment)
    (letter,) = told_at(moment, at)
    assert str(letter.body).startswith(f"Hello,\n\n{CHANGED}\n\n")
    (path,) = links(letter)
    assert "You will hear when this page changes" in client.get(path).content.decode()
