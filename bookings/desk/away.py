"""Somebody is away, or something is closed: whom it affects, shown before it is saved."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from bookings import journal, triage
from bookings.desk.forms.away import AwayForm
from bookings.desk.forms.diary import DayForm
from bookings.diary.losses import Losses, losses
from bookings.diary.other_rooms import RoomChange, other_rooms
from bookings.models import Appointment, Closure, Location, OfferedTime, Resource
from procedures.ground.forms import number_in, posted
from procedures.ground.signed_in import signed_in


class AwayPage:
    """The page of a closure that is new or is changed.

    The first press shows whom it affects. Only a press on what was shown saves it.
    """

    def __init__(self, admin: "ModelAdmin[Closure]", request: HttpRequest, closure: Closure):
        self.admin, self.request, self.closure = admin, request, closure
        self.now = timezone.now()
        self.data = posted(request)
        self.is_new = not closure.pk

    def answer(self) -> HttpResponse:
        """The page; once the closure is saved, the way to those who need another time."""
        form = AwayForm(self.data, closure=self.closure, initial=self._chosen_by_link())
        if self.data is None or not form.is_valid():
            return self._show(form)
        if self.data.get("shown") != self._digest() or "save" not in self.data:
            return self._show(form, losses(self.now, self.closure))
        changes = other_rooms(self.closure, losses(self.now, self.closure))
        self._save(form)
        by = signed_in(self.request)
        changed = [triage.change_room(each, by=by, now=self.now) for each in changes]
        return self._lead_on(sum(changed))

    def _chosen_by_link(self) -> dict[str, Any]:
        """A link may choose a clinician and a day, and nothing else."""
        get, day = self.request.GET, DayForm(self.request.GET)
        resource = Resource.objects.filter(clinician=number_in(get.get("clinician", ""))).first()
        chosen: dict[str, Any] = {"who": f"resource-{resource.pk}"} if resource else {}
        if day.is_valid():
            chosen["first_day"] = day.cleaned_data["day"]
        return chosen

    def _digest(self) -> str:
        """Who and when, so that nothing is saved that was not shown."""
        closure = self.closure
        starts, ends = closure.starts.timestamp(), closure.ends.timestamp()
        return f"{closure.resource_id} {closure.location_id} {starts:.0f} {ends:.0f}"

    def _show(self, form: AwayForm, lost: Losses | None = None) -> HttpResponse:
        if lost:
            shown = [
                *(each.appointment.request for each in lost.appointments),
                *(each.offer.request for each in lost.offers),
            ]
            journal.record_list("who is affected", shown, by=signed_in(self.request), at=self.now)
        changes = other_rooms(self.closure, lost) if lost else []
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": "Somebody is away",
            "form": form,
            "closure": self.closure,
            "lost": _without(changes, lost) if lost else None,
            "changes": changes,
            "shown": self._digest() if lost else "",
            "may_take_back": not self.is_new
            and self.admin.has_delete_permission(self.request, self.closure),
        }
        return TemplateResponse(self.request, "admin/bookings/away.html", context)

    def _save(self, form: AwayForm) -> None:
        """Save it once, however often the button is pressed."""
        closure = self.closure
        with transaction.atomic():
            # Two presses come one after the other.
            Resource.objects.select_for_update().filter(pk=closure.resource_id or 0).first()
            Location.objects.select_for_update().filter(pk=closure.location_id or 0).first()
            same = Closure.objects.filter(
                resource=closure.resource,
                location=closure.location,
                starts=closure.starts,
                ends=closure.ends,
            )
            twin = same.exclude(pk=closure.pk).first()
            if twin and self.is_new:
                self.closure = twin
                return
            self.admin.save_model(self.request, closure, form, change=not self.is_new)
            if self.is_new:
                self.admin.log_addition(self.request, closure, [{"added": {}}])
            else:
                fields = {"changed": {"fields": form.changed_data}}
                self.admin.log_change(self.request, closure, [fields])

    def _lead_on(self, changed: int) -> HttpResponse:
        """To those who need another time, or back to the diary if nobody does."""
        closure = self.closure
        lost = losses(self.now, closure)
        said = f"Saved: {closure.sentence}, {closure.period}."
        if changed:
            what = (
                "1 visit or offered time has"
                if changed == 1
                else f"{changed} visits or offered times have"
            )
            said += f" {what} another room now."
        if lost.appointments or lost.offers:
            messages.success(self.request, said)
            return redirect(f"{reverse('admin:bookings_rebook')}?closure={closure.pk}")
        nobody = "Nobody needs another time." if changed else "Nobody has an appointment then."
        messages.success(self.request, f"{said} {nobody}")
        day = timezone.localdate(closure.starts)
        return redirect(f"{reverse('admin:bookings_diary_day')}?day={day:%Y-%m-%d}")


def _without(changes: list[RoomChange], lost: Losses) -> Losses:
    """What is lost all the same once these have other rooms."""
    saved = {(type(each.held), each.held.pk) for each in changes}
    appointments = [
        each for each in lost.appointments if (Appointment, each.appointment.pk) not in saved
    ]
    offers = []
    for each in lost.offers:
        times = [time for time in each.times if (OfferedTime, time.pk) not in saved]
        if times:
            is_whole = each.is_whole and len(times) == len(each.times)
            offers.append(each._replace(times=times, is_whole=is_whole))
    return lost._replace(appointments=appointments, offers=offers)
