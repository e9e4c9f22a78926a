"""The next wording of a safety question."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from bookings.models import ScreeningQuestion
from bookings.status import FlagLevel
from procedures.ground.fields import PlainTextField
from procedures.ground.generics import ModelForm


class ScreeningQuestionForm(ModelForm[ScreeningQuestion]):
    """A new safety question, or a new wording of a retired one.

    Afterwards it can only be moved to another place, and, if a second person agrees, retired or made
    to raise a lower flag.
    """

    retire = forms.BooleanField(
        label="Stop asking this question",
        required=False,
        help_text="We will not ask it any more. Answers already given keep this wording. To change "
        "the wording, stop asking this question and add a new one with the same key.",
    )
    new_level = forms.ChoiceField(
        label="Raise a lower flag from now on",
        required=False,
        choices=[("", "No, leave it as it is"), *FlagLevel.choices],
    )
    no_flag_for_unsure = forms.BooleanField(
        label="“I am not sure” raises no flag from now on", required=False
    )
    reason = PlainTextField(
        label="Why",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A second person reads it, and has to agree before we ask less.",
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

    def clean(self) -> dict[str, Any]:
        """Require a reason for asking less; a new wording never does so on its own."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            self._refuse_unclear_wishes(cleaned)
        elif cleaned.get("key") and cleaned.get("level"):
            self._refuse_a_lower_flag(cleaned)
        return cleaned

    def _refuse_a_lower_flag(self, cleaned: dict[str, Any]) -> None:
        earlier = ScreeningQuestion.objects.filter(key=cleaned["key"]).order_by("-version").first()
        if earlier and earlier.is_stricter_than(cleaned["level"], cleaned["flags_unsure"]):
            self.add_error(
                "level",
                f"Version {earlier.version} raised a higher flag. Add this one with the same flag. "
                "On its page you can then propose a lower one, to which a second person agrees.",
            )

    def _refuse_unclear_wishes(self, cleaned: dict[str, Any]) -> None:
        lower = cleaned.get("new_level") or cleaned.get("no_flag_for_unsure")
        if lower and cleaned.get("retire"):
            self.add_error("retire", "Choose one: stop asking it, or raise a lower flag.")
        level = cleaned.get("new_level") or self.instance.level
        unsure = self.instance.flags_unsure and not cleaned.get("no_flag_for_unsure")
        if lower and not self.instance.is_stricter_than(level, unsure):
            self.add_error(
                "new_level",
                "This is no lower flag. To raise a higher one, stop asking this question and add it "
                "again with the same key.",
            )
        if (lower or cleaned.get("retire")) and not cleaned.get("reason"):
            self.add_error("reason", "Write why. A second person decides by it.")
