"""The clinic's own addresses, read from its details and from the settings.

`bookings.checks` refuses bad ones at start.
"""

from email.utils import getaddresses, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from bookings.models import AppointmentRequest, Message
from bookings.status import FlagLevel, MessageKind
from procedures.ground.email_addresses import canonical
from procedures.models.clinic import details
from procedures.models.notices import managers, told_of_waits, who_chose
from procedures.status import NoticeHow, NoticeKind


class BadAddress(ValueError):
    """A setting contains something that is not an email address. The message says which."""


def inboxes() -> list[str]:
    """Where “something is waiting” is sent: the addresses in the clinic's details.

    Empty if nobody is to be told. Raises BadAddress.
    """
    written = details().inbox
    if not written.strip(" ,"):
        return []
    return [_usable("The clinic’s inbox", part) for part in written.split(",") if part.strip()]


def told_of(request: AppointmentRequest) -> list[str]:
    """Who hears that this request waits for us: the inbox, and colleagues who want each such email.

    If the patient answered something that cannot wait, also those who want only that; and managers,
    if there would be nobody.
    """
    kinds = [NoticeKind.WAITING]
    if request.flags.filter(level=FlagLevel.URGENT, outcome="").exists():
        kinds.append(NoticeKind.URGENT)
    chose = [each.email for kind in kinds for each in who_chose(kind, NoticeHow.EACH)]
    addresses = list(dict.fromkeys([*inboxes(), *chose]))
    if not addresses and NoticeKind.URGENT in kinds:
        return [each.email for each in managers()]
    return addresses


def told_by(message: Message) -> list[str]:
    """Where a message to colleagues goes now."""
    if message.kind == MessageKind.CLINIC_NOTICE:
        return told_of(message.request)
    return told_of_late()


def told_of_late() -> list[str]:
    """Who hears that a patient has waited too long: whoever wants to; else managers; else the inbox."""
    people = told_of_waits() or managers()
    return [each.email for each in people] or inboxes()


def sender() -> tuple[str, str]:
    """The name and the address that our emails come from: CLINIC_SENDER.

    It may be written `Name <address>`; without a name, the clinic's is used. Raises BadAddress.
    """
    written = settings.DEFAULT_FROM_EMAIL
    if len(getaddresses([written])) != 1:
        raise BadAddress(_sentence("CLINIC_SENDER", written))
    name, address = parseaddr(written)
    return name or details().name, _usable("CLINIC_SENDER", address or written)


def returned_mail_address() -> str:
    """Where mail servers report what did not arrive.

    It is CLINIC_RETURNED_MAIL, or the sender's address if that is empty. Raises BadAddress.
    """
    written = settings.RETURNED_MAIL
    return _usable("CLINIC_RETURNED_MAIL", written) if written else sender()[1]


def _usable(setting: str, written: str) -> str:
    """The address as mail servers need it, with its domain in ASCII."""
    address = written.strip()
    try:
        usable = canonical(address)
        validate_email(usable)
    except (ValidationError, ValueError):
        raise BadAddress(_sentence(setting, address)) from None
    return usable


def _sentence(setting: str, written: str) -> str:
    return (
        f"{setting} contains “{written}”, which is not an email address. Use one like "
        "desk@clinic.example."
    )
