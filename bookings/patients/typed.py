"""What a patient typed behind the private link and we could not take.

The session of the link had ended, or something had changed meanwhile. It is kept in the session, for as
long as a form is, and given back where it was typed.
"""

from contextlib import suppress

from django.http import HttpRequest, QueryDict
from django.utils import timezone

from bookings.patients import limits
from bookings.patients.unsent import seconds_to_keep
from procedures.ground import rate_limits
from procedures.ground.places import by_place

# In letters and digits as a browser encodes them: fifteen answers, or a thousand letters of any script.
LONGEST = 12_000
# A page that is only posted to gives back on another.
GIVEN_BACK_ON = {"choose_time": "safety"}
# What belongs to the screen and not to its reader.
OF_THE_SCREEN = ("csrfmiddlewaretoken", "version", "question", "answered")


def keep(request: HttpRequest, reference: str, page: str) -> None:
    """Remember what was posted to a page of the request of that reference.

    Whoever has no session yet begins one by it, which is limited like beginning a form.
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
    """What was typed there and not taken, for the version that is on the screen now."""
    if request.session.get("typed", [])[:2] != [reference, page]:
        return None
    fields = QueryDict(request.session["typed"][2], mutable=True)
    fields["version"] = str(version)
    return fields


def forget(request: HttpRequest) -> None:
    """What a patient typed was taken."""
    request.session.pop("typed", None)
