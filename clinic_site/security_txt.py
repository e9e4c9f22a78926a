"""`/.well-known/security.txt`: whom to tell of a weakness of the site, before anybody else hears of it.

https://www.rfc-editor.org/rfc/rfc9116
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import quote

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

PATH = ".well-known/security.txt"
# Whoever keeps a copy should look again. The standard asks for less than a year.
KEPT_FOR = timedelta(days=180)


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The file, made at this moment. Without a contact in the settings there is none."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    lines = "".join(f"{name}: {value}\n" for name, value in _fields(timezone.now()))
    return HttpResponse(lines, content_type="text/plain; charset=utf-8")


def _fields(now: datetime) -> Iterator[tuple[str, str]]:
    contact = settings.SECURITY_CONTACT
    yield "Contact", contact if "://" in contact else f"mailto:{quote(contact, safe='@')}"
    yield "Expires", f"{timezone.localdate(now + KEPT_FOR):%Y-%m-%d}T00:00:00Z"
    yield "Preferred-Languages", "en"
    yield "Canonical", f"{settings.SITE_URL}/{PATH}"
