"""The blocks of a text and the marks inside a sentence, each with an example to copy."""

from collections.abc import Collection
from typing import NamedTuple


class Example(NamedTuple):
    """A block or a mark as an editor sees it: its name, what it is for, and how it is typed."""

    name: str
    sentence: str
    markdown: str


EXAMPLES: dict[str, Example] = {
    "at-a-glance": Example(
        "At a glance",
        "what patients ask first, with short answers",
        "::: at-a-glance\n- **Does it hurt?** A little, for a moment.\n:::",
    ),
    "key-facts": Example(
        "Key facts",
        "the few things to remember",
        "::: key-facts In short\n- It often gets better within a year.\n:::",
    ),
    "options": Example(
        "Options",
        "the choices, with doing nothing first",
        "::: options\n- **Do nothing for now.** It may settle.\n- **Exercises.** They take weeks.\n:::",
    ),
    "risks": Example(
        "Risks",
        "a table of three columns",
        "::: risks\n| What can happen | How often | What to know |\n|---|---|---|\n"
        "| Soreness | Not known | Eases in a day or two |\n:::",
    ),
    "tell-us": Example(
        "Tell us",
        "what we have to know before the visit",
        "::: tell-us Tell us before you come if you:\n- take a blood thinner\n:::",
    ),
    "steps": Example(
        "Steps",
        "what happens, one thing after another",
        "::: steps\n1. We talk, and we examine you.\n2. We explain what we found.\n:::",
    ),
    "timeline": Example(
        "Timeline",
        "what to expect, and when",
        "::: timeline\n- **First day.** It may be sore.\n- **Week 2.** It should ease.\n:::",
    ),
    "do": Example("Do", "what helps", "::: do Do\n- keep it moving gently\n:::"),
    "do-not": Example(
        "Do not", "what could harm", "::: do-not Do not\n- do not lift anything heavy\n:::"
    ),
    "emergency": Example(
        "Emergency",
        "when to call 999",
        "::: emergency Call 999 or go to A&E now if:\n- you have trouble breathing\n:::",
    ),
    "urgent": Example(
        "Urgent",
        "a GP today, or 111",
        "::: urgent Ask for an urgent GP appointment or call 111 if:\n- it is hot and swollen\n:::",
    ),
    "non-urgent": Example(
        "Not urgent",
        "when to call us",
        "::: non-urgent Call us in working hours if:\n- it is no better after 4 weeks\n:::",
    ),
    "questions": Example(
        "Questions",
        "questions and answers under small headings",
        "::: questions\n### Can I bring someone?\n\nYes, you can.\n:::",
    ),
    "disagree": Example(
        "Sources disagree",
        "two sides, each with its source",
        "::: disagree How long does it last?\n- One study says weeks.\n- Another says months.\n:::",
    ),
    "note": Example("Note", "a few words in a frame", "::: note\nBring your glasses.\n:::"),
    "figure": Example(
        "Figure",
        "a picture with its description; the pictures are under “Figures”",
        "::: figure What the picture is called\n![What it shows, in a few words](key)\n:::",
    ),
}

# They go into a sentence, so they are one line.
MARKS = (
    Example(
        "A word with its meaning",
        "at its first use; the glossary collects them",
        "[[bursa: a small cushion of fluid]]",
    ),
    Example(
        "Words of another language",
        "so that screen readers say them right: cy is Welsh, en English, fr French, la Latin, pl "
        "Polish, ur Urdu",
        "[bore da]{lang=cy}",
    ),
    Example(
        "A link in another language",
        "with the mark around the whole link",
        "[[Cymraeg](/cy/about/chaperone-and-interpreters/)]{lang=cy}",
    ),
)


def shown_as(key: str, numbers: Collection[int] = ()) -> str:
    """The block with which a text shows this figure, with an item for each number in the picture."""
    items = "".join(f"\n{number}. What this is." for number in sorted(numbers))
    below = f"\n{items}" if items else ""
    return f"::: figure What the picture is called\n![What it shows, in a few words]({key}){below}\n:::"
