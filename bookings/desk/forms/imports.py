"""What a manager says about a file from another system."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from bookings.imports.cells import Order
from bookings.imports.columns import (
    MOST_NAMES,
    Choice,
    Column,
    Doubt,
    Name,
    choices,
    has_visits,
    missing,
    names_in,
)
from bookings.imports.fates import Why
from bookings.imports.files import MOST_BYTES, Unreadable, read
from bookings.models import Import

NOT_NEEDED = ("", "Not needed")
NOBODY = {
    Column.CLINICIAN: "None of our clinicians: refuse the rows",
    Column.TYPE: "None of our types: refuse the rows",
    Column.PLACE: "None of our places: refuse the rows",
}
EXAMPLES = 3


class UploadForm(forms.Form):
    """A file."""

    use_required_attribute = False

    file = forms.FileField(
        label="File",
        help_text="CSV or iCalendar (.ics), up to 1 MB and 2,000 rows. The first row of a CSV file "
        "names the columns.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self) -> bytes:
        """Its content, if it can be read."""
        upload: UploadedFile[Any] = self.cleaned_data["file"]
        content = bytes(upload.read(MOST_BYTES + 1))
        try:
            read(content)
        except Unreadable as error:
            raise forms.ValidationError(str(error)) from None
        return content


class ColumnsForm(forms.Form):
    """What each column of the file is."""

    use_required_attribute = False

    def __init__(self, *args: Any, this: Import, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.this = this
        known = {number: column for column, number in this.columns.items()}
        for number, heading in enumerate(this.headings):
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=heading,
                required=False,
                choices=[NOT_NEEDED, *Column.choices],
                initial=known.get(number, ""),
                help_text=self._examples(number),
                error_messages={"invalid_choice": "Choose from the list."},
            )

    def _examples(self, number: int) -> str:
        """The first different things that the column says."""
        said = [cells[number] for _, cells in self.this.lines if cells[number : number + 1] > [""]]
        shown = [each[:60] for each in dict.fromkeys(said)][:EXAMPLES]
        return f"For example: {'; '.join(shown)}" if shown else "Always empty."

    def clean(self) -> dict[str, Any]:
        """Each thing is in one column, and there is enough to go by."""
        cleaned = super().clean() or {}
        columns: dict[str, int] = {}
        for name, column in cleaned.items():
            if column in columns:
                self.add_error(name, f"You chose “{Column(column).label}” twice.")
            elif column:
                columns[column] = int(name.removeprefix("column_"))
        if not self.errors:
            self.cleaned_data["columns"] = columns
            for sentence in [*missing(columns), *self._crowded(columns)]:
                self.add_error(None, sentence)
        return self.cleaned_data

    def _crowded(self, columns: dict[str, int]) -> list[str]:
        """Sentences about columns with so many names that they are something else."""
        asked = Import(headings=self.this.headings, lines=self.this.lines, columns=columns)
        found = names_in(asked) if has_visits(columns) else []
        counted = {each.column: 0 for each in found}
        for each in found:
            counted[each.column] += 1
        return [
            f"“{self.this.headings[columns[column]]}” has {number} different names, too many for "
            f"“{column.label}”. Is it another column?"
            for column, number in counted.items()
            if number > MOST_NAMES
        ]


class QuestionsForm(forms.Form):
    """How dates are to be read, and who or what of ours the names in the file are."""

    use_required_attribute = False

    def __init__(self, *args: Any, doubts: Sequence[Doubt], names: Sequence[Name], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.doubts, self.names = doubts, names
        for doubt in doubts:
            first, second = (f"{doubt.readings[order]:%-d %B %Y}" for order in Order)
            self.fields[f"order_{doubt.column}"] = forms.ChoiceField(
                label=f"Is {doubt.example} in “{doubt.heading}” {first} or {second}?",
                choices=[
                    (Order.DAY, f"{first}: the day comes first"),
                    (Order.MONTH, f"{second}: the month comes first"),
                ],
                widget=forms.RadioSelect,
                error_messages={
                    "required": "Choose how the dates of this column are written.",
                    "invalid_choice": "Choose from the list.",
                },
            )
        ours: dict[Column, list[Choice]] = {
            each: choices(each) for each in {n.column for n in names}
        }
        for number, name in enumerate(names):
            none = [("", NOBODY[name.column])] if name.column in NOBODY else []
            self.fields[f"name_{number}"] = forms.ChoiceField(
                label=name.said or ("Where it is empty" if name.is_in_file else "All rows"),
                required=False,
                choices=[*none, *ours[name.column]],
                initial=name.guess,
                help_text=name.rows_in_words,
                error_messages={"invalid_choice": "Choose from the list."},
            )

    def questions(self) -> list[forms.BoundField]:
        """The fields about dates."""
        return [self[f"order_{each.column}"] for each in self.doubts]

    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields about names, by the column that they are in."""
        found: dict[str, list[forms.BoundField]] = {}
        for number, name in enumerate(self.names):
            found.setdefault(str(name.column.label), []).append(self[f"name_{number}"])
        return found

    def orders(self) -> dict[str, str]:
        """What was said about dates, by column. Only for a valid form."""
        return {each.column: self.cleaned_data[f"order_{each.column}"] for each in self.doubts}

    def values(self) -> dict[str, dict[str, str]]:
        """What was said about names, by column and name. Only for a valid form."""
        found: dict[str, dict[str, str]] = {}
        for number, name in enumerate(self.names):
            found.setdefault(name.column, {})[name.said] = self.cleaned_data[f"name_{number}"]
        return found


class BringInForm(forms.Form):
    """What was seen, which refused rows are left out, and whether patients get a letter."""

    seen = forms.CharField(max_length=32, widget=forms.HiddenInput)
    left_out = forms.MultipleChoiceField(choices=Why.choices, required=False)
    tells = forms.BooleanField(required=False)
