"""What is asked, and of whom, is kept in each process, and never a moment longer than it is so."""

import ast
import contextlib
import re
from collections.abc import Callable, Iterator
from copy import copy
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.diary.clinicians import who_can_be_asked_for
from bookings.models import AppointmentRequest, ClinicSession, Topic, Treatment
from bookings.models import QuestionGroup as Group
from bookings.models import ScreeningQuestion as Question
from bookings.screening import questions_for
from clinic_site import doctor
from procedures.ground import arranged
from procedures.ground.places import shared_places
from procedures.models import Clinician, InformationPage, SharedPlace
from tests import factories
from tests.people import BASE, fill_in, send
from tests.races import race

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parent.parent.parent
# What `answers` asks.
KEPT = {"questions_for", "who_can_be_asked_for", "shared_places"}


@pytest.fixture
def page(monday: datetime) -> InformationPage:
    """A page whose visits have a treatment of their own, with a question, and one clinician of two."""
    needle = Treatment.objects.create(name="A needle", is_usual=False)
    factories.question("fever")
    factories.question("allergy").treatments.add(needle)
    page = InformationPage.objects.create(slug="heel", category="procedures")
    topic = Topic.objects.create(page=page)
    topic.treatments.add(needle)
    topic.clinicians.add(factories.clinician())
    factories.clinician("other", name="Dr Other")
    SharedPlace.objects.create(network="203.0.113.0/24", times=3, note="A kiosk.")
    return page


def answers(page: InformationPage) -> list[Any]:
    """What every function whose answers are kept says now, field by field."""
    on = timezone.localdate()
    rows: list[list[Any]] = [
        *(questions_for(each) for each in (page, None)),
        *(who_can_be_asked_for(each, on) for each in (page, None)),
        shared_places(on),
    ]
    return [[_fields(row) for row in each] for each in rows]


def _fields(row: Any) -> dict[str, Any]:
    fields = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    return fields | ({"group": _fields(row.group)} if isinstance(row, Question) else {})


def looked_up(page: InformationPage) -> list[Any]:
    """The same without anything kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arranged, "current", lambda: "")
        return answers(page)


@contextlib.contextmanager
def unwatched() -> Iterator[None]:
    """Without the triggers of the questions. Needs a test with real transactions."""
    table = Question._meta.db_table
    with connection.schema_editor() as editor:
        arranged.look_away(editor, table)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            arranged.watch(editor, table)


def on_another_host(act: Callable[[], Any]) -> None:
    """Do it with a connection of its own. Nothing in this process is told of it."""
    assert not isinstance(race([act])[0], Exception)


def ask_more() -> None:
    new = copy(Question.objects.get(key="blood-thinner"))
    new.pk, new.key, new.wording = None, "pregnant", "Are you pregnant?"
    new._state.adding = True
    new.save()


# --- Nothing is kept for longer than it is so ---------------------------------------------------


CHANGES: dict[str, Callable[[], Any]] = {
    "a question more": lambda: factories.question("pregnant"),
    "a question retired": lambda: Question.objects.filter(key="fever").update(
        retired_on=date(2026, 1, 1), retired_by="manager"
    ),
    "other words": lambda: Question.objects.update(wording="Do you have a fever?"),
    "a question deleted": lambda: Question.objects.filter(key="fever").delete(),
    "a group renamed": lambda: Group.objects.update(name="Today"),
    "a question of a treatment": lambda: Question.objects.get(key="fever").treatments.add(
        Treatment.objects.create(name="Shockwaves", is_usual=False)
    ),
    "a question of no treatment": lambda: Treatment.objects.get().questions.set([]),
    "a treatment at any visit": lambda: Treatment.objects.update(is_usual=True),
    "a visit without a treatment": lambda: Topic.objects.get().treatments.set([]),
    "a visit like any other": lambda: Topic.objects.all().delete(),
    "one clinician more": lambda: Topic.objects.get().clinicians.add(
        Clinician.objects.get(name="Dr Other")
    ),
    "one clinician fewer": lambda: Topic.objects.get().clinicians.set([]),
    "clinics that end": lambda: ClinicSession.objects.update(last_day=date(2026, 1, 1)),
    "clinics deleted": lambda: ClinicSession.objects.all().delete(),
    "a name corrected": lambda: Clinician.objects.filter(name="Dr Other").update(name="Dr Outer"),
    "an account closed": lambda: User.objects.filter(clinician__name="Dr Other").update(
        is_active=False
    ),
    "a place that nobody shares": lambda: SharedPlace.objects.all().delete(),
    "a place more": lambda: SharedPlace.objects.create(
        network="2001:db8:5::/64", times=2, note="x"
    ),
    "a limit of a place": lambda: SharedPlace.objects.update(times=5),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_is_read_again(change: str, page: InformationPage) -> None:
    before = answers(page)
    CHANGES[change]()
    now = answers(page)
    assert now == looked_up(page)
    assert now != before


def test_a_day_later_somebody_without_clinics_is_not_asked_for(
    page: InformationPage, at: Callable[[datetime], None], monday: datetime
) -> None:
    ClinicSession.objects.update(last_day=timezone.localdate())
    assert len(who_can_be_asked_for(None, timezone.localdate())) == 2
    at(monday + timedelta(days=1))
    assert who_can_be_asked_for(None, timezone.localdate()) == []


def test_what_was_rolled_back_is_not_kept_under_what_came_instead(page: InformationPage) -> None:
    """A counter would have the same number for both."""
    before = answers(page)
    with transaction.atomic():
        factories.question("never asked")
        assert "never asked" in {each.key for each in questions_for(None)}
        transaction.set_rollback(True)
    assert answers(page) == before
    factories.question("asked instead")
    assert answers(page) == looked_up(page)


def test_without_a_token_nothing_is_kept(page: InformationPage) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {arranged.TABLE}")
    answers(page)
    factories.question("pregnant")
    assert answers(page) == looked_up(page)


# --- It is kept ---------------------------------------------------------------------------------


def test_an_answer_that_is_kept_costs_one_small_question(page: InformationPage) -> None:
    questions_for(page)
    with CaptureQueriesContext(connection) as asked:
        questions_for(page)
    assert [each["sql"] for each in asked] == [f"SELECT token FROM {arranged.TABLE}"]


def test_a_view_looks_once_and_the_next_one_again(page: InformationPage) -> None:
    before = answers(page)
    with CaptureQueriesContext(connection) as asked, arranged.as_it_begins():
        assert answers(page) == before
        factories.question("pregnant")
        assert answers(page) == before
    tokens = [each for each in asked if each["sql"] == f"SELECT token FROM {arranged.TABLE}"]
    assert len(tokens) == 1
    with arranged.as_it_begins():
        assert answers(page) == looked_up(page) != before


def test_what_one_caller_changes_nobody_else_reads(page: InformationPage) -> None:
    before = answers(page)
    questions_for(None).clear()
    for question in questions_for(page):
        question.wording = "Something else?"
    assert answers(page) == before


def test_every_table_that_is_read_is_watched(page: InformationPage) -> None:
    """So a migration that rebuilds one of them on SQLite has to watch it again."""
    with CaptureQueriesContext(connection) as asked:
        looked_up(page)
    read = set(re.findall(r'(?:FROM|JOIN) "(\w+)"', " ".join(each["sql"] for each in asked)))
    assert len(read) == 11
    assert read == arranged.watched() == doctor.ARRANGED


@pytest.mark.django_db(transaction=True)
def test_doctor_names_a_table_that_nobody_watches() -> None:
    """As after a Django that rebuilds the table of accounts: no migration of ours would know of it."""
    (check,) = [each for each in doctor.CHECKS if each.name == "What staff arrange"]
    with unwatched():
        (found,) = check.find(timezone.now())
    assert found.said.endswith("what they were asked before: bookings_screeningquestion.")
    assert list(check.find(timezone.now())) == []


@pytest.mark.django_db(transaction=True)
def test_what_changed_while_nobody_watched_is_noticed_from_then_on() -> None:
    factories.question("fever")
    assert [each.wording for each in questions_for(None)] != ["Another wording?"]
    with unwatched():
        Question.objects.update(wording="Another wording?")
    assert [each.wording for each in questions_for(None)] == ["Another wording?"]


@pytest.mark.django_db(transaction=True)
def test_a_table_can_be_watched_again() -> None:
    """Of two databases one may have lost its triggers."""
    with connection.schema_editor() as editor:
        arranged.watch(editor, Question._meta.db_table)
    assert Question._meta.db_table in arranged.watched()


@pytest.mark.postgres
def test_what_an_older_release_left_behind_stops_no_update() -> None:
    """Its `restore --replace` empties the database of everything that it knows of."""
    with connection.schema_editor(atomic=False) as editor:
        for table in arranged.watched():
            arranged.look_away(editor, table)
        editor.execute(f"DROP TABLE {arranged.TABLE}")
        arranged.begin(editor)
    assert arranged.current()


def test_these_are_all_whose_answers_are_kept() -> None:
    found = {
        function.name
        for app in ("bookings", "clinic_site", "procedures")
        for file in (ROOT / app).rglob("*.py")
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if "kept" in {getattr(decorator, "id", ""), getattr(decorator, "attr", "")}
    }
    assert found == KEPT


# --- On every host ------------------------------------------------------------------------------


def sent_after_a_question_came(client: Client) -> Any:
    """Fill in everything, let another host ask one question more, and press the button."""
    fill_in(client)
    on_another_host(ask_more)
    return send(client)


@pytest.mark.django_db(transaction=True)
def test_a_question_from_another_host_is_asked_before_anything_is_sent(
    client: Client, monday: datetime
) -> None:
    answer = sent_after_a_question_came(client)
    assert answer.headers["Location"] == f"{BASE}safety/"
    assert "Are you pregnant?" in client.get(f"{BASE}safety/").content.decode()
    assert AppointmentRequest.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_triggers_it_would_not_be_asked(client: Client, monday: datetime) -> None:
    with unwatched():
        answer = sent_after_a_question_came(client)
    assert answer.headers["Location"] == f"{BASE}sent/"
    assert AppointmentRequest.objects.get().answers.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_emptying_a_table_is_a_change() -> None:
    before = arranged.current()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bookings_topic_clinicians")
    assert arranged.current() != before
