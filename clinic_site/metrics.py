"""`/metrics`: numbers for Prometheus, in its plain text format, for whoever has the token.

The format is so small that a library would be longer to set up than it is to write.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import hmac
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from bookings.models import AppointmentRequest, Message, Offer, Outage, WorkerRun
from bookings.status import MessageStatus
from clinic_site import nightly
from clinic_site.backups.keeping import last_success
from clinic_site.request_counts import BUCKETS, COUNTS
from procedures.models import SignIn
from procedures.status import SignInResult

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
RECENTLY = timedelta(hours=1)

Labels = dict[str, str]


class Metric(NamedTuple):
    """A name, what it means, its kind, and its samples: an ending of the name, labels and a value."""

    name: str
    about: str
    kind: str
    samples: list[tuple[str, Labels, float]]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The numbers of this moment. Without a token in the settings there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        refusal = HttpResponse("A bearer token is needed.\n", status=401, content_type=CONTENT_TYPE)
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    text = "".join(_written(metric) for metric in metrics(timezone.now()))
    return HttpResponse(text, content_type=CONTENT_TYPE)


def metrics(now: datetime) -> Iterator[Metric]:
    """Everything that is measured: what processes count, and what the database says."""
    yield _requests()
    for name, about, value in _of_the_database(now):
        yield Metric(f"clinic_{name}", about, "gauge", [("", {}, value)])
    yield Metric(
        "clinic_channel_away_since_seconds",
        "Since when no message of a channel has gone out; without a value while all is well.",
        "gauge",
        [("", {"channel": each.channel}, each.since.timestamp()) for each in Outage.objects.all()],
    )


def _requests() -> Metric:
    samples: list[tuple[str, Labels, float]] = []
    for (page, status), row in sorted(COUNTS.total().items()):
        labels = {"page": page, "status": status}
        *counts, seconds = row
        limits = [*map(str, BUCKETS), "+Inf"]
        for limit, number in zip(limits, accumulate(counts), strict=True):
            samples.append(("_bucket", {**labels, "le": limit}, number))
        samples += [("_sum", labels, seconds), ("_count", labels, sum(counts))]
    about = "How long requests took, by the name of the page and the status."
    return Metric("clinic_request_seconds", about, "histogram", samples)


def _of_the_database(now: datetime) -> Iterator[tuple[str, str, float]]:
    queued = Message.objects.filter(status=MessageStatus.QUEUED, next_try__lte=now)
    oldest = queued.order_by("next_try").values_list("next_try", flat=True).first()
    late = AppointmentRequest.objects.waiting_for_clinic(now).filter(answer_due__lt=now)
    wrong = SignIn.objects.filter(tried_at__gt=now - RECENTLY).exclude(result=SignInResult.RIGHT)
    run = WorkerRun.objects.first()
    taken = last_success() if settings.BACKUP_FOLDER else None
    yield "outbox_messages", "Messages that are due and have not gone out.", queued.count()
    age = (now - oldest).total_seconds() if oldest else 0
    yield "outbox_age_seconds", "How long the oldest of them has been due.", age
    to_tell = Message.objects.to_tell().count()
    yield "messages_to_tell", "News that a colleague has to tell by phone.", to_tell
    held = Offer.objects.standing(now).count()
    yield "offers_held", "Offers whose times are held for a patient.", held
    yield "answers_late", "Requests that have waited longer than we promise.", late.count()
    yield "sign_in_failures", "Sign-ins that failed within the last hour.", wrong.count()
    yield (
        "worker_last_run_timestamp_seconds",
        "When the worker last completed a round; 0 if never.",
        run.ran_at.timestamp() if run else 0,
    )
    yield "worker_failed_steps", "Steps that failed in that round.", run.failed if run else 0
    yield (
        "backup_last_success_timestamp_seconds",
        "When the last good backup was taken; 0 if there is none.",
        taken.timestamp() if taken else 0,
    )
    checked = nightly.last()
    yield (
        "journals_last_check_timestamp_seconds",
        "When all journals and pages were last checked; 0 if never.",
        checked.at.timestamp() if checked else 0,
    )
    yield (
        "journals_last_check_failed",
        "1 if that check found a fault, or if the heads could not be sent; otherwise 0.",
        int(bool(checked and checked.said)),
    )


def _written(metric: Metric) -> str:
    lines = [f"# HELP {metric.name} {metric.about}", f"# TYPE {metric.name} {metric.kind}"]
    for ending, labels, value in metric.samples:
        written = ",".join(f'{name}="{_escaped(said)}"' for name, said in labels.items())
        named = f"{metric.name}{ending}"
        lines.append(f"{named}{{{written}}} {value}" if written else f"{named} {value}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
