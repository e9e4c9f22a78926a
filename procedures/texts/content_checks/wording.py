"""Rules about the words of one passage."""

import re
from collections.abc import Iterator

from procedures.models.clinic import details
from procedures.texts.content_checks.risks import contradicts
from procedures.texts.content_checks.rules import Finding
from procedures.texts.rendering import Passage, normalised
from procedures.texts.skeletons import HINT

# Products whose main ingredient is a prescription-only medicine, and words that promise.
BRANDS = re.compile(
    r"\b(kenalog|adcortyl|depo-?medrone|solu-?medrone|lederspan|hydrocortistab|synvisc|durolane|"
    r"ostenil|euflexxa|orthovisc|botox|dysport|xylocaine|marcain)\b",
    re.IGNORECASE,
)
PROMISES = re.compile(
    r"\b(guaranteed?|miracle|pain[- ]?free|painless|100 ?% safe|completely safe|risk[- ]?free|"
    r"state[- ]of[- ]the[- ]art|leading clinic|best treatment)\b",
    re.IGNORECASE,
)
# The strength of what is in a bottle is not a frequency.
STRENGTH = r"alcohol|gel|solution|saline|cream|glucose|iodine|chlorhexidine|lidocaine"
PERCENTAGE = re.compile(rf"\d[ *_]{{0,5}}%(?! ?(?:{STRENGTH}))|\bper[- ]?cent\b", re.IGNORECASE)
SAID_FREQUENCY = re.compile(
    r"\b(?:\d[\d,]{0,11}|one|two|three)[ -](?:in|out[ -]of)(?:[ -]every)?[ -]"
    r"(?:\d|ten\b|(?:a )?hundred|a thousand)",
    re.IGNORECASE,
)
REDNESS = re.compile(r"\b(red(?! flags?\b)|redder|reddened|redness)\b", re.IGNORECASE)
# “We cannot promise a pain-free visit” denies it; “no waiting and guaranteed results” does not.
DENIAL = re.compile(
    r"\b(?:no|not(?! only)|never|cannot|nobody)(?: (?!and\b|or\b|but\b)[\w’'-]+){0,5} ?[“\"']?$",
    re.IGNORECASE,
)
OTHER_SKIN = re.compile(r"\b(black|brown|dark|darker|colour)\b", re.IGNORECASE)
TONE = re.compile(r"(?<!<)!|\bsimply\b", re.IGNORECASE)
# What Markdown leaves as typed: tags, entities, marks without effect, notes to colleagues.
MARKUP = re.compile(
    r"</?[a-z!?][^<>]{0,40}>?|-->|&#?\w{2,31};"
    r"|^#{1,6}|#{2,6}|~~|\*{1,3}|(?<!\w)_+(?=\w)|(?<=\w)_+(?!\w)|`+|\||\^|\\|:{3,}|={2,}|-{3,}"
    r"|[\[{][^\[\]{}]{0,40}[\]}]?(?:[\[(][^\[\]()]{0,80}[\])])?|[\]}]"
    r"|^[-+](?=[^\W\d])|^[•·]|^\d{1,2}[.)](?=[^\W\d])"
    r"|\b(?-i:TODO|FIXME|XXX|TBC)\b",
    re.IGNORECASE | re.MULTILINE,
)


# The question above the request button may be about a problem, and not about a medicine.
MEDICINE = re.compile(
    r"\b(?:injections?|injected|jabs?|steroids?|cortisone|anaesthetics?|medicines?|botulinum|"
    r"hyaluron\w*)\b",
    re.IGNORECASE,
)


def promotes_a_medicine(question: str) -> bool:
    """Whether the question that leads to the request button names a medicine or an injection."""
    return bool(MEDICINE.search(normalised(question)))


def wording(passage: Passage) -> Iterator[Finding]:
    """The rules that the words of a passage break."""
    flat = passage.words.replace("\n", " ")
    for rule, pattern in (
        ("one number format", PERCENTAGE),
        ("brand", BRANDS),
        ("tone", TONE),
    ):
        for found in pattern.finditer(flat):
            yield Finding(passage.line_of(found.start()), rule)
    yield from _left_over(passage)
    for found in _promises(flat):
        yield Finding(passage.line_of(found.start()), "promise")
    for found in _clinic_name().finditer(flat):
        yield Finding(passage.line_of(found.start()), "clinic name")
    if not passage.has_source():
        for found in SAID_FREQUENCY.finditer(flat):
            yield Finding(passage.line_of(found.start()), "frequency source")
    if not OTHER_SKIN.search(passage.context()):
        for found in REDNESS.finditer(flat):
            yield Finding(passage.line_of(found.start()), "skin")


def in_any_language(passage: Passage) -> Iterator[Finding]:
    """The rules of these that hold in every language: product names, and what was left as typed."""
    for found in BRANDS.finditer(passage.words):
        yield Finding(passage.line_of(found.start()), "brand")
    yield from _left_over(passage)


def _left_over(passage: Passage) -> Iterator[Finding]:
    """What readers would see as it was typed: marks without effect, and hints to the author."""
    for rule, pattern in (("markup", MARKUP), ("fill in", HINT)):
        for found in pattern.finditer(passage.words):
            yield Finding(passage.line_of(found.start()), rule, f"“{found[0]}”")


def place(passage: Passage) -> Iterator[Finding]:
    """The rules that a passage breaks because of its place in its block."""
    block, words = passage.block, passage.words.lower()
    item = passage.kind == "item"
    how_often = block == "risks" and passage.kind == "cell" and passage.row[1:2] == [passage]
    broken = {
        "card heading": block in {"emergency", "urgent", "non-urgent"}
        and passage.kind == "title"
        and not words.endswith("if:"),
        "do not": block == "do-not" and item and not words.startswith("do not"),
        "emergency link": block == "emergency" and passage.links,
        "exclusion source": block == "tell-us" and item and not passage.cited,
        "risk source": how_often and words != "not known" and not passage.has_source(),
        "picture": how_often and contradicts(passage.row[0].words, passage.words),
    }
    return (Finding(passage.line, rule) for rule, is_broken in broken.items() if is_broken)


def promises(words: str) -> bool:
    """Whether words beside a text, such as its other names, break an advertising rule."""
    flat = normalised(words).replace("\n", " ")
    return bool(BRANDS.search(flat) or any(_promises(flat)))


def _clinic_name() -> re.Pattern[str]:
    """The name of the clinic as the settings have it; never found if they name none."""
    name = normalised(details().name)
    is_named = name.lower() not in {"", "our clinic"}
    return re.compile(rf"(?<!\w){re.escape(name)}(?!\w)" if is_named else r"(?!)", re.IGNORECASE)


def _promises(flat: str) -> Iterator[re.Match[str]]:
    return (found for found in PROMISES.finditer(flat) if not DENIAL.search(flat[: found.start()]))
