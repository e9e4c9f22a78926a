"""Which clinicians see patients."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from bookings.models import ClinicSession, Topic
from procedures.ground.arranged import kept
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


@kept
def who_can_be_asked_for(page: InformationPage | None, on: date) -> Iterable[Clinician]:
    """The clinicians whom a patient may ask for: all who see patients about the page."""
    return who_sees_about([page], on)[page]


def who_sees_about(
    pages: Iterable[InformationPage | None], on: date
) -> dict[InformationPage | None, list[Clinician]]:
    """For each page, the clinicians who see patients about it.

    Those are everybody with clinics to come whose account is open, unless its topic names some.
    """
    seeing = list(who_has_clinics(on).exclude(login__is_active=False))
    about = set(pages)
    rows = Topic.clinicians.through.objects.filter(topic__page__in=about - {None})
    named: dict[int, set[int]] = {}
    for page, clinician in rows.values_list("topic__page", "clinician") if about - {None} else []:
        named.setdefault(page, set()).add(clinician)
    return {
        page: [each for each in seeing if page is None or each.pk in named.get(page.pk, {each.pk})]
        for page in about
    }
