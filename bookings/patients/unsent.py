"""A request that is being filled in.

It is in the patient's session for an hour, and stored nowhere else until it is sent.
"""

import math
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.forms import BoundField
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext

from bookings.diary.clinicians import who_can_be_asked_for
from bookings.forms.birth_date import SplitDateWidget
from bookings.forms.request_form import (
    AboutForm,
    PatientForm,
    TimesForm,
    YouForm,
)
from bookings.forms.safety_questions import SafetyForm
from bookings.models import AppointmentRequest
from bookings.screening import GivenAnswer, is_under_18, questions_for
from bookings.status import CarerRight
from bookings.triage import Submission
from procedures.ground import languages
from procedures.ground.fields import PlainTextField
from procedures.models import Clinician, InformationPage
from procedures.reading.publication import titles_to_ask_about

STEPS: dict[str, type[PatientForm]] = {
    "about": AboutForm,
    "you": YouForm,
    "safety": SafetyForm,
    "times": TimesForm,
}
CHECK = "check"
ORDER = [*STEPS, CHECK]
# Not a step of its own: it comes between two steps, after an answer that cannot wait for us.
URGENT = "urgent"
# A person takes longer than this over five steps, even with a form filler; a program takes less.
QUICKEST = timedelta(seconds=10)
# How many bytes a session may keep, as stored: room for all answers at their longest.
LONGEST = 7500
# The longest answer in a field that has no length of its own.
LONGEST_WORD = 254
ANSWER = re.compile(r"(?:answer|detail|rest)_\d{1,9}$")


# What is kept of a form that was posted after the hour was over.
RESCUED = {"answers", "answered_in"}
# Steps that are filled in for somebody whom we know.
FILLED_IN = ("you", "times")


class UnsentRequest:
    """The patient's answers so far, step by step, as they were posted."""

    def __init__(self, session: SessionBase):
        self.session = session
        self.kept: dict[str, Any] = session.get("unsent", {})
        # Each form is made once, until something else is kept.
        self._forms: dict[str, PatientForm] = {}

    @property
    def key(self) -> str:
        """The key that makes this form one submission, however often it is sent.

        Empty before the patient has begun.
        """
        return str(self.kept.get("key", ""))

    @property
    def has_answers(self) -> bool:
        """Whether a step was filled in, so that starting again would lose something."""
        return bool(self.key and self.kept["answers"])

    def begin(self, page_slug: str) -> None:
        """Start again, about a page or about nothing yet. The urgent help has been shown.

        A step that was rescued is still there.
        """
        rescued = {} if self.key else {name: self.kept[name] for name in RESCUED & self.kept.keys()}
        self.kept = {
            "answers": {},
            **rescued,
            "key": secrets.token_urlsafe(32),
            "page": page_slug,
            "begun": timezone.now().timestamp(),
        }
        self._save()

    def begin_for(self, known: AppointmentRequest) -> None:
        """Start again for a person whom we know, with what does not change from visit to visit.

        Filled in as if it had been posted, so it is checked like anything else that is sent.
        """
        self.begin("")
        you = {name: getattr(known, name, None) for name in YouForm.base_fields}
        wish = known.wished_clinician
        times = {
            "preferred_days": known.preferred_days,
            "preferred_times": known.preferred_times,
            "wished_clinician": wish.slug if wish else "",
            # What they wrote about their times was about that visit only.
        }
        answers = {
            "you": _filled_in(YouForm(initial=you, for_someone_else=bool(known.carer_name))),
            "times": _filled_in(TimesForm(initial=times, clinicians=self._choices())),
        }
        self.kept = {**self.kept, "answers": answers, "known": known.pk}
        self._save()

    def rescue(self, step: str, posted: QueryDict) -> None:
        """Keep the one step that was posted after the hour was over, for a new beginning."""
        self.kept = {"page": "", "answers": {}}
        if step != "safety":
            self.keep(step, posted)
            return
        # Which questions were asked is forgotten with the rest, so everything that looks like an
        # answer is kept.
        answers = {
            name: [str(text)[:LONGEST_WORD] for text in dict.fromkeys(values)]
            for name, values in posted.lists()
            if ANSWER.match(name)
        }
        self._keep_language(posted)
        self._keep(step, answers)

    def keep(self, step: str, posted: QueryDict) -> bool:
        """Remember what was posted for one step; False if everything together is too long."""
        form = self.form(step, posted)
        form.is_valid()
        if step == "safety":
            self._keep_language(posted)
        answers = {
            name: values
            for field in form
            for name, values in _as_posted(field, posted, form.cleaned_data).items()
        }
        return self._keep(step, answers)

    def _keep_language(self, posted: QueryDict) -> None:
        """Once in a translation, answers stay answered in one, whatever language is chosen after it."""
        has_ticked = any(name.startswith(("answer_", "rest_")) for name in posted)
        if has_ticked and languages.is_foreign():
            self.kept["answered_in"] = languages.code()

    def _keep(self, step: str, answers: dict[str, list[str]]) -> bool:
        kept = {**self.kept, "answers": {**self.kept["answers"], step: answers}}
        if len(self.session.encode({"unsent": kept})) > LONGEST:
            return False
        self.kept = kept
        self._save()
        return True

    def keep_until(self, opens: datetime) -> datetime:
        """Keep everything until an hour after that instant, when it can be sent.

        Returns until when.
        """
        self.kept["until"] = opens.timestamp() + settings.PATIENT_SESSION_SECONDS
        self._save()
        return datetime.fromtimestamp(self.kept["until"], UTC)

    def is_too_quick(self, now: datetime) -> bool:
        """Whether it was sent too soon after it was begun for a person to have filled it in."""
        begun: float = self.kept.get("begun", 0)
        return now.timestamp() < begun + QUICKEST.total_seconds()

    @property
    def was_asked_twice(self) -> bool:
        """Whether the patient has been asked to press again, and so is not a program."""
        return bool(self.kept.get("asked_twice"))

    def ask_twice(self) -> None:
        """Remember that the patient has been asked to press again."""
        self.kept["asked_twice"] = True
        self._save()

    def forget(self) -> None:
        """Remove all answers from the session."""
        self.session.pop("unsent", None)

    def form(self, step: str, posted: QueryDict | None = None) -> PatientForm:
        """The form of a step: with what is posted now, with what was kept before, or empty."""
        if posted is not None:
            return self._make_form(step, posted)
        if step not in self._forms:
            self._forms[step] = self._make_form(step, self._kept_answers(step))
        return self._forms[step]

    def other_person(self) -> str:
        """The name of the person for whom somebody else asks. Empty if they ask for themselves."""
        you = self.form("you")
        is_for_another = you.is_valid() and you.cleaned_data.get("carer_name")
        return str(you.cleaned_data["name"]) if is_for_another else ""

    def about_form(self, posted: QueryDict | None) -> PatientForm:
        """The first step, for somebody who has not begun."""
        pages = [(page.slug, title) for page, title in self._pages]
        return AboutForm(posted, pages=pages)

    def _make_form(self, step: str, data: Mapping[str, Any] | None) -> PatientForm:
        kwargs: dict[str, Any] = {}
        if step == "about":
            kwargs["pages"] = [(page.slug, title) for page, title in self._pages]
            kwargs["initial"] = {"page": self.kept["page"]}
        if step == "safety":
            kwargs["questions"] = questions_for(self._page)
            kwargs["answered_in"] = self._answered_in
            kwargs |= self._about_age()
        if step == "times":
            kwargs["clinicians"] = self._choices()
        return STEPS[step](data, **kwargs)

    def form_for(self, *, someone_else: bool) -> YouForm:
        """Step 2 as it was filled in so far, for oneself or for someone else."""
        kept = self.form("you")
        known = kept.cleaned_data if kept.is_bound and kept.is_valid() else {}
        return YouForm(initial=dict(known), for_someone_else=someone_else)

    def _choices(self) -> list[tuple[str, str]]:
        return [(each.slug, languages.in_english(str(each))) for each in self._clinicians]

    def next_step(self) -> str:
        """The first step without valid answers, or the check at the end.

        Urgent advice that has not been read yet comes before any step after the safety questions.
        """
        due = next((step for step in STEPS if not self.form(step).is_valid()), CHECK)
        if _is_before(due, "times"):
            return due
        read = self.kept.get("urgent_read", [])
        return due if all(mark in read for mark in self._urgent_marks()) else URGENT

    def progress(self, step: str) -> str:
        """How far the patient is: “step 2 of 5”. Empty in a step that was filled in for them."""
        order = [each for each in ORDER if each not in FILLED_IN or "known" not in self.kept]
        if step not in order:
            return ""
        return gettext("step {number} of {last}").format(
            number=order.index(step) + 1, last=len(order)
        )

    def may_open(self, step: str) -> bool:
        """Whether the patient has come as far as this step."""
        due = self.next_step()
        if due == URGENT:
            return _is_before(step, "times")
        return not _is_before(due, step)

    def urgent_answers(self) -> list[GivenAnswer]:
        """The answers to the safety questions that cannot wait for us."""
        safety = cast("SafetyForm", self.form("safety"))
        return [given for given in safety.answers() if given.is_urgent] if safety.is_valid() else []

    def mark_urgent_read(self) -> None:
        """Remember that the patient has read what to do about these answers.

        Other answers show it again.
        """
        self.kept["urgent_read"] = self._urgent_marks()
        self._save()

    def _urgent_marks(self) -> list[list[Any]]:
        return [[given.question.pk, given.answer] for given in self.urgent_answers()]

    def forms(self) -> dict[str, PatientForm]:
        """The forms of all steps, filled in."""
        return {step: self.form(step) for step in STEPS}

    def submission(self) -> Submission:
        """What would be sent. Only valid when `next_step` is the check."""
        forms = self.forms()
        values: dict[str, Any] = {}
        for step in ("about", "you", "times"):
            values |= forms[step].cleaned_data
        values["page"] = self._page
        wish = values.get("wished_clinician", "")
        values["wished_clinician"] = next(
            (each for each in self._clinicians if each.slug == wish), None
        )
        return Submission(
            **values,
            answers=cast("SafetyForm", forms["safety"]).answers(),
            earlier=self._known,
            language=languages.code(),
        )

    @property
    def _answered_in(self) -> str:
        """The language in which the safety questions were answered; empty for English."""
        return str(self.kept.get("answered_in", ""))

    def _about_age(self) -> dict[str, bool]:
        """What the date of birth says, and whether a parent asks, as far as we know."""
        you = self.form("you")
        if not you.is_valid():
            return {}
        return {
            "is_under_18": is_under_18(you.cleaned_data["date_of_birth"], timezone.localdate()),
            "asks_as_parent": you.cleaned_data.get("carer_right") == CarerRight.PARENT,
        }

    @property
    def _known(self) -> AppointmentRequest | None:
        """The request behind whose private page this one was begun."""
        known = AppointmentRequest.objects.select_related("person")
        return known.filter(pk=self.kept["known"]).first() if "known" in self.kept else None

    @property
    def page_title(self) -> str:
        """The title of the page that the request is about, or nothing."""
        return self._about[1]

    @property
    def _page(self) -> InformationPage | None:
        return self._about[0]

    @cached_property
    def _clinicians(self) -> list[Clinician]:
        return who_can_be_asked_for(self._page, timezone.localdate())

    @cached_property
    def _pages(self) -> list[tuple[InformationPage, str]]:
        return pages_to_ask_about()

    @cached_property
    def _about(self) -> tuple[InformationPage | None, str]:
        about = self.form("about")
        slug = about.cleaned_data["page"] if about.is_valid() else ""
        return next((each for each in self._pages if each[0].slug == slug), (None, ""))

    def _kept_answers(self, step: str) -> Mapping[str, Any] | None:
        answers = self.kept.get("answers", {}).get(step)
        if answers is None:
            return None
        data = QueryDict(mutable=True)
        for name, values in answers.items():
            data.setlist(name, values)
        return data

    def _save(self) -> None:
        self._forms.clear()
        for known in ("_about", "_clinicians"):
            self.__dict__.pop(known, None)
        self.session["unsent"] = self.kept
        self.session.set_expiry(seconds_to_keep(self.session))


def seconds_to_keep(session: SessionBase) -> int:
    """How long a patient's session is kept from now on.

    It is an hour, or as long as we promised somebody whose request a limit refused.
    """
    until: float = session.get("unsent", {}).get("until", 0)
    left = until - timezone.now().timestamp()
    return max(settings.PATIENT_SESSION_SECONDS, math.ceil(left))


def _filled_in(form: PatientForm) -> dict[str, list[str]]:
    """What a browser would post for a form with its initial values."""
    posted = {}
    for bound in form:
        widget, value = bound.field.widget, bound.value()
        if isinstance(widget, SplitDateWidget):
            parts = getattr(widget, "widgets_names", [])
            for part, each in zip(parts, widget.decompress(value), strict=True):
                posted[bound.html_name + part] = [str(each)]
        else:
            values = value if isinstance(value, list) else [value]
            posted[bound.html_name] = [str(each) for each in values if each]
    return posted


def _as_posted(
    field: BoundField, posted: QueryDict, cleaned: Mapping[str, Any]
) -> dict[str, list[str]]:
    """What was posted for one field, cut to the length of the longest valid answer.

    A text is kept as the form cleaned it: whatever a browser adds to it must not cut off its end.
    """
    if isinstance(field.field, PlainTextField) and field.name in cleaned:
        return {field.html_name: [cleaned[field.name]]}
    widget = field.field.widget
    parts = getattr(widget, "widgets_names", [""])
    most = getattr(field.field, "max_length", None) or LONGEST_WORD
    several = getattr(widget, "allow_multiple_selected", False)
    return {
        name: [value.strip()[:most] for value in dict.fromkeys(values if several else values[-1:])]
        for name in (field.html_name + part for part in parts)
        if (values := posted.getlist(name))
    }


def pages_to_ask_about() -> list[tuple[InformationPage, str]]:
    """The pages that a request can be about, each with its title in the language that we speak.

    A title that exists in English only is marked as English.
    """
    titles = titles_to_ask_about(timezone.localdate(), languages.code())
    return [
        (each.english, languages.in_language(each.title, each.page.language)) for each in titles
    ]


def _is_before(step: str, other: str) -> bool:
    return ORDER.index(step) < ORDER.index(other)
