"""What patients of the invented clinic texted in answer to a reminder."""

from collections.abc import Iterable
from datetime import datetime, time

from bookings import triage
from bookings.models import Message
from bookings.status import CLOCK, Channel, MessageKind, MessageStatus
from clinic_site.demo.telling import Telling
from clinic_site.demo.timetable import Timetable

# By name, at what time of the last working day before today they answered.
ANSWERS = {
    "Basil Fable": ("STOP", time(10, 10)),
    "Erika Mustermann": ("Could I come an hour later?", time(12, 30)),
    "Aino Esimerkki": ("Yes, thanks", time(15, 20)),
    "Rose Fiction": ("My thumb is hot and swollen since last night", time(17, 40)),
}
REMINDED = time(9, 30)
# A stranger, whose number is set aside for drama like all others.
STRANGER = triage.Heard("SM-demonstration-stranger", "+447700900299", "Is this Sam?")
DAYS, PARTS, YESTERDAY = 3, 2, -1
SENDER = "demonstration"


def load(stories: Iterable[Telling], timetable: Timetable) -> None:
    """Each of them was reminded by text, and answered."""
    told = {each.row.person.name: each for each in stories}
    for name, (said, at) in ANSWERS.items():
        number = _remind(told[name], timetable.at(YESTERDAY, REMINDED))
        heard = triage.Heard(f"SM-demonstration-{name}", number, said)
        triage.hear(heard, now=timetable.at(YESTERDAY, at))
    triage.hear(STRANGER, now=timetable.at(YESTERDAY, max(at for _, at in ANSWERS.values())))


def _remind(told: Telling, at: datetime) -> str:
    """A reminder by text that left; the number that it went to."""
    request = told.request
    request.refresh_from_db()
    number = str(request.phone.as_e164)
    # Where texts are switched on, the clock has written it already.
    Message.objects.update_or_create(
        request=request,
        kind=MessageKind.REMINDER,
        channel=Channel.TEXT,
        days_ahead=DAYS,
        request_version=request.version,
        defaults={
            "message_id": f"demonstration-text-{request.pk}",
            "queued_at": at,
            "queued_by": CLOCK,
            "next_try": at,
            "status": MessageStatus.SENT,
            "sent_at": at,
            "sent_by": SENDER,
            "sent_to": number,
            "delivered": at,
            "segments": PARTS,
        },
    )
    return number
