"""What an editor types. The forms validate; they never write."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from procedures.decisions import SeenVersionField
from procedures.models import Clinician, Revision
from procedures.rendering import DocumentError, parse


class ClinicianForm(forms.ModelForm):
    """A clinician. A check of the registration has its evidence and an end within the year."""

    register_url = forms.URLField(
        label="Link to the public register", required=False, assume_scheme="https"
    )

    class Meta:
        model = Clinician
        fields = (
            "name",
            "slug",
            "role",
            "interests",
            "login",
            "regulator",
            "registration_number",
            "register_url",
            "verified_on",
            "verification_evidence",
            "verified_until",
        )

    def clean(self) -> dict[str, Any]:
        """A check is of the past, has its evidence, and ends within the year."""
        cleaned = super().clean() or self.cleaned_data
        checked, until = cleaned.get("verified_on"), cleaned.get("verified_until")
        if not checked:
            return cleaned
        if checked > timezone.localdate():
            self.add_error("verified_on", "The check cannot lie in the future.")
        if not cleaned.get("verification_evidence"):
            self.add_error("verification_evidence", "Write what you looked at and what it said.")
        if not until or until > checked + timedelta(days=366):
            self.add_error("verified_until", "Enter a day within a year of the check.")
        return cleaned


class RevisionForm(forms.ModelForm):
    """The text of a draft, checked line by line."""

    # Not `version`, which is the model's own and never typed.
    seen_version = SeenVersionField(required=False)

    class Meta:
        model = Revision
        fields = ("page", "document", "change_class", "note")
        widgets = {"document": forms.Textarea(attrs={"rows": 40, "cols": 100, "class": "document"})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen_version"] = self.instance.version
            self.fields.pop("page", None)

    def clean(self) -> dict[str, Any]:
        """What was typed into an old screen is shown again, and not stored."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk and cleaned.get("seen_version") != self.instance.version:
            raise forms.ValidationError(
                "A colleague edited this text while you did. Copy yours from below, open the text "
                "again and put the two together."
            )
        return cleaned

    def clean_document(self) -> str:
        """The text with plain line ends, if it can be read; otherwise the lines to mend."""
        document: str = self.cleaned_data["document"].replace("\r\n", "\n")
        try:
            parsed = parse(document)
        except DocumentError as error:
            raise forms.ValidationError(
                [f"Line {line}: {sentence}" for line, sentence in error.faults]
            ) from None
        page = self.instance.page if self.instance.pk else self.cleaned_data.get("page")
        if page and parsed.category != page.category:
            raise forms.ValidationError(
                f"This page belongs to “{page.get_category_display()}”: write "
                f"“category: {page.category}” at the top."
            )
        return document
