"""The catalogues: complete, as they would be made now, and true to what they translate."""

import functools
import gettext
import importlib.util
import re
from pathlib import Path
from typing import Any

import django
import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from procedures.ground.languages import KNOWN

ROOT = Path(__file__).resolve().parents[2]


def _of_the_script() -> Any:
    """`script/translations.py`, which is a program and in no package."""
    place = ROOT / "script" / "translations.py"
    spec = importlib.util.spec_from_file_location("translations", place)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


translations = _of_the_script()
CATALOGUES = [(folder, code) for folder in translations.SOURCES for code in KNOWN]
# What is put into a text, and the HTML around it: a translation has the same.
PARTS = re.compile(r"%\(\w+\)s|\{\w*\}|</?\w[^>]*>|\b(?:999|111|18001)\b|\w+@\w+\.\w+")
# What Django puts into one of its sentences.
GIVEN = re.compile(r"%\(\w+\)s|\{\w+\}")
# What a template says by itself is in no tag of Django's and in no tag of HTML.
OF_DJANGO = re.compile(
    r"\{% blocktranslate.*?%\}.*?\{% endblocktranslate %\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
    re.DOTALL,
)
SAID_ALOUD = re.compile(r"\b(?:aria-label|title|alt|content)=\"([^\"]*)\"")
# English on purpose: the feed of changes is in English, and so is the second half of the notice.
IN_ENGLISH = re.compile(
    r"<p lang=\"en-GB\".*?</p>|Changes to advice|width=device-width, initial-scale=1|light dark|noindex"
    r"|\?about=|\?size=large|content=\"article\"|PDF|SHA-256",
    re.DOTALL,
)


@functools.cache
def texts(folder: Path) -> Any:
    """What is said there: read once, from templates or the whole code."""
    return translations.SOURCES[folder]()


def forms(message: Message) -> list[str]:
    said = message.string or ""
    return [said] if isinstance(said, str) else list(said)


@pytest.mark.parametrize(("folder", "code"), CATALOGUES, ids=str)
def test_a_catalogue_is_whole_and_as_it_would_be_made_now(folder: Path, code: str) -> None:
    path = translations.path_of(folder, code)
    old = translations.read(path, code)
    new = translations.updated(old, texts(folder), code)
    assert translations.written(new).decode() == path.read_text(encoding="utf-8"), (
        "run script/translations.py"
    )
    assert translations.compiled(new) == path.with_suffix(".mo").read_bytes()
    messages = [each for each in new if each.id]
    assert [each.id for each in messages if not all(forms(each))] == []
    assert {len(forms(each)) for each in messages if each.pluralizable} <= {new.num_plurals}
    for message in (each for each in messages if each.context != "date format"):
        plain = message.id if isinstance(message.id, str) else message.id[1]
        for said in forms(message):
            assert sorted(PARTS.findall(said)) == sorted(PARTS.findall(plain)), said


@pytest.mark.parametrize(("folder", "code"), CATALOGUES, ids=str)
def test_a_catalogue_that_nobody_checked_says_so(folder: Path, code: str) -> None:
    text = translations.path_of(folder, code).read_text(encoding="utf-8")
    is_marked = "TRANSLATED BY MACHINE, AND NOT CHECKED BY A TRANSLATOR" in text
    assert is_marked == (not KNOWN[code].checked_by)
    assert ("a machine, not checked by a translator" in text) == is_marked


def test_our_words_for_what_django_says_are_compiled_and_django_still_says_it() -> None:
    """A sentence that Django words anew would be in its own words again, and nobody would notice."""
    ours = ROOT / "locale/en_GB/LC_MESSAGES"
    with (ours / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    of_django = {
        str(each.id)
        for part in ("conf", "contrib/admin")
        for each in in_catalogue(Path(django.__file__).parent / part / "locale/en/LC_MESSAGES")
    }
    for message in in_catalogue(ours):
        assert str(message.id) in of_django
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        several = [compiled.ngettext(ids[0], ids[-1], number) for number in (1, 2)]
        assert forms(message) == (several if len(ids) > 1 else [compiled.gettext(ids[0])])
        assert {*GIVEN.findall(" ".join(forms(message)))} <= {*GIVEN.findall(ids[0])}


def in_catalogue(folder: Path) -> list[Message]:
    with (folder / "django.po").open("rb") as text:
        return [each for each in read_po(text) if each.id]


PATIENTS_PAGES = [path for path in translations.template_paths() if path.suffix == ".html"]
# They are sent, not shown, and have their own test.
MAIL = {"letter.html"}
# The copy of everything.
IN_ENGLISH_ONLY = {"records"}


@pytest.mark.parametrize("path", PATIENTS_PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_for_patients_has_no_text_that_is_not_marked(path: Path) -> None:
    if path.name in {*MAIL, "403.html"} or path.parent.name in IN_ENGLISH_ONLY:
        return
    if path.name == "only_english.html":
        return  # an attribute, and no text
    text = IN_ENGLISH.sub("", OF_DJANGO.sub("", path.read_text()))
    said = [*SAID_ALOUD.findall(text), re.sub(r"<[^>]*>|&\w+;", " ", text)]
    assert [word for part in said for word in re.findall(r"[A-Za-z]{2,}", part)] == []
