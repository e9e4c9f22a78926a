"""Several colleagues who book the same times at the same moment (`test_killed_and_crowded`).

    python -m tests.bookers THREADS

Run as a process of its own. It prints “ready”, waits for a line of JSON with starts and requests, and
prints the result of each try.
"""

import json
import os
import sys
import threading
from collections import Counter
from datetime import datetime

import django

from tests import processes


def main() -> None:
    """Start one thread for each colleague."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    task = json.loads(sys.stdin.readline())
    told: Counter[str] = Counter()
    barrier = threading.Barrier(int(sys.argv[1]), timeout=processes.PATIENCE)
    threads = [
        threading.Thread(target=colleague, args=(own, task["starts"], barrier, told))
        for own in task["requests"]
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(json.dumps(told))


def colleague(
    own: list[int], starts: list[str], barrier: threading.Barrier, told: Counter[str]
) -> None:
    """Book each time for a patient of one's own, at the same moment as everybody else."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from bookings import triage  # noqa: PLC0415
    from bookings.models import AppointmentRequest, AppointmentType  # noqa: PLC0415
    from bookings.status import TriageRefused  # noqa: PLC0415
    from procedures.models import Clinician  # noqa: PLC0415

    by = User.objects.get(username="reception")
    kind, clinician = AppointmentType.objects.get(), Clinician.objects.get()
    for pk, start in zip(own, starts, strict=True):
        barrier.wait()
        request = AppointmentRequest.objects.get(pk=pk)
        try:
            triage.book(
                request,
                version=request.version,
                appointment_type=kind,
                clinician=clinician,
                starts=datetime.fromisoformat(start),
                by=by,
                now=timezone.now(),
            )
            told["booked"] += 1
        except TriageRefused as refusal:
            told[type(refusal).__name__] += 1
        except Exception as fault:  # noqa: BLE001 -- the test looks at it
            told[f"fault: {fault!r}"] += 1
    connection.close()


if __name__ == "__main__":
    main()
