"""Asking less: a safety question that is stopped, or that raises a lower flag. Two people decide it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bookings.models import ScreeningQuestion
from bookings.status import FlagLevel
from procedures.ground.two_people import TwoPersonAct, register


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


def _said_lower(question: ScreeningQuestion, arguments: dict[str, Any]) -> str:
    before, after = FlagLevel(question.level).label, FlagLevel(arguments["level"]).label
    unsure = question.flags_unsure and not arguments["flags_unsure"]
    said = f"{before} → {after}" + (", and none for “I am not sure”" if unsure else "")
    return f"Lower what this question raises: “{question.wording}” {said}"


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
