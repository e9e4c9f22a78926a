"""Proves every page of the demonstration with two programs that share nothing.

    script/prove               both accept each page
    script/prove --distrust    and both refuse it with any one byte of its four parts changed

The demonstration is loaded into a file that is deleted again. Exits with 1 if a program was wrong. The
parts are the text, the statement, the proof above its empty line, and the signed checkpoint below it.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

Files = tuple[bytes, bytes, bytes]
PARTS = ("text", "statement", "proof", "checkpoint")


class Page(NamedTuple):
    """What a stranger downloads of one version."""

    name: str
    files: Files


def begin(folder: str) -> None:
    """Load the demonstration into a database of its own."""
    root = Path(__file__).resolve().parent.parent.parent
    sys.path[:0] = [str(root)]
    os.chdir(root)
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{folder}/clinic.sqlite3",
    }
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    with (Path(folder) / "said.txt").open("w") as said:
        call_command("load_demo", stdout=said)


def pages() -> tuple[list[Page], str]:
    """What a stranger downloads of every open page, and the key of the log."""
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from procedures.reading.publication import open_pages  # noqa: PLC0415

    client = Client()
    found = []
    for each in open_pages(timezone.localdate()):
        path = f"{each.page.get_absolute_url()}verify/version-{each.revision.number}"
        ends = (".txt", ".statement", ".tlog-proof")
        text, statement, proof = (client.get(path + end).content for end in ends)
        found.append(Page(each.page.slug, (text, statement, proof)))
    return found, client.get("/log/key").content.decode().strip()


def verdicts(files: Files, key: str) -> tuple[bool, bool]:
    """What our program and the other one say."""
    from procedures.log import verify  # noqa: PLC0415
    from tests import second_opinion  # noqa: PLC0415

    text, statement, proof = files
    try:
        verify.check(text, statement, proof.decode(), key)
        ours = True
    except (verify.Refused, ValueError):
        ours = False
    return ours, second_opinion.accepts(text, statement, proof, key)


def wrongly_accepted(page: Page, key: str) -> tuple[dict[str, int], int]:
    """How many bytes of each part were changed, and how many changes either program accepted."""
    above = page.files[2].index(b"\n\n")
    changed = dict.fromkeys(PARTS, 0)
    accepted = 0
    for which, content in enumerate(page.files):
        for at in range(len(content)):
            part = PARTS[which] if which < 2 or at < above else PARTS[3]
            other = bytearray(content)
            other[at] ^= 1 << at % 8
            files = [*page.files]
            files[which] = bytes(other)
            accepted += any(verdicts((files[0], files[1], files[2]), key))
            changed[part] += 1
    return changed, accepted


def main() -> int:
    """Print a table, and return 1 if a program was wrong about anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distrust", action="store_true")
    distrust = parser.parse_args().distrust
    with tempfile.TemporaryDirectory() as folder:
        begin(folder)
        found, key = pages()
        wrong = 0
        more = f" changed bytes of {', '.join(PARTS)} | accepted |" if distrust else ""
        print(f"| page | both accept it |{more}")
        for page in found:
            line = (
                f"| {page.name} | {'yes' if (right := all(verdicts(page.files, key))) else 'NO'} |"
            )
            wrong += not right
            if distrust:
                changed, accepted = wrongly_accepted(page, key)
                wrong += accepted
                line += f" {', '.join(map(str, changed.values()))} | {accepted} |"
            print(line, flush=True)
    print(f"{len(found)} pages, {wrong} wrong answers.")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
