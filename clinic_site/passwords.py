"""A password validator that rejects the words a stranger tries first."""

import re

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

from procedures.models.clinic import details

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


def _words(user: AbstractBaseUser | None) -> set[str]:
    names = [getattr(user, name, "") for name in ("username", "first_name", "last_name", "email")]
    text = " ".join([details().name, settings.SITE_URL, *names]).casefold()
    words = re.findall(r"\w+", text)
    together = "".join(re.findall(r"\w+", details().name.casefold()))
    return {word for word in [*GUESSED_FIRST, *words, together] if len(word) >= SHORTEST_WORD}
