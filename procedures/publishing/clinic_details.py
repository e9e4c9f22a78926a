"""Saving the clinic's details: each change is a new row, and patients read it straight away.

That safety questions are asked again later than now, two people decide.
"""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from procedures.ground.counting import counted
from procedures.ground.two_people import TwoPersonAct, register
from procedures.models import ClinicDetails
from procedures.models.clinic import look_again, remember


class DetailsChangedMeanwhile(Exception):
    """A colleague saved the details after they were shown. The message says what to do."""


def change_details(
    values: dict[str, Any], *, seen_number: int, by: User, now: datetime
) -> ClinicDetails:
    """Save the clinic's details as they are from now on.

    `seen_number` is the version that was on the screen; 0 is the environment's. Raises
    DetailsChangedMeanwhile if it is not the newest any more.
    """
    new = ClinicDetails(number=seen_number + 1, at=now, by=by.get_username(), **values)
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError:
        raise DetailsChangedMeanwhile(
            "A colleague has saved the clinic’s details in the meantime. Open this page again and "
            "repeat your change."
        ) from None
    return remember(new)


def ask_again_later(
    _: ClinicDetails, *, days: int, proposed_by: User, by: User, now: datetime
) -> ClinicDetails:
    """Let answers to safety questions count for more days. The other details stay as they are now."""
    known = look_again()
    values = known.values() | {"answers_keep_days": days}
    return change_details(values, seen_number=known.number, by=proposed_by, now=now)


def _said(_: ClinicDetails, arguments: dict[str, Any]) -> str:
    now, then = look_again().answers_keep_days, arguments["days"]
    return f"Ask the safety questions again after {counted(then, 'day')}, and no longer after {now}"


ASK_AGAIN_LATER = register(
    TwoPersonAct(
        name="ask safety questions again later",
        label="Ask the safety questions again after more days",
        permission="procedures.add_clinicdetails",
        agreed_with="bookings.agree_screeningquestion",
        model="procedures.clinicdetails",
        describe=_said,
        do=ask_again_later,
        # Whatever else is saved in the meantime.
        seen=lambda _: look_again().answers_keep_days,
        refusals=(DetailsChangedMeanwhile,),
    )
)
