"""Rewrites history in twenty ways and signs in a name in seventeen, with the database and all keys.

    script/forge

Shows what a witness and what a stranger says to each, and exits with 1 if either accepted any. The
tables are `tests/forgeries.py` and `tests/forged_hands.py`.
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
        print(f"\n{len(FORGERIES)} forgeries, {signed} signed.\n")
        accepted = in_a_name()
    return 1 if signed or accepted else 0


def in_a_name() -> int:
    """Print why each way to sign in a clinician's name is refused; return how many were accepted."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from procedures.log import checkpoints, notes  # noqa: PLC0415
    from tests import hands  # noqa: PLC0415
    from tests.forged_hands import HANDS, taken, verdicts  # noqa: PLC0415

    now, signer = timezone.now(), User.objects.get(username="colleague")
    phone, passkey = hands.passkey_of(signer, now)
    hands.let_sign(passkey, phone, now)
    for slug in ("a-thing", "b-thing"):
        hands.published(slug, signer, phone, now)
    checkpoints.sign(now)
    has = taken(Client(), "/procedures/a-thing/", "/procedures/b-thing/", phone)
    print("A clinician has signed a page with her passkey, and gave her number to a stranger.\n")
    print("| what somebody with every key but hers shows | verify.py | another program |")
    print("|---|---|---|")
    accepted = 0
    for way, forge in HANDS.items():
        ours, theirs = verdicts(forge(has), has, notes.log_key())
        accepted += not (ours and theirs)
        print(f"| {way} | {ours or 'ACCEPTS IT'} | {theirs or 'ACCEPTS IT'} |")
    print(f"\n{len(HANDS)} forgeries in her name, {accepted} accepted.")
    return accepted


if __name__ == "__main__":
    sys.exit(main())
