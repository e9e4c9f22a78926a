"""The pages of the second factor: the code after the password, and setting it up.

Whoever has given only the password is not signed in: every address of the desk leads here.
"""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic_site import sign_in
from clinic_site.staff import second_factor, sessions
from procedures.ground.counting import counted
from procedures.ground.forms import get_or_post
from procedures.ground.fresh_sign_in import fresh_sign_in, require_fresh_sign_in
from procedures.ground.signed_in import signed_in
from procedures.status import PasswordUse
from procedures.texts.rendering import square_code

KEY = "second_factor_key"
FEW_LEFT = 3


class CodeForm(forms.Form):
    """The code after the password, the page that was wanted, and what had been sent to it."""

    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="The 6 digits that your authenticator app shows now. Without your phone, enter one of "
        "your recovery codes.",
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
        error_messages={"required": "Enter the code."},
    )
    next = forms.CharField(required=False, widget=forms.HiddenInput)
    sent = forms.CharField(required=False, widget=forms.HiddenInput)

    use_required_attribute = False

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_code(self) -> str:
        """Check the code, which then does not open again."""
        code: str = self.cleaned_data["code"]
        account = sessions.pending(self.request)
        if account is None:
            raise forms.ValidationError("You have been signed out. Start again.")
        with sign_in.code_check(self.request, account, PasswordUse.CODE):
            if not second_factor.accept(account, code, now=timezone.now()):
                raise forms.ValidationError(
                    "This code is wrong, or was used before. Wait until your app shows the next one."
                )
        return code


class FirstCodeForm(CodeForm):
    """A code that shows that the app has the key."""

    recovery_codes: list[str]

    def __init__(self, *args: Any, key: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.key = key
        self.fields["code"].help_text = "The 6 digits that the app shows now."

    def clean_code(self) -> str:
        """Check the code, and take the app as the second factor if it is right."""
        code: str = self.cleaned_data["code"]
        account = _whose(self.request)
        with sign_in.code_check(self.request, account, PasswordUse.SET_UP):
            codes = second_factor.enrol(account, key=self.key, code=code, now=timezone.now())
            if codes is None:
                raise forms.ValidationError(
                    "This is not the code. Check that the clock of your phone is right, and enter the "
                    "code that the app shows now."
                )
        self.recovery_codes = codes
        return code


def ask(request: HttpRequest, wanted: str, sent: str = "") -> HttpResponse:
    """What comes after the password: the code, or setting the second factor up."""
    account = sessions.pending(request)
    # Django has just signed them in, so the page would already show them the desk.
    request.user = AnonymousUser()
    if account and not sessions.has_second_factor(account):
        return _set_up_page(request, FirstCodeForm(**_first(request, wanted)))
    return _code_page(request, CodeForm(request=request, initial={"next": wanted, "sent": sent}))


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Check the code after the password, and lead on to what was asked for."""
    account = sessions.pending(request)
    if account is None:
        return redirect("admin:login")
    form = CodeForm(request.POST, request=request)
    if not form.is_valid():
        return _code_page(request, form)
    sessions.complete(request, account)
    left = second_factor.codes_left(account)
    if left < FEW_LEFT:
        messages.warning(
            request,
            f"You have {counted(left, 'recovery code')} left. Make new ones under “My account”.",
        )
    wanted = _safe(request, form.cleaned_data["next"])
    return sign_in.send_again(request, wanted, admin.site) or redirect(wanted)


@get_or_post
def set_up(request: HttpRequest) -> HttpResponse:
    """Show the key to an app, and take the app as the second factor once it shows the right code."""
    is_new = sessions.pending(request) is not None
    if not is_new and not request.user.is_authenticated:
        return redirect("admin:login")
    if not is_new:
        require_fresh_sign_in(request)
    elif sessions.has_second_factor(_whose(request)):
        return redirect("admin:login")
    if request.method != "POST":
        return _set_up_page(request, FirstCodeForm(**_first(request, request.GET.get("next", ""))))
    form = FirstCodeForm(request.POST, request=request, key=request.session.get(KEY, ""))
    if not form.key or not form.is_valid():
        return _set_up_page(request, form if form.key else FirstCodeForm(**_first(request, "")))
    del request.session[KEY]
    sessions.complete(request, _whose(request))
    sessions.end_others(request)
    return _codes_page(request, form.recovery_codes, _safe(request, form.cleaned_data["next"]))


@require_POST
@fresh_sign_in
def new_codes(request: HttpRequest) -> HttpResponse:
    """Make ten new recovery codes, and show them this once."""
    user = signed_in(request)
    if not sessions.has_second_factor(user):
        return redirect("admin:my_account")
    codes = second_factor.renew_codes(user, now=timezone.now())
    return _codes_page(request, codes, reverse("admin:my_account"))


@require_POST
def start_again(request: HttpRequest) -> HttpResponse:
    """Forget the password that was given, and go back to the sign-in."""
    sessions.end(None, request)
    request.session.flush()
    return redirect("admin:login")


def _whose(request: HttpRequest) -> User:
    """Whose second factor it is: of whoever gave the password here, or is signed in."""
    return sessions.pending(request) or signed_in(request)


def _first(request: HttpRequest, wanted: str) -> dict[str, Any]:
    """How the form for a first code begins. The key stays the same until it is used."""
    key = request.session.setdefault(KEY, second_factor.new_key())
    return {"request": request, "key": key, "initial": {"next": wanted}}


def _safe(request: HttpRequest, wanted: str) -> str:
    """The page that was asked for, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if ours else reverse("admin:index")


def _code_page(request: HttpRequest, form: CodeForm) -> HttpResponse:
    context = {"title": "Enter the code from your phone", "form": form}
    return _page(request, "admin/second_factor/code.html", context)


def _set_up_page(request: HttpRequest, form: FirstCodeForm) -> HttpResponse:
    address = second_factor.address_of(_whose(request), form.key)
    context = {
        "title": "Set up your second factor",
        "form": form,
        "square": square_code(address, "Square code for your authenticator app"),
        "typed_key": second_factor.typed_key(form.key),
        "is_new": sessions.pending(request) is not None,
    }
    return _page(request, "admin/second_factor/set_up.html", context)


def _codes_page(request: HttpRequest, codes: list[str], wanted: str) -> HttpResponse:
    context = {"title": "Your recovery codes", "codes": codes, "wanted": wanted}
    return _page(request, "admin/second_factor/codes.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context})
