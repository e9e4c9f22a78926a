"""What no password of ours may be made of."""

import re

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import ValidationError

# Beside the names of the clinic, the site and the person.
GUESSED_FIRST = ("password", "passphrase", "welcome", "letmein", "qwerty", "clinic", "hospital")
SHORTEST_WORD = 4
REST = 8
DIFFERENT = 5


class ContextWordsValidator:
    """Without the words that a stranger tries first, a password is still long and varied."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raises ValidationError if little is left."""
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
        """A sentence for the list beside the form."""
        return (
            "Your password cannot be based on the name of the clinic, your own name or the "
            "word “password”."
        )


def _words(user: AbstractBaseUser | None) -> set[str]:
    names = [getattr(user, name, "") for name in ("username", "first_name", "last_name", "email")]
    text = " ".join([settings.CLINIC_NAME, settings.SITE_URL, *names]).casefold()
    words = re.findall(r"\w+", text)
    together = "".join(re.findall(r"\w+", settings.CLINIC_NAME.casefold()))
    return {word for word in [*GUESSED_FIRST, *words, together] if len(word) >= SHORTEST_WORD}
