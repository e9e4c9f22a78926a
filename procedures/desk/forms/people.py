"""The forms for clinicians and the check of their registration."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from procedures.ground.fields import PlainTextField
from procedures.ground.generics import ModelChoiceField, ModelForm
from procedures.ground.people import shown_name
from procedures.models import Clinician


def _name_and_username(obj: User) -> str:
    return f"{shown_name(obj)} ({obj.username})"


class ClinicianForm(ModelForm[Clinician]):
    """A clinician. A check of the registration needs evidence and ends within a year."""

    register_url = forms.URLField(
        label="Link to the public register", required=False, assume_scheme="https"
    )

    reason = PlainTextField(
        label="Why they change",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
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

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if "login" in self.fields:
            self._offer_logins(cast("ModelChoiceField[User]", self.fields["login"]))

    def _offer_logins(self, field: "ModelChoiceField[User]") -> None:
        """Offer the accounts of clinicians who stay and are nobody else's."""
        unused = Q(groups__name="Clinician", departure=None, clinician=None)
        own = Q(pk=self.instance.login_id)
        field.queryset = User.objects.filter(unused | own).distinct().order_by("username")
        field.label_from_instance = _name_and_username  # type: ignore[method-assign]
        field.help_text = format_html(
            'If they have no account yet, <a href="{}?role=Clinician">invite them first</a>. You come '
            "back to this form.",
            reverse("admin:procedures_staffaccount_add"),
        )

    def changes_identity(self) -> bool:
        """Whether a clinician who is entered already gets another login or registration."""
        who = {"login", "regulator", "registration_number"} & set(self.changed_data)
        return bool(self.instance.pk and who)

    def clean(self) -> dict[str, Any]:
        """Require a check to be in the past, with evidence, and to end within a year."""
        cleaned = super().clean() or self.cleaned_data
        checked, until = cleaned.get("verified_on"), cleaned.get("verified_until")
        if self.changes_identity() and not cleaned.get("reason"):
            self.add_error("reason", "Write why. A second person decides by it.")
        if self.changes_identity() and checked and "verified_on" not in self.changed_data:
            self.add_error(
                "verified_on",
                "The person or the registration has changed. Check the register again, or "
                "remove the old check.",
            )
        if not checked:
            return cleaned
        if checked > timezone.localdate():
            self.add_error("verified_on", "The date of the check cannot be in the future.")
        if not cleaned.get("verification_evidence"):
            self.add_error("verification_evidence", "Write what you looked at and what it said.")
        if not until or until > checked + timedelta(days=366):
            self.add_error("verified_until", "Enter a day within a year of the check.")
        return cleaned
