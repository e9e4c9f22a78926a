"""Keeps what a patient typed behind the private link and we could not accept.

The session of the link may have ended, or something may have changed meanwhile. The words are kept
in the session, as long as a form is, and shown again where they were typed.
"""

from contextlib import suppress

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from bookings.patients import limits
from bookings.patients.unsent import seconds_to_keep
from procedures.ground import rate_limits
from procedures.ground.places import by_place

# In characters as a browser encodes them: fifteen answers, or a thousand letters of any script.
LONGEST = 12_000
# A page that can only be posted to gives its words back on another page.
GIVEN_BACK_ON = {"choose_time": "safety"}
# What belongs to the screen and not to the person.
OF_THE_SCREEN = ("csrfmiddlewaretoken", "version", "question", "answered")


def keep(request: HttpRequest, reference: str, page: str) -> None:
    """Remember what was posted to a page of this request.

    If there is no session yet, this begins one, which is limited in the same way as beginning a
    form.
    """
    fields = request.POST.copy()
    for name in OF_THE_SCREEN:
        fields.pop(name, None)
    typed = fields.urlencode()
    if not typed or len(typed) > LONGEST:
        return
    with suppress(rate_limits.TooManyTries):
        if not request.session.session_key:
            begun = by_place(limits.BEGIN_FROM_ONE_PLACE, request)
            rate_limits.spend_all(begun, timezone.now())
        request.session["typed"] = [reference, GIVEN_BACK_ON.get(page, page), typed]
        request.session.set_expiry(seconds_to_keep(request.session))


def given_back(
    request: HttpRequest, reference: str, page: str, *, version: int
) -> QueryDict | None:
    """What was typed there and not accepted, for the version that is on the screen now."""
    if request.session.get("typed", [])[:2] != [reference, page]:
        return None
    fields = QueryDict(request.session["typed"][2], mutable=True)
    fields["version"] = str(version)
    return fields


def forget(request: HttpRequest) -> None:
    """Forget what a patient typed, because it has been accepted."""
    request.session.pop("typed", None)
