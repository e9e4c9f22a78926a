"""A follow-up: another visit straight away, or a day on which we ask the patient."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from bookings.desk.forms.aloud import AloudForm
from bookings.desk.forms.times import BookForm
from bookings.diary.daytime import course
from bookings.models import AppointmentRequest, ScreeningAnswer, ScreeningQuestion
from bookings.screening import (
    GivenAnswer,
    answer_from_language,
    fresh_for,
    is_under_18,
    questions_for,
)
from bookings.status import MOST_VISITS, AnsweredFrom, CarerRight
from procedures.ground.contact_fields import PlainTextField
from procedures.ground.counting import counted

WEEKS = (1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 26, 39, 52)
USUAL_WEEKS = "6"
ON_A_DATE = ""


class FollowUpForm(BookForm, AloudForm):
    """When, and what has to be asked first. One of its buttons only plans to ask the patient.

    Safety questions are asked aloud unless their answers are fresh. If the patient answers by the
    private link instead, what they said before counts until then, and is as old as it is.
    """

    ASK_THEN = "ask_then"
    WHEN = ("version", "weeks", "from_day")

    weeks = forms.ChoiceField(
        label="When",
        required=False,
        choices=[
            *((str(n), f"in {counted(n, 'week')}") for n in WEEKS),
            (ON_A_DATE, "about a date"),
        ],
        error_messages={"invalid_choice": "Choose from the list."},
    )
    concern = PlainTextField(
        label="What it is about",
        required_message="Write what the visit is about.",
        max_length=1000,
        widget=forms.TextInput,
    )
    by_link = forms.BooleanField(
        label="They will answer the safety questions by the private link, before the visit",
        required=False,
    )
    visits = forms.TypedChoiceField(
        label="Number of visits",
        required=False,
        coerce=int,
        empty_value="1",
        choices=[(n, n) for n in range(1, MOST_VISITS + 1)],
        error_messages={"invalid_choice": "Choose from the list."},
    )
    apart = forms.TypedChoiceField(
        label="Weeks from one to the next",
        required=False,
        coerce=int,
        empty_value="1",
        choices=[(n, n) for n in range(1, 9)],
        error_messages={"invalid_choice": "Choose from the list."},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *args: Any,
        record: AppointmentRequest,
        **kwargs: Any,
    ):
        self.asks_then = data is not None and self.ASK_THEN in data
        self.before = _newest_answers(record)
        by_link = data is not None and "by_link" in data
        self.carried = [each for each in self.before.values() if by_link or _is_fresh(each)]
        known = {each.question_id for each in self.carried}
        super().__init__(
            data,
            *args,
            record=record,
            questions=[each for each in questions_for(record.page) if each.pk not in known],
            is_under_18=is_under_18(record.date_of_birth, timezone.localdate()),
            asks_as_parent=record.carer_right == CarerRight.PARENT,
            **kwargs,
        )
        for form in (self, self.look):
            form.fields["from_day"].label = "Date"
        self.initial = {"concern": _concern(record), **self.initial}
        if self.initial.get(self.LOOK) == "later":
            self.initial["weeks"] = ON_A_DATE
        self.initial.setdefault("weeks", USUAL_WEEKS)
        self.initial.setdefault("times", self._suggested())
        for name, field in self.fields.items():
            field.required = field.required and not (self.asks_then and name not in self.WHEN)

    def _from_day(self, given: Mapping[str, Any]) -> date | str:
        weeks = given.get("weeks", USUAL_WEEKS)
        if weeks in map(str, WEEKS):
            return timezone.localdate() + timedelta(weeks=int(weeks))
        return super()._from_day(given)

    def _suggested(self) -> list[int]:
        """The first time that suits the patient, or else the first: chosen beforehand."""
        suiting = [free.starts for free in self.shown if self.record.suits(free.starts)]
        first = (suiting or [free.starts for free in self.shown])[:1]
        return [int(starts.timestamp()) for starts in first]

    @property
    def questions_are_asked(self) -> bool:
        """Whether there is anything to read aloud."""
        return any(each.answered_from == AnsweredFrom.PATIENT for each in self.questions)

    @property
    def may_answer_by_link(self) -> bool:
        """Whether the patient has answered all of it before, and can be written to."""
        asked = {each.pk for each in self.questions if each.answered_from == AnsweredFrom.PATIENT}
        return bool(self.record.email) and asked <= self.before.keys()

    def _answer(self, question: ScreeningQuestion) -> GivenAnswer:
        """As they say now; but what is taken over was read in the language of that time."""
        if question.answered_from == AnsweredFrom.LANGUAGE:
            read_in = next((each.read_in for each in self.carried if each.read_in), "")
            return answer_from_language(question, read_in)
        return super()._answer(question)

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data if self.asks_then else super().clean()

    def values(self) -> dict[str, Any]:
        if self.asks_then:
            day = self._from_day(self.cleaned_data)
            return {"version": self.cleaned_data["version"], "ask_due": day}
        chosen = super().values()
        visits, apart = (int(self.cleaned_data[name]) for name in ("visits", "apart"))
        return chosen | {
            "starts": course(chosen["starts"], visits=visits, weeks_apart=apart),
            "concern": self.cleaned_data["concern"],
            "answers": self.answers(),
            "carried": self.carried,
        }


def _newest_answers(record: AppointmentRequest) -> dict[int, ScreeningAnswer]:
    """What the patient said last to each wording. What follows from their age is worked out again."""
    rows = record.answers.select_related("question").order_by("given_at", "pk")
    asked = rows.filter(question__answered_from=AnsweredFrom.PATIENT, question__retired_on=None)
    return {each.question_id: each for each in asked}


def _is_fresh(answer: ScreeningAnswer) -> bool:
    return answer.given_at > timezone.now() - fresh_for()


def _concern(record: AppointmentRequest) -> str:
    last = record.appointments.order_by("-pk").first()
    after = f" after the visit on {timezone.localtime(last.starts):%-d %B %Y}" if last else ""
    return f"Follow-up{after}."
