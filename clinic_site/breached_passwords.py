"""The list of passwords that were found in breaches: a file on this machine. No service is asked.

The file is what “Have I Been Pwned” publishes: one line for each password, `SHA-1 in hexadecimal:how
often`, in the order of the hashes; the count may be missing. The whole list has about 40 GB. It is
searched by halves where it is, so a search reads some forty lines, and nothing is loaded.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LINE = re.compile(rb"[0-9A-Fa-f]{40}(?::[0-9]+)?\r?\n?")
HASH = 40
# In bytes: a hash and any count. A file that is something else may have no lines at all.
LONGEST = 64
# After every hash.
THE_END = b"~"
# How many lines are looked at before a file is believed to be in order.
LOOKED_AT = 1000


class Listed:
    """A file of breached passwords that is open. Raises OSError when it cannot be read."""

    def __init__(self, path: Path):
        self.file = path.open("rb")
        self.size = self.file.seek(0, 2)

    def has(self, password: str) -> bool:
        """Whether the password is in the list."""
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        at = bisect_left(range(self.size), wanted, key=self._hash_from)
        return self._hash_from(at) == wanted

    def is_in_order(self) -> bool:
        """Whether the lines that we look at are hashes, each at or after the one before."""
        steps = range(0, self.size, max(self.size // LOOKED_AT, 1))
        lines = [line for at in steps if (line := self._line_from(at))]
        hashes = [line[:HASH].upper() for line in lines]
        return bool(lines) and all(map(LINE.fullmatch, lines)) and hashes == sorted(hashes)

    def _hash_from(self, at: int) -> bytes:
        return self._line_from(at)[:HASH].upper() or THE_END

    def _line_from(self, at: int) -> bytes:
        """The first line that begins at this byte or after it; empty at the end."""
        self.file.seek(max(at - 1, 0))
        if at:
            self.file.readline(LONGEST)
        return self.file.readline(LONGEST)


@contextmanager
def listed_in(path: str) -> Iterator[Listed]:
    """Open a list, and close it afterwards. Raises OSError when it cannot be read."""
    found = Listed(Path(path))
    try:
        yield found
    finally:
        found.file.close()
