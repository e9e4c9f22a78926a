"""What a password of staff may not be: made of words that are tried first, or known from a breach."""

import re

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

from clinic_site.breached_passwords import listed_in
from procedures.models.clinic import details

# The rules of the settings, in one sentence instead of Django's list.
HOW_TO_CHOOSE = (
    "Use 12 characters or more, and not your own name, the name of the clinic or the word “password”. "
    "Three words that have nothing to do with each other make a good password."
)
# In addition to the names of the clinic, the site and the person.
GUESSED_FIRST = ("password", "passphrase", "welcome", "letmein", "qwerty", "clinic", "hospital")
SHORTEST_WORD = 4
REST = 8
DIFFERENT = 5


class ContextWordsValidator:
    """Requires a password to be long and varied even without the words that strangers try first."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError if too little is left."""
        rest = password.casefold()
        for word in sorted(_words(user), key=len, reverse=True):
            rest = rest.replace(word, "")
        if len(rest) < REST or len(set(rest)) < DIFFERENT:
            raise ValidationError(
                "This password is easy to guess. Choose one that does not use the name of the "
                "clinic, your own name or the word “password”. For example, use three words "
                "that have nothing to do with each other.",
                code="password_of_context_words",
            )

    def get_help_text(self) -> str:
        """The sentence for the list beside the form."""
        return (
            "Your password cannot be based on the name of the clinic, your own name or the "
            "word “password”."
        )


class BreachedPasswordValidator:
    """Refuses a password that is in the operator's list of breached ones, if there is such a list."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError if it is in the list, and also while the list cannot be read."""
        if not settings.BREACHED_PASSWORDS:
            return
        try:
            with listed_in(settings.BREACHED_PASSWORDS) as breached:
                is_known = breached.has(password)
        except OSError as fault:
            raise ValidationError(
                "You cannot choose a password now: the list of breached passwords cannot be "
                "read. Tell whoever runs the server.",
                code="breached_passwords_unreadable",
            ) from fault
        if is_known:
            raise ValidationError(
                "This password is in a list that was stolen from another site, so strangers try it. "
                "Choose another one, and change it wherever else you use it.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        """The sentence for the list beside the form."""
        return "Your password cannot be one that was stolen from another site."


def _words(user: AbstractBaseUser | None) -> set[str]:
    names = [getattr(user, name, "") for name in ("username", "first_name", "last_name", "email")]
    text = " ".join([details().name, settings.SITE_URL, *names]).casefold()
    words = re.findall(r"\w+", text)
    together = "".join(re.findall(r"\w+", details().name.casefold()))
    return {word for word in [*GUESSED_FIRST, *words, together] if len(word) >= SHORTEST_WORD}
