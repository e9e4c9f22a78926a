"""The forms about people: notes, who is whom, how they are reached, who sees to a request."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from bookings.desk.forms.decisions import AS_BEFORE
from bookings.desk.forms.read_by_reception import say_beside
from bookings.desk.forms.written_in import WrittenInForm
from bookings.desk.owners import colleagues
from bookings.models import Note, Person, PersonLink
from bookings.status import AccessNeed
from procedures.ground import languages
from procedures.ground.contact_fields import EmailAddressField, OptionalPhoneField, PlainTextField
from procedures.ground.decisions import DecisionForm, ReasonForm
from procedures.ground.generics import ModelChoiceField

GONE = "This page has expired. Open it again and repeat what you did."
CLINICIANS, EVERYBODY = "clinicians", "everybody"


class OfThisPage(ModelChoiceField[Any]):
    """Something that a button on the page names. Nobody types it."""

    widget = forms.HiddenInput

    def __init__(self, **kwargs: Any):
        messages = dict.fromkeys(("required", "invalid_choice"), GONE)
        super().__init__(error_messages=messages, **kwargs)


class NoteForm(DecisionForm):
    """A note for colleagues."""

    text = PlainTextField(
        label="Note for colleagues",
        required_message="Write the note.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pinned = forms.BooleanField(label="Pin it: show it in lists too", required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        say_beside(self.fields["text"])

    def values(self) -> dict[str, Any]:
        # No version: a note changes nothing that somebody else may be looking at.
        return {"text": self.cleaned_data["text"], "pinned": self.cleaned_data["pinned"]}


class WhyForm(ReasonForm):
    """Why it is done. It changes nothing that somebody else may be looking at."""

    def values(self) -> dict[str, Any]:
        return {"reason": self.cleaned_data["reason"]}


class UnpinForm(DecisionForm):
    """Which pinned note."""

    note = OfThisPage(queryset=Note.objects.all())

    def values(self) -> dict[str, Any]:
        return {"note": self.cleaned_data["note"]}


class OtherPersonForm(DecisionForm):
    """Who else it is about."""

    other = OfThisPage(queryset=Person.objects.shown())

    def values(self) -> dict[str, Any]:
        return {"other": self.cleaned_data["other"]}


class LinkForm(DecisionForm):
    """Which of the things that were said."""

    link = OfThisPage(queryset=PersonLink.objects.all())

    def values(self) -> dict[str, Any]:
        return {"link": self.cleaned_data["link"]}


class ReachPersonForm(WrittenInForm, DecisionForm):
    """How we reach a person, and what they need to visit us."""

    phone = OptionalPhoneField()
    email = EmailAddressField(label="Email address")
    access_needs = forms.MultipleChoiceField(
        label="Help they need to visit us",
        required=False,
        choices=AccessNeed.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choose from the list."},
    )
    access_detail = PlainTextField(
        label="Which language, or what else would help? (optional)",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("version", "phone", "email", "language")
    ABOUT = ("phone", "email", "access_needs", "access_detail", "language")

    def __init__(self, *args: Any, record: Person, **kwargs: Any):
        self.record = record
        super().__init__(*args, record=record, **kwargs)
        for name in ("email", "phone"):
            self.fields[name].widget.attrs["autocomplete"] = "off"
        known = {name: getattr(record, name) for name in self.ABOUT}
        known["language"] = languages.of(record.language).code
        self.initial = {**known, **self.initial}

    def if_unsaid(self) -> str:
        language = languages.of(self.record.language)
        is_offered = language.code in {languages.ENGLISH.code, *settings.OTHER_LANGUAGES}
        return "" if is_offered else f"English, as we do not offer {language.english_name} now"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("language") is None:
            cleaned["language"] = self.record.language
        cleaned["phone"] = str(cleaned.get("phone") or "")
        if not cleaned["phone"] and not cleaned.get("email") and not self.errors:
            self.add_error(
                "email", "Enter an email address or a phone number. We need one of them."
            )
        if not self.errors and all(
            cleaned[name] == getattr(self.record, name) for name in self.ABOUT
        ):
            raise ValidationError(AS_BEFORE)
        return cleaned


class HandOverForm(DecisionForm):
    """To whom. Each choice is a button."""

    to = forms.ChoiceField(
        widget=forms.HiddenInput, error_messages=dict.fromkeys(("required", "invalid_choice"), GONE)
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.people = {str(user.pk): user for user in colleagues()}
        choices = [*self.people, CLINICIANS, EVERYBODY]
        cast("forms.ChoiceField", self.fields["to"]).choices = [(each, each) for each in choices]

    def values(self) -> dict[str, Any]:
        # No version: the last to say so is right.
        to = self.cleaned_data["to"]
        return {"to": self.people.get(to), "for_clinicians": to == CLINICIANS}
