"""System checks: addresses of the clinic that no letter could be sent to."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, register

from bookings import messages


@register()
def addresses_can_be_used(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[Error]:
    """CLINIC_INBOX, CLINIC_SENDER and CLINIC_RETURNED_MAIL hold email addresses."""
    faults = []
    for read in (messages.inboxes, messages.sender, messages.returned_mail_address):
        try:
            read()
        except messages.BadAddress as error:
            faults.append(str(error))
    hint = "docs/operations.md lists the settings."
    return [Error(fault, hint=hint, id="bookings.E001") for fault in dict.fromkeys(faults)]
