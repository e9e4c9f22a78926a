"""Which emails each colleague gets: chosen by themselves, seen by managers, and the daily one.

An email that keeps patients safe never loses its last reader: nobody can turn it off alone, and
when accounts close, managers get it.
"""

from datetime import datetime
from typing import NamedTuple

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.desk.today import board
from bookings.diary.desk_hours import desk_is_open
from bookings.messages import inboxes
from clinic_site.staff import accounts
from procedures.ground.batches import Tally, one_by_one
from procedures.ground.counting import counted
from procedures.ground.forms import get_or_post, posted
from procedures.ground.people import MANAGERS, is_manager, shown_name
from procedures.ground.signed_in import signed_in
from procedures.models import StaffNotice
from procedures.models.clinic import details
from procedures.models.notices import (
    awake,
    how_of,
    managers,
    reachable,
    told_of_waits,
    who_chose,
)
from procedures.status import AccountAct, AccountRefused, NoticeHow, NoticeKind

WAYS = {
    NoticeKind.URGENT: (NoticeHow.EACH, NoticeHow.NONE),
    NoticeKind.WAITING: (NoticeHow.EACH, NoticeHow.DAILY, NoticeHow.NONE),
    NoticeKind.OVERDUE: (NoticeHow.EACH, NoticeHow.NONE),
    NoticeKind.PAGES: (NoticeHow.DAILY, NoticeHow.NONE),
}
LAST = (
    "You are the last who gets this email, and it keeps patients safe. Ask a colleague to turn it on "
    "first."
)


class NoticesForm(forms.Form):
    """One choice for each kind of email that concerns somebody with these permissions."""

    use_required_attribute = False

    def __init__(self, *args: object, account: User, **kwargs: object):
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.account = account
        now = own(account)
        for kind, ways in WAYS.items():
            if kind in now:
                self.fields[kind.value] = forms.ChoiceField(
                    label=kind.label,
                    choices=[(each.value, str(each.label)) for each in ways],
                    initial=now[kind].value,
                    widget=forms.RadioSelect,
                    error_messages={"required": "Choose whether you want this email."},
                )

    def chosen(self) -> dict[NoticeKind, NoticeHow]:
        """What was chosen. Only for a valid form."""
        return {NoticeKind(kind): NoticeHow(how) for kind, how in self.cleaned_data.items()}


class Gets(NamedTuple):
    """What one colleague gets, for the page that managers see."""

    name: str
    role: str
    email: str
    how: list[str]


# --- Choosing ---------------------------------------------------------------------------------


@get_or_post
def choose_page(request: HttpRequest) -> HttpResponse:
    """The choices of whoever is signed in."""
    user = signed_in(request)
    form = NoticesForm(posted(request), account=user)
    if request.method == "POST" and form.is_valid():
        try:
            choose(user, form.chosen(), now=timezone.now())
        except LastReader as refusal:
            form.add_error(refusal.kind, LAST)
        else:
            messages.success(request, "Your choice of emails is kept.")
            return redirect("admin:my_account")
    context = {**admin.site.each_context(request), "title": "Emails to you", "form": form}
    return TemplateResponse(request, "admin/staff/notices.html", context)


class LastReader(AccountRefused):
    """Somebody turned an email off that nobody else gets."""

    def __init__(self, kind: NoticeKind):
        super().__init__(LAST)
        self.kind = kind.value


def choose(account: User, chosen: dict[NoticeKind, NoticeHow], *, now: datetime) -> None:
    """Keep what somebody chose about their own emails.

    Raises LastReader if an email that keeps patients safe would lose its last reader.
    """
    with transaction.atomic():
        # One at a time, so that the last two cannot both turn an email off.
        Group.objects.select_for_update(no_key=True).get(name=MANAGERS)
        before = how_of(account)
        new = {kind: how for kind, how in chosen.items() if how != before[kind]}
        for kind, how in new.items():
            if how == NoticeHow.NONE and _is_last(account, kind):
                raise LastReader(kind)
            StaffNotice.objects.update_or_create(
                account_id=account.pk, kind=kind, defaults={"how": how}
            )
        if new:
            said = "; ".join(f"{kind.label}: {how.label.lower()}" for kind, how in new.items())
            accounts.record(account, AccountAct.NOTICES_CHOSEN, said, by=account, now=now)


def _is_last(account: User, kind: NoticeKind) -> bool:
    """Whether nobody else gets this kind of email, although somebody has to."""
    if kind == NoticeKind.URGENT:
        others = who_chose(kind, NoticeHow.EACH)
        return not inboxes() and all(each.pk == account.pk for each in others)
    if kind == NoticeKind.OVERDUE:
        return all(each.pk == account.pk for each in told_of_waits())
    if kind == NoticeKind.PAGES and is_manager(account):
        return all(each.pk == account.pk for each in awake(managers(), kind))
    return False


def own(account: User) -> dict[NoticeKind, NoticeHow]:
    """What somebody gets, of what concerns them."""
    concerned = _concerned()
    return {
        kind: how
        for kind, how in how_of(account).items()
        if kind not in concerned or account.pk in concerned[kind]
    }


def _concerned() -> dict[NoticeKind, set[int]]:
    """Whom an email concerns: who can see at the desk what it is about, or has to see to it."""
    backend = settings.AUTHENTICATION_BACKENDS[0]
    see = User.objects.with_perm("bookings.view_appointmentrequest", backend=backend)
    patients = set(see.values_list("pk", flat=True))
    pages = User.objects.filter(Q(groups__name=MANAGERS) | Q(informationpage__isnull=False))
    return {
        NoticeKind.URGENT: patients,
        NoticeKind.WAITING: patients,
        NoticeKind.OVERDUE: patients,
        NoticeKind.PAGES: set(pages.values_list("pk", flat=True)),
    }


# --- Who gets what ----------------------------------------------------------------------------


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Everybody whose account works, with what they get; for managers."""
    if not request.user.has_perm("procedures.view_staffaccount"):
        raise PermissionDenied
    working = User.objects.filter(is_active=True).order_by("username")
    people, concerned = working.prefetch_related("groups", "notices"), _concerned()
    context = {
        **admin.site.each_context(request),
        "title": "Who gets which emails",
        "kinds": [kind.label for kind in NoticeKind],
        "people": [_gets(each, concerned) for each in people],
        "inboxes": inboxes(),
        "takes_over": [shown_name(each) for each in managers()],
    }
    return TemplateResponse(request, "admin/staff/who_gets_which.html", context)


def _gets(account: User, concerned: dict[NoticeKind, set[int]]) -> Gets:
    how = how_of(account)
    said = [
        str(how[kind].label) if account.pk in concerned.get(kind, {account.pk}) else ""
        for kind in NoticeKind
    ]
    role = ", ".join(sorted(group.name for group in account.groups.all()))
    return Gets(shown_name(account), role, account.email, said)


# --- Once a day -------------------------------------------------------------------------------


def send_daily(now: datetime) -> Tally:
    """Email what waits at the desk to whoever wants that once a day, when the desk has opened.

    Returns how many emails went out. It names nobody. A day on which nothing waits has no email.
    """
    if not desk_is_open(now):
        return Tally(0, failed=0)
    today = timezone.localdate(now)
    wanted = StaffNotice.objects.filter(kind=NoticeKind.WAITING, how=NoticeHow.DAILY)
    pks = wanted.exclude(sent_for=today).filter(account__in=reachable()).order_by("pk")
    return one_by_one(
        list(pks.values_list("pk", flat=True)),
        lambda pk: _send_daily(pk, now),
        task="daily email to the colleague with choice",
    )


def _send_daily(pk: int, now: datetime) -> int:
    """Take the day, then send; if the mail server fails, the next round tries again."""
    choice = StaffNotice.objects.select_related("account").get(pk=pk)
    mine = StaffNotice.objects.filter(pk=pk, sent_for=choice.sent_for)
    if not mine.update(sent_for=timezone.localdate(now)):
        return 0  # another worker was faster
    waits = _what_waits(choice.account, now)
    if not waits:
        return 0
    context = {"person": choice.account, "waits": waits, "site": settings.SITE_URL}
    try:
        EmailMessage(
            subject=f"{details().name}: what waits at the desk",
            body=render_to_string("admin/staff/daily.txt", context),
            to=[choice.account.email],
        ).send()
    except OSError:
        StaffNotice.objects.filter(pk=pk).update(sent_for=choice.sent_for)
        raise
    return 1


def _what_waits(account: User, now: datetime) -> list[str]:
    """The tasks of Today as sentences, and how many requests wait in all."""
    today = board(now, account)
    number = today.tally.in_all
    every = [f"{counted(number, 'request')} waiting for us in all"] if number else []
    given = [f"{counted(today.given, 'request')} handed over to you"] if today.given else []
    return [*(task.title for task in today.tasks), *given, *every]
