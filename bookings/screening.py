"""Which safety questions a request meets, and which answers raise a flag. It writes nothing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from bookings.models import AppointmentRequest, ScreeningQuestion
from bookings.status import Answer
from procedures.models import InformationPage


class GivenAnswer(NamedTuple):
    """What a patient answered to one wording."""

    question: ScreeningQuestion
    answer: str
    detail: str

    @property
    def is_flagged(self) -> bool:
        """Whether the rule of the question flags this answer."""
        return self.question.is_flagged_by(self.answer)

    @property
    def spoken(self) -> str:
        """The answer in words."""
        return str(Answer(self.answer).label)


def questions_for(page: InformationPage | None) -> list[ScreeningQuestion]:
    """The current questions for a request about the page, in their order."""
    asked = ScreeningQuestion.objects.current().for_page(page)
    return list(asked.order_by("position", "key"))


def questions_to_ask_again(request: AppointmentRequest, now: datetime) -> list[ScreeningQuestion]:
    """Those whose answers may change, where the last one is old or was given to another wording."""
    age = timedelta(days=settings.CLINIC_ANSWERS_AGE_DAYS)
    fresh = set(request.answers.filter(given_at__gt=now - age).values_list("question", flat=True))
    current = questions_for(request.page)
    return [each for each in current if each.asked_again and each.pk not in fresh]


def newly_flagged(request: AppointmentRequest, answers: Sequence[GivenAnswer]) -> list[GivenAnswer]:
    """Flagged answers but those that say the same as before, where a clinician let that proceed."""
    return [given for given in answers if given.is_flagged and not _was_cleared(request, given)]


def _was_cleared(request: AppointmentRequest, given: GivenAnswer) -> bool:
    """Only of the very same wording: another may ask for more."""
    earlier = request.answers.filter(question=given.question).select_related("flag")
    last = earlier.order_by("-given_at", "-pk").first()
    if last is None or last.answer != given.answer or not _says_no_more(given.detail, last.detail):
        return False
    # Without a flag of its own it in turn said the same as an answer that was cleared.
    flag = getattr(last, "flag", None)
    return flag is None or not flag.is_blocking()


def _says_no_more(detail: str, before: str) -> bool:
    return not detail or detail.casefold().split() == before.casefold().split()
