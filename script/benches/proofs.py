"""How long a proof of a page takes with 10,000 entries in the public log.

    script/bench proofs [--entries 10000]

On SQLite, in a file that is deleted again, in time of the processor. The first proof of a process reads
all hashes; the others find them in memory.
"""

import argparse
import os
import statistics
import tempfile
from time import process_time

TIMES = 200


def main() -> None:
    """Print how long it takes to sign, to prove for the first time and again, and to check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    entries = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3",
        }
        import django  # noqa: PLC0415

        django.setup()
        measure(entries)


def measure(entries: int) -> None:
    """Store the entries and prove one in the middle."""
    from django.core.management import call_command  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from procedures.log import checkpoints, verify  # noqa: PLC0415
    from procedures.models import LogEntry  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    # As long as a real statement.
    statements = (f"entry {index}".ljust(700, ".") for index in range(entries))
    LogEntry.objects.bulk_create(
        LogEntry(
            index=index,
            event_id=index,
            statement=statement,
            leaf_hash=verify.leaf(statement.encode()).hex(),
        )
        for index, statement in enumerate(statements)
    )
    began = process_time()
    checkpoints.sign(timezone.now())
    print(f"Sign a checkpoint of {entries} entries: {1000 * (process_time() - began):.0f} ms")
    entry = LogEntry.objects.get(index=entries // 2)
    taken = []
    for _ in range(TIMES):
        began = process_time()
        proof = checkpoints.prove(entry)
        text = proof.text() if proof else ""
        taken.append(1000 * (process_time() - began))
    print(
        f"Prove one, the first time: {taken[0]:.1f} ms; then {statistics.median(taken[1:]):.2f} ms"
    )
    print(f"The proof has {len(text.encode())} bytes.")


if __name__ == "__main__":
    main()
