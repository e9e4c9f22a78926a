"""What views with a form share."""

import re

from django.http import HttpRequest, QueryDict
from django.views.decorators.http import require_http_methods

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form; None for a request that only asks to see it."""
    return request.POST if request.method == "POST" else None


def number_in(text: str) -> int:
    """The key or the version that an address or a form names; 0, which no record has, if it is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
