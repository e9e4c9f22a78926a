"""The safety questions as patients answer them: ticked in groups, one recorded answer each."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.forms.request_form import PatientForm, in_their_words
from bookings.models import QuestionGroup, ScreeningQuestion
from bookings.screening import GivenAnswer, answer_from_age, answer_from_language
from bookings.status import Answer, AnsweredFrom
from procedures.ground import languages
from procedures.ground.contact_fields import PlainTextField
from procedures.ground.languages import asked as asked_words
from procedures.ground.languages import beside_english

# What a patient says about the questions of a group that they have not ticked.
NONE, OTHERS = "none", "others"
NO_TO_OTHERS = _("No to all the others")
# What can be ticked. Whatever says least counts: “not sure” about a “yes” is “not sure”.
TICKS = (Answer.PHONE, Answer.UNSURE, Answer.YES)


class AskedQuestion(NamedTuple):
    """One question on the page: its box, what opens below it, and room to say more."""

    answer: BoundField
    detail: BoundField
    why: str


class AskedGroup(NamedTuple):
    """Questions that are asked together, and the one press for all that were not ticked."""

    name: str
    questions: list[AskedQuestion]
    rest: BoundField


class RestField(forms.MultipleChoiceField):
    """The boxes for all questions of a group that are not ticked.

    One of them is always hidden, so errors lead to the first question.
    """

    def __init__(
        self, group: QuestionGroup, asked: Sequence[ScreeningQuestion], *, errors_lead_to: str
    ):
        others = [(rest_value(OTHERS, asked), NO_TO_OTHERS)] if len(asked) > 1 else []
        none = _none_of(asked)
        name = asked_words(group.name)
        super().__init__(
            label=gettext("{group}: the questions that you did not tick").format(group=name),
            required=False,
            choices=[(rest_value(NONE, asked), none), *others],
            widget=forms.CheckboxSelectMultiple,
            error_messages={
                "invalid_choice": gettext(
                    "{group}: our questions have changed. Read them again, then tick what applies, "
                    "or tick “{none}”."
                ).format(group=name, none=none)
            },
        )
        self.errors_lead_to = errors_lead_to


class SafetyForm(PatientForm):
    """Step 3, and the questions that are asked again before a visit.

    Nothing is ticked beforehand, and an untouched question is a “no” only if the patient has said
    so about its group.
    """

    title = _("Questions to keep you safe")

    def __init__(
        self,
        *args: Any,
        questions: Sequence[ScreeningQuestion],
        is_under_18: bool = False,
        asks_as_parent: bool = False,
        answered_in: str | None = None,
        **kwargs: Any,
    ):
        super().__init__(*args, **kwargs)
        # The language in which the questions were read; without it, that of the page.
        self.answered_in = languages.code() if answered_in is None else answered_in
        self.questions = questions
        self.is_under_18 = is_under_18
        for group, asked in self._by_group:
            for question in asked:
                if self._is_told_about(question):
                    self._add(question)
            first = str(self.auto_id) % self.add_prefix(f"answer_{asked[0].pk}")
            self.fields[f"rest_{group.pk}"] = RestField(group, asked, errors_lead_to=f"{first}_0")
        for question in self._from_age():
            if is_under_18 and not asks_as_parent:
                self.fields[f"detail_{question.pk}"] = PlainTextField(
                    label=asked_words(question.detail_prompt),
                    help_text=asked_words(question.why),
                    required_message=_please_tell(question),
                    max_length=300,
                    widget=forms.TextInput,
                )

    def _is_told_about(self, question: ScreeningQuestion) -> bool:
        """Whether something was ticked or written, so that there is something to check."""
        answer, detail = (self.add_prefix(f"{each}_{question.pk}") for each in ("answer", "detail"))
        return answer in self.data or bool(self.data.get(detail))

    def _add(self, question: ScreeningQuestion) -> None:
        self.fields[f"answer_{question.pk}"] = forms.MultipleChoiceField(
            label=question.wording,
            required=False,
            choices=[
                (Answer.YES, beside_english(question.wording)),
                *in_their_words((each, each.label) for each in (Answer.UNSURE, Answer.PHONE)),
            ],
            widget=forms.CheckboxSelectMultiple,
            error_messages={"invalid_choice": _("Tick this, or choose from the list below it.")},
        )
        prompt = capfirst(asked_words(question.detail_prompt))
        self.fields[f"detail_{question.pk}"] = PlainTextField(
            label=prompt if question.needs_detail else gettext("{} (optional)").format(prompt),
            required=False,
            max_length=300,
            widget=forms.TextInput,
        )

    def groups(self) -> list[AskedGroup]:
        """What the page shows, group by group, with the boxes that nobody has touched."""
        for _group, asked in self._by_group:
            for question in asked:
                if f"answer_{question.pk}" not in self.fields:
                    self._add(question)
        return [
            AskedGroup(
                group.name,
                [
                    AskedQuestion(self[f"answer_{each.pk}"], self[f"detail_{each.pk}"], each.why)
                    for each in asked
                ],
                self[f"rest_{group.pk}"],
            )
            for group, asked in self._by_group
        ]

    def about_age(self) -> list[BoundField]:
        """What we have to ask because of the date of birth."""
        names = [f"detail_{question.pk}" for question in self._from_age()]
        return [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        """Refuse to guess: every question is ticked, or the patient has said “no” to the rest."""
        cleaned = super().clean() or self.cleaned_data
        self._check_answers(cleaned)
        return cleaned

    def _check_answers(self, cleaned: dict[str, Any]) -> None:
        for group, asked in self._by_group:
            name = f"rest_{group.pk}"
            ticked = [each for each in asked if self._said(each) != Answer.NO]
            problem = _problem(asked, ticked, cleaned.get(name, []))
            if problem and name not in self.errors:
                self.add_error(name, f"{asked_words(group.name)}: {problem}")
            for question in asked:
                self._check_detail(question)

    def _check_detail(self, question: ScreeningQuestion) -> None:
        said, detail = self._said(question), self.cleaned_data.get(f"detail_{question.pk}")
        if said == Answer.NO and detail:
            self.add_error(
                f"detail_{question.pk}",
                _("You wrote something here. Tick the question as well, or delete what you wrote."),
            )
        if said == Answer.YES and question.needs_detail and not detail:
            self.add_error(f"detail_{question.pk}", _please_tell(question))

    def answers(self) -> list[GivenAnswer]:
        """One answer to each question, in their order. Only for a valid form."""
        return [self._answer(question) for question in self.questions]

    def _answer(self, question: ScreeningQuestion) -> GivenAnswer:
        detail = self._detail(question)
        if question.answered_from == AnsweredFrom.AGE:
            return answer_from_age(question, under_18=self.is_under_18, detail=detail)
        if question.answered_from == AnsweredFrom.LANGUAGE:
            return answer_from_language(question, self.answered_in)
        return GivenAnswer(question, self._said(question), detail, self.answered_in)

    def _said(self, question: ScreeningQuestion) -> Answer:
        ticked = self.cleaned_data.get(f"answer_{question.pk}", [])
        return next((answer for answer in TICKS if answer in ticked), Answer.NO)

    def _detail(self, question: ScreeningQuestion) -> str:
        return str(self.cleaned_data.get(f"detail_{question.pk}", ""))

    @cached_property
    def _by_group(self) -> list[tuple[QuestionGroup, list[ScreeningQuestion]]]:
        asked = [each for each in self.questions if each.answered_from == AnsweredFrom.PATIENT]
        groups = groupby(asked, key=lambda question: question.group)
        return [(group, list(questions)) for group, questions in groups]

    def _from_age(self) -> list[ScreeningQuestion]:
        return [each for each in self.questions if each.answered_from == AnsweredFrom.AGE]


def rest_value(rest: str, asked: Sequence[ScreeningQuestion]) -> str:
    """The value of a box that answers for all questions of a group.

    It names them, so that nobody says “no” to a question that came while they read the others.
    """
    return f"{rest}:{','.join(str(pk) for pk in sorted(each.pk for each in asked))}"


def _problem(
    asked: Sequence[ScreeningQuestion], ticked: Sequence[ScreeningQuestion], rest: Sequence[str]
) -> str:
    """What is missing or contradictory about a group, with the remedy; empty if nothing is."""
    none, others = _none_of(asked), str(NO_TO_OTHERS)
    if rest_value(NONE, asked) in rest:
        if not ticked:
            return ""
        if len(asked) == 1:
            return gettext(
                "you ticked the question and also “{none}”. Remove one of the two ticks."
            ).format(none=none)
        return gettext(
            "you ticked a question and also “{none}”. Remove one of the two ticks. If the other "
            "questions do not apply, tick “{others}”."
        ).format(none=none, others=others)
    if not ticked:
        return gettext("tick what applies, or tick “{none}”.").format(none=none)
    if len(ticked) < len(asked) and rest_value(OTHERS, asked) not in rest:
        return gettext("tick any others that apply. If none of them does, tick “{others}”.").format(
            others=others
        )
    return ""


def _none_of(asked: Sequence[ScreeningQuestion]) -> str:
    return gettext("None of these") if len(asked) > 1 else gettext("No")


def _please_tell(question: ScreeningQuestion) -> str:
    prompt = asked_words(question.detail_prompt)
    return gettext("Please tell us: {what}").format(what=f"{prompt[:1].lower()}{prompt[1:]}")


class AnsweredGroup(NamedTuple):
    """What somebody told us about the questions of one group, to check before it is sent."""

    name: str
    told: list[GivenAnswer]
    denied: list[GivenAnswer]


def answered_groups(answers: Sequence[GivenAnswer]) -> list[AnsweredGroup]:
    """The answers as a patient checks them: what they told us, and what they said “no” to.

    A “no” that we took from the date of birth is nothing that they said.
    """
    said = [
        given
        for given in answers
        if given.answer != Answer.NO or given.question.answered_from == AnsweredFrom.PATIENT
    ]
    return [
        AnsweredGroup(
            name,
            [given for given in group if given.answer != Answer.NO],
            [given for given in group if given.answer == Answer.NO],
        )
        for name, each in groupby(said, key=lambda given: given.question.group.name)
        if (group := list(each))
    ]
