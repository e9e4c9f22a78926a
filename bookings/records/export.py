"""A copy of everything that we hold about a person: to read, and for a machine."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Field, Model
from django.template.loader import render_to_string
from django.utils import timezone

from bookings import journal
from bookings.models import AppointmentRequest, Look, OutsideLook, Person, PersonEvent, RequestEvent
from bookings.records import words
from bookings.records.walking import Row, is_readable, leads_outside, rows_about, rows_of, told
from bookings.status import CLOCK, PATIENT, PersonAct
from bookings.status.events import SHOWN, Event, told_colleague
from procedures.ground.people import shown_name
from procedures.models.clinic import details

NAME = "what-we-hold"
STYLE = "css/document.css"
FORMAT = 1
# Who did something, as the person concerned reads it.
SAID_BY = {PATIENT: "you", CLOCK: "nobody: it happened automatically"}


class Fact(NamedTuple):
    """What one column says."""

    label: str
    value: str


class Entry(NamedTuple):
    """What one row says, for somebody to read."""

    number: int
    facts: list[Fact]


class Table(NamedTuple):
    """The rows of one kind."""

    title: str
    entries: list[Entry]


class Moment(NamedTuple):
    """Something that happened, or somebody who looked."""

    at: datetime
    by: str
    what: str


class Everything(NamedTuple):
    """All that we hold about a person."""

    person: Person
    made_at: datetime
    rows: list[Row]
    looks: list[Look]
    outside: list[OutsideLook]
    colleagues: dict[str, str]

    def for_machines(self) -> dict[str, Any]:
        """Every column of every row, and who looked."""
        records: dict[str, list[dict[str, Any]]] = {}
        for model, record in self.rows:
            columns = {name: _raw(record, name, field) for name, field in told(model)}
            records.setdefault(model.__name__, []).append(columns)
        return {
            "format": FORMAT,
            "clinic": details().name,
            "made_at": self.made_at,
            "person": self.person.pk,
            "records": records,
            "who_looked": [each._asdict() for each in self.who_looked()],
        }

    def tables(self) -> list[Table]:
        """What a person can read of it. What happened and who looked are lists of their own."""
        rows = [row for row in self.rows if row.model is not RequestEvent]
        rows.sort(key=lambda row: (words.place_of(row.model), row.model.__name__))
        found = []
        for model, group in groupby(rows, key=lambda row: row.model):
            entries = [Entry(record.pk, self._facts(model, record)) for _, record in group]
            found.append(Table(words.title_of(model), [each for each in entries if each.facts]))
        return [table for table in found if table.entries]

    def what_happened(self) -> list[Moment]:
        """What was done, oldest first."""
        return self._moments(each for each in self._events() if each.kind not in SHOWN)

    def who_looked(self) -> list[Moment]:
        """Who opened it or was shown it in a list, and which systems read it, oldest first."""
        lists = [
            Moment(
                each.looked_at, shown_name(each.looked_by), f"was shown it in a list: {each.screen}"
            )
            for each in self.looks
        ]
        read = [
            Moment(each.looked_at, str(each.looked_by), f"another system read {each.resource}")
            for each in self.outside
        ]
        opened = self._moments(each for each in self._events() if each.kind in SHOWN)
        return sorted([*opened, *lists, *read])

    def _events(self) -> list[RequestEvent]:
        return [row.record for row in self.rows if row.model is RequestEvent]

    def _moments(self, events: Iterable[RequestEvent]) -> list[Moment]:
        return sorted(
            Moment(each.at, self._who(each.by), told_colleague(each.kind, each.by))
            for each in events
        )

    def _who(self, name: str) -> str:
        return SAID_BY.get(name) or self.colleagues.get(name, name)

    def _facts(self, model: type[Model], record: Any) -> list[Fact]:
        """What the row says, without what is empty."""
        said = [
            (name, self._in_words(record, name, field))
            for name, field in told(model)
            if is_readable(model, name)
        ]
        return [Fact(words.label_of(model, name), value) for name, value in said if value]

    def _in_words(self, record: Any, name: str, field: "Field[Any, Any]") -> str:
        value = getattr(record, name)
        if value is None or value in ("", [], {}):
            return ""
        if field.choices:
            return str(getattr(record, f"get_{name}_display")())
        if isinstance(value, User):
            return shown_name(value)
        if name == "by" or name.endswith("_by"):
            return self._who(str(value))
        return _plain(value)


def everything_about(person: Person, now: datetime) -> Everything:
    """All that we hold about the person, on whichever of their rows."""
    requests = AppointmentRequest.objects.filter(person__in=rows_of(person))
    numbers = list(requests.values_list("pk", flat=True))
    looks, outside = Look.objects.showing(numbers), OutsideLook.objects.showing(numbers)
    return Everything(
        person,
        now,
        list(rows_about(person)),
        list(looks.select_related("looked_by").order_by("looked_at", "pk")),
        list(outside.select_related("looked_by").order_by("looked_at", "pk")),
        {each.get_username(): shown_name(each) for each in User.objects.all()},
    )


def copy_for(person: Person, *, reason: str, by: User, now: datetime) -> bytes:
    """A ZIP file of everything that we hold about the person. It is recorded before it is made."""
    with transaction.atomic():
        PersonEvent.objects.create(
            person=person,
            act=PersonAct.EXPORTED,
            reason=reason,
            done_at=now,
            done_by=by.get_username(),
        )
        requests = AppointmentRequest.objects.of_person(person)
        journal.record_each(requests, Event.EXPORTED, by=by, at=now)
    return _zipped(everything_about(person, now))


def _zipped(everything: Everything) -> bytes:
    shown = {"all": everything, "clinic": details()}
    told = {
        f"{NAME}.html": render_to_string("bookings/records/copy.html", shown),
        f"{NAME}.json": json.dumps(
            everything.for_machines(), cls=DjangoJSONEncoder, indent=2, ensure_ascii=False
        ),
        "document.css": _style(),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in told.items():
            archive.writestr(name, text)
    return packed.getvalue()


def _style() -> str:
    return Path(str(finders.find(STYLE))).read_text(encoding="utf-8")


def _raw(record: Any, name: str, field: "Field[Any, Any]") -> Any:
    """The value of a column. Of a row that is about nobody, what it is called."""
    if leads_outside(field):
        named = getattr(record, name)
        return None if named is None else str(named)
    value = getattr(record, field.attname)
    return value if isinstance(value, int | str | list | dict | date | None) else str(value)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return f"{timezone.localtime(value):%A %-d %B %Y at %-H:%M}"
    if isinstance(value, date):
        return f"{value:%-d %B %Y}"
    if isinstance(value, list):
        return ", ".join(str(each).replace("_", " ") for each in value)
    return str(value)
