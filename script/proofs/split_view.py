"""Shows two readers two logs, both rightly signed by the same server, and prints who notices.

    script/split-view

Exits with 1 if nobody would. The table of the ways is `tests/split_views.py`.
"""

import sys
import tempfile

from every_page import begin

WHO = (
    "its reader alone",
    "a reader who asks for the witness",
    "the witness, asked to sign it too",
    "the witness, given their checkpoint",
)


def main() -> int:
    """Print a table, and return 1 if somebody who should have noticed did not."""
    with tempfile.TemporaryDirectory() as folder:
        begin(folder)
        from django.utils import timezone  # noqa: PLC0415

        from procedures.log import notes, witness  # noqa: PLC0415
        from procedures.models import LogEntry  # noqa: PLC0415
        from tests.forgeries import fetching, served  # noqa: PLC0415
        from tests.split_views import SPLITS, verdicts  # noqa: PLC0415

        log = list(LogEntry.objects.order_by("index").values_list("statement", flat=True))
        watched = witness.watch("clinic.example/log", notes.log_key(), "https://clinic.example/log")
        watched = witness.look(watched, fetching(served(log)), timezone.now())
        print(f"A witness has seen the {watched.size} entries of the demonstration.\n")
        print(f"| what somebody else is shown | {' | '.join(WHO)} |")
        print("|---|---|---|---|---|")
        missed = 0
        for way, split in SPLITS.items():
            said = verdicts(watched, log, split(log))
            missed += not all(said[1:])
            print(f"| {way} | {' | '.join(each or 'notices nothing' for each in said)} |")
    print(f"\n{len(SPLITS)} ways, {missed} not noticed.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
