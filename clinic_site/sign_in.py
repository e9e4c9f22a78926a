"""Where the password of a member of staff is checked: limited before it is hashed, at both doors.

One check costs 100 MiB and a quarter of a second. Only wrong passwords count: whoever gives the right
one gets the try back. A stranger who guesses from many places meets a limit of the account, which its
owner does not feel where they have signed in before.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.http import HttpRequest
from django.utils import timezone

from procedures import places, rate_limits

AT_ONCE = 4
PATIENCE_SECONDS = 2
BUSY_FOR = timedelta(seconds=5)
KNOWN_FOR = timedelta(days=30)

hashing = threading.BoundedSemaphore(AT_ONCE)


class SignInForm(AdminAuthenticationForm):
    """Name and password, in that order of cost."""

    def clean(self) -> dict[str, Any]:
        """Check the password of the name as Django reads it, so that no way of writing it is another."""
        name = self.cleaned_data.get("username")
        if not (self.request and name and self.cleaned_data.get("password")):
            return super().clean()
        with password_check(self.request, name):
            return super().clean()


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password, for whoever knows the old one."""

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_old_password(self) -> str:
        """Check the old one as if somebody signed in with it."""
        with password_check(self.request, self.user.get_username()):
            return super().clean_old_password()


@contextmanager
def password_check(request: HttpRequest, name: str) -> Iterator[None]:
    """Count a try of this name from this place; the body that ends without an error gives it back.

    Raises TooManyTries, too, while as many passwords are being checked as one process has room for.
    """
    if not hashing.acquire(timeout=PATIENCE_SECONDS):
        raise rate_limits.TooManyTries(timezone.now() + BUSY_FOR)
    try:
        now = timezone.now()
        account = name.casefold()
        here = f"{account}\n{places.place_of(request).subject}"
        tries = [
            *places.by_place(rate_limits.SIGN_IN_FROM_ONE_PLACE, request),
            (rate_limits.SIGN_IN_AS_ONE_PERSON, here),
        ]
        if not rate_limits.is_remembered("signed in", here, now):
            tries.append((rate_limits.SIGN_IN_FROM_NEW_PLACES, account))
        spent = rate_limits.spend_all(tries, now)
        yield
        rate_limits.give_back(spent)
        rate_limits.remember("signed in", here, now + KNOWN_FOR)
    finally:
        hashing.release()
