"""Letters on paper: which could be printed, which are printed and not posted, and the sheets."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages as notices
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from bookings import journal, messages, triage
from bookings.diary.free_times import span_of
from bookings.messages.paper import lines_of
from bookings.messages.still_true import is_still_true
from bookings.models import Message
from bookings.status import Channel, MessageStatus, TriageRefused
from bookings.status.events import Event
from procedures.ground.counting import counted
from procedures.ground.forms import get_or_post, number_in
from procedures.ground.signed_in import signed_in

URL, SHEETS = "bookings_letters", "bookings_letter_sheets"
MAY = ("bookings.view_appointmentrequest", "bookings.phone_appointmentrequest")
# After a long outage these are enough for one go.
MOST = 60


class Row(NamedTuple):
    """One letter on the page: to print, to post, or gone today."""

    message: Message
    address: list[str]
    # Whether it would say today what is on the paper.
    is_true: bool = True


def urls(site: AdminSite) -> list[URLPattern]:
    """The list, and the sheets to print. Neither address names anybody."""

    def guarded(view: Callable[[AdminSite, HttpRequest], HttpResponse]) -> Any:
        def answer(request: HttpRequest) -> HttpResponse:
            if not request.user.has_perms(MAY):
                raise PermissionDenied
            return view(site, request)

        return answer

    return [
        path("to-phone/letters/", site.admin_view(get_or_post(guarded(_list))), name=URL),
        path(
            "to-phone/letters/sheets/", site.admin_view(require_safe(guarded(_sheets))), name=SHEETS
        ),
    ]


def address_of_sheets(printed: Iterable[Message]) -> str:
    """Where these letters are shown as they are printed."""
    return f"{reverse(f'admin:{SHEETS}')}?{urlencode([('letter', each.pk) for each in printed])}"


def open_sheet(message: Message) -> HttpResponse:
    """Go to the letter that was just printed."""
    return HttpResponseRedirect(address_of_sheets([message]))


def _list(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """What could be a letter today, what is one, and what has gone: each with its presses."""
    if request.method == "POST":
        return _carry_out(request)
    now = timezone.now()
    to_print = [_row(each) for each in messages.waiting_for_paper(now)[:MOST]]
    to_post = [_row(each, now) for each in _with_facts(Message.objects.to_post())[:MOST]]
    gone = [_row(each) for each in _gone_today(now)[:MOST]]
    shown = [row.message.request for row in [*to_print, *to_post, *gone]]
    journal.record_list("letters", shown, by=signed_in(request), at=now)
    context = {
        **site.each_context(request),
        "title": "Letters",
        "to_print": to_print,
        "to_post": to_post,
        "gone": gone,
        "sheets": address_of_sheets(row.message for row in to_post),
    }
    return TemplateResponse(request, "admin/bookings/letters.html", context)


def _sheets(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """The chosen letters, one after the other, each on sheets of its own. Opening them is recorded."""
    now = timezone.now()
    printed = _chosen(request.GET.getlist("letter")).filter(printed_at__isnull=False)
    letters = [messages.on_paper(each, now) for each in printed.order_by("pk")[:MOST]]
    requests = [each.message.request for each in letters]
    journal.record_each(requests, Event.READ, by=signed_in(request), at=now)
    context = {
        "letters": letters,
        "large": request.GET.get("size") == "large",
        "again": address_of_sheets(each.message for each in letters),
        "today": timezone.localdate(now),
    }
    return TemplateResponse(request, "admin/bookings/letter_sheets.html", context)


def _carry_out(request: HttpRequest) -> HttpResponse:
    """Print, post, hand over or undo what was ticked or pressed."""
    act = ACTS.get(request.POST.get("act", ""))
    chosen = _chosen(request.POST.getlist("letter")).order_by("pk")[:MOST]
    if act is None or not chosen:
        notices.error(request, "Tick at least one letter.")
        return redirect(f"admin:{URL}")
    done = _each(request, act, chosen)
    if done:
        notices.success(request, f"{counted(len(done), 'letter')} {act.said}.")
    if done and act is ACTS["print"]:
        return redirect(address_of_sheets(done))
    return redirect(f"admin:{URL}")


def _each(request: HttpRequest, act: "Act", chosen: Iterable[Message]) -> list[Message]:
    """Do it with each letter, and say which it was refused for: one refusal stops no other."""
    done = []
    for message in chosen:
        try:
            done.append(act.verb(message, by=signed_in(request), now=timezone.now()))
        except TriageRefused as refusal:
            notices.error(request, f"{message.request.reference}: {refusal}")
    return done


def _print(message: Message, *, by: User, now: datetime) -> Message:
    return triage.print_letter(message.request, kind=message.kind, by=by, now=now)


class Act(NamedTuple):
    """What a button of the page does with each chosen letter, and what it says afterwards."""

    verb: Callable[..., Message]
    said: str


ACTS = {
    "print": Act(_print, "printed"),
    "post": Act(partial(triage.letter_has_gone, is_posted=True), "posted"),
    "hand": Act(partial(triage.letter_has_gone, is_posted=False), "handed over"),
    "undo": Act(triage.undo_letter, "taken back by one step"),
}


def _row(message: Message, now: datetime | None = None) -> Row:
    is_true = now is None or is_still_true(message, now)
    return Row(message, lines_of(message.request), is_true)


def _with_facts(rows: QuerySet[Message]) -> QuerySet[Message]:
    related = rows.select_related("request__person")
    told_about = ("request__appointments", "request__offers")
    return related.prefetch_related(*told_about).order_by("printed_at", "pk")


def _chosen(numbers: Iterable[str]) -> QuerySet[Message]:
    pks = [number_in(each) for each in numbers]
    return Message.objects.filter(pk__in=pks, request__isnull=False).select_related(
        "request__person"
    )


def _gone_today(now: datetime) -> QuerySet[Message]:
    today = span_of(timezone.localdate(now))
    sent = Message.objects.filter(channel=Channel.PAPER, status=MessageStatus.SENT)
    return _with_facts(sent.filter(sent_at__range=today))
