"""The pages that are written in full: structure, plain words, and a source for every figure."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clinic_site.clinic_pages import ABOUT_THIS_SITE, FOR_PATIENTS
from clinic_site.demo import signed_pages
from procedures.models import Source
from procedures.models.clinic import details
from procedures.texts import content_checks
from procedures.texts.rendering import CITATION, parse

FOLDER = signed_pages.FOLDER / "pages"
EVERYTHING = sorted(FOLDER.glob("*.md"))
# Those that a clinician signs, and those that a manager approves.
PAGES = [path for path in EVERYTHING if parse(path.read_text()).category.needs_clinician]
ABOUT_US = [path for path in EVERYTHING if path not in PAGES]
SOURCES = {
    key: Source(key=key, **columns)
    for key, columns in tomllib.loads((FOLDER / "sources.toml").read_text()).items()
}
WITHOUT_NEEDLE = {"shockwave-therapy", "backs-and-necks"}
# What we do not do: these pages invite nobody.
NOT_HERE = {
    "Backs and necks: not here, and when to get help",
    "Hyaluronic acid and platelet injections: why we do not offer them",
}


@pytest.fixture(params=PAGES, ids=lambda path: path.stem)
def document(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text())


@pytest.fixture(params=ABOUT_US, ids=lambda path: path.stem)
def about_us(request: pytest.FixtureRequest) -> str:
    return str(request.param.read_text())


def test_nothing_blocks_and_every_prompt_has_its_reason(document: str) -> None:
    found = content_checks.findings(document, sources=SOURCES)
    assert [finding for finding in found if finding.blocks] == []
    assert {finding.rule for finding in found} <= set(signed_pages.REASONS)


def test_it_says_that_nobody_reviewed_it(document: str) -> None:
    assert "no real clinician has reviewed it" in document


def test_it_has_help_for_emergencies_a_closing_panel_and_links(document: str) -> None:
    parsed = parse(document)
    assert "::: urgent" in parsed.body
    assert "::: emergency" in parsed.body
    assert parsed.closing_question.endswith("?") or parsed.title in NOT_HERE
    assert re.search(r"\]\(/(procedures|clinics|guides)/[a-z-]+/\)", parsed.body)


def test_the_words_are_plain_and_promise_nothing(document: str) -> None:
    lowered = document.lower().replace("![", "[")
    for word in ("simply ", "successfully", "painless", "guarantee", "kenalog", "%", "!"):
        assert word not in lowered
    for line in document.split("\n"):
        if "red" in re.findall(r"[a-z]+", line.lower()):
            assert "brown or black skin" in line


def test_sentences_are_short_on_average(document: str) -> None:
    prose = re.sub(r"\[\^[^\]]+\]|[*_|#>-]|:::.*", " ", parse(document).body)
    prose = re.sub(r"\]\([^)]*\)", " ", prose)
    sentences = [s.split() for s in re.split(r"[.:?;\n]\s", prose) if len(s.split()) > 2]
    assert sum(len(words) for words in sentences) / len(sentences) < 20


def test_every_frequency_cites_a_source(document: str) -> None:
    """A paragraph, list item or table row with “1 in …” has a citation."""
    for line in parse(document).body.split("\n"):
        if re.search(r"\b\d+ in (?:every )?\d", line):
            assert CITATION.search(line), line


def test_one_format_of_numbers() -> None:
    for path in PAGES:
        assert not re.search(r"\d+ (?:per cent|percent)|\d+ out of \d+", path.read_text())


def card(document: str, level: str) -> str:
    """The words of the only card of this level."""
    (words,) = re.findall(rf"^::: {level} (.*?)\n:::\n", document, re.DOTALL | re.MULTILINE)
    return str(words)


def test_the_urgent_card_names_every_way_to_reach_111(document: str) -> None:
    words = card(document, "urgent")
    for way in ("call 111", "111.nhs.uk", "18001 111"):
        assert way in words


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_after_a_needle_the_emergency_card_names_sepsis_and_sudden_loss_of_sight(
    path: Path,
) -> None:
    if path.stem in WITHOUT_NEEDLE:
        return
    words = card(path.read_text(), "emergency")
    assert re.match(r"Call 999 or go to A&E now,? .*if:", words)
    for sign in (
        "confused",
        "blue, grey or blotchy: on brown or black skin",
        "breathe very fast",
        "passed no urine",
        "suddenly lose some or all of your sight",
    ):
        assert sign in words


@pytest.mark.parametrize(
    "stem", ["ultrasound-guided-injections", "guided-steroid-injections-explained"]
)
def test_blurred_sight_is_as_urgent_on_one_page_as_on_the_other(stem: str) -> None:
    document = (FOLDER / f"{stem}.md").read_text()
    assert "your eyesight is blurred, or straight lines look wavy" in card(document, "urgent")
    emergency, urgent = document.index("::: emergency"), document.index("::: urgent")
    assert emergency < urgent
    heading = document.rfind("\n## ", 0, emergency)
    assert document[heading:].startswith("\n## When should I get help?\n\n::: emergency")


def test_no_page_says_the_name_of_one_clinic(document: str) -> None:
    assert "Example Lane" not in document


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_once_that_nobody_reviewed_it_and_where_else_to_read(path: Path) -> None:
    document = path.read_text()
    assert document.count("no real clinician") == 1
    further = document.partition("\n## Where can I find out more?\n")[2].partition("\n## ")[0]
    assert len(re.findall(r"\]\(https://[^)/]+/[^)]*\)", further)) >= 2


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_its_headings_ask_what_patients_ask(path: Path) -> None:
    headings = re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE)
    assert [each for each in headings if not each.endswith("?")] in ([], ["Common questions"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_whoever_may_have_a_needle_is_led_to_the_whole_list(path: Path) -> None:
    if path.stem in WITHOUT_NEEDLE:
        return
    other = "after-an-injection" if path.stem == "before-any-injection" else "before-any-injection"
    assert f"](/guides/{other}/)" in path.read_text()


def test_there_is_one_rule_on_driving_after_a_needle() -> None:
    for path in PAGES:
        glance = path.read_text().partition("::: at-a-glance")[2].partition(":::")[0]
        assert not re.search(r"(24|48) hours|your insurer", glance)


# --- Pages about the clinic -------------------------------------------------------------------


def test_every_page_that_the_menu_and_the_footer_name_is_written() -> None:
    assert {path.stem for path in ABOUT_US} == {*FOR_PATIENTS, *ABOUT_THIS_SITE}


def test_the_checks_find_nothing_in_a_page_about_the_clinic(about_us: str) -> None:
    assert content_checks.findings(about_us) == []


def test_it_says_that_everything_in_it_is_invented(about_us: str) -> None:
    assert "everything it promises here are invented" in about_us


def test_it_contains_no_fact_that_belongs_beside_it(about_us: str, settings: Any) -> None:
    """A name, a number or an hour in the signed words could differ from the clinic's own."""
    for name in ("NAME", "PHONE", "ADDRESS", "EMAIL", "ICO_NUMBER", "COMPANY_NUMBER"):
        assert getattr(details(), name.lower()) not in about_us
    assert "Example Lane" not in about_us
    assert not re.search(r"\b\d{1,2}:\d\d\b", about_us)


def test_no_price_is_that_of_a_medicine() -> None:
    prices = [line for line in (FOLDER / "fees.md").read_text().lower().split("\n") if "£" in line]
    assert len(prices) > 4
    for line in prices:
        assert not re.search(r"inject|steroid|medicine|anaesthetic|botul|hyaluron", line)
