"""Which clinicians see patients."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import ClinicSession, Topic
from procedures.models import Clinician, InformationPage


def who_has_clinics(on: date) -> QuerySet[Clinician]:
    """The clinicians who have a clinic session on that day or later, by name."""
    coming = ClinicSession.objects.filter(
        Q(last_day=None) | Q(last_day__gte=on), clinician=OuterRef("pk")
    )
    return Clinician.objects.filter(Exists(coming)).order_by("name")


def wish_is_gone(wish: Clinician | None, on: date) -> bool:
    """Whether somebody was asked for who has no clinics any more."""
    return wish is not None and not who_has_clinics(on).filter(pk=wish.pk).exists()


def who_can_be_asked_for(page: InformationPage | None, on: date) -> list[Clinician]:
    """The clinicians whom a patient may ask for: all who see patients about the page.

    Those are everybody with clinics to come whose account is open, unless its topic names some.
    """
    seeing = who_has_clinics(on).exclude(login__is_active=False)
    named = Topic.clinicians.through.objects.filter(topic__page=page)
    if page and named.exists():
        seeing = seeing.filter(pk__in=named.values("clinician"))
    return list(seeing)
