"""In which language we write to somebody, as a colleague says it."""

from typing import Any, cast

from django import forms
from django.conf import settings

from procedures.ground import languages


class WrittenInForm(forms.Form):
    """A form that also asks for the language of our letters, if the clinic offers another than English.

    The value is None if the colleague did not choose.
    """

    language = forms.TypedChoiceField(
        label="We write to them in",
        required=False,
        coerce=languages.offered,
        empty_value=None,
        error_messages={"invalid_choice": "Choose from the list."},
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not settings.OTHER_LANGUAGES:
            del self.fields["language"]
            return
        unsaid = self.if_unsaid()
        offered = [languages.ENGLISH, *map(languages.of, settings.OTHER_LANGUAGES)]
        cast("forms.ChoiceField", self.fields["language"]).choices = [
            *([("", unsaid)] if unsaid else []),
            *((each.code, each.english_name) for each in offered),
        ]

    def if_unsaid(self) -> str:
        """What not choosing means; empty if they have to choose."""
        raise NotImplementedError
