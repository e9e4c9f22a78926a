"""Collects the texts for patients into the catalogues, and compiles them.

    .venv/bin/python script/translations.py

Needs no gettext on the machine. Templates are read through Django's own parser, Python through its own,
so nothing is guessed from the form of a text. A text that is new has no translation, and a test fails
until it has one; a text that is gone is taken out.
"""

import ast
import os
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import django
from babel.messages.catalog import Catalog
from django.template import engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from procedures.ground.catalogues import compiled, path_of, read, written  # noqa: E402
from procedures.ground.languages import KNOWN, OF_QUESTIONS  # noqa: E402

DEMO = ROOT / "clinic_site" / "demo"
# What is around the text of a page.
OF_PAGES = tuple(
    f"procedures/{name}.html"
    for name in (
        *("about_page", "approval", "behind", "breadcrumbs", "closed", "contents", "differences"),
        *("feedback", "history", "how_words_look", "in_language", "leaflet", "page", "page_base"),
        *("paper", "signature", "thanks", "translated_by", "urgent", "version_list"),
    )
)
# What patients read. The desk, and pages that are in English only, are not translated.
TEMPLATES = ("base.html", "bookings", "clinic", "errors", "help", *OF_PAGES)
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop"}
PLURAL_MARKS = {"ngettext", "ngettext_lazy"}
CONTEXT_MARKS = {"pgettext", "pgettext_lazy"}
WRITTEN = datetime(2026, 11, 29, tzinfo=UTC)
HEADER = """\
Translations of {name} for {project}.
TRANSLATED BY MACHINE, AND NOT CHECKED BY A TRANSLATOR. Every page in this language says so.
Whoever checks it puts their name into `checked_by` of procedures/ground/languages.py.
"""


class Text(NamedTuple):
    """A text to translate: its context or nothing, its plural or nothing, and where it is."""

    context: str
    singular: str
    plural: str
    place: str


def of_templates() -> Iterator[Text]:
    """The texts of patients' templates, as Django reads them."""
    engine = engines["django"].engine  # type: ignore[attr-defined]
    for path in template_paths():
        name = str(path.relative_to(ROOT / "templates"))
        for node in nodes(engine.get_template(name).nodelist):
            if text := of_node(node):
                yield text._replace(place=f"templates/{name}")


def template_paths() -> list[Path]:
    """The templates that patients can meet in every language."""
    found: list[Path] = []
    for place in TEMPLATES:
        path = ROOT / "templates" / place
        found += [path] if path.is_file() else path.rglob("*.*")
    return sorted(set(found))


def nodes(parents: Any) -> Iterator[Any]:
    """Every node below, in the order of the template."""
    for node in parents:
        yield node
        for name in dict.fromkeys([*getattr(node, "child_nodelists", ()), "nodelist"]):
            yield from nodes(getattr(node, name, None) or ())
        for _, branch in getattr(node, "conditions_nodelists", ()):
            yield from nodes(branch)


def of_node(node: Any) -> Text | None:
    """What a tag translates, or nothing."""
    if isinstance(node, TranslateNode):
        return Text("", str(node.filter_expression.var.literal).replace("%", "%%"), "", "")
    if isinstance(node, BlockTranslateNode):
        singular, _ = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural)[0] if node.plural else ""
        return Text("", singular, plural, "")
    return None


def of_python() -> Iterator[Text]:
    """The texts that are marked in the code."""
    for app in ("procedures", "bookings", "clinic_site"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and (text := of_call(call)):
                    yield text._replace(place=str(path.relative_to(ROOT)))


def of_call(call: ast.Call) -> Text | None:
    """What a call marks, or nothing: the words have to be in the call."""
    name = getattr(call.func, "id", "")
    words = [each.value for each in call.args if isinstance(each, ast.Constant)]
    if name in MARKS and words:
        return Text("", str(words[0]), "", "")
    if name in PLURAL_MARKS and len(words) > 1:
        return Text("", str(words[0]), str(words[1]), "")
    if name in CONTEXT_MARKS and len(words) > 1:
        return Text(str(words[0]), str(words[1]), "", "")
    return None


def of_questions() -> Iterator[Text]:
    """The safety questions of the demonstration: a clinic's own have `question_catalogues`."""
    place = "clinic_site/demo/questions.toml"
    for columns in tomllib.loads((ROOT / place).read_text(encoding="utf-8")).values():
        for name in ("group", "wording", "why", "detail_prompt"):
            yield Text(OF_QUESTIONS, columns[name], "", place)


SOURCES: dict[Path, Callable[[], list[Text]]] = {
    ROOT / "locale": lambda: [*of_templates(), *of_python()],
    DEMO / "locale": lambda: list(of_questions()),
}


def updated(old: Catalog, texts: list[Text], code: str) -> Catalog:
    """The catalogue of these texts, with the translations that there are."""
    header = HEADER.format(name=KNOWN[code].english_name, project="the clinic site")
    new = Catalog(
        locale=code,
        project="the clinic site",
        version="1",
        header_comment="\n".join(f"# {line}" for line in header.strip().splitlines()),
        last_translator="a machine, not checked by a translator",
        language_team="none",
        msgid_bugs_address="none",
        # The same bytes whenever it is written.
        creation_date=WRITTEN,
        revision_date=WRITTEN,
        fuzzy=False,
    )
    for text in texts:
        key = (text.singular, text.plural) if text.plural else text.singular
        before = old.get(text.singular, text.context or None)
        # A text that has a plural since, or none any more, is translated anew.
        is_same = before and isinstance(before.id, tuple) == bool(text.plural)
        said = before.string if before and is_same else ""
        new.add(key, said or None, [(text.place, 1)], context=text.context or None)
    return new


def main() -> int:
    """Write every catalogue; say how many texts have no translation."""
    missing = 0
    for folder, texts in SOURCES.items():
        found = texts()
        for code in KNOWN:
            path = path_of(folder, code)
            catalog = updated(read(path, code), found, code)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(written(catalog))
            path.with_suffix(".mo").write_bytes(compiled(catalog))
            without = [each.id for each in catalog if each.id and not each.string]
            missing += len(without)
            print(f"{path.relative_to(ROOT)}: {len(catalog)} texts, {len(without)} untranslated")
    return 1 if missing else 0


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
if __name__ == "__main__":
    django.setup()
    sys.exit(main())
