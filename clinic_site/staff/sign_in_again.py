"""The page that asks for the password and the second factor once more, before careful steps.

Careful steps are those on accounts, roles and signatures, and on what we hold about a person.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic_site import sign_in
from clinic_site.staff import sessions
from clinic_site.staff.second_factor_forms import SecondFactorForm, options_to_use
from procedures.ground.fresh_sign_in import SignInTooOld, note_sign_in
from procedures.ground.signed_in import signed_in
from procedures.status import PasswordUse


class SignInAgainForm(SecondFactorForm):
    """The password and the second factor of whoever is signed in, and what they had sent to a page."""

    password = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter your password."},
    )

    field_order = ("password", "passkey", "code")
    use = PasswordUse.CODE_AGAIN

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, request=request, **kwargs)
        if not sessions.has_second_factor(signed_in(request)):
            del self.fields["passkey"], self.fields["code"]

    def find_account(self) -> User:
        """Whoever is signed in."""
        return signed_in(self.request)

    def clean_password(self) -> str:
        """Check the password as when signing in."""
        user = signed_in(self.request)
        password: str = self.cleaned_data["password"]
        with sign_in.password_check(self.request, user.username, PasswordUse.AGAIN):
            if not user.check_password(password):
                raise forms.ValidationError("This is not your password. Try again.")
        return password

    def clean_code(self) -> str:
        """Check the passkey or the code, once the password is right: a stranger learns nothing of it."""
        return super().clean_code() if "password" in self.cleaned_data else ""


class AskForThePasswordAgain:
    """Answers a step that needs a fresh sign-in with the page that asks for the password."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request and the response on unchanged."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Ask for the password. What was sent is carried along, and nothing of it is stored."""
        if not isinstance(exception, SignInTooOld):
            return None
        initial = {"next": request.get_full_path()}
        if sign_in.carries_something(request):
            initial["sent"] = sign_in.sent_fields(request)
        form = SignInAgainForm(request=request, initial=initial)
        return _page(request, form, status=HTTPStatus.FORBIDDEN)


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Check the password, then lead on to what was asked for."""
    form = SignInAgainForm(request.POST, request=request)
    if not form.is_valid():
        return _page(request, form)
    request.session.cycle_key()
    note_sign_in(request, timezone.now())
    wanted = form.cleaned_data["next"]
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return redirect("admin:index")
    return sign_in.send_again(request, wanted, admin.site) or redirect(wanted)


def _page(
    request: HttpRequest, form: SignInAgainForm, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Sign in again for this step"
        if "code" in form.fields
        else "Enter your password again",
        "form": form,
        "options": options_to_use(request),
        "was_sent": bool(form["sent"].value()),
    }
    # Rendered here, because a middleware may answer with it.
    return TemplateResponse(request, "admin/sign_in_again.html", context, status=status).render()
