"""Translations of pages: who signs them, what they may differ in, and how they live with the English."""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from procedures import publishing
from procedures.ground.languages import KNOWN, spoken_in
from procedures.log import checkpoints, notes, verify
from procedures.models import (
    TRANSLATORS_CHECKLIST,
    InformationPage,
    LogEntry,
    PageEvent,
    Revision,
    SignOff,
    Translator,
)
from procedures.publishing import drafting, originals, releasing, reviews, translating
from procedures.publishing.translating import FIRST_NOTE
from procedures.reading import publication
from procedures.status import Category, PublishingRefused, RevisionStatus
from procedures.texts.content_checks import RULES
from procedures.texts.pairs import parts
from tests import factories, processes, second_opinion
from tests.procedures.test_log import ENDINGS
from tests.races import having_met, losses, race
from tests.verifying import faults
from tests.verifying import verify as verify_pages

pytestmark = pytest.mark.django_db
ENGLISH, WELSH = "/procedures/a-thing/", "/cy/procedures/a-thing/"
SINCE = "Mae'r testun Saesneg wedi newid ers i hwn gael ei gyfieithu"
INSTEAD = "felly rydych yn ei darllen yn Saesneg"


def hands(revision: Revision, now: datetime) -> dict[str, Any]:
    return {"version": revision.version, "fragment_hash": revision.fragment_hash, "now": now}


def doctors() -> User:
    login = factories.clinician().login
    assert login
    return login


# --- Who signs --------------------------------------------------------------------------------


def test_one_signature_of_two_is_not_enough(published: Revision, monday: datetime) -> None:
    made = factories.translation(RevisionStatus.IN_REVIEW, of=published.page)
    doctor, welsh = doctors(), factories.translator("cy")
    with pytest.raises(PublishingRefused, match="Its translator has not signed it"):
        publishing.sign_off(made, by=doctor, **hands(made, monday))
    with pytest.raises(PublishingRefused, match="Only a translator for Welsh"):
        publishing.sign_as_translator(
            made, by=factories.translator("pl", "polish"), **hands(made, monday)
        )
    publishing.sign_as_translator(made, by=welsh, **hands(made, monday))
    with pytest.raises(PublishingRefused, match="has signed this text already"):
        publishing.sign_as_translator(made, by=welsh, **hands(made, monday))
    with pytest.raises(PublishingRefused):
        publishing.publish(made, version=made.version, by=factories.staff("Publisher"), now=monday)
    publishing.sign_off(made, by=doctor, **hands(made, monday))
    assert made.status == RevisionStatus.SIGNED
    verify_pages()


def test_whoever_signs_as_translator_cannot_sign_as_the_clinician(
    published: Revision, monday: datetime
) -> None:
    made = factories.translation(RevisionStatus.IN_REVIEW, of=published.page)
    both = factories.clinician("both").login
    assert both
    Translator.objects.create(login=both, language="cy", qualification="Both", evidence="A test.")
    publishing.sign_as_translator(made, by=both, **hands(made, monday))
    with pytest.raises(PublishingRefused, match="You signed it as its translator"):
        publishing.sign_off(made, by=both, **hands(made, monday))


def test_what_goes_back_to_its_author_loses_the_translators_signature(
    published: Revision, monday: datetime
) -> None:
    made = factories.translation(RevisionStatus.IN_REVIEW, of=published.page)
    welsh, doctor = factories.translator("cy"), doctors()
    publishing.sign_as_translator(made, by=welsh, **hands(made, monday))
    publishing.return_to_author(made, version=made.version, by=doctor, reason="A typo.", now=monday)
    publishing.save_draft(
        made,
        version=made.version,
        document=made.document.replace("Some words", "Words"),
        change_class="advice",
        note="New.",
        by=welsh,
        now=monday,
    )
    publishing.submit_for_review(made, version=made.version, by=welsh, now=monday)
    with pytest.raises(PublishingRefused, match="Its translator has not signed it"):
        publishing.sign_off(made, by=doctor, **hands(made, monday))
    publishing.sign_as_translator(made, by=welsh, **hands(made, monday))
    publishing.sign_off(made, by=doctor, **hands(made, monday))
    verify_pages()


# --- What a machine made ------------------------------------------------------------------------


def test_only_what_is_published_in_english_is_translated(monday: datetime) -> None:
    signed = factories.revision(RevisionStatus.SIGNED, now=monday)
    with pytest.raises(PublishingRefused) as refused:
        publishing.start_translation(
            signed.page, language="cy", by=factories.translator(), now=monday
        )
    assert str(refused.value) == "Only a page that is published in English can be translated."
    assert InformationPage.in_every_language.count() == 1


def test_a_translation_that_is_begun_is_gone_on_with(published: Revision, monday: datetime) -> None:
    begin = partial(publishing.start_translation, published.page, language="cy", now=monday)
    first = begin(by=factories.translator())
    assert begin(by=factories.translator(username="another")) == first
    assert Revision.objects.filter(page__language="cy").count() == 1


def test_a_translator_signs_what_was_read_with_everything_checked(
    published: Revision, monday: datetime
) -> None:
    made = factories.translation(RevisionStatus.IN_REVIEW, of=published.page, now=monday)
    for changes, why in (
        ({"fragment_hash": "0" * 64}, "The text has changed since you opened it."),
        ({"checklist": TRANSLATORS_CHECKLIST[1:]}, "Tick every item on the checklist,"),
    ):
        with pytest.raises(PublishingRefused, match=why):
            publishing.sign_as_translator(
                made, by=factories.translator(), **hands(made, monday) | changes
            )
    assert not made.sign_offs.exists()


def test_a_translation_is_not_signed_anew_on_its_own(published: Revision, monday: datetime) -> None:
    made = factories.translation(of=published.page, now=monday)
    with pytest.raises(PublishingRefused, match="A translation is due when the English is"):
        publishing.re_affirm(made, by=doctors(), **hands(made, monday))
    assert made.sign_offs.count() == 2


def test_a_machines_draft_is_read_and_never_signed(published: Revision, monday: datetime) -> None:
    editor = factories.staff("Editor")
    made = publishing.start_translation(
        published.page,
        language="cy",
        by=editor,
        now=monday,
        by_machine=True,
        document=factories.in_other_words(published.document),
    )
    with pytest.raises(PublishingRefused, match="A machine made this translation"):
        publishing.submit_for_review(made, version=made.version, by=editor, now=monday)
    for status in RevisionStatus.IN_REVIEW, RevisionStatus.PUBLISHED:
        with pytest.raises(IntegrityError), transaction.atomic():
            Revision.objects.filter(pk=made.pk).update(
                status=status, fragment="x", fragment_hash="x"
            )
    Revision.objects.filter(pk=made.pk).update(made_by_machine=False)
    assert "the text is not the one of its newest event" in faults()
    Revision.objects.filter(pk=made.pk).update(made_by_machine=True)
    own = publishing.start_translation(published.page, language="cy", by=editor, now=monday)
    assert (own.made_by_machine, own.document) == (False, published.document)


# --- What it may differ in ----------------------------------------------------------------------

RISKY = """
Take it for 2.5 days, or call 0800 5200 520 today.

Read [about fees](/about/fees/) first.

::: risks
| What can happen | How often |
|---|---|
| Bruise | 8 in 100[^leaflet] |
| Bleeding | 1 in 1,000[^leaflet] |
:::
"""
TRANSLATED = {
    "Take it for 2.5 days, or call 0800 5200 520 today.": (
        "Ewch ag ef am 2,5 diwrnod, neu ffoniwch 0800 5200 520 heddiw."
    ),
    "Read [about fees](/about/fees/) first.": "Darllenwch [am ffioedd](/about/fees/) yn gyntaf.",
    "| Bruise | 8 in 100[^leaflet] |": "| Clais | 8 o bob 100[^leaflet] |",
    "| Bleeding | 1 in 1,000[^leaflet] |": "| Gwaedu | 1 o bob 1000[^leaflet] |",
}


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ("8 o bob 100", "9 o bob 100", "same numbers"),
        ("| Clais | 8 o bob 100[^leaflet] |", "| Clais | 1 o bob 1000[^leaflet] |", "same numbers"),
        ("0800 5200 520", "0800 5200 521", "same numbers"),
        ("1000[^leaflet]", "1000", "same sources"),
        ("(/about/fees/)", "(/about/cookies/)", "same addresses"),
        (
            "Darllenwch [am ffioedd](/about/fees/) yn gyntaf. Cymraeg",
            "Read [about fees](/about/fees/) first.",
            "not translated",
        ),
        ("| Clais | 8 o bob 100[^leaflet] |\n", "", "same blocks"),
        (
            "Ewch ag ef am 2,5 diwrnod, neu ffoniwch 0800 5200 520 heddiw. Cymraeg\n\n",
            "",
            "same blocks",
        ),
    ],
)
def test_a_translation_has_the_figures_of_the_english(
    monday: datetime, right: str, wrong: str, rule: str
) -> None:
    text = factories.document(body=f"{factories.BODY}{RISKY}")
    english = factories.revision(RevisionStatus.PUBLISHED, text=text, now=monday)
    said = english.document
    for words, welsh in TRANSLATED.items():
        said = said.replace(words, welsh)
    said = factories.in_other_words(said)
    assert right in said
    page, welsh_text = english.page, said.replace(right, wrong)
    made = factories.translation(RevisionStatus.DRAFT, of=page, text=welsh_text)
    sentence = RULES[rule].sentence.partition(".")[0]
    with pytest.raises(PublishingRefused, match=sentence):
        publishing.submit_for_review(
            made, version=made.version, by=factories.translator(), now=monday
        )
    publishing.save_draft(
        made,
        version=made.version,
        document=said,
        change_class="advice",
        note="New.",
        by=factories.translator(),
        now=monday,
    )
    publishing.submit_for_review(made, version=made.version, by=factories.translator(), now=monday)


# --- What readers see ----------------------------------------------------------------------------


def test_a_translation_is_read_at_its_own_address_and_the_english_leads_to_it(
    client: Client, published: Revision, monday: datetime
) -> None:
    before = client.get(WELSH).content.decode()
    assert INSTEAD in before
    assert f'<link rel="canonical" href="https://clinic.example{ENGLISH}">' in before
    assert '<div class="prose" lang="en-GB" dir="ltr">' in before
    assert f'hreflang="cy" href="https://clinic.example{WELSH}"' not in before
    made = factories.translation(of=published.page)
    answer = client.get(WELSH)
    page = answer.content.decode()
    assert made.fragment.partition("-->\n")[2].partition("<!--")[0] in page
    assert '<html lang="cy">' in page
    assert answer.headers["Content-Language"] == "cy"
    assert "Translator" in page
    assert "Dr Clinician" in page
    assert INSTEAD not in page
    for address in ENGLISH, WELSH:
        seen = client.get(address).content.decode()
        assert f'hreflang="cy" href="https://clinic.example{WELSH}"' in seen
        assert f'hreflang="en-GB" href="https://clinic.example{ENGLISH}"' in seen
        assert f'<a href="{WELSH}" hreflang="cy"' in seen or address == WELSH
    assert (
        f"<loc>https://clinic.example{WELSH}</loc>" in client.get("/sitemap.xml").content.decode()
    )
    for name in "leaflet/", "history/", "verify/", "version/1/", "feedback/":
        assert client.get(WELSH + name).status_code == 200
    assert f"{WELSH}version/1/" in client.get(f"{WELSH}leaflet/").content.decode()


def test_a_reader_of_a_translation_is_asked_and_thanked_in_its_language(
    client: Client, published: Revision, monday: datetime
) -> None:
    made = factories.translation(of=published.page)
    address = f"{WELSH}feedback/"
    asked, refused = (each(address).content.decode() for each in (client.get, client.post))
    for form in asked, refused:
        assert "Beth allem ei wneud yn gliriach?" in form
        assert '<main id="main" class="wrap" tabindex="-1">' in form
        assert "What could we make clearer?" not in form
    assert ("Dewiswch ie neu na." in asked, "Dewiswch ie neu na." in refused) == (False, True)
    thanks = client.post(address, {"clear": "no", "comment": "Beth yw bwrsa?"}).content.decode()
    assert "<h1>Diolch</h1>" in thanks
    assert 'href="/cy/appointments/request/"' in thanks.partition("<main")[2]
    assert "Beth yw bwrsa?" in made.feedback.values_list("comment", flat=True)


SAID_OF_VERSIONS = {
    "history/": [
        "Every version patients could read here, newest first, and who signed it.",
        "Current",
        "The advice changed",
        "Translated and signed by",
        "Signed by",
        "Compare two versions",
        "<ins>Added words look like this</ins>, <del>removed words like this</del>.",
        "added:",
    ],
    "version/1/": [
        "Changed",
        "Please read what has changed since yours.",
        "The words that changed",
    ],
    "version/2/": ["Current", "Your copy is up to date.", "Read the current version"],
}


@pytest.mark.parametrize("code", KNOWN)
def test_the_history_and_the_paper_copies_of_a_translation_are_in_its_language(
    client: Client, published: Revision, code: str
) -> None:
    made = factories.translation(of=published.page, language=code)
    newer = made.document.replace("Some words", "Other words")
    factories.translation(of=published.page, language=code, text=newer)
    address = made.page.get_absolute_url()
    assert f'<a href="{address}history/" >' in client.get(address).content.decode()
    for path, said in SAID_OF_VERSIONS.items():
        main = client.get(address + path).content.decode().partition('<main id="main"')[2]
        assert main.startswith(' class="wrap" tabindex="-1">')
        with spoken_in(code):
            assert [each for each in said if gettext(each) not in main] == []
        assert [each for each in said if f">{each}" in main] == []
    # The note of a first text is of the desk, in English.
    assert FIRST_NOTE not in client.get(f"{address}history/").content.decode()


def test_the_history_of_a_translation_says_in_its_language_when_it_was_taken_down(
    client: Client, published: Revision, monday: datetime
) -> None:
    suspended(factories.translation(of=published.page), monday)
    page = client.get(f"{WELSH}history/").content.decode()
    assert "Tynnwyd i lawr, am y gallai fod wedi achosi niwed (fersiwn 1), ar <time" in page
    assert "Mae'r dudalen ar gau nawr, felly nid ydym yn dangos ei thestun." in page


def test_a_paper_copy_of_a_translation_is_not_up_to_date_once_the_english_has_changed(
    client: Client, published: Revision, monday: datetime
) -> None:
    factories.translation(of=published.page)
    paper = f"{WELSH}version/1/"
    before = client.get(paper).content.decode()
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    after = client.get(paper).content.decode()
    current, changed, up_to_date = ">Cyfredol<", ">Wedi newid<", "Mae eich copi yn gyfredol."
    said = (current, changed, up_to_date, SINCE)
    assert [each in before for each in said] == [True, False, True, False]
    assert [each in after for each in said] == [False, True, False, True]
    assert SINCE in client.get(f"{WELSH}history/").content.decode()


def test_each_language_has_a_page_that_leads_to_what_there_is(
    client: Client, published: Revision, monday: datetime
) -> None:
    factories.translation(of=published.page)
    about = factories.revision(RevisionStatus.PUBLISHED, of=factories.page("fees", Category.ABOUT))
    home = client.get("/").content.decode()
    assert '<a href="/cy/" hreflang="cy" lang="cy" dir="ltr">Cymraeg</a>' in home
    welsh = client.get("/cy/").content.decode()
    main = welsh.partition("<main")[2].partition("</main>")[0]
    assert re.findall(r'href="(/[^"]*)"', main) == [
        "/cy/appointments/request/",
        "/cy/urgent/",
        "/cy/appointments/link/",
        WELSH,
        "/",
    ]
    assert '<a href="/" hreflang="en-GB" lang="en-GB" dir="ltr">English</a>' in welsh
    in_english = '<a href="/about/fees/" hreflang="en-GB"'
    assert welsh.count(in_english) == 2
    factories.translation(of=about.page)
    publication.forget_titles()
    for page in "/cy/", WELSH, "/cy/urgent/":
        content = client.get(page).content.decode()
        # In the menu and the footer, and in the list of pages.
        assert content.count('<a href="/cy/about/fees/"') == (3 if page == "/cy/" else 2)
        assert in_english not in content
        assert '<a class="brand" href="/cy/">' in content
    assert '<a class="brand" href="/">' in home
    assert "https://clinic.example/cy/</loc>" in client.get("/sitemap.xml").content.decode()
    assert client.get("/fr/").status_code == 404


def test_a_page_that_runs_from_right_to_left_says_so(
    client: Client, published: Revision, monday: datetime
) -> None:
    factories.translation(of=published.page, language="ur")
    address = WELSH.replace("cy", "ur")
    assert '<html lang="ur" dir="rtl">' in client.get(address).content.decode()
    assert '<html lang="ur" dir="rtl">' in client.get(f"{address}leaflet/").content.decode()


def test_how_to_check_a_translation_is_in_english_and_says_so(
    client: Client, published: Revision
) -> None:
    factories.translation(of=published.page)
    shown = client.get(f"{WELSH}verify/").content.decode()
    assert INSTEAD in shown
    assert "Peiriant a gyfieithodd y dudalen hon" not in shown
    main = shown.partition("<main")[2].partition("</main>")[0]
    assert "23 November 2026" in main
    assert "Tachwedd" not in main


def test_a_newer_english_text_is_named_until_it_is_translated(
    client: Client, published: Revision, monday: datetime
) -> None:
    factories.translation(of=published.page)
    assert SINCE not in client.get(WELSH).content.decode()
    newer = published.document.replace("Some words", "Other words")
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, text=newer, now=monday)
    behind = client.get(WELSH).content.decode()
    assert SINCE in behind
    assert "23 Tachwedd 2026" in behind
    for printed in ("leaflet/", "leaflet/?size=large"):
        assert SINCE in client.get(f"{WELSH}{printed}").content.decode(), printed
    assert f'<a href="{ENGLISH}" hreflang="en-GB">' in behind
    (due,) = reviews.due(monday.date())
    assert [each.sentence for each in due.causes] == [
        "Patients who read it in Welsh read what version 1 says. Have the present text translated."
    ]
    again = publishing.start_translation(
        published.page, language="cy", by=factories.translator(), now=monday
    )
    # What was translated already is taken over; what is new is still in English.
    assert again.document.count("Cymraeg") == factories.in_other_words(newer).count("Cymraeg") - 1
    assert "Other words about it.\n" in again.document
    factories.translation(of=published.page, text=factories.in_other_words(newer))
    assert SINCE not in client.get(WELSH).content.decode()
    assert reviews.due(monday.date()) == []


def test_a_translation_of_an_old_text_is_neither_signed_nor_published(
    published: Revision, monday: datetime
) -> None:
    waiting = factories.translation(RevisionStatus.IN_REVIEW, of=published.page)
    signed = factories.translation(RevisionStatus.SIGNED, of=published.page, language="pl")
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    with pytest.raises(PublishingRefused, match="no longer read the English text"):
        publishing.sign_as_translator(waiting, by=factories.translator(), **hands(waiting, monday))
    with pytest.raises(PublishingRefused, match="no longer read the English text"):
        publishing.publish(
            signed, version=signed.version, by=factories.staff("Publisher"), now=monday
        )


def test_a_translation_of_an_old_text_is_not_sent_to_review_and_its_words_are_taken_over(
    sign_in: Callable[[User], Client], published: Revision, monday: datetime
) -> None:
    draft = factories.translation(RevisionStatus.DRAFT, of=published.page, now=monday)
    url = f"/admin/procedures/revision/{draft.pk}/change/"
    by, said = (
        factories.translator(),
        "Patients no longer read the English text that this translates",
    )
    assert said not in sign_in(by).get(url).content.decode()
    suspended(published, monday)
    assert said in sign_in(by).get(url).content.decode()
    with pytest.raises(PublishingRefused, match=said):
        publishing.submit_for_review(draft, version=draft.version, by=by, now=monday)
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    begun = publishing.start_translation(published.page, language="cy", by=by, now=monday)
    assert (begun.number, begun.document) == (2, draft.document)


def suspended(english: Revision, now: datetime) -> None:
    by = doctors()
    publishing.suspend(english, version=english.version, by=by, reason="Harm.", now=now)


def withdrawn(english: Revision, now: datetime) -> None:
    by = factories.staff("Publisher")
    publishing.withdraw(english, version=english.version, by=by, reason="Gone.", now=now)


def revoked(english: Revision, now: datetime) -> None:
    by = doctors()
    publishing.revoke(english, version=english.version, by=by, reason="Doubt.", now=now)


def forged(english: Revision, now: datetime) -> None:
    Revision.objects.filter(pk=english.pk).update(fragment=english.fragment + "<p>More.</p>")


@pytest.mark.parametrize("close", [suspended, withdrawn, revoked, forged])
def test_a_translation_closes_with_the_english(
    client: Client,
    published: Revision,
    monday: datetime,
    close: Callable[[Revision, datetime], None],
) -> None:
    made = factories.translation(of=published.page)
    close(published, monday)
    answer = client.get(WELSH)
    assert (answer.status_code, made.fragment in answer.content.decode()) == (410, False)
    assert client.get(f"{WELSH}leaflet/").status_code == 410
    if close is forged:
        return
    # A new English text opens the English page. What was doubted is still not shown in Welsh.
    factories.revision(RevisionStatus.PUBLISHED, of=published.page, now=monday)
    assert client.get(ENGLISH).status_code == 200
    assert INSTEAD in client.get(WELSH).content.decode()
    assert client.get(f"{WELSH}verify/version-1.txt").status_code == 404


def test_a_translation_is_due_when_the_english_is(
    client: Client, published: Revision, monday: datetime, at: Callable[[datetime], None]
) -> None:
    made = factories.translation(of=published.page)
    signed = published.sign_offs.get()
    assert {each.review_due for each in made.sign_offs.all()} == {signed.review_due}
    overdue = "Mae adolygiad y dudalen hon yn hwyr."
    at(monday + timedelta(days=731))
    assert overdue in client.get(WELSH).content.decode()
    publishing.re_affirm(
        published,
        version=published.version,
        fragment_hash=published.fragment_hash,
        by=renewed(),
        now=monday + timedelta(days=731),
    )
    assert overdue not in client.get(WELSH).content.decode()
    at(monday + timedelta(days=731 + 731 + 61))
    assert client.get(WELSH).status_code == 410


def renewed() -> User:
    person = factories.clinician()
    person.verified_until = timezone.localdate() + timedelta(days=365)
    person.save()
    return doctors()


def test_a_translation_that_is_taken_away_leaves_the_english(
    client: Client, published: Revision, monday: datetime
) -> None:
    made = factories.translation(of=published.page)
    suspended(made, monday)
    assert client.get(ENGLISH).status_code == 200
    assert INSTEAD in client.get(WELSH).content.decode()
    assert "Wedi'i dynnu'n ôl" in client.get(f"{WELSH}version/1/").content.decode()


@pytest.mark.parametrize(
    "columns",
    [{"language": "pl"}, {"original": None, "language": ""}],
)
def test_a_translation_that_was_moved_in_the_database_is_not_shown(
    client: Client, published: Revision, monday: datetime, columns: dict[str, Any]
) -> None:
    made = factories.translation(of=published.page)
    moved = {**columns, **({"slug": "another"} if columns["language"] == "" else {})}
    InformationPage.in_every_language.filter(pk=made.page_id).update(**moved)
    assert made.fragment.encode() not in client.get("/pl/procedures/a-thing/").content
    assert client.get("/procedures/another/").status_code in {404, 410}


# --- The public log ----------------------------------------------------------------------------


def test_the_log_names_the_language_and_the_english_text(
    client: Client, published: Revision, monday: datetime
) -> None:
    english = list(LogEntry.objects.values_list("statement", flat=True))
    made = factories.translation(of=published.page)
    told = [
        verify.read_statement(each)
        for each in LogEntry.objects.order_by("index").values_list("statement", flat=True)
    ]
    assert [each["act"] for each in told[-3:]] == ["translated", "signed", "published"]
    assert {each["language"] for each in told[-3:]} == {"cy"}
    assert {each["translates"] for each in told[-3:]} == {published.fragment_hash}
    assert {each["page"] for each in told[-3:]} == {"cy/procedures/a-thing"}
    assert [each["signer"] for each in told[-3:]] == ["Translator", "Dr Clinician", "-"]
    assert all("\nlanguage " not in each for each in english)
    checkpoints.sign(monday + timedelta(minutes=2))
    address = f"{WELSH}verify/version-{made.number}"
    text, statement, proof = (client.get(address + end).content for end in ENDINGS)
    key = notes.log_key()
    assert verify.check(text, statement, proof.decode(), key).said["language"] == "cy"
    assert second_opinion.accepts(text, statement, proof, key)
    for wrong in (
        statement.replace(b"language cy", b"language pl"),
        statement.replace(published.fragment_hash.encode(), b"0" * 64),
    ):
        with pytest.raises(verify.Refused):
            verify.check(text, wrong, proof.decode(), key)
        assert not second_opinion.accepts(text, wrong, proof, key)
    assert "This text is a translation" in client.get(f"{WELSH}verify/").content.decode()
    assert PageEvent.objects.filter(page__language="cy").count() == 5


# --- The desk ----------------------------------------------------------------------------------


def test_a_translation_is_begun_written_signed_and_published_at_the_desk(
    sign_in: Callable[[User], Client], published: Revision, monday: datetime
) -> None:
    page = published.page
    overview = reverse("admin:procedures_informationpage_translations", args=[page.pk])
    translator = factories.translator()
    desk = sign_in(translator)
    assert "Welsh: none" in desk.get(overview).content.decode()
    begun = desk.post(overview, {"language": "cy"}, follow=True)
    made = Revision.objects.get(page__original=page)
    shown = begun.content.decode()
    assert "to fill in, with what belongs there" in shown
    assert '<textarea id="part-0" name="part-0"' in shown
    said = parts(factories.in_other_words(published.document))
    typed = {f"part-{at}": each.text for at, each in enumerate(said)}
    address = reverse("admin:procedures_revision_change", args=[made.pk])
    form = {**typed, "note": "Newydd.", "change_class": "advice", "seen_version": made.version}
    desk.post(address, form)
    made.refresh_from_db()
    assert made.document == factories.in_other_words(published.document).strip()
    assert "Welsh: draft" in desk.get(overview).content.decode()
    for slug, person, more in (
        ("submit", translator, dict[str, Any]()),
        ("sign-as-translator", translator, {"checklist": TRANSLATORS_CHECKLIST}),
        ("sign-translation", doctors(), {"checklist": made.page.checklist()}),
        ("publish", factories.staff("Publisher"), {}),
    ):
        made.refresh_from_db()
        desk = sign_in(person)
        decide = reverse("admin:procedures_revision_decide", args=[made.pk, slug])
        assert f'href="{decide}"' in desk.get(address).content.decode()
        hashed = {"version": made.version, "fragment_hash": made.fragment_hash, **more}
        assert desk.post(decide, hashed).status_code == 302
    assert desk.get(WELSH).status_code == 200
    assert "Welsh: published" in desk.get(overview).content.decode()
    kinds = (
        PageEvent.objects.filter(page=made.page).order_by("number").values_list("kind", flat=True)
    )
    assert [*kinds] == [
        "drafted",
        "edited",
        "sent to review",
        "signed as translator",
        "signed",
        "published",
    ]


def test_the_english_text_leads_to_its_translations(
    sign_in: Callable[[User], Client], published: Revision, settings: Any
) -> None:
    """“Today” sends a translator there when a translation says what an earlier text said."""
    desk = sign_in(factories.translator())
    overview = reverse("admin:procedures_informationpage_translations", args=[published.page.pk])
    address = reverse("admin:procedures_revision_change", args=[published.pk])
    shown = [overview in desk.get(address).content.decode()]
    settings.OTHER_LANGUAGES = []
    shown.append(overview in desk.get(address).content.decode())
    assert shown == [True, False]


def test_nobody_is_told_to_send_what_a_machine_wrote_to_review(
    published: Revision, sign_in: Callable[[Any], Client], monday: datetime
) -> None:
    by = factories.translator()
    words = factories.in_other_words(published.document)
    begin = partial(publishing.start_translation, published.page, by=by, now=monday)
    by_machine = begin(language="cy", by_machine=True, document=words)
    content = (
        sign_in(by).get(f"/admin/procedures/revision/{by_machine.pk}/change/").content.decode()
    )
    assert "The checks found nothing." in content
    assert "You can send" not in content


def test_a_machines_text_that_cannot_be_read_stays_in_its_box(
    published: Revision, sign_in: Callable[[Any], Client]
) -> None:
    url = f"/admin/procedures/informationpage/{published.page.pk}/translations/"
    posted = {"language": "pl", "by_machine": "on", "document": "Some words & no front matter"}
    content = sign_in(factories.translator()).post(url, posted).content.decode()
    assert "Begin with “---”" in content
    boxes = re.findall(r"<textarea id=\"machine-(..)\"[^>]*>([^<]*)</textarea>", content)
    assert dict(boxes) == {"cy": "", "pl": "\nSome words &amp; no front matter", "ur": ""}


def test_a_machines_draft_is_read_only_at_the_desk(
    sign_in: Callable[[User], Client], published: Revision, monday: datetime
) -> None:
    overview = reverse("admin:procedures_informationpage_translations", args=[published.page.pk])
    desk = sign_in(factories.staff("Editor"))
    text = factories.in_other_words(published.document)
    sent = {"language": "pl", "by_machine": "on", "document": text}
    shown = desk.post(overview, sent, follow=True).content.decode()
    made = Revision.objects.get(page__original=published.page)
    assert made.made_by_machine
    assert "A machine made this translation." in shown
    assert (
        f'href="{reverse("admin:procedures_revision_decide", args=[made.pk, "submit"])}"'
        not in shown
    )
    assert 'name="document"' not in shown
    assert "What a machine wrote" in desk.get(overview).content.decode()


def test_translators_write_nothing_in_english(
    sign_in: Callable[[User], Client], published: Revision
) -> None:
    english = factories.revision(of=published.page)
    desk = sign_in(factories.translator())
    address = reverse("admin:procedures_revision_change", args=[english.pk])
    assert 'name="document"' not in desk.get(address).content.decode()
    assert desk.post(address, {"document": "x", "seen_version": 1}).status_code == 403
    english.refresh_from_db()
    assert english.document == published.document


# --- A race ------------------------------------------------------------------------------------


def acts_of_two_publishers(now: datetime) -> list[Callable[[], Any]]:
    """Somebody publishes a translation while a colleague publishes a newer English text."""
    english = factories.revision(RevisionStatus.PUBLISHED, now=now)
    newer = factories.revision(RevisionStatus.SIGNED, of=english.page, now=now)
    made = factories.translation(RevisionStatus.SIGNED, of=english.page, now=now)
    publisher = factories.staff("Publisher")
    return [
        partial(publishing.publish, text, version=text.version, by=publisher, now=now)
        for text in (made, newer)
    ]


def order_of_publications() -> list[tuple[str, int]]:
    """The language and the version of what was published after the first text, in order."""
    published = PageEvent.objects.filter(kind="published").order_by("number")
    return list(published.values_list("page__language", "revision__number"))[1:]


@pytest.mark.django_db(transaction=True)
def test_a_translation_is_never_published_after_its_english_text_was_replaced(
    monday: datetime,
) -> None:
    outcomes = race(acts_of_two_publishers(monday))
    order = order_of_publications()
    assert order in ([("", 2)], [("cy", 1), ("", 2)])
    assert losses(outcomes) == ({PublishingRefused} if len(order) == 1 else set())


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_queue_of_steps_it_could_be(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    checked, replaced = threading.Event(), threading.Event()

    def checked_before_it_was_replaced(revision: Revision) -> SignOff:
        signed = originals.refuse_outdated(revision)
        checked.set()
        assert replaced.wait(processes.PATIENCE)
        return signed

    monkeypatch.setattr(releasing, "refuse_outdated", checked_before_it_was_replaced)
    monkeypatch.setattr(releasing, "one_step", transaction.atomic)
    translate, replace = acts_of_two_publishers(monday)

    def replace_when_checked() -> None:
        assert checked.wait(processes.PATIENCE)
        replace()
        replaced.set()

    race([translate, replace_when_checked])
    assert order_of_publications() == [("", 2), ("cy", 1)]


def begun_by_two(english: Revision, now: datetime) -> list[Callable[[], Revision]]:
    """Two translators begin the Welsh text of a newer English one."""
    factories.translation(of=english.page, now=now)
    factories.revision(RevisionStatus.PUBLISHED, of=english.page, now=now)
    begin = partial(publishing.start_translation, english.page, language="cy", now=now)
    translators = [factories.translator(username=name) for name in ("one", "another")]
    return [partial(begin, by=each) for each in translators]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_a_translation_the_second_goes_on_with_the_first(
    monday: datetime,
) -> None:
    english = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    first, second = race(begun_by_two(english, monday))
    assert (first, first.number) == (second, 2)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_queue_of_steps_the_second_is_turned_away(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above, with the guard off."""
    english = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    acts = begun_by_two(english, monday)
    monkeypatch.setattr(translating, "_begun_with", having_met(2, translating._begun_with))
    for module in (translating, drafting):
        monkeypatch.setattr(module, "one_step", transaction.atomic)
    assert losses(race(acts)) == {PublishingRefused}
