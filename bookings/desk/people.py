"""People at the desk: the list, the search, and the page of each of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings import journal, records, triage
from bookings.desk import keeping, person_page
from bookings.desk.finding import find_people
from bookings.desk.forms.decisions import SearchForm
from bookings.desk.forms.people import (
    LinkForm,
    NoteForm,
    OtherPersonForm,
    ReachPersonForm,
    UnpinForm,
)
from bookings.desk.notes import pinned_texts
from bookings.desk.record_decisions import KNOWN, RECORD_DECISIONS
from bookings.diary.free_times import span_of
from bookings.models import Appointment, AppointmentRequest, Note, Person, PersonLink
from bookings.status import AppointmentStatus, TriageRefused
from bookings.status.events import Event
from procedures.ground.decisions import Decision, DecisionAdmin
from procedures.ground.forms import posted
from procedures.ground.paging import CappedPaginator
from procedures.ground.signed_in import signed_in
from procedures.ground.two_people import ProposalRefused

SEES = "bookings.view_appointmentrequest"
SEARCH_URL = "bookings_person_search"
MOST_FOUND = 50


class Row(NamedTuple):
    """A person in a list."""

    person: Person
    known: Person
    requests: list[AppointmentRequest]
    next_visit: Appointment | None
    pinned: list[str]

    @property
    def newest(self) -> AppointmentRequest:
        """Their newest request, from which another is begun."""
        return max(self.requests, key=lambda each: each.pk)


def rows(people: Iterable[Person], now: datetime) -> list[Row]:
    """These people with their next visit and their pinned notes.

    Each is a row that is shown, and was read with `joined`.
    """
    people = list(people)
    theirs: dict[int, list[AppointmentRequest]] = {each.pk: [] for each in people}
    every_row = [row for each in people for row in (each, *each.joined.all())]
    of_them = AppointmentRequest.objects.filter(person__in=every_row)
    for request in of_them.select_related("person"):
        theirs[request.person.shown_as].append(request)
    visits = Appointment.objects.filter(
        request__in=[each for requests in theirs.values() for each in requests],
        status=AppointmentStatus.BOOKED,
        starts__gte=span_of(timezone.localdate(now)).starts,
    ).select_related("request__person", "clinician")
    first: dict[int, Appointment] = {}
    for visit in visits.order_by("starts"):
        first.setdefault(visit.request.person.shown_as, visit)
    pinned = pinned_texts(theirs)
    return [
        Row(each, each.newest, theirs[each.pk], first.get(each.pk), pinned[each.pk])
        for each in people
    ]


def person_url(person: Person) -> str:
    """The page of the person, under the row as which they are shown."""
    return reverse("admin:bookings_person_change", args=[person.shown_as])


def _unpin(record: Person, *, note: Note, by: User, now: datetime) -> None:
    triage.unpin_note(note, by=by, now=now)


def _undo(record: Person, *, link: PersonLink, by: User, now: datetime) -> None:
    triage.undo_verdict(link, by=by, now=now)


def _said_changed(requests: list[AppointmentRequest]) -> str:
    if not requests:
        return "Changed. No request of theirs is open."
    count = "1 open request" if len(requests) == 1 else f"{len(requests)} open requests"
    said = f"Changed, here and on {count}."
    without = [each.reference for each in requests if not each.email]
    if without:
        said += (
            f" We have no email address: if they need a new code, make one ({', '.join(without)})."
        )
    return said


PERSON_DECISIONS = (
    Decision(
        slug="note",
        label="Write a note",
        permission="note_person",
        statuses={KNOWN},
        form=NoteForm,
        verb=triage.write_note,
        said="Note written.",
    ),
    Decision(
        slug="unpin",
        label="Unpin",
        permission="note_person",
        statuses={KNOWN},
        form=UnpinForm,
        verb=_unpin,
        said="Unpinned. The note is still here.",
    ),
    Decision(
        slug="same",
        label="Same person",
        permission="join_person",
        statuses={KNOWN},
        form=OtherPersonForm,
        verb=triage.join,
        said="Joined: they are shown as one person from now on. You can undo it on this page.",
    ),
    Decision(
        slug="not-same",
        label="Not the same person",
        permission="join_person",
        statuses={KNOWN},
        form=OtherPersonForm,
        verb=triage.keep_apart,
        said="Noted: these are two people. You can undo it on this page.",
    ),
    Decision(
        slug="undo",
        label="Undo",
        permission="join_person",
        statuses={KNOWN},
        form=LinkForm,
        verb=_undo,
        said="Undone. Both are as they were before.",
    ),
    Decision(
        slug="contact",
        label="Change contact details and needs",
        permission="phone_appointmentrequest",
        statuses={KNOWN},
        form=ReachPersonForm,
        verb=triage.change_person,
        said=_said_changed,
        explanation=(
            "For a patient on the phone. Ask for their date of birth first. What you change here is "
            "changed on all their open requests. A new email address gets a new private link for each "
            "of them, and we tell the old address."
        ),
    ),
    *RECORD_DECISIONS,
)


@admin.register(Person)
class PersonAdmin(DecisionAdmin):
    """The people, read-only, with one page for each and a few decisions."""

    refusals = (TriageRefused, ProposalRefused)
    decisions = PERSON_DECISIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        return Person.objects.prefetch_related("joined")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may read requests may see whose they are."""
        return bool(request.user.has_perm(SEES))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def state_of(self, record: Person) -> str:
        return KNOWN

    def record_url(self, record: Person) -> str:
        return person_url(record)

    def way_back(self, request: HttpRequest, record: Person) -> str:
        """The request from whose page a button was pressed, if it says so; otherwise the person's."""
        pk = request.POST.get("pressed_on", "")
        if pk.isdecimal() and AppointmentRequest.objects.filter(pk=pk).exists():
            return reverse("admin:bookings_appointmentrequest_change", args=[pk])
        record.refresh_from_db(fields=["joined_to"])
        return self.record_url(record)

    def decision_context(
        self, request: HttpRequest, record: Person, decision: Decision
    ) -> dict[str, Any]:
        """Who they are, on every page of a decision."""
        return {"about": "admin/bookings/people/who.html", "record_name": record.name}

    def decide(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """Show a decision page and carry out the decision. Being shown the page is recorded."""
        answer = super().decide(request, pk, slug)
        if isinstance(answer, TemplateResponse) and answer.context_data:
            self._note_read(request, answer.context_data["record"])
        return answer

    def get_urls(self) -> list[URLPattern]:
        search = path("search/", self.admin_site.admin_view(self.search), name=SEARCH_URL)
        return [search, *keeping.urls(self.admin_site), *super().get_urls()]

    def search(self, request: HttpRequest) -> HttpResponse:
        """Find people with a posted form, so that no name appears in an address or a log.

        By what is on their requests, and by what we know of them now. If it is one, their page is
        opened straight away. The journal of each of their requests has an event.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SearchForm(posted(request))
        now = timezone.now()
        found: list[Row] | None = None
        more = False
        if request.method == "POST" and form.is_valid():
            numbers = find_people(form.cleaned_data["term"], MOST_FOUND + 1)
            more = len(numbers) > MOST_FOUND
            people = self.get_queryset(request).in_bulk(numbers[:MOST_FOUND])
            found = rows([people[each] for each in numbers[:MOST_FOUND]], now)
            shown = [each for row in found for each in row.requests]
            journal.record_each(shown, Event.SEARCHED, by=signed_in(request), at=now)
            if len(found) == 1:
                return redirect(person_url(found[0].person))
        context = {
            **self.admin_site.each_context(request),
            "title": "Find a patient",
            "form": form,
            "found": found,
            "more": more,
        }
        return TemplateResponse(request, "admin/bookings/search.html", context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Everybody, those who were in touch last first. They are found with the posted search."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        people = self.get_queryset(request).filter(joined_to=None, emptied_at=None)
        people = people.order_by("-known_at", "-pk")
        asked = request.GET.get("page", "")
        page = CappedPaginator.showing(people, MOST_FOUND, asked).get_page(asked)
        found = rows(page.object_list, now)
        shown = [each for row in found for each in row.requests]
        journal.record_list("people", shown, by=signed_in(request), at=now)
        context = {
            **self.admin_site.each_context(request),
            "title": "People",
            "form": SearchForm(),
            "rows": found,
            "page": page,
        }
        return TemplateResponse(request, "admin/bookings/people/list.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The person on one screen. Opening it is recorded on each of their requests."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = self.get_object(request, object_id)
        if person is None:
            raise Http404
        if person.joined_to_id:
            return redirect(person_url(person))
        now = timezone.now()
        told = person_page.facts(person, now)
        told["reads_answers"] = triage.reads_every_answer(signed_in(request))
        journal.record_each(told["requests"], Event.READ, by=signed_in(request), at=now)
        named = [each.request for each in told["namesakes"]]
        named += [request for each in told["perhaps"] for request in each.requests]
        if told["apart"]:
            others = {each.other.pk for each in told["apart"]}
            named += AppointmentRequest.objects.filter(person__in=others)
        journal.record_list("beside a person", named, by=signed_in(request), at=now)
        context = {
            **self.admin_site.each_context(request),
            **told,
            "title": "Person",
            "opts": self.opts,
            "newest": max(told["requests"], key=lambda each: each.pk),
            "hold": records.hold_of(person),
            "something_left": records.is_anything_left(person),
            "may": {each.slug for each in self.open_decisions(request, person)},
        }
        return TemplateResponse(request, "admin/bookings/people/person.html", context)

    def _note_read(self, request: HttpRequest, person: Person) -> None:
        requests = AppointmentRequest.objects.of_person(person)
        journal.record_each(requests, Event.READ, by=signed_in(request), at=timezone.now())
