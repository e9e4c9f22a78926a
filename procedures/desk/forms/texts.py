"""The forms in which an author writes and a reviewer signs."""

from typing import Any, cast

from django import forms
from django.utils import timezone

from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import PlainTextField
from procedures.ground.generics import ModelForm
from procedures.ground.seen import SeenVersionField
from procedures.models import InformationPage, Revision
from procedures.reading import findings
from procedures.texts import content_checks
from procedures.texts.content_checks import RULES
from procedures.texts.rendering import DocumentError, parse, with_plain_line_ends


class InformationPageForm(ModelForm[InformationPage]):
    """What belongs to a page and not to its text."""

    class Meta:
        model = InformationPage
        fields = (
            "slug",
            "category",
            "position",
            "owner",
            "review_months",
            "grace_days",
            "synonyms",
            "related",
        )

    def clean_synonyms(self) -> str:
        """Refuse brands and promises in the synonyms: patients read them, and nobody signs them."""
        synonyms: str = self.cleaned_data["synonyms"]
        if content_checks.promises(synonyms):
            raise forms.ValidationError(
                "Remove brand names and promises: patients read these words."
            )
        return synonyms


class RevisionForm(ModelForm[Revision]):
    """The text of a draft, checked line by line."""

    # Not `version`, which belongs to the model and is never typed.
    seen_version = SeenVersionField(required=False)

    class Meta:
        model = Revision
        fields = ("page", "document", "change_class", "note")
        # An author has to see what is wrong with a text, so nothing is removed from it here.
        field_classes = {"document": forms.CharField}
        widgets = {"document": forms.Textarea(attrs={"rows": 40, "cols": 100, "class": "document"})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen_version"] = self.instance.version
            self.fields.pop("page", None)

    def clean(self) -> dict[str, Any]:
        """Refuse what was typed into an old screen, and show it again."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and cleaned.get("seen_version") != self.instance.version:
            raise forms.ValidationError(
                "A colleague edited this text at the same time. Copy your text from below, "
                "open the page again and combine the two."
            )
        return cleaned

    def clean_document(self) -> str:
        """The text with plain line ends.

        If it cannot be read, the errors name the lines to correct.
        """
        document = with_plain_line_ends(self.cleaned_data["document"])
        try:
            parsed = parse(document)
        except DocumentError as error:
            raise forms.ValidationError(
                [f"Line {line}: {sentence}" for line, sentence in error.faults]
            ) from None
        page = self.instance.page if self.instance.pk else self.cleaned_data.get("page")
        if page and parsed.category != page.category:
            raise forms.ValidationError(
                f"This page is in “{page.get_category_display()}”. Write “category: "
                f"{page.category}” at the top."
            )
        return document


class SubmitForm(DecisionForm):
    """The findings of the content checks.

    Each rule that only prompts has a field for the reason.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        found = findings.found_in(self.record, timezone.now())
        self.blocking = [finding for finding in found if finding.blocks]
        self.rules: dict[str, str] = {}
        for number, rule in enumerate(
            dict.fromkeys(each.rule for each in found if not each.blocks)
        ):
            where = [each for each in found if each.rule == rule]
            self.rules[f"reason_{number}"] = rule
            self.fields[f"reason_{number}"] = PlainTextField(
                label=RULES[rule].sentence,
                help_text=f"{_lines(where)}. {RULES[rule].why} Correct it, or explain why you are "
                "keeping it. The reviewer will read your reason.",
                max_length=300,
                required_message=f"Explain why you are keeping it: {RULES[rule].sentence}",
            )

    def values(self) -> dict[str, Any]:
        answers = {rule: self.cleaned_data[name] for name, rule in self.rules.items()}
        return {"version": self.cleaned_data["version"], "answers": answers}


def _lines(found: list[content_checks.Finding]) -> str:
    """Where a rule is broken: “Lines 3, 8 (bursa)”."""
    places = [f"{each.line} ({each.about})" if each.about else str(each.line) for each in found]
    return f"Line{'s' if len(places) > 1 else ''} {', '.join(places)}"


class SignForm(DecisionForm):
    """The checklist of whoever signs. The hash of what they were shown is sent with the signature."""

    fragment_hash = forms.CharField(widget=forms.HiddenInput)
    checklist = forms.MultipleChoiceField(
        label="I have checked each of these",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick every item on the checklist, or return the text with a reason."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        lines = [(line, line) for line in self.record.page.checklist()]
        cast("forms.MultipleChoiceField", self.fields["checklist"]).choices = lines
        self.initial.setdefault("fragment_hash", self.record.fragment_hash)
