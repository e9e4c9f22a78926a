"""The states of a planned question about a follow-up, whose turn each is, and what may follow."""

from django.db.models import TextChoices


class RecallStatus(TextChoices):
    """The status of a recall."""

    PLANNED = "planned", "Planned"
    ASKED = "asked", "Asked"
    TAKEN_BACK = "taken_back", "Taken back"


TRANSITIONS: dict[RecallStatus, set[RecallStatus]] = {
    RecallStatus.PLANNED: {RecallStatus.ASKED, RecallStatus.TAKEN_BACK},
    # Whether they come is a request of its own.
    RecallStatus.ASKED: set(),
    RecallStatus.TAKEN_BACK: set(),
}
OWNERS: dict[RecallStatus, str] = {
    RecallStatus.PLANNED: "the clock",
    RecallStatus.ASKED: "nobody",
    RecallStatus.TAKEN_BACK: "nobody",
}
