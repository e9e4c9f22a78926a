"""Rules of safe and plain patient information that a machine can check.

What could do harm blocks the way to review. The rest are prompts: the author mends them or writes why
not, and the reviewer reads the reason. Scores only prompt, because they measure words and not
understanding. The rules follow the research behind the NHS content patterns and the UK advertising
code: see `docs/decisions.md`.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

import pyphen

from procedures.rendering import CITATION, TERM, Document, heading, parse
from procedures.status import Category

LONGEST_SENTENCE = 25
OLDEST_READER = 14
# Products of which a prescription-only medicine is the heart, and words that promise.
BRANDS = re.compile(
    r"\b(kenalog|adcortyl|depo-?medrone|solu-?medrone|lederspan|hydrocortistab|synvisc|durolane|"
    r"ostenil|euflexxa|orthovisc|botox|dysport|xylocaine|marcain)\b",
    re.I,
)
PROMISES = re.compile(
    r"\b(guaranteed?|miracle|pain-?free|painless|100 ?% safe|completely safe|risk-?free|"
    r"state[- ]of[- ]the[- ]art|leading clinic|best treatment)\b",
    re.I,
)
PERCENTAGE = re.compile(r"\d\s?%(?!\s*(?:alcohol|gel|solution|saline))|\bper ?cent\b", re.I)
SAID_FREQUENCY = re.compile(
    r"\b(?:\d[\d,]{0,11}|one|two|three) (?:in|out of)(?: every)? "
    r"(?:\d|ten\b|(?:a )?hundred|a thousand)",
    re.I,
)
REDNESS = re.compile(r"\b(red(?! flags?\b)|redder|reddened|redness)\b", re.I)
DENIAL = re.compile(r"\b(?:no|not|never|cannot|nobody)\b[^.;]{0,60}$", re.I)
OTHER_SKIN = re.compile(r"\b(black|brown|dark|darker|colour)\b", re.I)
TONE = re.compile(r"!(?!\[)|\bsimply\b", re.I)
LINK = re.compile(r"\[(?![\^\[])|<\w+:")
ITEM = re.compile(r"^ {0,3}(?:[-*+]|\d{1,9}[.)]) +(.*)$")
ROW = re.compile(r"^\|(?!\s*:?-)(.*)\|\s*$")
MARKS = re.compile(r"\[\^[^\]]{1,60}\]|\]\([^)]{0,300}\)|!?\[|\]|[*_`#>|]")

SYLLABLES = pyphen.Pyphen(lang="en_GB")


class Rule(NamedTuple):
    """One rule: what to do, why, and whether a text may pass it with a reason."""

    sentence: str
    why: str
    blocks: bool = True


RULES = {
    "card heading": Rule(
        "End the heading of a care card with “if:”.",
        "Each line below it has to make sense as the end of that sentence.",
    ),
    "do not": Rule(
        "Start this item with “Do not”.", "Listeners and hurried readers can miss the heading."
    ),
    "emergency link": Rule(
        "Take the link out of the emergency card.", "Nobody should read on in an emergency."
    ),
    "urgent card": Rule(
        "Add an urgent or emergency card.", "Every procedure can go wrong, and minutes may count."
    ),
    "one number format": Rule(
        "Write “1 in 100” instead of a percentage.", "Readers compare risks only in one format."
    ),
    "frequency source": Rule(
        "Cite the source of this figure in the same paragraph or row.",
        "A figure that nobody can check is a rumour.",
    ),
    "disagreement": Rule(
        "Give at least two items here, each with its source.",
        "A disagreement has two sides, and readers may want to look them up.",
    ),
    "brand": Rule(
        "Take the brand name out and name the kind of medicine.",
        "UK advertising rules forbid promoting a prescription-only medicine to the public.",
    ),
    "promise": Rule(
        "Take the promise out and say what may happen.",
        "Nobody can promise a result, and the UK advertising rules forbid it.",
    ),
    "skin": Rule(
        "Say how this looks on brown or black skin too.",
        "Redness can be hard to see on darker skin, and an infection would be missed.",
    ),
    "long sentence": Rule(
        f"Split this sentence: it has more than {LONGEST_SENTENCE} words.",
        "Long sentences lose readers who are worried, tired or new to English.",
        blocks=False,
    ),
    "reading age": Rule(
        f"Use shorter words and sentences: the text reads like one for people over {OLDEST_READER}.",
        "Most adults read with ease what is written for ages 11 to 14.",
        blocks=False,
    ),
    "unexplained term": Rule(
        "Explain this term at its first use: [[term: what it means]].",
        "Another of our pages found that it needs explaining.",
        blocks=False,
    ),
    "exclusion source": Rule(
        "Cite why this matters.", "Patients and reviewers may want to look it up.", blocks=False
    ),
    "risk source": Rule(
        "Cite a source for this risk.", "A risk without a source is a rumour.", blocks=False
    ),
    "tone": Rule(
        "Take out the exclamation mark or the word “simply”.",
        "What is simple for us may not be for the reader.",
        blocks=False,
    ),
    "missing block": Rule(
        "Add what is missing: key-facts, options, tell-us, risks.",
        "Readers of a procedure look for the other choices, the risks and what to tell us.",
        blocks=False,
    ),
}


class Finding(NamedTuple):
    """A rule that a line breaks. Line 1 stands for the whole text."""

    line: int
    rule: str
    about: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the text cannot go to review before this is mended."""
        return RULES[self.rule].blocks

    @property
    def why(self) -> str:
        """What the rule is good for."""
        return RULES[self.rule].why

    @property
    def sentence(self) -> str:
        """What to do, for the editor."""
        sentence = RULES[self.rule].sentence
        return f"{sentence} ({self.about})" if self.about else sentence


def findings(document: str, known_terms: Collection[str] = (), note: str = "") -> list[Finding]:
    """Everything to mend, in the order of lines. The document must parse.

    `known_terms` are terms that other pages explain; `note` is the note to patients. Those findings
    that block come first.
    """
    parsed = parse(document)
    found = list(_blocks(parsed)) + list(_terms(parsed, known_terms)) + list(_reading(parsed))
    for number, line in enumerate(document.split("\n")[1 : parsed.body_line - 2], start=2):
        found += _of_words(number, "", line)
    found += [finding._replace(about="note to patients") for finding in _of_words(1, "", note)]
    paragraphs = _paragraphs(parsed)
    block, sides = "", 0
    for number, line in parsed.lines():
        if opens := heading(line):
            if block == "disagree" and sides < 2:
                found.append(Finding(number, "disagreement"))
            block, title = opens
            sides = 0
            if block in {"emergency", "urgent", "non-urgent"} and not title.endswith("if:"):
                found.append(Finding(number, "card heading"))
            line = title
        elif block == "disagree" and ITEM.match(line) and CITATION.search(line):
            sides += 1
        found += _of_words(number, block, line, paragraphs.get(number, line))
    return sorted(found, key=lambda finding: (not finding.blocks, finding.line))


def _of_words(number: int, block: str, line: str, paragraph: str = "") -> list[Finding]:
    """What the words of one line break."""
    broken = [Finding(number, rule) for rule in _line(block, line, paragraph or line)]
    return broken + [Finding(number, "long sentence", words) for words in _long_sentences(line)]


def promises(words: str) -> bool:
    """Whether words that stand beside a text, such as its other names, break an advertising rule."""
    return bool(BRANDS.search(words) or _is_promise(words))


def _paragraphs(parsed: Document) -> dict[int, str]:
    """The whole paragraph of each line of prose."""
    found: dict[int, str] = {}
    numbers: list[int] = []
    lines: list[str] = []
    for number, line in [*parsed.lines(), (0, "")]:
        if line.strip() and heading(line) is None and not ITEM.match(line) and not ROW.match(line):
            numbers.append(number)
            lines.append(line)
            continue
        found |= dict.fromkeys(numbers, " ".join(lines))
        numbers, lines = [], []
    return found


def _line(block: str, line: str, paragraph: str) -> Iterator[str]:
    """The rules that one line breaks."""
    item = ITEM.match(line)
    cited = bool(CITATION.search(line))
    starts = item[1].lstrip("*_ ").lower() if item else ""
    broken = {
        "do not": block == "do-not" and item and not starts.startswith("do not"),
        "emergency link": block == "emergency" and LINK.search(line),
        "one number format": PERCENTAGE.search(line),
        "frequency source": SAID_FREQUENCY.search(line) and not CITATION.search(paragraph),
        "brand": BRANDS.search(line),
        "promise": _is_promise(line),
        "skin": REDNESS.search(line) and not OTHER_SKIN.search(line),
        "exclusion source": block == "tell-us" and item and not cited,
        "risk source": block == "risks" and not cited and _is_a_known_risk(line),
        "tone": TONE.search(line),
    }
    return (rule for rule, is_broken in broken.items() if is_broken)


def _is_promise(line: str) -> bool:
    return any(not DENIAL.search(line[: found.start()]) for found in PROMISES.finditer(line))


def _is_a_known_risk(line: str) -> bool:
    row = ROW.match(line)
    cells = [cell.strip().lower() for cell in row[1].split("|")] if row else []
    return len(cells) > 1 and cells[1] not in {"how often", "not known"}


def _blocks(parsed: Document) -> Iterator[Finding]:
    if parsed.category != Category.PROCEDURE:
        return
    present = {opens[0] for _, line in parsed.lines() if (opens := heading(line))}
    if not present & {"urgent", "emergency"}:
        yield Finding(1, "urgent card")
    missing = [name for name in ("key-facts", "options", "tell-us", "risks") if name not in present]
    if missing:
        yield Finding(1, "missing block", ", ".join(missing))


def _terms(parsed: Document, known_terms: Collection[str]) -> Iterator[Finding]:
    """Terms used before this text explains them; those that other pages explain count too."""
    own = {term.lower() for term, _ in TERM.findall(parsed.body)}
    waiting = own | {known.lower() for known in known_terms}
    if not waiting:
        return
    words = re.compile(rf"\b({'|'.join(map(re.escape, sorted(waiting)))})\b")
    for number, line in parsed.lines():
        waiting -= {term.lower() for term, _ in TERM.findall(line)}
        for term in dict.fromkeys(words.findall(MARKS.sub(" ", TERM.sub(" ", line)).lower())):
            if term in waiting:
                waiting.discard(term)
                yield Finding(number, "unexplained term", term)


def _long_sentences(line: str) -> list[str]:
    """The first words of each sentence of the line that is too long."""
    return [
        f"“{' '.join(words[:5])} …”" for words in _sentences(line) if len(words) > LONGEST_SENTENCE
    ]


def _sentences(text: str) -> list[list[str]]:
    prose = MARKS.sub(" ", TERM.sub(lambda term: term[1], text))
    return [
        re.findall(r"[\w’'-]+", sentence) for sentence in re.split(r"[.:;?!](?:\s|$)|\n", prose)
    ]


def _reading(parsed: Document) -> Iterator[Finding]:
    age = reading_age(parsed.body)
    if age > OLDEST_READER:
        yield Finding(1, "reading age", f"about {age}")


def reading_age(text: str) -> int:
    """A rough age from the Flesch–Kincaid grade (1975); 0 for a text without a whole sentence."""
    prose = "\n".join(line for line in text.split("\n") if heading(line) is None)
    sentences = [words for words in _sentences(prose) if len(words) > 2]
    words = [word for sentence in sentences for word in sentence]
    if not words:
        return 0
    syllables = sum(len(SYLLABLES.inserted(word).split("-")) for word in words)
    grade = 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59
    return round(grade + 5)
