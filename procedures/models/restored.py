"""Whether this database is a restored copy that nobody has released yet. Then it is quiet.

From a quiet copy no message leaves, and patients cannot ask or answer: the site that it was taken
from may still run, or has told patients more than the copy knows.

`is_quiet` answers from this process's memory, which the page store brings up to date within a second.
"""

from django.db import Error, models
from django.db.models import Q

from procedures.ground.constraints import paired


class RestoredCopy(models.Model):
    """One restore of a backup into this database, and when the copy was released."""

    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    backup = models.CharField(max_length=200)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=150, null=True, blank=True)

    PERSONAL: set[str] = set()
    NOT_PERSONAL = {"id", "at", "by", "backup", "released_at", "released_by"}

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "restored copies"
        constraints = [paired("released")]

    def __str__(self) -> str:
        return f"Restored from {self.backup}"


QUIET = Q(released_at=None)


class _Memory:
    quiet: bool | None = None


def is_quiet() -> bool:
    """Whether the copy is quiet, as this process knows it."""
    if _Memory.quiet is None:
        try:
            return look_again()
        except Error:
            return False  # no table yet, or no database: then nothing is sent either
    return _Memory.quiet


def look_again() -> bool:
    """Read whether the copy is quiet. Raises the database's error if that cannot be read."""
    return remember(RestoredCopy.objects.filter(QUIET).exists())


def remember(quiet: bool) -> bool:
    """Answer with this from now on."""
    _Memory.quiet = quiet
    return quiet
