"""What every request of the demonstration has: the same clinic to ask, and a form that was filled in."""

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from bookings import triage
from bookings.models import AppointmentType, ScreeningQuestion
from bookings.screening import (
    GivenAnswer,
    answer_from_age,
    answer_from_language,
    is_under_18,
)
from bookings.status import Answer, AnsweredFrom
from clinic_site.demo.diary import SCAN
from clinic_site.demo.people import Row
from clinic_site.demo.timetable import Timetable
from procedures.models import Clinician, InformationPage

ANSWERS = tomllib.loads((Path(__file__).parent / "answers.toml").read_text(encoding="utf-8"))


class Clinic:
    """What all stories share: who works there, what can be asked about, and the diary."""

    def __init__(self, now: datetime):
        self.now = now
        self.timetable = Timetable(now)
        self.users = {user.username: user for user in User.objects.all()}
        self.pages = {page.slug: page for page in InformationPage.objects.all()}
        self.clinicians = {each.slug: each for each in Clinician.objects.all()}
        self.types = {each.name: each for each in AppointmentType.objects.all()}
        self.questions = cache(_questions)

    def kind(self, row: Row) -> AppointmentType:
        """What the visit of this row is for."""
        return self.types[row.appointment_type or SCAN]

    def asked_at(self, row: Row) -> datetime:
        """When the form of this row was sent."""
        return self.timetable.at(row.asked_day, row.asked_at)

    def submission(self, row: Row) -> triage.Submission:
        """The form of this row."""
        person = row.person
        days, times = person.suits
        return triage.Submission(
            page=self.pages.get(row.about),
            concern=row.concern,
            name=person.name,
            date_of_birth=person.born(timezone.localdate(self.now)),
            email=person.email,
            phone=person.phone,
            preferred_days=days,
            preferred_times=times,
            availability="",
            wished_clinician=self.clinicians.get(row.clinician),
            access_needs=list(person.needs),
            access_detail=person.needs_detail,
            language=person.language,
            carer_name=person.carer_name,
            carer_right=person.carer_right,
            voicemail=person.voicemail,
            text_messages=person.texts,
            answers=self.answers(row),
            answers_by_link=row.awaits_answers,
        )

    def answers(self, row: Row) -> list[GivenAnswer]:
        """To all questions that are asked with the request: “no”, except to those in the table."""
        questions = [
            each
            for each in self.questions(self.pages.get(row.about))
            if each.asked_first
            if not (row.awaits_answers and each.answered_from == AnsweredFrom.PATIENT)
        ]
        born = row.person.born(timezone.localdate(self.now))
        under_18 = is_under_18(born, timezone.localdate(self.asked_at(row)))
        asked = _answers(questions, row.flagged, read_in=row.person.language)
        return [
            self._by_itself(each, row, under_18=under_18) or given
            for each, given in zip(questions, asked, strict=True)
        ]

    def _by_itself(
        self, question: ScreeningQuestion, row: Row, *, under_18: bool
    ) -> GivenAnswer | None:
        """What nobody is asked, because something else says it."""
        if question.answered_from == AnsweredFrom.AGE:
            return answer_from_age(question, under_18=under_18)
        if question.answered_from == AnsweredFrom.LANGUAGE:
            return answer_from_language(question, row.person.language)
        return None

    def answers_again(self, row: Row, flagged: Sequence[str]) -> list[GivenAnswer]:
        """To the questions that are asked again before the visit."""
        questions = [each for each in self.questions(self.pages.get(row.about)) if each.asked_again]
        return _answers(questions, flagged)


def _questions(page: InformationPage | None) -> list[ScreeningQuestion]:
    return list(ScreeningQuestion.objects.current().for_visit_about(page).in_order())


def _answers(
    questions: Sequence[ScreeningQuestion], flagged: Sequence[str], *, read_in: str = ""
) -> list[GivenAnswer]:
    given = {key.rstrip("?!"): _answer(key) for key in flagged}
    return [
        GivenAnswer(
            question,
            given.get(question.key, Answer.NO),
            ANSWERS[question.key]["said"] if question.key in given else "",
            read_in,
        )
        for question in questions
    ]


def _answer(key: str) -> Answer:
    return {"?": Answer.UNSURE, "!": Answer.PHONE}.get(key[-1], Answer.YES)
