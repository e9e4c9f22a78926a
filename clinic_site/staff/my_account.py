"""A colleague's own account: where they are signed in, their password and their passkeys."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic_site.staff import accounts, notices, second_factor, sessions
from procedures.ground.counting import counted
from procedures.ground.fresh_sign_in import fresh_sign_in
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in
from procedures.log import signatures
from procedures.models import Clinician
from procedures.publishing import own_keys
from procedures.status import AccountAct, AccountRefused


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Who they are, what they may do, and in which browsers they are signed in."""
    user = signed_in(request)
    context = {
        **admin.site.each_context(request),
        "title": "My account",
        "name": shown_name(user),
        "roles": user.groups.order_by("name"),
        "sessions": sessions.own(request, timezone.now()),
        "this_session": sessions.this(request),
        "has_second_factor": sessions.has_second_factor(user),
        "has_app": sessions.has_app(user),
        "takes_apps": not settings.PASSKEYS_ONLY,
        "passkeys": second_factor.passkeys_of(user),
        "emails": [(kind.label, how.label) for kind, how in notices.own(user).items()],
        "codes_left": second_factor.codes_left(user),
        **_signing(user),
    }
    return TemplateResponse(request, "admin/staff/my_account.html", context)


def _signing(user: User) -> dict[str, Any]:
    """With which of their passkeys a clinician signs, and how strangers know that these are theirs."""
    clinician = Clinician.objects.filter(login=user).first()
    if clinician is None:
        return {}
    return {
        "clinician": clinician,
        "signing": own_keys.that_sign(user),
        "enrolment": signatures.enrolment(own_keys.list_for(clinician)),
    }


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Lead a password manager to the page for a new password, from the address that all sites share."""
    return redirect("admin:password_change")


@require_POST
@fresh_sign_in
def remove_passkey(request: HttpRequest, number: int) -> HttpResponse:
    """Remove one of their passkeys, unless it is the last second factor of somebody who needs one."""
    try:
        name = second_factor.remove_passkey(signed_in(request), number, now=timezone.now())
    except AccountRefused as refusal:
        messages.error(request, str(refusal))
    else:
        sessions.end_others(request)
        messages.success(request, f"Removed: {name}. It does not sign you in any more.")
    return redirect("admin:my_account")


@require_POST
@fresh_sign_in
def remove_app(request: HttpRequest) -> HttpResponse:
    """Take no more codes from their app, if they have a passkey."""
    try:
        second_factor.remove_app(signed_in(request), now=timezone.now())
    except AccountRefused as refusal:
        messages.error(request, str(refusal))
    else:
        sessions.end_others(request)
        messages.success(request, "Removed. Codes of the app do not sign you in any more.")
    return redirect("admin:my_account")


@require_POST
def end_one(request: HttpRequest, number: int) -> HttpResponse:
    """End one session elsewhere."""
    if sessions.end_one(request, number):
        user, now = signed_in(request), timezone.now()
        accounts.record(user, AccountAct.SESSION_ENDED, by=user, now=now)
        messages.success(request, "Ended. Whoever was there is signed out.")
    return redirect("admin:my_account")


@require_POST
def choose_keys(request: HttpRequest) -> HttpResponse:
    """Turn the single keys on or off."""
    on = request.POST.get("has_keys") == "on"
    sessions.choose_keys(request, on=on)
    messages.success(request, f"The keys are {'on' if on else 'off'}.")
    return redirect("admin:my_account")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """End the sessions in all other browsers."""
    if number := sessions.end_others(request):
        accounts.note_sessions_ended(signed_in(request), now=timezone.now())
        messages.success(request, f"Ended: {counted(number, 'other session')}.")
    return redirect("admin:my_account")
