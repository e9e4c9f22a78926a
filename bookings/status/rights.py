"""What somebody may ask about their data, and its states: whose turn each is, and what may follow."""

from django.db.models import TextChoices


class RightAsked(TextChoices):
    """What a person asks for: articles 15 to 21 of the UK GDPR, in words."""

    COPY = "copy", "A copy of what we hold"
    CORRECTION = "correction", "To correct something"
    ERASURE = "erasure", "To erase something, or everything"
    USE = "use", "To stop using it, or to use less of it"


class RightsStatus(TextChoices):
    """The status of a rights request."""

    OPEN = "open", "Open"
    EXTENDED = "extended", "Extended"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused, or done in part"


TRANSITIONS: dict[RightsStatus, set[RightsStatus]] = {
    RightsStatus.OPEN: {RightsStatus.EXTENDED, RightsStatus.DONE, RightsStatus.REFUSED},
    RightsStatus.EXTENDED: {RightsStatus.DONE, RightsStatus.REFUSED},
    # Whoever is not content with the answer asks again, or complains to the regulator.
    RightsStatus.DONE: set(),
    RightsStatus.REFUSED: set(),
}
WAITING = tuple(status for status, following in TRANSITIONS.items() if following)
OWNERS: dict[RightsStatus, str] = {
    RightsStatus.OPEN: "the managers",
    RightsStatus.EXTENDED: "the managers",
    RightsStatus.DONE: "nobody",
    RightsStatus.REFUSED: "nobody",
}
# What the page of the person says.
SAYS: dict[RightsStatus, str] = {
    RightsStatus.OPEN: "asked",
    RightsStatus.EXTENDED: "told that it takes longer",
    RightsStatus.DONE: "answered: done",
    RightsStatus.REFUSED: "answered: refused, or done in part",
}
