"""Giving another system a token."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from bookings.models import AccessToken
from bookings.status import Scope
from procedures.ground.generics import ModelForm

# Nobody remembers an older one, or what it is for.
MOST_DAYS = 366


class AccessTokenForm(ModelForm[AccessToken]):
    """A new token, or the end of one."""

    # Whether whoever fills it in does. The admin makes a class of its own for each page.
    reads_every_answer = False

    scopes = forms.MultipleChoiceField(
        label="What it may read",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose what the system needs and nothing else. What it reads about patients is "
        "recorded like a look of a colleague.",
        error_messages={"required": "Choose at least one."},
    )
    ends = forms.BooleanField(
        label="Revoke this token",
        required=False,
        help_text="Whoever has it can read nothing any more. To give somebody a new one, add a token.",
    )

    class Meta:
        model = AccessToken
        fields = ("given_to", "last_day")
        help_texts = {"last_day": "At most a year from now. Make a new token before that day."}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        del self.fields["scopes" if self.instance.pk else "ends"]

    def clean_last_day(self) -> Any:
        """A day from today on, and not so far off that nobody remembers the token."""
        day, today = self.cleaned_data["last_day"], timezone.localdate()
        if not today <= day <= today + timedelta(days=MOST_DAYS):
            raise forms.ValidationError("Choose a day from today on, at most a year from now.")
        return day

    def clean_scopes(self) -> list[str]:
        """Nobody gives away what they may not read themselves."""
        scopes: list[str] = self.cleaned_data["scopes"]
        if Scope.QUESTIONNAIRE_RESPONSE in scopes and not self.reads_every_answer:
            raise forms.ValidationError(
                "Answers about health can be given only by a colleague who may read them."
            )
        return scopes
