"""The rules, and why each exists."""

from typing import NamedTuple

LONGEST_SENTENCE = 25
OLDEST_READER = 14
LONGEST_TEXT = 1_300


class Rule(NamedTuple):
    """One rule: what to do, why, and whether a text may pass it with a reason."""

    sentence: str
    why: str
    blocks: bool = True


RULES = {
    "fill in": Rule(
        "Write your own words over this.",
        "It is a hint for the author, and readers would see it.",
    ),
    "card heading": Rule(
        "End the heading of a care card with “if:”.",
        "Each item below it should complete that sentence.",
    ),
    "do not": Rule(
        "Start this item with “Do not”.", "People who listen or skim can miss the heading."
    ),
    "emergency link": Rule(
        "Remove the link from the emergency card.",
        "In an emergency people should act, not read on.",
    ),
    "urgent card": Rule(
        "Add an urgent or emergency card.",
        "Any procedure can go wrong, and people need to know what to do.",
    ),
    "medical advice": Rule(
        "Move this to a page that a clinician signs.",
        "A manager approves the pages about the clinic and cannot vouch for medical advice.",
    ),
    "one number format": Rule(
        "Write “1 in 100” instead of a percentage.",
        "Readers can compare risks only if they are all in one format.",
    ),
    "frequency source": Rule(
        "Cite the source of this figure in the same paragraph or row.",
        "Readers and reviewers must be able to check every figure.",
    ),
    "disagreement": Rule(
        "Give at least two items here, each with its source.",
        "A disagreement has at least two sides, and readers may want to look them up.",
    ),
    "markup": Rule(
        "Remove this: readers would see it exactly as you typed it.",
        "It is formatting that did not work, or a note for colleagues.",
    ),
    "picture": Rule(
        "Give the figure for what this row is about, not for the opposite.",
        "Readers assume that the filled dots show what the first column names.",
        blocks=False,
    ),
    "at a glance": Rule(
        "Answer these questions in a block “at-a-glance” at the top.",
        "Patients ask them first, and many read no further.",
    ),
    "source kind": Rule(
        "Say under Sources what kind of source this is.",
        "A guideline and a clinic's own page are not worth the same, and readers should see which.",
    ),
    "source name": Rule(
        "Name under Sources who published this, or do not cite it.",
        "A source that nobody can find proves nothing.",
    ),
    "source date": Rule(
        "Give under Sources the year of this. For a web page without a date give its address and "
        "write “undated”.",
        "Readers must be able to see how old our evidence is.",
    ),
    "brand": Rule(
        "Remove the brand name and name the kind of medicine.",
        "UK advertising rules forbid promoting a prescription-only medicine to the public.",
    ),
    "promise": Rule(
        "Remove the promise and say what may happen.",
        "Nobody can promise a result, and UK advertising rules forbid it.",
    ),
    "promotion": Rule(
        "Ask about the problem, not about an injection or a medicine.",
        "The question leads to a request, so it would promote a prescription-only medicine to the "
        "public, which UK advertising rules forbid.",
    ),
    "clinic name": Rule(
        "Write “our clinic” instead of the clinic's name.",
        "The name is a setting of the site, and a signed text cannot follow it.",
    ),
    "skin": Rule(
        "Say how this looks on brown or black skin too.",
        "Redness can be hard to see on darker skin, and someone could miss an infection.",
    ),
    "long sentence": Rule(
        f"Split this sentence: it has more than {LONGEST_SENTENCE} words.",
        "Long sentences lose readers who are worried, tired or new to English.",
        blocks=False,
    ),
    "reading age": Rule(
        f"Use shorter words and sentences: only people over {OLDEST_READER} would find this "
        "text easy to read.",
        "Most adults find it easy to read text written for ages 11 to 14.",
        blocks=False,
    ),
    "length": Rule(
        f"Shorten this text: it has more than {LONGEST_TEXT:,} words. Aim for 700 to 1,000.",
        "Few people read a long page to its end, and what matters to them may be there.",
        blocks=False,
    ),
    "unexplained term": Rule(
        "Explain this term at its first use: [[term: what it means]].",
        "Another of our pages explains it.",
        blocks=False,
    ),
    "exclusion source": Rule(
        "Cite why this matters.", "Patients and reviewers may want to look it up.", blocks=False
    ),
    "risk source": Rule(
        "Cite a source for this risk.",
        "Readers and reviewers must be able to check every risk.",
        blocks=False,
    ),
    "tone": Rule(
        "Remove the exclamation mark or the word “simply”.",
        "What is simple for us may not be simple for the reader.",
        blocks=False,
    ),
    "guide at a glance": Rule(
        "Answer these questions in a block “at-a-glance” at the top, as far as they apply here.",
        "Patients ask them first, and many read no further.",
        blocks=False,
    ),
    "source address": Rule(
        "Give under Sources the address of the document itself, not of its publisher's site.",
        "Readers who want to look it up should not have to search for it.",
        blocks=False,
    ),
    "same blocks": Rule(
        "Give this part the same blocks, items and rows as the English.",
        "A translation adds nothing and leaves nothing out.",
    ),
    "same numbers": Rule(
        "Write the numbers of the English here, in digits.",
        "A figure, a dose or a phone number that differs may do harm.",
    ),
    "same sources": Rule(
        "Cite the sources of the English here.", "They say the same in every language."
    ),
    "same addresses": Rule(
        "Link to the addresses of the English here, and show its pictures.",
        "A reader is led to the same places in every language.",
    ),
    "not translated": Rule(
        "Translate this: it is still in English.",
        "Whoever reads only this language could not understand it.",
    ),
    "missing block": Rule(
        "Add what is missing: options, tell-us, risks.",
        "People reading about a procedure look for the other choices, the risks and what to "
        "tell us.",
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
