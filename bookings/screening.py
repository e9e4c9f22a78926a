"""Which safety questions a request meets, and which answers raise a flag. It writes nothing."""

from typing import NamedTuple

from bookings.models import ScreeningQuestion
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
