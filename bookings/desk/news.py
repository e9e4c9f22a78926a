"""What others have done since a page was opened: said in a sentence, without a name. Writes nothing."""

from datetime import datetime, timedelta
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bookings.models import RequestEvent
from bookings.status.events import LOOKS, Event
from procedures.ground.counting import counted
from procedures.ground.signed_in import signed_in

# Nobody works longer on one page.
LONGEST = timedelta(hours=12)
ARRIVED = (Event.RECEIVED, Event.NOTED)


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The sentence for whoever has had a page open since the moment in the address, or nothing."""
    if not request.user.has_perm("bookings.view_appointmentrequest"):
        raise PermissionDenied
    now, since = timezone.now(), request.GET.get("since", "")
    if not (since.isdecimal() and since.isascii()):
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    moment = max(int(since), int((now - LONGEST).timestamp()))
    said = news(moment, besides=signed_in(request).get_username(), now=now)
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


def news(since: int, *, besides: str, now: datetime) -> str:
    """How many requests came, and how many others changed, in the seconds after `since` (Unix time).

    Without what `besides` did, and without looks. Empty if there was nothing.
    """
    if since >= now.timestamp():
        return ""
    began = datetime.fromtimestamp(since, tz=now.tzinfo)
    events = RequestEvent.objects.filter(at__gt=began, at__lte=now).exclude(by=besides)
    happened = set(events.exclude(kind__in=LOOKS).values_list("request", "kind"))
    new = {pk for pk, kind in happened if kind in ARRIVED}
    changed = {pk for pk, _ in happened} - new
    said = [counted(len(new), "new request")] if new else []
    said += [f"changes to {counted(len(changed), 'request')}"] if changed else []
    return f"Since you opened this page: {' and '.join(said)}." if said else ""
