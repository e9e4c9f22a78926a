"""Two hosts on one PostgreSQL, behind one proxy. `script/two-hosts` calls it.

Each host is a copy of the code in a folder of its own, with its own static files, pages in memory and
`var`; they share the database, the keys and the mail server, and nothing else. The first one has two
senders of messages, the second one has one.
"""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests import processes, proxies, served
from tests.faults.installation import KEYS, NO_ANSWER, POSTGRESQL, Database, Mail, Service, database
from tests.faults.installation import prepare as fill
from tests.faults.patients import CHECK, Crowd
from tests.faults.prepare import TOKEN
from tests.served import Answer, Site

# What a host does not get from another: what it makes itself, and what no installation has.
NOT_COPIED = (".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__", "var")
THROUGH_THE_PROXY, ON_BOTH, WITH_ONE_HOST = 20, 12, 10
CLOSED_WITHIN = 1.0
# How often a host looks whether a page may still be read, and what the copy without that guard has.
STORE = Path("procedures/reading/store.py")
LOOKS, LOOKS_NEVER = "LOOK_EVERY = 1.0", "LOOK_EVERY = 3600.0"
# Of the first column.
WIDE = 92
DONE = "suspended"
SUSPEND = f"""
from django.utils import timezone
from procedures import publishing
from procedures.models import Revision
from procedures.status import RevisionStatus
from tests import factories
found = Revision.objects.get(status=RevisionStatus.PUBLISHED)
reason, by, now = "Seen on one host.", factories.staff("Clinician"), timezone.now()
publishing.suspend(found, version=found.version, by=by, reason=reason, now=now)
print("{DONE}")
"""


class Host:
    """A machine: a copy of the code, a web server, and senders of messages."""

    def __init__(
        self, folder: Path, environment: dict[str, str], senders: int, *, looks: bool = True
    ) -> None:
        self.folder, self.environment = folder, environment
        ignored = shutil.ignore_patterns(*NOT_COPIED)
        shutil.copytree(processes.ROOT, folder, ignore=ignored)
        if not looks:
            store = folder / STORE
            code = store.read_text()
            check(code.count(LOOKS) == 1, f"{STORE} has changed")
            store.write_text(code.replace(LOOKS, LOOKS_NEVER))
        (folder / "var").mkdir()
        self.manage("collectstatic", "--noinput", "-v0")
        self.port = proxies.free_port()
        self.log = folder / "var" / "web.log"
        bind = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "2"]
        web = [sys.executable, *served.SERVER, *bind]
        self.web = Service("clinic-web.service", web, environment, self.log, folder)
        loop = [sys.executable, "manage.py", "send_messages", "--loop"]
        log = folder / "var" / "worker.log"
        self.senders = [
            Service("clinic-worker.service", loop, environment, log, folder) for _ in range(senders)
        ]
        self.site = Site(self.port)

    def manage(self, *arguments: str) -> None:
        """Run a command on this host."""
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True)

    def stop(self) -> None:
        """Switch it off."""
        for service in (self.web, *self.senders):
            service.stop()

    def presses(self) -> int:
        """How often somebody pressed “Send” here, as its own log has it."""
        return self.log.read_text().count(f"POST {CHECK} ")


class Clinic(NamedTuple):
    """Two hosts, the patients in front of them, and what they share."""

    one: Host
    other: Host
    patients: Crowd
    database: Database
    mail: Mail


def same_page(clinic: Clinic) -> str:
    """A page is the same, byte for byte, on both."""
    first, second = (each.site.ask("read", clinic.patients.page) for each in hosts(clinic))
    check(first.status == second.status == 200, f"{first.status} and {second.status}")
    check(first.body == second.body, "the pages differ")
    return f"{len(first.body)} letters"


def requests_through_the_proxy(clinic: Clinic) -> str:
    """Patients whose steps reach either host have one request each."""
    with clinic.patients.inside():
        clinic.patients.wait_for(THROUGH_THE_PROXY, processes.PATIENCE)
    told = {each.key for each in clinic.patients.acknowledged}
    stored = clinic.database.stored()
    check(told <= stored.keys(), f"{len(told - stored.keys())} lost")
    check(max(stored.values()) == 1, "some are stored twice")
    shares = [each.presses() for each in hosts(clinic)]
    check(min(shares) > 0, f"one host had nothing to do: {shares}")
    return f"{len(told)} received, {shares[0]} presses on one host and {shares[1]} on the other"


def pressed_on_both(clinic: Clinic) -> str:
    """“Send” pressed on both hosts at the same moment is one request, and both say so."""
    sites = [each.site for each in hosts(clinic)]
    with ThreadPoolExecutor(2) as pair:
        for _ in range(ON_BOTH):
            form = clinic.patients.forms.pop()
            answers = list(pair.map(send, sites, (form, form)))
            check(
                all(each.location.endswith("/sent/") for each in answers),
                f"{[each.status for each in answers]}",
            )
            check(clinic.database.stored()[form["key"]] == 1, "stored twice, or not at all")
    return f"{ON_BOTH} forms, {2 * ON_BOTH} receipts"


def letters_leave_once(clinic: Clinic) -> str:
    """Three senders send each letter once."""
    wait(lambda: all(each.status == "sent" for each in clinic.database.letters()))
    written = {each.message_id for each in clinic.database.letters()}
    check(written == clinic.mail.taken.keys(), "some letters did not arrive")
    check(max(clinic.mail.taken.values()) == 1, "some letters arrived twice")
    return f"{len(written)} letters"


def suspended_everywhere(clinic: Clinic) -> str:
    """A page that is suspended on one host is closed on the other within a second."""
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", SUSPEND]
    where, environment = clinic.one.folder, clinic.one.environment
    with (
        watched(clinic.other.site, clinic.patients.page) as seen,
        subprocess.Popen(
            command, cwd=where, env=environment, stdout=subprocess.PIPE, text=True
        ) as running,
    ):
        said, _ = running.communicate()
        suspended = time.monotonic()
        check(said == f"{DONE}\n", f"not suspended: {said}")
        wait(lambda: seen[-1].status == 410)
    check(seen[0].status == 200, "the page was closed before")
    late = [each.asked for each in seen if each.status == 200 and each.asked > suspended]
    most = max([each - suspended for each in late], default=0.0)
    check(most < CLOSED_WITHIN, f"still open to somebody who asked {most:.1f} s later")
    return f"open to nobody who asked more than {most:.2f} s later"


class Look(NamedTuple):
    """When somebody asked for a page, and what they got."""

    asked: float
    status: int


@contextlib.contextmanager
def watched(site: Site, page: str) -> Iterator[list[Look]]:
    """Somebody who asks for the page again and again."""
    seen, over = [], threading.Event()

    def look() -> None:
        while not over.is_set():
            asked = time.monotonic()
            seen.append(Look(asked, site.ask("read", page).status))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        wait(lambda: bool(seen))
        yield seen
    finally:
        over.set()
        watcher.join()


def connections(clinic: Clinic) -> str:
    """The connections are as many as threads and senders need, and fewer than are allowed."""
    [(used,)] = clinic.database.rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL"
    )
    [(most,)] = clinic.database.rows("SELECT current_setting('max_connections')::int")
    check(used < most, f"{used} of {most}")
    return f"{used} of {most}"


def one_is_off(clinic: Clinic) -> str:
    """While one host is switched off, the other one serves everybody."""
    clinic.one.stop()
    answers = [clinic.patients.site.ask("read", "/") for _ in range(WITH_ONE_HOST)]
    answers.append(send(clinic.patients.site, clinic.patients.forms.pop()))
    check({each.status for each in answers} == {200, 302}, f"{[each.status for each in answers]}")
    wait(lambda: all(each.status == "sent" for each in clinic.database.letters()))
    check(max(clinic.mail.taken.values()) == 1, "some letters arrived twice")
    return f"{WITH_ONE_HOST} pages and a request"


CHECKS: tuple[Callable[[Clinic], str], ...] = (
    same_page,
    requests_through_the_proxy,
    pressed_on_both,
    letters_leave_once,
    connections,
    suspended_everywhere,
    one_is_off,
)


class Untrue(Exception):
    """Something that has to be true of two hosts is not."""


def check(holds: bool, otherwise: str) -> None:
    """Raise Untrue with these words unless it holds."""
    if not holds:
        raise Untrue(otherwise)


def wait(until: Callable[[], bool]) -> None:
    """Wait for something that takes a moment."""
    deadline = time.monotonic() + processes.PATIENCE
    while not until():
        check(time.monotonic() < deadline, "it never happened")
        threading.Event().wait(0.2)


def hosts(clinic: Clinic) -> tuple[Host, Host]:
    """Both of them."""
    return clinic.one, clinic.other


def send(site: Site, form: dict[str, str]) -> Answer:
    """Press “Send my request”."""
    said = {"csrfmiddlewaretoken": TOKEN, "key": form["key"]}
    return site.ask("press", CHECK, said, f"__Host-session={form['session']}; __Host-csrf={TOKEN}")


@contextlib.contextmanager
def running(folder: Path, *, looks: bool) -> Iterator[Clinic]:
    """Both hosts, once they answer through the proxy. Without `looks` the second one never looks."""
    with contextlib.ExitStack() as stack:
        filled = folder / "shared"
        filled.mkdir()
        fill(POSTGRESQL, filled)
        shared = stack.enter_context(database(POSTGRESQL, filled))
        mail = Mail()
        mail.open()
        stack.callback(mail.close)
        environment = {
            "PATH": os.environ["PATH"],
            **served.production(shared.url, KEYS),
            "DJANGO_SETTINGS_MODULE": "clinic_site.settings",
            "EMAIL_URL": f"smtp://127.0.0.1:{mail.port}",
        }
        both = []
        for name, senders in (("one", 2), ("other", 1)):
            both.append(Host(folder / name, environment, senders, looks=looks or name == "one"))
            stack.callback(both[-1].stop)
        certificate = proxies.make_certificate(folder)
        front = proxies.nginx(folder, both[0].port, certificate, both[1].port)
        site = proxies.Proxied(stack.enter_context(front), certificate)
        for each in (both[0].site, both[1].site, site):
            wait(partial(answers, each))
        yield Clinic(both[0], both[1], Crowd(site, filled / "forms.json"), shared, mail)


def answers(site: Site) -> bool:
    """Whether the site answers there."""
    with contextlib.suppress(*NO_ANSWER):
        return site.ask("probe", "/").status == 200
    return False


def main() -> None:
    """Try everything; exit with 1 if something is untrue, or is not although its guard is away."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--without-looks",
        action="store_true",
        help="Let the second host never look: a page suspended on the first has to stay open there.",
    )
    looks = not parser.parse_args().without_looks
    checks, untrue = CHECKS if looks else (suspended_everywhere,), 0
    with tempfile.TemporaryDirectory(prefix="clinic-hosts-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as its own user
        with running(Path(folder), looks=looks) as clinic:
            for each in checks:
                try:
                    outcome = each(clinic)
                except Untrue as said:
                    outcome, untrue = f"UNTRUE: {said}", untrue + 1
                sys.stdout.write(f"{each.__doc__:<{WIDE}}{outcome}\n")
                sys.stdout.flush()
    sys.exit(untrue != (0 if looks else len(checks)))


if __name__ == "__main__":
    main()
