"""What holds in every module, read from its text: patterns, formats, uploads, keys."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.test_absent import SCRIPTS, STYLES, TEMPLATES, modules, users_of

ROOT = Path(__file__).parent.parent
OURS = re.compile(r"[A-Z_0-9]+(?:\.pattern)?|\w+\.[A-Z_0-9]+")
ESCAPED = re.compile(r"(?:re\.escape\(|map\(re\.escape, ).*")
TRANSLATES = {"gettext", "ngettext", "pgettext", "npgettext", "gettext_lazy"}


def calls() -> Iterator[tuple[str, ast.Call, str]]:
    """Every call in our code: the module, the call, and what is called."""
    for module, tree in modules().items():
        if ".migrations." not in module:
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield module, node, ast.unparse(node.func)


def parts(node: ast.expr) -> list[ast.expr]:
    """What a text is put together from, down to literals and names."""
    inside: list[ast.expr] = []
    match node:
        case ast.JoinedStr():
            inside = node.values
        case ast.FormattedValue() | ast.Subscript():
            inside = [node.value]
        case ast.BinOp():
            inside = [node.left, node.right]
        case ast.IfExp():
            inside = [node.body, node.orelse]
        case ast.Call() if ast.unparse(node.func) in TRANSLATES | {"'|'.join"}:
            # After one and several there is a number.
            inside = node.args[:2]
    return [part for each in inside for part in parts(each)] or [node]


def is_ours(part: ast.expr) -> bool:
    """Whether it is a literal, or a constant of a module."""
    return isinstance(part, ast.Constant) or OURS.fullmatch(ast.unparse(part)) is not None


def test_a_pattern_is_ours_and_what_somebody_wrote_is_escaped_in_it() -> None:
    patterns = {
        (module, ast.unparse(part))
        for module, call, called in calls()
        if re.fullmatch(r"re\.(?!escape)\w+", called)
        for part in parts(call.args[0])
        if not is_ours(part) and not ESCAPED.fullmatch(ast.unparse(part))
    }
    # Each takes its turn among constants of the module.
    assert patterns == {
        ("bookings.forms.birth_date", "form"),
        ("procedures.texts.content_checks.questions", "words"),
    }


def test_only_our_own_sentences_are_format_strings() -> None:
    formats = {
        (module, ast.unparse(part))
        for module, call, _ in calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"format", "format_map"}
        for part in parts(call.func.value)
        if not is_ours(part)
    }
    assert formats == {
        # Composed by psycopg, which quotes each part.
        ("clinic_site.serving_role", "sql.SQL(line)"),
        ("clinic_site.backups.databases", "sql.SQL('COPY {} TO STDOUT')"),
        # Our own sentence in the language of the page.
        ("procedures.texts.rendering.citations", "source"),
    }


def test_what_can_be_uploaded_is_a_figure_a_portrait_and_a_table() -> None:
    fields = {
        module
        for module, _, called in calls()
        if called.endswith(("FileField", "ImageField")) and "models" not in called
    }
    assert fields == {"bookings.desk.forms.imports", "procedures.desk.forms.figures"}
    # Copies for a person, backups, and pages that we compress: written by us. Only backups are unpacked.
    assert users_of(
        "zipfile", "tarfile", "gzip", "bz2", "lzma", "zlib", "shutil.unpack_archive"
    ) == {
        "bookings.records.export",
        "clinic_site.backups.archives",
        "procedures.reading.store",
    }
    unpacked = {
        module
        for module, _, called in calls()
        if re.search(r"\.extract(?:all|file)?$|gzip\.(?:open|decompress)", called)
    }
    assert unpacked == {"clinic_site.backups.archives"}


def test_what_nobody_may_guess_comes_from_the_system() -> None:
    assert users_of("random", "uuid", "numpy") == set()


def test_cryptography_is_that_of_libraries_and_nothing_is_encrypted_but_backups() -> None:
    assert users_of("pyrage") == {"clinic_site.backups.archives"}
    ciphers = ("ciphers", "kdf", "twofactor", "cmac", "poly1305")
    primitives = [f"cryptography.hazmat.primitives.{each}" for each in ciphers]
    assert (
        users_of(*primitives, "cryptography.fernet", "Crypto", "nacl", "django.core.signing.b62")
        == set()
    )
    derived = {"hashlib.pbkdf2_hmac", "hashlib.scrypt", "pbkdf2", "PBKDF2HMAC", "Scrypt", "HKDF"}
    assert derived & {called for _, _, called in calls()} == set()


def test_whatever_a_key_signs_says_for_what() -> None:
    """Each use has a salt of its own, so what is signed for one is nothing for another."""
    salts = [
        (module, value)
        for module, call, called in calls()
        for value in [salt_of(module, call, called)]
        if value
    ]
    by_name = {value: {module for module, each in salts if each == value} for _, value in salts}
    assert {value: users for value, users in by_name.items() if len(users) > 1} == {}
    assert len(by_name) > 10


def salt_of(module: str, call: ast.Call, called: str) -> str:
    """The salt with which this call signs, or checks; empty if it does neither."""
    if called == "salted_hmac":
        return text_of(module, call.args[0])
    if called == "partial" and ast.unparse(call.args[0]) == "salted_hmac":
        return text_of(module, call.args[1])
    if called in {"signing.dumps", "signing.loads", "signing.Signer"}:
        given = {each.arg: each.value for each in call.keywords}
        assert "salt" in given, f"{module}: {ast.unparse(call)} has no salt"
        return text_of(module, given["salt"])
    return ""


def text_of(module: str, node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    (value,) = [
        ast.literal_eval(each.value)
        for each in modules()[module].body
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == ast.unparse(node)
    ]
    return str(value)


def test_each_limit_is_in_the_list_of_them() -> None:
    """With its number and its period; what it is of is for people to read."""
    limits = {
        (ast.unparse(node.targets[0]), *map(ast.unparse, node.value.args[1:]))
        for tree in modules().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        if ast.unparse(node.value.func) == "Limit"
    }
    document = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) (\w+?)s? \|", document, re.MULTILINE)
    listed = [(name, times, f"timedelta({unit}s={count})") for name, times, count, unit in rows]
    assert sorted(listed) == sorted(limits)
    assert len(limits) > 20


def test_each_number_of_the_settings_is_in_the_guide_as_it_is_without_a_word_of_the_operator() -> (
    None
):
    guide = (ROOT / "docs" / "operations.md").read_text().partition("\n## Variables")[2]
    listed = dict(re.findall(r"^\| `(\w+)` \|.*\| (\d+) \|$", guide, re.MULTILINE))
    defaults = {
        ast.literal_eval(call.args[0]): ast.unparse(each.value)
        for module, call, called in calls()
        if (module, called) == ("clinic_site.settings", "env.number")
        for each in call.keywords
        if each.arg == "default"
    }
    assert {name: listed.get(name) for name in defaults} == defaults
    assert len(defaults) > 10


def test_every_certificate_of_a_server_is_checked() -> None:
    text = "".join(ast.unparse(tree) for tree in modules().values())
    unchecked = (
        r"CERT_NONE|CERT_OPTIONAL|check_hostname|verify=False|unverified|_create_stdlib_context"
    )
    assert not re.search(unchecked, text)
    made = {
        called for _, _, called in calls() if re.search(r"SSLContext$|ssl\.\w*context$", called)
    }
    assert made == {"ssl.create_default_context"}


def test_no_certificate_of_a_client_is_believed() -> None:
    text = "".join(ast.unparse(tree) for tree in modules().values())
    assert not re.search(
        r"SSL_CLIENT|CLIENT_CERT|CLIENT_VERIFY|X-Forwarded-Client", text, re.IGNORECASE
    )


def test_the_log_goes_to_one_place() -> None:
    handlers = {
        each
        for module in modules().values()
        for each in re.findall(r"logging\.\w*Handler", ast.unparse(module))
    }
    assert handlers == {"logging.StreamHandler"}


def test_no_page_asks_how_a_screen_is_held() -> None:
    assert not re.search(r"orientation", STYLES + SCRIPTS + TEMPLATES)


def test_types_are_checked_on_every_change() -> None:
    settings = (
        (ROOT / "pyproject.toml").read_text().partition("[tool.mypy]")[2].partition("[tool.")[0]
    )
    assert re.search(r"^strict = true$", settings, re.MULTILINE)
    for folder in ("bookings", "clinic_site", "procedures", "tests"):
        assert f'"{folder}"' in settings
    assert "\nmypy\n" in (ROOT / "script" / "check").read_text()
    assert "\nscript/check\n" in (ROOT / ".ci" / "run").read_text()


def test_the_journeys_are_run_while_the_clocks_change() -> None:
    """British clocks go forward at 01:00 on 28 March 2027 and back at 02:00 on 31 October."""
    chosen = re.search(
        r"^for moment in (.*); do$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE
    )
    assert chosen
    assert {"2027-03-28T00:30", "2027-10-31T00:30"} <= set(chosen[1].split())
