"""The text that a new page begins with: a file for each category, with hints to write over.

A hint is in ‹these marks›, which nobody types by chance, so that the content checks find each one
that is left.
"""

import re
from pathlib import Path

from procedures.status import Category

HINT = re.compile(r"‹[^‹›]{0,300}›?|›")
FOLDER = Path(__file__).parent


def skeleton(category: Category, title: str) -> str:
    """The document that a new page of this category begins with."""
    text = (FOLDER / f"{category.value}.md").read_text(encoding="utf-8")
    return text.replace("{title}", title, 1)
