"""The forms of the second factor. A passkey comes as a hidden field, which a script has filled."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from clinic_site import sign_in
from clinic_site.staff import second_factor, sessions
from procedures.ground.signed_in import signed_in
from procedures.status import AccountRefused, PasswordUse

# The JSON of a browser's answer has about 1,000 characters, or 5,000 with a long key.
LONGEST_ANSWER = 10_000
WRONG_CODE = "This code is wrong, or was used before. "
NEXT_CODE = WRONG_CODE + "Wait until your app shows the next one."
NEXT_ON_PAPER = WRONG_CODE + "Enter another one."
WRONG_PASSKEY = "This passkey did not work. Try it again, or enter a code."
SIGNED_OUT = "You have been signed out. Start again."


def whose(request: HttpRequest) -> User:
    """Whose second factor it is: of whoever gave the password here, or is signed in."""
    return sessions.pending(request) or signed_in(request)


def options_to_use(request: HttpRequest) -> str:
    """What the script asks the browser to sign, as JSON; empty for somebody without passkeys."""
    account = whose(request)
    if not second_factor.passkeys_of(account).exists():
        return ""
    challenge = sessions.new_challenge(request, timezone.now())
    return json.dumps(second_factor.options_to_use(account, challenge))


def options_to_add(request: HttpRequest) -> str:
    """What the script asks the browser in order to make a passkey, as JSON."""
    challenge = sessions.new_challenge(request, timezone.now())
    return json.dumps(second_factor.options_for_new(whose(request), challenge))


class CodeField(forms.CharField):
    """Six digits from an app, or a recovery code, with whatever is between their groups."""

    def __init__(self, **kwargs: Any):
        shown = forms.TextInput(attrs={"autocomplete": "one-time-code"})
        missing = {"required": "Enter the code."}
        super().__init__(
            label="Code", max_length=40, widget=shown, error_messages=missing, **kwargs
        )


class SecondFactorForm(forms.Form):
    """A passkey or a code, the page that was wanted, and what had been sent to it."""

    # Before the code, which is not asked for beside it.
    passkey = forms.CharField(required=False, max_length=LONGEST_ANSWER, widget=forms.HiddenInput)
    code = CodeField(required=False)
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    sent = forms.CharField(required=False, widget=forms.HiddenInput)

    use = PasswordUse.CODE
    use_required_attribute = False

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request
        self.account = self.find_account()
        self.fields["code"].help_text = self._help()

    def find_account(self) -> User | None:
        """Whoever has given the password here."""
        return sessions.pending(self.request)

    def clean_code(self) -> str:
        """Check the passkey, or else the code. Neither opens again."""
        code: str = self.cleaned_data["code"]
        answer: str = self.cleaned_data.get("passkey", "")
        if self.account is None:
            raise forms.ValidationError(SIGNED_OUT)
        if not code and not answer:
            raise forms.ValidationError("Enter the code.")
        now = timezone.now()
        with sign_in.code_check(self.request, self.account, self.use):
            if answer:
                challenge = sessions.take_challenge(self.request, now)
                is_right = second_factor.accept_passkey(
                    self.account, answer, challenge=challenge, now=now
                )
            else:
                is_right = second_factor.accept(self.account, code, now=now)
            if not is_right:
                raise forms.ValidationError(WRONG_PASSKEY if answer else self._next_code())
        return code

    def _next_code(self) -> str:
        return NEXT_ON_PAPER if self._has_only_passkeys() else NEXT_CODE

    def _has_only_passkeys(self) -> bool:
        return self.account is not None and not sessions.has_app(self.account)

    def _help(self) -> str:
        if self._has_only_passkeys():
            return (
                "Without your passkey, enter one of your recovery codes. We take no code of an app."
            )
        return (
            "The 6 digits that your authenticator app shows now. Without your phone, enter one of "
            "your recovery codes."
        )


class FirstCodeForm(forms.Form):
    """A code that shows that the app has the key."""

    code = CodeField(help_text="The 6 digits that the app shows now.")
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    use_required_attribute = False
    recovery_codes: list[str]

    def __init__(self, *args: Any, request: HttpRequest, key: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request
        self.key = key

    def clean_code(self) -> str:
        """Check the code, and take the app as the second factor if it is right."""
        code: str = self.cleaned_data["code"]
        account = whose(self.request)
        with sign_in.code_check(self.request, account, PasswordUse.SET_UP):
            codes = second_factor.enrol(account, key=self.key, code=code, now=timezone.now())
            if codes is None:
                raise forms.ValidationError(
                    "This is not the code. Check that the clock of your phone is right, and enter the "
                    "code that the app shows now."
                )
        self.recovery_codes = codes
        return code


class NewPasskeyForm(forms.Form):
    """A passkey that the browser has just made, and what its owner calls it."""

    name = forms.CharField(
        max_length=60,
        help_text="So that you know it in your list: “My phone”, “Key on my key ring”.",
        error_messages={"required": "Enter a name for the passkey."},
    )
    passkey = forms.CharField(required=False, max_length=LONGEST_ANSWER, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    use_required_attribute = False
    # Empty if there are recovery codes from earlier.
    recovery_codes: list[str]

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        # The page of the first sign-in has the form for a code as well.
        super().__init__(*args, **kwargs | {"auto_id": "new_passkey_%s"})
        self.request = request

    def clean(self) -> dict[str, Any]:
        """Check the passkey, and take it as a second factor if it is right."""
        fields = super().clean() or {}
        if not self.errors:
            account, now = whose(self.request), timezone.now()
            with sign_in.code_check(self.request, account, PasswordUse.SET_UP):
                self.recovery_codes = self._add(account, now)
        return fields

    def _add(self, account: User, now: datetime) -> list[str]:
        try:
            return second_factor.add_passkey(
                account,
                self.cleaned_data["passkey"],
                challenge=sessions.take_challenge(self.request, now),
                name=self.cleaned_data["name"],
                now=now,
            )
        except AccountRefused as refusal:
            raise forms.ValidationError({"name": str(refusal)}) from refusal
