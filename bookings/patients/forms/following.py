"""The one question to whoever wants news of a page."""

from bookings.forms.request_form import PatientForm
from procedures.ground.contact_fields import EmailAddressField


class FollowForm(PatientForm):
    """Where to write to."""

    email = EmailAddressField(
        label="Your email address",
        required_message="Enter your email address.",
    )
