"""The forms in which an author writes and a reviewer signs."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone
from django.utils.text import slugify

from procedures.ground import languages
from procedures.ground.decisions import DecisionForm
from procedures.ground.fields import DayField, PlainTextField
from procedures.ground.generics import ModelChoiceField, ModelForm
from procedures.ground.passkeys import Hand
from procedures.ground.people import shown_name
from procedures.ground.seen import SeenVersionField
from procedures.models import InformationPage, Revision
from procedures.reading import findings
from procedures.status import Category
from procedures.texts import content_checks
from procedures.texts.content_checks import RULES
from procedures.texts.rendering import DocumentError, parse, with_plain_line_ends

# As the model has it; a longer one is refused when the draft is saved.
LONGEST_NOTE = 300


def free_address(slug: str, of: int = 0) -> str:
    """The last part of an address in small letters, which two pages cannot share.

    `of` is the number of the page that may have it. Raises ValidationError if another one has.
    """
    # A folder of texts has small letters only.
    taken = InformationPage.objects.filter(slug__iexact=slug).exclude(pk=of)
    if found := taken.first():
        raise forms.ValidationError(
            f"The page “{found.staff_title}” has the address “{found.slug}”. Enter another."
        )
    return slug.lower()


class StartPageForm(forms.Form):
    """What has to be known before a page can be written: its kind, its title and its address."""

    use_required_attribute = False

    category = forms.ChoiceField(
        label="What kind of page is it?",
        choices=[
            (Category.GUIDE, "A guide: one problem, and what may help"),
            (Category.PROCEDURE, "A procedure: something that we do"),
            (Category.CLINIC, "A clinic: one kind of visit"),
            (Category.ABOUT, "About us: something that a manager approves"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what kind of page it is."},
    )
    title = PlainTextField(
        label="Title",
        max_length=200,
        help_text="As patients would say it.",
        required_message="Enter the title of the page.",
    )
    slug = forms.SlugField(
        label="Last part of its address",
        required=False,
        max_length=50,
        help_text=(
            "Leave it empty, and we make it from the title. You can change it until the page is "
            "published."
        ),
        error_messages={
            "invalid": "Use only letters without accents, numbers and hyphens: golfers-elbow."
        },
    )

    def clean_category(self) -> Category:
        """The kind, as the rest of the code knows it."""
        return Category(self.cleaned_data["category"])

    def clean(self) -> dict[str, Any]:
        """Propose the address from the title, and refuse one that another page has."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        slug = cleaned["slug"] or slugify(cleaned["title"].replace("’", ""))[:50].strip("-")
        if not slug:
            self.add_error("slug", "Enter the last part of the address.")
            return cleaned
        try:
            return cleaned | {"slug": free_address(slug)}
        except forms.ValidationError as taken:
            self.add_error("slug", taken)
            return cleaned


class StartVersionForm(forms.Form):
    """The page of which somebody begins a new version."""

    use_required_attribute = False

    page = forms.ModelChoiceField(
        label="Page",
        queryset=InformationPage.objects.order_by("title", "slug"),
        empty_label="Choose a page",
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose a page."),
    )


class PlanForm(DecisionForm):
    """The day on which a signed text is to be published."""

    day = DayField(
        label="Publish on",
        help_text="For example, 1/12/2026. Patients can read it from 00:05 that day.",
    )

    def clean_day(self) -> date:
        """The day, which has to be in the future."""
        day: date = self.cleaned_data["day"]
        if day <= timezone.localdate():
            raise forms.ValidationError(
                "Choose a day after today. To publish today, use “Publish”."
            )
        return day


class InformationPageForm(ModelForm[InformationPage]):
    """What belongs to a page and not to its text."""

    class Meta:
        model = InformationPage
        fields = (
            "slug",
            "category",
            "position",
            "owner",
            "review_months",
            "grace_days",
            "synonyms",
            "related",
        )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if related := self.fields.get("related"):
            # Each leads to its translations.
            others = InformationPage.objects.exclude(pk=self.instance.pk or 0)
            cast("forms.ModelMultipleChoiceField[InformationPage]", related).queryset = others
        if "owner" in self.fields:
            owner = cast("ModelChoiceField[User]", self.fields["owner"])
            able = Q(is_active=True) | Q(pk=self.instance.owner_id)
            owner.queryset = User.objects.filter(able).order_by("first_name", "last_name")
            owner.label_from_instance = shown_name  # type: ignore[assignment, method-assign]

    def clean_slug(self) -> str:
        """The last part of its address, which no other page has."""
        return free_address(self.cleaned_data["slug"], self.instance.pk or 0)

    def clean_synonyms(self) -> str:
        """Refuse brands and promises in the synonyms: patients read them, and nobody signs them."""
        synonyms: str = self.cleaned_data["synonyms"]
        if content_checks.promises(synonyms):
            raise forms.ValidationError(
                "Remove brand names and promises: patients read these words."
            )
        return synonyms


class RevisionForm(ModelForm[Revision]):
    """The text of a draft, checked line by line. `typed` is what its boxes begin with instead."""

    # Not `version`, which belongs to the model and is never typed.
    seen_version = SeenVersionField(required=False)

    class Meta:
        model = Revision
        fields = ("document", "change_class", "note")
        # An author has to see what is wrong with a text, so nothing is removed from it here.
        field_classes = {"document": forms.CharField}
        widgets = {"document": forms.Textarea(attrs={"rows": 32, "class": "document"})}

    def __init__(self, *args: Any, typed: Mapping[str, Any] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, "seen_version": self.instance.version, **(typed or {})}
        language = languages.of(self.instance.page.language)
        for name in {"document", "note"} & set(self.fields):
            self.fields[name].widget.attrs |= {"lang": language.code, "dir": language.direction}

    def clean(self) -> dict[str, Any]:
        """Refuse what was typed into an old screen, and show it again."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("seen_version") != self.instance.version:
            raise forms.ValidationError(
                "This text was edited at the same time. Put the two together."
            )
        return cleaned

    def clean_document(self) -> str:
        """The text with plain line ends.

        If it cannot be read, the errors name the lines to correct.
        """
        document = with_plain_line_ends(self.cleaned_data["document"])
        try:
            parsed = parse(document)
        except DocumentError as error:
            raise forms.ValidationError(
                [f"Line {line}: {sentence}" for line, sentence in error.faults]
            ) from None
        page = self.instance.page
        if parsed.category != page.category:
            raise forms.ValidationError(
                f"This page is in “{page.get_category_display()}”. Write “category: "
                f"{page.category}” at the top."
            )
        return document


class SubmitForm(DecisionForm):
    """The findings of the content checks.

    Each rule that only prompts has a field for the reason. It begins with the one that was given
    before the text was returned.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        found = findings.found_in(self.record, timezone.now())
        self.blocking = [finding for finding in found if finding.blocks]
        self.rules: dict[str, str] = {}
        given = {each["rule"]: each["reason"] for each in self.record.answered_prompts}
        for number, rule in enumerate(
            dict.fromkeys(each.rule for each in found if not each.blocks)
        ):
            where = [each for each in found if each.rule == rule]
            self.rules[f"reason_{number}"] = rule
            self.fields[f"reason_{number}"] = PlainTextField(
                label=RULES[rule].sentence,
                initial=given.get(rule, ""),
                help_text=f"{_lines(where)}. {RULES[rule].why} Correct it, or explain why you are "
                "keeping it. The reviewer will read your reason.",
                max_length=300,
                required_message=f"Explain why you are keeping it: {RULES[rule].sentence}",
            )

    def values(self) -> dict[str, Any]:
        answers = {rule: self.cleaned_data[name] for name, rule in self.rules.items()}
        return {"version": self.cleaned_data["version"], "answers": answers}


def _lines(found: list[content_checks.Finding]) -> str:
    """Where a rule is broken: “Lines 3, 8 (bursa)”."""
    places = [f"{each.line} ({each.about})" if each.about else str(each.line) for each in found]
    return f"Line{'s' if len(places) > 1 else ''} {', '.join(places)}"


class SignForm(DecisionForm):
    """The checklist of whoever signs. The hash of what they were shown is sent with the signature.

    So is what their passkey signed, which the page asks for again each time that it is shown.
    """

    # What has to be checked, if it is not what the page says.
    items: Sequence[str] = ()

    fragment_hash = forms.CharField(widget=forms.HiddenInput)
    checklist = forms.MultipleChoiceField(
        label="I have checked each of these",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick every item on the checklist, or return the text with a reason."
        },
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        items = self.items or self.record.page.checklist()
        lines = [(line, line) for line in items]
        cast("forms.MultipleChoiceField", self.fields["checklist"]).choices = lines
        self.initial.setdefault("fragment_hash", self.record.fragment_hash)

    def values(self) -> dict[str, Any]:
        """What was checked, and what the passkey signed, if they used one."""
        answer = self.data.get("passkey", "")
        return {**super().values(), "hand": Hand(answer, self._put_before()) if answer else None}

    def _put_before(self) -> datetime:
        """When the page was shown; long ago if what came back is no time."""
        with suppress(ValueError, OverflowError):
            return datetime.fromisoformat(self.data.get("at", "")).astimezone(UTC)
        return datetime.fromtimestamp(0, UTC)
