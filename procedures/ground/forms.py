"""What views with a form share."""

from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form; None for a request that only asks to see it."""
    return request.POST if request.method == "POST" else None
