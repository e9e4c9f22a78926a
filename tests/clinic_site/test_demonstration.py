"""The invented clinic as `load_demo` leaves it: everything that there is to show, and nobody real."""

import gzip
import re
import shutil
import socket
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection
from django.db.models import Count, Min
from django.test import Client
from django.utils import timezone

from bookings import diary, identity, webhooks
from bookings.desk.agenda import appointments_without_attendance
from bookings.desk.finding import likely_duplicates
from bookings.desk.to_phone import marked, patients_to_phone, reasons_to_phone
from bookings.diary import free_times
from bookings.journal import chain_is_whole
from bookings.models import (
    Appointment,
    AppointmentRequest,
    Delivery,
    Location,
    Message,
    Note,
    Person,
    PersonLink,
    RedFlag,
    RightsRequest,
    ScreeningQuestion,
    TextReply,
    Webhook,
)
from bookings.records import holds
from bookings.records.erasing import ERASE
from bookings.screening import questions_for, unasked
from bookings.status import (
    CLOCK,
    AppointmentStatus,
    Channel,
    FlagLevel,
    FlagOutcome,
    Meant,
    MessageStatus,
    RequestStatus,
    RightsStatus,
    Verdict,
)
from bookings.status.events import Event
from bookings.webhooks import PATIENCE
from clinic_site.demo import signed_pages
from clinic_site.demo.other_systems import NO_ANSWER
from clinic_site.demo.signed_pages import BEGUN, CHANGED, SOURCES
from procedures.ground import phones, two_people
from procedures.ground.two_people import Proposal, ProposalState
from procedures.models import (
    Clinician,
    InformationPage,
    PlannedPublication,
    Revision,
    SignOff,
    Source,
)
from procedures.status import PlanStatus, RevisionStatus
from tests.people import BASE
from tests.valid_html import faults_of

pytestmark = pytest.mark.django_db

MOST_QUERIES = 17_500
FIRST_LOAD = 20 * 1024
TEXTS = sorted((SOURCES.parent).glob("*.md"))
# Ofcom's numbers for drama that the demonstration uses, as they are dialled.
DRAMA = re.compile(r"(02079460|01134960|01614960|07700900|01632960)\d{3}")


@pytest.fixture
def now(demonstration: datetime) -> datetime:
    """The moment of which the stories are told."""
    return demonstration


# --- Loading --------------------------------------------------------------------------------


@pytest.mark.lengthy
def test_loading_it_asks_the_database_little_and_tells_who_can_sign_in() -> None:
    asked: list[str] = []
    out = StringIO()

    def note(execute: Any, sql: str, *details: Any) -> Any:
        asked.append(sql)
        return execute(sql, *details)

    with connection.execute_wrapper(note):
        call_command("load_demo", stdout=out)
    assert len(asked) < MOST_QUERIES
    told = out.getvalue()
    assert "3 drafts made from 3 files." in told
    assert f"{len(TEXTS)} drafts made from {len(TEXTS)} files." in told
    for user in User.objects.filter(is_active=True):
        assert re.search(rf"{user.username} +demo-only-password +{user.get_full_name()}", told)


@pytest.mark.lengthy
def test_loading_it_again_changes_nothing(now: datetime) -> None:
    def tables() -> tuple[Any, ...]:
        return (
            User.objects.count(),
            Revision.objects.count(),
            ScreeningQuestion.objects.count(),
            Message.objects.count(),
            sorted(AppointmentRequest.objects.values_list("reference", "version")),
        )

    first = tables()
    call_command("load_demo", stdout=StringIO())
    assert tables() == first


def test_a_newer_release_brings_its_words_to_a_demonstration_that_was_loaded_before(
    now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(signed_pages.FOLDER, tmp_path, dirs_exist_ok=True)
    text = tmp_path / "pages" / "privacy.md"
    words = "We keep nothing for longer than we have to."
    text.write_text(f"{text.read_text(encoding='utf-8')}\n{words}\n", encoding="utf-8")
    monkeypatch.setattr(signed_pages, "FOLDER", tmp_path)
    signed_pages.load(now, OutputWrapper(StringIO()))
    shown = Revision.objects.get(page__slug="privacy", status=RevisionStatus.PUBLISHED)
    assert words in shown.document


def test_the_demonstration_loads_nowhere_else(settings: Any) -> None:
    settings.DEMONSTRATION = False
    before = User.objects.count()
    with pytest.raises(CommandError, match="mix invented people with real ones"):
        call_command("load_demo")
    assert User.objects.count() == before


# --- Who asks -------------------------------------------------------------------------------


def test_everybody_is_plainly_invented(demonstration: datetime) -> None:
    numbers: dict[str, str] = {}
    with_email = AppointmentRequest.objects.exclude(email="")
    for request in AppointmentRequest.objects.all():
        assert re.search(r"@example\.(org|com|net)$|^$", request.email)
        number = phones.spellings(request.phone)[1]
        assert DRAMA.fullmatch(number), number
        assert numbers.setdefault(number, request.email) == request.email
    assert sum(map(bool, numbers.values())) == with_email.values("email").distinct().count()
    assert {email.partition("@")[2] for email in numbers.values()} == {
        "",
        "example.org",
        "example.com",
        "example.net",
    }


def test_names_are_as_various_as_names_are(demonstration: datetime) -> None:
    names = set(AppointmentRequest.objects.values_list("name", flat=True))
    assert len(names) > 110
    assert min(map(len, names)) < 6
    assert max(map(len, names)) > 70
    for kind in (r"’|'", r"[é-ž]", r"^\w+$", r"[\u0600-\u06ff]", r"-"):
        assert any(re.search(kind, name) for name in names), kind


def test_everybody_has_the_age_of_the_table(now: datetime) -> None:
    today = timezone.localdate(now)
    ages = {
        today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        for born in AppointmentRequest.objects.values_list("date_of_birth", flat=True)
    }
    assert (min(ages), max(ages)) == (3, 96)
    children = AppointmentRequest.objects.filter(
        date_of_birth__gt=today.replace(year=today.year - 18, day=1)
    )
    assert children.exists()
    assert not children.filter(carer_name="").exists()
    assert all(child.flags.exists() for child in children)


# --- What there is to see -------------------------------------------------------------------


def test_there_is_a_request_in_every_state(now: datetime) -> None:
    states = Counter(request.state(now) for request in AppointmentRequest.objects.all())
    assert set(states) == set(RequestStatus)
    assert 110 < states.total() < 150
    visits = set(Appointment.objects.values_list("status", flat=True))
    assert visits == set(AppointmentStatus)


def test_everything_waits_on_the_first_page_of_the_desk(now: datetime) -> None:
    waiting = AppointmentRequest.objects.waiting_for_clinic(now)
    assert 10 < waiting.count() <= 20
    late = waiting.filter(answer_due__lt=now)
    assert set(late.values_list("name", flat=True)) >= {"Contoh", "Günther Beispiel"}
    assert late.count() < waiting.count()


def test_flags_are_open_and_resolved(demonstration: datetime) -> None:
    for level in FlagLevel:
        flags = RedFlag.objects.filter(level=level)
        assert flags.filter(outcome="").exists(), level
        assert flags.filter(outcome=FlagOutcome.PROCEED_WITH_NOTE).exists(), level
    outcomes = set(RedFlag.objects.values_list("outcome", flat=True))
    assert outcomes == set(FlagOutcome) - {FlagOutcome.PROCEED} | {""}


def test_somebody_has_to_be_phoned_for_each_reason(now: datetime) -> None:
    whys = {each.request.name: each.why for each in patients_to_phone(now)}
    assert "Email not delivered: appointment booked." in whys["Priya Sample-Specimen"]
    assert "cannot wait" in whys["Maryam Sample"]
    assert "speak to them first" in whys["Uma Sample"]
    assert "Offer them " in whys["Agnes Placeholder"]


def test_the_page_of_a_request_gives_the_same_reasons(now: datetime) -> None:
    """It looks first whether there may be any of a kind."""
    listed = {each.request.pk: each.why for each in patients_to_phone(now)}
    every = marked(AppointmentRequest.objects.all())
    whys = {each.pk: " ".join(reasons_to_phone(each, now, is_marked=True)) for each in every}
    assert {pk: why for pk, why in whys.items() if why} == listed


def test_patients_have_answered_texts(demonstration: datetime) -> None:
    confirmed = Appointment.objects.get(confirmed_at__isnull=False)
    assert confirmed.request.name == "Aino Esimerkki"
    told = {each.meant for each in TextReply.objects.filter(for_desk=False)}
    assert told == {Meant.YES, Meant.STOP}
    waiting = TextReply.objects.to_see().values_list("request__name", "alarming")
    assert {*waiting} == {("Erika Mustermann", False), ("Rose Fiction", True), (None, False)}


def test_a_manager_sees_a_webhook_that_was_ended_and_one_that_fell_silent(
    now: datetime, sign_in: Any
) -> None:
    ended, silent = Webhook.objects.order_by("pk")
    assert (ended.ended_by, silent.off_by) == ("manager", CLOCK)
    assert ended.ended_at
    assert silent.failing_since
    assert silent.off_at
    assert silent.failing_since + PATIENCE <= silent.off_at < now
    told = silent.deliveries.filter(happened__gte=silent.failing_since, happened__lte=silent.off_at)
    assert told.count() == silent.deliveries.count() > 0
    assert set(silent.deliveries.values_list("failure", flat=True)) <= {"", NO_ANSWER}
    manager = sign_in(User.objects.get(username="manager"))
    listed = manager.get("/admin/bookings/webhook/").content.decode()
    for said in (f"Ended on {day_of(ended.ended_at)}", f"on {day_of(silent.off_at)}"):
        assert said in listed
    task = f"We have told “{silent.given_to}” nothing since"
    assert task in manager.get("/admin/").content.decode()


def day_of(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y at %-H:%M}"


def test_nothing_is_sent_to_its_webhooks_even_if_somebody_turns_one_on(
    now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def unknown(name: str, *args: Any, **kwargs: Any) -> None:
        asked.append(name)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    addresses = Webhook.objects.values_list("url", flat=True)
    assert all(str(urlsplit(url).hostname).endswith(".example") for url in addresses)
    before = list(Delivery.objects.order_by("pk").values())
    call_command("send_messages", stdout=StringIO())
    assert list(Delivery.objects.order_by("pk").values()) == before
    webhooks.turn_on(Webhook.objects.off().get(), now=now)
    call_command("send_messages", stdout=StringIO())
    assert Delivery.objects.filter(failure="address not allowed").exists()
    assert asked == []


def test_some_people_have_a_phone_and_no_email_address(now: datetime) -> None:
    by_phone = AppointmentRequest.objects.filter(email="")
    assert {request.name: request.state(now) for request in by_phone} == {
        "Dot Specimen": RequestStatus.OFFERED,
        "Harold Fable": RequestStatus.BOOKED,
        "Agnes Placeholder": RequestStatus.OFFERED,
    }
    # One was told, and was given a code; one waits to be told.
    told = Message.objects.filter(channel=Channel.PHONE)
    assert set(told.values_list("request__name", "status")) == {
        ("Dot Specimen", MessageStatus.SENT),
        ("Agnes Placeholder", MessageStatus.TO_TELL),
    }
    assert by_phone.filter(events__kind=Event.CODE_RENEWED).get().name == "Dot Specimen"


def test_each_special_case_is_there(now: datetime) -> None:
    requests = AppointmentRequest.objects
    stranded = {each.appointment.request.name for each in free_times.stranded(now)}
    assert stranded == {"Lou Specimen", "Ivana Testcase", "Idris Testcase"}
    assert "Rashid Specimen" in {each.request.name for each in appointments_without_attendance(now)}
    assert requests.filter(earlier_asked_at__isnull=False).count() == 5
    # One has given a time back a moment ago, and one has undone that.
    assert [each.name for each in requests.all() if diary.kept_for(each, now)] == [
        "Oluwaseun Sample"
    ]
    undone = requests.filter(events__kind=Event.KEPT_AFTER_ALL)
    assert [(each.name, each.state(now)) for each in undone] == [
        ("Pearl Legend", RequestStatus.BOOKED)
    ]
    waiting = RightsRequest.objects.waiting()
    assert [(each.person.name, each.status) for each in waiting] == [
        ("Max Specimen", RightsStatus.OPEN),
        ("Agnes Placeholder", RightsStatus.ACKNOWLEDGED),
    ]
    assert not any(each.is_late(timezone.localdate(now)) for each in waiting)
    assert holds.everybody_held().get().person.name == "Gordon Parable"
    noted = requests.get(awaits_answers=True)
    assert (noted.name, noted.received_by) == ("Gethin Enghraifft", "reception")
    letter = Message.objects.get(channel=Channel.PAPER)
    assert (letter.request.name, letter.status) == ("Harold Fable", MessageStatus.TO_POST)
    assert set(requests.values_list("carer_right", flat=True)) == {
        "",
        "agreed",
        "parent",
        "attorney",
    }
    needs = {need for each in requests.all() for need in each.access_needs}
    assert needs == {"interpreter", "hearing_loop", "step_free", "chaperone", "longer"}
    twice = requests.values("email").annotate(times=Count("pk")).filter(times__gt=1)
    assert twice.count() > 3
    again = requests.get(name="Priya Sample-Specimen", status=RequestStatus.RECEIVED)
    assert len(likely_duplicates(again)) == 1
    verdicts = Counter(PersonLink.objects.values_list("verdict", flat=True))
    assert verdicts == {Verdict.SAME: 1, Verdict.NOT_SAME: 1}
    assert (
        Person.objects.get(name="H. Fable").shown_as
        == Person.objects.get(name="Harold Fable").shown_as
    )
    pat = Person.objects.get(name="Pat Sample")
    assert [each.known.name for each in identity.perhaps_same(pat)] == ["P. Sample"]
    assert {each.is_pinned for each in Note.objects.all()} == {True, False}
    assert Note.objects.exclude(unpinned_at=None).exists()
    assert requests.filter(for_clinicians=True).exists()
    assert requests.exclude(owner=None).count() == 2
    assert Clinician.objects.count() == 3
    assert Location.objects.count() == 2


def test_one_manager_proposes_to_erase_somebody_and_the_other_can_agree(
    demonstration: datetime, sign_in: Callable[[User], Client], settings: Any, tmp_path: Path
) -> None:
    settings.ERASURES_FILE = str(tmp_path / "erasures.jsonl")
    proposal = Proposal.objects.get(act=ERASE.name)
    person = Person.objects.get(pk=proposal.about_number)
    assert (person.name, proposal.proposed_by.username) == ("Jack Legend", "deputy")
    assert proposal.state(demonstration) == ProposalState.WAITING
    manager, deputy = (User.objects.get(username=name) for name in ("manager", "deputy"))
    waiting = {
        each.username: list(
            Proposal.objects.waiting_for(each, demonstration).filter(act=ERASE.name)
        )
        for each in (manager, deputy, User.objects.get(username="reception"))
    }
    assert waiting == {"manager": [proposal], "deputy": [proposal], "reception": []}
    assert [proposal.may_be_agreed_by(each) for each in (manager, deputy)] == [True, False]
    page = sign_in(manager).get(f"/admin/procedures/proposal/{proposal.pk}/change/")
    assert "asked on the phone to be forgotten" in page.content.decode()
    two_people.agree(proposal, by=manager, now=demonstration)
    person.refresh_from_db()
    assert person.name == "[erased]"


def test_there_is_enough_history_for_charts(now: datetime) -> None:
    ended = Counter(Appointment.objects.values_list("status", flat=True))
    assert ended[AppointmentStatus.FULFILLED] >= 25
    assert ended[AppointmentStatus.NOSHOW] >= 4
    assert ended[AppointmentStatus.CANCELLED] >= 6
    received = AppointmentRequest.objects.values_list("received_at", flat=True)
    weeks = {(now - each).days // 7 for each in received}
    assert weeks >= {0, 1, 2, 3, 4, 5}
    assert min(Appointment.objects.values_list("starts", flat=True)) < min(
        Appointment.objects.filter(status=AppointmentStatus.BOOKED).values_list("starts", flat=True)
    )


def test_every_journal_is_whole(demonstration: datetime) -> None:
    assert all(chain_is_whole(request) for request in AppointmentRequest.objects.all())


def test_only_a_few_letters_are_left_to_send(now: datetime) -> None:
    statuses = Counter(Message.objects.values_list("status", flat=True))
    assert 5 <= statuses[MessageStatus.QUEUED] <= 25
    assert statuses[MessageStatus.FAILED] == 1
    # One cancellation was undone before its letter went.
    assert statuses[MessageStatus.DROPPED] == 1
    call_command("send_messages", stdout=StringIO())
    assert Message.objects.filter(status=MessageStatus.DROPPED).count() == 1


# --- Pages ----------------------------------------------------------------------------------


@pytest.mark.lengthy
@pytest.mark.sqlite
def test_the_pages_say_that_they_are_invented(client: Client, demonstration: datetime) -> None:
    live = Revision.objects.filter(status=RevisionStatus.PUBLISHED)
    published = live.filter(page__language="")
    assert published.count() == len(TEXTS)
    for revision in published:
        content = client.get(revision.page.get_absolute_url()).content.decode()
        assert faults_of(content) == []
        if revision.page.kind().needs_clinician:
            assert "no real clinician has reviewed it" in content
            assert "the person and the registration are invented" in content
        else:
            assert "everything it promises here are invented" in content
            assert "This is a demonstration: the person is invented." in content
        assert "This is a demonstration" in content


READ_BY_NOBODY = {
    "cy": "nid oes neb wedi'i ddarllen",
    "pl": "nikt go nie czytał",
    "ur": "اسے کسی نے نہیں پڑھا",
}


def test_its_translations_say_that_nobody_has_read_them(
    client: Client, demonstration: datetime
) -> None:
    translated = Revision.objects.exclude(page__language="").select_related("page")
    live = translated.filter(status=RevisionStatus.PUBLISHED)
    addresses = sorted(each.page.get_absolute_url() for each in live)
    assert addresses == [
        "/cy/about/chaperone-and-interpreters/",
        "/cy/guides/backs-and-necks/",
        "/pl/about/chaperone-and-interpreters/",
        "/pl/guides/backs-and-necks/",
        "/ur/about/chaperone-and-interpreters/",
    ]
    for revision in live:
        content = client.get(revision.page.get_absolute_url()).content.decode()
        assert faults_of(content) == []
        assert READ_BY_NOBODY[revision.page.language] in content
    by_machine = translated.exclude(status=RevisionStatus.PUBLISHED)
    assert [(each.page.language, each.made_by_machine) for each in by_machine] == [("ur", True)]


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("back pain", "backs-and-necks"),
        ("my back hurts", "backs-and-necks"),
        ("lower back pain", "backs-and-necks"),
        ("neck", "backs-and-necks"),
        ("neck pain", "backs-and-necks"),
        ("pain in my neck", "backs-and-necks"),
        ("sciatica", "backs-and-necks"),
        ("siatica", "backs-and-necks"),
        ("slipped disc", "backs-and-necks"),
        ("trapped nerve", "backs-and-necks"),
        ("knee pain", "knee-osteoarthritis"),
        ("arthritus of the knee", "knee-osteoarthritis"),
        ("groin pain", "hip-osteoarthritis"),
        ("hip bursitis", "outer-hip-pain"),
        ("shoulder", "shoulder-pain"),
        ("rotator cuff", "shoulder-pain"),
        ("frozen sholder", "frozen-shoulder"),
        ("thumb arthritis", "thumb-base-arthritis"),
        ("gout", "gout"),
        ("big toe", "gout"),
        ("tennis elbow", "tennis-elbow"),
        ("heel pain", "heel-pain"),
        ("planter fasciitis", "heel-pain"),
        ("PRP", "hyaluronic-acid-and-platelets"),
        ("gel injection", "hyaluronic-acid-and-platelets"),
    ],
)
def test_the_words_of_patients_find_the_page_about_them(
    query: str, slug: str, client: Client, demonstration: datetime
) -> None:
    page = client.get("/search/", {"q": query}).content.decode()
    assert re.findall(r'<a href="/guides/([a-z-]+)/"', page.partition('class="results"')[2])[
        :1
    ] == [slug]


@pytest.mark.parametrize("slug", ["backs-and-necks", "hyaluronic-acid-and-platelets"])
def test_a_page_about_what_we_do_not_do_invites_nobody(
    slug: str, client: Client, demonstration: datetime
) -> None:
    content = client.get(f"/guides/{slug}/").content.decode()
    assert 'class="closing"' not in content
    client.post(BASE, {"about": slug})
    form = client.get(f"{BASE}about/").content.decode()
    assert 'value="gout"' in form
    assert f'value="{slug}"' not in form


def test_the_address_of_a_page_that_was_split_leads_to_its_parts(
    client: Client, demonstration: datetime
) -> None:
    answer = client.get("/guides/tennis-elbow-outer-hip-and-heel/")
    assert answer.status_code == 410
    for slug in ("tennis-elbow", "outer-hip-pain", "heel-pain"):
        assert f'href="/guides/{slug}/"' in answer.content.decode()


@pytest.mark.lengthy
def test_every_link_of_the_home_page_leads_to_a_page(
    demonstration: datetime, client: Client
) -> None:
    content = client.get("/").content.decode()
    links = set(re.findall(r'<a [^>]*href="([^"]+)"', content))
    inside = {link for link in links if link.startswith("/") and not link.startswith("/admin/")}
    assert {link: client.get(link).status_code for link in inside} == dict.fromkeys(inside, 200)
    ids = set(re.findall(r' id="([^"]+)"', content))
    assert {link for link in links if link.startswith("#")} <= {f"#{each}" for each in ids}


def test_the_home_page_advertises_no_medicine(demonstration: datetime, client: Client) -> None:
    """Titles of problems are there, and none of an injection (CAP Code, 12.12)."""
    content = client.get("/").content.decode().lower()
    found = re.findall(r"steroid|cortisone|anaesthetic|botulinum|hyaluron|inject", content)
    assert found == []


def test_the_home_page_is_soon_here(demonstration: datetime, client: Client) -> None:
    """What the first view needs, compressed: the page with its drawing, and its style sheets."""
    content = client.get("/").content
    sheets = re.findall(r'rel="stylesheet" href="/static/([^"]+)"', content.decode())
    parts = [content, *(Path(str(finders.find(sheet))).read_bytes() for sheet in sheets)]
    assert sum(len(gzip.compress(part, 9)) for part in parts) <= FIRST_LOAD
    assert b"<script" not in content
    assert b'loading="lazy"' in content


def references(fragment: str) -> list[str]:
    """The words of each source under a signed text."""
    notes = fragment.partition('<section class="footnotes"')[2]
    return [re.sub(r"<[^>]+>", "", note) for note in re.findall(r"<li\b.*?</li>", notes, re.DOTALL)]


def test_no_signed_text_cites_what_was_read_or_published_after_it(demonstration: datetime) -> None:
    # What was translated says it in other words.
    signed = SignOff.objects.filter(revision__page__language="").select_related("revision")
    assert len({timezone.localdate(each.signed_at) for each in signed}) == 7
    for each in signed:
        day = timezone.localdate(each.signed_at)
        found = references(each.revision.fragment)
        assert found or each.clinician is None
        for words in found:
            (read_on,) = re.findall(r"Read (?:in part )?by us on (\d+ \w+ \d{4})\.", words)
            assert datetime.strptime(f"{read_on} +0000", "%d %B %Y %z").date() <= day, words
            years = [int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", words)]
            assert max(years) <= day.year, words


def test_each_source_has_the_day_of_its_newest_reading_or_today(now: datetime) -> None:
    written = tomllib.loads(SOURCES.read_text())
    today = timezone.localdate(now)
    assert dict(Source.objects.values_list("key", "seen_on")) == {
        key: min(columns["seen_on"], today) for key, columns in written.items()
    }


def test_pages_were_signed_before_the_first_request_about_them(demonstration: datetime) -> None:
    first = min(AppointmentRequest.objects.values_list("received_at", flat=True))
    read = SignOff.objects.filter(revision__published_at__isnull=False)
    # But the one whose advice has changed since.
    read = read.exclude(revision__page__slug=CHANGED, revision__number=2)
    # A text may be signed again later.
    signed = read.values("revision").annotate(at=Min("signed_at"))
    assert all(each["at"] < first for each in signed)


EVERY_REQUEST = {
    "answered-in-a-translation",
    "feeling-unwell",
    "hot-joint",
    "injury",
    "warning-signs",
    "under-18",
}
BEFORE_A_NEEDLE = EVERY_REQUEST | {
    "infection",
    "chickenpox",
    "blood-thinner",
    "steroid-tablets",
    "weak-immunity",
    "fluoroquinolone",
    "hiv-boosters",
    "pregnancy",
    "diabetes",
    "bleeding",
    "eyes",
    "other-illness",
    "mental-illness",
    "allergy",
    "steroid-injections",
    "joint-replacement",
    "metal",
    "planned-surgery",
    "fainting",
}
BEFORE_SHOCKWAVES = EVERY_REQUEST | {
    "infection",
    "blood-thinner-shockwave",
    "steroid-tablets",
    "fluoroquinolone",
    "pregnancy-shockwave",
    "bleeding-shockwave",
    "recent-steroid",
    "pacemaker",
    "numbness",
    "tendon-tear",
    "cancer",
    "clot",
    "epilepsy",
}


def test_every_page_asks_what_its_visit_needs(demonstration: datetime) -> None:
    def keys(page: InformationPage | None) -> set[str]:
        return {question.key for question in questions_for(page)}

    for page in (None, *InformationPage.objects.all()):
        shockwaves = page is not None and page.slug == "shockwave-therapy"
        assert keys(page) == (BEFORE_SHOCKWAVES if shockwaves else BEFORE_A_NEEDLE)
    written = {path.stem for path in SOURCES.parent.parent.glob("*/*.md")}
    assert {page.slug for page in InformationPage.objects.all()} == {*written, BEGUN}
    assert unasked() == []


def test_an_editor_has_begun_a_page_and_a_publisher_has_planned_a_version(now: datetime) -> None:
    begun = Revision.objects.get(page__slug=BEGUN)
    assert (begun.status, "‹" in begun.document) == (RevisionStatus.DRAFT, True)
    planned = PlannedPublication.objects.get()
    assert planned.status == PlanStatus.PLANNED
    assert planned.day == timezone.localdate(now) + timedelta(days=7)
    assert planned.revision.status == RevisionStatus.SIGNED
