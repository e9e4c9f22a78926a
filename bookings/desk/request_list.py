"""The list of requests: its tabs, its filters, and what stands in each row. Writes nothing."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from bookings.desk.due import in_words
from bookings.desk.owners import MINE, Whose, owner_in_words, with_them
from bookings.desk.today import end_of_day, next_press, page_title
from bookings.diary.clinicians import who_has_clinics
from bookings.models import (
    Appointment,
    AppointmentRequest,
    AppointmentRequestQuerySet,
    Location,
    RedFlag,
)
from bookings.status import (
    WAITING_FOR_PATIENT,
    WITH_APPOINTMENT,
    WITHOUT_REPLY,
    AppointmentStatus,
    RequestStatus,
)
from procedures.ground.counting import how_many
from procedures.ground.paging import few
from procedures.ground.signed_in import signed_in
from procedures.models import InformationPage
from procedures.status import MEDICAL

if TYPE_CHECKING:
    from django.contrib.admin.filters import _ListFilterChoices

# The tabs: what is in each, and whether a number stands beside it. The statuses themselves are below.
WAITING, LATE, TODAY = "waiting", "late", "today"
CLINICIANS, PATIENTS, BOOKED, DEFERRED, OPEN, CLOSED, ALL = (
    "clinicians",
    "patients",
    "booked",
    "deferred",
    "open",
    "ended",
    "all",
)
TABS = {
    WAITING: "Waiting for us",
    LATE: "Late",
    TODAY: "Due today",
    CLINICIANS: "With clinicians",
    PATIENTS: "With patients",
    BOOKED: "Booked",
    DEFERRED: "Deferred",
    OPEN: "Open",
    CLOSED: "Closed",
    ALL: "All",
}
COUNTED = {WAITING, LATE, TODAY, CLINICIANS, PATIENTS}
ENDED = {
    RequestStatus.CLOSED,
    RequestStatus.DECLINED,
    RequestStatus.WITHDRAWN,
    RequestStatus.LAPSED,
}


# The tabs with years of requests.
ARCHIVE = {CLOSED, ALL, *map(str, ENDED)}


def is_archive(request: HttpRequest) -> bool:
    """Whether the address asks for a tab that only grows."""
    return request.GET.get(WhoseTurn.parameter_name, "") in ARCHIVE


class WhoseTurn(SimpleListFilter):
    """The tabs. The list opens on what this person can do; everything else is one press away."""

    title = "status"
    parameter_name = "show"

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: Any,
    ):
        decides = request.user.has_perm("bookings.resolve_redflag")
        self.own = self.opens_on = CLINICIANS if decides else WAITING
        if request.GET.get(Whose.parameter_name):
            # What somebody has been given is theirs, whoever's turn it is.
            self.opens_on = OPEN
        self.now = timezone.now()
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        statuses = [each for each in RequestStatus.choices if each[0] not in TABS]
        return [*TABS.items(), *statuses]

    def shown(self) -> str:
        """The tab that is open. An address with a tab that does not exist opens the first."""
        asked = self.value()
        return asked if asked in dict(self.lookup_choices) else self.opens_on

    def choices(self, changelist: ChangeList) -> "Iterator[_ListFilterChoices]":
        for value, label in self.lookup_choices:
            yield {
                "selected": self.shown() == value,
                "query_string": changelist.get_query_string({self.parameter_name: value}, ["p"]),
                "display": str(label),
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> AppointmentRequestQuerySet:
        return in_tab(cast("AppointmentRequestQuerySet", queryset), self.shown(), self.now)


def in_tab(
    requests: AppointmentRequestQuerySet, tab: str, now: datetime
) -> AppointmentRequestQuerySet:
    """Those of the requests that are in a tab, or have a status, at that instant."""
    if tab == ALL:
        return requests
    if tab == WAITING:
        return requests.waiting_for_reception(now)
    # We promised the patient an answer, whichever of us has the request.
    if tab == LATE:
        return requests.waiting_for_clinic(now).filter(answer_due__lt=now)
    if tab == TODAY:
        return requests.waiting_for_clinic(now).filter(answer_due__range=(now, end_of_day(now)))
    if tab == CLINICIANS:
        return requests.waiting_for_clinician(now)
    if tab == PATIENTS:
        return requests.filter(status__in=sorted(WAITING_FOR_PATIENT), reply_due__gt=now)
    if tab == BOOKED:
        return requests.filter(status__in=sorted(WITH_APPOINTMENT))
    if tab in {OPEN, CLOSED}:
        still_open = Q(status__in=sorted(set(RequestStatus) - ENDED))
        lapsed = [each for each, then in WITHOUT_REPLY.items() if then == RequestStatus.LAPSED]
        has_lapsed = Q(status__in=sorted(lapsed), reply_due__lte=now)
        # Closed is said by what is left out: nearly all are over, so the newest of them are found at
        # once among the newest of all, and no index of statuses leads past them.
        is_over = ~still_open | has_lapsed
        return (
            requests.filter(is_over) if tab == CLOSED else requests.filter(still_open & ~has_lapsed)
        )
    return requests.in_state(RequestStatus(tab), now)


class Narrowing(SimpleListFilter):
    """A filter below the tabs. An address that was kept may ask for what is not in it any more."""

    def value(self) -> str | None:
        """What is chosen; None if that is no choice."""
        asked = self.asked()
        return asked if asked in dict(self.lookup_choices) else None

    def asked(self) -> str:
        """What the address asks for."""
        return super().value() or ""


class ByPage(Narrowing):
    """Requests from one page."""

    title = "page"
    parameter_name = "about"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        pages = InformationPage.objects.filter(category__in=MEDICAL).order_by("position", "slug")
        self.numbers: dict[str, int | None] = {**{page.slug: page.pk for page in pages}, "-": None}
        return [*((page.slug, page.staff_title) for page in pages), ("-", "Something else")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.value()
        # By its number, so that an index has them in the order in which they are shown.
        return queryset.filter(page=self.numbers[asked]) if asked else queryset


class ByClinician(Narrowing):
    """Requests that name a clinician, or have an appointment with them."""

    title = "clinician"
    parameter_name = "clinician"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.slug, str(each)) for each in who_has_clinics(timezone.localdate())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        booked = Appointment.objects.filter(
            clinician__slug=self.value(), status=AppointmentStatus.BOOKED
        ).values_list("request", flat=True)
        wished = AppointmentRequest.objects.filter(wished_clinician__slug=self.value())
        return _among(queryset, wished.values_list("pk", flat=True).union(booked, all=True))


class ByPlace(Narrowing):
    """Requests with an appointment at one place."""

    title = "place"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(each.pk), each.name) for each in Location.objects.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        place = self.value()
        if not place:
            return queryset
        booked = Appointment.objects.filter(
            room__location=int(place), status=AppointmentStatus.BOOKED
        )
        return _among(queryset, booked.values_list("request", flat=True))


class ByFlag(Narrowing):
    """Requests with a flag, whether it is decided or not."""

    title = "flag"
    parameter_name = "flag"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "A flag to decide"), ("any", "Any flag"), ("none", "No flag")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "open":
                flagged = RedFlag.objects.blocking().values_list("request", flat=True)
                return _among(queryset, flagged)
            case "any":
                return _among(queryset, RedFlag.objects.values_list("request", flat=True))
            case "none":
                return queryset.exclude(pk__in=RedFlag.objects.values("request"))
        return queryset


def _among(requests: QuerySet[Any], numbers: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the requests that have one of these numbers."""
    named = few(numbers)
    return requests.filter(pk__in=numbers if named is None else named)


FILTERS = (WhoseTurn, Whose, ByPage, ByClinician, ByPlace, ByFlag)


class Row(NamedTuple):
    """One request in the list."""

    record: AppointmentRequest
    about: str
    status: str
    # When and with whom, if there is an appointment; only where the status is shown.
    visit: str
    # The colleague to whom it was handed over.
    owner: str
    is_late: bool
    # Whether we owe an answer: only then is there a time by which it is due.
    is_ours: bool
    # How long from now we promised an answer, or since when it is late, if the next step is ours.
    due: str
    must_answer: bool
    # The words and the address of the button, if the next step is ours.
    label: str
    address: str


class Group(NamedTuple):
    """Rows under one heading."""

    title: str
    rows: list[Row]


def shown_in(changelist: ChangeList, request: HttpRequest) -> dict[str, Any]:
    """What the template of the list needs: its tabs with their numbers, filters, and groups."""
    now = timezone.now()
    specs = cast("list[Any]", changelist.filter_specs)
    tabs, whose, *filters = specs
    numbers = _numbers(now, signed_in(request))
    shown = tabs.shown()
    named = [
        {**choice, "number": numbers.get(value), "is_status": value not in TABS}
        for choice, (value, _) in zip(tabs.choices(changelist), tabs.lookup_choices, strict=True)
    ]
    records = list(changelist.result_list)
    dues = in_words([each.answer_due for each in records], now)
    shows_status = shown not in {WAITING, LATE, TODAY}
    visits = _visits(records) if shows_status else {}
    rows = (
        _row(each, due, visits.get(each.pk, ""), signed_in(request), now)
        for each, due in zip(records, dues, strict=True)
    )
    return {
        "tabs": [tab for tab in named if not tab["is_status"]],
        "statuses": [tab for tab in named if tab["is_status"]],
        "shown": shown,
        "waiting_for_me": numbers[tabs.own],
        "whose": [
            {**choice, "number": numbers.get(value)}
            for choice, value in zip(
                whose.choices(changelist), ("", *dict(whose.lookup_choices)), strict=True
            )
        ],
        "whose_value": whose.value() or "",
        "filters": filters,
        "is_filtered": any(each.value() for each in filters),
        "left_out": [each.title for each in filters if each.asked() and not each.value()],
        "groups": _groups(rows, now, by_day=shown in {WAITING, CLINICIANS}),
        "shows_status": shows_status,
    }


def _numbers(now: datetime, user: User) -> dict[str, int]:
    """How many requests are in each tab that shows a number, and how many are theirs."""
    requests = AppointmentRequest.objects.all()
    waiting: Any = requests.whose_turn(now)
    ours = waiting.values_list("is_receptions", "is_clinicians", "answer_due")
    due = [answer_due for *_, answer_due in ours]
    return {
        WAITING: sum(is_receptions for is_receptions, *_ in ours),
        LATE: sum(each < now for each in due),
        TODAY: sum(now <= each <= end_of_day(now) for each in due),
        CLINICIANS: sum(is_clinicians for _, is_clinicians, _ in ours),
        **how_many(
            {
                PATIENTS: in_tab(requests, PATIENTS, now),
                MINE: in_tab(requests.filter(with_them(user)), OPEN, now),
            }
        ),
    }


def _visits(records: Iterable[AppointmentRequest]) -> dict[int, str]:
    """The appointments of these requests in words, by the number of the request."""
    booked = Appointment.objects.filter(request__in=records, status=AppointmentStatus.BOOKED)
    return {
        each.request_id: f"{timezone.localtime(each.starts):%a %-d %b, %-H:%M}, {each.clinician.name}"
        for each in booked.select_related("clinician")
    }


def _row(record: AppointmentRequest, due: str, visit: str, user: User, now: datetime) -> Row:
    is_ours = record.is_waiting_for_clinic(now)
    label, address = "", ""
    if is_ours and record.has_blocking_flag and user.has_perm("bookings.resolve_redflag"):
        arguments = [record.pk, "resolve-flag"]
        label = "Record an outcome"
        address = reverse("admin:bookings_appointmentrequest_decide", args=arguments)
    elif is_ours and user.has_perm("bookings.offer_appointmentrequest"):
        label, address = next_press(record)
    return Row(
        record=record,
        about=page_title(record),
        status=str(record.state(now).label),
        visit=visit,
        owner=owner_in_words(record),
        is_late=is_ours and record.answer_due < now,
        is_ours=is_ours,
        due=due if is_ours else "",
        must_answer=record.must_answer(now),
        label=label,
        address=address,
    )


def _groups(rows: Iterable[Row], now: datetime, *, by_day: bool) -> list[Group]:
    def heading(row: Row) -> str:
        if not by_day:
            return ""
        if row.record.has_urgent_flag:
            return "Urgent"
        if row.is_late:
            return "Late"
        return "Today" if row.record.answer_due <= end_of_day(now) else "Tomorrow and later"

    return [Group(title, list(each)) for title, each in groupby(rows, key=heading)]
