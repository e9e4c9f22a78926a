"""Rewrites history in twenty ways, with the database and all keys, and shows what the witness says.

    script/forge

Exits with 1 if the witness signed any of them. The table of the forgeries is `tests/forgeries.py`.
"""

import sys
import tempfile

from every_page import begin


def main() -> int:
    """Print a table, and return 1 if a forgery was signed."""
    with tempfile.TemporaryDirectory() as folder:
        begin(folder)
        from django.utils import timezone  # noqa: PLC0415

        from procedures.log import notes, verify, witness  # noqa: PLC0415
        from procedures.models import LogEntry  # noqa: PLC0415
        from tests.forgeries import FORGERIES, fetching, served  # noqa: PLC0415

        log = list(LogEntry.objects.order_by("index").values_list("statement", flat=True))
        now = timezone.now()
        watched = witness.watch("clinic.example/log", notes.log_key(), "https://clinic.example/log")
        watched = witness.look(watched, fetching(served(log)), now)
        print(f"A witness has seen the {watched.size} entries of the demonstration.\n")
        print("| what somebody with every key and password shows | the witness |")
        print("|---|---|")
        signed = 0
        for way, forge in FORGERIES.items():
            try:
                witness.look(watched, fetching(forge(log)), now)
                said = "SIGNED IT"
                signed += 1
            except verify.Refused as fault:
                said = f"refuses: {fault}"
            print(f"| {way} | {said} |")
    print(f"\n{len(FORGERIES)} forgeries, {signed} signed.")
    return 1 if signed else 0


if __name__ == "__main__":
    sys.exit(main())
