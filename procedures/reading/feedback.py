"""Readers' answers to “Was this page clear?” The only writer of them."""

from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from procedures.models import PageFeedback, Revision


class Tally(NamedTuple):
    """How many readers found a text clear, and how many did not."""

    clear: int
    unclear: int

    @property
    def is_worrying(self) -> bool:
        """Whether so many readers were lost that an editor should look: at least 3, and 1 in 3."""
        return self.unclear >= 3 and self.unclear * 3 >= self.clear + self.unclear


def give(revision: Revision, *, clear: bool, comment: str, now: datetime) -> PageFeedback:
    """Store a reader's answer with the text that they read.

    Only the day is kept, and no identity.
    """
    return PageFeedback.objects.create(
        revision=revision, clear=clear, comment=comment, day=timezone.localdate(now)
    )


def tally(revision: Revision) -> Tally:
    """The answers to one text."""
    answers = list(revision.feedback.values_list("clear", flat=True))
    return Tally(clear=answers.count(True), unclear=answers.count(False))
