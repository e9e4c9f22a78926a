"""The life of a revision, from draft to end. The only writer of revisions.

Every step changes the row only if it still has the status and the version that the caller saw,
writes the page's event in the same transaction, and otherwise raises PublishingRefused with a
sentence.
"""

from procedures.publishing.drafting import (
    library,
    return_to_author,
    save_draft,
    start_draft,
    start_page,
    start_version,
    submit_for_review,
)
from procedures.publishing.keeping import discard, keep, kept_by
from procedures.publishing.own_keys import asked_of, that_sign
from procedures.publishing.planning import plan, publish_planned, take_back
from procedures.publishing.releasing import publish, suspend, withdraw
from procedures.publishing.reviews import hand_on_pages
from procedures.publishing.sealing import reseal
from procedures.publishing.signing import (
    APPROVAL,
    OF_TRANSLATION,
    STATEMENT,
    put_before,
    re_affirm,
    revoke,
    sign_off,
)
from procedures.publishing.transitions import wrote
from procedures.publishing.translating import (
    TRANSLATORS_STATEMENT,
    sign_as_translator,
    start_translation,
    translator_of,
)

__all__ = [
    "APPROVAL",
    "OF_TRANSLATION",
    "STATEMENT",
    "TRANSLATORS_STATEMENT",
    "asked_of",
    "discard",
    "hand_on_pages",
    "keep",
    "kept_by",
    "library",
    "plan",
    "publish",
    "publish_planned",
    "put_before",
    "re_affirm",
    "reseal",
    "return_to_author",
    "revoke",
    "save_draft",
    "sign_as_translator",
    "sign_off",
    "start_draft",
    "start_page",
    "start_translation",
    "start_version",
    "submit_for_review",
    "suspend",
    "take_back",
    "that_sign",
    "translator_of",
    "withdraw",
    "wrote",
]
