"""Telling another system what happens."""

from typing import Any

from django import forms
from django.db.models import TextChoices

from bookings.models import Webhook
from bookings.models.webhooks import may_be_told
from bookings.status import Notice
from procedures.ground.generics import ModelForm


class Act(TextChoices):
    """What a manager can do with a webhook."""

    NOTHING = "", "Nothing"
    RENEW = "renew", "Make a new secret. The present one works for another day"
    REPLAY = "replay", "Send everything of the last 30 days again"
    TURN_ON = "on", "Turn it on again"
    END = "end", "End it for good"


class WebhookForm(ModelForm[Webhook]):
    """A new webhook, or what to do with one."""

    notices = forms.MultipleChoiceField(
        label="What it is told",
        choices=Notice.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="It is told that something happened, and the number of the request. It is told no "
        "name, and nothing about health.",
        error_messages={"required": "Choose at least one."},
    )
    act = forms.ChoiceField(
        label="What to do",
        choices=Act.choices,
        required=False,
        widget=forms.RadioSelect,
        initial=Act.NOTHING,
    )

    class Meta:
        model = Webhook
        fields = ("given_to",)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        del self.fields["notices" if self.instance.pk else "act"]

    def clean_url(self) -> str:
        """HTTPS to a public machine, unless the operator named the host as one of our own network."""
        url: str = self.cleaned_data["url"]
        if not may_be_told(url):
            raise forms.ValidationError(
                "Enter an address that begins with https://, has no name or password in it, and is not "
                "inside a private network."
            )
        return url
