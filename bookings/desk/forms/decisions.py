"""The forms of the decisions that staff make."""

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from bookings.desk.forms.carer import CarerForm
from bookings.desk.forms.read_by_reception import SENTENCE_OF_QUESTION, say_beside
from bookings.desk.forms.times import FURTHEST
from bookings.desk.message_words import message_in_words
from bookings.diary.free_times import stranded
from bookings.forms.birth_date import BirthDateField
from bookings.links import is_alive
from bookings.messages.still_true import can_be_repeated
from bookings.models import Message, RedFlag
from bookings.status import CancelledBy, FlagOutcome, MessageStatus, WhyOpened, WhyRenamed
from procedures.ground.contact_fields import NameField, PlainTextField, ReachForm
from procedures.ground.decisions import DecisionForm, ReasonForm
from procedures.ground.fields import DayField
from procedures.ground.generics import ModelChoiceField

AS_BEFORE = "This is what we have already."


class ReadyMadeForm(DecisionForm):
    """A form with ready-made sentences. Their buttons decide nothing: each adds to one box."""

    FILL = "fill"
    # The box, and the sentences.
    FILLED = ""
    SENTENCES: Sequence[str] = ()

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        if data is not None and self.FILL in data:
            chosen = dict(self.stock()).get(str(data[self.FILL]), "")
            kwargs["initial"] = data.dict() | {self.FILLED: self._with(chosen, data)}
            data = None
        super().__init__(data, *args, **kwargs)

    def _with(self, sentence: str, data: QueryDict) -> str:
        """What is typed with the sentence below it. An untouched ready-made sentence is replaced."""
        typed = data.get(self.FILLED, "").strip()
        if not sentence or sentence in typed:
            return typed
        return sentence if typed in {"", *self.SENTENCES} else f"{typed}\n{sentence}"

    @classmethod
    def stock(cls) -> list[tuple[str, str]]:
        """The value of each button, and its sentence."""
        return [(str(number), each) for number, each in enumerate(cls.SENTENCES)]


# What clinicians ask most. A press puts it into the box, to be changed there.
OFTEN_ASKED = (
    "Which medicines do you take at the moment? Copy the names from the boxes, with the strength.",
    "What happened then, and when was it? Did you need treatment for it?",
    "Have you had a scan or an X-ray of it in the last year? If so, where and when?",
    "How long has it been like this, and is it getting better, worse or staying the same?",
    "Have you had an injection there before? If so, when, and did it help?",
)


class AskForm(ReadyMadeForm):
    """A question to the patient."""

    FILLED, SENTENCES = "text", OFTEN_ASKED

    text = PlainTextField(
        label="Question to the patient",
        help_text="They can read it after entering the patient’s date of birth. Our message only "
        "says that there is a question.",
        required_message="Write the question.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        super().__init__(data, *args, **kwargs)
        say_beside(self.fields["text"], SENTENCE_OF_QUESTION)


class DeferForm(DecisionForm):
    """The day on which the request comes back into review."""

    until = DayField(
        label="Come back to it on",
        error_messages={"required": "Enter the day when you want to come back to the request."},
    )

    def clean_until(self) -> date:
        """The day, which has to be in the future."""
        until: date = self.cleaned_data["until"]
        if until <= timezone.localdate():
            raise ValidationError("Choose a day after today.")
        if until > timezone.localdate() + FURTHEST:
            raise ValidationError("Choose a day within the next two years.")
        return until


class DeclineForm(ReasonForm):
    """The reason for declining, which the patient reads."""

    reason = PlainTextField(
        label="Reason, as the patient will read it",
        help_text=(
            "Tell them what they can do instead. They can read it through their private link."
        ),
        required_message="Write the reason. The patient will read it.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


# What we tell a patient whose appointment we cancel. A press puts it into the box, to be changed there.
WHY_WE_CANCEL = (
    "The clinician is unwell, and nobody else can see you on that day.",
    "We have had to close the clinic on that day.",
    "Our ultrasound machine is being repaired, and we cannot do the visit without it.",
)
STOCK_REASONS = [
    f"{why} We are sorry. We will offer you another time as soon as we can."
    for why in WHY_WE_CANCEL
]


class CancelForm(ReadyMadeForm):
    """Whose wish it is, and what we tell a patient whose appointment we cancel ourselves."""

    FILLED, SENTENCES = "reason", STOCK_REASONS

    cancelled_by = forms.ChoiceField(
        label="Who cancels?",
        choices=[
            (CancelledBy.PATIENT, "They cancelled: the patient does not want or need to come"),
            (CancelledBy.CLINIC, "We cancel: we cannot see them at that time"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who cancels.", "invalid_choice": "Choose who cancels."},
    )
    reason = PlainTextField(
        label="What the patient will read",
        help_text="Only needed if we cancel. They read it through their private link.",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: QueryDict | None = None, *args: Any, **kwargs: Any):
        super().__init__(data, *args, **kwargs)
        # Whoever phones to cancel is the patient, unless the clinic itself is off.
        is_lost = not self.is_bound and stranded(timezone.now(), Q(request=self.record))
        usual = CancelledBy.CLINIC if is_lost else CancelledBy.PATIENT
        self.initial.setdefault("cancelled_by", usual)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_ours = cleaned.get("cancelled_by") == CancelledBy.CLINIC
        if is_ours and not cleaned.get("reason", "written"):
            self.add_error("reason", "Write why we cancel. The patient will read it.")
        return cleaned


class MessageField(ModelChoiceField[Message]):
    """A message that can be sent again, in words."""

    def label_from_instance(self, message: Message) -> str:
        said = message_in_words(message)
        left = f", {said.left}" if said.left else ""
        return f"{said.what}{left}: {said.outcome}"


class SendAgainForm(DecisionForm):
    """Which message to send once more: the last of each kind that is still true."""

    chosen = MessageField(
        Message.objects.none(),
        label="What did they not get?",
        required=False,
        blank=True,
        widget=forms.RadioSelect,
        empty_label="Only the private link",
        error_messages={
            "required": "Choose a message.",
            "invalid_choice": "That message is no longer true. Choose one of these.",
        },
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        now = timezone.now()
        newest = can_be_repeated(self.record, now)
        chosen = cast("MessageField", self.fields["chosen"])
        if not self.record.email or not is_alive(self.record, now):
            chosen.empty_label, chosen.required = None, True
        chosen.queryset = Message.objects.filter(pk__in=[each.pk for each in newest]).order_by(
            "-pk"
        )
        lost = [each for each in newest if each.status == MessageStatus.FAILED]
        self.initial.setdefault("chosen", next((each.pk for each in [*lost, *newest]), ""))

    def values(self) -> dict[str, Any]:
        # No version: sending again changes nothing that somebody else may be looking at.
        return {"chosen": self.cleaned_data["chosen"]}


class SearchForm(forms.Form):
    """What a colleague looks for."""

    use_required_attribute = False

    term = PlainTextField(
        label="What are you looking for?",
        help_text="Enter a date of birth such as 31/1/1970, or any part of a name, a phone number, an "
        "email address or a reference. It can be the name of the patient or of the person who asked "
        "for them. We record every search.",
        required_message="Enter a reference, an email address, a phone number, a date of birth or "
        "a name.",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CallForm(DecisionForm):
    """The result of a call."""

    reached = forms.ChoiceField(
        label="Did you reach the patient?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how the call ended."},
    )
    note = PlainTextField(
        label="Note for colleagues (optional)",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    # The last news that was on the screen. Whatever came after it has not been told.
    told_up_to = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    texts_up_to = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        say_beside(self.fields["note"])
        waiting = self.record.messages.to_tell().order_by("pk")
        self.initial["told_up_to"] = waiting.values_list("pk", flat=True).last() or 0
        texts = self.record.text_replies.to_see().order_by("pk")
        self.initial["texts_up_to"] = texts.values_list("pk", flat=True).last() or 0
        told = "Yes, and I told them" if self.initial["told_up_to"] else "Yes"
        choices = [("yes", f"{told}, or they heard from us in another way")]
        if self.record.voicemail:
            choices.append(("message", "No, but I left a voicemail message"))
        reached = cast("forms.ChoiceField", self.fields["reached"])
        reached.choices = [*choices, ("no", "No answer")]

    def values(self) -> dict[str, Any]:
        # No version: a call changes nothing that somebody else may be looking at.
        return {
            "reached": self.cleaned_data["reached"] == "yes",
            "left_message": self.cleaned_data["reached"] == "message",
            "note": self.cleaned_data["note"],
            "told_up_to": self.cleaned_data["told_up_to"] or 0,
            "texts_up_to": self.cleaned_data["texts_up_to"] or 0,
        }


class AnswerForm(DecisionForm):
    """What the patient answered on the phone."""

    text = PlainTextField(
        label="The patient’s answer",
        help_text="In their words, as far as you can. They can read it on their private page.",
        required_message="Write what the patient answered.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class ContactForm(ReachForm, DecisionForm):
    """How we reach the patient, and what our messages may do and say."""

    nothing_given = "Enter an email address or a phone number. We need one of them."

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.known = {name: getattr(self.record, name) for name in ReachForm.base_fields}
        self.initial = {**self.known, **self.initial}

    def clean(self) -> dict[str, Any]:
        """Something has to be another than what we have."""
        cleaned = super().clean()
        if not self.errors and all(
            cleaned.get(name, has) == has for name, has in self.known.items()
        ):
            raise ValidationError(AS_BEFORE)
        return cleaned


class BirthDateForm(DecisionForm):
    """The date of birth, as it should have been noted."""

    date_of_birth = BirthDateField(
        label="Date of birth",
        help_text="Ask them to say it, rather than reading ours out. For example, 27 3 1972.",
    )

    def clean_date_of_birth(self) -> date:
        """The date, which has to be another than the one we have."""
        born: date = self.cleaned_data["date_of_birth"]
        if born == self.record.date_of_birth:
            raise ValidationError("This is the date that we have already.")
        return born


class NameForm(DecisionForm):
    """The patient's name, as it should be, and why it is not so yet."""

    name = NameField(
        label="Full name",
        help_text="Ask them to spell it.",
        required_message="Enter the patient’s full name.",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    because = forms.ChoiceField(
        label="Why",
        help_text=(
            "A wrong name is corrected on all of their requests. After a change of name, requests that "
            "ended long ago keep the name that they were made under."
        ),
        choices=WhyRenamed,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why the name is corrected."},
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("name", self.record.name)

    def clean_name(self) -> str:
        """The name, which has to be another than the one we have."""
        name: str = self.cleaned_data["name"]
        if name == self.record.name:
            raise ValidationError("This is the name that we have already.")
        return name


class WhoAsksForm(CarerForm, DecisionForm):
    """Who asks for the patient, as it should be."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["carer_right"].label = "Who asks for the patient?"
        for name in CarerForm.base_fields:
            self.initial.setdefault(name, getattr(self.record, name))

    def clean(self) -> dict[str, Any]:
        """Who asks has to be somebody else than we have."""
        cleaned = super().clean()
        if not self.errors and all(
            cleaned[name] == getattr(self.record, name) for name in CarerForm.base_fields
        ):
            raise ValidationError(AS_BEFORE)
        return cleaned


class FlagField(ModelChoiceField[RedFlag]):
    """A flag, by the question and what was answered to it."""

    def label_from_instance(self, flag: RedFlag) -> str:
        answer = flag.answer
        words = (answer.question.wording, f"{answer.get_answer_display()}.", answer.detail)
        return " ".join(filter(None, words))


class OpenAnswersForm(DecisionForm):
    """Why somebody who books needs to read answers about health."""

    why = forms.ChoiceField(
        label="Why",
        choices=WhyOpened,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why you need to read the answers."},
    )

    def values(self) -> dict[str, Any]:
        # No version: reading changes nothing.
        return {"why": self.cleaned_data["why"]}


class FlagForm(DecisionForm):
    """What a clinician decided about a flag."""

    flag = FlagField(
        RedFlag.objects.none(),
        label="The patient’s answer",
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={"required": "Choose a flag."},
    )
    outcome = forms.ChoiceField(
        label="Outcome",
        help_text="For a delay, write when it ends, and defer the request afterwards.",
        choices=FlagOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an outcome."},
    )
    reason = PlainTextField(
        label="Why",
        required_message="Write the reason. Colleagues will read it.",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        flags = self.record.flags.select_related("answer__question")
        cast("FlagField", self.fields["flag"]).queryset = flags
        if len(flags) == 1:
            self.initial.setdefault("flag", flags[0].pk)
