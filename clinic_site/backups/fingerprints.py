"""How many rows a table has, and a hash over them: equal tables have equal fingerprints."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

SIZE = 2**256


class Fingerprint(NamedTuple):
    """The rows of one table, whatever their order."""

    rows: int
    hash: str


def fingerprint(rows: Iterable[bytes]) -> Fingerprint:
    """The fingerprint of these rows.

    The hashes of the rows are added up, so the order in which a database returns them, which differs
    with its language, does not matter and nothing has to be sorted.
    """
    count = total = 0
    for row in rows:
        count += 1
        total += int.from_bytes(hashlib.sha256(row).digest())
    return Fingerprint(count, f"{total % SIZE:064x}")


def differences(expected: Mapping[str, Fingerprint], found: Mapping[str, Fingerprint]) -> list[str]:
    """One sentence for each table that is missing, added or different."""
    sentences = []
    for table in sorted(expected.keys() | found.keys()):
        if table not in found:
            sentences.append(f"{table} is missing")
        elif table not in expected:
            sentences.append(f"{table} should not be there")
        elif expected[table].rows != found[table].rows:
            sentences.append(
                f"{table} has {found[table].rows} rows instead of {expected[table].rows}"
            )
        elif expected[table] != found[table]:
            sentences.append(f"{table} has other contents")
    return sentences
