"""The safety questions and the answers in FHIR's words: one Questionnaire for each wording."""

from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Greatest

from bookings.models import ScreeningAnswer, ScreeningQuestion
from bookings.outside.fhir.clinic import instant, reference
from bookings.outside.fhir.outcomes import Resource, base
from bookings.status import PATIENT, Answer

DETAIL = "detail"


def canonical(question: ScreeningQuestion) -> str:
    """The name of a question that stays while its wording changes."""
    return f"{base()}/Questionnaire/{question.key}"


def questionnaire(question: ScreeningQuestion, now: datetime) -> Resource:
    """A wording: what is asked, what can be answered, and what to add after “yes”."""
    options = [{"valueCoding": coding(answer)} for answer in Answer]
    after_yes = {
        "question": question.key,
        "operator": "=",
        "answerCoding": coding(Answer.YES),
    }
    return {
        "resourceType": "Questionnaire",
        "url": canonical(question),
        "version": str(question.version),
        "title": question.wording,
        "status": "retired" if question.retired_on else "active",
        "subjectType": ["Patient"],
        "purpose": question.why,
        "item": [
            {
                "linkId": question.key,
                "text": question.wording,
                "type": "choice",
                "required": True,
                "answerOption": options,
            },
            {
                "linkId": DETAIL,
                "text": question.detail_prompt,
                "type": "text",
                "enableWhen": [after_yes],
            },
        ],
    }


def answers(now: datetime) -> QuerySet[ScreeningAnswer]:
    """All answers of requests that have not been emptied.

    One that was taken over from an earlier request is as old as it was, and came with the new one.
    """
    rows = ScreeningAnswer.objects.filter(request__emptied_at=None)
    came = Greatest("given_at", "request__received_at")
    return rows.annotate(changed=came).select_related("question", "request__person")


def questionnaire_response(answer: ScreeningAnswer, now: datetime) -> Resource:
    """One answer to one wording, as it was given."""
    question = answer.question
    patient = reference("Patient", answer.request.person.shown_as)
    items: list[Resource] = [
        {
            "linkId": question.key,
            "text": question.wording,
            "answer": [{"valueCoding": coding(Answer(answer.answer))}],
        }
    ]
    if answer.detail:
        items.append({"linkId": DETAIL, "answer": [{"valueString": answer.detail}]})
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": f"{canonical(question)}|{question.version}",
        "status": "completed",
        "subject": patient,
        "authored": instant(answer.given_at),
        **({"source": patient} if answer.given_by == PATIENT else {}),
        "item": items,
    }


def coding(answer: Answer) -> Resource:
    """An answer as a code of our own, with the words that patients tick."""
    return {"system": f"{base()}/CodeSystem/answer", "code": answer.value, "display": answer.label}
