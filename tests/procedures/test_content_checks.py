"""Rules of safe patient information."""

import pytest

from procedures.content_checks import findings
from tests import factories

URGENT = "::: urgent Ask a GP today if:\n- it hurts\n:::\n"


def test_a_good_document_has_no_findings() -> None:
    assert findings(factories.document()) == []


@pytest.mark.parametrize(
    ("body", "line", "sentence"),
    [
        (f"{URGENT}\n::: emergency Ring 999 when\n- x\n:::", 12, "End the heading"),
        (f"{URGENT}\n::: do-not Do not\n- lift things\n:::", 13, "Start this item with “Do not”"),
        (f"{URGENT}\n::: emergency Ring 999 if:\n- [x](/y/)\n:::", 13, "Take the link out"),
        (
            f"{URGENT}\n::: emergency Ring 999 if:\n- <https://x.example>\n:::",
            13,
            "Take the link out",
        ),
        (f"{URGENT}\n::: emergency Ring 999 if:\n- [x][y]\n:::", 13, "Take the link out"),
        ("Just words.", 1, "Add an urgent or emergency card"),
    ],
)
def test_a_finding_names_its_line(body: str, line: int, sentence: str) -> None:
    found = findings(factories.document(body=body))
    assert [number for number, _ in found] == [line]
    assert sentence in found[0][1]


def test_a_guide_needs_no_urgent_card() -> None:
    assert findings(factories.document(category="guides", body="Just words.")) == []
