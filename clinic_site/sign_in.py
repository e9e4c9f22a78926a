"""Checks the passwords of staff, limited before hashing, on both forms that ask for one.

One check costs 100 MiB and a quarter of a second. Only wrong passwords count: a right one gives the
try back. A stranger who guesses from many places meets a limit on the account, which its owner does
not notice where they have signed in before.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from clinic_site.passwords import HOW_TO_CHOOSE
from clinic_site.staff import sign_ins
from procedures.ground import places, rate_limits
from procedures.ground.rate_limits import Limit
from procedures.status import PasswordUse, SignInResult

AT_ONCE = 4
PATIENCE_SECONDS = 2
BUSY_FOR = timedelta(seconds=5)
KNOWN_FOR = timedelta(days=30)
hashing = threading.BoundedSemaphore(AT_ONCE)
SIGN_IN_FROM_ONE_PLACE = Limit("sign-in place", 20, timedelta(minutes=15))
SIGN_IN_AS_ONE_PERSON = Limit("sign-in person", 5, timedelta(minutes=15))
# Whoever is asked for a code has given the password, so no stranger can lock anybody out with this.
CODES_OF_ONE_PERSON = Limit("second factor", 5, timedelta(minutes=15))
# More than one place can try, so one stranger alone cannot lock anybody out.
SIGN_IN_FROM_NEW_PLACES = Limit("sign-in account", 100, timedelta(hours=1))


class SignInForm(AdminAuthenticationForm):
    """Name and password, and a form that was sent after the session ended."""

    sent = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Check the password for the name as Django reads it: other spellings gain nothing."""
        name = self.cleaned_data.get("username")
        if not (self.request and name and self.cleaned_data.get("password")):
            return super().clean()
        with password_check(self.request, name, PasswordUse.SIGN_IN):
            return super().clean()


MISSING = {
    "old_password": "Enter the password that you have now.",
    "new_password1": "Enter a new password.",
    "new_password2": "Enter the new password again.",
}


class OwnPasswordForm(AdminPasswordChangeForm):
    """A new password, for somebody who knows the old one."""

    use_required_attribute = False

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request
        for name, missing in MISSING.items():
            self.fields[name].error_messages["required"] = missing
        self.fields["new_password1"].help_text = HOW_TO_CHOOSE
        self.fields["new_password2"].label = "The same password again"
        self.fields["new_password2"].help_text = ""

    def clean_old_password(self) -> str:
        """Check the old password as when signing in."""
        with password_check(self.request, self.user.get_username(), PasswordUse.CHANGE):
            return super().clean_old_password()


@contextmanager
def password_check(request: HttpRequest, name: str, use: PasswordUse) -> Iterator[None]:
    """Count a try of this name from this place, and give it back if the body ends without an error.

    What became of it is recorded. Raises TooManyTries also while as many passwords are being checked
    as one process has room for.
    """
    if not hashing.acquire(timeout=PATIENCE_SECONDS):
        raise rate_limits.TooManyTries(timezone.now() + BUSY_FOR)
    now = timezone.now()
    try:
        here = f"{name.casefold()}\n{places.place_of(request).subject}"
        with _counted(request, name, use, _tries(request, name.casefold(), here, now), now):
            yield
        rate_limits.remember("signed in", here, now + KNOWN_FOR)
    finally:
        hashing.release()


@contextmanager
def code_check(request: HttpRequest, account: User, use: PasswordUse) -> Iterator[None]:
    """Count a code of this person's second factor, and give the try back if it was right.

    What became of it is recorded, like a password.
    """
    tries = [(CODES_OF_ONE_PERSON, str(account.pk))]
    with _counted(request, account.username, use, tries, timezone.now()):
        yield


@contextmanager
def _counted(
    request: HttpRequest, name: str, use: PasswordUse, tries: list[rate_limits.Try], now: datetime
) -> Iterator[None]:
    """Spend the tries, give them back if the body ends without an error, and record what it was."""
    try:
        spent = rate_limits.spend_all(tries, now)
        yield
        rate_limits.give_back(spent)
    except forms.ValidationError:
        sign_ins.record(request, name, use=use, result=SignInResult.WRONG, now=now)
        raise
    except rate_limits.TooManyTries:
        sign_ins.record(request, name, use=use, result=SignInResult.REFUSED, now=now)
        raise
    else:
        sign_ins.record(request, name, use=use, result=SignInResult.RIGHT, now=now)


def _tries(request: HttpRequest, account: str, here: str, now: datetime) -> list[rate_limits.Try]:
    """What a try to sign in as this account counts for."""
    tries = [*places.by_place(SIGN_IN_FROM_ONE_PLACE, request), (SIGN_IN_AS_ONE_PERSON, here)]
    if not rate_limits.is_remembered("signed in", here, now):
        tries.append((SIGN_IN_FROM_NEW_PLACES, account))
    return tries


def carries_something(request: HttpRequest) -> bool:
    """Whether the request is a form that could be sent again: without a password or a file."""
    return (
        request.method == "POST"
        and bool(request.POST.keys() - {"csrfmiddlewaretoken"})
        and not request.FILES
        and not any("password" in name for name in request.POST)
    )


def sent_fields(request: HttpRequest) -> str:
    """What was sent with a form, to be carried along by a page and sent again."""
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    return fields.urlencode()


def before_sending(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The sign-in page, with the form that was sent after the session ended.

    Nothing of it is stored: the page carries it along, and it is sent again after signing in.
    """
    context = {
        **site.each_context(request),
        "title": "Sign in",
        "form": SignInForm(request, initial={"sent": sent_fields(request)}),
        "app_path": reverse("admin:login"),
        REDIRECT_FIELD_NAME: request.get_full_path(),
    }
    return TemplateResponse(request, "admin/login.html", context, status=HTTPStatus.FORBIDDEN)


def send_again(request: HttpRequest, address: str, site: AdminSite) -> HttpResponse | None:
    """Show the form that was sent too late, if there is one, to be checked and sent again."""
    fields = QueryDict(request.POST.get("sent", ""))
    if not fields:
        return None
    context = {
        **site.each_context(request),
        "title": "Send it again",
        "address": address,
        "sent": [(name, value) for name, values in fields.lists() for value in values],
    }
    return TemplateResponse(request, "admin/send_again.html", context)
