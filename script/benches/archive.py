"""Fills a clinic with years of requests that are over. Everything that is open stays as it is.

Copies of one request of the demonstration with its person, journal, answers, message, offer and visit,
made by the database itself; only the hash chains have to be computed here.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from stored import refer_to_nothing, store, tidy

YEARS = 3
STEPS = (
    ("sent the request", "the patient", 0),
    ("booked the appointment", "reception", 5),
    ("attended", "reception", 169),
)
# How many persons there are for ten requests.
PERSONS = 8


def fill(stored: int) -> int:
    """Store so many requests beside those of the demonstration; return the number of the last one."""
    from bookings.models import AppointmentRequest, Offer, Person, RequestEvent  # noqa: PLC0415

    refer_to_nothing()
    closed = AppointmentRequest.objects.filter(status="closed", appointments__status="fulfilled")
    template = closed.order_by("pk")[0]
    made = _Made(
        stored,
        Person.objects.latest("pk").pk,
        AppointmentRequest.objects.latest("pk").pk,
        Offer.objects.latest("pk").pk,
    )
    made.people(template.person_id)
    made.requests(template.pk)
    made.rest()
    store(RequestEvent, made.events())
    tidy()
    return made.request + stored


class _Made:
    """The i-th copy has the numbers that are given here, plus i."""

    def __init__(self, stored: int, person: int, request: int, offer: int):
        from django.db import connection  # noqa: PLC0415

        self.is_postgresql = connection.vendor == "postgresql"
        self.stored, self.person, self.request, self.offer = stored, person, request, offer
        self.began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=YEARS * 365)
        # Until ten weeks ago, so that nothing of it is open in any way or in this month's diary.
        self.step = timedelta(days=YEARS * 365 - 70).total_seconds() / stored

    def people(self, template: int) -> None:
        """Somebody else for every request, or nearly."""
        people = self.stored * PERSONS // 10 + 1
        self._copy(
            "bookings_person",
            f"id = {template}",
            people,
            self._somebody("i")
            | {"id": f"{self.person} + i", "known_at": self._at(0), "version": "1"},
        )

    def requests(self, template: int) -> None:
        """The requests: six of ten ended with a visit, one with a patient who did not come."""
        pages = self._one_of(
            "SELECT id FROM procedures_informationpage WHERE category = 'procedures'"
        )
        whose = f"(1 + i * {PERSONS} / 10)"
        person = self._somebody(whose)
        self._copy("bookings_appointmentrequest", f"id = {template}", self.stored, person | {
            "id": f"{self.request} + i",
            "person_id": f"{self.person} + {whose}",
            "reference": self._digits("i", 9),
            "submission_key": self._digits("i", 22),
            "link_key": self._digits("i", 22),
            "page_id": pages,
            "status": "CASE i % 10 WHEN 0 THEN 'declined' WHEN 1 THEN 'withdrawn' WHEN 2 THEN 'lapsed' "
            "ELSE 'closed' END",
            "received_at": self._at(0),
            "answer_due": self._at(24),
            "ended_at": self._at(169),
            "event_count": str(len(STEPS)),
        })  # fmt: skip

    def rest(self) -> None:
        """What belongs to each request."""
        own = {"request_id": f"{self.request} + i"}
        at_once, visit = self._at(0), {"starts": self._at(168), "ends": self._at(168.5)}
        self._copy("bookings_message", "status = 'sent' AND request_id IS NOT NULL", self.stored, own | {
            "message_id": self._digits("i", 40), "queued_at": at_once, "next_try": at_once,
            "sent_at": at_once, "repeats_id": "NULL"})  # fmt: skip
        self._copy(
            "bookings_screeninganswer", "answer = 'no'", self.stored, own | {"given_at": at_once}
        )
        self._copy(
            "bookings_offer",
            "status = 'accepted'",
            self.stored,
            own | {"id": f"{self.offer} + i", "made_at": self._at(3), "held_until": self._at(20)},
        )
        self._copy("bookings_offeredtime", "1 = 1", self.stored, visit | {
            "offer_id": f"{self.offer} + i"})  # fmt: skip
        clinicians = self._one_of("SELECT DISTINCT clinician_id FROM bookings_appointment")
        self._copy("bookings_appointment", "status = 'fulfilled'", self.stored, own | visit | {
            "clinician_id": clinicians,
            "status": "CASE WHEN i % 10 < 3 THEN 'cancelled' WHEN i % 10 = 3 THEN 'noshow' "
            "ELSE 'fulfilled' END",
            "cancelled_by": "CASE WHEN i % 10 < 3 THEN 'patient' ELSE '' END",
            "booked_at": self._at(5), "ended_at": self._at(169)})  # fmt: skip
        listed = ", ".join(f"{self.request} + i * 20 - {n}" for n in range(20))
        a_list = f"jsonb_build_array({listed})" if self.is_postgresql else f"json_array({listed})"
        self._copy("bookings_look", "1 = 1", self.stored // 20, {
            "requests": a_list, "looked_at": self._at(1).replace("i *", "i * 20 *")})  # fmt: skip

    def events(self) -> Iterator[dict[str, Any]]:
        """The journals, with their chains."""
        from bookings.journal import digest  # noqa: PLC0415
        from bookings.models import RequestEvent  # noqa: PLC0415

        for i in range(1, self.stored + 1):
            previous = ""
            came = self.began + timedelta(seconds=int(i * self.step))
            for number, (kind, by, hours) in enumerate(STEPS, start=1):
                event = RequestEvent(
                    request_id=self.request + i, number=number, kind=kind, by=by, detail={},
                    at=came + timedelta(hours=hours), previous_hash=previous)  # fmt: skip
                event.hash = digest(event)
                row = {name: getattr(event, name) for name in ("request_id", "number", "kind", "at",
                       "by", "previous_hash", "hash")}  # fmt: skip
                yield {**row, "detail": "{}"}
                previous = event.hash

    def _somebody(self, number: str) -> dict[str, str]:
        """What is known of the person with that number, on their own row and on their requests."""
        first, rest = f"{number} / 1000000 % 100", f"{number} % 1000000"
        if self.is_postgresql:
            born = f"date '1932-01-01' + ({number}::bigint * 7919 % 28000)::int"
        else:
            born = f"date('1932-01-01', '+' || ({number} * 7919 % 28000) || ' days')"
        return {
            "name": f"'Sample ' || {number}",
            "email": f"'sample' || {number} || '@example.org'",
            "phone": f"'+44 77' || {self._digits(first, 2)} || ' ' || {self._digits(rest, 6)}",
            "date_of_birth": born,
        }

    def _at(self, hours: float) -> str:
        moment = f"{self.began.timestamp()} + i * {self.step} + {hours * 3600}"
        if self.is_postgresql:
            return f"to_timestamp(floor({moment}))"
        return f"strftime('%Y-%m-%d %H:%M:%S', {moment}, 'unixepoch')"

    def _digits(self, number: str, many: int) -> str:
        if self.is_postgresql:
            return f"lpad(({number})::text, {many}, '0')"
        return f"printf('%0{many}d', {number})"

    def _one_of(self, query: str) -> str:
        """One of the numbers that the query finds, for each row another."""
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            cursor.execute(query)
            found = [number for (number,) in cursor.fetchall()]
        cases = " ".join(f"WHEN {at} THEN {number}" for at, number in enumerate(found))
        return f"CASE i % {len(found)} {cases} END"

    def _copy(self, table: str, template: str, stored: int, columns: dict[str, str]) -> None:
        """Insert so many copies of a row, with an expression of `i` in place of some columns."""
        from django.db import connection  # noqa: PLC0415

        with connection.cursor() as cursor:
            described = connection.introspection.get_table_description(cursor, table)
            names = [each.name for each in described if each.name != "id" or "id" in columns]
            chosen = ", ".join(columns.get(name, f't."{name}"') for name in names)
            quoted = ", ".join(f'"{name}"' for name in names)
            series = f"generate_series(1, {stored}) AS n(i)"
            if not self.is_postgresql:
                numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {stored}"  # noqa: S608
                series = f"(WITH RECURSIVE n(i) AS ({numbers}) SELECT i FROM n)"  # noqa: S608
            cursor.execute(
                f"INSERT INTO {table} ({quoted}) SELECT {chosen} FROM {series}, "  # noqa: S608
                f"(SELECT * FROM {table} WHERE {template} ORDER BY id LIMIT 1) t"
            )
