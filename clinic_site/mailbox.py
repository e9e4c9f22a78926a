"""The emails that the site has sent, as a page. It exists only in development."""

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

NEWEST = 50
BOUNDARY = re.compile(rb"^-{79}\n?", re.MULTILINE)


def _read(path: Path) -> list[dict[str, object]]:
    parts = [part for part in BOUNDARY.split(path.read_bytes()) if part.strip()]
    letters = [email.message_from_bytes(part, policy=email.policy.default) for part in parts]
    return [_shown(letter) for letter in letters]


def _shown(letter: EmailMessage) -> dict[str, object]:
    text = letter.get_body(("plain",))
    return {
        "to": letter["To"],
        "subject": letter["Subject"],
        "date": letter["Date"],
        "text": text.get_content() if text else "",
        "attached": [part.get_filename() for part in letter.iter_attachments()],
    }


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest emails first."""
    paths = sorted(Path(settings.MAILBOX).glob("*.log"), reverse=True)[:NEWEST]
    letters = [letter for path in paths for letter in reversed(_read(path))]
    return render(request, "mailbox.html", {"letters": letters})
