"""Seals events again when the key changes."""

from procedures.models import PageEvent
from procedures.publishing.transitions import one_step
from procedures.reading.statements import read, seal


def reseal() -> tuple[int, list[int]]:
    """Seal every event under the newest key, if its present seal is valid.

    Returns how many were sealed, and the numbers of those that were not ours and stay as they are.
    """
    sealed, strangers = 0, []
    with one_step():
        for event in PageEvent.objects.select_related("revision").order_by("number"):
            if read(event) is None:
                strangers.append(event.number)
                continue
            PageEvent.objects.filter(pk=event.pk).update(seal=seal(event.statement))
            sealed += 1
    return sealed, strangers
