"""The folder that an auditor reads: one page for each ledger, and one that leads to them."""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string

from clinic_site.evidence.claims import Ledger, Section
from clinic_site.evidence.outcomes import Outcomes, Shown, Standing, shown

STYLE_SHEETS = ("tokens.css", "evidence.css")


class Part(NamedTuple):
    """A section with its claims after a run."""

    section: Section
    claims: list[Shown]


class Page(NamedTuple):
    """A ledger after a run."""

    ledger: Ledger
    parts: list[Part]

    @property
    def claims(self) -> list[Shown]:
        """Every claim, in order."""
        return [each for part in self.parts for each in part.claims]

    @property
    def counts(self) -> list[tuple[Standing, int]]:
        """How many claims there are of each standing that occurs."""
        found = Counter(each.standing for each in self.claims)
        return [(standing, found[standing]) for standing in Standing if found[standing]]


def pages(ledgers: Sequence[Ledger], outcomes: Outcomes) -> list[Page]:
    """The ledgers after a run."""
    return [
        Page(
            ledger,
            [
                Part(section, [shown(claim, outcomes) for claim in section.claims])
                for section in ledger.sections
            ],
        )
        for ledger in ledgers
    ]


def write(folder: Path, found: Sequence[Page], *, tested: str) -> None:
    """Write the pages and their style sheets into a folder, which is made if it is not there.

    `tested` says which release or commit the run was of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in STYLE_SHEETS:
        shutil.copy(settings.BASE_DIR / "static" / "css" / name, folder)
    context = {"pages": found, "tested": tested}
    (folder / "index.html").write_text(
        render_to_string("evidence/index.html", context), encoding="utf-8"
    )
    for page in found:
        text = render_to_string("evidence/ledger.html", {**context, "page": page})
        (folder / f"{page.ledger.name}.html").write_text(text, encoding="utf-8")
