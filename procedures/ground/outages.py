"""Tells a fault in something that we depend on from a fault in our code.

The first passes on its own, or when somebody frees a disk; the visitor is asked to try again (503).
The second is a bug, and trying again does not help (500).
"""

import errno

from django.db import Error, InterfaceError, OperationalError

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}
# SQLite reports faulty SQL, such as a missing column, as OperationalError too.
SQLITE_ERROR = "SQLITE_ERROR"
# What the disk returned is not what was written there.
SPOILT_SQLITE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
SPOILT_POSTGRESQL = {"XX001", "XX002"}
# PostgreSQL: a write while it is read-only, and a transaction that it ended because it was idle.
READ_ONLY, LEFT_IDLE = "25006", "25P03"


def find_outage(exception: BaseException | None) -> BaseException | None:
    """The fault of the database or the disk behind this exception, if there is one."""
    while exception is not None:
        if _is_of_the_database(exception) or _is_of_the_disk(exception):
            return exception
        exception = exception.__cause__ or exception.__context__
    return None


def _is_of_the_database(exception: BaseException) -> bool:
    if not isinstance(exception, Error):
        return False
    driver = exception.__cause__
    if getattr(driver, "sqlstate", None) in {READ_ONLY, LEFT_IDLE, *SPOILT_POSTGRESQL}:
        return True
    name = getattr(driver, "sqlite_errorname", "")
    if name.startswith(SPOILT_SQLITE):
        return True
    return isinstance(exception, OperationalError | InterfaceError) and name != SQLITE_ERROR


def _is_of_the_disk(exception: BaseException) -> bool:
    return isinstance(exception, OSError) and exception.errno in DISK
