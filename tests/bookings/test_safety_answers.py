"""What is written when safety questions are answered again, and when a flag is decided."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from bookings import triage
from bookings.diary.desk_hours import answer_due
from bookings.models import (
    AppointmentRequest,
    Person,
    RecordedOutcome,
    RedFlag,
    ScreeningAnswer,
    ScreeningQuestion,
)
from bookings.screening import GivenAnswer
from bookings.status import (
    PATIENT,
    Answer,
    AnsweredFrom,
    FlagLevel,
    FlagOutcome,
    MessageKind,
    OfferStatus,
    Overtaken,
    RequestStatus,
    TriageRefused,
)
from bookings.status.events import Event
from bookings.triage.safety import keep_answers, take_over_answers
from tests import factories
from tests.bookings.test_birth_date_corrected import corrected
from tests.people import booked

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
BOOKED, AGAIN, OTHERS = (
    RequestStatus.BOOKED,
    RequestStatus.BOOKED_IN_REVIEW,
    RequestStatus.BOOKED_OFFERED,
)
CHILD, ADULT = date(2012, 5, 4), date(1970, 1, 31)


@pytest.fixture
def fever(monday: datetime) -> ScreeningQuestion:
    return factories.question("fever", level=FlagLevel.AMBER)


def say(
    request: AppointmentRequest, *answers: GivenAnswer, now: datetime, by: User | str = PATIENT
) -> None:
    triage.answer_again(request, version=request.version, answers=answers, by=by, now=now)


def last(request: AppointmentRequest) -> tuple[str, str, datetime]:
    """The last thing that the journal says of the request: what, who and when."""
    event = request.events.latest("number")
    return event.kind, event.by, event.at


def notices(request: AppointmentRequest) -> list[tuple[int, datetime]]:
    """Which versions of the request the clinic's inbox was told of, and when."""
    told = request.messages.filter(kind=MessageKind.CLINIC_NOTICE).order_by("pk")
    return list(told.values_list("request_version", "queued_at"))


# --- What is kept of an answer --------------------------------------------------------------


@pytest.mark.parametrize("told", [False, True])
def test_an_answer_is_kept_as_it_was_given_and_by_whom(
    told: bool, fever: ScreeningQuestion, monday: datetime
) -> None:
    request, now = booked(monday), monday + MINUTE
    by: User | str = factories.staff("Reception") if told else PATIENT
    other = factories.question("other")
    answers = [GivenAnswer(other, Answer.NO, ""), GivenAnswer(fever, Answer.YES, "A cold", "pl")]
    say(request, *answers, now=now, by=by)
    kept = ScreeningAnswer.objects.order_by("pk").values(
        "request", "question", "answer", "detail", "read_in", "given_at", "given_by"
    )
    whose = {"request": request.pk, "given_at": now, "given_by": "reception" if told else PATIENT}
    assert list(kept) == [
        whose | {"question": other.pk, "answer": Answer.NO, "detail": "", "read_in": ""},
        whose | {"question": fever.pk, "answer": Answer.YES, "detail": "A cold", "read_in": "pl"},
    ]
    flag = RedFlag.objects.get()
    assert (flag.request, flag.answer.question, flag.level) == (request, fever, FlagLevel.AMBER)
    assert flag.outcome == ""


def test_answers_are_taken_over_as_old_as_they_are(
    fever: ScreeningQuestion, monday: datetime
) -> None:
    """One that raised a flag raises one again: a clinician decides about each visit."""
    earlier, request = booked(monday), booked(monday, days=8)
    other = factories.question("other")
    flagged = GivenAnswer(fever, Answer.YES, "A cold", "pl")
    keep_answers(earlier, [flagged], [], by="the patient", now=monday - MINUTE)
    keep_answers(earlier, [GivenAnswer(other, Answer.NO, "")], [], by="reception", now=monday)
    take_over_answers(request, list(earlier.answers.order_by("pk")))
    columns = ("question", "answer", "detail", "read_in", "given_at", "given_by")
    assert list(request.answers.order_by("pk").values_list(*columns)) == [
        (fever.pk, Answer.YES, "A cold", "pl", monday - MINUTE, "the patient"),
        (other.pk, Answer.NO, "", "", monday, "reception"),
    ]
    assert [flag.answer.question for flag in request.flags.all()] == [fever]


# --- What follows from an answer ------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "answer", "kind"),
    [
        (False, Answer.NO, Event.ANSWERED_AGAIN),
        (False, Answer.YES, Event.ANSWER_TO_LOOK_AT),
        (True, Answer.NO, Event.ANSWERS_NOTED),
        (True, Answer.YES, Event.ANSWER_NOTED_TO_LOOK_AT),
    ],
)
@pytest.mark.parametrize("status", [BOOKED, AGAIN, OTHERS])
def test_the_journal_says_who_answered_and_the_clinic_hears_of_what_is_new(
    told: bool,
    answer: Answer,
    kind: Event,
    status: RequestStatus,
    fever: ScreeningQuestion,
    monday: datetime,
) -> None:
    request, now = factories.request_at(status, now=monday), monday + MINUTE
    version, before = request.version, notices(request)
    promised = request.answer_due
    by: User | str = factories.staff("Reception") if told else PATIENT
    say(request, GivenAnswer(fever, answer, ""), now=now, by=by)
    is_flagged = answer == Answer.YES
    assert last(request) == (kind, "reception" if told else PATIENT, now)
    assert request.version == version + 1
    assert request.status == (AGAIN if is_flagged else status)
    assert notices(request) == before + [(version + 1, now)] * is_flagged
    looked_at_anew = is_flagged and status != AGAIN
    starts = request.appointments.get().starts
    assert request.answer_due == (min(answer_due(now), starts) if looked_at_anew else promised)
    if status == OTHERS and is_flagged:
        offer = request.offers.get()
        assert (offer.status, offer.closed_at) == (OfferStatus.REFUSED, now)
        assert offer.closed_by == ("reception" if told else PATIENT)


def test_the_step_of_the_clock_is_written_first(fever: ScreeningQuestion, monday: datetime) -> None:
    request = factories.request_at(OTHERS, now=monday)
    late = request.offers.get().held_until
    say(request, GivenAnswer(fever, Answer.YES, ""), now=late)
    kinds = list(request.events.order_by("number").values_list("kind", flat=True))
    assert kinds[-2:] == [Event.OTHER_TIMES_LET_GO, Event.ANSWER_TO_LOOK_AT]
    assert request.status == AGAIN


def test_a_patient_without_a_visit_is_not_asked_again(
    fever: ScreeningQuestion, monday: datetime
) -> None:
    """A colleague may still note what they say."""
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    said = GivenAnswer(fever, Answer.NO, "")
    refusal = (
        r"^This is no longer possible: Reception took it into review on 23 November at 10:00\. "
        r"Check its current status\.$"
    )
    with pytest.raises(Overtaken, match=refusal):
        say(request, said, now=monday)
    say(request, said, now=monday, by=factories.staff("Reception"))
    assert request.answers.get().given_by == "reception"
    with pytest.raises(Overtaken):
        triage.answer_again(
            request,
            version=request.version - 1,
            answers=[said],
            by=factories.staff("Reception"),
            now=monday,
        )


@pytest.mark.parametrize("told", [False, True])
def test_once_the_visit_has_begun_whoever_sees_the_patient_is_told(
    told: bool, fever: ScreeningQuestion, monday: datetime
) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    by: User | str = factories.staff("Reception") if told else PATIENT
    said = GivenAnswer(fever, Answer.NO, "")
    with pytest.raises(TriageRefused) as refused:
        say(request, said, now=starts, by=by)
    assert str(refused.value) == (
        "The appointment has started. Tell the clinician what the patient says."
        if told
        else "Your appointment has started. Please tell us in person."
    )
    say(request, said, now=starts - MINUTE, by=by)
    assert request.answers.count() == 1


@pytest.mark.parametrize("asks", [False, True])
def test_the_first_answers_begin_our_promise_and_a_flag_among_them_is_looked_at(
    asks: bool, fever: ScreeningQuestion, monday: datetime
) -> None:
    """Nobody could answer in the call; a colleague may have asked something else since."""
    by, now = factories.staff("Reception"), monday + timedelta(hours=3)
    other = factories.question("other")
    request = triage.submit(
        factories.submission(answers_by_link=True), key="k" * 43, by=by, now=monday
    )
    if asks:
        triage.ask(request, version=request.version, text="Which side?", by=by, now=monday)
    with pytest.raises(TriageRefused) as refused:
        say(request, GivenAnswer(fever, Answer.YES, ""), now=now)
    assert str(refused.value) == (
        "We need you to answer some more questions first. Please start again."
    )
    assert not request.answers.exists()
    before = notices(request)
    both = [GivenAnswer(fever, Answer.YES, ""), GivenAnswer(other, Answer.NO, "")]
    say(request, *both, now=now)
    leads_to = RequestStatus.IN_REVIEW if asks else RequestStatus.RECEIVED
    assert (request.status, request.awaits_answers) == (leads_to, False)
    assert request.answer_due == answer_due(now)
    assert last(request) == (Event.ANSWERED_FIRST, PATIENT, now)
    assert notices(request) == [*before, (request.version, now)]


# --- A date of birth ------------------------------------------------------------------------


@pytest.fixture
def age(monday: datetime) -> ScreeningQuestion:
    return factories.question("under-18", answered_from=AnsweredFrom.AGE)


@pytest.mark.parametrize("status", [BOOKED, AGAIN, OTHERS])
def test_the_visit_of_a_child_is_looked_at(
    status: RequestStatus, age: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    version, now, promised = request.version, monday + MINUTE, request.answer_due
    corrected(request, CHILD, now)
    assert (request.status, request.version) == (AGAIN, version + 1)
    assert request.date_of_birth == CHILD
    starts = request.appointments.get().starts
    due = promised if status == AGAIN else min(answer_due(now), starts)
    assert request.answer_due == due
    assert last(request) == (Event.BIRTH_DATE_CORRECTED, "reception", now)
    answer = request.answers.get()
    assert (answer.answer, answer.given_by, answer.given_at) == (Answer.YES, "reception", now)
    assert request.flags.get().answer == answer
    if status == OTHERS:
        offer = request.offers.get()
        assert (offer.status, offer.closed_by, offer.closed_at) == (
            OfferStatus.REFUSED,
            "reception",
            now,
        )
    person = Person.objects.get(pk=request.person_id)
    assert (person.date_of_birth, person.changed_by, person.changed_at) == (CHILD, "reception", now)


def test_somebody_else_keeps_their_date_of_birth(age: ScreeningQuestion, monday: datetime) -> None:
    request = factories.received(now=monday)
    other = factories.received(now=monday, name="Al Other", email="al@example.org")
    assert other.person_id != request.person_id
    corrected(request, CHILD, monday)
    assert Person.objects.get(pk=other.person_id).date_of_birth == ADULT
    other.refresh_from_db()
    assert other.date_of_birth == ADULT


def test_a_visit_that_has_begun_is_not_looked_at_again(
    age: ScreeningQuestion, monday: datetime
) -> None:
    request = booked(monday)
    starts = request.appointments.get().starts
    corrected(request, CHILD, starts)
    assert request.status == BOOKED
    assert last(request) == (Event.BIRTH_DATE_CORRECTED, "reception", starts)
    assert request.flags.blocking().count() == 1


def test_whoever_is_eighteen_on_that_day_is_no_child(
    age: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.received(now=monday)
    corrected(request, date(2008, 11, 24), monday)
    assert request.answers.get().answer == Answer.YES
    corrected(request, date(2008, 11, 24), monday + timedelta(days=1))
    assert request.answers.latest("pk").answer == Answer.NO


def test_offered_times_stay_until_somebody_withdraws_them(
    age: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.OFFERED, now=monday)
    late = request.offers.get().held_until
    with pytest.raises(TriageRefused) as refused:
        corrected(request, CHILD, late - MINUTE)
    assert str(refused.value) == (
        "With this date of birth a clinician has to decide first, but times are offered. Withdraw "
        "the offer, then correct the date."
    )
    corrected(request, date(1971, 1, 31), late - MINUTE)
    assert request.status == RequestStatus.OFFERED
    # Nothing is offered any more once the offer has ended.
    corrected(request, CHILD, late)
    assert (request.status, request.flags.count()) == (RequestStatus.LAPSED, 1)


# --- A flag ---------------------------------------------------------------------------------


def resolve(flag: RedFlag, now: datetime, version: int | None = None) -> RedFlag:
    return triage.resolve_flag(
        flag,
        version=flag.request.version if version is None else version,
        outcome=FlagOutcome.PROCEED,
        reason="Spoke to them.",
        by=factories.staff("Clinician"),
        now=now,
    )


def test_an_outcome_is_kept_with_its_person_and_of_that_flag_alone(
    fever: ScreeningQuestion, monday: datetime
) -> None:
    request = factories.request_at(RequestStatus.IN_REVIEW, now=monday)
    both = [GivenAnswer(each, Answer.YES, "") for each in (fever, factories.question("other"))]
    keep_answers(request, both, both, by=PATIENT, now=monday)
    first, second = request.flags.order_by("pk")
    version, by, now = request.version, factories.staff("Clinician"), monday + MINUTE
    assert resolve(first, now) == first
    columns = ("outcome", "reason", "resolved_at", "resolved_by")
    assert list(request.flags.order_by("pk").values_list(*columns)) == [
        (FlagOutcome.PROCEED, "Spoke to them.", now, by.pk),
        ("", "", None, None),
    ]
    recorded = RecordedOutcome.objects.get()
    assert (recorded.flag, recorded.outcome, recorded.reason) == (
        first,
        FlagOutcome.PROCEED,
        "Spoke to them.",
    )
    assert (recorded.recorded_at, recorded.recorded_by) == (now, by)
    request.refresh_from_db()
    assert (request.version, last(request)) == (
        version + 1,
        (Event.FLAG_RESOLVED, "clinician", now),
    )
    detail: Any = request.events.latest("number").detail
    assert detail == {"flag": first.pk, "outcome": "proceed"}
    assert second.is_blocking()


@pytest.mark.parametrize(
    ("status", "is_decided"),
    [
        (RequestStatus.RECEIVED, True),
        (RequestStatus.IN_REVIEW, True),
        (RequestStatus.BOOKED_IN_REVIEW, True),
        (RequestStatus.QUESTION_ASKED, False),
        (RequestStatus.BOOKED, False),
        (RequestStatus.DECLINED, False),
    ],
)
def test_a_flag_is_decided_while_the_request_is_ours(
    status: RequestStatus, is_decided: bool, monday: datetime
) -> None:
    request = factories.request_at(status, now=monday)
    factories.flag(request, now=monday)
    flag = RedFlag.objects.get()
    if is_decided:
        assert resolve(flag, monday).outcome == FlagOutcome.PROCEED
        return
    with pytest.raises(Overtaken, match=r"^This is no longer possible: Reception "):
        resolve(flag, monday)
    assert not RecordedOutcome.objects.exists()


def test_a_request_that_came_back_on_its_day_is_ours_again(monday: datetime) -> None:
    request = factories.request_at(RequestStatus.DEFERRED, now=monday)
    factories.flag(request, now=monday)
    resolve(request.flags.get(), monday + timedelta(days=3))
    kinds = list(request.events.order_by("number").values_list("kind", flat=True))
    assert kinds[-2:] == [Event.CAME_BACK, Event.FLAG_RESOLVED]
    with pytest.raises(Overtaken):
        resolve(RedFlag.objects.get(), monday, version=request.version - 1)
    assert RecordedOutcome.objects.count() == 1
