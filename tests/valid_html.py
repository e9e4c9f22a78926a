"""Checks that a page is valid HTML: no parser errors, and each element where it is allowed.

This is not the whole standard, which needs a validator in Java: only the parser's own errors, and
rules that a parser does not know (WHATWG HTML, "content model" of each element).
"""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from tinyhtml5.parser import HTMLParser

# fmt: off
PHRASING_ONLY = {
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "span", "button", "label", "em", "strong", "sup", "dfn",
    "code", "time", "small", "q", "b", "i",
}
FLOW = {
    "address", "article", "aside", "blockquote", "details", "dialog", "div", "dl", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p",
    "pre", "section", "table", "ul",
}
# fmt: on
INTERACTIVE = {"a", "button", "select", "textarea", "details", "label"}
ONLY = {
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"dt", "dd", "div", "script", "template"},
    "tr": {"td", "th", "script", "template"},
}
REFERENCES = (
    "for",
    "aria-labelledby",
    "aria-describedby",
    "aria-controls",
    "headers",
    "form",
    "list",
)
DAY, CLOCK = r"\d{4,}-\d\d-\d\d", r"\d\d:\d\d(:\d\d(\.\d{1,3})?)?"
TIME = re.compile(rf"{DAY}|{CLOCK}|{DAY}[T ]{CLOCK}(Z|[+-]\d\d:?\d\d)?")


def faults_of_fragment(fragment: str) -> list[str]:
    """What is invalid in a part of a page."""
    return faults_of(
        f"<!DOCTYPE html>\n<html lang=en><head><title>A</title></head><body>{fragment}</body></html>"
    )


def faults_of(page: str) -> list[str]:
    """What is invalid in a whole page; empty if nothing is."""
    parser = HTMLParser(namespace_html_elements=False)
    root = parser.parse(page)
    wrong = [
        f"{code} {data or ''} at {position}"
        for position, code, data in parser.errors
        if code != "invalid-codepoint"  # a form shows again what was typed into it
    ]
    ids = Counter(each.get("id") for each in root.iter() if each.get("id") is not None)
    wrong += [f"id “{name}” {times} times" for name, times in ids.items() if times > 1]
    for element in root.iter():
        wrong += _references(element, set(ids))
        wrong += _content(element)
    return wrong + list(_nesting(root, ()))


def _references(element: Element, ids: set[str | None]) -> Iterator[str]:
    for name in REFERENCES:
        for wanted in str(element.get(name) or "").split():
            if wanted not in ids:
                yield f"<{element.tag} {name}={wanted}> leads nowhere"
    if element.tag == "img" and (element.get("alt") is None or not element.get("src")):
        yield "<img> without alt or src"


def _content(element: Element) -> Iterator[str]:
    """What is wrong with the children of an element."""
    # The tag of a comment is a function, whatever its type says.
    tags = [
        child.tag
        for child in element
        if isinstance(child.tag, str)  # type: ignore[redundant-expr]
    ]
    if beyond := set(tags) - ONLY.get(str(element.tag), set(tags)):
        yield f"<{element.tag}> with {sorted(beyond)} in it"
    if element.tag == "figure" and "figcaption" in tags[1:-1]:
        yield "<figcaption> neither first nor last in <figure>"
    if element.tag == "details" and (tags[:1] != ["summary"] or tags.count("summary") > 1):
        yield "<details> does not begin with its <summary>"
    if element.tag == "fieldset" and "legend" in tags[1:]:
        yield "<legend> is not the first in <fieldset>"
    if element.tag == "time":
        said = element.get("datetime") or "".join(element.itertext())
        if not TIME.fullmatch(said.strip()):
            yield f"<time> of “{said}”"


def _nesting(element: Element, above: tuple[str, ...]) -> Iterator[str]:
    """Blocks inside words, and one control inside another."""
    tag = str(element.tag)
    if tag in FLOW and (outer := PHRASING_ONLY & set(above)):
        yield f"<{tag}> in <{min(outer)}>"
    if tag in INTERACTIVE and {"a", "button"} & set(above):
        yield f"<{tag}> in <a> or <button>"
    for child in element:
        yield from _nesting(child, (*above, tag))
