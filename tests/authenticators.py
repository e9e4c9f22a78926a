"""A phone with passkeys, in software, and what a page asks it for."""

import html
import json
import re
from typing import Any

from clinic_site.demo.phone import PRESENT, VERIFIED, Phone

__all__ = ["PRESENT", "VERIFIED", "Phone", "options_of"]


def options_of(page: str) -> dict[str, Any]:
    """What a page asks the browser for."""
    found = re.search(r'data-options="([^"]+)"', page)
    assert found, page
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options
