"""All requests of one person, as far as we can be sure that they are one person's.

The two of them have the same date of birth, the same name, the same email address and were asked by
the same person. When in doubt a request is left out: twins whose names differ, somebody who now asks
for themselves, an address that changed. A phone number alone proves nothing, because whoever gives
up an address often does so to keep somebody out who still has the number.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.diary.free_times import stranded
from bookings.links import is_alive
from bookings.models import Appointment, AppointmentRequest
from bookings.status import WITH_APPOINTMENT, AppointmentStatus, RequestStatus
from procedures.ground.folding import has_same_words
from procedures.ground.languages import in_english

STATES = {
    RequestStatus.RECEIVED: _("We are looking at it"),
    RequestStatus.IN_REVIEW: _("We are looking at it"),
    RequestStatus.QUESTION_ASKED: _("We have asked you a question"),
    RequestStatus.OFFERED: _("We have offered you times"),
    RequestStatus.DEFERRED: _("Put aside until a later day"),
    RequestStatus.BOOKED: _("Booked"),
    RequestStatus.BOOKED_IN_REVIEW: _("Booked; we are looking at it again"),
    RequestStatus.BOOKED_OFFERED: _("Booked; we have offered you other times"),
    RequestStatus.DECLINED: _("We have answered it"),
    RequestStatus.WITHDRAWN: _("Withdrawn"),
    RequestStatus.LAPSED: _("The time to reply has passed"),
    RequestStatus.CLOSED: _("Your details from our earlier system"),
}
# Instead of its state, if the clinic no longer has the time that is booked.
LOST = _("We cannot see you as planned")
# A request closes with its appointment, unless it was brought over without one.
ENDS = {
    AppointmentStatus.FULFILLED: _("You have had your appointment"),
    AppointmentStatus.NOSHOW: _("Missed"),
    AppointmentStatus.CANCELLED: _("Cancelled"),
}


class OwnRequest(NamedTuple):
    """One line of the list."""

    request: AppointmentRequest
    topic: str
    state: str
    # When the visit is or was, if there is one.
    visit: datetime | None


def others_of_the_same_person(found: AppointmentRequest, now: datetime) -> list[AppointmentRequest]:
    """The person's other requests whose private links still open, the newest first.

    Without an email address nothing says that two requests are one person's.
    """
    if not found.email:
        return []
    alike = AppointmentRequest.objects.filter(
        email=found.email, date_of_birth=found.date_of_birth, carer_right=found.carer_right
    ).exclude(pk=found.pk)
    return [
        other
        for other in alike.select_related("page").order_by("-received_at", "-pk")
        if is_alive(other, now)
        and has_same_words(other.name, found.name)
        and (not found.carer_name or has_same_words(other.carer_name, found.carer_name))
    ]


def in_words(
    requests: Iterable[AppointmentRequest], titles: Mapping[int, str], now: datetime
) -> list[OwnRequest]:
    """What each is about, how far it is, and when its visit is."""
    requests = list(requests)
    newest = {
        each.request_id: each
        for each in Appointment.objects.filter(request__in=requests).order_by("pk")
    }
    lost = {each.appointment.pk for each in stranded(now, Q(request__in=requests))}
    return [_in_words(each, titles, newest.get(each.pk), lost, now) for each in requests]


def _in_words(
    request: AppointmentRequest,
    titles: Mapping[int, str],
    appointment: Appointment | None,
    lost: Collection[int],
    now: datetime,
) -> OwnRequest:
    state = request.state(now)
    if appointment and appointment.pk in lost:
        said = gettext(LOST)
    elif state == RequestStatus.CLOSED and appointment:
        said = gettext(ENDS[AppointmentStatus(appointment.status)])
    else:
        said = gettext(STATES[state])
    has_visit = appointment and (state in WITH_APPOINTMENT or state == RequestStatus.CLOSED)
    topic = titles.get(request.page_id or 0) or (
        in_english(request.page.spoken()) if request.page else gettext("Something else")
    )
    visit = timezone.localtime(appointment.starts) if has_visit and appointment else None
    return OwnRequest(request, topic, said, visit)
