"""What a colleague sees behind the link with which they choose their password."""

from datetime import timedelta

from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic_site.passwords import HOW_TO_CHOOSE
from clinic_site.staff import accounts
from procedures.ground import rate_limits
from procedures.ground.forms import get_or_post, posted
from procedures.ground.places import by_place
from procedures.ground.rate_limits import Limit
from procedures.models import Invitation
from procedures.status import AccountRefused

KEY = "invitation"
OPEN_UNKNOWN_LINK = Limit("unknown invitation", 30, timedelta(hours=1))


@require_safe
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the link for a session, and its secret address for an ordinary one."""
    found = Invitation.of_link(token)
    now = timezone.now()
    if found is None:
        rate_limits.spend_all(by_place(OPEN_UNKNOWN_LINK, request), now)
        return _does_not_work(request)
    request.session.flush()
    request.session[KEY] = found.pk
    return redirect("invitation")


@get_or_post
def choose_password(request: HttpRequest) -> HttpResponse:
    """Ask for a password, and lead to the sign-in once it is set."""
    now = timezone.now()
    pk = request.session.get(KEY, 0)
    found = Invitation.objects.select_related("account").filter(pk=pk).first()
    if found is None or not found.is_open(now):
        return _does_not_work(request)
    form = SetPasswordForm(found.account, posted(request))
    form.fields["new_password1"].help_text = HOW_TO_CHOOSE
    form.fields["new_password2"].label = "The same password again"
    form.fields["new_password2"].help_text = ""
    if request.method == "POST" and form.is_valid():
        try:
            accounts.accept(found, password=form.cleaned_data["new_password1"], now=now)
        except AccountRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            del request.session[KEY]
            messages.success(
                request,
                f"Your password is set. Sign in as {found.account.username}.",
            )
            return redirect("admin:login")
    context = {"title": "Choose your password", "form": form, "account": found.account}
    return render(request, "staff/choose_password.html", admin.site.each_context(request) | context)


def _does_not_work(request: HttpRequest) -> HttpResponse:
    context = {**admin.site.each_context(request), "title": "This link does not work"}
    return render(request, "staff/no_invitation.html", context, status=404)
