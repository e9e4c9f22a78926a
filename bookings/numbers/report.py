"""The numbers of a period as tables and charts: what is counted, what it means, what may be shown."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, NamedTuple

from bookings.diary.desk_hours import closed_days
from bookings.numbers import charts, clinic_time, counts
from bookings.numbers.charts import Chart
from bookings.numbers.clinic_time import Use
from bookings.numbers.periods import WEEK, Period
from bookings.numbers.small import LEAST, Hidden, Protected, Shown, protect, share
from procedures.models import PageFeedback
from procedures.models.clinic import details

HOUR = timedelta(hours=1)
HALF, MOST = 0.5, 0.9
NAMES = ("half", "9 in 10")
NO_PAGE = "Something else"
NOTHING = {"page": NO_PAGE, "clinician": "", "place": "No room noted"}


class Table(NamedTuple):
    """A table, what it counts in one sentence, and the chart above it if there is one."""

    slug: str
    title: str
    means: str
    head: Sequence[str]
    rows: Sequence[Sequence[Shown | str]]
    chart: Chart | None = None
    leaves_out: bool = False
    empty: str = "Fewer than 5 in every row."


class Figure(NamedTuple):
    """One of the large numbers on top, with the words around it."""

    name: str
    value: Shown | str
    more: str = ""


class Report(NamedTuple):
    """Everything that the page about a period shows."""

    period: Period
    figures: list[Figure]
    tables: list[Table]
    # How many requests wait now for each of them: what the navigation says as well.
    for_reception: int
    for_clinicians: int


def report(period: Period, now: datetime) -> Report:
    """The numbers of the period, and of what waits and is free now."""
    made = _Report(period, now)
    tables = [
        made.requests(),
        made.answers(),
        made.offers(),
        made.visits(),
        *(made.visits_by(what) for what in counts.VISITS_BY),
        made.use(),
        made.waiting(),
        made.ahead(),
        made.texts(),
        made.pages(),
        made.readers(),
    ]
    turns = (counts.along(made.turns, which)[True] for which in (1, 2))
    return Report(period, made.figures, tables, *turns)


class _Report:
    """Counts once, and makes each table from that. Tables of the same people are protected together."""

    def __init__(self, period: Period, now: datetime):
        self.period, self.now = period, now
        self.parts = period.parts()
        self.labels = [part.label for part in self.parts]
        self.numbers = range(len(self.parts))
        self.unit = f"{period.by.capitalize()} from" if period.by == WEEK else "Month"
        self.each = f"each {period.by}"
        self.figures: list[Figure] = []
        self.closed = closed_days()
        self.clinics = clinic_time.clinics(period, now, self.closed)
        self.turns = counts.waiting_by_age(now)
        self._count_requests()
        self._count_visits()

    # --- Requests -----------------------------------------------------------------------------

    def _count_requests(self) -> None:
        found = counts.requests(self.period)
        ways = (counts.WEBSITE, counts.STAFF)
        by_page = _named(counts.along(found, 1), NO_PAGE)
        self.page_names = sorted(by_page)
        self.asked = protect(
            counts.in_order(counts.along(found, 0), self.numbers),
            counts.in_order(counts.along(found, 2), ways),
            counts.in_order(by_page, self.page_names),
        )
        self.figures.append(Figure("Requests", self.asked.total, "in the period"))

    def requests(self) -> Table:
        """How many requests came, over time."""
        weekly, ways, _ = self.asked.divided
        return Table(
            "requests",
            "Requests",
            "Requests that came in the period, over the website or noted by a colleague.",
            (self.unit, "Requests"),
            [
                *zip(self.labels, weekly, strict=True),
                ("Of all: over the website", ways[0]),
                ("Of all: by phone or at the desk", ways[1]),
                ("All", self.asked.total),
            ],
            charts.bars(
                self._told(f"Requests {self.each}", weekly), self.labels, {"requests": weekly}
            ),
        )

    def pages(self) -> Table:
        """How many requests came from which page."""
        return Table(
            "pages",
            "Requests by page",
            "Requests of the period, by the page that they are about.",
            ("Page", "Requests"),
            _with_something_shown(zip(self.page_names, self.asked.divided[2], strict=True)),
            leaves_out=True,
        )

    # --- Answers ------------------------------------------------------------------------------

    def answers(self) -> Table:
        """How long people waited for our first answer."""
        promise = details().answers_within_hours
        parts = self._waits_by_part()
        counted, quantiles = protect([len(each) for each in parts]), []
        for waits, count in zip(parts, counted.divided[0], strict=True):
            quantiles.append(_half_and_most(waits) if isinstance(count, int) else (None, None))
        everything = sorted(wait for waits in parts for wait in waits)
        half, most = map(_hours, _half_and_most(everything))
        in_time = _share_in_time(
            sum(wait <= promise * HOUR for wait in everything), len(everything)
        )
        self.figures += [
            Figure("Half answered within", half, "hours of open desk"),
            Figure("Answered in time", in_time, f"within {promise} open hours, as promised"),
        ]
        told = zip(self.labels, counted.divided[0], quantiles, strict=True)
        return Table(
            "answers",
            "Hours until our first answer",
            f"First answers that we gave in the period to requests over the website: the hours for "
            f"which the desk was open between the two. We promise {promise}. Half needs "
            f"{_needed(HALF)} answers and 9 in 10 needs {_needed(MOST)}, so that no number is about "
            "one person.",
            (self.unit, "Answers", "Half within", "9 in 10 within"),
            [
                *((label, count, *map(_hours, both)) for label, count, both in told),
                ("All", counted.total, half, most),
                ("In time", in_time, "", ""),
            ],
            charts.lines(
                f"Hours until our first answer {self.each}: half within {half} and 9 in 10 within "
                f"{most} in the whole period. The table has every number.",
                self.labels,
                {
                    f"{name} within": [both[at] for both in quantiles]
                    for at, name in enumerate(NAMES)
                },
                (promise, f"our promise, {promise} h"),
            ),
        )

    def _waits_by_part(self) -> list[list[timedelta]]:
        """How long the desk was open before each first answer: by part, the shortest first."""
        ends = [part.ends for part in self.parts]
        parts: list[list[timedelta]] = [[] for _ in self.parts]
        for answer in counts.first_answers(self.period, self.closed):
            parts[bisect_right(ends, answer.at)].append(answer.waited)
        return [sorted(waits) for waits in parts]

    # --- Offers -------------------------------------------------------------------------------

    def offers(self) -> Table:
        """What became of offered times."""
        found = counts.offers_by_part(self.period, self.now)
        outcomes = ("Taken", "Declined", "Lapsed")
        columns = {
            outcome: protect([found[number, outcome] for number in self.numbers])
            for outcome in outcomes
        }
        return self._over_time(
            "offers",
            "Offers",
            "Offers made in the period, by what became of them so far: the patient took a time, asked "
            "for others, or did not answer before it ended.",
            columns,
        )

    # --- Visits -------------------------------------------------------------------------------

    def _count_visits(self) -> None:
        visits = counts.visits(self.period)
        outcome = len(counts.VISITS_BY) + 1
        over_time = counts.along(visits, 0, outcome)
        found = {
            what: _named_pairs(counts.along(visits, at, outcome), NOTHING[what])
            for at, what in enumerate(counts.VISITS_BY, start=1)
        }
        self.visit_names = {
            what: sorted({name for name, _ in each}) for what, each in found.items()
        }
        self.visited: dict[str, Protected] = {
            outcome: protect(
                [over_time[number, outcome] for number in self.numbers],
                *(
                    [each[name, outcome] for name in self.visit_names[what]]
                    for what, each in found.items()
                ),
            )
            for outcome in counts.VISITS
        }

    def visits(self) -> Table:
        """Visits over time."""
        came, missed = (self.visited[each].total for each in (counts.ATTENDED, counts.MISSED))
        self.figures.append(
            Figure("Did not attend", missed, f"{share(missed, came)} of those expected")
        )
        return self._over_time(
            "visits",
            "Visits",
            "Visits of the period, by what became of them. A visit that was moved counts on its new "
            "day; one for which nobody has noted whether the patient came is left out.",
            self.visited,
        )

    def visits_by(self, what: str) -> Table:
        """Visits by page, clinician or place."""
        at = 1 + list(counts.VISITS_BY).index(what)
        columns = [each.divided[at] for each in self.visited.values()]
        missed_at = list(self.visited).index(counts.MISSED)
        came_at = list(self.visited).index(counts.ATTENDED)
        rows = [
            (name, *shown, share(shown[missed_at], shown[came_at]))
            for name, *shown in zip(self.visit_names[what], *columns, strict=True)
        ]
        return Table(
            f"visits-by-{what}",
            f"Visits by {what}",
            f"The same visits by {what}. The last column is the share of those who did not attend among "
            "all who were expected and did not cancel.",
            (what.capitalize(), *self.visited, "Not attended"),
            _with_something_shown(rows),
            leaves_out=True,
        )

    # --- Time ---------------------------------------------------------------------------------

    def use(self) -> Table:
        """How much of the clinics was booked."""
        found = clinic_time.used(self.period, self.clinics)
        return self._of_time(
            "clinic-time",
            "Clinic time used",
            "Minutes of appointments that were not cancelled or moved, out of the minutes in which the "
            "clinician had a clinic; minutes kept free after an appointment do not count as booked.",
            found,
            ("Clinician", "Clinic hours", "Booked hours", "Booked"),
        )

    def ahead(self) -> Table:
        """How much of the next two weeks is free."""
        taken = clinic_time.ahead(self.now, self.clinics)
        found = [each._replace(used=each.open - each.used) for each in taken]
        table = self._of_time(
            "free",
            "Free in the next two weeks",
            "Minutes from now on that nobody has booked or been offered, out of the minutes of the "
            "clinics of the next 14 days.",
            found,
            ("Clinician", "Clinic hours", "Free hours", "Free"),
        )
        self.figures.append(Figure("Free in two weeks", table.rows[-1][-1], "of clinic time"))
        return table

    def waiting(self) -> Table:
        """Who waits for us now."""
        shown = protect(counts.in_order(counts.along(self.turns, 0), list(counts.AGES)))
        self.figures.append(Figure("Waiting now", shown.total, "for an answer from us"))
        ages = list(counts.AGES)
        return Table(
            "waiting",
            "Waiting for us now",
            "Requests whose next step is ours at this moment, by the day on which they came.",
            ("Came", "Requests"),
            [*zip(ages, shown.divided[0], strict=True), ("All", shown.total)],
            charts.bars(
                self._told("Waiting now by age", shown.divided[0]),
                ages,
                {"requests": shown.divided[0]},
            ),
        )

    # --- Texts --------------------------------------------------------------------------------

    def texts(self) -> Table:
        """Texts to and from patients, and what they cost."""
        found = counts.texts(self.period)
        columns = {
            name: protect([found.counts[number, name] for number in self.numbers])
            for name in (*counts.TEXTS, counts.REPLIES)
        }
        pence = details().text_price
        table = self._over_time(
            "texts",
            "Text messages",
            "Text messages that were written in the period, by what became of them, and those that "
            "patients sent. Whether one arrived is known if the provider says so. The cost is the "
            f"provider’s own figure where it gives one in pounds; otherwise {pence.normalize():f} pence "
            "(“Clinic” under Set-up) for each part of a message, and of our answers to patients.",
            columns,
        )
        cost = _cost(found, pence, sent=columns[next(iter(columns))].total)
        return table._replace(rows=[*table.rows, ("Cost", cost, *[""] * len(counts.TEXTS))])

    # --- Readers ------------------------------------------------------------------------------

    def readers(self) -> Table:
        """What readers say about each version of a page."""
        first, last = self.period.before().first, self.period.last
        answers = PageFeedback.objects.between(first, last)
        earlier, now = answers.verdicts_before_and_since(self.period.first)
        before = {(each.page, each.version): each.share for each in earlier}
        return Table(
            "readers",
            "What readers say",
            "Answers in the period to “Was this page clear?”, with the share of yes in as many days "
            "before. They come without a name, so none is hidden.",
            ("Page", "Version", "Answers", "Clear", "Clear before", "Comments"),
            [
                (
                    each.title,
                    str(each.version),
                    each.answers,
                    each.share,
                    before.get((each.page, each.version), "no answers"),
                    each.comments,
                )
                for each in now
            ],
            empty="No reader has answered in this period.",
        )

    # --- What tables share --------------------------------------------------------------------

    def _over_time(
        self, slug: str, title: str, means: str, columns: Mapping[str, Protected]
    ) -> Table:
        series = {name: each.divided[0] for name, each in columns.items()}
        totals = ", ".join(f"{name.lower()} {each.total}" for name, each in columns.items())
        return Table(
            slug,
            title,
            means,
            (self.unit, *columns),
            [
                *zip(self.labels, *series.values(), strict=True),
                ("All", *(each.total for each in columns.values())),
            ],
            charts.bars(
                f"{title} {self.each}. In the whole period: {totals}. The table has every number.",
                self.labels,
                {name.lower(): values for name, values in series.items()},
            ),
        )

    def _of_time(
        self, slug: str, title: str, means: str, found: Sequence[Use], head: Sequence[str]
    ) -> Table:
        shown = protect([each.people for each in found])
        rows = [
            (each.clinician, *_of_minutes(each, count))
            for each, count in zip(found, shown.divided[0], strict=True)
        ]
        everything = Use("All", sum(e.open for e in found), sum(e.used for e in found), 0)
        shares = {
            each.clinician: round(100 * each.used / each.open)
            if isinstance(count, int) and each.open
            else None
            for each, count in zip(found, shown.divided[0], strict=True)
        }
        return Table(
            slug,
            title,
            means,
            head,
            [*rows, ("All", *_of_minutes(everything, shown.total))],
            charts.rows(f"{title}, by clinician. The table has every number.", shares),
        )

    def _told(self, what: str, values: Sequence[Shown]) -> str:
        """A chart in words: what it is, and its highest value."""
        numbers = [each for each in values if isinstance(each, int)]
        most = f"at most {max(numbers)}" if numbers else "too few to show"
        return f"{what}: {most}. The table has every number."


def _named(found: Mapping[Any, int], nothing: str) -> counts.Counts:
    """The counts by name, with a word for what has none."""
    named = counts.Counts()
    for name, count in found.items():
        named[name or nothing] += count
    return named


def _named_pairs(found: Mapping[Any, int], nothing: str) -> counts.Counts:
    named = counts.Counts()
    for (name, outcome), count in found.items():
        named[name or nothing, outcome] += count
    return named


def _with_something_shown(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The rows that have a number. All others would say the same: fewer than five."""
    return [row for row in rows if any(isinstance(each, int) for each in row)]


def _cost(found: counts.Texts, pence: Decimal, *, sent: Shown) -> str:
    """What the texts cost. Of a few it would say how many there were."""
    if not isinstance(sent, int):
        return str(Hidden.FEW)
    if found.unpriced and not pence:
        return "no price is set"
    return f"£{found.priced + found.unpriced * pence / 100:.2f}"


def _needed(part: float) -> int:
    """How many values a quantile needs, so that five are beyond it."""
    return round(LEAST / (1 - part))


def _half_and_most(waits: Sequence[timedelta]) -> tuple[float | None, float | None]:
    """Within how many hours half of them, and 9 in 10, were over; None if they are too few."""
    half, most = (
        waits[ceil(len(waits) * part) - 1] / HOUR if len(waits) >= _needed(part) else None
        for part in (HALF, MOST)
    )
    return half, most


def _share_in_time(in_time: int, everything: int) -> str:
    """The share of answers in time, of which the number of all answers is shown."""
    if everything < LEAST:
        return str(Hidden.FEW)
    return share(protect([in_time]).total, protect([everything - in_time]).total, both=everything)


def _hours(hours: float | None) -> str:
    return "too few" if hours is None else f"{hours:.1f}"


def _of_minutes(each: Use, people: Shown) -> tuple[str, str, str]:
    """The hours that are open and used, and the share, if that may be shown."""
    open_hours = f"{each.open / 60:.1f}"
    if not isinstance(people, int):
        return open_hours, str(people), str(people)
    used = f"{each.used / 60:.1f}"
    return open_hours, used, f"{round(100 * each.used / each.open)}%" if each.open else "no clinics"
