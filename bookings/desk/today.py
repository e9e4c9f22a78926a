"""Today: what reception has to do next, in one order, and who comes. Writes nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q, Subquery, Window
from django.urls import reverse
from django.utils import timezone

from bookings.desk.agenda import appointments_to_see_to
from bookings.desk.calls import Calls
from bookings.desk.my_clinic import given_to
from bookings.desk.notes import pinned_beside
from bookings.desk.texts import to_see
from bookings.desk.to_phone import IN_TURN, URGENTLY, ToPhone, patients_to_phone
from bookings.diary.free_times import Stranded, span_of, stranded_of
from bookings.models import Appointment, AppointmentRequest, Message
from bookings.status import AppointmentStatus
from bookings.triage import surge
from procedures.ground import phones
from procedures.ground.counting import counted, how_many

# How many people a task names, and how many lines all tasks have together: what fits on one screen. The
# rest are one press away.
NAMED, LINES = 3, 9
# How many of today's patients stand beside the tasks, and how many of them have been seen.
COMING, SEEN = 10, 2
# An appointment without a clinic on one of these days is the first thing to do.
SOON = timedelta(days=2)
REQUESTS = "admin:bookings_appointmentrequest_changelist"


class Task(NamedTuple):
    """Something to do: in a sentence, with the people it is about and where it is done."""

    # How it looks, and the symbol beside it: nothing is told by colour alone.
    weight: str
    mark: str
    title: str
    label: str = ""
    address: str = ""
    # People who can be seen to from here.
    people: Sequence["Named"] = ()
    # How many people it is about, if the others are shown where the address leads.
    number: int = 0

    @property
    def way(self) -> str:
        """What the link to where it is done says; empty if everybody is here."""
        if self.label or self.number <= len(self.people):
            return self.label
        return f"See all {self.number}" if self.number > 1 else "See who"


class Named(NamedTuple):
    """One of the people of a task."""

    record: AppointmentRequest
    about: str
    label: str
    address: str
    # What we have tried, if it is about a call.
    calls: Calls | None = None


class Tally(NamedTuple):
    """How many requests are late, to answer by the end of today, and later; and with the clinicians.

    Late and today count what we promised, whichever of us has the request.
    """

    late: int = 0
    today: int = 0
    # How many of the others, and of all, reception can take the next step on.
    later: int = 0
    waiting: int = 0
    with_clinicians: int = 0
    oldest_with_clinicians: datetime | None = None
    # Whether more requests than usual have come within an hour.
    is_surge: bool = False
    # How many wait for us, whichever of us has them.
    in_all: int = 0


class Board(NamedTuple):
    """The whole of Today for reception."""

    tasks: list[Task]
    coming: list[Appointment]
    to_phone: list[ToPhone]
    lost: list[Stranded]
    tally: Tally
    # How many requests colleagues handed over to whoever reads this.
    given: int

    @property
    def next_to_come(self) -> list[Appointment]:
        """Whom the page shows: the last of those who were seen, and the next ones."""
        over = [each for each in self.coming if each.ended_at]
        return [*over[-SEEN:], *(each for each in self.coming if not each.ended_at)][:COMING]

    @property
    def more_coming(self) -> int:
        """How many of today's patients only the diary shows."""
        return len(self.coming) - len(self.next_to_come)

    @property
    def attended(self) -> int:
        """How many of today's patients have been seen."""
        return sum(each.status == AppointmentStatus.FULFILLED for each in self.coming)

    def requests(self) -> list[AppointmentRequest]:
        """Everybody who is named on the page."""
        return [
            *(each.request for each in self.next_to_come),
            *(named.record for task in self.tasks for named in task.people),
        ]


def board(now: datetime, reader: User | None = None) -> Board:
    """What reception has to do at that instant, and who comes today.

    With a reader also what a colleague gave to them.
    """
    visits = list(appointments_to_see_to(now))
    today = span_of(timezone.localdate(now))
    lost, to_phone = stranded_of(visits, now), patients_to_phone(now)
    first, tally = _first_waiting(now)
    lists = {"strangers": to_see().filter(request=None), "letters": Message.objects.to_post()}
    numbers = how_many(lists | ({"given": given_to(reader, now)} if reader else {}))
    still_open = [each for each in visits if each.starts < today.starts]
    return Board(
        tasks=on_one_screen(
            list(_in_order(now, lost, to_phone, first, tally, still_open, numbers))
        ),
        coming=[each for each in visits if today.starts <= each.starts <= today.ends],
        to_phone=to_phone,
        lost=lost,
        tally=tally,
        given=numbers.get("given", 0),
    )


def _in_order(
    now: datetime,
    lost: list[Stranded],
    to_phone: list[ToPhone],
    first: list[AppointmentRequest],
    tally: Tally,
    still_open: list[Appointment],
    numbers: Mapping[str, int],
) -> Iterator[Task]:
    """The order: whoever is in danger, then what is hardest to mend if it waits."""
    soon = [each for each in lost if each.appointment.starts < now + SOON]
    late = [each for each in first if each.answer_due < now]
    today = [each for each in first if now <= each.answer_due <= end_of_day(now)]
    yield from _calls([each for each in to_phone if each.is_urgent], urgent=True)
    yield from _lost(soon)
    yield from _answers(tally.late, late, "late")
    yield from _calls([each for each in to_phone if not each.is_urgent], urgent=False)
    yield from _answers(tally.today, today, "today")
    yield from _attendance(still_open)
    yield from _strangers(numbers["strangers"])
    yield from _to_post(numbers["letters"])
    yield from _lost(lost[len(soon) :])


def on_one_screen(tasks: list[Task]) -> list[Task]:
    """Every task, with as many people as there are lines left. The first tasks come first.

    Whom the page leads to in no other way is always named.
    """
    left, shown = LINES - len(tasks), []
    for task in tasks:
        people = task.people[: max(left, 0)] if task.number else task.people
        left -= len(people)
        shown.append(task._replace(people=people))
    return shown


def _lost(lost: Sequence[Stranded]) -> Iterator[Task]:
    if not lost:
        return
    have = "1 appointment has" if len(lost) == 1 else f"{len(lost)} appointments have"
    yield Task(
        weight="danger",
        mark="▲",
        title=f"{have} no clinic session any more",
        label=f"Rebook {len(lost)}",
        address=reverse("admin:bookings_rebook"),
        # Several are rebooked together, on a page of their own.
        people=[
            Named(
                each.appointment.request,
                f"{timezone.localtime(each.appointment.starts):%A %-d %B, %-H:%M}. {each.why}",
                "Offer times",
                _decide(each.appointment.request, "offer"),
            )
            for each in lost
            if len(lost) == 1
        ],
    )


def _answers(number: int, requests: Sequence[AppointmentRequest], which: str) -> Iterator[Task]:
    if not number:
        return
    is_late = which == "late"
    title = "past the time we promised" if is_late else "to answer today"
    yield Task(
        weight="late" if is_late else "open",
        mark="●" if is_late else "○",
        title=f"{counted(number, 'request')} {title}",
        address=f"{reverse(REQUESTS)}?show={which}",
        number=number,
        people=[
            Named(each, _asked(each, is_late=is_late), *next_press(each))
            for each in requests[:NAMED]
        ],
    )


def _asked(record: AppointmentRequest, *, is_late: bool) -> str:
    """What it is about, what would suit, by when we promised an answer, and who has it if not we."""
    due = timezone.localtime(record.answer_due)
    by = f"by {due:%a %-d %b, %-H:%M}" if is_late else f"by {due:%-H:%M}"
    whose = "" if vars(record)["is_receptions"] else "; a clinician decides first"
    return f"{page_title(record)}; {record.suits_in_short()}; {by}{whose}"


def page_title(record: AppointmentRequest) -> str:
    """The page that a request came from."""
    return record.page.staff_title if record.page else "Something else"


def next_press(record: AppointmentRequest) -> tuple[str, str]:
    """The words and the address of the button beside a request that waits for reception."""
    if record.has_blocking_flag:
        return "Open", reverse("admin:bookings_appointmentrequest_change", args=[record.pk])
    if record.awaits_answers:
        return "Ask the safety questions", _decide(record, "safety")
    return "Offer times", _decide(record, "offer")


def _calls(to_phone: Sequence[ToPhone], *, urgent: bool) -> Iterator[Task]:
    if not to_phone:
        return
    number = len(to_phone)
    patients = counted(number, "patient")
    yield Task(
        weight="danger" if urgent else "soon",
        mark="■" if urgent else "☎",
        title=f"{patients} to phone{' straight away' if urgent else ''}",
        address=f"{reverse('admin:bookings_to_phone')}#{URGENTLY if urgent else IN_TURN}",
        number=number,
        people=[
            Named(
                each.request,
                _call(each),
                "Record a call",
                _decide(each.request, "call"),
                each.calls,
            )
            for each in to_phone[:NAMED]
        ],
    )


def _call(each: ToPhone) -> str:
    """The number, why, and how often we have tried."""
    number = phones.shown(each.request.phone) if each.request.phone else "No phone number"
    tried = f" {each.calls}." if each.calls.made else ""
    return f"{number}. {each.why}{tried}"


def _strangers(number: int) -> Iterator[Task]:
    """Texts from numbers that belong to nobody whom we know, so that there is nobody to phone."""
    if not number:
        return
    yield Task(
        weight="open",
        mark="?",
        title=counted(
            number,
            "text from a number that we do not know",
            "texts from numbers that we do not know",
        ),
        label="Texts",
        address=reverse("admin:bookings_texts"),
    )


def _to_post(number: int) -> Iterator[Task]:
    """Letters that are still on the desk: nobody has been told yet."""
    if not number:
        return
    yield Task(
        weight="open",
        mark="✉",
        title=f"{counted(number, 'letter')} printed, not posted yet",
        label="Letters",
        address=reverse("admin:bookings_letters"),
    )


def _attendance(still_open: list[Appointment]) -> Iterator[Task]:
    """One task for each earlier day, because the diary of the day is where it is recorded."""
    for day, appointments in groupby(still_open, key=_day_of):
        number = len(list(appointments))
        people = "1 person" if number == 1 else f"{number} people"
        yield Task(
            weight="open",
            mark="?",
            title=f"Did {people} attend on {day:%A %-d %B}?",
            label="Record attendance",
            address=f"{reverse('admin:bookings_diary_day')}?day={day.isoformat()}",
        )


def _first_waiting(now: datetime) -> tuple[list[AppointmentRequest], Tally]:
    """The requests to answer, late ones first, then what reception can answer; and how many there are.

    One query for all of it, because each row says the numbers as well.
    """
    ours, late = Q(is_receptions=True), Q(answer_due__lt=now)
    today, later = (
        Q(answer_due__range=(now, end_of_day(now))),
        Q(answer_due__gt=end_of_day(now)),
    )
    waiting = AppointmentRequest.objects.whose_turn(now).most_urgent_first()
    rows: Any = waiting.select_related("page").annotate(
        is_late=late,
        number_late=Window(Count("pk", filter=late)),
        number_today=Window(Count("pk", filter=today)),
        number_later=Window(Count("pk", filter=ours & later)),
        number_waiting=Window(Count("pk", filter=ours)),
        number_in_all=Window(Count("pk")),
        number_clinicians=Window(Count("pk", filter=Q(is_clinicians=True))),
        oldest=Window(Min("received_at", filter=Q(is_clinicians=True))),
        usual_ago=Subquery(surge.usual_ago()),
        pinned=pinned_beside("person"),
    )
    first = list(rows.order_by("-is_late", "-is_receptions", *rows.query.order_by)[: 4 * NAMED])
    if not first:
        return [], Tally()
    each = first[0]
    tally = Tally(
        each.number_late,
        each.number_today,
        each.number_later,
        each.number_waiting,
        each.number_clinicians,
        each.oldest,
        is_surge=each.usual_ago is not None and each.usual_ago > now - surge.HOUR,
        in_all=each.number_in_all,
    )
    for row in first:
        row.pinned_notes = row.pinned or []
    return first, tally


def end_of_day(now: datetime) -> datetime:
    """The last instant of that day in the clinic's time zone."""
    zone = timezone.get_default_timezone()
    return datetime.combine(timezone.localdate(now), time.max, tzinfo=zone)


def _day_of(appointment: Appointment) -> date:
    return timezone.localdate(appointment.starts)


def _decide(record: AppointmentRequest, slug: str) -> str:
    return reverse("admin:bookings_appointmentrequest_decide", args=[record.pk, slug])
