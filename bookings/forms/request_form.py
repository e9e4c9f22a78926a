"""The steps of a request, except the safety questions."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookings.forms.birth_date import BirthDateField, SplitDateWidget
from bookings.status import DAYS, PARTS_OF_DAY, AccessNeed, CarerRight
from procedures.ground.contact_fields import NameField, PlainTextField, ReachForm

TELL_ONCE = _("We will tell everyone who plans your visit, so you only need to tell us once.")
TELL_ONCE_FOR_THEM = _(
    "We will tell everyone who plans their visit, so you only need to tell us once."
)


def in_their_words(choices: Iterable[tuple[str, "str | Promise"]]) -> list[tuple[str, Promise]]:
    """The choices of a column, each label in the language of the page."""
    return [(value, _(str(label))) for value, label in choices]


class PatientForm(forms.Form):
    """The base of all forms for patients. It turns the browser's own error bubbles off."""

    use_required_attribute = False


class AboutForm(PatientForm):
    """Step 1: what it is about."""

    title = _("What it is about")

    page = forms.ChoiceField(
        label=_("What have you been reading about?"),
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": _("Choose a page from the list.")},
    )
    concern = PlainTextField(
        label=_("What would you like help with?"),
        help_text=_(
            "Tell us where it hurts, how long it has hurt and what you have tried. A few "
            "sentences are enough."
        ),
        required_message=_("Write a few words about what you would like help with."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, *args: Any, pages: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        page = cast("forms.ChoiceField", self.fields["page"])
        page.choices = [*pages, ("", _("Something else, or I am not sure"))]


class YouForm(ReachForm, PatientForm):
    """Step 2: for whom it is, and how to reach whoever asks.

    Somebody who asks for someone else is asked for their own name and right as well. Browsers
    suggest a name or a date of birth only where it is the typist's own.
    """

    title = _("About you")

    # Which of the two forms this is.
    for_someone_else = forms.BooleanField(required=False, widget=forms.HiddenInput)
    carer_right = forms.ChoiceField(
        label=_("Why are you asking for them?"),
        choices=in_their_words(CarerRight.choices),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose why you are asking for them."),
            "invalid_choice": _("Choose an answer from the list."),
        },
    )
    carer_name = NameField(
        label=_("Your own full name"),
        required_message=_("Enter your own name, because the appointment is for someone else."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    name = NameField(
        label=_("Full name"),
        required_message=_("Enter your full name."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    date_of_birth = BirthDateField(
        label=_("Date of birth"),
        help_text=_(
            "For example, 27 3 1972 or 27 March 1972. We will ask for it again before we show "
            "you your request."
        ),
    )
    access_needs = forms.MultipleChoiceField(
        label=_("Do you need any help to visit us? (optional)"),
        help_text=TELL_ONCE,
        required=False,
        choices=in_their_words(AccessNeed.choices),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )
    access_detail = PlainTextField(
        label=_("Which language do you need, or what else would help? (optional)"),
        required=False,
        max_length=200,
        widget=forms.TextInput,
    )

    field_order = [
        "for_someone_else",
        "carer_right",
        "carer_name",
        "name",
        "date_of_birth",
        *ReachForm.base_fields,
    ]

    def __init__(self, *args: Any, for_someone_else: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.is_for_another = for_someone_else or self._says_so()
        self.initial["for_someone_else"] = self.is_for_another
        if self.is_for_another:
            self.fields["name"].label = _("Their full name")
            self.fields["name"].error_messages["required"] = _(
                "Enter the full name of the person who needs the appointment."
            )
            del self.fields["name"].widget.attrs["autocomplete"]
            self.fields["date_of_birth"].label = _("Their date of birth")
            self.fields["access_needs"].label = _("Do they need any help to visit us? (optional)")
            self.fields["access_needs"].help_text = TELL_ONCE_FOR_THEM
            self.fields["access_detail"].label = _(
                "Which language do they need, or what else would help? (optional)"
            )
        else:
            cast("SplitDateWidget", self.fields["date_of_birth"].widget).suggest_own()
            del self.fields["carer_right"], self.fields["carer_name"]

    def clean(self) -> dict[str, Any]:
        """What is sent; which of the two forms it was shows from the carer's name."""
        cleaned = super().clean()
        cleaned.pop("for_someone_else", None)
        return cleaned

    def _says_so(self) -> bool:
        """Whether the form that was filled in is the one for someone else."""
        is_marked = self.data.get("for_someone_else") == "True"
        return bool(is_marked or self.data.get("carer_right") or self.data.get("carer_name"))

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings, as the page shows them."""
        reach = [name for name in ReachForm.base_fields if name in self.fields]
        visit = ["access_needs", "access_detail"]
        person = [name for name in self.fields if name not in {*reach, *visit}]
        groups = [
            ("", person),
            (gettext("How can we reach you?"), reach),
            (gettext("Help with the visit"), visit),
        ]
        return [(heading, [self[name] for name in names]) for heading, names in groups]


class TimesForm(PatientForm):
    """Step 4: when an appointment would suit."""

    title = _("When you could come")

    preferred_days = forms.MultipleChoiceField(
        label=_("Which days could you come?"),
        help_text=_("Choose all the days that suit you."),
        choices=in_their_words(DAYS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one day."),
            "invalid_choice": _("Choose from the list."),
        },
    )
    preferred_times = forms.MultipleChoiceField(
        label=_("What time of day suits you?"),
        choices=in_their_words(PARTS_OF_DAY.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose morning, afternoon or both."),
            "invalid_choice": _("Choose morning, afternoon or both."),
        },
    )
    wished_clinician = forms.ChoiceField(
        label=_("Who would you like to see? (optional)"),
        help_text=_("We will try. You may have to wait longer for one person."),
        required=False,
        widget=forms.RadioSelect,
        error_messages={
            "invalid_choice": _(
                "Choose again. That clinician does not see patients about this at the moment."
            )
        },
    )
    availability = PlainTextField(
        label=_("Is there anything else we should know about times? (optional)"),
        help_text=_("For example, days when you are away."),
        required=False,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, clinicians: Sequence[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not clinicians:
            del self.fields["wished_clinician"]
            return
        wish = cast("forms.ChoiceField", self.fields["wished_clinician"])
        wish.choices = [("", _("Whoever is free first")), *clinicians]


class SendForm(PatientForm):
    """Step 5: send what was checked. The key makes a repeated press lead to the same request."""

    title = _("Check your answers")

    key = forms.CharField(max_length=43, widget=forms.HiddenInput)
