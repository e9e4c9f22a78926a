"""Numbers for Prometheus: behind a token, summed over processes, and named as the alerts name them."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client

from bookings.models import AppointmentRequest, Message, Outage, WorkerRun
from bookings.status import Channel, RequestStatus
from clinic_site import metrics, nightly, request_counts
from clinic_site.nightly import Outcome
from clinic_site.request_counts import FOLDER, KEPT, NO_VIEW, Counted, Counts
from procedures.models import SignIn
from procedures.status import PasswordUse, SignInResult
from tests import factories
from tests.processes import ROOT

TOKEN = "only-for-tests" * 3
DEPLOY = ROOT / "deploy"


def read(client: Client) -> dict[str, float]:
    """Each sample by its name and labels."""
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    assert answer.headers["Cache-Control"] == "no-store"
    lines = [line for line in answer.content.decode().splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "given", "status"),
    [("", "", 404), ("", "Bearer ", 404), (TOKEN, "", 401), (TOKEN, f"Bearer {TOKEN}a", 401)],
)
def test_nobody_reads_them_without_the_token(
    token: str, given: str, status: int, client: Client, settings: Any
) -> None:
    settings.METRICS_TOKEN = token
    answer = client.get("/metrics", headers={"Authorization": given})
    assert answer.status_code == status
    assert b"clinic_outbox" not in answer.content


@pytest.mark.django_db
def test_the_database_says_what_waits(client: Client, monday: datetime, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    before = read(client)
    assert before["clinic_worker_last_run_timestamp_seconds"] == 0
    factories.request_at(RequestStatus.OFFERED, now=monday)
    AppointmentRequest.objects.update(answer_due=monday - timedelta(minutes=1))
    factories.received(now=monday, email="b@example.org")
    AppointmentRequest.objects.update(answer_due=monday - timedelta(minutes=1))
    Message.objects.update(next_try=monday - timedelta(seconds=90))
    WorkerRun.objects.create(ran_at=monday, ran_by="the clock", failed=2)
    Outage.objects.create(channel=Channel.EMAIL, since=monday, code="535")
    for hours, result in (
        (0, SignInResult.WRONG),
        (2, SignInResult.WRONG),
        (0, SignInResult.RIGHT),
    ):
        SignIn.objects.create(
            tried_at=monday - timedelta(hours=hours),
            place="192.0.2.0/24",
            use=next(iter(PasswordUse)),
            result=result,
        )
    found = read(client)
    assert found["clinic_outbox_messages"] == Message.objects.due(monday).count() > 0
    assert found["clinic_outbox_age_seconds"] == 90
    assert found["clinic_offers_held"] == 1
    # What was offered waits for the patient.
    assert found["clinic_answers_late"] == 1
    assert found["clinic_sign_in_failures"] == 1
    assert found["clinic_worker_last_run_timestamp_seconds"] == monday.timestamp()
    assert found["clinic_worker_failed_steps"] == 2
    assert found['clinic_channel_away_since_seconds{channel="email"}'] == monday.timestamp()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "failed"), [(Outcome.WHOLE, 0), (Outcome.BROKEN, 1), (Outcome.NOT_SENT, 1)]
)
def test_the_check_of_the_journals_is_measured(
    outcome: Outcome, failed: int, client: Client, monday: datetime, tmp_path: Path, settings: Any
) -> None:
    settings.METRICS_TOKEN, settings.HEADS_FOLDER = TOKEN, str(tmp_path)
    at, fails = (
        f"clinic_journals_last_check_{ending}" for ending in ("timestamp_seconds", "failed")
    )
    assert (read(client)[at], read(client)[fails]) == (0, 0)
    nightly.note(monday, outcome)
    assert (read(client)[at], read(client)[fails]) == (monday.timestamp(), failed)


def test_a_request_is_counted_by_the_name_of_its_page_and_never_by_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = Counts()
    monkeypatch.setattr(request_counts, "COUNTS", counts)
    ignored: list[bytes] = []
    ticks = iter([0.0, 0.2, 1.0, 8.0])

    def answer(environ: Any, start_response: Any) -> list[bytes]:
        start_response(environ["status"], [])
        if environ["page"]:
            request_counts._page.set(environ["page"])
        return []

    site = Counted(answer, lambda: next(ticks))
    for status, page in (("200 OK", ""), ("503 Service Unavailable", "search")):
        site({"status": status, "page": page}, lambda *heard: ignored.append)
    assert counts.total() == {
        (KEPT, "200"): [0, 0, 1, 0, 0, 0, 0, 0, 0.2],
        ("search", "503"): [0, 0, 0, 0, 0, 0, 0, 1, 7.0],
    }


@pytest.mark.django_db
def test_the_name_has_nothing_that_was_typed(client: Client) -> None:
    seen: dict[str, str] = {}
    for path in ("/guides/", "/appointments/mine/link/Canary/", "/nothing/Canary/"):
        client.get(path)
        seen[path] = request_counts._page.get()
    assert seen == {
        "/guides/": "procedures:category",
        "/appointments/mine/link/Canary/": "bookings:open_link",
        "/nothing/Canary/": NO_VIEW,
    }


def test_processes_add_up_and_one_that_ended_still_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    one, other = Counts(), Counts()
    for counts in (one, other, other):
        counts.note("search", "200", 0.01)
    other.write()
    del other
    assert one.total() == {("search", "200"): [3, 0, 0, 0, 0, 0, 0, 0, pytest.approx(0.03)]}


@pytest.mark.django_db
def test_the_dashboard_and_the_alerts_know_only_names_that_there_are(
    monday: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {metric.name for metric in metrics.metrics(monday)}
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"][0][
        "rules"
    ]
    panels = json.loads((DEPLOY / "grafana" / "clinic.json").read_text())["panels"]
    asked = [rule["expr"] for rule in rules]
    asked += [target["expr"] for panel in panels for target in panel["targets"]]
    names = {
        re.sub(r"^(clinic_request_seconds)_(bucket|sum|count)$", r"\1", name)
        for each in asked
        for name in re.findall(r"clinic_\w+", each)
    }
    assert names == there
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules)
