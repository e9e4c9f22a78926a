"""The forms in which a translation is begun, written beside the English, and signed."""

from collections.abc import Sequence
from typing import Any

from django import forms

from procedures.desk.forms.texts import SignForm
from procedures.ground.fields import PlainTextField
from procedures.ground.generics import ModelForm
from procedures.ground.languages import KNOWN
from procedures.models import TRANSLATORS_CHECKLIST, Translator


class StartTranslationForm(forms.Form):
    """The language, and the text of a machine if it is to be kept for comparison."""

    use_required_attribute = False

    language = forms.ChoiceField(
        choices=[(each.code, each.english_name) for each in KNOWN.values()],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a language."),
    )
    document = PlainTextField(
        label="What the machine wrote",
        required=False,
        widget=forms.Textarea(attrs={"rows": 10, "class": "document"}),
        help_text="The whole text in our own form, from “---” on.",
    )
    by_machine = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Refuse a machine's text that is empty, and forget a text that is no machine's."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("by_machine") and not cleaned.get("document"):
            self.add_error("document", "Paste what the machine wrote.")
        if not cleaned.get("by_machine"):
            cleaned["document"] = ""
        return cleaned


class TranslatorForm(ModelForm[Translator]):
    """Somebody who translates into one language for us."""

    class Meta:
        model = Translator
        fields = ("login", "language", "qualification", "evidence", "until")


class SignAsTranslatorForm(SignForm):
    """The checklist of a translator. The clinic signs for them: they have no registration."""

    items: Sequence[str] = TRANSLATORS_CHECKLIST

    def values(self) -> dict[str, Any]:
        """What was checked."""
        return {name: value for name, value in super().values().items() if name != "hand"}
