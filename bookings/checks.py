"""System checks for the clinic's email addresses and address, and for treatments without questions."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import Tags, register
from django.db import DEFAULT_DB_ALIAS

from bookings import messages
from bookings.models import Location
from bookings.records import retention
from bookings.screening import unasked
from procedures.ground.migrations_due import migrations_due
from procedures.models.clinic import details


@register()
def addresses_can_be_used(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Check the addresses of the clinic's inbox, of CLINIC_SENDER and of CLINIC_RETURNED_MAIL."""
    faults = []
    for read in (messages.inboxes, messages.sender, messages.returned_mail_address):
        try:
            read()
        except messages.BadAddress as error:
            faults.append(str(error))
    hint = "docs/operations.md lists the settings."
    return [checks.Error(fault, hint=hint, id="bookings.E001") for fault in dict.fromkeys(faults)]


@register(Tags.database)
def every_treatment_has_questions(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.Warning]:
    """Name each treatment that may happen at a visit and has no safety question before it."""
    if DEFAULT_DB_ALIAS not in (databases or []) or migrations_due():
        return []
    return [
        checks.Warning(
            sentence,
            hint="In the admin, add a safety question for the treatment, or under “Topics” "
            "choose that a visit about this page cannot include it.",
            id="bookings.W001",
        )
        for sentence in unasked()
    ]


@register(Tags.database)
def the_clinics_address_is_one_of_its_places(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.Warning]:
    """Compare the address that every page shows with the places where patients are seen."""
    if DEFAULT_DB_ALIAS not in (databases or []) or migrations_due():
        return []
    known = set(Location.objects.values_list("address", flat=True))
    if not known or details().address in known:
        return []
    return [
        checks.Warning(
            f"The clinic’s address is “{details().address}”, but no place has that address.",
            hint="Patients would go to the wrong door. Correct it at the desk under “Set-up”, or "
            "correct the place.",
            id="bookings.W002",
        )
    ]


@register()
def the_table_of_retention_can_be_read(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Error]:
    """Check that the table says of each kind of record how long it is kept, and counted from when."""
    hint = "See “How long we keep what” in docs/operations.md."
    return [checks.Error(fault, hint=hint, id="bookings.E002") for fault in retention.faults()]


@register(deploy=True)
def requests_are_kept_while_their_link_opens(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[checks.Warning]:
    """Compare how long a request is kept with how long its private link opens it."""
    days, link_days = settings.RETENTION["no_visit"][0], details().link_days
    if days >= link_days:
        return []
    return [
        checks.Warning(
            f"Requests without a visit are emptied after {days} days, but their private links open "
            f"for {link_days} days.",
            hint="Set KEEP_WITHOUT_VISIT_DAYS to at least as many days, or have the links end sooner.",
            id="bookings.W003",
        )
    ]
