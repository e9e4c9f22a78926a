"""Readers' answers to “Was this page clear?” The only writer of them."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
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


NOBODY = Tally(clear=0, unclear=0)


def give(revision: Revision, *, clear: bool, comment: str, now: datetime) -> PageFeedback:
    """Store a reader's answer with the text that they read.

    Only the day is kept, and no identity.
    """
    return PageFeedback.objects.create(
        revision=revision, clear=clear, comment=comment, day=timezone.localdate(now)
    )


def tally(revision: Revision) -> Tally:
    """The answers to one text."""
    return tallies(Revision.objects.filter(pk=revision.pk)).get(revision.pk, NOBODY)


def tallies(revisions: QuerySet[Revision]) -> dict[int, Tally]:
    """The answers to each of these texts that has any, by its number."""
    answers = PageFeedback.objects.filter(revision__in=revisions.values("pk"))
    counted = (
        answers.order_by()
        .values_list("revision")
        .annotate(found=Count("pk", filter=Q(clear=True)), lost=Count("pk", filter=Q(clear=False)))
    )
    return {revision: Tally(found, lost) for revision, found, lost in counted}
