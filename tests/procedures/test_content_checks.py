"""Rules of safe and plain patient information."""

from datetime import date

import pytest

from procedures.models import Source
from procedures.texts.content_checks import RULES, Finding, findings, reading_age
from tests import factories

URGENT = "::: urgent Ask a GP today if:\n- it hurts\n:::\n"
RISKS = "::: risks\n| What | How often |\n|---|---|\n"
# What the author of a procedure page would be prompted for, whatever the test is about.
ALWAYS = {"missing block", "at a glance"}


def found(body: str, known: tuple[str, ...] = (), category: str = "procedures") -> list[Finding]:
    document = factories.document(category=category, body=body)
    return [each for each in findings(document, known) if each.rule not in ALWAYS]


def test_a_good_document_has_no_findings() -> None:
    assert found(factories.BODY) == []


BREAKS = [
    (f"{URGENT}\n::: emergency Ring 999 when\n- x\n:::", 12, "card heading"),
    (f"{URGENT}\n::: do-not Do not\n- lift things\n:::", 13, "do not"),
    (f"{URGENT}\n::: emergency Call 999 if:\n- [x](/y/)\n:::", 13, "emergency link"),
    (f"{URGENT}\n::: emergency Call 999 if:\n- <https://x.example>\n:::", 13, "emergency link"),
    (f"{URGENT}\n::: emergency Call 999 if:\n- [x][y]\n:::", 13, "markup"),
    ("Just words.", 1, "urgent card"),
    (f"{URGENT}\nIt helps 40% of people.", 12, "one number format"),
    (f"{URGENT}\nIt helps 40 per cent.", 12, "one number format"),
    (f"{URGENT}\nIt happens to 1 in 100.", 12, "frequency source"),
    (f"{URGENT}\n::: disagree How often\n- 1 in 10[^a]\n- rarely\n:::", 12, "disagreement"),
    (f"{URGENT}\nIt happens to one in ten people.", 12, "frequency source"),
    (f"{URGENT}\nIt happens to 2 out of 100.", 12, "frequency source"),
    (f"{URGENT}\n::: do-not Do not\n+ drive home\n:::", 13, "do not"),
    (f"{URGENT}\n::: do-not Do not\n1) drive home\n:::", 13, "do not"),
    (f"{URGENT}\n::: do-not Do not\n - drive home\n:::", 13, "do not"),
    (f"{URGENT}\nWe give Kenalog.", 12, "brand"),
    (f"{URGENT}\nIt is painless.", 12, "promise"),
    (f"{URGENT}\nAt example lane\nclinic we scan.", 12, "clinic name"),
    (f"{URGENT}\nThe skin looks red.", 12, "skin"),
    (f"{URGENT}\n{'word ' * 26}.", 12, "long sentence"),
    (f"{URGENT}\n{RISKS}| No benefit | 47 in 100 did well[^a] |\n:::", 15, "picture"),
    (f"{URGENT}\n‹What it is›", 12, "fill in"),
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


@pytest.mark.parametrize(
    ("spelt", "rule"),
    [
        ("50&#37; of people", "one number format"),
        ("50\\% of people", "one number format"),
        ("5**%** of people", "one number format"),
        ("５％ of people", "one number format"),
        ("50&nbsp;% of people", "one number format"),
        ("50\n% of people", "one number format"),
        ("50 per\ncent of people", "one number format"),
        ("1&nbsp;in&nbsp;100", "frequency source"),
        ("1 in\xa0100", "frequency source"),
        ("1  in  100", "frequency source"),
        ("1 in\n100", "frequency source"),
        ("1 **in** 100", "frequency source"),
        ("1-in-100", "frequency source"),
        ("１ in １００", "frequency source"),
        ("Bo&shy;tox", "brand"),
        ("Bo&zwj;tox", "brand"),
        ("Bo&#116;ox", "brand"),
        ("Bo*to*x", "brand"),
        ("Ｂｏｔｏｘ", "brand"),
        ("[Bo](/a/)tox", "brand"),
        ("Depo\u2011Medrone", "brand"),
        ("gua**rant**eed", "promise"),
        ("guar&#97;nteed", "promise"),
        ("pain\u2011free", "promise"),
        ("risk–free", "promise"),
        ("best\ntreatment", "promise"),
        ("best\xa0treatment", "promise"),
        ("best  \ntreatment", "promise"),
        ("in a leading\nclinic", "promise"),
        ("state\u2010of\u2010the\u2010art", "promise"),
        ("the skin is r&#101;d", "skin"),
        ("come&#33;", "tone"),
        ("sim**ply** come", "tone"),
    ],
)
@pytest.mark.parametrize(
    ("before", "after", "line"),
    [("", "", 12), ("- One\n- ", "", 13), ("| A | B |\n|--|--|\n| x | ", " |", 14)],
)
def test_a_rule_sees_what_readers_see(
    spelt: str, rule: str, before: str, after: str, line: int
) -> None:
    """However it is spelt in Markdown; the finding names the line where it begins."""
    if "\n" in spelt and after:
        return
    indented = spelt.replace("\n", "\n  ") if before else spelt
    broken = {
        (each.line, each.rule)
        for each in findings(factories.document(body=f"{URGENT}\n{before}{indented}{after}"))
        if each.rule not in ALWAYS
    }
    # If Markdown takes no mark for one, the mark itself is found as well.
    assert broken - {(line, "markup")} == {(line, rule)}


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("It is a\nbest treatment", 13),
        ("It is\na [[bursa: cushion]]\nbest\ntreatment", 14),
        ("- one\n- two\n  three best\n  treatment", 14),
    ],
)
def test_a_finding_in_a_longer_paragraph_names_the_very_line(body: str, line: int) -> None:
    assert [(each.line, each.rule) for each in found(f"{URGENT}\n{body}")] == [(line, "promise")]


def test_a_sentence_over_several_lines_is_one_sentence() -> None:
    (finding,) = found(f"{URGENT}\nShort.\n" + "word\n" * 26)
    assert (finding.line, finding.rule) == (13, "long sentence")


@pytest.mark.parametrize(
    "left",
    [
        "<!-- TODO: ask the doctor -->",
        "<b>hard</b>",
        "<br>",
        "~~no~~",
        "[text][2]",
        "[text] (/guides/)",
        "[x](javascript:alert)",
        "{#id}",
        "{{ name }}",
        "&amp;nbsp;",
        "**bold **",
        "_so_called",
        "\\*",
        "a | b",
        "x^2^",
        "==marked==",
        "C:\\\\temp",
        "TODO",
    ],
)
def test_markup_that_is_left_over_blocks(left: str) -> None:
    found_here = found(f"{URGENT}\nIt is {left} here.")
    assert found_here
    assert {(each.line, each.rule, each.blocks) for each in found_here} == {(12, "markup", True)}


@pytest.mark.parametrize(
    "left", ["##Heading", "#Heading", "- [ ] do it", "• do it", "-do it", "1.Wash", "| a | b |"]
)
def test_a_mark_without_effect_at_the_beginning_of_a_line_blocks(left: str) -> None:
    assert {(each.line, each.rule) for each in found(f"{URGENT}\n{left}")} == {(12, "markup")}
    assert {each.rule for each in found(f"{URGENT}\nSome words\n{left}")} <= {"markup"}


@pytest.mark.parametrize(
    "clean",
    [
        "Under 18 < 65, -5 degrees, 3.5 mm and 1.5 hours",
        "Tea & toast; pain – or worse – goes",
        "See <https://example.org/a_b_c~d>",
        "A side-effect\n– which is rare – passes",
        "Ask (or ring) us: “now”",
    ],
)
def test_what_is_only_a_sign_is_not_left_over(clean: str) -> None:
    assert found(f"{URGENT}\n{clean}") == []


@pytest.mark.parametrize(
    ("heading", "cell", "contradicts"),
    [
        ("No benefit", "47 in 100 did well", True),
        ("No benefit", "In the heel trial 47 in 100 people did well, the others not", True),
        ("It does not help", "60 in 100 were helped", True),
        ("Infection", "99 in 100 had none", True),
        ("Infection", "999 out of 1,000 did not get one", True),
        ("Pain comes back", "8 in 10 were better", True),
        ("It helps", "53 in 100 did not do well", True),
        ("No benefit", "53 in 100 did not do well", False),
        ("It does not help enough", "53 in 100 in the heel trial (70 in 100 without)", False),
        ("It helps", "47 in 100 did well", False),
        ("Tennis elbow comes back", "72 in 100 with an injection, 9 in 100 without one", False),
        ("Infection", "1 in 1,000 in one leaflet", False),
        ("Infection", "Not known", False),
    ],
)
def test_a_figure_is_about_what_its_row_names(heading: str, cell: str, contradicts: bool) -> None:
    body = f"{URGENT}\n{RISKS}| {heading} | {cell}[^a] |\n:::"
    expected = [(15, "picture")] if contradicts else []
    assert [(each.line, each.rule) for each in found(body)] == expected


def test_every_rule_is_broken_by_some_test() -> None:
    broken = {rule for _, _, rule in BREAKS} | {rule for *_, rule in BAD_SOURCES}
    elsewhere = {"missing block", "reading age", "length", "promotion", "medical advice"}
    elsewhere |= {"at a glance", "guide at a glance"}
    # test_page_translations.py
    elsewhere |= {"not translated", "same addresses", "same blocks", "same numbers", "same sources"}
    assert broken | elsewhere == set(RULES)


ALL_ASKED = (
    "Does it hurt? How long does it take? When can I drive and work? What can go wrong? "
    "How soon does it work, and for how long? Who does it? What does it cost?"
)


def at_a_glance(*questions: str) -> str:
    items = "\n".join(f"- **{question}** Ask us." for question in questions)
    return f"{URGENT}\n::: at-a-glance\n{items}\n:::\n"


def unanswered(body: str, category: str) -> list[Finding]:
    rules = {"at a glance", "guide at a glance"}
    found = findings(factories.document(category=category, body=body))
    return [each for each in found if each.rule in rules]


@pytest.mark.parametrize(
    ("category", "blocks"), [("procedures", True), ("guides", False), ("clinics", None)]
)
def test_a_page_answers_at_a_glance_what_patients_ask_first(
    category: str, blocks: bool | None
) -> None:
    expected = [] if blocks is None else [(1, ALL_ASKED, blocks)]
    found = unanswered(URGENT, category)
    assert [(each.line, each.about, each.blocks) for each in found] == expected
    questions = [f"{words}?" for words in ALL_ASKED.rstrip("?").split("? ")]
    assert unanswered(at_a_glance(*questions), category) == []


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("Will I be in pain?", "Does it hurt?"),
        ("How long is the visit?", "How long does it take?"),
        ("Can I go to work the next day?", "When can I drive and work?"),
        ("What are the risks?", "What can go wrong?"),
        ("How long does it last?", "How soon does it work, and for how long?"),
        ("Who will I see?", "Who does it?"),
        ("What will I pay?", "What does it cost?"),
    ],
)
def test_a_question_may_be_asked_in_other_words(asked: str, answered: str) -> None:
    (found,) = unanswered(at_a_glance(asked), "procedures")
    assert (found.line, found.about) == (
        13,
        ALL_ASKED.replace(answered, "").replace("  ", " ").strip(),
    )


GOOD_SOURCE = {
    "kind": "leaflet",
    "title": "A leaflet",
    "publisher": "Example Hospital",
    "url": "https://example.org/leaflet",
    "dated": "March 2024",
}
BAD_SOURCES = [
    ("kind", "", "source kind"),
    ("publisher", "", "source name"),
    ("publisher", "A hospital", "source name"),
    ("publisher", "Peer-reviewed journals", "source name"),
    ("publisher", "Review in a peer-reviewed journal", "source name"),
    ("publisher", "BMC journal", "source name"),
    ("publisher", "GP practice, UK", "source name"),
    ("publisher", "Page of a clinic; our notes do not name it", "source name"),
    ("publisher", "Publisher not recorded", "source name"),
    ("publisher", "Article PMC3324992", "source name"),
    ("title", "Two studies in peer-reviewed journals", "source name"),
    ("dated", "", "source date"),
    ("dated", "n.d.", "source date"),
    ("dated", "March", "source date"),
    ("url", "https://www.example.org", "source address"),
    ("url", "https://www.example.org/", "source address"),
]


def broken_by(**columns: str) -> list[tuple[int, str, str, bool]]:
    source = Source(key="a", seen_on=date(2026, 11, 20), **GOOD_SOURCE | columns)
    document = factories.document(category="clinics", body="One.[^a]\n\nTwo.[^a]\n")
    found = findings(document, sources={"a": source})
    return [(each.line, each.rule, each.about, each.blocks) for each in found]


@pytest.mark.parametrize(("column", "value", "rule"), BAD_SOURCES)
def test_a_source_says_what_it_is_whose_when_and_where(column: str, value: str, rule: str) -> None:
    assert broken_by(**{column: value}) == [(8, rule, "a", rule != "source address")]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("publisher", "NHS"),
        ("publisher", "One Welbeck, a private clinic"),
        ("publisher", "University of Example"),
        ("title", "What is not known about tennis elbow"),
        ("dated", "2013; searched to 2012"),
        ("dated", "undated"),
        ("url", ""),
        ("url", "https://www.example.org/?p=7623"),
    ],
)
def test_a_source_that_can_be_found_is_not_a_finding(column: str, value: str) -> None:
    assert broken_by(**{column: value}) == []


def test_undated_is_said_of_pages_with_an_address_alone() -> None:
    assert [rule for _, rule, *_ in broken_by(dated="undated", url="")] == ["source date"]


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
    assert (finding.rule, finding.about) == ("missing block", "options, tell-us, risks")
    assert not finding.blocks
    assert found("Just words.", category="clinics") == []


def test_what_blocks_comes_first() -> None:
    order = [finding.blocks for finding in found(f"{URGENT}\nSimply come.\n\nIt is painless.")]
    assert order == [True, False]


def test_a_hard_text_is_told_its_reading_age() -> None:
    hard = "Ultrasonographic visualisation facilitates intraarticular administration. " * 3
    assert any(finding.rule == "reading age" for finding in found(f"{URGENT}\n{hard}"))
    assert reading_age(hard) > 20
    assert reading_age("We look at the sore place. You lie on your side.") < 10
    assert reading_age("") == 0


def test_a_long_text_is_told_its_length() -> None:
    def lengths(words: int) -> list[tuple[int, str, bool]]:
        body = "Some words.\n\n" * (words // 2)
        found = findings(factories.document(category="clinics", body=body))
        return [(each.line, each.about, each.blocks) for each in found]

    assert lengths(1_300) == []
    assert lengths(1_302) == [(1, "1,302", False)]


@pytest.mark.parametrize(
    ("question", "promotes"),
    [
        ("Could an injection help you?", True),
        ("Ready for your steroid shot?", True),
        ("Would a *medicine* suit you?", True),
        ("Not sure what is causing your pain?", False),
        ("Does your hand tingle or go numb?", False),
    ],
)
def test_the_closing_question_is_about_the_problem_and_no_medicine(
    question: str, promotes: bool
) -> None:
    document = factories.document(category="clinics", body="Some words.\n")
    asked = document.replace("Could it help?", question)
    found = [each for each in findings(asked) if each.rule == "promotion"]
    assert [(each.line, each.blocks) for each in found] == ([(5, True)] if promotes else [])


@pytest.mark.django_db
def test_another_clinic_may_be_named() -> None:
    assert found("At Example Lane Clinics they scan.", category="clinics") == []
    factories.clinic(name="Our clinic")
    assert found("At our clinic we scan.", category="clinics") == []
    factories.clinic(name="")
    assert found("At Example Lane Clinic we scan.", category="clinics") == []


@pytest.mark.parametrize("title", ["Kenalog for you", "A guaranteed cure", "Better for 90%"])
def test_title_and_note_are_held_to_the_same_rules(title: str) -> None:
    blocking = [each for each in findings(factories.document(title=title)) if each.blocks]
    assert [finding.line for finding in blocking] == [2]
    (noted,) = [each for each in findings(factories.document(), note=title) if each.blocks]
    assert noted.about == "note to patients"
