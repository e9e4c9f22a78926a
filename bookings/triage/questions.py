"""Asking less: two people decide about everything after which a safety question is asked less often.

That is a question that is stopped, that raises a lower flag or belongs to other treatments; and a visit
that includes a treatment less, so that nobody asks the questions about it. They also decide that a
question is read again later than it was to be.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings.models import ScreeningQuestion, Topic, Treatment
from bookings.screening import lost_without
from bookings.status import FlagLevel
from procedures.ground.two_people import TwoPersonAct, all_columns, register


def retire(
    question: ScreeningQuestion, *, proposed_by: User, by: User, now: datetime
) -> ScreeningQuestion:
    """Stop asking a question. Answers that were given keep its wording."""
    question.retired_on, question.retired_by = timezone.localdate(now), proposed_by.username
    question.save(update_fields=["retired_on", "retired_by"])
    return question


def lower(
    question: ScreeningQuestion,
    *,
    level: str,
    flags_unsure: bool,
    proposed_by: User,
    by: User,
    now: datetime,
) -> ScreeningQuestion:
    """Ask the same question from now on with another flag: as its next version, the same otherwise."""
    treatments = list(question.treatments.all())
    retire(question, proposed_by=proposed_by, by=by, now=now)
    columns = {
        each.name: getattr(question, each.name)
        for each in ScreeningQuestion._meta.concrete_fields
        if not each.primary_key
    }
    changed = {
        "version": ScreeningQuestion.objects.filter(key=question.key).count() + 1,
        "level": level,
        "flags_unsure": flags_unsure,
        "retired_on": None,
        "retired_by": None,
    }
    following = ScreeningQuestion.objects.create(**columns | changed)
    following.treatments.set(treatments)
    return following


def ask_before(
    question: ScreeningQuestion,
    *,
    treatments: list[int],
    proposed_by: User,
    by: User,
    now: datetime,
) -> ScreeningQuestion:
    """Ask a question before these treatments from now on; before every visit if there are none."""
    question.treatments.set(_numbered(treatments))
    return question


def review_later(
    question: ScreeningQuestion, *, on: str, proposed_by: User, by: User, now: datetime
) -> ScreeningQuestion:
    """Read a question again only on this day (`2027-11-29`), because it has been read now."""
    question.review_due = date.fromisoformat(on)
    question.save(update_fields=["review_due"])
    return question


def narrow(
    topic: Topic, *, treatments: list[int], proposed_by: User, by: User, now: datetime
) -> Topic:
    """Say that visits about a page include only these treatments, and so ask only their questions."""
    topic.treatments.set(_numbered(treatments))
    return topic


def make_unusual(treatment: Treatment, *, proposed_by: User, by: User, now: datetime) -> Treatment:
    """Say that a treatment does not happen at any visit, but only where a topic includes it."""
    treatment.is_usual = False
    treatment.save(update_fields=["is_usual"])
    return treatment


def usual_without(treatment: Treatment) -> tuple[list[Treatment], list[Treatment]]:
    """What any visit may include, and what it would include without this treatment."""
    usual = list(Treatment.objects.possible_for(None))
    return usual, [each for each in usual if each != treatment]


def _numbered(treatments: Iterable[int]) -> list[Treatment]:
    return list(Treatment.objects.filter(pk__in=treatments))


def _named(treatments: Iterable[Treatment], none: str) -> str:
    return ", ".join(each.name for each in treatments) or none


def _not_asked(before: Iterable[Treatment], after: Iterable[Treatment]) -> str:
    lost = ", ".join(f"“{each.wording}”" for each in lost_without(before, after))
    return f"Not asked any more: {lost or 'nothing'}"


def _said_ask_before(question: ScreeningQuestion, arguments: dict[str, Any]) -> str:
    before = _named(question.treatments.all(), "any visit")
    after = _named(_numbered(arguments["treatments"]), "any visit")
    return f"Ask “{question.wording}” before: {after}. Now it is asked before: {before}"


def _said_narrow(topic: Topic, arguments: dict[str, Any]) -> str:
    after = _numbered(arguments["treatments"])
    included = _named(after, "no treatment, only talking")
    lost = _not_asked(topic.treatments.all(), after)
    return f"Visits about “{topic}” include only: {included}. {lost}"


def _said_unusual(treatment: Treatment, _: dict[str, Any]) -> str:
    lost = _not_asked(*usual_without(treatment))
    return f"“{treatment}” does not happen at any visit. {lost}, where no topic includes it"


def _questions_about(treatments: Iterable[Treatment]) -> list[int]:
    """What is asked about them now: a second person agrees to lose these, and no later ones."""
    asked = ScreeningQuestion.objects.current().filter(treatments__in=list(treatments))
    return sorted(set(asked.values_list("pk", flat=True)))


def _seen_topic(topic: Topic) -> object:
    included = list(topic.treatments.order_by("pk"))
    return [topic.page_id, [each.pk for each in included], _questions_about(included)]


def _seen_question(question: ScreeningQuestion) -> object:
    numbers = question.treatments.order_by("pk").values_list("pk", flat=True)
    return [all_columns(question), list(numbers)]


def _said_lower(question: ScreeningQuestion, arguments: dict[str, Any]) -> str:
    before, after = FlagLevel(question.level).label, FlagLevel(arguments["level"]).label
    unsure = question.flags_unsure and not arguments["flags_unsure"]
    said = f"{before} → {after}" + (", and none for “I am not sure”" if unsure else "")
    return f"Lower what this question raises: “{question.wording}” {said}"


def _said_review_later(question: ScreeningQuestion, arguments: dict[str, Any]) -> str:
    day = date.fromisoformat(arguments["on"])
    return (
        f"Review “{question.wording}” by {day:%-d %B %Y}, and no longer by "
        f"{question.review_due:%-d %B %Y}"
    )


RETIRE = register(
    TwoPersonAct(
        name="retire a safety question",
        label="Stop asking a safety question",
        permission="bookings.change_screeningquestion",
        agreed_with="bookings.agree_screeningquestion",
        model="bookings.screeningquestion",
        describe=lambda question, _: f"Stop asking: “{question.wording}”",
        do=retire,
    )
)
LOWER = register(
    replace(
        RETIRE,
        name="lower a safety question",
        label="Lower what a safety question raises",
        describe=_said_lower,
        do=lower,
    )
)
ASK_BEFORE = register(
    replace(
        RETIRE,
        name="ask a safety question before other treatments",
        label="Change before which treatments a safety question is asked",
        describe=_said_ask_before,
        do=ask_before,
        seen=_seen_question,
    )
)
REVIEW_LATER = register(
    replace(
        RETIRE,
        name="review a safety question later",
        label="Review a safety question later",
        describe=_said_review_later,
        do=review_later,
    )
)
NARROW = register(
    replace(
        RETIRE,
        name="narrow a topic",
        label="Include fewer treatments in visits about a page",
        permission="bookings.change_topic",
        model="bookings.topic",
        describe=_said_narrow,
        do=narrow,
        seen=_seen_topic,
    )
)
UNUSUAL = register(
    replace(
        RETIRE,
        name="make a treatment unusual",
        label="Say that a treatment does not happen at any visit",
        permission="bookings.change_treatment",
        model="bookings.treatment",
        describe=_said_unusual,
        do=make_unusual,
        seen=lambda treatment: [all_columns(treatment), _questions_about([treatment])],
    )
)
