"""The safety questions as a colleague reads them aloud."""

from typing import Any

from django import forms

from bookings.forms.safety_questions import NONE, OTHERS, SafetyForm, rest_value
from bookings.status import Answer


class AloudForm(SafetyForm):
    """The patients' own questions, and one box that says “no” for all that were not ticked."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, answered_in="", **kwargs)
        self._add_no_to_all()

    def _add_no_to_all(self) -> None:
        """One box for every question without a tick. Its value names the questions on the page."""
        asked = [question for _, questions in self._by_group for question in questions]
        if asked:
            label = (
                f"I asked all {len(asked)} questions. The answer to every one that is not ticked is "
                "“no”."
            )
            self.fields["no_to_all"] = forms.MultipleChoiceField(
                required=False,
                choices=[(rest_value(OTHERS, asked), label)],
                widget=forms.CheckboxSelectMultiple,
                error_messages={
                    "invalid_choice": "The safety questions have changed, because they depend on "
                    "what the visit is about. Ask the new ones, then tick this again."
                },
            )

    def clean(self) -> dict[str, Any]:
        """Answer for every question, if a colleague has asked them all."""
        if self.cleaned_data.get("no_to_all"):
            self._say_no_to_the_rest()
        return super().clean()

    def _say_no_to_the_rest(self) -> None:
        """Answer for every group for which no box of its own was ticked."""
        for group, asked in self._by_group:
            name = f"rest_{group.pk}"
            if not self.cleaned_data.get(name):
                is_ticked = any(self._said(question) != Answer.NO for question in asked)
                what = OTHERS if is_ticked else NONE
                self.cleaned_data[name] = [rest_value(what, asked)]
