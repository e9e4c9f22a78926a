"""Safety questions are ticked in groups, and each has an answer of its own all the same."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookings import messages, triage
from bookings.desk.to_phone import BY_PHONE, patients_to_phone
from bookings.forms.safety_questions import NONE, OTHERS, SafetyForm, rest_value
from bookings.models import AppointmentRequest, QuestionGroup, RedFlag, ScreeningQuestion
from bookings.screening import GivenAnswer, is_under_18, questions_to_ask_again
from bookings.status import Answer, FlagLevel, FlagOutcome
from tests import factories
from tests.databases import migrate_here
from tests.people import (
    ABOUT,
    BASE,
    TIMES,
    YOU,
    begun_a_minute_ago,
    behind_link,
    identified,
    rest,
    send,
)

pytestmark = pytest.mark.django_db

SAFETY = f"{BASE}safety/"
CHILD = YOU | {"date_of_birth_day": "24", "date_of_birth_month": "11", "date_of_birth_year": "2008"}
WORDINGS = ("Do you take a blood thinner?", "Do you have diabetes?", "Are you allergic?")


# --- Every combination of ticks -----------------------------------------------------------------

GROUPS = [
    [ScreeningQuestion(pk=10 * number + each, group=group) for each in range(size)]
    for number, size in ((1, 3), (2, 2), (3, 1))
    for group in [QuestionGroup(pk=number, name=f"Group {number}")]
]
QUESTIONS = [question for group in GROUPS for question in group]
TICKS = st.sets(st.sampled_from([Answer.YES, Answer.UNSURE, Answer.PHONE]))


def expected(ticks: set[Answer]) -> Answer:
    for answer in (Answer.PHONE, Answer.UNSURE, Answer.YES):
        if answer in ticks:
            return answer
    return Answer.NO


@given(
    ticked=st.fixed_dictionaries({question.pk: TICKS for question in QUESTIONS}),
    pressed=st.fixed_dictionaries(
        {number: st.sets(st.sampled_from([NONE, OTHERS])) for number in range(len(GROUPS))}
    ),
)
def test_each_question_has_exactly_one_answer_and_no_guess_is_made(
    ticked: dict[int, set[Answer]], pressed: dict[int, set[str]]
) -> None:
    data = QueryDict(mutable=True)
    for pk, ticks in ticked.items():
        data.setlist(f"answer_{pk}", sorted(ticks))
    for number, asked in enumerate(GROUPS):
        boxes = [rest_value(box, asked) for box in sorted(pressed[number])]
        data.setlist(f"rest_{asked[0].group_id}", boxes)
    form = SafetyForm(data, questions=QUESTIONS)

    def is_clear(number: int, asked: list[ScreeningQuestion]) -> bool:
        said = [bool(ticked[each.pk]) for each in asked]
        if NONE in pressed[number]:
            return not any(said)
        return all(said) or (any(said) and OTHERS in pressed[number])

    possible = all(len(asked) > 1 or OTHERS not in pressed[n] for n, asked in enumerate(GROUPS))
    clear = possible and all(is_clear(number, asked) for number, asked in enumerate(GROUPS))
    assert form.is_valid() == clear
    if clear:
        given = [(each.question.pk, each.answer) for each in form.answers()]
        assert given == [(each.pk, expected(ticked[each.pk])) for each in QUESTIONS]


# --- In the form --------------------------------------------------------------------------------


@pytest.fixture
def asked(monday: datetime) -> list[ScreeningQuestion]:
    """Three questions of one group. A “yes” to the last is no answer without its detail."""
    needs_detail = {"needs_detail": True, "detail_prompt": "What happened?"}
    return [
        factories.question(
            f"question-{number}",
            position=number,
            wording=wording,
            **(needs_detail if number == 2 else {}),
        )
        for number, wording in enumerate(WORDINGS)
    ]


def come_to_the_questions(client: Client, you: dict[str, str] = YOU) -> None:
    client.post(BASE, {"about": ""})
    client.post(f"{BASE}about/", ABOUT)
    client.post(f"{BASE}you/", you)
    begun_a_minute_ago(client)


def sent_with(client: Client, answers: dict[str, Any], you: dict[str, str] = YOU) -> Any:
    """What somebody sent who answered the safety questions like this."""
    come_to_the_questions(client, you)
    answer = client.post(SAFETY, answers)
    assert answer.status_code == 302, answer.content.decode()
    client.post(f"{BASE}urgent/")
    client.post(f"{BASE}times/", TIMES)
    assert send(client).headers["Location"] == f"{BASE}sent/"
    return AppointmentRequest.objects.get()


def test_one_press_says_no_to_every_question_of_the_group(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    request = sent_with(client, rest(*asked))
    answers = request.answers.order_by("question").values_list("question__wording", "answer")
    assert list(answers) == [(wording, Answer.NO) for wording in WORDINGS]
    assert not request.flags.exists()


def test_what_was_ticked_is_told_and_the_others_are_a_no(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    first, second, last = asked
    ticked = {
        f"answer_{first.pk}": ["yes", "unsure"],
        f"answer_{last.pk}": "yes",
        f"detail_{last.pk}": "A rash.",
    }
    request = sent_with(client, ticked | rest(*asked, what=OTHERS))
    said = request.answers.order_by("question").values_list("question", "answer", "detail")
    assert list(said) == [
        (first.pk, Answer.UNSURE, ""),
        (second.pk, Answer.NO, ""),
        (last.pk, Answer.YES, "A rash."),
    ]
    assert request.flags.count() == 2


def test_only_the_page_has_boxes_that_nobody_has_touched() -> None:
    first, second, *others = QUESTIONS
    data = {f"answer_{first.pk}": "maybe", f"detail_{second.pk}": "A rash."}
    blank = {f"detail_{question.pk}": "" for question in others}
    checked, shown = (SafetyForm(data | blank, questions=QUESTIONS) for _ in range(2))
    shown.groups()
    assert checked.errors == shown.errors
    assert {f"answer_{first.pk}", f"detail_{second.pk}"} <= checked.errors.keys()
    boxes = [
        {name for name in form.fields if name.startswith("answer_")} for form in (checked, shown)
    ]
    assert boxes[0] == {f"answer_{first.pk}", f"answer_{second.pk}"}
    assert boxes[1] == {f"answer_{question.pk}" for question in QUESTIONS}


# What was ticked of the three, what was pressed for the rest, and the error.
FAULTS: list[tuple[set[int], list[str], str]] = [
    (set(), [], "Your health: tick what applies, or tick “None of these”."),
    (set(), [OTHERS], "Your health: tick what applies, or tick “None of these”."),
    ({0}, [], "Your health: tick any others that apply. If none of them does, tick “No to all"),
    ({0}, [NONE], "Your health: you ticked a question and also “None of these”. Remove one of"),
    ({0}, [NONE, OTHERS], "Your health: you ticked a question and also “None of these”."),
    ({2}, [OTHERS], "Please tell us: what happened?"),
]


@pytest.mark.parametrize(("ticked", "pressed", "sentence"), FAULTS)
def test_what_is_not_clear_is_one_error_that_says_what_to_do(
    ticked: set[int],
    pressed: list[str],
    sentence: str,
    client: Client,
    asked: list[ScreeningQuestion],
) -> None:
    come_to_the_questions(client)
    posted: dict[str, Any] = {f"answer_{asked[number].pk}": "yes" for number in ticked}
    posted[f"rest_{asked[0].group_id}"] = [rest_value(box, asked) for box in pressed]
    content = client.post(SAFETY, posted).content.decode()
    assert content.count(sentence) == 2  # in the summary, and at the group or question
    assert content.count('class="field-error"') == 1
    assert client.get(f"{BASE}times/").headers["Location"] == SAFETY


def test_words_beside_a_question_that_is_not_ticked_are_not_lost(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    come_to_the_questions(client)
    posted = {f"detail_{asked[0].pk}": "Warfarin"} | rest(*asked)
    content = client.post(SAFETY, posted).content.decode()
    assert content.count("Tick the question as well, or delete what you wrote.") == 2
    assert 'value="Warfarin"' in content


def test_nobody_says_no_to_a_question_that_they_have_not_seen(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    come_to_the_questions(client)
    seen = rest(*asked)
    factories.question("new", wording="A new question?")
    content = client.post(SAFETY, seen).content.decode()
    assert content.count("Your health: our questions have changed. Read them again") == 2
    assert not AppointmentRequest.objects.exists()


def test_a_group_of_one_question_is_answered_with_no(client: Client, monday: datetime) -> None:
    question = factories.question()
    come_to_the_questions(client)
    content = client.get(SAFETY).content.decode()
    assert "None of these" not in content
    both = {f"answer_{question.pk}": "yes"} | rest(question)
    content = client.post(SAFETY, both).content.decode()
    assert content.count("you ticked the question and also “No”. Remove one of the two") == 2
    assert client.post(SAFETY, rest(question)).headers["Location"] == f"{BASE}times/"


def test_groups_and_questions_come_in_their_order(client: Client, monday: datetime) -> None:
    late = QuestionGroup.objects.create(name="Medicines", position=2)
    early = QuestionGroup.objects.create(name="Today", position=1)
    factories.question("b", wording="Third?", group=late, position=1)
    factories.question("c", wording="Second?", group=early, position=2)
    factories.question("d", wording="First?", group=early, position=1)
    come_to_the_questions(client)
    content = client.get(SAFETY).content.decode()
    order = ["<h2>Today</h2>", "First?", "Second?", "<h2>Medicines</h2>", "Third?"]
    assert sorted(order, key=content.index) == order


def test_the_check_page_says_what_was_told_and_what_was_denied(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    come_to_the_questions(client)
    client.post(SAFETY, {f"answer_{asked[0].pk}": "yes"} | rest(*asked, what=OTHERS))
    client.post(f"{BASE}times/", TIMES)
    content = client.get(f"{BASE}check/").content.decode()
    assert f"{WORDINGS[0]} <strong>Yes.</strong>" in content
    assert "“No” to 2 questions" in content
    assert all(wording in content for wording in WORDINGS)


# --- Under 18 -----------------------------------------------------------------------------------


@pytest.fixture
def under_18(monday: datetime) -> ScreeningQuestion:
    return factories.question(
        "under-18",
        wording="Is the person under 18?",
        why="We plan it differently.",
        detail_prompt="Who has parental responsibility?",
        level=FlagLevel.AMBER,
        answered_from="age",
    )


def test_a_birthday_decides() -> None:
    born = date(2008, 11, 24)
    assert is_under_18(born, date(2026, 11, 23))
    assert not is_under_18(born, date(2026, 11, 24))
    assert is_under_18(date(2008, 2, 29), date(2026, 2, 28))
    assert not is_under_18(date(2008, 2, 29), date(2026, 3, 1))


def test_nobody_is_asked_whether_they_are_under_18(
    client: Client, asked: list[ScreeningQuestion], under_18: ScreeningQuestion
) -> None:
    request = sent_with(client, rest(*asked))
    assert request.answers.get(question=under_18).answer == Answer.NO
    assert not request.flags.exists()
    come_to_the_questions(client)
    content = client.get(SAFETY).content.decode()
    assert under_18.wording not in content
    assert under_18.detail_prompt not in content


def test_somebody_under_18_says_who_has_parental_responsibility(
    client: Client, asked: list[ScreeningQuestion], under_18: ScreeningQuestion
) -> None:
    come_to_the_questions(client, CHILD)
    content = client.post(SAFETY, rest(*asked)).content.decode()
    assert content.count("Please tell us: who has parental responsibility?") == 2
    answers = {f"detail_{under_18.pk}": "Petra Sample, 020 7946 0958"} | rest(*asked)
    client.post(BASE, {"about": "", "again": "yes"})
    request = sent_with(client, answers, CHILD)
    flag = request.flags.get()
    assert (flag.answer.question, flag.level) == (under_18, FlagLevel.AMBER)
    assert (flag.answer.answer, flag.answer.detail) == (Answer.YES, "Petra Sample, 020 7946 0958")


def test_a_parent_who_asks_is_not_asked_again(
    client: Client, asked: list[ScreeningQuestion], under_18: ScreeningQuestion
) -> None:
    parent = CHILD | {"carer_name": "Petra Sample", "carer_right": "parent"}
    request = sent_with(client, rest(*asked), parent)
    assert request.flags.get().answer.question == under_18


@pytest.mark.parametrize("right", ["agreed", "attorney"])
def test_anybody_else_who_asks_for_a_child_says_it_too(
    right: str, client: Client, asked: list[ScreeningQuestion], under_18: ScreeningQuestion
) -> None:
    other = CHILD | {"carer_name": "Olive Sample", "carer_right": right}
    come_to_the_questions(client, other)
    assert "Who has parental responsibility?" in client.get(SAFETY).content.decode()


def test_a_date_of_birth_that_is_put_right_in_the_form_counts(
    client: Client, asked: list[ScreeningQuestion], under_18: ScreeningQuestion
) -> None:
    come_to_the_questions(client)
    client.post(SAFETY, rest(*asked))
    client.post(f"{BASE}times/", TIMES)
    assert client.post(f"{BASE}you/", CHILD).headers["Location"] == SAFETY
    assert client.post(f"{BASE}you/", YOU).headers["Location"] == f"{BASE}check/"
    send(client)
    assert AppointmentRequest.objects.get().answers.get(question=under_18).answer == Answer.NO


# --- By phone -----------------------------------------------------------------------------------


@pytest.fixture
def by_phone(client: Client, asked: list[ScreeningQuestion]) -> AppointmentRequest:
    """A request with one answer that they would rather give by phone."""
    ScreeningQuestion.objects.filter(pk=asked[1].pk).update(flags_unsure=False)
    ticked = {f"answer_{asked[1].pk}": ["yes", "phone"]}
    return sent_with(client, ticked | rest(*asked, what=OTHERS))  # type: ignore[no-any-return]


def test_it_raises_the_flag_and_is_a_task_to_phone_until_they_are_reached(
    by_phone: AppointmentRequest, monday: datetime, sign_in: Any
) -> None:
    assert by_phone.flags.get().answer.answer == Answer.PHONE
    assert [(each.request, each.why) for each in patients_to_phone(monday)] == [
        (by_phone, BY_PHONE)
    ]
    url = f"/admin/bookings/appointmentrequest/{by_phone.pk}/change/"
    assert "I would rather tell you by phone" in sign_in("Reception").get(url).content.decode()
    call: dict[str, Any] = {"by": factories.staff("Reception"), "now": monday, "note": ""}
    triage.record_call(by_phone, reached=False, **call)
    assert [each.calls.in_vain for each in patients_to_phone(monday)] == [1]
    triage.record_call(by_phone, reached=True, **call)
    assert patients_to_phone(monday) == []
    assert RedFlag.objects.blocking().filter(request=by_phone).exists()


def test_nobody_phones_about_what_a_clinician_has_decided_or_the_patient_withdrew(
    by_phone: AppointmentRequest, monday: datetime
) -> None:
    other = triage.submit(
        factories.submission(
            answers=[GivenAnswer(factories.question(), Answer.PHONE, "")], name="Other Sample"
        ),
        key="other",
        now=monday,
    )
    triage.withdraw(other, version=other.version, now=monday)
    triage.start_review(
        by_phone, version=by_phone.version, by=factories.staff("Reception"), now=monday
    )
    factories.clear(by_phone, FlagOutcome.PROCEED, now=monday)
    assert patients_to_phone(monday) == []


def test_the_receipt_and_the_private_page_say_that_we_will_phone(
    client: Client, by_phone: AppointmentRequest
) -> None:
    promise = "We will phone you on 020 7946 0958."
    receipt = client.get(f"{BASE}sent/").content.decode()
    assert promise in receipt
    assert WORDINGS[1] not in receipt
    fresh = Client()
    url = behind_link(fresh, by_phone)
    assert promise not in fresh.get(url).content.decode()
    assert promise in fresh.get(identified(fresh, by_phone)).content.decode()
    messages.send_due()
    for letter in mail.outbox:
        assert "by phone" not in str(letter.message())
        assert WORDINGS[1] not in str(letter.message())


def test_without_a_phone_number_they_are_asked_for_one(
    client: Client, asked: list[ScreeningQuestion]
) -> None:
    come_to_the_questions(client, YOU | {"phone": ""})
    client.post(SAFETY, {f"answer_{asked[0].pk}": "phone"} | rest(*asked, what=OTHERS))
    client.post(f"{BASE}times/", TIMES)
    check = client.get(f"{BASE}check/").content.decode()
    assert "we have no phone number for you" in check
    assert f'<a href="{BASE}you/">Add your phone number</a>' in check
    send(client)
    assert "but we have no phone number for you." in client.get(f"{BASE}sent/").content.decode()


# --- Again, before the visit --------------------------------------------------------------------


def test_a_question_can_be_asked_only_before_the_visit(client: Client, monday: datetime) -> None:
    new_medicine = factories.question("new-medicine", asked_first=False, asked_again=True)
    come_to_the_questions(client)
    assert new_medicine.wording not in client.get(SAFETY).content.decode()
    request = factories.received(now=monday)
    assert questions_to_ask_again(request, monday + timedelta(days=6)) == []
    assert questions_to_ask_again(request, monday + timedelta(days=7)) == [new_medicine]


def test_the_age_is_never_asked_again(under_18: ScreeningQuestion, monday: datetime) -> None:
    ScreeningQuestion.objects.update(asked_again=True)
    assert questions_to_ask_again(factories.received(now=monday), monday + timedelta(days=9)) == []


@pytest.mark.parametrize("columns", [{}, {"asked_again": True, "answered_from": "age"}])
def test_a_question_that_is_never_asked_is_refused(
    columns: dict[str, Any], monday: datetime
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.question("never", asked_first=False, **columns)


# --- At the desk --------------------------------------------------------------------------------


def test_a_manager_makes_groups_and_moves_questions_but_changes_no_wording(
    sign_in: Any, monday: datetime
) -> None:
    question = factories.question()
    factories.received(flagged=True, now=monday)
    client = sign_in("Manager")
    url = "/admin/bookings/questiongroup/"
    assert client.post(f"{url}add/", {"name": "Medicines", "position": 2}).status_code == 302
    medicines = QuestionGroup.objects.get(name="Medicines")
    change = f"/admin/bookings/screeningquestion/{question.pk}/change/"
    client.post(change, {"group": medicines.pk, "position": 7, "wording": "Smuggled?"})
    question.refresh_from_db()
    assert (question.group, question.position) == (medicines, 7)
    assert question.wording == "Do you take a blood thinner?"
    assert ">1</td>" in client.get(url).content.decode()
    for group in ("Reception", "Clinician"):
        assert sign_in(factories.staff(group)).get(f"{url}add/").status_code == 403


def test_the_screen_of_a_request_shows_what_was_told_before_what_was_denied(
    client: Client, asked: list[ScreeningQuestion], sign_in: Any
) -> None:
    ticked = {f"answer_{asked[2].pk}": "unsure"}
    request = sent_with(client, ticked | rest(*asked, what=OTHERS))
    url = f"/admin/bookings/appointmentrequest/{request.pk}/change/"
    content = sign_in("Reception").get(url).content.decode()
    facts = content[content.index("Safety questions</h2>") :]
    order = [WORDINGS[2], "“No” to 2 questions", WORDINGS[0], WORDINGS[1]]
    assert sorted(order, key=facts.index) == order


# --- Questions from before there were groups ----------------------------------------------------

BEFORE = [("bookings", "0022_asks")]


@pytest.mark.sqlite
@pytest.mark.lengthy
@pytest.mark.django_db(transaction=True)
def test_questions_in_use_get_groups_and_keep_their_answers(monday: datetime) -> None:
    factories.question(group=factories.question_group("Anything"))
    factories.urgent_question()
    answers = list(factories.received(flagged=True, now=monday).answers.values())
    try:
        migrate_here(BEFORE)
    finally:
        migrate_here()
    groups = ScreeningQuestion.objects.in_order().values_list("key", "group__name")
    assert list(groups) == [("feeling-unwell", "Today"), ("blood-thinner", "Your health")]
    assert list(AppointmentRequest.objects.get().answers.values()) == answers
