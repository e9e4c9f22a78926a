"""The text that the patient was given, in that version: how to prepare, what to do afterwards."""

from datetime import datetime
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.models import Appointment, AppointmentRequest, Treatment
from bookings.patients.views.guards import behind_link, identify_first, is_identified
from procedures.ground import languages
from procedures.models import InformationPage
from procedures.reading.publication import Version, history, open_titles
from procedures.status import MEDICAL, RevisionStatus


class GivenPage(NamedTuple):
    """A page in the version that was current when the appointment was made."""

    page: InformationPage
    version: Version
    # The versions published since, newest first.
    since: list[Version]


def given_page(appointment: Appointment | None, now: datetime) -> GivenPage | None:
    """The page of the appointment, if it has one."""
    if appointment is None or appointment.given is None:
        return None
    given = appointment.given.page
    versions = history(given, timezone.localdate(now))
    own = next(each for each in versions if each.revision == appointment.given)
    newer = [each for each in versions if each.revision.number > own.revision.number]
    return GivenPage(given, own, [each for each in newer if _was_read(each)])


def pages_to_read_as_well(
    found: AppointmentRequest, given: GivenPage, now: datetime
) -> list[tuple[InformationPage, str]]:
    """The pages about treatments that may happen at the visit, each with its title.

    Each in the language of whoever reads this, if it can be read in it.
    """
    treatments = Treatment.objects.possible_for(found.page)
    wanted = set(treatments.values_list("page", flat=True)) - {given.page.pk}
    open_now = open_titles(timezone.localdate(now), MEDICAL, languages.code())
    return [(page, title) for page, title in open_now if (page.original_id or page.pk) in wanted]


def in_own_language(given: GivenPage | None, now: datetime) -> InformationPage | None:
    """The page in the language of whoever reads this, if it can be read in it now."""
    if given is None or not languages.is_foreign():
        return None
    open_now = open_titles(timezone.localdate(now), [given.page.category], languages.code())
    return next((page for page, _ in open_now if page.original_id == given.page.pk), None)


@require_safe
@behind_link
def page(request: HttpRequest, found: AppointmentRequest) -> HttpResponse:
    """The signed text as it was, and what has changed since. A text that was revoked is not shown.

    Its title reveals what the visit is for, so the date of birth comes first.
    """
    if not is_identified(request, found):
        return identify_first(request, found)
    appointment = found.appointments.order_by("-pk").first()
    given = given_page(appointment, timezone.now())
    if given is None:
        return redirect("bookings:mine", found.reference)
    context = {
        "found": found,
        "given": given,
        "in_own_language": in_own_language(given, timezone.now()),
    }
    return render(request, "bookings/mine/given.html", context)


def _was_read(version: Version) -> bool:
    return version.revision.status in {RevisionStatus.PUBLISHED, RevisionStatus.SUPERSEDED}
