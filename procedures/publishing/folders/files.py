"""Reads the files of a folder, however people's computers write them."""

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from procedures.ground.characters import hidden_in
from procedures.ground.languages import KNOWN
from procedures.status import ChangeClass
from procedures.texts.content_checks import promises
from procedures.texts.other_sites import decoded, is_of_another_site

SOURCE_COLUMNS = (
    "kind",
    "title",
    "publisher",
    "url",
    "dated",
    "read_in_part",
    "seen_on",
    "seen_by",
    "recheck_due",
    "identifiers",
)
PAGE_COLUMNS = ("position", "review_months", "grace_days")
KINDS: dict[str, type] = {
    **dict.fromkeys(PAGE_COLUMNS, int),
    **dict.fromkeys(("owner", "note", "change_class"), str),
    **dict.fromkeys(("synonyms", "related"), list),
}
# The rest of a translation is its original's.
KINDS_OF_TRANSLATIONS: dict[str, type] = {"made_by_machine": bool, "note": str}
LONGEST_NOTE = 300
PAGES_OF_OTHER_SITES = {".html", ".htm"}
# Files beside the texts that are not texts; nor is any whose name begins with a dot.
NOT_FOR_US = {"readme.md", "contributing.md", "changelog.md", "license.md", "thumbs.db"}


class FolderError(Exception):
    """What is wrong with a folder, naming the file and the line."""


class Text(NamedTuple):
    """A file with the text of a page."""

    path: Path
    # After which its folder is named; empty for English.
    language: str

    @property
    def slug(self) -> str:
        """The slug of the page; some machines write names in capitals."""
        return self.path.stem.lower()

    @property
    def entry(self) -> str:
        """Its name in pages.toml: “heel-pain”, “cy/heel-pain”."""
        return f"{self.language}/{self.slug}" if self.language else self.slug

    def is_ours(self) -> bool:
        """Whether it is written as our pages are, and not another site's HTML or plain Markdown."""
        if self.path.suffix.lower() in PAGES_OF_OTHER_SITES:
            return False
        return bool(self.language) or not is_of_another_site(decoded(self.path.read_bytes()))


def texts(folder: Path, language: str = "") -> tuple[list[Text], list[str]]:
    """The texts of a folder, and the names of files that are neither texts nor known.

    Those in English come first, by slug, and then each language.
    """
    found: list[Text] = []
    skipped = []
    for path in sorted(folder.glob("*")):
        if _is_text(path, language) and is_for_us(path):
            found.append(Text(path, language))
        elif path.name in KNOWN and path.is_dir() and not language:
            translated, others = texts(path, path.name)
            found += translated
            skipped += [f"{path.name}/{name}" for name in others]
        elif path.name not in {"pages.toml", "sources.toml", "figures"}:
            skipped.append(path.name)
    return sorted(found, key=lambda text: (text.language, text.slug)), skipped


def _is_text(path: Path, language: str) -> bool:
    """Whether a file may be a page. A translation follows its English text, so it is never HTML."""
    kinds = {".md"} if language else {".md", *PAGES_OF_OTHER_SITES}
    return path.suffix.lower() in kinds and path.is_file()


def is_for_us(path: Path) -> bool:
    """Whether a file belongs to the pages, not to the machine or the folder itself."""
    return not path.name.startswith(".") and path.name.lower() not in NOT_FOR_US


def text_of(path: Path) -> str:
    """The text of a file, without the byte order mark that some machines put before it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FolderError(f"{path}: this file is not text in UTF-8.") from None


def toml_of(path: Path) -> dict[str, dict[str, Any]]:
    """The content of a TOML file, by key; empty if there is no file."""
    if not path.exists():
        return {}
    try:
        entries = tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise FolderError(f"{path}: {error}") from None
    _refuse(
        [
            f"{path}, [{key}]: {sentence}"
            for key, columns in entries.items()
            for sentence in _value_faults(columns)
        ]
    )
    return entries


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise FolderError("\n".join(faults))


def _value_faults(columns: Any) -> Iterator[str]:
    if not isinstance(columns, dict):
        yield "write this name in square brackets, and the values below it."
        return
    for name, value in columns.items():
        if any(hidden_in(words) for words in _words(value)):
            yield f"remove the hidden character in “{name}”."


def _words(value: Any) -> list[str]:
    return [
        word for word in (value if isinstance(value, list) else [value]) if isinstance(word, str)
    ]


def page_entries(path: Path) -> dict[str, dict[str, Any]]:
    """The entries of pages.toml, with each value checked for its type."""
    pages = toml_of(path)
    _refuse(
        [
            f"{path}, [{slug}]: {sentence}"
            for slug, columns in pages.items()
            for sentence in _page_faults(columns, KINDS_OF_TRANSLATIONS if "/" in slug else KINDS)
        ]
    )
    return pages


def _page_faults(columns: dict[str, Any], kinds: dict[str, type]) -> list[str]:
    faults = [
        f"there is no “{name}”." if name not in kinds else f"“{name}” has the wrong type of value."
        for name, value in columns.items()
        if not _is_of_its_kind(kinds.get(name), value)
    ]
    if faults:
        return faults
    if promises("\n".join(columns.get("synonyms", []))):
        faults.append("remove brand names and promises from the synonyms.")
    if columns.get("change_class", ChangeClass.ADVICE) not in ChangeClass.values:
        faults.append("“change_class” must be advice, wording or format.")
    if len(columns.get("note", "")) > LONGEST_NOTE:
        faults.append(f"shorten the note to {LONGEST_NOTE} characters.")
    return faults


def _is_of_its_kind(kind: type | None, value: Any) -> bool:
    if kind is list:
        return isinstance(value, list) and len(_words(value)) == len(value)
    return kind is not None and isinstance(value, kind)
