"""What patients ask and what staff decide."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    """Requests, safety questions, diary, messages and journal."""

    name = "bookings"
    verbose_name = "Appointment requests"
