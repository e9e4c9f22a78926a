"""The page on which a clinician lets a passkey of theirs sign pages."""

import json
from contextlib import suppress
from datetime import UTC, datetime

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from clinic_site.staff import second_factor
from procedures.ground.forms import get_or_post
from procedures.ground.fresh_sign_in import fresh_sign_in
from procedures.ground.passkeys import Hand
from procedures.ground.signed_in import signed_in
from procedures.models import Clinician, Passkey
from procedures.publishing import own_keys
from procedures.status import PublishingRefused


@get_or_post
@fresh_sign_in
def let_passkey_sign(request: HttpRequest, number: int) -> HttpResponse:
    """Put the new list of somebody's passkeys before them, and take it once a passkey has signed it."""
    user = signed_in(request)
    clinician = Clinician.objects.filter(login=user).first()
    passkey = second_factor.passkeys_of(user).filter(pk=number).first()
    if clinician is None or passkey is None:
        raise Http404
    refusal = _taken(request, passkey) if request.method == "POST" else ""
    if request.method == "POST" and not refusal:
        messages.success(request, f"Pages that you sign with {passkey.name} show that it was you.")
        return redirect("admin:my_account")
    at = timezone.now()
    statement = own_keys.list_with(clinician, passkey, at)
    vouching = own_keys.those_who_vouch(passkey)
    context = {
        **admin.site.each_context(request),
        "title": "A passkey that signs for you",
        "passkey": passkey,
        "clinician": clinician,
        "vouching": [] if vouching == [passkey] else vouching,
        "statement": statement,
        "at": at.isoformat(),
        "options": json.dumps(own_keys.asked_of(statement, vouching)),
        "refusal": refusal,
    }
    return TemplateResponse(request, "admin/staff/let_passkey_sign.html", context)


def _taken(request: HttpRequest, passkey: Passkey) -> str:
    """Take the list; why not, if it was refused."""
    at = datetime.fromtimestamp(0, UTC)
    with suppress(ValueError, OverflowError):
        at = datetime.fromisoformat(request.POST.get("at", "")).astimezone(UTC)
    hand = Hand(request.POST.get("passkey", ""), at)
    try:
        own_keys.let_sign(passkey, hand=hand, by=signed_in(request), now=timezone.now())
    except PublishingRefused as refusal:
        return str(refusal)
    return ""
