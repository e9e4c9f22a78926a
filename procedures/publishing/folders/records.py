"""Sets what a folder says about a page, a source or a figure, and names what is wrong with it."""

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from procedures.models import InformationPage
from procedures.publishing.folders.files import PAGE_COLUMNS, FolderError, Text
from procedures.status import Category


def new_page(text: Text, category: Category, columns: dict[str, Any]) -> InformationPage:
    """The page of a text, with what pages.toml says of it. Raises FolderError."""
    page = InformationPage(slug=text.slug, category=category)
    own = {name: columns[name] for name in PAGE_COLUMNS if name in columns}
    set_columns(page, own, PAGE_COLUMNS, f"pages.toml, [{text.entry}]")
    page.synonyms = "\n".join(columns.get("synonyms", []))
    page.owner = User.objects.filter(username=columns.get("owner", "")).first()
    save(
        page, str(text.path), "the name cannot be an address, or there is a mistake in pages.toml. "
    )
    return page


def set_columns(record: Any, columns: dict[str, Any], known: Any, where: str) -> None:
    """Set the columns of a record. Raises FolderError for one that it does not have."""
    for name, value in columns.items():
        if name not in known:
            raise FolderError(f"{where}: there is no “{name}”.")
        if name != "superseded_by":
            setattr(record, name, value)


def save(record: Any, where: str, hint: str = "") -> None:
    """Check a record and save it. Raises FolderError, naming where it was read."""
    try:
        record.full_clean()
    except ValidationError as error:
        raise FolderError(f"{where}: {hint}{error.message_dict}") from None
    record.save()
