"""The next wording of a safety question, and what may happen at a visit."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from bookings.models import ScreeningQuestion, Topic, Treatment
from bookings.screening import lost_without
from bookings.status import FlagLevel
from procedures.ground.fields import PlainTextField
from procedures.ground.generics import ModelForm

# Until when one person may leave a question unread, from the day on which it is added.
REVIEWED_WITHIN = timedelta(days=366)
WRITE_WHY = "Write why. A second person decides by it."


def why_field() -> PlainTextField:
    """Why we should ask less, for whoever has to agree."""
    return PlainTextField(
        label="Why",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A second person reads it, and has to agree before we ask less.",
    )


class ScreeningQuestionForm(ModelForm[ScreeningQuestion]):
    """A new safety question, or a new wording of a retired one.

    Afterwards it can only be moved to another place, and, if a second person agrees, retired, reviewed
    later, or made to raise a lower flag.
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
    move = forms.BooleanField(
        label="Ask it before other treatments from now on: those below", required=False
    )
    new_treatments = forms.ModelMultipleChoiceField(
        Treatment.objects.all(),
        label="Before these treatments",
        required=False,
        help_text="Choose none to ask it before every visit.",
    )
    new_review_due = forms.DateField(
        label="You have reviewed it: review it again by",
        required=False,
        help_text="Any day after the one above.",
    )
    reason = why_field()

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

    def clean_review_due(self) -> date:
        """Refuse a day that is far away: one person would decide that nobody reads it again."""
        due: date = self.cleaned_data["review_due"]
        latest = timezone.localdate() + REVIEWED_WITHIN
        if due > latest:
            raise ValidationError(
                f"Choose a day until {latest:%-d %B %Y}. On the question’s page you can then propose a "
                "later one, to which a second person agrees."
            )
        return due

    def clean(self) -> dict[str, Any]:
        """Require a reason for asking less; a new wording never does so on its own."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk:
            self._refuse_unclear_wishes(cleaned)
        elif cleaned.get("key") and cleaned.get("level"):
            self._refuse_a_lower_flag(cleaned)
        return cleaned

    def _refuse_a_lower_flag(self, cleaned: dict[str, Any]) -> None:
        """A new wording asks no less than the last one: two people agreed to nothing else."""
        earlier = ScreeningQuestion.objects.filter(key=cleaned["key"]).order_by("-version").first()
        if earlier is None:
            return
        if earlier.is_stricter_than(cleaned["level"], cleaned["flags_unsure"]):
            self.add_error(
                "level",
                f"Version {earlier.version} raised a higher flag. Add this one with the same flag. "
                "On its page you can then propose a lower one, to which a second person agrees.",
            )
        before, chosen = set(earlier.treatments.all()), set(cleaned.get("treatments") or ())
        if (chosen and not before) or (chosen and before - chosen):
            self.add_error(
                "treatments",
                f"Version {earlier.version} was asked before more visits. Add this one before the "
                "same. On its page you can then propose others, to which a second person agrees.",
            )
        for name in ("asked_first", "asked_again"):
            if getattr(earlier, name) and not cleaned[name]:
                said = f"Version {earlier.version} was asked then too. Leave this ticked."
                self.add_error(name, said)

    def _refuse_unclear_wishes(self, cleaned: dict[str, Any]) -> None:
        lower = cleaned.get("new_level") or cleaned.get("no_flag_for_unsure")
        later = cleaned.get("new_review_due")
        wishes = [bool(each) for each in (lower, cleaned.get("retire"), cleaned.get("move"), later)]
        if sum(wishes) > 1:
            said = "Choose one: stop it, lower its flag, other treatments, or a later review."
            self.add_error("retire", said)
        if later and later <= self.instance.review_due:
            self.add_error("new_review_due", "This is no later day.")
        level = cleaned.get("new_level") or self.instance.level
        unsure = self.instance.flags_unsure and not cleaned.get("no_flag_for_unsure")
        if lower and not self.instance.is_stricter_than(level, unsure):
            self.add_error(
                "new_level",
                "This is no lower flag. To raise a higher one, stop asking this question and add it "
                "again with the same key.",
            )
        if any(wishes) and not cleaned.get("reason"):
            self.add_error("reason", WRITE_WHY)


class TopicForm(ModelForm[Topic]):
    """What visits about a page may include. A second person agrees to fewer safety questions."""

    reason = why_field()
    # What waits for a second person. Until then the topic includes what it did, and what was added.
    narrower: list[int] | None = None

    class Meta:
        model = Topic
        fields = ("page", "treatments", "clinicians")

    def clean(self) -> dict[str, Any]:
        """Keep the treatments whose questions would be lost, and require a reason for that."""
        cleaned = super().clean() or self.cleaned_data
        if "treatments" not in cleaned:
            return cleaned
        topic, chosen = self.instance, set(cleaned["treatments"])
        before = topic.treatments.all() if topic.pk else Treatment.objects.possible_for(None)
        if lost_without(before, chosen):
            self.narrower = [each.pk for each in chosen]
            every = chosen | set(before)
            cleaned["treatments"] = Treatment.objects.filter(pk__in=[each.pk for each in every])
            if not cleaned.get("reason"):
                self.add_error("reason", f"Fewer safety questions would be asked. {WRITE_WHY}")
        return cleaned


class TreatmentForm(ModelForm[Treatment]):
    """Something that may happen at a visit. A second person agrees to take it out of any visit."""

    reason = why_field()
    unusual = False

    class Meta:
        model = Treatment
        fields = ("name", "is_usual", "page")

    def clean(self) -> dict[str, Any]:
        """Leave it usual while its questions would be lost, and require a reason for that."""
        cleaned = super().clean() or self.cleaned_data
        usual = Treatment.objects.possible_for(None)
        others = usual.exclude(pk=self.instance.pk)
        if self.instance.pk and not cleaned.get("is_usual") and lost_without(usual, others):
            self.unusual = True
            cleaned["is_usual"] = True
            if not cleaned.get("reason"):
                self.add_error("reason", f"Fewer safety questions would be asked. {WRITE_WHY}")
        return cleaned
