"""The languages in which patients can use the site beside English.

A page in another language has the address of the English page with the language before it:
`/cy/appointments/request/`. So whoever keeps pages keeps each language by itself, a link opens in the
language in which it was sent, and nothing is guessed from what a browser says about its owner. The
desk is in English.

No translator has checked a catalogue yet (`checked_by`), and pages say so. Which languages a clinic
offers is its own decision (`OTHER_LANGUAGES`).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from django.conf import settings
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import get_language, gettext, override, pgettext
from django.utils.translation.trans_real import CONTEXT_SEPARATOR


class Language(NamedTuple):
    """A language, as its speakers and as English people call it."""

    # As `lang` attributes and addresses have it.
    code: str
    name: str
    english_name: str
    direction: str = "ltr"
    # The translator who read the whole catalogue. Until somebody has, it is the work of a machine.
    checked_by: str = ""


ENGLISH = Language("en-GB", "English", "English", checked_by="the authors")
KNOWN = {
    language.code: language
    for language in (
        Language("cy", "Cymraeg", "Welsh"),
        Language("pl", "Polski", "Polish"),
        Language("ur", "اردو", "Urdu", direction="rtl"),
    )
}


def current() -> Language:
    """The language in which we are answering."""
    return KNOWN.get(get_language() or "", ENGLISH)


def of(code: str) -> Language:
    """The language of that code; English for an empty one."""
    return KNOWN.get(code, ENGLISH)


def code() -> str:
    """The code of the language in which we are answering; empty for English."""
    return current().code if is_foreign() else ""


def is_foreign() -> bool:
    """Whether we are answering in another language than English."""
    return current() is not ENGLISH


def offered(code: str) -> str:
    """The language of that code if the clinic offers it; otherwise empty, which is English."""
    return code if code in settings.OTHER_LANGUAGES else ""


def spoken_in(code: str) -> override:
    """A context in which everything is said in the language of that code, or in English."""
    return override(offered(code) or settings.LANGUAGE_CODE)


def english_name(code: str) -> str:
    """“Polish”. Empty for English, which has no code here."""
    return KNOWN[code].english_name if code in KNOWN else ""


def of_path(path: str) -> str:
    """The code of the language that an address begins with; empty for an English one."""
    return offered(path.lstrip("/").partition("/")[0])


def in_english_path(path: str) -> str:
    """The address of the same page in English."""
    code = of_path(path)
    return path.removeprefix(f"/{code}") if code else path


def path_in(code: str, path: str) -> str:
    """The address of an English page in the language of that code; empty is English."""
    return f"/{code}{path}" if code else path


def addresses(path: str) -> Iterator[tuple[Language, str]]:
    """A page in every language that the clinic offers: the language and the address."""
    plain = in_english_path(path)
    yield ENGLISH, plain
    for code in settings.OTHER_LANGUAGES:
        yield KNOWN[code], path_in(code, plain)


def in_english(text: "str | Promise") -> str:
    """A text that exists in English only, marked as such on a page in another language."""
    return in_language(text, "")


def in_language(text: "str | Promise", code: str) -> str:
    """A text in the language of that code, marked as such on a page in another; empty is English."""
    return str(text) if of(code) is current() or not text else marked(text, code)


def marked(text: "str | Promise", code: str) -> str:
    """A text in the language of that code, for words of another one around it."""
    language = of(code)
    form = '<span lang="{}" dir="{}">{}</span>'
    return format_html(form, language.code, language.direction, text)


def isolated(text: object) -> str:
    """A name or somebody's own words, which may run the other way than the page around them."""
    if current().direction == "ltr" or not text:
        return str(text)
    return format_html("<bdi>{}</bdi>", text)


def left_to_right(text: object) -> str:
    """A number, an address or a code, which runs from left to right on every page."""
    if current().direction == "ltr" or not text:
        return str(text)
    return format_html('<bdi dir="ltr">{}</bdi>', text)


def left_to_right_in_text(text: str) -> str:
    """The same in plain text, where characters that nobody sees say it (UAX 9, isolates)."""
    if current().direction == "ltr" or not text:
        return text
    return f"\N{LEFT-TO-RIGHT ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"


def line(text: str) -> str:
    """A line of plain text that begins where our language does, whatever its first word is."""
    return text if current().direction == "ltr" else f"\N{RIGHT-TO-LEFT MARK}{text}"


def listed(texts: "Iterable[str | Promise]") -> str:
    """“Monday, Tuesday”, with the comma of the language in which we are answering."""
    return pgettext("between the things of a list", ", ").join(map(str, texts))


def full_stop() -> str:
    """What ends a sentence in the language in which we are answering."""
    return pgettext("the end of a sentence", ".")


# What the clinic's own safety questions are under in a catalogue (`question_catalogues`). They are
# translated by their exact words: a changed wording is asked in English until it has a translation.
OF_QUESTIONS = "safety question"


def asked(text: str) -> str:
    """The words of a safety question in the language of the page, or in English if there are none."""
    return pgettext(OF_QUESTIONS, text) if text else ""


def has_words(text: str, code: str) -> bool:
    """Whether a catalogue has words for a text of a safety question, even if they are English."""
    key = f"{OF_QUESTIONS}{CONTEXT_SEPARATOR}{text}"
    with override(code):
        return gettext(key) != key


def asked_or_english(text: str) -> str:
    """The same for a template: what there is only in English is marked as English."""
    translated = asked(text)
    return in_english(text) if translated == text else translated


def beside_english(text: str) -> str:
    """The words of a safety question and, on a page in another language, the English under them.

    A question that decides whether a needle is safe is never asked in a machine's words alone.
    """
    if not is_foreign():
        return text
    original = format_html('<span class="original" lang="en-GB" dir="ltr">{}</span>', text)
    translated = asked(text)
    return original if translated == text else format_html("{} {}", translated, original)


def as_read(text: str, code: str) -> str:
    """For colleagues: the words in which a patient read a safety question, if not in English."""
    if code not in KNOWN:
        return ""
    with override(code):
        translated = asked(text)
    if translated == text:
        return ""
    language = KNOWN[code]
    form = '<span class="original" lang="{}" dir="{}">{}</span>'
    return format_html(form, language.code, language.direction, translated)
