"""The public log: for people a page, for machines the files of C2SP tlog-tiles."""

import base64
import hashlib
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from procedures.ground.counting import counted
from procedures.log import checkpoints, notes, tiles, verify
from procedures.models import Cosignature, LogEntry, TimeStamp, WatchedLog
from procedures.reading import publication
from procedures.reading.views.answers import public
from procedures.status import Category

MOST_ENTRIES = 20
SECONDS_FOR_EVER = 365 * 24 * 60 * 60
# What is signed anew every minute may be kept for so many seconds, and not by the page store.
SECONDS_UNTIL_ANOTHER = 5


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """What was signed, published and taken away lately, and how to watch it."""
    entries = LogEntry.objects.order_by("-index")[:MOST_ENTRIES]
    titles = {
        page.get_absolute_url(): title
        for page, title in publication.open_titles(timezone.localdate(), Category.values)
    }
    found = checkpoints.newest()
    context = {
        "section": Category.ABOUT,
        "entries": [_told(each, titles) for each in entries],
        "checkpoint": found and checkpoints.cosigned(found),
        "seen_by": _seen_by(),
        "stamp": TimeStamp.objects.filter(checkpoint__origin=settings.LOG_ORIGIN).last(),
        "watched": WatchedLog.objects.order_by("origin"),
        "witness_key": notes.witness_key(),
        "log_key": notes.log_key(),
        "origin": settings.LOG_ORIGIN,
        "site_url": settings.SITE_URL,
    }
    return until_another(render(request, "procedures/log.html", context))


def _seen_by() -> list[Cosignature]:
    """The newest signature of each witness, by name."""
    oldest_first = Cosignature.objects.select_related("checkpoint").order_by("witness", "moment")
    return [*{each.witness: each for each in oldest_first}.values()]


def _told(entry: LogEntry, titles: dict[str, str]) -> dict[str, object]:
    """What an entry says, with the title of its page today if anybody may read it."""
    said = verify.read_statement(entry.statement)
    moment = datetime.fromisoformat(said["at"])
    if "page" not in said:
        return {"index": entry.index, "moment": moment, "passkeys": _how_many(said), **said}
    address = f"/{said['page']}/"
    title = titles.get(address)
    return {"index": entry.index, "moment": moment, "address": address, "title": title, **said}


def _how_many(said: dict[str, str]) -> str:
    keys = [each for each in said["keys"].split() if each != verify.NOTHING]
    return counted(len(keys), "passkey") if keys else "no passkey"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint."""
    found = checkpoints.newest()
    if found is None:
        raise Http404
    return until_another(text(checkpoints.cosigned(found)))


@require_safe
def stamped(request: HttpRequest, size: int) -> HttpResponse:
    """A checkpoint of ours that was stamped, as it was then."""
    return public(text(_stamp(size).checkpoint.note))


@require_safe
def stamp(request: HttpRequest, size: int) -> HttpResponse:
    """What the time authority answered (RFC 3161)."""
    answer = base64.b64decode(_stamp(size).answer)
    return public(HttpResponse(answer, content_type="application/timestamp-reply"))


def _stamp(size: int) -> TimeStamp:
    ours = TimeStamp.objects.filter(checkpoint__origin=settings.LOG_ORIGIN)
    return get_object_or_404(ours.select_related("checkpoint"), checkpoint__size=size)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """The public key of the log."""
    return public(text(f"{notes.log_key()}\n"))


@require_safe
def witness_key(request: HttpRequest) -> HttpResponse:
    """The public key with which we watch the logs of others."""
    return public(text(f"{notes.witness_key()}\n"))


@require_safe
def witnessed(request: HttpRequest, origin_hash: str) -> HttpResponse:
    """The newest checkpoint of somebody else's log that we have cosigned (C2SP tlog-witness)."""
    for each in WatchedLog.objects.exclude(note=""):
        if hashlib.sha256(each.origin.encode()).hexdigest() == origin_hash:
            return until_another(text(each.note))
    raise Http404


@require_safe
def tile(request: HttpRequest, level: int, place: str) -> HttpResponse:
    """One tile of the tree."""
    return _for_ever(tiles.tile(level, place))


@require_safe
def bundle(request: HttpRequest, place: str) -> HttpResponse:
    """The statements under one tile of the lowest level."""
    return _for_ever(tiles.bundle(place))


@require_safe
def verifier(request: HttpRequest) -> HttpResponse:
    """The program that checks a page, to be read before it is run."""
    return public(text(Path(verify.__file__).read_text(encoding="utf-8")))


def text(content: str) -> HttpResponse:
    """Plain text in UTF-8."""
    return HttpResponse(content, content_type="text/plain; charset=utf-8")


def until_another(response: HttpResponse) -> HttpResponse:
    """Let caches keep what the next checkpoint changes, for seconds."""
    response.headers["Cache-Control"] = f"max-age={SECONDS_UNTIL_ANOTHER}"
    return response


def _for_ever(content: bytes | None) -> HttpResponse:
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="application/octet-stream")
    response.headers["Cache-Control"] = f"public, max-age={SECONDS_FOR_EVER}, immutable"
    return response
