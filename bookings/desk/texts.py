"""Texts from patients: what a colleague has to see to, and what came of the others."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.contrib import messages as notices
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from bookings import journal, triage
from bookings.models import TextReply
from bookings.status import Meant, TriageRefused
from procedures.ground import phones
from procedures.ground.counting import counted
from procedures.ground.forms import get_or_post, number_in
from procedures.ground.people import shown_name
from procedures.ground.signed_in import signed_in

URL = "bookings_texts"
MAY_SEE, MAY = "bookings.view_appointmentrequest", "bookings.phone_appointmentrequest"
# Enough for one go, and how long what needs nothing more is listed.
MOST, LISTED_FOR = 60, timedelta(days=14)
# What came of a text that nobody has to see to.
DONE = {
    Meant.STOP: "No more texts go to this number.",
    Meant.START: "Texts go to this number again.",
    Meant.YES: "The visit is confirmed.",
    Meant.CANCEL: "The visit is cancelled.",
    Meant.UNDO: "The cancellation is undone.",
}


class Row(NamedTuple):
    """One text on the page."""

    reply: TextReply
    # How many people have the number, if that is not one.
    people: int = 1

    @property
    def needs_call(self) -> bool:
        """Whether only a recorded call sees to it."""
        return triage.needs_call(self.reply, self.people)

    @property
    def became(self) -> str:
        """What came of it."""
        if self.reply.seen_by:
            return f"Seen to by {shown_name(self.reply.seen_by)}"
        return DONE[Meant(self.reply.meant)]


def urls(site: AdminSite) -> list[URLPattern]:
    """The page. Its address names nobody."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(MAY_SEE):
            raise PermissionDenied
        return _carry_out(request) if request.method == "POST" else _list(site, request)

    return [path("to-phone/texts/", site.admin_view(get_or_post(guarded)), name=URL)]


def to_see() -> QuerySet[TextReply]:
    """What a colleague has to see to: words of alarm first, then as they came."""
    related = TextReply.objects.to_see().select_related("request")
    return related.order_by("-alarming", "came", "pk")


def _list(site: AdminSite, request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    texts = list(to_see()[:MOST])
    people = triage.people_with({each.number for each in texts})
    waiting = [Row(each, len(people[each.number])) for each in texts]
    done = [Row(each) for each in _done_since(now - LISTED_FOR)]
    shown = [row.reply.request for row in [*waiting, *done] if row.reply.request]
    journal.record_list("texts", shown, by=signed_in(request), at=now)
    context = {
        **site.each_context(request),
        "title": "Texts from patients",
        "waiting": waiting,
        "done": done,
        "may_see_to": request.user.has_perm(MAY),
    }
    return TemplateResponse(request, "admin/bookings/texts.html", context)


def _done_since(moment: datetime) -> QuerySet[TextReply]:
    over = TextReply.objects.filter(came__gt=moment).exclude(for_desk=True, seen_at=None)
    return over.select_related("request", "seen_by").order_by("-came", "-pk")[:MOST]


def _carry_out(request: HttpRequest) -> HttpResponse:
    """Note that one text has been seen to."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied
    reply = get_object_or_404(TextReply, pk=number_in(request.POST.get("text", "")))
    try:
        phoned = "phoned" in request.POST
        triage.see_to_text(reply, by=signed_in(request), now=timezone.now(), phoned=phoned)
    except TriageRefused as refusal:
        notices.error(request, str(refusal))
    else:
        left = counted(to_see().count(), "text")
        notices.success(request, f"{_from(reply)}: text seen to. {left} to go.")
    return redirect(f"admin:{URL}")


def _from(reply: TextReply) -> str:
    """Whose text it is, as far as we know."""
    return reply.request.name if reply.request else phones.shown(reply.number)
