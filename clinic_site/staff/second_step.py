"""The pages of the second factor: the passkey or the code after the password, and setting it up.

Whoever has given only the password is not signed in: every address of the desk leads here. The script
of these pages only asks the browser for a passkey and sends its answer with the form, like a field.
"""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from clinic_site import sign_in
from clinic_site.staff import second_factor, sessions
from clinic_site.staff.second_factor_forms import (
    FirstCodeForm,
    NewPasskeyForm,
    SecondFactorForm,
    options_to_add,
    options_to_use,
    whose,
)
from procedures.ground.counting import counted
from procedures.ground.forms import get_or_post, posted
from procedures.ground.fresh_sign_in import fresh_sign_in, require_fresh_sign_in
from procedures.ground.signed_in import signed_in
from procedures.texts.rendering import square_code

KEY = "second_factor_key"
FEW_LEFT = 3


def ask(request: HttpRequest, wanted: str, sent: str = "") -> HttpResponse:
    """What comes after the password: the code, or setting the second factor up."""
    account = sessions.pending(request)
    # Django has just signed them in, so the page would already show them the desk.
    request.user = AnonymousUser()
    if account and not sessions.has_second_factor(account):
        return _set_up_page(request, FirstCodeForm(**_first(request, wanted)))
    return _code_page(
        request, SecondFactorForm(request=request, initial={"next": wanted, "sent": sent})
    )


@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Check the code after the password, and lead on to what was asked for."""
    account = sessions.pending(request)
    if account is None:
        return redirect("admin:login")
    form = SecondFactorForm(request.POST, request=request)
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
    if not _may_set_up(request):
        return redirect("admin:login")
    if settings.PASSKEYS_ONLY:
        return redirect("admin:add_passkey")
    if request.method != "POST":
        return _set_up_page(request, FirstCodeForm(**_first(request, request.GET.get("next", ""))))
    form = FirstCodeForm(request.POST, request=request, key=request.session.get(KEY, ""))
    if not form.key or not form.is_valid():
        return _set_up_page(request, form if form.key else FirstCodeForm(**_first(request, "")))
    del request.session[KEY]
    return _done(request, form)


@get_or_post
def add_passkey(request: HttpRequest) -> HttpResponse:
    """Take a passkey as the second factor: the first after the password, or one more."""
    if not _may_set_up(request):
        return redirect("admin:login")
    form = NewPasskeyForm(posted(request), request=request, initial=_passkey_called(request))
    if request.method == "POST" and form.is_valid():
        return _done(request, form)
    if sessions.pending(request):
        return _set_up_page(request, FirstCodeForm(**_first(request, "")), form)
    context = {
        "title": "Add a passkey",
        "new_passkey": form,
        "options": options_to_add(request),
    }
    return _page(request, "admin/second_factor/add_passkey.html", context)


def _may_set_up(request: HttpRequest) -> bool:
    """Whether they may set up a second factor: their first, or with a fresh sign-in another one."""
    if account := sessions.pending(request):
        return not sessions.has_second_factor(account)
    if request.user.is_authenticated:
        require_fresh_sign_in(request)
    return request.user.is_authenticated


def _done(request: HttpRequest, form: FirstCodeForm | NewPasskeyForm) -> HttpResponse:
    """Sign them in here and nowhere else, and show the recovery codes if there are new ones."""
    sessions.complete(request, whose(request))
    sessions.end_others(request)
    if form.recovery_codes:
        return _codes_page(request, form.recovery_codes, _safe(request, form.cleaned_data["next"]))
    messages.success(request, "Added. You can sign in with it from now on.")
    return redirect("admin:my_account")


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


def _first(request: HttpRequest, wanted: str) -> dict[str, Any]:
    """How the form for a first code begins. The key stays the same until it is used."""
    key = request.session.setdefault(KEY, second_factor.new_key())
    return {"request": request, "key": key, "initial": {"next": wanted}}


def _passkey_called(request: HttpRequest) -> dict[str, str]:
    """What a new passkey is called unless its owner writes something else."""
    return {"name": sessions.browser_of(request)}


def _safe(request: HttpRequest, wanted: str) -> str:
    """The page that was asked for, if it is one of ours."""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if ours else reverse("admin:index")


def _code_page(request: HttpRequest, form: SecondFactorForm) -> HttpResponse:
    options = options_to_use(request) if form.account else ""
    title = "Enter the code from your phone"
    if options:
        title = "Use your passkey, or enter a code"
    elif settings.PASSKEYS_ONLY:
        title = "Enter a recovery code"
    form.fields["code"].widget.attrs["autofocus"] = not options
    context = {"title": title, "form": form, "options": options}
    return _page(request, "admin/second_factor/code.html", context)


def _set_up_page(
    request: HttpRequest, form: FirstCodeForm, new_passkey: NewPasskeyForm | None = None
) -> HttpResponse:
    """The page for an app; after a first password, for a passkey or an app."""
    address = second_factor.address_of(whose(request), form.key)
    context = {
        "title": "Set up your second factor",
        "form": form,
        "square": square_code(address, "Square code for your authenticator app"),
        "typed_key": second_factor.typed_key(form.key),
    }
    if sessions.pending(request):
        initial = _passkey_called(request) | {"next": form["next"].value()}
        context["new_passkey"] = new_passkey or NewPasskeyForm(request=request, initial=initial)
        context["options"] = options_to_add(request)
    return _page(request, "admin/second_factor/set_up.html", context)


def _codes_page(request: HttpRequest, codes: list[str], wanted: str) -> HttpResponse:
    context = {"title": "Your recovery codes", "codes": codes, "wanted": wanted}
    return _page(request, "admin/second_factor/codes.html", context)


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    ours = {**admin.site.each_context(request), "takes_apps": not settings.PASSKEYS_ONLY}
    return TemplateResponse(request, template, ours | context)
