"""What is in `deploy/`: each file is used as far as this machine allows.

The steps of the Dockerfile are done in a folder, and gunicorn is started there as the image starts it,
with nginx and Caddy in front of it. No test has a container engine, so none builds the image.
"""

import contextlib
import http.client
import ipaddress
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import yaml
from django.core.management import ManagementUtility

from clinic_site.evidence.parts import LOCKED
from tests import databases, processes
from tests.processes import PATIENCE, ROOT
from tests.proxies import (
    CADDY,
    NEWER_CADDY,
    NGINX,
    UNFINISHED,
    caddy,
    drip,
    free_port,
    make_certificate,
    nginx,
    version_of_caddy,
)
from tests.served import production

DEPLOY = ROOT / "deploy"
SYSTEMD = DEPLOY / "systemd"
UNITS = sorted(path.name for path in SYSTEMD.glob("clinic-*.*") if path.is_file())
HOME = "/srv/clinic"
# By systemd's own count, from 0 to 10. Without hardening a service has 9.6.
MOST_EXPOSED = 1.5


# --- systemd ----------------------------------------------------------------------------------


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units as they are installed, except that the code is where it is here."""
    shutil.copytree(SYSTEMD, tmp_path / "system")
    for path in (tmp_path / "system").rglob("*.*"):
        if path.is_file():
            path.write_text(path.read_text().replace(HOME, str(ROOT)))
    return tmp_path / "system"


def analyze(*command: str, units: Path) -> str:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        ["systemd-analyze", *command],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{units}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_has_nothing_against_the_units(units: Path) -> None:
    # Its man pages and its users are not ours to check.
    assert analyze("verify", "--man=no", *UNITS, units=units) == ""


@pytest.mark.parametrize("unit", [name for name in UNITS if name.endswith(".service")])
def test_a_service_may_do_little_more_than_its_work(unit: str, units: Path) -> None:
    threshold = f"--threshold={MOST_EXPOSED * 10:.0f}"
    told = analyze("security", "--offline=true", "--no-pager", threshold, unit, units=units)
    assert "Overall exposure level" in told
    shutil.rmtree(units / "clinic-.service.d")
    with pytest.raises(AssertionError, match="9"):
        analyze("security", "--offline=true", "--no-pager", threshold, unit, units=units)


# --- The Dockerfile, step by step ------------------------------------------------------------


class Step(NamedTuple):
    """One instruction of a Dockerfile."""

    does: str
    what: str


def steps() -> list[Step]:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    return [Step(*line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def only(does: str) -> str:
    (found,) = [step.what for step in steps() if step.does == does]
    return found


class Image(NamedTuple):
    """What the image would contain, and the environment in which its commands are run."""

    root: Path
    environment: dict[str, str]

    def run(self, command: str) -> None:
        subprocess.run(
            command,
            shell=True,
            cwd=self.root,
            env=self.environment,
            check=True,
            capture_output=True,
        )


# What the machine has already, or what needs an account that it does not have.
KEYS = SimpleNamespace(
    SECRET_KEY="only-for-tests" * 5,
    SEALING_KEY="only-for-tests-too" * 5,
    LOG_KEY="only-for-tests-as-well" * 5,
)
DONE_OTHERWISE = ("apt-get ", "useradd ", "python -m venv ", "install --directory --owner clinic ")


def make_image(root: Path) -> Image:
    """Do the steps of the Dockerfile in a folder, with the packages that are installed here."""
    made = Image(root, {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"})
    for step in steps():
        if step.does == "COPY":
            source, target = step.what.split()
            to = root / target / (source if target == "./" else "")
            to.parent.mkdir(exist_ok=True)
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, to)
        elif step.does == "RUN" and not step.what.startswith(DONE_OTHERWISE):
            made.run(step.what)
    return made


def test_the_image_runs_as_nobody_special_and_keeps_no_secret() -> None:
    order = [step.does for step in steps()]
    assert order.index("USER") < order.index("HEALTHCHECK") < order.index("CMD")
    assert only("USER") == "clinic"
    assert not [step for step in steps() if step.does == "ENV" and "KEY" in step.what]
    copied = {step.what.split()[0] for step in steps() if step.does == "COPY"}
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignored if line.startswith("!")} == copied


def test_packages_are_installed_by_their_hashes() -> None:
    """In the image, by the guide and by our scripts; but the extra for leaflets is not."""
    lock = (ROOT / "requirements.txt").read_text()
    packages = re.findall(r"^[\w.-]+.*==.*\\\n    --hash=sha256:", lock, re.MULTILINE)
    assert len(packages) == len(LOCKED.findall(lock)) > 30
    files = [DEPLOY / "Dockerfile", *(ROOT / "script").iterdir()]
    texts = [path.read_text() for path in files if path.is_file()]
    installs = re.findall(r"pip install.*", "\n".join([GUIDE, *texts]))
    assert [each for each in installs if "--require-hashes" not in each] == [
        "pip install weasyprint`, and Pango from the system)."
    ]
    assert len(installs) > 5


class Served(NamedTuple):
    """The web server as the image starts it."""

    port: int
    log: Path

    def wait_for(self, text: str) -> str:
        """The log, once it contains this: a request is logged after its answer."""
        deadline = time.monotonic() + PATIENCE
        while text not in (log := self.log.read_text()):
            assert time.monotonic() < deadline, log
        return log


@contextlib.contextmanager
def serve(image: Image, folder: Path) -> Iterator[Served]:
    """Start the web server on a database of its own, with the settings of a clinic behind one proxy."""
    environment = image.environment | production(f"sqlite:///{folder}/clinic.sqlite3", KEYS)
    environment |= {"DJANGO_SETTINGS_MODULE": "clinic_site.settings"}
    databases.copy(databases.migrated(), folder / "clinic.sqlite3")
    command = json.loads(only("CMD"))
    with processes.listening() as server, (folder / "log").open("w") as log:
        command[command.index("0.0.0.0:8000")] = f"fd://{server.fileno()}"
        with subprocess.Popen(
            command, cwd=image.root, env=environment, stderr=log, pass_fds=[server.fileno()]
        ) as process:
            try:
                yield Served(server.getsockname()[1], folder / "log")
            finally:
                process.terminate()
                process.wait(PATIENCE)


def check_health(image: Image, served: Served) -> None:
    """The image's own check finds the server healthy, and a port without one not."""
    _, check = only("HEALTHCHECK").split("CMD ")
    program, option, code = json.loads(check)
    assert ":8000/" in code

    def is_healthy(port: int) -> bool:
        there = code.replace(":8000/", f":{port}/").replace("=4)", f"={PATIENCE})")
        command = [program, option, there]
        done = subprocess.run(command, env=image.environment, capture_output=True, check=False)
        return done.returncode == 0

    assert is_healthy(served.port)
    assert not is_healthy(free_port())


# --- Compose ----------------------------------------------------------------------------------


def test_the_services_of_compose_write_nowhere_and_wait_for_each_other() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert list(services) == ["migrate", "web", "worker", "daily", "database", "proxy"]
    for name in ("migrate", "web", "worker", "daily"):
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["security_opt"] == ["no-new-privileges:true"]
        assert (services[name]["tmpfs"], services[name]["volumes"]) == (
            ["/tmp"],
            ["clinic:/var/lib/clinic"],
        )
        assert services[name]["environment"]["PROXIES"] == "1"
    assert services["worker"]["command"] == ["python", "manage.py", "send_messages", "--loop"]
    assert services["web"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_from_outside_only_the_proxy_is_reached() -> None:
    unit = (DEPLOY / "systemd" / "clinic-web.service").read_text()
    assert re.findall(r"--bind (\S+)", unit) == ["127.0.0.1:8000"]
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}
    assert published == {"proxy": ["80:80", "443:443"]}
    assert not [name for name, each in services.items() if "network_mode" in each]


def test_with_docker_nobody_migrates_before_a_new_database_can_be_reached() -> None:
    """The server that prepares it answers on a socket alone, and is stopped again."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    program, *options = services["database"]["healthcheck"]["test"][1:]
    assert program == "pg_isready"
    assert options[options.index("--host") + 1] == "127.0.0.1"


def test_with_docker_the_proxy_shows_its_page_while_the_site_is_updated() -> None:
    """Compose stops whatever waits for a service, and starts it again only when that is healthy."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert "depends_on" not in services["proxy"]
    assert "build" not in services["proxy"]


def test_with_docker_the_site_sees_the_ipv6_addresses_of_its_visitors() -> None:
    """Without addresses of that kind in its network, Docker replaces them with its own."""
    network = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]["default"]
    assert network["enable_ipv6"] is True
    (pool,) = network["ipam"]["config"]
    assert ipaddress.ip_network(pool["subnet"]).is_private
    assert ipaddress.ip_network(pool["subnet"]).version == 6


def test_git_does_not_take_the_settings_of_docker(tmp_path: Path) -> None:
    """They are in the folder of the code, and contain every secret."""
    shutil.copy(ROOT / ".gitignore", tmp_path)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    ignored = subprocess.run(["git", "check-ignore", SETTINGS], cwd=tmp_path, check=False)
    assert ignored.returncode == 0


def test_with_docker_only_migrations_own_the_tables() -> None:
    """No other service of ours knows the owner's password, which the file of settings has."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    ours = {name: each["environment"] for name, each in services.items() if "env_file" in each}
    accounts = {
        name: each["DATABASE_URL"].removeprefix("postgres://").partition(":")[0]
        for name, each in ours.items()
    }
    site = dict.fromkeys(("web", "worker", "daily"), "clinic_site")
    assert accounts == {"migrate": services["database"]["environment"]["POSTGRES_USER"]} | site
    assert {ours[name]["POSTGRES_PASSWORD"] for name in site} == {""}
    _, _, commands = services["migrate"]["command"]
    assert commands.split(" && ") == [
        "python manage.py migrate",
        "python manage.py serving_role clinic_site --apply --make",
    ]


def test_with_docker_something_runs_every_day(tmp_path: Path) -> None:
    daily = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["daily"]
    assert daily["init"] is True
    shell, option, loop = daily["command"]
    log = tmp_path / "log"
    # A sleep of which the third is the end, and the script that fails: the loop goes on all the same.
    (tmp_path / "deploy").mkdir()
    said = f'echo "$0 $*" | sed "s|.*/||" >>{log}'
    for name, last in (
        ("sleep", f"[ $(grep -c sleep {log}) -lt 3 ]"),
        ("deploy/daily", "exit 1"),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{said}\n{last}\n")
        (tmp_path / name).chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run([shell, option, loop], cwd=tmp_path, env={"PATH": path}, check=True)
    ran = [line.strip() for line in log.read_text().splitlines()]
    assert ran == ["sleep 600", "daily", "sleep 85800", "sleep 600"]
    assert timedelta(seconds=600 + 85800) == timedelta(days=1)


def test_the_example_of_the_settings_is_complete_and_refused_until_its_keys_are_made(
    tmp_path: Path,
) -> None:
    listed = set(re.findall(r"^(\w+)=", (DEPLOY / "clinic.env.example").read_text(), re.MULTILINE))
    documented = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in listed if f"`{name}`" not in documented] == []
    settings = tmp_path / "clinic.env"
    settings.write_text((DEPLOY / "clinic.env.example").read_text())
    command = [str(DEPLOY / "manage"), "check"]
    environment = {"CLINIC_SETTINGS": str(settings), "CLINIC_ACCOUNT": "root"}
    environment |= {"PATH": os.environ["PATH"]}
    refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert re.findall(r"variable (\w+)\.", refused.stderr) == [
        "SECRET_KEY",
        "SEALING_KEY",
        "LOG_KEY",
    ]
    settings.write_text(settings.read_text().replace("_KEY=''", f"_KEY='{'a1' * 30}'"))
    subprocess.run(command, env=environment, check=True, capture_output=True)


def test_what_a_restore_needs_leaves_with_the_backups() -> None:
    example = (DEPLOY / "clinic.env.example").read_text()
    (folder,) = re.findall(r"backups are written \((\S+)\)", example)
    found = dict(re.findall(r"^(HEADS_FOLDER|ERASURES_FILE)='(.*)'$", example, re.MULTILINE))
    assert found == {
        "HEADS_FOLDER": f"{folder}/heads",
        "ERASURES_FILE": f"{folder}/erasures.jsonl",
    }


# --- Proxies ----------------------------------------------------------------------------------

# Twice as many as the server has threads.
SLOW = 24


class Site:
    """The site as visitors reach it, through a proxy with TLS."""

    def __init__(self, port: int, certificate: Path) -> None:
        self.port = port
        self.context = ssl.create_default_context(cafile=str(certificate))

    def ask(
        self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Ask through the proxy, as a browser does."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        channel = http.client.HTTPConnection("clinic.example")
        with self.context.wrap_socket(plain, server_hostname="clinic.example") as channel.sock:
            channel.request("POST" if body is not None else "GET", path, body, headers or {})
            answer = channel.getresponse()
            content = answer.read()
        return answer, content


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return make_certificate(tmp_path)


def visit(through: Any, served: Served, folder: Path, certificate: Path) -> None:
    """Do what visitors do, the hostile and the slow ones too, through this proxy."""
    folder.mkdir()
    made_up = {"X-Forwarded-For": "203.0.113.9", "X-Request-ID": "0" * 32}
    with through(folder, served.port, certificate) as port:
        site = Site(port, certificate)
        answer, page = site.ask("/urgent/", headers=made_up)
        assert (answer.status, b"999" in page) == (200, True)
        assert answer.headers["Strict-Transport-Security"]
        # The proxy's own id: what a visitor sends is not believed.
        request_id = answer.headers["X-Request-ID"]
        assert (len(request_id) >= 32, request_id != made_up["X-Request-ID"]) == (True, True)
        (style,) = set(re.findall(rb'href="(/static/css/site\.[0-9a-f]+\.css)"', page))
        answer, _ = site.ask(style.decode(), headers={"Accept-Encoding": "br"})
        assert (answer.status, answer.headers["Content-Encoding"]) == (200, "br")
        assert site.ask("/health/ready")[1] == b"ready\n"
        form = "/appointments/request/"
        answer, page = site.ask(form, b"a" * 1_500_000)
        assert (answer.status, b"<h1>" in page) == (413, True)
        # As long as the site allows. It arrives there, and is refused because it has no token.
        assert site.ask(form, b"a" * 900_000)[0].status == 403
        assert site.ask("/appointments/mine/link/Canary/")[0].status == 404
        assert site.ask("/search/?q=Canary")[0].status == 200
        with contextlib.ExitStack() as slow:
            for _ in range(SLOW):
                slow.enter_context(drip(port, site.context))
            assert site.ask("/search/?q=knee")[0].status == 200
    written = served.wait_for(f'"request": "{request_id}"') + (folder / "access.log").read_text()
    assert "Canary" not in written
    assert made_up["X-Forwarded-For"] not in written


def speaks(version: ssl.TLSVersion, port: int, ciphers: str = "ALL") -> bool:
    """Whether a proxy accepts this version of TLS with one of these ciphers, however weak."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):  # of the old versions
        context.minimum_version = context.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    try:
        with context.wrap_socket(plain, server_hostname="clinic.example"):
            return True
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.parametrize(("through", "program"), [(nginx, NGINX), (caddy, CADDY)])
def test_what_a_proxy_answers_itself_names_the_phone_number(
    through: Any, program: str | None, tmp_path: Path, certificate: Path
) -> None:
    if not program:
        pytest.skip(f"{through.__name__} is not installed")
    with through(tmp_path, free_port(), certificate) as port:
        site = Site(port, certificate)
        assert [v for v in ssl.TLSVersion if v > 0 and speaks(v, port)] == [
            ssl.TLSVersion.TLSv1_2,
            ssl.TLSVersion.TLSv1_3,
        ]
        # Only announced: who goes on sending may find the connection closed before the page arrives.
        # Newer versions of Caddy read it before they answer.
        reads = through is caddy and version_of_caddy() >= NEWER_CADDY
        body = b"a" * 3_000_000 if reads else b""
        too_large = site.ask("/appointments/request/", body, {"Content-Length": "3000000"})
        for status, (answer, page), says in (
            (413, too_large, b"That was too long to send"),
            (502, site.ask("/"), b"This is our fault"),
        ):
            assert (answer.status, answer.headers["Content-Type"]) == (
                status,
                "text/html; charset=utf-8",
            )
            assert says in page
            assert b"020 7946 0958" in page
            assert b"999" in page


@pytest.mark.parametrize(("through", "program"), [(nginx, NGINX), (caddy, CADDY)])
def test_a_proxy_offers_recommended_ciphers_alone(
    through: Any, program: str | None, tmp_path: Path, certificate: Path
) -> None:
    """Those of RFC 9325 for TLS 1.2, with the RSA certificate of the test; TLS 1.3 has no others."""
    if not program:
        pytest.skip(f"{through.__name__} is not installed")
    context = ssl.create_default_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    known = [each["name"] for each in context.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert {"AES128-SHA", "DHE-RSA-AES256-SHA", "ECDHE-RSA-AES128-SHA256"} <= {*known}
    with through(tmp_path, free_port(), certificate) as port:
        taken = {name for name in known if speaks(ssl.TLSVersion.TLSv1_2, port, name)}
    assert taken == {
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-RSA-CHACHA20-POLY1305",
    }


def stop_by_being_slow(served: Served) -> None:
    """The twin: without a proxy, slow visitors stop the site."""
    with contextlib.ExitStack() as slow:
        for _ in range(SLOW):
            plain = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)
            slow.enter_context(plain).sendall(UNFINISHED)
        quick = slow.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=2))
        quick.sendall(b"GET /health/live HTTP/1.1\r\nHost: clinic.example\r\n\r\n")
        with pytest.raises(TimeoutError):
            quick.recv(1)


@pytest.mark.lengthy
def test_r13_the_image_serves_and_each_proxy_keeps_slow_visitors_from_it(
    tmp_path: Path, certificate: Path
) -> None:
    proxies = {nginx: NGINX, caddy: CADDY}
    (tmp_path / "image").mkdir()
    image = make_image(tmp_path / "image")
    with serve(image, tmp_path) as served:
        check_health(image, served)
        for through, program in proxies.items():
            if program:
                visit(through, served, tmp_path / through.__name__, certificate)
        stop_by_being_slow(served)
    if missing := [through.__name__ for through, program in proxies.items() if not program]:
        pytest.skip(f"all is well, except that these are not installed: {', '.join(missing)}")


# --- The guide --------------------------------------------------------------------------------

GUIDE = (ROOT / "docs" / "operations.md").read_text()
# The programs that it asks for, and that Debian has from the start or after step 1.
PROGRAMS = {
    *(
        "adduser",
        "age-keygen",
        "apt-get",
        "awk",
        "cat",
        "cd",
        "cp",
        "curl",
        "docker",
        "dotnet",
        "editor",
        "git",
        "grep",
        "haveibeenpwned-downloader",
    ),
    *(
        "gunicorn",
        "install",
        "journalctl",
        "python3",
        "rclone",
        "runuser",
        "sed",
        "sqlite3",
        "ssh",
        "tar",
    ),
    *("systemctl", "uvx", "rm", "pg_createcluster", "pg_ctlcluster", "litestream"),
}
# The ways to run a command of ours.
MANAGE = (["python", "manage.py"], [".venv/bin/python", "manage.py"], ["deploy/manage"])
# What the reader makes.
SETTINGS = "deploy/clinic.env"
# Lines of the configurations of Postfix and Prometheus, and of a table of events.
OTHER_LANGUAGES = (
    *("returned", "scrape_", "- job", "scheme:", "authorization:", "static_configs:"),
    *("identifier,", "nice:", "pmid:"),
)


def commands() -> list[str]:
    """Every command in the guide, one by one, without comments."""
    found: list[list[str]] = []
    for line in re.findall(r"^ {4,}(\S.*)$", GUIDE, re.MULTILINE):
        if line.startswith(OTHER_LANGUAGES):
            continue
        words = shlex.shlex(line, posix=True, punctuation_chars=";|&")
        words.whitespace_split = True
        found.append([])
        for word in words:
            if word in {"&&", "|", ";"}:
                found.append([])
            else:
                found[-1].append(word)
    return [shlex.join(words) for words in found if words]


@pytest.mark.parametrize("command", dict.fromkeys(commands()))
def test_each_command_of_the_guide_can_be_typed(command: str) -> None:
    words = [
        word
        for word in shlex.split(command)
        if not word.startswith(("CLINIC_SETTINGS=", "CLINIC_ACCOUNT="))
    ]
    ours = next((way for way in MANAGE if words[: len(way)] == way), None)
    if ours:
        name, *options = (word.replace("NUMBER", "1") for word in words[len(ours) :])
        own = ManagementUtility().fetch_command(name)
        own.create_parser("manage.py", name).parse_args(options)
    elif words[0].startswith("script/"):
        assert os.access(ROOT / words[0], os.X_OK)
    elif words[0].startswith(".venv/bin/"):
        assert Path(sys.executable).with_name(Path(words[0]).name).exists()
    else:
        assert words[0] in PROGRAMS
    for word in words:
        if "deploy/" in word and not word.startswith("ALTER ") and word != SETTINGS:
            assert (ROOT / word.removeprefix(f"{HOME}/")).exists()
        if words[0] in {"systemctl", "journalctl"} and word.startswith("clinic-"):
            assert {word, f"{word}.service"} & {*UNITS}


def test_every_day_is_done_what_the_guide_says() -> None:
    section = GUIDE.partition("## Run these every day")[2].partition("Commands that")[0]
    listed = re.findall(r"python manage\.py (.+?)  +#", section)
    (done,) = re.findall(r"for command in (.+); do", (DEPLOY / "daily").read_text())
    # Without a folder for backups there are none.
    assert shlex.split(done.replace("${BACKUP_FOLDER:+backup}", "backup")) == listed


@pytest.mark.parametrize(
    ("fails", "folder", "failed"),
    [("none", "", ""), ("copy_heads|backup", "/backups", "copy_heads, backup")],
)
def test_all_of_it_is_done_and_the_operator_is_told_what_failed(
    fails: str, folder: str, failed: str, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    log = tmp_path / "log"
    python.write_text(f'#!/bin/sh\necho "$*" >>{log}\ncase "$2" in {fails}) exit 1; esac\n')
    python.chmod(0o755)
    environment = {"PYTHON": str(python), "BACKUP_FOLDER": folder, "PATH": os.environ["PATH"]}
    subprocess.run([str(DEPLOY / "daily")], env=environment, check=True)
    *before, last = log.read_text().splitlines()
    ran = [line.split()[1] for line in before]
    assert ran == ["reviews_due", "copy_heads", "verify_pages", *(["backup"] if folder else [])]
    assert last == f"manage.py doctor --mail --failed {failed}"


def test_the_guide_leaves_nothing_out() -> None:
    assert len(commands()) > 40
    assert [name for name in UNITS if name.removesuffix(".service") not in GUIDE] == []
    folders = (DEPLOY, DEPLOY / "prometheus", DEPLOY / "grafana")
    files = {str(path.relative_to(ROOT)) for each in folders for path in each.glob("*.*")}
    files |= {
        "deploy/Dockerfile",
        "deploy/daily",
        "deploy/manage",
        "deploy/Caddyfile",
        "deploy/wal",
    }
    assert sorted(name for name in files if name not in GUIDE) == ["deploy/Dockerfile.dockerignore"]
