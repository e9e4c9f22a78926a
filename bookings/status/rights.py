"""What somebody may ask about their data, and its states: whose turn each is, and what may follow."""

from django.db.models import TextChoices


class RightAsked(TextChoices):
    """What a person asks for, as the UK GDPR and the Data Protection Act 2018 let them."""

    # Articles 15 and 20: the copy is also data that another system can read.
    COPY = "copy", "A copy of what we hold"
    # Article 16.
    CORRECTION = "correction", "To correct something"
    # Article 17.
    ERASURE = "erasure", "To erase something, or everything"
    # Articles 18 and 21.
    USE = "use", "To object, or to stop or limit how we use it"
    # Section 164A of the Act.
    COMPLAINT = "complaint", "To complain about how we used it"


class RightsStatus(TextChoices):
    """The status of a rights request."""

    OPEN = "open", "Open"
    EXTENDED = "extended", "Extended"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused, or done in part"
    TAKEN_BACK = "taken_back", "Noted by mistake, or no longer wanted"


TRANSITIONS: dict[RightsStatus, set[RightsStatus]] = {
    RightsStatus.OPEN: {
        RightsStatus.EXTENDED,
        RightsStatus.ACKNOWLEDGED,
        RightsStatus.DONE,
        RightsStatus.REFUSED,
        RightsStatus.TAKEN_BACK,
    },
    RightsStatus.EXTENDED: {RightsStatus.DONE, RightsStatus.REFUSED, RightsStatus.TAKEN_BACK},
    RightsStatus.ACKNOWLEDGED: {RightsStatus.DONE, RightsStatus.REFUSED, RightsStatus.TAKEN_BACK},
    # Whoever is not content with the answer may complain, or ask again.
    RightsStatus.DONE: set(),
    RightsStatus.REFUSED: set(),
    RightsStatus.TAKEN_BACK: set(),
}
# What not everything may become: a complaint is acknowledged, and anything else may take longer.
ONLY_FOR: dict[RightsStatus, set[RightAsked]] = {
    RightsStatus.EXTENDED: set(RightAsked) - {RightAsked.COMPLAINT},
    RightsStatus.ACKNOWLEDGED: {RightAsked.COMPLAINT},
}
WAITING = tuple(status for status, following in TRANSITIONS.items() if following)
OWNERS: dict[RightsStatus, str] = {
    RightsStatus.OPEN: "the managers",
    RightsStatus.EXTENDED: "the managers",
    RightsStatus.ACKNOWLEDGED: "the managers",
    RightsStatus.DONE: "nobody",
    RightsStatus.REFUSED: "nobody",
    RightsStatus.TAKEN_BACK: "nobody",
}
# For `docs/states.md`.
SAYS: dict[RightsStatus, str] = {
    RightsStatus.OPEN: "asked",
    RightsStatus.EXTENDED: "told that it takes longer",
    RightsStatus.ACKNOWLEDGED: "told that we have the complaint",
    RightsStatus.DONE: "answered: done",
    RightsStatus.REFUSED: "answered: refused, or done in part",
    RightsStatus.TAKEN_BACK: "noted by mistake, or no longer wanted",
}
