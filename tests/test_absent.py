"""What this software has none of. Whoever adds one of these also answers for it in `docs/evidence`."""

import ast
import functools
import re
from pathlib import Path

from django.conf import settings

from bookings.models import AppointmentRequest, RedFlag

ROOT = Path(__file__).parent.parent
PACKAGES = set(re.findall(r"^([\w-]+)==", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
SCRIPTS = "".join(path.read_text() for path in sorted((ROOT / "static" / "js").rglob("*.js")))


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of ours, parsed."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): ast.parse(path.read_text())
        for folder in ("procedures", "bookings", "clinic_site")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@functools.cache
def imported(tree: ast.Module) -> set[str]:
    """The full name of everything that a module imports, with every package above it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return {
        ".".join(name.split(".")[:parts])
        for name in names
        for parts in range(1, name.count(".") + 2)
    }


def users_of(*names: str) -> set[str]:
    """The modules of ours that import one of these."""
    return {module for module, tree in modules().items() if imported(tree) & set(names)}


def has_package(pattern: str) -> list[str]:
    return [name for name in sorted(PACKAGES) if re.search(pattern, name)]


def test_no_code_is_made_from_text() -> None:
    called = {
        ast.unparse(node.func)
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert called & {"eval", "exec", "compile", "__import__", "os.system", "os.popen"} == set()
    assert not re.search(r"\b(?:eval|Function|setTimeout)\(\s*[\"'`]", SCRIPTS)
    shells = [
        module
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "shell"
    ]
    assert shells == []


def test_no_object_is_made_from_bytes_that_came_from_outside() -> None:
    assert users_of("pickle", "marshal", "shelve", "yaml", "dill", "jsonpickle") == set()
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"


def test_nothing_from_outside_is_read_as_xml() -> None:
    # The command that reads what our own run of the tests wrote.
    assert users_of("xml", "lxml", "defusedxml") == {"clinic_site.evidence.outcomes"}


def test_no_query_language_but_sql_is_spoken() -> None:
    assert has_package(r"ldap|xpath|lxml|latex|jndi|memcache|pylibmc|mongo|graphene|graphql") == []
    assert users_of("ldap", "ldap3", "lxml", "pymemcache", "graphene", "strawberry") == set()


def test_there_is_no_web_socket_and_no_message_between_windows() -> None:
    assert has_package(r"channels|websocket|daphne|uvicorn") == []
    assert not re.search(
        r"WebSocket|RTCPeerConnection|postMessage|EventSource|localStorage|sessionStorage", SCRIPTS
    )


def test_no_other_site_says_who_somebody_is() -> None:
    assert has_package(r"oauth|oidc|openid|saml|jwt|jose|allauth|social") == []
    assert users_of("jwt", "jose", "oauthlib", "saml2", "allauth") == set()


def test_a_script_writes_no_html_of_its_own() -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", SCRIPTS)


# Whatever reaches another machine, and who receives something by it in the record of processing
# (`clinic_site.papers.settled`). Empty for what sends nothing to anybody.
REACHING = {
    "bookings.messages.failures": "",  # the names of what a mail server answers
    "bookings.messages.outbox": "Mail server",
    "bookings.messages.sms": "Provider of text messages",
    "bookings.messages.twilio": "Provider of text messages",  # what `sms` asks of it
    "bookings.outside.webhooks": "Other systems that are told what happens",
    "clinic_site.backups.databases": "",  # pg_dump and pg_restore
    "clinic_site.backups.moving": "",  # migrate, for another database
    "clinic_site.doctor": "",  # greets the mail server, and opens our own address
    "clinic_site.gunicorn": "",  # starts the site's own check
    "clinic_site.weaknesses": "",  # says which libraries run here
    "procedures.ground.exchanges": "",  # how the others reach them, in time
    "procedures.log.stamps": "Time authority",  # if the operator has set one
    "procedures.log.verify": "",  # the program that readers download to check a page
    "procedures.log.witness": "",  # reads the logs that we watch
}


def test_only_these_modules_reach_another_machine() -> None:
    reaching = users_of(
        *("smtplib", "socket", "http.client", "urllib.request", "subprocess", "ftplib", "requests"),
        "procedures.ground.exchanges",
    )
    assert reaching == REACHING.keys()


def test_no_rule_scores_or_chooses_a_treatment() -> None:
    """The module of the rules counts nothing and weighs nothing, and a flag has one answer behind it."""
    rules = modules()["bookings.screening"]
    arithmetic = [
        ast.unparse(node)
        for node in ast.walk(rules)
        if (isinstance(node, ast.BinOp) and not is_about_time_or_lists(node))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in {"sum", "max", "min", "round"})
    ]
    assert arithmetic == []
    answer = RedFlag._meta.get_field("answer")
    assert (answer.one_to_one, answer.null) == (True, False)
    chosen = {field.name for field in AppointmentRequest._meta.get_fields()}
    assert not chosen & {"treatment", "treatments", "diagnosis", "score", "priority"}


def is_about_time_or_lists(node: ast.BinOp) -> bool:
    """A type, a moment less a length of time, or one list after another."""
    words = ast.unparse(node)
    return isinstance(node.op, ast.BitOr) or "fresh_for()" in words or words.startswith("found + [")


def test_sql_is_written_by_hand_in_few_modules() -> None:
    """With parameters, or with names of tables that are our own."""
    by_hand = {
        module
        for module, tree in modules().items()
        if ".migrations." not in module
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"cursor", "raw", "extra"}
    }
    assert by_hand == {
        "clinic_site.backups.databases",
        "clinic_site.backups.moving",
        "clinic_site.doctor",
        "procedures.ground.arranged",
        "procedures.reading.publication",
        "clinic_site.serving_role",
        "procedures.ground.constraints",
        "procedures.ground.rate_limits",
    }


def test_no_template_is_made_from_text() -> None:
    assert users_of("django.template.Template", "django.template.Engine", "jinja2") == set()
    assert users_of("django.template.engines") == set()


def test_no_memory_is_managed_by_hand() -> None:
    assert users_of("ctypes", "cffi", "mmap") == set()


def test_only_strong_hashes_are_used() -> None:
    used = {
        (node.attr, module if node.attr == "sha1" else "")
        for module, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "hashlib"
    }
    # The published list of breached passwords has SHA-1, and protects nothing by it.
    listed = ("sha1", "clinic_site.breached_passwords")
    # Twilio signs its reports with HMAC-SHA1 and nothing else; as a MAC it is not broken.
    signed = ("sha1", "bookings.messages.twilio")
    assert used == {("sha256", ""), ("file_digest", ""), listed, signed}
    algorithms = [
        node.args[1].value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "hashlib.file_digest"
        if isinstance(node.args[1], ast.Constant)
    ]
    algorithms += [
        node.value.value
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "algorithm"
        if isinstance(node.value, ast.Constant)
    ]
    assert set(algorithms) == {"sha256"}


def test_passwords_are_stored_with_argon2() -> None:
    """Read from the text, because tests have settings of their own and hash more quickly."""
    [hashers] = [
        ast.literal_eval(node.value)
        for node in ast.walk(modules()["clinic_site.settings"])
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PASSWORD_HASHERS"
    ]
    assert hashers[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"


TEMPLATES = "".join(path.read_text() for path in sorted((ROOT / "templates").rglob("*.html")))
STYLES = "".join(path.read_text() for path in sorted((ROOT / "static" / "css").glob("*.css")))


def test_there_is_no_sound_and_no_moving_picture() -> None:
    assert not re.search(r"<(?:audio|video|iframe|object|embed|marquee|canvas)\b", TEMPLATES)
    assert not re.search(r"new Audio|\.animate\(|requestAnimationFrame", SCRIPTS)
    assert not re.search(r"@keyframes|animation\s*:|transition\s*:", STYLES)


def test_nothing_needs_a_gesture_or_a_moved_device() -> None:
    listened = set(re.findall(r"addEventListener\(\s*[\"'](\w+)", SCRIPTS))
    assert listened <= {"click", "input", "keydown"}
    assert "draggable" not in TEMPLATES


def test_nothing_happens_because_something_has_the_focus() -> None:
    assert not re.search(r"addEventListener\(\s*[\"'](?:focus|focusin|blur)[\"']", SCRIPTS)
