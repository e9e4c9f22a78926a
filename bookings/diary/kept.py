"""Times that a patient gave back, kept for them for a while in case they change their mind.

The claims stay, so nobody else can be given the time. `kept_until` says how long it is theirs.
After that, whoever wants the time takes it over, but only by emptying `kept_until` on the same row
on which an undo has to empty it. So an undo and a takeover can never both succeed, even if the
clocks disagree.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from bookings.models import Appointment, AppointmentRequest, Claim, Offer
from bookings.status import AppointmentStatus, OfferStatus, TimeTaken

KEPT_FOR = timedelta(hours=1)
# For the patient, and for the colleague who undoes it for them.
TOO_LATE = _("It is too late to undo this. We are no longer keeping the time.")

# A cancelled appointment, or an offer whose times were refused.
Kept = Appointment | Offer


def keep_until(now: datetime, end: datetime) -> datetime:
    """Until when something that is given back now is kept: an hour, and never beyond its own end."""
    return min(now + KEPT_FOR, end)


def kept_for(request: AppointmentRequest, now: datetime) -> Kept | None:
    """What the patient gave back and can still have again; None if there is nothing."""
    rows: list[Kept] = [*request.appointments.all(), *request.offers.all()]
    return next((each for each in rows if each.kept_until and each.kept_until > now), None)


def restore(kept: Kept, *, now: datetime) -> None:
    """Give the patient their time again. Raises TimeTaken if it is no longer kept for them."""
    opened: dict[str, Any] = {"status": OfferStatus.OPEN, "closed_at": None, "closed_by": None}
    if isinstance(kept, Appointment):
        opened = {
            "status": AppointmentStatus.BOOKED,
            "ended_at": None,
            "ended_by": None,
            "cancelled_by": "",
        }
    still = _rows(kept).filter(kept_until__gt=now)
    if not still.update(kept_until=None, **opened):
        raise TimeTaken(gettext(TOO_LATE))
    kept.refresh_from_db()


def free_kept(request: AppointmentRequest) -> bool:
    """Free what the request still keeps, for anybody; False if there is nothing."""
    own = [
        *Appointment.objects.filter(request=request, kept_until__isnull=False),
        *Offer.objects.filter(request=request, kept_until__isnull=False),
    ]
    freed = [_free(each, _rows(each)) for each in own]
    return any(freed)


def free_what_is_over(now: datetime) -> None:
    """Free everything whose time is over. Nothing depends on it being run."""
    for model in (Appointment, Offer):
        for each in model.objects.filter(kept_until__lte=now).order_by("pk"):
            _free(each, _rows(each).filter(kept_until__lte=now))


def take_over(resources: Collection[int], cells: Collection[int], *, now: datetime) -> None:
    """Free what is over and has claims on any of these cells, for whoever wants them."""
    for model, way in ((Appointment, "claims"), (Offer, "times__claims")):
        claimed = {f"{way}__resource__in": resources, f"{way}__cell__in": cells}
        for each in model.objects.filter(kept_until__lte=now, **claimed).distinct().order_by("pk"):
            _free(each, _rows(each).filter(kept_until__lte=now))


def _free(kept: Kept, while_true: QuerySet[Any]) -> bool:
    """Delete the claims, if nobody was faster."""
    with transaction.atomic():
        freed = while_true.filter(kept_until__isnull=False).update(kept_until=None)
        if freed:
            _claims(kept).delete()
    return bool(freed)


def _rows(kept: Kept) -> QuerySet[Any]:
    return type(kept)._default_manager.filter(pk=kept.pk)  # noqa: SLF001 -- every model has one


def _claims(kept: Kept) -> QuerySet[Claim]:
    if isinstance(kept, Appointment):
        return Claim.objects.filter(appointment=kept)
    return Claim.objects.filter(offered_time__offer=kept)
