"""The safety questions of a request that we have, asked by a colleague."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from bookings.desk.forms.aloud import AloudForm
from bookings.models import AppointmentRequest
from bookings.screening import Answered, GivenAnswer, questions_to_ask
from procedures.ground.decisions import DecisionForm


class AskSafetyForm(DecisionForm, AloudForm):
    """What has no answer that counts today; or every question, or the one that a link names."""

    EVERY = "every"

    def __init__(
        self,
        *args: Any,
        record: AppointmentRequest,
        initial: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ):
        which = str((initial or {}).get("ask", ""))
        self.every = questions_to_ask(record)
        given = record.answers.select_related("question")
        answered = Answered.about(record, given, timezone.now())
        due = [each for each in self.every if answered.is_due(each)]
        named = [each for each in self.every if str(each.pk) == which]
        asked = self.every if which == self.EVERY else named or due or self.every
        super().__init__(*args, record=record, initial=initial, questions=asked, **kwargs)

    @property
    def leaves_some_out(self) -> bool:
        """Whether there are more questions than are asked here."""
        return len(self.questions) < len(self.every)

    @property
    def urgent(self) -> list[GivenAnswer]:
        """What cannot wait, as soon as it is ticked: also if the answers could not be stored."""
        return [each for each in self.answers() if each.is_urgent] if self.is_bound else []

    def clean(self) -> dict[str, Any]:
        if not self.questions:
            self.add_error(None, "There are no safety questions about this visit.")
        return super().clean()

    def values(self) -> dict[str, Any]:
        return {"version": self.cleaned_data["version"], "answers": self.answers()}
