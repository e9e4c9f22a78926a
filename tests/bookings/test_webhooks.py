"""Webhooks: what another system is told, signed, tried again, and never into our own network."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks import Webhook as Receiver

from bookings import journal, messages, triage, webhooks
from bookings.models import Delivery, Webhook
from bookings.outside import webhooks as sending
from bookings.outside.webhooks import send_due
from bookings.status import DeliveryStatus, Notice
from bookings.status.events import Event
from clinic_site.groups import GROUPS
from procedures.ground import exchanges
from procedures.models import restored
from tests import factories
from tests.http_servers import slow
from tests.people import CANARIES, booked, request_with_canaries

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
HOOKS = "/admin/bookings/webhook/"
HOST = "127.0.0.1"


class StandIn(ThreadingHTTPServer):
    """Another system on this machine, which answers with `status` and keeps what it is told."""

    status = 204
    received: list[tuple[dict[str, str], bytes]]

    def verified(self, secret: str, which: int = -1) -> Any:
        """What it was told, if the library of the convention accepts it."""
        headers, body = self.received[which]
        return Receiver(secret).verify(body, headers)


class Handler(BaseHTTPRequestHandler):
    server: StandIn

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"http://{HOST}:{self.server.server_port}/elsewhere")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def stand_in(settings: Any) -> Iterator[StandIn]:
    settings.WEBHOOK_PRIVATE_HOSTS = [HOST]
    with StandIn((HOST, 0), Handler) as server:
        server.received = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def webhook(now: datetime, url: str, *notices: Notice) -> Webhook:
    return webhooks.add(
        given_to="Theatre list", url=url, notices=notices or Notice, by="manager", now=now
    )


def at_the(stand_in: StandIn) -> str:
    return f"http://{HOST}:{stand_in.server_port}/hook?x=1"


def test_it_is_told_what_happened_to_which_request_and_nothing_else(
    stand_in: StandIn, monday: datetime
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED, Notice.BOOKED)
    request = request_with_canaries(monday)
    journal.record(request, Event.READ, by="reception", at=monday)
    triage.start_review(
        request, version=request.version, by=factories.staff("Reception"), now=monday
    )
    assert send_due() == 1
    assert stand_in.verified(webhooks.secret_of(hook)) == {
        "type": "appointment.proposed",
        "timestamp": "2026-11-23T10:00:00Z",
        "data": {"resource": f"https://clinic.example/fhir/Appointment/{request.pk}"},
    }
    headers, body = stand_in.received[0]
    said = json.dumps(headers) + body.decode()
    assert [str(each) for each in CANARIES.values() if str(each) in said] == []
    booked(monday)
    assert send_due() == 2
    assert [json.loads(body)["type"] for _, body in stand_in.received[1:]] == [
        "appointment.proposed",
        "appointment.booked",
    ]


def test_one_round_of_the_worker_tells_it_as_the_loop_does(
    stand_in: StandIn, monday: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    """As cron runs it: the patient, our own inbox, and the other system."""
    webhook(monday, at_the(stand_in), Notice.RECEIVED)
    factories.clinic(inbox="desk@example.org")
    factories.received(now=monday)
    call_command("send_messages")
    assert (len(stand_in.received), len(mail.outbox)) == (1, 2)
    assert capsys.readouterr().out == "3 sent.\n"


def test_what_does_not_arrive_is_tried_again_with_the_same_id(
    stand_in: StandIn, monday: datetime, at: Any
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    factories.received(now=monday)
    stand_in.status = 500
    now, tried = monday, []
    for wait in (timedelta(0), *webhooks.WAITS):
        now += wait
        at(now - timedelta(seconds=1))
        assert send_due() == 0
        tried.append(len(stand_in.received))
        at(now)
        send_due()
    assert tried == list(range(len(webhooks.WAITS) + 1))
    assert len({headers["webhook-id"] for headers, _ in stand_in.received}) == 1
    assert Delivery.objects.get().status == DeliveryStatus.FAILED
    hook.refresh_from_db()
    assert hook.off_at is not None
    factories.received(now=now, name="Sam Other")
    assert Delivery.objects.count() == 1


def test_a_manager_turns_it_on_again_and_sends_what_was_missed(
    stand_in: StandIn, monday: datetime, sign_in: SignIn
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    factories.received(now=monday)
    stand_in.status = 410
    send_due()
    hook.refresh_from_db()
    assert hook.off_at == monday
    stand_in.status = 200
    manager = sign_in("Manager")
    for act in ("on", "replay"):
        manager.post(f"{HOOKS}{hook.pk}/change/", {"act": act})
    assert send_due() == 1
    ids = [headers["webhook-id"] for headers, _ in stand_in.received]
    assert ids[0] == ids[1]
    assert "We have told “Theatre list” nothing" not in manager.get("/admin/").content.decode()
    assert sign_in("Reception").get(f"{HOOKS}{hook.pk}/change/").status_code == 403


def test_a_webhook_that_is_off_is_a_task_for_managers_alone(
    stand_in: StandIn, monday: datetime, sign_in: SignIn
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    messages.note_run(monday, failed=0)
    factories.received(now=monday)
    stand_in.status = 410
    send_due()
    today = {group: sign_in(group).get("/admin/").content.decode() for group in GROUPS}
    told = "We have told “Theatre list” nothing since Monday 23 November at 10:00."
    assert [group for group, page in today.items() if told in page] == ["Manager"]
    assert f'href="{HOOKS}{hook.pk}/change/"' in today["Manager"]
    assert not any("Our messages are not going out" in page for page in today.values())
    webhooks.end(hook, by="manager", now=monday)
    manager = sign_in("Manager")
    assert told not in manager.get("/admin/").content.decode()
    for page in HOOKS, f"{HOOKS}{hook.pk}/change/":
        ended = "Ended on 23 November 2026 at 10:00 by Manager"
        assert ended in manager.get(page).content.decode()


def test_a_manager_reads_why_a_webhook_is_off(
    stand_in: StandIn, monday: datetime, at: Any, sign_in: SignIn
) -> None:
    """The last failure says it: here an error first, while another notice waits, and then 410."""
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    stand_in.status = 500
    factories.received(now=monday)
    factories.received(now=monday, name="Sam Other")
    send_due()
    page, error = f"{HOOKS}{hook.pk}/change/", "It answered with 500, so it did not accept"
    manager = sign_in("Manager")
    since = f"It has accepted nothing since 23 November 2026 at 10:00. {error}"
    assert since in manager.get(page).content.decode()
    stand_in.status = 410
    at(now := monday + timedelta(minutes=1))
    sign_in("Manager")
    (pk, _) = webhooks.due(hook, now)
    Delivery.objects.exclude(pk=pk).update(next_try=now + timedelta(hours=5))
    send_due()
    gone = "It answered that it wants to hear no more (410)."
    for shown, where in ((f"10:01. {gone}", page), (f"10:01. {gone}", HOOKS), (gone, "/admin/")):
        content = manager.get(where).content.decode()
        assert (shown in content, "500" in content) == (True, False)
    Delivery.objects.all().delete()
    assert "Turned off on 23 November 2026 at 10:01.<" in manager.get(page).content.decode()


@pytest.mark.parametrize(
    ("goes_out", "why"),
    [
        (False, "a demonstration sends nothing to other systems."),
        (True, "its address has to be public and begin with https://."),
    ],
)
def test_nobody_is_blamed_for_what_we_have_not_tried(
    goes_out: bool, why: str, settings: Any, monday: datetime, at: Any, sign_in: SignIn
) -> None:
    settings.WEBHOOKS_GO_OUT = goes_out
    hook = webhook(monday, "https://127.0.0.1/", Notice.RECEIVED)
    factories.received(now=monday)
    send_due()
    at(monday + webhooks.PATIENCE)
    send_due()
    for page in f"{HOOKS}{hook.pk}/change/", "/admin/":
        assert f". We have not tried: {why}" in sign_in("Manager").get(page).content.decode()


def test_a_webhook_that_nobody_reaches_says_so(monday: datetime, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = [HOST]
    hook = webhook(monday, f"http://{HOST}:1/", Notice.RECEIVED)
    factories.received(now=monday)
    send_due()
    (hook,) = Webhook.objects.with_last_failure()
    assert webhooks.last_failure(hook) == "We could not reach it (ConnectionRefusedError)."


@pytest.mark.parametrize("page", [HOOKS, "/admin/"])
def test_however_many_are_off_a_page_asks_the_database_the_same(
    page: str, monday: datetime, at: Any, sign_in: Any
) -> None:
    counts = []
    for number in (1, 5):
        for n in range(number):
            webhook(monday, f"https://127.0.0.{n}/", Notice.RECEIVED)
        factories.received(now=monday)
        at(later := timezone.now() + webhooks.PATIENCE)
        send_due()
        Webhook.objects.update(off_at=later, off_by="clock")
        desk = sign_in("Manager")
        with CaptureQueriesContext(connection) as asked:
            shown = desk.get(page).content.decode()
        assert shown.count("We have not tried: ") == Webhook.objects.count()
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(("goes_out", "asked"), [(True, ["hooks.example"]), (False, [])])
def test_a_demonstration_asks_nobody_outside(
    goes_out: bool,
    asked: list[str],
    settings: Any,
    monday: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names: list[str] = []

    def unknown(name: str, *args: Any, **kwargs: Any) -> None:
        names.append(name)
        raise socket.gaierror

    assert settings.WEBHOOKS_GO_OUT is False
    settings.WEBHOOKS_GO_OUT = goes_out
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    webhook(monday, "https://hooks.example/", Notice.RECEIVED)
    factories.received(now=monday)
    send_due()
    assert names == asked
    code = "gaierror" if goes_out else "address not allowed"
    assert Delivery.objects.get().failure == code


def test_a_slow_receiver_has_one_try_in_a_round_and_the_others_are_told(
    stand_in: StandIn, monday: datetime, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends a byte a second and would never end. A minute is enough for everything of the other."""
    monkeypatch.setattr(sending, "TIMEOUT_SECONDS", 60)
    with slow() as receiver:
        monkeypatch.setattr(exchanges, "monotonic", receiver.clock)
        hook = webhook(monday, receiver.url, Notice.RECEIVED)
        quick = webhook(monday, at_the(stand_in), Notice.RECEIVED)
        for name in ("Pat Sample", "Sam Other", "Lee Third"):
            factories.received(now=monday, name=name)
        assert (send_due(), receiver.asked) == (3, 1)
        mine = Delivery.objects.filter(webhook=hook).order_by("pk")
        tried = [(each.tries, each.failure) for each in mine]
        assert tried == [(1, "TimeoutError"), (0, ""), (0, "")]
        assert (send_due(), receiver.asked) == (0, 2)
    factories.received(now=monday, name="Kim Fourth")
    assert webhooks.waiting(monday) == [quick, Webhook.objects.get(pk=hook.pk)]


def test_the_whole_exchange_has_fifteen_seconds(
    monday: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = [HOST]
    assert sending.TIMEOUT_SECONDS == 15
    with slow(b"HTTP/1.1 204 No Content\r\nX: ") as receiver:
        monkeypatch.setattr(exchanges, "monotonic", receiver.clock)
        webhook(monday, receiver.url, Notice.RECEIVED)
        factories.received(now=monday)
        assert (send_due(), receiver.asked) == (0, 1)
        # The clock is read three times before: the turn begins, is not over, and the try begins.
        assert receiver.seconds == 3 + 15
    assert Delivery.objects.get().failure == "TimeoutError"


def test_two_secrets_are_valid_for_a_day(
    stand_in: StandIn, monday: datetime, at: Any, sign_in: SignIn, settings: Any
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    old = webhooks.secret_of(hook)
    page = f"{HOOKS}{hook.pk}/change/"
    assert old in sign_in("Manager").get(page).content.decode()
    sign_in("Manager").post(page, {"act": "renew"})
    hook.refresh_from_db()
    new = webhooks.secret_of(hook)
    factories.received(now=monday)
    send_due()
    assert stand_in.verified(old) == stand_in.verified(new)
    # The key of the site changes: receivers need not.
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "k" * 50
    later = monday + webhooks.OVERLAP
    at(later)
    factories.received(now=later, name="Sam Other")
    send_due()
    assert stand_in.verified(new)
    with pytest.raises(Exception, match="No matching signature"):
        stand_in.verified(old)


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        ("https://hooks.example/", "127.0.0.1"),
        ("https://hooks.example/", "10.1.2.3"),
        ("https://hooks.example/", "169.254.169.254"),
        ("https://hooks.example/", "::1"),
        ("https://hooks.example/", "::ffff:192.168.0.1"),
        ("https://hooks.example/", "fd00::1"),
        ("http://hooks.example/", "93.184.216.34"),
        ("https://key@hooks.example/", "93.184.216.34"),
        ("ftp://hooks.example/", "93.184.216.34"),
    ],
)
def test_nothing_reaches_into_our_own_network(
    monday: datetime, settings: Any, monkeypatch: pytest.MonkeyPatch, url: str, leads_to: str
) -> None:
    settings.WEBHOOKS_GO_OUT = True

    def no_connection(*args: Any) -> None:
        raise AssertionError("connected")

    family = socket.AF_INET6 if ":" in leads_to else socket.AF_INET
    answer = [(family, socket.SOCK_STREAM, 6, "", (leads_to, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answer)
    monkeypatch.setattr(socket, "create_connection", no_connection)
    webhook(monday, url, Notice.RECEIVED)
    factories.received(now=monday)
    send_due()
    assert Delivery.objects.get().failure == "address not allowed"


def test_it_is_led_nowhere(stand_in: StandIn, monday: datetime) -> None:
    webhook(monday, at_the(stand_in), Notice.RECEIVED)
    factories.received(now=monday)
    stand_in.status = 302
    send_due()
    assert (len(stand_in.received), Delivery.objects.get().failure) == (1, "302")


@pytest.mark.parametrize(("name", "arrives"), [("hooks.example", 1), ("other.example", 0)])
def test_the_other_side_shows_who_it_is(
    stand_in: StandIn,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
    arrives: int,
) -> None:
    """The name is resolved once, and the certificate has to be for that name."""
    settings.WEBHOOK_PRIVATE_HOSTS = ["hooks.example"]
    certificate = certified(tmp_path, name)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    stand_in.socket = serving.wrap_socket(stand_in.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, stand_in.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: here)
    now = datetime.now(UTC)
    webhook(now, f"https://hooks.example:{stand_in.server_port}/", Notice.RECEIVED)
    factories.received(now=now)
    assert (send_due(), len(stand_in.received)) == (arrives, arrives)


def certified(folder: Path, name: str) -> Path:
    """A key and a certificate for that name, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=3650))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(pem)
    )
    return file


def test_a_delivery_has_one_sender_at_a_time_and_a_quiet_copy_none(
    stand_in: StandIn, monday: datetime
) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    factories.received(now=monday)
    (pk,) = webhooks.due(hook, monday)
    assert webhooks.take(pk, monday)
    assert webhooks.take(pk, monday) is None
    assert webhooks.take(pk, monday + webhooks.LEASE)
    Delivery.objects.update(leased_until=None)
    restored.RestoredCopy.objects.create(at=monday, by="owner", backup="a")
    assert (send_due(), stand_in.received) == (0, [])


def test_what_arrived_is_forgotten_after_a_month(stand_in: StandIn, monday: datetime) -> None:
    hook = webhook(monday, at_the(stand_in), Notice.RECEIVED)
    for name in ("Pat Sample", "Sam Other"):
        factories.received(now=monday, name=name)
    Delivery.objects.filter(pk=webhooks.due(hook, monday)[0]).update(status=DeliveryStatus.SENT)
    month = monday + webhooks.REPLAYED
    assert [webhooks.forget_past(now) for now in (month, month + timedelta(seconds=1))] == [0, 1]
    webhooks.end(Webhook.objects.get(), by="manager", now=monday)
    assert (webhooks.forget_past(monday), Delivery.objects.count()) == (1, 0)


def test_only_an_address_that_can_be_trusted_is_taken(
    sign_in: SignIn, monday: datetime, settings: Any
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["lists.internal", "10.0.0.5"]
    manager = sign_in("Manager")
    for url in (
        "https://10.1.2.3/",
        "https://127.0.0.1:8443/",
        "https://[fd00::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://localhost/",
        "http://hooks.example/",
        "http://lists.internal.evil.example/hook",
        "http://lists.internal@evil.example/",
        "https://key@hooks.example/",
        "https://hooks.example:99999/",
        "https://hooks.example:0/",
        "ftp://lists.internal/",
        "http://lists.internal/",
        "http://lists.internal:8000/hook",
        "https://10.0.0.5/",
        "https://93.184.216.34/",
        "https://hooks.example/",
    ):
        sent = {"given_to": "Theatre list", "url": url, "notices": [Notice.BOOKED]}
        manager.post(f"{HOOKS}add/", sent)
    assert list(Webhook.objects.order_by("pk").values_list("url", flat=True)) == [
        "http://lists.internal/",
        "http://lists.internal:8000/hook",
        "https://10.0.0.5/",
        "https://93.184.216.34/",
        "https://hooks.example/",
    ]
