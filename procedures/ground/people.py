"""What a member of staff is called on screens and in sentences."""

from django.contrib.auth.models import AbstractUser


def shown_name(person: AbstractUser) -> str:
    """The full name, or the username where none was entered."""
    return person.get_full_name() or person.get_username()
