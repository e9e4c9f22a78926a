"""Rules of safe and plain patient information."""

import pytest

from procedures.content_checks import RULES, Finding, findings, reading_age
from tests import factories

URGENT = "::: urgent Ask a GP today if:\n- it hurts\n:::\n"
# What the author of a procedure page would be asked for, whatever the test is about.
ALWAYS = {"missing block"}


def found(body: str, known: tuple[str, ...] = (), category: str = "procedures") -> list[Finding]:
    document = factories.document(category=category, body=body)
    return [each for each in findings(document, known) if each.rule not in ALWAYS]


def test_a_good_document_has_no_findings() -> None:
    assert found(factories.BODY) == []


BREAKS = [
    (f"{URGENT}\n::: emergency Ring 999 when\n- x\n:::", 12, "card heading"),
    (f"{URGENT}\n::: do-not Do not\n- lift things\n:::", 13, "do not"),
    (f"{URGENT}\n::: emergency Ring 999 if:\n- [x](/y/)\n:::", 13, "emergency link"),
    (f"{URGENT}\n::: emergency Ring 999 if:\n- <https://x.example>\n:::", 13, "emergency link"),
    (f"{URGENT}\n::: emergency Ring 999 if:\n- [x][y]\n:::", 13, "emergency link"),
    ("Just words.", 1, "urgent card"),
    (f"{URGENT}\nIt helps 40% of people.", 12, "one number format"),
    (f"{URGENT}\nIt helps 40 per cent.", 12, "one number format"),
    (f"{URGENT}\nIt happens to 1 in 100.", 12, "frequency source"),
    (f"{URGENT}\n::: disagree How often\n- 1 in 10[^a]\n- rarely\n:::", 15, "disagreement"),
    (f"{URGENT}\nIt happens to one in ten people.", 12, "frequency source"),
    (f"{URGENT}\nIt happens to 2 out of 100.", 12, "frequency source"),
    (f"{URGENT}\n::: do-not Do not\n+ drive home\n:::", 13, "do not"),
    (f"{URGENT}\n::: do-not Do not\n1) drive home\n:::", 13, "do not"),
    (f"{URGENT}\n::: do-not Do not\n - drive home\n:::", 13, "do not"),
    (f"{URGENT}\nWe give Kenalog.", 12, "brand"),
    (f"{URGENT}\nIt is painless.", 12, "promise"),
    (f"{URGENT}\nThe skin looks red.", 12, "skin"),
    (f"{URGENT}\n{'word ' * 26}.", 12, "long sentence"),
    (f"{URGENT}\nSimply come.", 12, "tone"),
    (f"{URGENT}\nCome!", 12, "tone"),
    (f"{URGENT}\n::: tell-us Tell us if:\n- you bleed\n:::", 13, "exclusion source"),
    (
        f"{URGENT}\n::: risks\n| What | How often |\n|---|---|\n| Pain | Often |\n:::",
        15,
        "risk source",
    ),
    (f"{URGENT}\nA bursa hurts.\n\nThe [[bursa: a cushion]] heals.", 12, "unexplained term"),
]


@pytest.mark.parametrize(("body", "line", "rule"), BREAKS)
def test_a_finding_names_its_line_and_its_reason(body: str, line: int, rule: str) -> None:
    (finding,) = found(body)
    assert (finding.line, finding.rule) == (line, rule)
    assert finding.why


def test_every_rule_is_broken_by_some_test() -> None:
    assert {rule for _, _, rule in BREAKS} | {"missing block", "reading age"} == set(RULES)


@pytest.mark.parametrize(
    "body",
    [
        "It happens to 1 in 100.[^leaflet]",
        "It looks red, or darker than usual on brown or black skin.",
        "::: disagree How often\n- 1 in 10[^a]\n- 1 in 20[^b]\n:::",
        "The [[bursa: a cushion]] hurts. A bursa heals.",
        "::: tell-us Tell us if:\n- you bleed[^leaflet]\n:::",
        "::: risks\n| What | How often |\n|---|---|\n| Pain | Not known |\n:::",
        "::: figure A picture\n![words](key)\n:::",
        "The hundred redundant bored birds.",
        "Relief is not guaranteed, and no injection is painless.",
        "These red flags need a doctor.",
        "We clean the skin with 70% alcohol.",
        "::: do-not Do not\n- **Do not** drive\n:::",
        "It happens to 1 in 100\nand settles by itself.[^leaflet]",
    ],
)
def test_what_keeps_the_rules_is_not_found(body: str) -> None:
    assert found(f"{URGENT}\n{body}") == []


def test_a_term_that_another_page_explains_has_to_be_explained_here() -> None:
    (finding,) = found(f"{URGENT}\nA bursa hurts.", known=("Bursa",))
    assert (finding.rule, finding.about) == ("unexplained term", "bursa")
    assert found(f"{URGENT}\nA [[bursa: a cushion]] hurts.", known=("Bursa",)) == []


def test_a_procedure_is_asked_for_its_blocks_and_a_guide_is_not() -> None:
    (finding,) = findings(factories.document())
    assert (finding.rule, finding.about) == ("missing block", "key-facts, options, tell-us, risks")
    assert not finding.blocks
    assert found("Just words.", category="guides") == []


def test_what_blocks_comes_first() -> None:
    order = [finding.blocks for finding in found(f"{URGENT}\nSimply come.\n\nIt is painless.")]
    assert order == [True, False]


def test_a_hard_text_is_told_its_reading_age() -> None:
    hard = "Ultrasonographic visualisation facilitates intraarticular administration. " * 3
    assert any(finding.rule == "reading age" for finding in found(f"{URGENT}\n{hard}"))
    assert reading_age(hard) > 20
    assert reading_age("We look at the sore place. You lie on your side.") < 10
    assert reading_age("") == 0


@pytest.mark.parametrize("title", ["Kenalog for you", "A guaranteed cure", "Better for 90%"])
def test_title_and_note_are_held_to_the_same_rules(title: str) -> None:
    blocking = [each for each in findings(factories.document(title=title)) if each.blocks]
    assert [finding.line for finding in blocking] == [2]
    (noted,) = [each for each in findings(factories.document(), note=title) if each.blocks]
    assert noted.about == "note to patients"
