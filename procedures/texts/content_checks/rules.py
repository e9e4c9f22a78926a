"""The rules, and why each exists."""

from typing import NamedTuple

LONGEST_SENTENCE = 25
OLDEST_READER = 14


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
    "markup": Rule(
        "Take this out: readers would see it just as it is typed here.",
        "It is a mark that did not work, or a note that was meant for colleagues.",
    ),
    "picture": Rule(
        "Give the figure for what this row is about, not for its opposite.",
        "Readers take the filled dots for what the first column names.",
        blocks=False,
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
    """A line that breaks a rule. Line 1 means the whole text."""

    line: int
    rule: str
    about: str = ""

    @property
    def blocks(self) -> bool:
        """Whether the text cannot go to review before this is corrected."""
        return RULES[self.rule].blocks

    @property
    def why(self) -> str:
        """Why the rule exists."""
        return RULES[self.rule].why

    @property
    def sentence(self) -> str:
        """What to do, for the editor."""
        sentence = RULES[self.rule].sentence
        return f"{sentence} ({self.about})" if self.about else sentence
