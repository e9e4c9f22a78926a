"""What patients ask and what staff decide."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    """Requests, safety questions, diary, messages and journal."""

    name = "bookings"
    verbose_name = "Appointment requests"

    def ready(self) -> None:
        """Register the checks once the models are loaded."""
        from bookings import checks  # noqa: F401, PLC0415 -- models are ready only now
