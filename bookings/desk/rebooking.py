"""Rebook: another time for everybody whose appointment the clinic can no longer keep."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings import journal, triage
from bookings.desk.calls import Calls, calls_of, note_no_answer
from bookings.desk.notes import mark
from bookings.desk.proposals import AHEAD, Choices, Proposal, Wanted, choices_for
from bookings.diary.clinicians import who_has_clinics
from bookings.diary.losses import Losses, losses
from bookings.models import AppointmentRequest, AppointmentType, Closure, Message, Offer
from bookings.status import DAYS, PARTS_OF_DAY, MessageKind, Overtaken, TriageRefused
from procedures.ground.batches import Failed, attempt, log_failure
from procedures.ground.forms import number_in, posted
from procedures.ground.signed_in import signed_in
from procedures.models.clinic import details

URL = "bookings_rebook"
MAY = (
    "bookings.view_appointmentrequest",
    "bookings.offer_appointmentrequest",
    "bookings.book_appointmentrequest",
    "bookings.phone_appointmentrequest",
)
# After a flood these are enough work to begin with.
MOST = 60
OFFER, BOOK = "offer", "book"
VERBS: dict[str, Callable[..., Any]] = {OFFER: triage.offer_instead, BOOK: triage.book_instead}


def urls(site: AdminSite) -> list[URLPattern]:
    """The address. It names a closure and nobody."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perms(MAY):
            raise PermissionDenied
        return Rebooking(site, request).answer()

    return [path("rebook/", site.admin_view(guarded), name=URL)]


class Affected(NamedTuple):
    """A patient who has lost an appointment, or all the times that were held for them."""

    wanted: Wanted
    # What they have lost, as times, and why.
    lost: list[datetime]
    why: str
    # An offer of other times that they have not answered yet.
    offered: Offer | None = None

    @property
    def request(self) -> AppointmentRequest:
        """Whose it is."""
        return self.wanted.request


class Row(NamedTuple):
    """One patient on the page, with what may be offered and what was chosen."""

    affected: Affected
    choices: Choices
    calls: Calls
    chosen: str
    how: str
    is_ticked: bool
    # Whether a clinician has to record the outcome of a flag first.
    blocked: bool
    suits: str
    error: str

    @property
    def is_first(self) -> bool:
        """Whether the proposal is with the clinician whom the patient had."""
        first = self.choices.first
        return first is not None and first.clinician == self.affected.wanted.clinician


class Waiting(NamedTuple):
    """One patient who has been offered another time and has not answered yet."""

    affected: Affected
    calls: Calls
    error: str


class Choice(NamedTuple):
    """What was chosen for one patient: the version that was seen, the time, offer or book."""

    version: int
    value: str
    how: str


def affected(lost: Losses, now: datetime) -> tuple[list[Affected], list[Affected]]:
    """Those who need another time, and those who have been offered one and have not answered yet."""
    requests = [each.appointment.request for each in lost.appointments]
    standing = Offer.objects.standing(now).filter(request__in=requests)
    offers = {
        each.request_id: each
        for each in standing.select_related("clinician").prefetch_related("times")
    }
    gone = {each.offer.pk for each in lost.offers if each.is_whole}
    found = []
    for each in lost.appointments:
        visit = each.appointment
        wanted = Wanted(visit.request, visit.appointment_type, visit.clinician, visit.starts)
        found.append(Affected(wanted, [visit.starts], each.why, offers.get(visit.request_id)))
    booked = {request.pk for request in requests}
    for held in lost.offers:
        offer = held.offer
        if held.is_whole and offer.request_id not in booked:
            starts = [time.starts for time in held.times]
            wanted = Wanted(offer.request, offer.appointment_type, offer.clinician, starts[0])
            found.append(Affected(wanted, starts, held.why, offer))
    found.sort(key=lambda each: each.lost)
    answer = [bool(each.offered and each.offered.pk not in gone) for each in found]
    return (
        [each for each, waits in zip(found, answer, strict=True) if not waits],
        [each for each, waits in zip(found, answer, strict=True) if waits],
    )


class Rebooking:
    """One answer of the page: what was pressed, and whom it shows."""

    def __init__(self, site: AdminSite, request: HttpRequest):
        self.site, self.request = site, request
        self.by = signed_in(request)
        self.now = timezone.now()
        self.data = posted(request)
        self.closure = self._closure()

    def answer(self) -> HttpResponse:
        """The page for what was pressed; a redirection once everything that was sent has gone."""
        if self.data is None:
            return self._page({})
        if "no_answer" in self.data:
            said = note_no_answer(str(self.data["no_answer"]), by=self.by, now=self.now)
            messages.info(self.request, said)
            return self._page({})
        errors = self._send(self.data)
        return self._page(errors) if errors else redirect(self._address())

    def _closure(self) -> Closure | None:
        known = Closure.objects.select_related("resource__clinician", "location")
        return known.filter(pk=number_in(self.request.GET.get("closure", ""))).first()

    def _address(self) -> str:
        address = reverse(f"admin:{URL}")
        return f"{address}?closure={self.closure.pk}" if self.closure else address

    # --- What is sent -----------------------------------------------------------------------

    def _send(self, data: QueryDict) -> dict[int, str]:
        """Offer or book what is ticked, each in a transaction of its own; what went wrong for whom."""
        ticked = [number_in(pk) for pk in data.getlist("take")][:MOST]
        clinicians = list(who_has_clinics(timezone.localdate(self.now)))
        kinds = self._kinds(ticked)
        errors: dict[int, str] = {}
        sent: dict[str, list[int]] = {OFFER: [], BOOK: []}
        for pk in ticked:
            choice = _choice(data, pk)
            act = partial(self._carry_out, kinds.get(pk), choice, clinicians)
            outcome = attempt(act, pk)
            if isinstance(outcome, Failed):
                log_failure("another time for request", pk, outcome)
                errors[pk] = "This could not be saved. Tell whoever runs the site."
            elif outcome:
                errors[pk] = outcome
            else:
                sent[choice.how].append(pk)
        if not ticked:
            messages.error(self.request, "Tick at least one patient.")
        self._say(sent, errors)
        return errors

    def _kinds(self, pks: Iterable[int]) -> dict[int, AppointmentType]:
        """The type of visit that each of them needs again."""
        to_rebook, waiting = affected(losses(self.now), self.now)
        return {
            each.request.pk: each.wanted.appointment_type
            for each in (*to_rebook, *waiting)
            if each.request.pk in set(pks)
        }

    def _carry_out(
        self,
        kind: AppointmentType | None,
        choice: Choice,
        clinicians: Sequence[Any],
        pk: int,
    ) -> str:
        """Offer or book for one patient; why not, if it is refused."""
        proposal = Proposal.read(choice.value, clinicians)
        if proposal is None:
            return "Choose a time from the list."
        record = AppointmentRequest.objects.filter(pk=pk).first()
        if record and _is_done(record, proposal, self.now):
            return ""
        if record is None or kind is None:
            return "They no longer need another time."
        try:
            VERBS[choice.how](
                record,
                version=choice.version,
                appointment_type=kind,
                clinician=proposal.clinician,
                starts=proposal.starts,
                by=self.by,
                now=self.now,
            )
        except Overtaken as refusal:
            # Two presses at one moment: the other one did it.
            return "" if _is_done(record, proposal, self.now) else str(refusal)
        except TriageRefused as refusal:
            return f"{_words(proposal)}: {refusal}"
        return ""

    def _say(self, sent: dict[str, list[int]], errors: dict[int, str]) -> None:
        offered, booked = len(sent[OFFER]), len(sent[BOOK])
        if offered:
            said = f"{offered} offer{'s' * (offered > 1)} sent: {_names(sent[OFFER])}."
            to_tell = Message.objects.to_tell().filter(
                request__in=sent[OFFER], kind=MessageKind.OFFER
            )
            if count := to_tell.count():
                said += f" {count} of them by phone: see “To phone”."
            messages.success(self.request, said)
        if booked:
            messages.success(self.request, f"{booked} booked by phone: {_names(sent[BOOK])}.")
        if errors:
            count = len(errors)
            messages.error(
                self.request,
                f"{count} not sent: see the row{'s' * (count > 1)} marked “Not sent”. The next free "
                "time is chosen there.",
            )

    # --- What is shown ----------------------------------------------------------------------

    def _page(self, errors: dict[int, str]) -> HttpResponse:
        lost = losses(self.now, self.closure, AHEAD)
        to_rebook, waiting = affected(lost, self.now)
        requests = [each.request for each in (*to_rebook[:MOST], *waiting[:MOST])]
        journal.record_list("to rebook", requests, by=self.by, at=self.now)
        mark(requests)
        calls = calls_of(each.pk for each in requests)
        rows = self._rows(to_rebook[:MOST], lost, calls, errors)
        self._say_what_has_no_row(errors, requests)
        context = {
            **self.site.each_context(self.request),
            "title": self.closure.sentence if self.closure else "Appointments to rebook",
            "closure": self.closure,
            "rows": rows,
            "more": len(to_rebook) - MOST,
            "ticked": sum(row.is_ticked for row in rows),
            "waiting": [
                Waiting(each, calls[each.request.pk], errors.get(each.request.pk, ""))
                for each in waiting[:MOST]
            ],
            "held_hours": details().held_hours,
        }
        return TemplateResponse(self.request, "admin/bookings/rebook.html", context)

    def _say_what_has_no_row(
        self, errors: dict[int, str], shown: Iterable[AppointmentRequest]
    ) -> None:
        """Say what went wrong for those who need no other time any more."""
        left = set(errors) - {request.pk for request in shown}
        for request in AppointmentRequest.objects.filter(pk__in=left) if left else []:
            messages.warning(self.request, f"{request.name}: {errors[request.pk]}")

    def _rows(
        self,
        to_rebook: Sequence[Affected],
        lost: Losses,
        calls: dict[int, Calls],
        errors: dict[int, str],
    ) -> list[Row]:
        choices = choices_for([each.wanted for each in to_rebook], lost.rota, lost.taken, self.now)
        return [
            self._row(each, choices[each.request.pk], calls, errors.get(each.request.pk, ""))
            for each in to_rebook
        ]

    def _row(self, each: Affected, choices: Choices, calls: dict[int, Calls], error: str) -> Row:
        pk, data = each.request.pk, self.data
        blocked = each.request.has_blocking_flag
        first = choices.first.value if choices.first else ""
        chosen, how = first, OFFER
        # What a patient wrote about other times, only a person can read.
        is_ticked = bool(first) and not blocked and not each.request.wishes
        if data is not None:
            choice = _choice(data, pk)
            how = choice.how
            chosen = choice.value if choices.includes(choice.value) else first
            is_ticked = bool(chosen) and not blocked and str(pk) in data.getlist("take")
        return Row(
            affected=each,
            choices=choices,
            calls=calls[pk],
            chosen=chosen,
            how=how,
            is_ticked=is_ticked,
            blocked=blocked,
            suits=_suits_in_words(each.request),
            error=error,
        )


def _suits_in_words(request: AppointmentRequest) -> str:
    """The days and times of day that suit, as short as a colleague would note them."""
    days = "any day"
    if set(request.preferred_days) < set(DAYS):
        days = ", ".join(DAYS[day][:3] for day in request.preferred_days)
    parts = request.preferred_times
    time = f"{parts[0]}s" if set(parts) < set(PARTS_OF_DAY) and parts else ""
    return ", ".join(filter(None, [days, time]))


def _choice(data: QueryDict, pk: int) -> Choice:
    how = data.get(f"how-{pk}", OFFER)
    return Choice(
        number_in(data.get(f"version-{pk}", "")),
        data.get(f"time-{pk}", ""),
        how if how in VERBS else OFFER,
    )


def _is_done(record: AppointmentRequest, proposal: Proposal, now: datetime) -> bool:
    """Whether exactly this was offered or booked already: somebody pressed twice."""
    same = {"clinician": proposal.clinician}
    offered = record.offers.standing(now).filter(**same, times__starts=proposal.starts)
    booked = record.appointments.filter(**same, starts=proposal.starts, ended_at=None)
    return offered.exists() or booked.exists()


def _names(pks: Iterable[int]) -> str:
    """Whose requests these are, by name."""
    names = AppointmentRequest.objects.filter(pk__in=pks).values_list("name", flat=True)
    return ", ".join(sorted(names))


def _words(proposal: Proposal) -> str:
    return f"{timezone.localtime(proposal.starts):%a %-d %b %-H:%M}"
