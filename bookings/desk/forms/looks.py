"""Choosing whose looks to see, and of which day."""

from django import forms
from django.contrib.auth.models import User

from bookings.forms.birth_date import SplitDateField
from procedures.ground.generics import ModelChoiceField
from procedures.ground.people import shown_name


class StaffField(ModelChoiceField[User]):
    """A choice of one colleague, by name. Those who have left can be chosen too."""

    def label_from_instance(self, obj: User) -> str:
        return shown_name(obj)


class WhichLooksForm(forms.Form):
    """Of whom and of which day; empty means everybody and every day."""

    staff = StaffField(
        User.objects.order_by("first_name", "last_name", "username"),
        label="Who",
        required=False,
        empty_label="Everybody",
        to_field_name="username",
        error_messages={"invalid_choice": "Choose somebody from the list."},
    )
    day = SplitDateField(label="Day", required=False)

    use_required_attribute = False
