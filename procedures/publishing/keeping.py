"""What somebody has typed into a draft and not saved: kept for them, in case the window closes."""

from datetime import datetime

from django.contrib.auth.models import User

from procedures.models import Revision, UnsavedText


def keep(
    revision: Revision,
    *,
    version: int,
    document: str,
    change_class: str,
    note: str,
    by: User,
    now: datetime,
) -> UnsavedText:
    """Keep what this person has typed, instead of what was kept for them before.

    `version` is the version of the draft that they had on the screen. The draft stays as it is.
    """
    typed = {
        "seen_version": version,
        "document": document,
        "change_class": change_class,
        "note": note,
        "kept_at": now,
    }
    return UnsavedText.objects.update_or_create(revision=revision, kept_by=by, defaults=typed)[0]


def kept_by(person: User, revision: Revision) -> UnsavedText | None:
    """What is kept for this person, unless the draft says the same by now."""
    kept = UnsavedText.objects.filter(revision=revision, kept_by=person).first()
    saved = (revision.document, revision.note, revision.change_class)
    if kept is None or (kept.document, kept.note, kept.change_class) == saved:
        return None
    return kept


def discard(revision: Revision, *, by: User) -> None:
    """Forget what is kept for this person."""
    UnsavedText.objects.filter(revision=revision, kept_by=by).delete()
