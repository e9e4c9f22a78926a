"""Makes drafts of pages of other sites, one by one: a bad one keeps no other out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from procedures import publishing
from procedures.ground.batches import Failed, attempt
from procedures.models import InformationPage
from procedures.publishing.drafting import FIRST_NOTE
from procedures.publishing.folders.files import PAGES_OF_OTHER_SITES, FolderError, Text
from procedures.publishing.folders.records import new_page
from procedures.status import Category, PublishingRefused
from procedures.texts.other_sites import NotTakenOver, decoded, from_html, from_markdown
from procedures.texts.rendering import DocumentError

SLUG = InformationPage._meta.get_field("slug")
NO_ADDRESS = (
    "Rename this file. Its name becomes the address of the page: up to 50 letters from a to z, "
    "digits and hyphens."
)


class TakenOver(NamedTuple):
    """How many drafts were made, and the sentences about each file, with its name.

    `already_here` are files whose pages we have: they are never written over.
    """

    drafts: int
    notes: list[str]
    refused: list[str]
    already_here: list[str]


def take_over(
    texts: Sequence[Text],
    pages: Mapping[str, dict[str, Any]],
    category: Category,
    *,
    by: User,
    now: datetime,
) -> TakenOver:
    """Make a page and a draft of each text whose page we do not have."""
    done = TakenOver(0, [], [], [])
    here = set(InformationPage.objects.values_list("slug", flat=True))
    made: set[str] = set()
    for text in texts:
        name = text.path.name
        if text.slug in made:
            done.refused.append(f"{name}: another file is for the same page. Rename one of them.")
        elif text.slug in here:
            done.already_here.append(name)
        else:
            outcome = attempt(_take_over, text, pages.get(text.entry, {}), category, by, now)
            if isinstance(outcome, Failed):
                done.refused.append(f"{name}: {_why(outcome)}")
            else:
                made.add(text.slug)
                done.notes.extend(f"{name}: {note}" for note in outcome)
    return done._replace(drafts=len(made))


@transaction.atomic
def _take_over(
    text: Text, columns: dict[str, Any], category: Category, by: User, now: datetime
) -> list[str]:
    """Make the draft of one text, and say what was left out or changed."""
    try:
        SLUG.clean(text.slug, None)
    except ValidationError:
        raise NotTakenOver(NO_ADDRESS) from None
    if text.path.suffix.lower() in PAGES_OF_OTHER_SITES:
        taken = from_html(text.path.read_bytes(), category, text.slug)
    else:
        taken = from_markdown(decoded(text.path.read_bytes()), category, text.slug)
    publishing.start_draft(
        new_page(text, category, columns),
        document=taken.document,
        by=by,
        now=now,
        note=str(columns.get("note", FIRST_NOTE)),
    )
    return taken.notes


def _why(failed: Failed) -> str:
    if isinstance(failed.error, DocumentError):
        return " ".join(sentence for _, sentence in failed.error.faults)
    if isinstance(failed.error, NotTakenOver | FolderError | PublishingRefused):
        return str(failed.error)
    return f"it could not be read ({failed.where})."
