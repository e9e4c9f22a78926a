"""Catalogues of translations: read, brought up to date, written for translators and compiled."""

import io
import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

# An empty line, a comment, or words in quotation marks. Babel leaves out any other line without a word.
LINE = re.compile(r'\s*|#.*|(?:msg\w+(?:\[\d\])?\s+)?"(?:[^"\\]|\\.)*"\s*')


def path_of(folder: Path, code: str) -> Path:
    """Where Django looks for the catalogue of a language."""
    return folder / code / "LC_MESSAGES" / "django.po"


def read(path: Path, code: str) -> Catalog:
    """A catalogue as it is, or an empty one. Raises ValueError if somebody has damaged it."""
    if not path.exists():
        return Catalog(locale=code, header_comment="#", fuzzy=False)
    lines = path.read_text(encoding="utf-8-sig").split("\n")
    for number, line in enumerate(lines, start=1):
        if not LINE.fullmatch(line):
            raise ValueError(f"line {number} is not one of a catalogue")
    try:
        return read_po(lines, locale=code, abort_invalid=True)
    except PoFileError as fault:
        raise ValueError(str(fault)) from fault


def bring_up_to_date(catalog: Catalog, texts: Catalog) -> None:
    """Give a catalogue exactly these texts, with the translations that it has.

    A translation whose text is gone is kept as obsolete, which is not compiled, until it is said again.
    """
    for message in catalog.obsolete.values():
        catalog[message.id] = message
    catalog.obsolete.clear()
    catalog.update(texts, no_fuzzy_matching=True, update_creation_date=False)
    for key in [key for key, message in catalog.obsolete.items() if not message.string]:
        del catalog.obsolete[key]


def untranslated(catalog: Catalog) -> int:
    """How many texts have no translation, or one that is marked as uncertain, which is not compiled."""
    return sum(bool(each.id) and (each.fuzzy or not each.string) for each in catalog)


def compiled(catalog: Catalog) -> bytes:
    """The catalogue as Django loads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def written(catalog: Catalog) -> bytes:
    """The catalogue as translators read it."""
    out = io.BytesIO()
    write_po(out, catalog, width=0, omit_header=False, include_lineno=False)
    return out.getvalue()


def write(catalog: Catalog, path: Path) -> None:
    """Write a catalogue for translators and for Django. Nobody reads half of either."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {path: written(catalog), path.with_suffix(".mo"): compiled(catalog)}
    for file, content in contents.items():
        part = file.with_name(f"{file.name}.part")
        part.write_bytes(content)
        part.replace(file)
