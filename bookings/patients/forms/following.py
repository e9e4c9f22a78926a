"""The one question to whoever wants news of a page."""

from django.utils.translation import gettext_lazy as _

from bookings.forms.request_form import PatientForm
from procedures.ground.contact_fields import EmailAddressField


class FollowForm(PatientForm):
    """Where to write to."""

    email = EmailAddressField(
        label=_("Your email address"),
        required_message=_("Enter your email address."),
    )
