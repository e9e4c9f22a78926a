"""Until when a patient may cancel without phoning us."""

from datetime import datetime, timedelta

from bookings.models import Appointment
from procedures.models.clinic import details


def cancel_until(appointment: Appointment) -> datetime:
    """Until when a patient may cancel without phoning us."""
    return appointment.starts - timedelta(hours=details().cancel_hours)
