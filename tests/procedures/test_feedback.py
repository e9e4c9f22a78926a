"""“Was this page clear?” The answer is kept with the text that was read, without the reader."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from procedures.models import PageFeedback, Revision
from procedures.reading.feedback import Tally, tally
from procedures.status import RevisionStatus
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/procedures/a-thing/feedback/"


def test_the_two_buttons_open_a_form_and_store_nothing(published: Revision, client: Client) -> None:
    page = client.get("/procedures/a-thing/").content.decode()
    assert f'<form class="clear" action="{URL}" method="get"' in page
    assert '<input type="hidden" name="version" value="1">' in page
    form = client.get(f"{URL}?clear=no&version=1").content.decode()
    assert 'value="no" id="id_clear_1" checked' in form
    assert not PageFeedback.objects.exists()


def test_an_answer_is_kept_with_the_text_and_the_day_and_nothing_else(
    published: Revision, client: Client
) -> None:
    posted = {"clear": "no", "comment": "What is a bursa?", "version": "1"}
    answer = client.post(URL, posted, REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Someone")
    assert "Thank you" in answer.content.decode()
    kept = PageFeedback.objects.values().get()
    assert kept == {
        "id": kept["id"],
        "revision_id": published.pk,
        "clear": False,
        "comment": "What is a bursa?",
        "day": date(2026, 11, 23),
    }


def test_it_is_kept_with_the_version_that_was_read(
    published: Revision, client: Client, monday: datetime
) -> None:
    later = factories.revision(RevisionStatus.PUBLISHED, now=monday + timedelta(days=1))
    client.post(URL, {"clear": "yes", "version": "1"})
    client.post(URL, {"clear": "yes", "version": "2"})
    client.post(URL, {"clear": "yes", "version": "99"})
    client.post(URL, {"clear": "yes"})
    found = list(PageFeedback.objects.order_by("pk").values_list("revision", flat=True))
    assert found == [published.pk, later.pk, later.pk, later.pk]


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({}, "Choose yes or no."),
        ({"clear": "perhaps"}, "You cannot choose this any more."),
        ({"clear": "no", "comment": "x" * 201}, "Shorten this to 200 characters or fewer."),
    ],
)
def test_a_faulty_answer_is_told_what_to_do(
    posted: dict[str, str], sentence: str, published: Revision, client: Client
) -> None:
    page = client.post(URL, posted).content.decode()
    assert sentence in page
    assert "There is a problem" in page
    assert not PageFeedback.objects.exists()


def test_one_place_gives_at_most_ten_answers_an_hour(published: Revision, client: Client) -> None:
    statuses = [client.post(URL, {"clear": "no"}).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert PageFeedback.objects.count() == 10
    assert client.post(URL, {"clear": "no"}, REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_foreign_page_cannot_answer_for_its_reader(published: Revision) -> None:
    assert Client(enforce_csrf_checks=True).post(URL, {"clear": "no"}).status_code == 403


@pytest.mark.parametrize(
    ("clear", "unclear", "worrying"), [(0, 2, False), (0, 3, True), (6, 3, True), (7, 3, False)]
)
def test_when_an_editor_should_look(clear: int, unclear: int, worrying: bool) -> None:
    assert Tally(clear, unclear).is_worrying == worrying


def test_answers_are_counted(published: Revision, client: Client) -> None:
    for said in ("yes", "no", "no"):
        client.post(URL, {"clear": said})
    assert tally(published) == Tally(clear=1, unclear=2)
