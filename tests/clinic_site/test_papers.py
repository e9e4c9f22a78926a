"""The drafts for a clinic's data protection officer: filled in by the software, and true of it."""

import html
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.test.utils import isolate_apps
from django.utils import timezone

from bookings import access, webhooks
from bookings.diary import feeds
from bookings.models import AppointmentRequest, Subscription, Webhook
from bookings.records import retention
from bookings.status import FeedWords, Notice
from clinic_site import serving_role
from clinic_site.evidence import claims
from clinic_site.papers import held, notice, risks, settled
from clinic_site.papers.pages import PAPERS
from clinic_site.serving_role import Rights
from procedures.texts import content_checks
from tests import factories
from tests.test_absent import REACHING

pytestmark = pytest.mark.django_db
SignIn = Callable[[User | str], Client]
PAPERS_AT = "/admin/set-up/papers/"
ROOT = Path(__file__).parent.parent.parent


def shown(client: Client, slug: str) -> str:
    return client.get(f"{PAPERS_AT}{slug}/").content.decode()


def test_set_up_leads_to_each_draft_which_says_whose_it_is_and_of_which_day(
    sign_in: SignIn,
) -> None:
    factories.clinic(name="Example Lane Clinic", ico_number="ZA000001 (invented)")
    client = sign_in("Manager")
    assert PAPERS_AT in client.get("/admin/set-up/").content.decode()
    assert [paper.title for _, paper in client.get(PAPERS_AT).context["papers"]] == [
        "Record of processing",
        "Retention schedule",
        "Data protection impact assessment",
        "Privacy notice",
    ]
    for paper in PAPERS:
        text = shown(client, paper.slug)
        assert "Draft for the data protection officer of Example Lane Clinic" in text
        assert "ZA000001 (invented)" in text
        assert f'<time datetime="{timezone.localdate().isoformat()}">' in text
        assert "For the clinic to answer" in text


def test_a_new_table_and_a_new_field_are_in_the_record_without_anybody_naming_them(
    sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with isolate_apps("bookings") as alone:

        class Allergy(models.Model):
            person = models.ForeignKey("bookings.Person", on_delete=models.CASCADE)
            known_since = models.DateField()
            swelling = models.CharField("how much it swells", max_length=10)
            seen_by = models.CharField("who saw the swelling", max_length=10)

            PERSONAL = {"known_since"}
            OF_HEALTH = {"swelling"}
            OF_STAFF = {"seen_by"}
            NOT_PERSONAL = {"id", "person"}
            WHOSE = ("person",)

            class Meta:
                app_label = "bookings"
                verbose_name_plural = "allergies"

            def __str__(self) -> str:
                return self.swelling

    assert alone
    ours = [*apps.get_models(), *alone.get_models()]
    monkeypatch.setattr(apps, "get_models", lambda: ours)
    patients, _, colleagues = held.categories()
    assert patients.records[-1] == ("Allergies", [["known since"], ["how much it swells"]])
    assert colleagues.records[-1] == ("Allergies", [["who saw the swelling"]])
    text = shown(sign_in("Manager"), "record-of-processing")
    assert "how much it swells" in text
    assert "in their own words" in text
    assert "who saw the swelling" in text


def test_a_new_row_of_the_settings_is_in_the_schedule_and_in_the_record(
    sign_in: SignIn, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    invented = retention.Kind(
        "Letters that came by post",
        "letter",
        "letters",
        lambda now: AppointmentRequest.objects.none(),
        ("received",),
    )
    monkeypatch.setitem(retention.KINDS, "letters", invented)
    settings.RETENTION = settings.RETENTION | {"letters": (77, "received")}
    client = sign_in("Manager")
    for slug in ("retention-schedule", "record-of-processing"):
        text = shown(client, slug)
        assert "Letters that came by post" in text
        assert "77 days" in text


def test_what_the_settings_have_off_is_not_said_to_be_on(
    sign_in: SignIn, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in("Manager")
    settings.BACKUP_FOLDER, settings.SECOND_FACTOR_REQUIRED = "", False
    settings.WEAKNESSES_URL, settings.OPERATOR_EMAIL = "", "operator@example.org"
    monkeypatch.setattr(serving_role, "rights", lambda: Rights("clinic", [], ["bookings_claim"]))
    text = shown(client, "impact-assessment")
    assert "No backup is set up on this installation." in text
    assert "Backups are encrypted" not in text
    assert "Signing in asks for no second factor" in text
    assert "an account of the database that could remove" in text
    assert "Nobody is told automatically of a known weakness" in text
    settings.BACKUP_FOLDER, settings.SECOND_FACTOR_REQUIRED = "/srv/backups", True
    settings.WEAKNESSES_URL = "https://osv.example/"
    monkeypatch.setattr(serving_role, "rights", lambda: Rights("clinic", [], []))
    text = shown(client, "impact-assessment")
    assert "Backups are encrypted" in text
    assert "The folder /srv/backups" in text
    assert "Signing in asks for a passkey or a code from an app" in text
    assert "an account of the database that cannot remove" in text
    assert "Every night the site asks whether a library" in text


def test_recipients_are_those_of_the_settings_and_no_secret_is_among_them(
    settings: Any, monday: datetime
) -> None:
    room = factories.room("Room 1")
    feeds.make_feed(room, says=FeedWords.INITIALS, by="manager", now=monday)
    settings.DEVELOPMENT = False
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "mail.example", True
    settings.TEXT_MESSAGES = "http"
    settings.TEXT_MESSAGES_URL = "https://key:secret@texts.example/send?token=secret"
    said = {each.name: each.settled for each in settled.recipients()}
    assert said["Mail server"] == "mail.example, with encryption on the way there"
    assert said["Provider of text messages"] == "texts.example"
    assert said["Calendar programs"] == (
        "1 private address. What an entry says: The patient’s initials"
    )


def test_whatever_sends_something_has_its_recipient_in_the_record(
    settings: Any, monday: datetime, sign_in: SignIn
) -> None:
    rare = ["Other systems that are told what happens", "Time authority"]
    assert not {*rare} & {each.name for each in settled.recipients()}
    ended = webhook("https://gone.example/told", monday)
    webhooks.end(ended, by="manager", now=monday)
    assert not {*rare} & {each.name for each in settled.recipients()}
    webhook("https://key@theatre.example:8443/told?token=secret", monday)
    settings.TIMESTAMP_URL = "https://tsa.example.org/stamp"
    said = {each.name: each.settled for each in settled.recipients()}
    assert {*REACHING.values()} - {""} <= said.keys()
    assert [said[name] for name in rare] == ["Theatre list: theatre.example", "tsa.example.org"]
    text = shown(sign_in("Manager"), "record-of-processing")
    assert all(name in text for name in rare)


def webhook(url: str, now: datetime) -> Webhook:
    told = [Notice.BOOKED]
    return webhooks.add(given_to="Theatre list", url=url, notices=told, by="manager", now=now)


def test_the_schedule_has_what_the_worker_deletes(sign_in: SignIn) -> None:
    kept = {each.what: each.kept for each in settled.periods()}
    assert kept["Files of another system that are being brought in"] == "1 day"
    assert kept["Email addresses that asked to follow a page and were not confirmed"] == "3 days"
    assert kept["Email addresses that follow a page"] == "As long as they follow it"
    assert kept["What other systems were told"] == "30 days"
    assert "Files of another system" in shown(sign_in("Manager"), "retention-schedule")


def test_each_measure_rests_on_claims_that_are_met_and_each_gap_of_the_threats_is_named() -> None:
    ledgers = claims.read(ROOT / "docs" / "evidence", claims.tests_in(ROOT / "tests"))
    answered = {claim.id: claim for ledger in ledgers for claim in ledger.claims}
    threats = next(ledger for ledger in ledgers if ledger.name == "threats")
    for measure in risks.measures():
        assert measure.is_on or measure.otherwise
        assert [answered[each].not_met for each in measure.claims] == [None] * len(measure.claims)
    gaps = {gap.claim for risk in risks.risks() for gap in risk.gaps}
    assert gaps == {claim.id for claim in threats.claims if claim.not_met}


# --- The privacy notice -----------------------------------------------------------------------


def test_the_notice_says_what_each_table_keeps_about_patients_and_readers() -> None:
    patients, readers, _ = held.categories()
    said = [held.title(table) for each in notice.KEPT for table in each.tables]
    assert sorted(said) == sorted(each.title for each in [*patients.records, *readers.records])


def test_the_notice_and_the_demonstration_say_alike_what_is_kept_of_whoever_follows_a_page() -> (
    None
):
    (kept,) = (each for each in notice.KEPT if Subscription in each.tables)
    assert kept.what == "your address, the page and the language. Our emails do not name the page."
    demonstration = (ROOT / "clinic_site" / "demo" / "pages" / "privacy.md").read_text()
    assert f"- **{kept.when}:** {kept.what}\n" in demonstration


def test_a_page_takes_the_notice_once_its_blanks_are_filled_in(settings: Any) -> None:
    settings.DEVELOPMENT, settings.EMAIL_HOST = False, "mail.example"
    texts_by_twilio(settings)
    settings.BACKUP_FOLDER, settings.HEADS_TO = "/srv/backups", "heads@example.org"
    found = content_checks.findings(notice.text())
    assert {each.rule for each in found} == {"fill in"}
    assert all(each.blocks for each in found)


def test_the_notice_is_shown_as_text_to_copy(sign_in: SignIn, monday: datetime) -> None:
    told = [Notice.BOOKED]
    webhooks.add(
        given_to="<b>Theatre</b>", url="https://a.example/", notices=told, by="manager", now=monday
    )
    page = shown(sign_in("Manager"), "privacy-notice")
    copied = page.partition('<pre class="to-copy">')[2].partition("</pre>")[0]
    assert html.unescape(copied) == notice.text()
    assert "‹Say in plain words who they are: <b>Theatre</b>›" in notice.text()
    assert "<b>" not in copied


def texts_by_twilio(settings: Any) -> None:
    settings.TEXT_MESSAGES, settings.TEXT_MESSAGES_URL = "twilio", "https://texts.example"


def test_the_notice_names_only_what_this_installation_has(settings: Any, monday: datetime) -> None:
    settings.DEVELOPMENT, settings.BACKUP_FOLDER, settings.HEADS_TO = True, "", ""
    settings.TEXT_MESSAGES = ""
    rare = (
        "The company that delivers our emails",
        "The company that sends our text messages",
        "When you text us",
        "reply STOP",
        "Send you text messages",
        "Whoever keeps our backups",
        "| Backups | up to 12 months |",
        "Whoever helps us notice",
        "The calendar programs of our clinicians",
        "Other systems of ours",
        "Systems that hear when something happens",
        "What other systems were told",
    )
    assert [each for each in rare if each in notice.text()] == []
    settings.DEVELOPMENT, settings.EMAIL_HOST = False, "mail.example"
    texts_by_twilio(settings)
    settings.BACKUP_FOLDER, settings.HEADS_TO = "/srv/backups", "heads@example.org"
    feeds.make_feed(factories.room("Room 1"), says=FeedWords.INITIALS, by="manager", now=monday)
    access.make_token(
        given_to="A system", scopes=[], last_day=date(2100, 1, 1), by="manager", now=monday
    )
    webhook("https://theatre.example/told", monday)
    assert [each for each in rare if each not in notice.text()] == []
    settings.TEXT_MESSAGES = "http"
    found = [each for each in rare if each not in notice.text()]
    assert found == ["When you text us", "reply STOP"]


def test_the_notice_says_how_long_as_the_code_keeps_it(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RETENTION = settings.RETENTION | {"no_visit": (400, "received")}
    settings.WORKER_DUTIES = []
    text = notice.text()
    assert "led to no visit | 400 days after the day on which the request arrived |" in text
    assert (
        "led to a visit | 8 years after your last visit. If you were under 18 then, at least until you "
        "are 25, or 26 if you were 17 |"
    ) in text
    assert "‹Who empties records when their time is over" in text
    settings.WORKER_DUTIES = ["bookings.records.retention.empty_once_a_day"]
    assert "a program takes out everything that it says about you" in notice.text()
    invented = retention.KINDS["no_visit"]._replace(label="Letters that came by post")
    monkeypatch.setitem(retention.KINDS, "letters", invented)
    settings.RETENTION = settings.RETENTION | {"letters": (77, "received")}
    assert "| Letters that came by post | 77 days after" in notice.text()
    assert "olleagues" not in notice.text()


def test_the_notice_says_whether_reception_reads_answers_about_health() -> None:
    factories.clinic(reception_reads_answers=True)
    assert "read your answers about health too" in notice.text()
    assert "read what you reply" not in notice.text()
    factories.clinic(reception_reads_answers=False)
    assert (
        "only if they say why. They do read what you reply to a question of ours" in notice.text()
    )
