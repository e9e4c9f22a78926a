"""What a manager types about the accounts of colleagues. Forms validate; they never write."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic_site.groups import ROLES
from clinic_site.staff.belongings import pages_of, questions_of
from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import DayField, PlainTextField
from procedures.ground.generics import ModelChoiceField
from procedures.models import Clinician, StaffAccount


def _role_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="Role",
        choices=[(role, f"{role}: {said}") for role, said in ROLES.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what this person may do."},
    )


class DetailsFields(forms.Form):
    """What somebody is called, and where we write to them."""

    first_name = PlainTextField(
        label="First name", max_length=150, required_message="Enter the first name."
    )
    last_name = PlainTextField(
        label="Last name", max_length=150, required_message="Enter the last name."
    )
    email = forms.EmailField(
        label="Email address",
        error_messages={
            "required": "Enter the email address.",
            "invalid": "Enter an email address like name@example.org.",
        },
    )

    use_required_attribute = False


class InviteForm(DetailsFields):
    """A colleague who has no account yet."""

    role = _role_field()


class DetailsForm(DecisionForm, DetailsFields):
    """A name or an email address to correct."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name in DetailsFields.base_fields:
            self.initial.setdefault(name, getattr(self.record, name))


class RoleForm(DecisionForm):
    """Another role."""

    role = _role_field()

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("role", self.record.role)


class LeavingForm(DecisionForm):
    """The day from which the account does not work."""

    leaves_on = DayField(
        label="Leaves on",
        help_text="The account stops working at the start of this day. Enter today if it has to "
        "stop straight away.",
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("leaves_on", self.record.leaves_on or timezone.localdate())

    def clean_leaves_on(self) -> date:
        """The day, which cannot be past."""
        leaves_on: date = self.cleaned_data["leaves_on"]
        if leaves_on < timezone.localdate():
            raise ValidationError("Choose today or a later day.")
        return leaves_on


class HandOnForm(DecisionForm):
    """Who takes over what a leaver looks after. Only what there is can be handed on."""

    pages_to = ModelChoiceField(
        StaffAccount.objects.none(), label="Who looks after the pages", required=False
    )
    questions_to = ModelChoiceField(
        Clinician.objects.none(), label="Who answers for the safety questions", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        others = StaffAccount.objects.staying().exclude(pk=self.record.pk)
        choices = {
            "pages_to": (pages_of(self.record), others.order_by("first_name", "last_name")),
            "questions_to": (
                questions_of(self.record),
                Clinician.objects.filter(login__in=others).order_by("name"),
            ),
        }
        for name, (things, colleagues) in choices.items():
            if things.exists():
                self.fields[name].queryset = colleagues  # type: ignore[attr-defined]
            else:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Require somebody for at least one kind."""
        chosen = super().clean() or self.cleaned_data
        if not chosen.get("pages_to") and not chosen.get("questions_to"):
            raise ValidationError("Choose a colleague who takes something over.")
        return chosen

    def values(self) -> dict[str, Any]:
        """Who takes over each kind; nobody for what there is none of."""
        return {"pages_to": None, "questions_to": None} | super().values()
