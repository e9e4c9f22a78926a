"""Book by phone: noting the request of somebody who phones or is at the front desk."""

import secrets
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from bookings import journal, triage
from bookings.desk import acts
from bookings.desk.chosen_time import ChosenTime
from bookings.desk.finding import perhaps_known
from bookings.desk.forms.callers import CallerForm, WhoForm
from bookings.diary.clinicians import who_can_be_asked_for
from bookings.models import AppointmentRequest, Person
from bookings.screening import is_under_18, questions_for, unseen_urgent_answers
from bookings.status import CarerRight, RequestStatus, TriageRefused
from bookings.status.events import Event
from procedures.ground import languages
from procedures.ground.forms import posted
from procedures.ground.signed_in import signed_in
from procedures.models import Clinician, InformationPage
from procedures.reading.publication import titles_to_ask_about

URL = "bookings_book_by_phone"
MAY = ("bookings.view_appointmentrequest", "bookings.book_appointmentrequest")
# What does not change from visit to visit: as they said it on the request, and as we know it now.
TAKEN_OVER = ("carer_name", "carer_right", "text_messages", "voicemail", "detail_in_messages")
KNOWN_NOW = ("name", "date_of_birth", "phone", "email", "access_needs", "access_detail")
# What was typed during the call is newer than what we know.
SAID_NOW = ("phone", "email", "language")


def urls(site: AdminSite) -> list[URLPattern]:
    """The address, which says nothing about anybody: what is typed is posted."""

    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.user.has_perms(MAY):
            raise PermissionDenied
        return Call(site, request).answer()

    return [path("book/", site.admin_view(guarded), name=URL)]


class Call:
    """One call: who it is, whether we know them, and everything that is noted about them."""

    def __init__(self, site: AdminSite, request: HttpRequest):
        self.site, self.request = site, request
        self.data = posted(request)
        self.now = timezone.now()
        # Forms are posted to the address that they were opened with, so it stays chosen.
        self.time = ChosenTime.read(request.GET, self.now)
        titles = titles_to_ask_about(timezone.localdate(self.now))
        self.pages = [(each.english, each.title) for each in titles]

    def answer(self) -> HttpResponse:
        """The page for what was pressed; once the request is noted, a redirection to it."""
        if self.data is None:
            return self._ask_who(self._who(None))
        if "known" in self.data:
            return self._show(self._form_about_known(self.data))
        who = self._who(self.data)
        if not who.is_valid() and "key" not in self.data:
            return self._ask_who(who)
        if "key" not in self.data:
            return self._show(self._form(who.cleaned_data | {"key": secrets.token_urlsafe(32)}))
        right = self.data.get("carer_right")
        return self._note(self._form(who.cleaned_data | {"carer_right": right}, self.data))

    # --- Forms ------------------------------------------------------------------------------

    def _who(self, data: QueryDict | None) -> WhoForm:
        return WhoForm(data, pages=self._page_choices())

    def _form(self, about: dict[str, Any], data: QueryDict | None = None) -> CallerForm:
        """The whole form. Its questions depend on the page, the date of birth and who is asking."""
        page = self._page(about.get("page", ""))
        born = about.get("date_of_birth")
        return CallerForm(
            data,
            initial=about,
            pages=self._page_choices(),
            clinicians=[(each.slug, str(each)) for each in self._clinicians(page)],
            questions=questions_for(page),
            is_under_18=born is not None and is_under_18(born, timezone.localdate(self.now)),
            asks_as_parent=about.get("carer_right") == CarerRight.PARENT,
        )

    def _form_about_known(self, data: QueryDict) -> CallerForm:
        """The form with what we know about somebody, and what has been typed about this visit."""
        known = _request_numbered(data["known"])
        if known is None:
            raise Http404
        person = Person.objects.prefetch_related("joined").get(pk=known.person.shown_as).newest
        journal.record(known, Event.READ, by=signed_in(self.request), at=self.now)
        typed = {name: each if each[1:] else each[0] for name, each in data.lists() if each}
        about = {
            **typed,
            "earlier": known.pk,
            **{name: getattr(known, name) for name in TAKEN_OVER},
            **{name: getattr(person, name) for name in KNOWN_NOW},
            "language": languages.of(person.language).code,
            **{name: typed[name] for name in SAID_NOW if typed.get(name)},
        }
        about.setdefault("key", secrets.token_urlsafe(32))
        return self._form(about)

    def _page_choices(self) -> list[tuple[str, str]]:
        return [(page.slug, title) for page, title in self.pages]

    def _page(self, slug: str) -> InformationPage | None:
        return next((page for page, _ in self.pages if page.slug == slug), None)

    def _clinicians(self, page: InformationPage | None) -> list[Clinician]:
        return who_can_be_asked_for(page, timezone.localdate(self.now))

    # --- What is shown ----------------------------------------------------------------------

    def _ask_who(self, form: WhoForm) -> HttpResponse:
        return self._page_with(form, "admin/bookings/book_by_phone_who.html")

    def _show(self, form: CallerForm) -> HttpResponse:
        """The whole form, beside the people it may be about. Whom it shows is recorded."""
        about = form.cleaned_data if form.is_bound else form.initial
        known = []
        if about.get("name") and about.get("date_of_birth"):
            known = perhaps_known(
                name=about["name"],
                born=about["date_of_birth"],
                phone=str(about.get("phone") or ""),
            )
        journal.record_list("book by phone", known, by=signed_in(self.request), at=self.now)
        return self._page_with(form, "admin/bookings/book_by_phone.html", known=known)

    def _page_with(self, form: Any, template: str, **context: Any) -> HttpResponse:
        context |= {
            **self.site.each_context(self.request),
            "title": "Book by phone",
            "time": self.time,
            "form": form,
        }
        return TemplateResponse(self.request, template, context)

    # --- Noting it --------------------------------------------------------------------------

    def _note(self, form: CallerForm) -> HttpResponse:
        if form.is_valid():
            try:
                record = triage.submit(
                    self._submission(form),
                    key=form.cleaned_data["key"],
                    by=signed_in(self.request),
                    now=self.now,
                )
            except TriageRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return self._lead_on(record)
        return self._show(form)

    def _submission(self, form: CallerForm) -> triage.Submission:
        values = form.request_values()
        page = self._page(values["page"])
        wish = values["wished_clinician"]
        clinician = next((each for each in self._clinicians(page) if each.slug == wish), None)
        values |= {"page": page, "wished_clinician": clinician}
        earlier = _request_numbered(form.cleaned_data["earlier"])
        return triage.Submission(
            **values,
            answers=form.answers(),
            answers_by_link=bool(form.cleaned_data.get("by_link")),
            earlier=earlier,
        )

    def _lead_on(self, record: AppointmentRequest) -> HttpResponse:
        """To the free times, unless there is something else to do or to say first."""
        messages.success(self.request, f"Request {record.reference} noted for {record.name}.")
        if urgent := acts.urgent_in_words(unseen_urgent_answers(record)):
            messages.warning(self.request, urgent)
        if record.awaits_answers:
            messages.warning(self.request, acts.answers_first(record))
        if record.flags.blocking().exists():
            messages.warning(self.request, acts.clinician_first(record))
        elif not self._is_kept(record):
            decision = reverse("admin:bookings_appointmentrequest_decide", args=[record.pk, "book"])
            return redirect(f"{decision}?{self.time.for_decision()}" if self.time else decision)
        return redirect("admin:bookings_appointmentrequest_change", record.pk)

    def _is_kept(self, record: AppointmentRequest) -> bool:
        """Whether no time comes next: it waits for answers, was noted before, or that is the wish."""
        is_new = record.status == RequestStatus.RECEIVED
        return record.awaits_answers or not is_new or "keep" in self.request.POST


def _request_numbered(pk: Any) -> AppointmentRequest | None:
    """The request with that number, if what was posted is one."""
    known = AppointmentRequest.objects.select_related("person")
    return known.filter(pk=pk).first() if str(pk).isdecimal() else None
