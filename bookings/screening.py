"""Which safety questions a request gets, and which answers raise a flag. Writes nothing."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, Self

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects
from django.utils.translation import gettext

from bookings.models import (
    AppointmentRequest,
    PhoneCall,
    RedFlag,
    ScreeningAnswer,
    ScreeningQuestion,
    Topic,
    Treatment,
)
from bookings.models.people import age_on
from bookings.models.questions import ScreeningQuestionQuerySet
from bookings.status import Answer, AnsweredFrom, FlagLevel, RequestStatus, TriageRefused
from procedures.ground.arranged import kept
from procedures.ground.languages import english_name, has_words
from procedures.models import InformationPage
from procedures.models.clinic import details

# Why no colleague can end a request yet.
TALK_FIRST = (
    "They told us about something that cannot wait. Talk to them and record the call first."
)
# The age from which somebody can agree to treatment like any other adult.
ADULT_AT = 18


def fresh_for() -> timedelta:
    """An answer that may change is asked for again after this time."""
    return timedelta(days=details().answers_keep_days)


class GivenAnswer(NamedTuple):
    """A patient's answer to one wording."""

    question: ScreeningQuestion
    answer: str
    detail: str
    # The language in which they read it, as `ScreeningAnswer.read_in`.
    read_in: str = ""

    @property
    def is_flagged(self) -> bool:
        """Whether the rule of the question flags this answer."""
        return self.question.is_flagged_by(self.answer)

    @property
    def is_urgent(self) -> bool:
        """Whether the patient should get help straight away, and not wait for us."""
        return self.is_flagged and self.question.level == FlagLevel.URGENT

    @property
    def is_always_new(self) -> bool:
        """Whether a clinician has to look at it even if they have cleared the same answer before.

        A fever today is a new one, nobody knows what somebody would rather tell us by phone, and each
        translation can be wrong in its own way.
        """
        by_language = self.question.answered_from == AnsweredFrom.LANGUAGE
        return self.is_urgent or self.answer == Answer.PHONE or by_language

    @property
    def spoken(self) -> str:
        """The answer in words."""
        return gettext(Answer(self.answer).label)


@kept
def questions_for(page: InformationPage | None) -> Iterable[ScreeningQuestion]:
    """The current questions for a request about the page, or about none, in their order."""
    asked = ScreeningQuestion.objects.current().for_visit_about(page)
    return asked.filter(asked_first=True).in_order()


def lost_without(
    before: Iterable[Treatment], after: Iterable[Treatment]
) -> list[ScreeningQuestion]:
    """The questions that a visit with some treatments is asked, and one with others is not, in order."""
    current = ScreeningQuestion.objects.current()
    still = current.filter(treatments__in=list(after))
    lost = current.filter(treatments__in=list(before)).exclude(pk__in=still.values("pk"))
    return list(lost.distinct().in_order())


def is_under_18(born: date, on: date) -> bool:
    """Whether somebody who was born on that day is under 18 on the other one."""
    return age_on(born, on) < ADULT_AT


def answers_that_follow(request: AppointmentRequest, born: date, on: date) -> list[GivenAnswer]:
    """The answers from age that change if the patient was born on that day instead."""
    questions = questions_for(request.page)
    from_age = [each for each in questions if each.answered_from == AnsweredFrom.AGE]
    given = (
        answer_from_age(question, under_18=is_under_18(born, on), detail="")
        for question in from_age
    )
    last = {
        answer.question_id: answer.answer
        for answer in request.answers.filter(question__in=from_age).order_by("given_at", "pk")
    }
    return [each for each in given if last.get(each.question.pk) != each.answer]


def answer_from_age(
    question: ScreeningQuestion, *, under_18: bool, detail: str = ""
) -> GivenAnswer:
    """The answer to a question that is answered from the date of birth and never asked."""
    return GivenAnswer(question, Answer.YES if under_18 else Answer.NO, detail)


def answer_from_language(question: ScreeningQuestion, code: str) -> GivenAnswer:
    """The answer to a question that is answered from the language in which the others were read."""
    return GivenAnswer(question, Answer.YES if code else Answer.NO, english_name(code))


def answers_from_language(code: str) -> list[GivenAnswer]:
    """What the language says by itself when questions are asked again; nothing for English."""
    asked = _about_language().in_order() if code else []
    return [answer_from_language(question, code) for question in asked]


def may_answer_in(code: str) -> bool:
    """Whether the safety questions may be answered in that language.

    They may in a translation only if that raises a flag: a clinician then asks again, with an
    interpreter, before anything is offered.
    """
    return not code or any(question.is_flagged_by(Answer.YES) for question in _about_language())


def _about_language() -> ScreeningQuestionQuerySet:
    current = ScreeningQuestion.objects.current()
    return current.filter(answered_from=AnsweredFrom.LANGUAGE, asked_first=True)


def flags_to_phone_about() -> QuerySet[RedFlag]:
    """Open flags about what patients would rather tell us by phone.

    Those whom we have reached since are left out.
    """
    return _unheard().filter(answer__answer=Answer.PHONE)


def unheard_urgent_flags() -> QuerySet[RedFlag]:
    """Open flags about what cannot wait, whose patients we have not reached since."""
    return _unheard().filter(level=FlagLevel.URGENT)


def _unheard() -> QuerySet[RedFlag]:
    """Flags without an outcome about which nobody has reached the patient, on what nobody has ended.

    If the clock ended it, because the patient did not reply, somebody has still to talk to them.
    """
    reached = PhoneCall.objects.filter(
        request=OuterRef("request"), reached=True, made_at__gte=OuterRef("answer__given_at")
    )
    nobody_ended_it = Q(request__ended_at=None) | Q(request__status=RequestStatus.LAPSED)
    return RedFlag.objects.filter(nobody_ended_it, ~Exists(reached), outcome="")


def unseen_urgent_answers(request: AppointmentRequest) -> list[GivenAnswer]:
    """The answers that cannot wait for us and that no clinician has looked at yet."""
    flags = request.flags.filter(level=FlagLevel.URGENT, outcome="").order_by("pk")
    return [
        GivenAnswer(flag.answer.question, flag.answer.answer, flag.answer.detail)
        for flag in flags.select_related("answer__question")
    ]


class Answered(NamedTuple):
    """What has been answered about a request: it decides which questions have to be asked now."""

    # Wordings with an answer, and with one that is still fresh.
    ever: set[int]
    fresh: set[int]
    # Neither a visit from another system nor what a caller could not answer has been asked about.
    was_asked: bool
    # Too new for questions that are not asked with the request.
    is_new: bool

    @classmethod
    def about(
        cls, request: AppointmentRequest, answers: Iterable[ScreeningAnswer], now: datetime
    ) -> Self:
        """Of a request and its answers, which have their questions."""
        given, since = list(answers), now - fresh_for()
        from_patient = (each.question.answered_from == AnsweredFrom.PATIENT for each in given)
        was_asked = not request.awaits_answers and (
            any(from_patient) or getattr(request, "brought_in", None) is None
        )
        return cls(
            ever={each.question_id for each in given},
            fresh={each.question_id for each in given if each.given_at > since},
            was_asked=was_asked,
            is_new=(was_asked or request.awaits_answers) and request.received_at > since,
        )

    def has_aged(self, question: ScreeningQuestion) -> bool:
        """Whether the answer may have changed since, so that the patient is asked by the link."""
        if question.pk in self.fresh or (self.is_new and not question.asked_first):
            return False
        return question.asked_again or not self.was_asked

    def is_due(self, question: ScreeningQuestion) -> bool:
        """Whether a colleague who speaks to them asks it: also what was never asked in this wording."""
        never_asked = question.asked_first and question.pk not in self.ever
        return never_asked or self.has_aged(question)


def questions_to_ask_again(request: AppointmentRequest, now: datetime) -> list[ScreeningQuestion]:
    """Questions whose answers may change and whose last answer is old or was to another wording.

    A question that is not asked with the request is asked once the request itself is old. Somebody whose
    visit came from another system, or for whom a caller could not answer, has never been asked anything,
    and is asked everything.
    """
    answered = Answered.about(request, request.answers.select_related("question"), now)
    return [each for each in questions_to_ask(request) if answered.has_aged(each)]


def questions_to_ask(request: AppointmentRequest) -> list[ScreeningQuestion]:
    """Every question that a patient can be asked about the visit of this request, in order."""
    current = ScreeningQuestion.objects.current().for_visit_about(request.page)
    return list(current.filter(answered_from=AnsweredFrom.PATIENT).in_order())


def urgent_answers_given_last(request: AppointmentRequest) -> list[GivenAnswer]:
    """The answers that cannot wait for us, among those that came in together and last.

    A clinician may have cleared the same answer before; it still counts, because a fever today is a
    new one.
    """
    rows = request.answers.select_related("question").order_by(
        "-given_at", "question__group__position", "question__position"
    )
    given = [(each.given_at, GivenAnswer(each.question, each.answer, each.detail)) for each in rows]
    return [answer for at, answer in given if at == given[0][0] and answer.is_urgent]


def unasked() -> list[str]:
    """Sentences for staff about treatments that have no safety question before them."""
    current = ScreeningQuestion.objects.current()
    asked = current.filter(asked_first=True, treatments=OuterRef("pk"))
    treatments: list[Any] = list(Treatment.objects.annotate(is_asked=Exists(asked)))
    forgotten = [each for each in treatments if not each.is_asked]
    if len(forgotten) == len(treatments) and not current.exists():
        return ["Requests do not ask any safety questions. Add the clinic’s questions."]
    topics = Prefetch("topics", Topic.objects.select_related("page"))
    prefetch_related_objects(forgotten, topics)
    about_topics = [
        (topic, treatment) for treatment in forgotten for topic in treatment.topics.all()
    ]
    return [
        *(
            f"Any visit may include “{treatment}”, but we do not ask any safety questions about it."
            for treatment in forgotten
            if treatment.is_usual
        ),
        *(
            f"A visit about “{topic}” may include “{treatment}”, but we do not ask any safety "
            "questions about it."
            for topic, treatment in sorted(about_topics, key=lambda both: both[0].pk)
        ),
    ]


def read_in_english(code: str) -> list[ScreeningQuestion]:
    """The current questions of which something has no words in that language, in order."""
    return [
        question
        for question in ScreeningQuestion.objects.current().in_order()
        if not all(has_words(text, code) for text in question.texts().values())
    ]


def newly_flagged(request: AppointmentRequest, answers: Sequence[GivenAnswer]) -> list[GivenAnswer]:
    """Flagged answers, except those that repeat an answer that a clinician has already cleared.

    Some always count as new (`GivenAnswer.is_always_new`).
    """
    return [
        given
        for given in answers
        if given.is_flagged and (given.is_always_new or not _was_cleared(request, given))
    ]


def refuse_blocked(request: AppointmentRequest) -> None:
    """Raise TriageRefused while the safety questions have no answers, or a flag is open."""
    if request.awaits_answers:
        raise TriageRefused(
            "They have not answered the safety questions yet. Ask them on the phone, or wait."
        )
    if request.flags.blocking().exists():
        raise TriageRefused(
            "A flag is still open. Before you can offer or book a time, a clinician must "
            "record that the request may proceed."
        )


def is_unheard(request: AppointmentRequest) -> bool:
    """Whether nobody has talked to the patient yet about something that cannot wait.

    It looks at the flags in memory first, so that a page that has read them asks nothing more.
    """
    is_open = any(
        flag.level == FlagLevel.URGENT and not flag.outcome for flag in request.flags.all()
    )
    return is_open and unheard_urgent_flags().filter(request=request).exists()


def refuse_unheard(request: AppointmentRequest) -> None:
    """Raise TriageRefused if nobody has talked to the patient yet about something that cannot wait."""
    if is_unheard(request):
        raise TriageRefused(TALK_FIRST)


def _was_cleared(request: AppointmentRequest, given: GivenAnswer) -> bool:
    """Whether a clinician cleared this answer before.

    Only the same wording counts: another may ask for more.
    """
    earlier = request.answers.filter(question=given.question).select_related("flag")
    last = earlier.order_by("-given_at", "-pk").first()
    if last is None or last.answer != given.answer or not _says_no_more(given.detail, last.detail):
        return False
    # An answer without a flag of its own repeated one that was cleared.
    flag = getattr(last, "flag", None)
    return flag is None or not flag.is_blocking()


def _says_no_more(detail: str, before: str) -> bool:
    return not detail or detail.casefold().split() == before.casefold().split()
