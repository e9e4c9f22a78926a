"""A Merkle tree as RFC 6962 describes it, in memory.

Only hashes of complete subtrees are kept. Each range that a root or a proof is made of begins at a
multiple of its largest complete subtree, so a proof takes as many steps as the tree is high.
"""

from collections.abc import Iterable

from procedures.log.verify import node

EMPTY = bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")


class Tree:
    """A tree that grows. Hashes are bytes; a leaf's is that of `verify.leaf`."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        # levels[k][i] is the hash of the leaves from i * 2**k, 2**k of them.
        self.levels: list[list[bytes]] = [[]]
        for each in leaves:
            self.append(each)

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return len(self.levels[0])

    def append(self, leaf_hash: bytes) -> None:
        """Add a leaf at the end."""
        self.levels[0].append(leaf_hash)
        for level, hashes in enumerate(self.levels):
            if len(hashes) % 2:
                return
            if level + 1 == len(self.levels):
                self.levels.append([])
            self.levels[level + 1].append(node(*hashes[-2:]))

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return self._hash(0, size) if size else EMPTY

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The hashes from a leaf's sibling up to the root of the first `size` leaves (2.1.1)."""
        if not 0 <= index < size <= self.size:
            raise ValueError(f"no leaf {index} in a tree of {size}")
        path = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _half(end - start)
            inside, beside = ((start, middle), (middle, end))[:: 1 if index < middle else -1]
            path.append(self._hash(*beside))
            start, end = inside
        return path[::-1]

    def _hash(self, start: int, end: int) -> bytes:
        length = end - start
        half = _half(length) if length > 1 else 0
        if length == 2 * half or length == 1:
            return self.levels[length.bit_length() - 1][start // length]
        return node(self._hash(start, start + half), self._hash(start + half, end))


def _half(length: int) -> int:
    """The largest power of two that is smaller than `length`."""
    return 1 << (length - 1).bit_length() - 1
