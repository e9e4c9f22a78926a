"""What an editor types. The forms validate; they never write."""

from typing import Any

from django import forms

from procedures.decisions import SeenVersionField
from procedures.models import Revision
from procedures.rendering import DocumentError, parse


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
