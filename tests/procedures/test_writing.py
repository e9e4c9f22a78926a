"""An editor begins a page and writes it: what is proposed, shown, kept and refused."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client

from procedures import publishing
from procedures.models import InformationPage, Revision, UnsavedText
from procedures.status import Category, RevisionStatus
from procedures.texts.skeletons import HINT, skeleton
from tests import factories
from tests.procedures.test_desk import LIST, decide_at, page_of, text

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
At = Callable[[datetime], None]
START = f"{LIST}add/"
SCRIPT = Path(settings.BASE_DIR) / "static" / "js" / "write.js"


def typed(revision: Revision, **changes: Any) -> dict[str, Any]:
    """What the form on the page of this draft sends."""
    columns = ("document", "change_class", "note")
    values = {name: getattr(revision, name) for name in columns}
    return values | {"seen_version": revision.version} | changes


def lines_named(content: str) -> list[int]:
    return sorted({int(each) for each in re.findall(r'href="#line-(\d+)"', content)})


# --- A new page -------------------------------------------------------------------------------


def test_whoever_has_chosen_a_page_is_asked_only_for_that_one(sign_in: SignIn) -> None:
    page, client = factories.page(), sign_in("Editor")
    both = client.get(START).content.decode()
    one = client.get(f"{START}?page={page.pk}").content.decode()
    buttons = ("Start writing", "Start from the present text")
    assert [words in both for words in buttons] == [True, True]
    assert [words in one for words in buttons] == [False, True]
    assert f'<option value="{page.pk}" selected>' in one


@pytest.mark.parametrize("category", Category)
def test_a_kind_and_a_title_are_enough_to_begin(
    category: Category, sign_in: SignIn, monday: datetime
) -> None:
    posted = {"category": category, "title": "Golfer’s elbow", "slug": ""}
    client = sign_in("Editor")
    answer = client.post(START, posted)
    page = InformationPage.objects.get()
    assert (page.slug, page.category, page.title) == ("golfers-elbow", category, "Golfer’s elbow")
    assert page.owner == factories.staff("Editor")
    draft = page.revisions.get()
    assert answer.headers["Location"] == page_of(draft)
    assert draft.document == skeleton(category, "Golfer’s elbow")
    assert draft.note == "This page is new."
    content = client.get(page_of(draft)).content.decode()
    assert f"{len(HINT.findall(draft.document))} to fill in" in content
    assert "<h1>Golfer’s elbow</h1>" in content
    assert "to correct" not in re.sub("skeleton__to-correct", "", content).split("<form")[1]


def test_an_address_has_small_letters_as_a_folder_of_texts_has(sign_in: SignIn) -> None:
    posted = {"category": "guides", "title": "Golfer’s elbow", "slug": "Golfers-Elbow"}
    sign_in("Editor").post(START, posted)
    assert InformationPage.objects.get().slug == "golfers-elbow"


def test_the_way_there_is_one_press_from_pages_and_from_today(sign_in: SignIn) -> None:
    for group, sees_it in (("Editor", True), ("Publisher", False)):
        client = sign_in(group)
        for url in ("/admin/", LIST):
            assert (f'href="{START}"' in client.get(url).content.decode()) == sees_it
        assert client.get(START).status_code == (200 if sees_it else 403)
        assert client.post(START, {"title": "x"}).status_code == (200 if sees_it else 403)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"category": ""}, "Choose what kind of page it is."),
        ({"title": " "}, "Enter the title of the page."),
        ({"title": "x" * 201}, "Shorten this to 200 characters or fewer."),
        ({"slug": "é"}, "Use only letters without accents, numbers and hyphens"),
        ({"title": "日本"}, "Enter the last part of the address."),
        ({"slug": "a-thing"}, "The page “A thing” has the address “a-thing”. Enter another."),
        ({"slug": "A-Thing"}, "The page “A thing” has the address “a-thing”. Enter another."),
        ({"title": "A thing"}, "The page “A thing” has the address “a-thing”. Enter another."),
    ],
)
def test_what_cannot_begin_is_told(
    changes: dict[str, str], sentence: str, sign_in: SignIn, monday: datetime
) -> None:
    factories.revision(now=monday)
    posted = {"category": "guides", "title": "Golfer’s elbow", "slug": ""} | changes
    assert sentence in sign_in("Editor").post(START, posted).content.decode()
    assert InformationPage.objects.count() == 1


def test_a_page_without_any_text_begins_with_its_skeleton(
    sign_in: SignIn, monday: datetime
) -> None:
    page = factories.page("golfers-elbow", Category.GUIDE)
    sign_in("Editor").post(START, {"page": page.pk})
    assert page.revisions.get().document == skeleton(Category.GUIDE, "Golfers elbow")


def test_a_new_page_is_sent_to_review_with_prose_alone(sign_in: SignIn, monday: datetime) -> None:
    client = sign_in("Editor")
    posted = {"category": "about", "title": "Parking", "slug": "parking"}
    client.post(START, posted)
    draft = Revision.objects.get()
    assert "decide/submit/" not in client.get(page_of(draft)).content.decode()
    written = HINT.sub("some plain words", draft.document)
    answer = client.post(page_of(draft), typed(draft, document=written, _review="yes"))
    assert answer.headers["Location"] == decide_at(draft, "submit")
    draft.refresh_from_db()
    client.post(decide_at(draft, "submit"), {"version": draft.version})
    draft.refresh_from_db()
    assert draft.status == RevisionStatus.IN_REVIEW


# --- See it -----------------------------------------------------------------------------------


def test_see_it_shows_what_is_typed_and_saves_nothing(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    values = typed(draft, document=factories.document(title="Typed"), note="Mine.", _see="yes")
    content = sign_in("Editor").post(page_of(draft), values).content.decode()
    assert "<h1>Typed</h1>" in content
    assert "title: Typed" in content
    assert 'value="Mine."' in content
    assert "Not saved yet." in content
    assert "Save and send to\n    review" in content
    draft.refresh_from_db()
    assert (draft.title, draft.note, draft.version) == ("A thing", "New.", 1)


def test_see_it_comes_before_save(sign_in: SignIn, monday: datetime) -> None:
    """Enter in the box of the note presses the first button that belongs to the form."""
    draft = factories.revision(now=monday)
    content = sign_in("Editor").get(page_of(draft)).content.decode()
    belonging = re.findall(r'<button[^>]*form="write"[^>]*>', content)
    assert [bool("_see" in button) for button in belonging[:2]] == [True, False]
    assert content.index(belonging[0]) < content.index('<form method="post" id="write"')


def test_a_fault_is_named_at_its_line_and_hides_nothing_else(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    body = f"::: stairs\n:::\n{factories.BODY}\nIt is painless.\n"
    document = factories.document(body=body)
    client = sign_in("Editor")
    for url in (page_of(draft), f"{LIST}{draft.pk}/see/"):
        content = client.post(url, typed(draft, document=document, _see="yes")).content.decode()
        assert "2 to correct" in content
        promise = document.split("\n").index("It is painless.") + 1
        assert {8, promise} <= set(lines_named(content))
        for line in lines_named(content):
            assert f'id="line-{line}"' in content
        assert '<li id="line-8" class="numbered__wrong"><code>::: stairs</code>' in content
        assert "<p>It is a thing." in content
        assert "Send to review" not in content


@pytest.mark.parametrize("document", ["", "words", "\x00", "---\ntitle: A\n---\n", "[" * 3000])
def test_whatever_is_typed_can_be_seen_and_kept(
    document: str, sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    for values in (typed(draft, document=document, _see="yes"), {"_see": "yes"}):
        for url in (page_of(draft), f"{LIST}{draft.pk}/see/", f"{LIST}{draft.pk}/keep/"):
            assert client.post(url, values).status_code == 200
    draft.refresh_from_db()
    assert draft.version == 1


def test_a_text_that_is_too_long_is_given_back_whole(sign_in: SignIn, monday: datetime) -> None:
    """Lines end in two characters when a browser sends them, and in one when we count."""
    draft = factories.revision(now=monday)
    document = factories.document() + f"{'word ' * 900}\r\n" * 45 + "The end of it."
    client = sign_in("Editor")
    for button in ("_see", "_save"):
        values = typed(draft, document=document) | {button: "yes"}
        content = client.post(page_of(draft), values).content.decode()
        assert "The text is longer than 200,000 characters. Shorten it." in content
        assert "1 to correct" in content
        assert "The end of it." in content.partition("<textarea")[2].partition("</textarea>")[0]
    client.post(f"{LIST}{draft.pk}/keep/", typed(draft, document=document))
    assert UnsavedText.objects.get().document.endswith("The end of it.")
    factories.brought_to(RevisionStatus.IN_REVIEW, draft, now=monday)
    assert (
        "The end of it."
        in client.post(page_of(draft), typed(draft, document=document)).content.decode()
    )


def test_a_missing_note_is_one_thing_to_correct(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    url = f"{LIST}{draft.pk}/see/"
    content = sign_in("Editor").post(url, typed(draft, note=" ")).content.decode()
    assert "1 to correct" in content
    assert '<a href="#id_note">The note</a>' in content


def test_nothing_is_sent_to_review_while_something_is_left(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    document = factories.document(body=f"{factories.BODY}\nIt is painless.\n")
    client = sign_in("Editor")
    answer = client.post(page_of(draft), typed(draft, document=document, _review="yes"))
    assert answer.headers["Location"] == page_of(draft)
    content = client.get(page_of(draft)).content.decode()
    assert "decide/submit/" not in content
    assert "You can send the text to review when this is done." in content
    # A colleague who may send it and not write it is not offered it either.
    other = factories.staff("Publisher")
    other.user_permissions.add(Permission.objects.get(codename="submit_revision"))
    assert "decide/submit/" not in sign_in(other).get(page_of(draft)).content.decode()


def test_blocks_sources_and_figures_are_at_hand(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    content = sign_in("Editor").get(page_of(draft)).content.decode()
    for part in (
        "::: risks\n| What can happen | How often | What to know |",
        "<code>[^leaflet]</code>",
        'A leaflet <span class="quiet">Leaflet</span>',
        'href="/admin/procedures/figure/add/"',
    ):
        assert part in content


# --- What was typed and not saved ---------------------------------------------------------------


def test_what_was_not_saved_is_offered_to_whoever_typed_it(
    sign_in: SignIn, monday: datetime, at: At
) -> None:
    draft = factories.revision(now=monday)
    mine = factories.document(title="Mine")
    at(monday + timedelta(minutes=42))
    client = sign_in("Editor")
    kept = client.post(f"{LIST}{draft.pk}/keep/", typed(draft, document=mine, note="N."))
    assert kept.content.decode() == "Kept for you at 10:42, not saved yet."
    draft.refresh_from_db()
    assert (draft.title, draft.version) == ("A thing", 1)
    offered = client.get(page_of(draft)).content.decode()
    assert "You have unsaved text from 23 November, 10:42" in offered
    assert "title: Mine" not in offered
    gone_on = client.get(f"{page_of(draft)}?unsaved=yes").content.decode()
    assert "title: Mine" in gone_on
    assert "Not saved yet." in gone_on
    other = sign_in(factories.staff("Editor", "other")).get(f"{page_of(draft)}?unsaved=yes")
    assert "Mine" not in other.content.decode()
    assert "You have unsaved text" not in other.content.decode()


def test_saving_or_discarding_forgets_it(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    values = typed(draft, document=factories.document(title="Mine"))
    client.post(f"{LIST}{draft.pk}/keep/", values)
    said = client.post(f"{LIST}{draft.pk}/discard/", follow=True).content.decode()
    assert "Discarded. This is the saved text." in said
    assert not UnsavedText.objects.exists()
    client.post(f"{LIST}{draft.pk}/keep/", values)
    client.post(f"{LIST}{draft.pk}/keep/", values)
    assert UnsavedText.objects.count() == 1
    client.post(page_of(draft), values)
    assert not UnsavedText.objects.exists()
    draft.refresh_from_db()
    assert draft.title == "Mine"


def test_what_says_the_same_as_the_draft_is_not_offered(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    client.post(f"{LIST}{draft.pk}/keep/", typed(draft))
    assert "You have unsaved text" not in client.get(page_of(draft)).content.decode()


@pytest.mark.parametrize("name", ["see", "keep", "discard"])
def test_only_a_draft_is_written_and_only_by_its_writers(
    name: str, sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    frozen = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    for group, revision, status in (
        # Whoever typed something can always discard it.
        ("Editor", frozen, 302 if name == "discard" else 403),
        ("Clinician", draft, 403),
        ("Publisher", draft, 403),
    ):
        url = f"{LIST}{revision.pk}/{name}/"
        assert sign_in(group).post(url, typed(revision)).status_code == status
    client = sign_in("Editor")
    assert client.get(f"{LIST}{draft.pk}/{name}/").status_code == 405
    assert client.post(f"{LIST}999/{name}/").status_code == 404
    assert not UnsavedText.objects.exists()


# --- Two editors --------------------------------------------------------------------------------


def test_two_who_save_see_both_texts_and_lose_neither(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    shared = factories.BODY
    theirs = factories.document(body=shared.replace("Some words", "Their words"))
    mine = factories.document(body=shared.replace("Some words", "My own words"))
    sign_in(factories.staff("Editor", "other")).post(page_of(draft), typed(draft, document=theirs))
    client = sign_in("Editor")
    refused = client.post(page_of(draft), typed(draft, document=mine, note="Mine."))
    content = refused.content.decode()
    assert "A colleague edited this text at the same time." in content
    assert "Other saved it at 10:00." in content
    assert "My own words about it." in content.split("<textarea")[1]
    assert 'value="Mine."' in content
    assert theirs.split("---\n")[2].strip() in content.replace("&#x27;", "'")
    assert re.search(r"<ins>.*My own.*</ins>", content)
    assert re.search(r"<del>.*Their.*</del>", content)
    draft.refresh_from_db()
    assert draft.document == theirs.strip()
    # Having seen both, the second save goes through.
    assert f'name="seen_version" value="{draft.version}"' in content
    client.post(page_of(draft), typed(draft, document=mine))
    draft.refresh_from_db()
    assert draft.document == mine.strip()


def test_two_tabs_of_one_editor_are_not_two_colleagues(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    first = factories.document(body=factories.BODY.replace("Some words", "First words"))
    client.post(page_of(draft), typed(draft, document=first))
    content = client.post(page_of(draft), typed(draft, note="Mine.")).content.decode()
    assert "You edited this text in another tab or on another device." in content
    assert "You saved it at 10:00." in content
    assert "colleague" not in content.partition('id="conflict"')[2].partition("</section>")[0]


def test_unsaved_text_meets_what_a_colleague_has_saved_since(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    mine = typed(draft, document=factories.document(title="Mine"))
    client.post(f"{LIST}{draft.pk}/keep/", mine)
    publishing.save_draft(
        draft,
        version=draft.version,
        document=factories.document(title="Theirs"),
        change_class="advice",
        note="",
        by=factories.staff("Editor", "other"),
        now=monday,
    )
    client = sign_in("Editor")
    gone_on = client.get(f"{page_of(draft)}?unsaved=yes").content.decode()
    assert 'name="seen_version" value="1"' in gone_on
    content = client.post(page_of(draft), mine).content.decode()
    assert "A colleague edited this text at the same time." in content
    assert "title: Theirs" in content


def test_see_it_does_not_hide_that_a_colleague_saved(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(now=monday)
    stale = typed(draft, document=factories.document(title="Mine"), _see="yes")
    publishing.save_draft(
        draft,
        version=draft.version,
        **text(document=factories.document(title="Theirs")),
        by=factories.staff("Editor", "other"),
        now=monday,
    )
    content = sign_in("Editor").post(page_of(draft), stale).content.decode()
    assert 'name="seen_version" value="1"' in content


def test_what_comes_after_the_text_was_sent_to_review_is_given_back(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    mine = typed(draft, document=factories.document(title="Mine"), note="My note.")
    factories.brought_to(RevisionStatus.IN_REVIEW, draft, now=monday)
    answer = sign_in("Editor").post(page_of(draft), mine)
    assert answer.status_code == 403
    content = answer.content.decode()
    assert "is in review now, so what you" in content
    assert "title: Mine" in content
    assert "My note." in content
    assert "title: Mine" not in sign_in("Clinician").post(page_of(draft), mine).content.decode()


def test_what_was_kept_of_a_text_that_went_to_review_is_still_shown_to_whoever_typed_it(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    mine = typed(draft, document=factories.document(title="Mine"), note="My note.")
    client = sign_in("Editor")
    client.post(f"{LIST}{draft.pk}/keep/", mine)
    factories.brought_to(RevisionStatus.IN_REVIEW, draft, now=monday)
    other = sign_in(factories.staff("Editor", "other")).get(page_of(draft)).content.decode()
    assert "You have unsaved text" not in other
    client = sign_in("Editor")
    content = client.get(page_of(draft)).content.decode()
    assert "You have unsaved text from 23 November, 10:00" in content
    assert "title: Mine" in content
    assert "My note." in content
    assert f'formaction="{LIST}{draft.pk}/discard/"' in content
    client.post(f"{LIST}{draft.pk}/discard/")
    assert not UnsavedText.objects.exists()
    assert "You have unsaved text" not in client.get(page_of(draft)).content.decode()


def test_whoever_goes_on_with_a_returned_text_reads_why(sign_in: SignIn, monday: datetime) -> None:
    draft = factories.revision(RevisionStatus.IN_REVIEW, now=monday)
    content = sign_in("Editor").get("/admin/").content.decode()
    assert "<td>In review</td>" in content
    publishing.return_to_author(
        draft,
        version=draft.version,
        by=factories.staff("Clinician"),
        reason="Say how long it lasts.",
        now=monday + timedelta(hours=2),
    )
    client = sign_in("Editor")
    assert "<td>Draft, returned</td>" in client.get("/admin/").content.decode()
    for answer in (client.get(page_of(draft)), client.post(page_of(draft), typed(draft, _see=1))):
        content = answer.content.decode()
        assert "Clinician returned it on 23 November at 12:00" in content
        assert "Say how long it lasts." in content
    # Who read it has saved nothing.
    assert "Saved 23 November at 10:00 by Editor." in client.get(page_of(draft)).content.decode()


def test_a_draft_names_the_other_new_versions_of_its_page(
    sign_in: SignIn, monday: datetime
) -> None:
    """What they change may be missing in it: it began with what patients read at that time."""
    client = sign_in("Editor")
    page = factories.revision(RevisionStatus.PUBLISHED, now=monday).page
    other = factories.revision(RevisionStatus.IN_REVIEW, of=page, now=monday)
    draft = publishing.start_version(page, by=factories.staff("Editor"), now=monday)
    link = f"{LIST}{draft.pk}/compare/?with={other.pk}"
    for status in ("in review", "signed", "published"):
        content = client.get(page_of(draft)).content.decode()
        assert "There is another new version" in content
        assert re.search(rf'"{re.escape(link)}">compare with version 2</a>,\s+{status}\.', content)
        if status == "in review":
            hashed, by = other.fragment_hash, factories.clinician().login
            assert by
            publishing.sign_off(
                other, version=other.version, fragment_hash=hashed, by=by, now=monday
            )
        elif status == "signed":
            by = factories.staff("Publisher")
            publishing.publish(other, version=other.version, by=by, now=monday)
    alone = factories.revision(RevisionStatus.PUBLISHED, of=factories.page("alone"), now=monday)
    later = monday + timedelta(hours=1)
    begun = publishing.start_version(alone.page, by=factories.staff("Editor"), now=later)
    assert "another new version" not in client.get(page_of(begun)).content.decode()


def test_a_draft_says_that_a_later_version_has_been_published(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    assert "A later version" not in client.get(page_of(draft)).content.decode()
    factories.revision(RevisionStatus.PUBLISHED, of=draft.page, now=monday)
    content = client.get(page_of(draft)).content.decode()
    assert "A later version of this page has been published" in content
    assert "another new version" not in content


# --- The script, and what the page asks of the database -------------------------------------------


def test_the_script_is_small_and_only_there_may_it_ask_the_server(
    sign_in: SignIn, monday: datetime
) -> None:
    assert SCRIPT.stat().st_size < 4096
    draft = factories.revision(now=monday)
    client = sign_in("Editor")
    writing = client.get(page_of(draft)).headers["Content-Security-Policy"]
    assert "script-src 'self'" in writing
    assert "connect-src 'self'" in writing
    for url in (START, LIST, f"{LIST}{draft.pk}/preview/", "/"):
        assert "connect-src" not in client.get(url).headers["Content-Security-Policy"]


def test_what_only_the_script_can_do_is_hidden_without_it(
    sign_in: SignIn, monday: datetime
) -> None:
    draft = factories.revision(now=monday)
    content = sign_in("Editor").get(page_of(draft)).content.decode()
    buttons = re.findall(r"<button[^>]*data-insert[^>]*>", content)
    assert buttons
    assert all(" hidden" in button for button in buttons)


def test_the_page_takes_few_queries(
    sign_in: SignIn, monday: datetime, django_assert_max_num_queries: Any
) -> None:
    for slug in ("one", "two", "three"):
        factories.revision(RevisionStatus.PUBLISHED, of=factories.page(slug), now=monday)
    draft = factories.revision(of=factories.page("one"), now=monday)
    client = sign_in("Editor")
    client.get(page_of(draft))
    with django_assert_max_num_queries(25):
        client.get(page_of(draft))
    with django_assert_max_num_queries(20):
        client.post(f"{LIST}{draft.pk}/see/", typed(draft))


# --- An incident --------------------------------------------------------------------------------


def test_the_screen_of_a_page_has_one_red_button(sign_in: SignIn, monday: datetime) -> None:
    live = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    client = sign_in("Publisher")
    for url in (f"/admin/procedures/informationpage/{live.page.pk}/change/", page_of(live)):
        content = client.get(url).content.decode()
        (red,) = re.findall(r'<a class="button button--destructive"\s+href="([^"]*)"', content)
        assert red == decide_at(live, "suspend")
        behind = re.search(r'<details class="behind">.*?</details>', content, re.DOTALL)
        assert behind
        assert decide_at(live, "withdraw") in behind[0]
        assert content.count(decide_at(live, "withdraw")) == 1
    # Somebody who may not is offered nothing.
    content = sign_in("Editor").get(page_of(live)).content.decode()
    assert "button--destructive" not in content


def test_titles_and_no_addresses(sign_in: SignIn, monday: datetime) -> None:
    live = factories.revision(RevisionStatus.PUBLISHED, now=monday)
    client = sign_in("Publisher")
    for url in (
        LIST,
        page_of(live),
        decide_at(live, "withdraw"),
        "/admin/procedures/informationpage/",
        "/admin/procedures/pageevent/",
    ):
        shown = re.sub(r"<[^>]*>", " ", client.get(url).content.decode())
        assert "A thing" in shown
        assert "procedures/a-thing" not in shown
