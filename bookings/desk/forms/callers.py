"""What a colleague types while somebody is on the phone or at the front desk."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms

from bookings.desk.forms.aloud import AloudForm
from bookings.desk.forms.carer import CarerForm
from bookings.desk.forms.written_in import WrittenInForm
from bookings.forms.birth_date import BirthDateField
from bookings.forms.request_form import PatientForm
from bookings.screening import GivenAnswer
from bookings.status import DAYS, PARTS_OF_DAY, AccessNeed, AnsweredFrom
from procedures.ground.contact_fields import (
    NameField,
    OptionalPhoneField,
    PlainTextField,
    ReachForm,
)

# What is typed about the safety questions, by the beginning of its name.
OF_ANSWERS = ("answer_", "rest_", "no_to_all")
SOMETHING_ELSE = ("", "Something else, or not sure")


def _not_remembered(widget: type[forms.TextInput] = forms.TextInput, **attrs: Any) -> forms.Widget:
    """A box whose words the browser does not suggest when the next person phones."""
    return widget(attrs={"autocomplete": "off", **attrs})


def _name() -> NameField:
    return NameField(
        label="Patient’s full name",
        required_message="Enter the full name of the person who needs the appointment.",
        max_length=100,
        widget=_not_remembered(),
    )


def _page() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="What is it about?",
        required=False,
        error_messages={"invalid_choice": "Choose a page from the list."},
    )


class AboutPageForm(PatientForm):
    """A form that asks for one of the pages that a request may be about."""

    page = _page()

    def __init__(self, *args: Any, pages: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["page"]).choices = [SOMETHING_ELSE, *pages]


class WhoForm(AboutPageForm):
    """Who needs the appointment, and what it is about: enough to find them, and to ask the rest."""

    name = _name()
    date_of_birth = BirthDateField(label="Date of birth", help_text="For example, 27 3 1972.")
    phone = OptionalPhoneField()

    field_order = ["name", "date_of_birth", "phone", "page"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["phone"].label = "Phone number (optional)"
        self.fields["phone"].widget.attrs["autocomplete"] = "off"


class CallerForm(CarerForm, WrittenInForm, ReachForm, AboutPageForm, AloudForm):
    """Everything that a patient would send us, on one page, with the safety questions asked aloud."""

    key = forms.CharField(max_length=43, widget=forms.HiddenInput)
    # A request of the person whom the colleague recognised.
    earlier = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    name = _name()
    date_of_birth = BirthDateField(label="Date of birth")
    access_needs = forms.MultipleChoiceField(
        label="Help they need to visit us (optional)",
        required=False,
        choices=AccessNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
    access_detail = PlainTextField(
        label="Which language, or what else would help? (optional)",
        required=False,
        max_length=200,
        widget=_not_remembered(),
    )
    concern = PlainTextField(
        label="What they would like help with, in their words",
        required_message="Write a few words about what they would like help with.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    by_link = forms.BooleanField(
        label="They will answer by their private link",
        required=False,
        help_text="For a caller who cannot answer now. We keep the request and write to the patient. No "
        "time can be offered or booked before they have answered.",
    )
    preferred_days = forms.MultipleChoiceField(
        label="Days that suit them",
        help_text="If you tick none, we note that any day suits them.",
        required=False,
        choices=list(DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
    preferred_times = forms.MultipleChoiceField(
        label="Times of day that suit them",
        help_text="If you tick none, we note that both suit them.",
        required=False,
        choices=list(PARTS_OF_DAY.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
    wished_clinician = forms.ChoiceField(
        label="Whom they would like to see",
        required=False,
        error_messages={
            "invalid_choice": "Choose again. That clinician does not see patients about this at "
            "the moment."
        },
    )
    availability = PlainTextField(
        label="Anything else about times (optional)",
        required=False,
        max_length=300,
        widget=_not_remembered(),
    )

    nothing_given = "Enter an email address or a phone number. We need one of them."

    who = ("name", "date_of_birth", "carer_right", "carer_name")
    reach = ("phone", "email", "language", "voicemail", "text_messages", "detail_in_messages")
    visit = ("access_needs", "access_detail")
    what = ("page", "concern")
    when = ("preferred_days", "preferred_times", "wished_clinician", "availability")

    def __init__(self, *args: Any, clinicians: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        wish = cast("forms.ChoiceField", self.fields["wished_clinician"])
        wish.choices = [("", "Whoever is free first"), *clinicians]
        for name in ("email", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        asked = [name for name in self.fields if name not in self.base_fields]
        if not self._by_group:
            del self.fields["by_link"]
        before = (*self.who, *self.reach, *self.visit, *self.what, "by_link")
        self.order_fields([*before, *asked, *self.when])

    def if_unsaid(self) -> str:
        return "As before, or English"

    def sections(self) -> dict[str, list[forms.BoundField]]:
        """The fields by the part of the page that they are on, except the safety questions."""
        return {
            part: [self[name] for name in getattr(self, part) if name in self.fields]
            for part in ("who", "reach", "visit", "what", "when")
        }

    def _check_answers(self, cleaned: dict[str, Any]) -> None:
        """Accept no answer if they answer by their link; otherwise every question needs one."""
        if not cleaned.get("by_link"):
            super()._check_answers(cleaned)
        elif any(cleaned.get(name) for name in self.fields if name.startswith(OF_ANSWERS)):
            self.add_error(
                "by_link",
                "You noted an answer, and ticked that they answer by their private link. Ask every "
                "question now, or remove the answers.",
            )

    def answers(self) -> list[GivenAnswer]:
        given = super().answers()
        if not self.cleaned_data.get("by_link"):
            return given
        return [each for each in given if each.question.answered_from != AnsweredFrom.PATIENT]

    def request_values(self) -> dict[str, Any]:
        """What is noted about the request, by the names of its columns. Only for a valid form."""
        names = (*self.who, *self.reach, *self.visit, *self.what, *self.when)
        values = {name: self.cleaned_data[name] for name in names if name in self.fields}
        return values | {
            "preferred_days": values["preferred_days"] or list(DAYS),
            "preferred_times": values["preferred_times"] or list(PARTS_OF_DAY),
        }
