"""Everybody who asked the invented clinic within the last six weeks, and what became of it."""

from datetime import datetime, time, timedelta

from django.db.models import F
from django.utils import timezone

from bookings import messages
from bookings.models import AppointmentRequest, Closure, Message, Resource
from bookings.status import MessageKind, MessageStatus
from clinic_site.demo import other_systems, said, texts
from clinic_site.demo.clinic import Clinic
from clinic_site.demo.people import Row, rows
from clinic_site.demo.stories import STORIES, WITH_VISIT
from clinic_site.demo.telling import Place, Telling

# What somebody who looks into the mailbox can answer or use. All else counts as sent.
LEFT_TO_SEND = (MessageKind.RECEIVED, MessageKind.QUESTION, MessageKind.OFFER, MessageKind.BOOKED)
SENDER = "demonstration"
# The story of those whose clinician falls ill.
CANCELLED = "clinic cancelled"
# At least so long, and not long enough to see anybody.
TEACHING = (timedelta(minutes=15), timedelta(minutes=45))
# The code of a mail server that knows no such address.
NO_SUCH_ADDRESS = "5.1.1"


def load(now: datetime) -> None:
    """Tell all stories, unless there are requests already."""
    if AppointmentRequest.objects.exists():
        return
    clinic = Clinic(now)
    table = rows()
    places = _places(table, clinic)
    in_order = sorted(enumerate(table), key=lambda each: clinic.asked_at(each[1]))
    stories = [Telling(row, number, clinic, places.get(number)) for number, row in in_order]
    for told in stories:
        STORIES[told.row.story](told)
    said.say(stories)
    _teach(clinic)
    _fall_ill([told for told in stories if told.row.story == CANCELLED])
    _send(now, since=clinic.timetable.at(-1, time()))
    texts.load(stories, clinic.timetable)
    for told in stories:
        if told.row.story == "bounced":
            letter = told.request.messages.get(kind=MessageKind.BOOKED)
            messages.note_returned(letter.message_id, NO_SUCH_ADDRESS)
    other_systems.load(clinic.timetable)


def _places(table: list[Row], clinic: Clinic) -> dict[int, Place]:
    """A place for each visit: first for those who need a certain clinician."""
    with_visit = [(number, row) for number, row in enumerate(table) if row.story in WITH_VISIT]
    # Nobody else is booked into the session that will be cancelled.
    last = max(number for number, row in with_visit if row.story == CANCELLED)
    return {
        number: clinic.timetable.place(
            row.visit_day, clinic.kind(row), row.clinician, alone=number == last
        )
        for number, row in sorted(with_visit, key=lambda each: not each[1].clinician)
    }


def _teach(clinic: Clinic) -> None:
    """Somebody is away for the end of a session of day 0 that is too short for a visit."""
    for session, span in clinic.timetable.left_over(0):
        if TEACHING[0] <= span.ends - span.starts <= TEACHING[1]:
            resource = Resource.objects.get(clinician=session.clinician)
            Closure.objects.create(
                resource=resource, starts=span.starts, ends=span.ends, reason="Teaching"
            )
            return


def _fall_ill(cancelled: list[Telling]) -> None:
    """Whoever sees these patients is away on that day, and one of them was phoned in vain."""
    first, last = (
        timezone.localtime(told.visit[1]).replace(hour=0, minute=0)
        for told in (cancelled[0], cancelled[-1])
    )
    Closure.objects.create(
        resource=Resource.objects.get(clinician=cancelled[0].visit[0]),
        starts=first,
        ends=last + timedelta(days=1),
        reason="Not in",
    )
    for told in cancelled:
        if note := told.row.words[0]:
            told.at_the_desk()
            told.ring(reached=False, note=note)


def _send(now: datetime, since: datetime) -> None:
    """Only the newest e-mails are left to send."""
    newest = Message.objects.filter(
        kind__in=LEFT_TO_SEND, queued_at__gte=since, request__ended_at=None
    )
    newest.update(next_try=now)
    waiting = Message.objects.filter(status=MessageStatus.QUEUED).exclude(pk__in=newest)
    waiting.update(status=MessageStatus.SENT, sent_at=F("queued_at"), sent_by=SENDER, tries=1)
