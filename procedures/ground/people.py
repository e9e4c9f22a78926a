"""What a member of staff is called on screens and in sentences, and who manages the clinic."""

from django.contrib.auth.models import AbstractUser, User
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

# The group of those who answer for the clinic itself, and what patients read of them.
MANAGERS, MANAGERS_ROLE = "Manager", "Practice manager"


# What `shown_name` says, of a row of an account.
SHOWN_NAME = Coalesce(
    NullIf(Trim(Concat("first_name", Value(" "), "last_name")), Value("")), "username"
)


def shown_name(person: AbstractUser) -> str:
    """The full name, or the username where none was entered."""
    return person.get_full_name() or person.get_username()


def names_of_colleagues() -> dict[str, str]:
    """What everybody who has or had an account is called, by their username."""
    return dict(User.objects.annotate(shown=SHOWN_NAME).values_list("username", "shown"))


def called(field: str) -> Subquery:
    """The same in the database, of the colleague whose username a row has in that field."""
    colleague = User.objects.filter(username=OuterRef(field)).annotate(shown=SHOWN_NAME)
    return Subquery(colleague.values("shown")[:1])


def named(username: str | None) -> str:
    """What the person with that username is called; empty if there is none."""
    return names_of_colleagues().get(username, username) if username else ""


def is_manager(person: AbstractUser) -> bool:
    """Whether they are a manager today. Being allowed everything, as an operator is, does not count."""
    return person.is_active and any(each.name == MANAGERS for each in person.groups.all())
