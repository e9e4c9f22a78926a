"""Saving the clinic's details: each change is a new row, and patients read it straight away."""

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from procedures.models import ClinicDetails
from procedures.models.clinic import remember


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
