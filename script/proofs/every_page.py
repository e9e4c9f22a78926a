"""Proves every page of the demonstration with two programs that share nothing.

    script/prove               both accept each page
    script/prove --distrust    and both refuse it with any one byte of its parts changed

The demonstration is loaded into a file that is deleted again. Exits with 1 if a program was wrong. The
parts are the text, the statement, the proof above its empty line, the signed checkpoint below it, and
what a passkey signed, on a page that was signed with one.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

Files = tuple[bytes, ...]
PARTS = ("text", "statement", "proof", "checkpoint", "signature")
ENDS = (".txt", ".statement", ".tlog-proof", ".signature")


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


def pages() -> tuple[list[Page], tuple[str, str]]:
    """What a stranger downloads of every open page, and the keys of the log and of its witness."""
    from django.conf import settings  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from clinic_site.demo import other_clinic  # noqa: PLC0415
    from procedures.reading.publication import open_pages  # noqa: PLC0415

    client = Client()
    found = []
    every = [
        each
        for language in ("", *settings.OTHER_LANGUAGES)
        for each in open_pages(timezone.localdate(), language=language)
    ]
    for each in every:
        path = f"{each.page.get_absolute_url()}verify/version-{each.revision.number}"
        answers = [client.get(path + end) for end in ENDS]
        files = tuple(each.content if each.status_code == 200 else b"" for each in answers)
        found.append(Page(" ".join([each.page.slug, each.page.language]).strip(), files))
    return found, (client.get("/log/key").content.decode().strip(), other_clinic.KEYS.witness_key())


def verdicts(files: Files, keys: tuple[str, str]) -> tuple[bool, bool]:
    """What our program and the other one say."""
    from procedures.log import verify  # noqa: PLC0415
    from tests import second_opinion  # noqa: PLC0415

    text, statement, proof, signature = files
    try:
        verify.check(text, statement, proof.decode(), *keys, signature=signature)
        ours = True
    except (verify.Refused, ValueError):
        ours = False
    key, witness = keys
    theirs = second_opinion.accepts(text, statement, proof, key, signature, witness=witness)
    return ours, theirs


def wrongly_accepted(page: Page, keys: tuple[str, str]) -> tuple[dict[str, int], int]:
    """How many bytes of each part were changed, and how many changes either program accepted."""
    above = page.files[2].index(b"\n\n")
    changed = dict.fromkeys(PARTS, 0)
    accepted = 0
    for which, content in enumerate(page.files):
        for at in range(len(content)):
            part = PARTS[which + (which == 3 or (which == 2 and at >= above))]
            other = bytearray(content)
            other[at] ^= 1 << at % 8
            files = [*page.files]
            files[which] = bytes(other)
            accepted += any(verdicts(tuple(files), keys))
            changed[part] += 1
    return changed, accepted


def main() -> int:
    """Print a table, and return 1 if a program was wrong about anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--distrust", action="store_true")
    distrust = parser.parse_args().distrust
    with tempfile.TemporaryDirectory() as folder:
        begin(folder)
        found, keys = pages()
        wrong = 0
        more = f" changed bytes of {', '.join(PARTS)} | accepted |" if distrust else ""
        print(f"| page | both accept it |{more}")
        for page in found:
            line = (
                f"| {page.name} | {'yes' if (right := all(verdicts(page.files, keys))) else 'NO'} |"
            )
            wrong += not right
            if distrust:
                changed, accepted = wrongly_accepted(page, keys)
                wrong += accepted
                line += f" {', '.join(map(str, changed.values()))} | {accepted} |"
            print(line, flush=True)
    print(f"{len(found)} pages, {wrong} wrong answers.")
    return 1 if wrong or not found else 0


if __name__ == "__main__":
    sys.exit(main())
