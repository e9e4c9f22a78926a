"""What a colleague has to tell a patient to whom we cannot write. One sentence for each message."""

from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from bookings.models import Message
from bookings.status import MessageKind
from procedures.status import PageNews


def what_to_say(message: Message) -> str:
    """What the patient has to be told, as a task for a colleague.

    A message about a page comes with what became of it: `PageEvent.objects.news`.
    """
    said = SAY[message.kind]
    return said if isinstance(said, str) else said(message)


def _offered(message: Message) -> str:
    offer = max(message.request.offers.all(), key=lambda each: each.pk, default=None)
    if offer is None:
        return "Tell them that we offer times."
    times = [_at(each.starts) for each in offer.times.all()]
    held = "this" if len(times) == 1 else "these"
    return f"Offer them {', '.join(times)}. We hold {held} until {_at(offer.held_until)}."


def _ends(message: Message) -> str:
    due = message.request.reply_due
    until = f" until {_at(due)}" if due else ""
    return f"Ask which of the offered times they would like. We hold them{until}."


def _visit(said: str) -> Callable[[Message], str]:
    """A sentence with the time of the newest appointment."""

    def sentence(message: Message) -> str:
        visits = message.request.appointments.all()
        appointment = max(visits, key=lambda each: each.pk, default=None)
        return f"{said} {_at(appointment.starts)}." if appointment else f"{said} the visit."

    return sentence


def _page_news(message: Message) -> str:
    """What has become of the page, with the signed note of a new version."""
    if message.news is None:
        return "Tell them that the page we gave them has changed."
    event = message.news.event
    news, title = event.news, event.page.staff_title
    if news == PageNews.CHANGED:
        note = event.revision.note
        return f"Our advice on “{title}” has changed since we gave it to them. Tell them: {note}"
    if news == PageNews.CORRECTED:
        return f"We had taken “{title}” down. Tell them that they can read it again."
    return (
        f"We have taken “{title}” down. Tell them not to rely on their copy, and that the visit "
        "stays as booked."
    )


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%A %-d %B at %-H:%M}"


# Every kind but those of no weight.
SAY: dict[str, str | Callable[[Message], str]] = {
    MessageKind.RECEIVED: "Tell them that we have their request.",
    MessageKind.QUESTION: "Ask them our question, and note the answer.",
    MessageKind.OFFER: _offered,
    MessageKind.OFFER_ENDS: _ends,
    MessageKind.BOOKED: _visit("Tell them that the visit is booked:"),
    MessageKind.MOVED: _visit("Tell them that the visit has a new time:"),
    MessageKind.KEPT: _visit("Tell them that the visit stays as booked:"),
    MessageKind.CANCELLED: _visit("Tell them that the visit is cancelled, and why:"),
    MessageKind.REMINDER: _visit("Remind them of the visit:"),
    MessageKind.DECLINED: "Tell them that we cannot offer a visit, and why.",
    MessageKind.CONTACT: "Tell them that their contact details have changed.",
    MessageKind.RECALL: "Ask whether they would like a follow-up, as we said we would.",
    MessageKind.PAGE_NEWS: _page_news,
    MessageKind.LINK: "They cannot get in. Make a new code and read it out.",
}
