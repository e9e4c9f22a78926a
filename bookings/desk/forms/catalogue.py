"""The next wording of a safety question."""

from django import forms
from django.core.exceptions import ValidationError

from bookings.models import ScreeningQuestion
from procedures.ground.generics import ModelForm


class ScreeningQuestionForm(ModelForm[ScreeningQuestion]):
    """A new safety question, or a new wording of a retired one.

    Afterwards it can only be moved to another place, or retired.
    """

    retire = forms.BooleanField(
        label="Stop asking this question",
        required=False,
        help_text="We will not ask it any more. Answers already given keep this wording. To change "
        "the wording, stop asking this question and add a new one with the same key.",
    )

    class Meta:
        model = ScreeningQuestion
        fields = (
            "key",
            "group",
            "position",
            "wording",
            "why",
            "detail_prompt",
            "needs_detail",
            "level",
            "flags_unsure",
            "asked_first",
            "asked_again",
            "answered_from",
            "treatments",
            "owner",
            "source",
            "review_due",
        )

    def clean_key(self) -> str:
        """Refuse to overwrite a wording that patients have answered."""
        key: str = self.cleaned_data["key"]
        if ScreeningQuestion.objects.current().filter(key=key).exists():
            raise ValidationError(
                "We already ask this question in other words. Stop asking that one first, or "
                "choose another key."
            )
        return key
