"""What can break, one function each: break it, wait, and repair what does not repair itself."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.faults.hostile import send_hostile_forms, send_odd_bytes
from tests.faults.installation import (
    POSTGRESQL,
    SQLITE,
    Database,
    Installation,
    Service,
)
from tests.faults.patients import Crowd
from tests.proxies import CADDY, NGINX, Proxied, caddy, drip, nginx

REQUESTS, SESSIONS, TEXTS = "bookings_appointmentrequest", "django_session", "procedures_revision"
SLOW = 24
COMPILER = shutil.which("cc")
CLOCK = "clock"
JUMPS = {"+1h": 3600, "-1h": -3600, "-1d": -86400}


class Scene(NamedTuple):
    """What a fault may use, and for how many seconds it lasts."""

    site: Installation
    crowd: Crowd
    seconds: float


def _without(program: object, name: str) -> str:
    return "" if program else f"{name} is not installed"


Act = Callable[[Scene], None]
Proxy = Callable[[Path, int, Path], contextlib.AbstractContextManager[int]]
BOTH = (SQLITE, POSTGRESQL)


class Fault(NamedTuple):
    """One row of the table."""

    name: str
    act: Act
    kinds: tuple[str, ...] = BOTH
    # In how many megabytes the database has to fit; 0 for no limit.
    megabytes: int = 0
    # Whether the programs have a clock that can be turned, and visitors come through a proxy.
    clock: bool = False
    proxy: Proxy | None = None
    # Why it cannot be tried here; empty if it can.
    lacks: str = ""


# --- Programs that are killed -----------------------------------------------------------------


def kill_web_processes(scene: Scene) -> None:
    """Kill one after another of the processes that answer."""
    end = time.monotonic() + scene.seconds
    while time.monotonic() < end:
        if children := scene.site.web.children():
            with contextlib.suppress(OSError):
                os.kill(random.choice(children), signal.SIGKILL)
        time.sleep(0.4)


def kill_web_server(scene: Scene) -> None:
    """Kill the main process. systemd starts it again."""
    scene.site.web.kill()


def kill_worker(scene: Scene) -> None:
    """Kill the worker twice, whatever it is doing."""
    for _ in range(2):
        first = scene.site.worker.process
        scene.site.worker.kill()
        _wait_for_another(scene.site.worker, first.pid)


def _wait_for_another(service: Service, than: int) -> None:
    while service.process.pid == than:
        time.sleep(0.1)


def reload_five_times(scene: Scene) -> None:
    """Reload the code, as `systemctl reload clinic-web` does."""
    for _ in range(5):
        scene.site.web.process.send_signal(signal.SIGHUP)
        time.sleep(scene.seconds / 5)


def kill_postgresql(scene: Scene) -> None:
    """Kill the server, and start it again as soon as its processes have ended."""
    server = scene.site.database.server
    os.kill(server.get_pid(), signal.SIGKILL)
    time.sleep(scene.seconds)
    server.start()


def stop_postgresql(scene: Scene) -> None:
    """Stop the server for a while."""
    scene.site.database.server.stop()
    time.sleep(scene.seconds)
    scene.site.database.server.start()


# --- A database that refuses ------------------------------------------------------------------


def lock(table: str) -> Act:
    """Hold what a long transaction holds: the one lock of SQLite, or this table."""

    def act(scene: Scene) -> None:
        with scene.site.database.connect() as connection:
            connection.execute("BEGIN" if scene.site.database.server else "BEGIN IMMEDIATE")
            if scene.site.database.server:
                connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            time.sleep(scene.seconds)
            connection.execute("ROLLBACK")

    return act


def make_read_only(scene: Scene) -> None:
    """Let nobody write: PostgreSQL as a standby server, SQLite by the rights of its files."""
    database = scene.site.database
    if database.server:
        _set_read_only(database, "on")
        time.sleep(scene.seconds)
        _set_read_only(database, "off")
        return
    files = list(database.folder.glob("clinic.sqlite3*"))
    for path in files:
        path.chmod(0o400)
    database.folder.chmod(0o500)
    time.sleep(scene.seconds)
    database.folder.chmod(0o755)
    for path in files:
        path.chmod(0o600)


def _set_read_only(database: Database, value: str) -> None:
    with database.connect() as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf()")


def fill_the_disk(scene: Scene) -> None:
    """Fill the disk of the database, and free it again."""
    balloon = scene.site.database.folder / "balloon"
    with balloon.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    time.sleep(scene.seconds)
    balloon.unlink()
    if server := scene.site.database.server:
        server.start()  # it may have ended; if not, this does nothing


def spoil_a_block(scene: Scene) -> None:
    """Overwrite the first block of the texts' table on the disk, and put the bytes back."""
    database = scene.site.database
    if database.server:
        where = "SELECT current_setting('data_directory') || '/' || pg_relation_filepath('%s')"
        file, at = Path(database.rows(where % TEXTS)[0][0]), 0
        database.server.stop()
    else:
        found = f"SELECT rootpage FROM sqlite_master WHERE name = '{TEXTS}'"
        with database.connect() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file, at = database.file, (database.rows(found)[0][0] - 1) * 4096
    with _spoilt(file, at):
        if database.server:
            database.server.start()
        time.sleep(scene.seconds)
        if database.server:
            database.server.stop()
    if database.server:
        database.server.start()


@contextlib.contextmanager
def _spoilt(file: Path, at: int) -> Iterator[None]:
    with file.open("r+b") as bytes_of:
        bytes_of.seek(at)
        kept = bytes_of.read(4096)
        bytes_of.seek(at)
        bytes_of.write(b"\xa5" * 4096)
    yield
    with file.open("r+b") as bytes_of:
        bytes_of.seek(at)
        bytes_of.write(kept)


def change_a_byte_of_a_page(scene: Scene) -> None:
    """Change one letter of a signed text. The page has to close, and the check to name it."""
    site = scene.site
    with site.database.connect() as connection:
        connection.execute(f"UPDATE {TEXTS} SET fragment = replace(fragment, 'thing', 'thong')")
    deadline = time.monotonic() + 90
    while not any(each.status == 410 for each in scene.crowd.site.answers):
        assert time.monotonic() < deadline, "the changed page is still shown"
        time.sleep(0.1)
    assert site.manage("verify_pages") == 1
    with site.database.connect() as connection:
        connection.execute(f"UPDATE {TEXTS} SET fragment = replace(fragment, 'thong', 'thing')")


# --- The mail server --------------------------------------------------------------------------


def break_mail(mode: str) -> Act:
    """Let the mail server answer like this, or hang, or hang up, for a while."""

    def act(scene: Scene) -> None:
        scene.site.mail.mode = mode
        time.sleep(scene.seconds)
        scene.site.mail.mode = ""

    return act


def refuse_mail(scene: Scene) -> None:
    """Let no mail server listen for a while."""
    scene.site.mail.close()
    time.sleep(scene.seconds)
    scene.site.mail.open()


# --- Visitors, and the clock --------------------------------------------------------------------


def be_slow(scene: Scene) -> None:
    """Keep as many forms half sent as the server has threads, twice over."""
    front = scene.crowd.site
    assert isinstance(front, Proxied)
    with contextlib.ExitStack() as slow:
        for _ in range(SLOW):
            slow.enter_context(drip(front.port, front.context))
        time.sleep(scene.seconds)


def be_hostile(scene: Scene) -> None:
    """Send forms and bytes that no browser sends."""
    scene.crowd.pause *= 10  # it takes minutes, and there are only so many patients
    posts = int(scene.seconds * 1000)
    scene.crowd.unclear += [
        *send_hostile_forms(scene.site.port, posts),
        *send_odd_bytes(scene.site.port),
    ]
    scene.crowd.pause /= 10


def turn_the_clock(scene: Scene) -> None:
    """Let the clock of the web server and of the worker jump, forwards and back."""
    for seconds in (*JUMPS.values(), 0):
        _set_clock(scene.site.folder, seconds)
        time.sleep(scene.seconds / len(JUMPS))


def with_a_clock(folder: Path) -> list[str]:
    """What stands before a program so that its clock is the one of `turn_the_clock`."""
    (folder / CLOCK).touch()
    _set_clock(folder, 0)
    source, made = Path(__file__).with_name("clock.c"), folder / "clock.so"
    subprocess.run([str(COMPILER), "-shared", "-fPIC", "-O2", "-o", made, source], check=True)
    return ["env", f"LD_PRELOAD={made}", f"CLOCK_AHEAD={folder / CLOCK}"]


def _set_clock(folder: Path, ahead: int) -> None:
    with (folder / CLOCK).open("r+b") as file:  # in place: the programs have mapped it
        file.write(ahead.to_bytes(8, "little", signed=True))


# --- The table ----------------------------------------------------------------------------------

FAULTS = (
    Fault("web processes killed, one every 0.4 s", kill_web_processes),
    Fault("web server killed", kill_web_server),
    Fault("web server reloaded five times", reload_five_times),
    Fault("worker killed twice", kill_worker),
    Fault("database server killed", kill_postgresql, kinds=(POSTGRESQL,)),
    Fault("database server stopped", stop_postgresql, kinds=(POSTGRESQL,)),
    Fault("table of requests locked", lock(REQUESTS)),
    Fault("table of sessions locked", lock(SESSIONS), kinds=(POSTGRESQL,)),
    Fault("database read-only", make_read_only),
    *(
        Fault(
            "disk of the database full",
            fill_the_disk,
            kinds=(kind,),
            megabytes=megabytes,
            lacks="" if os.geteuid() == 0 else "only root can make a small disk",
        )
        for kind, megabytes in ((SQLITE, 24), (POSTGRESQL, 300))
    ),
    Fault("block of the database spoilt", spoil_a_block),
    Fault("letter of a signed page changed", change_a_byte_of_a_page),
    Fault("mail server refuses connections", refuse_mail),
    Fault("mail server hangs", break_mail("hang")),
    Fault("mail server says 451", break_mail("451 4.3.0 Try later")),
    Fault("mail server says 550 to our sender", break_mail("550 5.7.1 Not from you")),
    Fault("mail server says 550 to each patient", break_mail("550 5.1.1 Nobody here")),
    Fault("mail server hangs up after DATA", break_mail("drop")),
    Fault(
        f"{SLOW} slow clients, through Caddy", be_slow, proxy=caddy, lacks=_without(CADDY, "Caddy")
    ),
    Fault(
        f"{SLOW} slow clients, through nginx", be_slow, proxy=nginx, lacks=_without(NGINX, "nginx")
    ),
    Fault("hostile forms and bytes", be_hostile),
    Fault(
        f"clock jumps ({', '.join(JUMPS)}, right again)",
        turn_the_clock,
        clock=True,
        lacks=_without(COMPILER, "a C compiler"),
    ),
)
