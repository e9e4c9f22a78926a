"""Takes a page of another site over into a document of ours, which an editor then finishes.

Only words, headings, lists, tables and links come along. The front matter is that of the skeleton of
its category, with the hints for what the page does not say. Nothing of the page's own HTML is kept.
"""

import codecs
import html
import re
import textwrap
from typing import NamedTuple

from markdown_it import MarkdownIt

from procedures.status import Category
from procedures.texts.other_sites.blocks import Writer
from procedures.texts.other_sites.elements import HEADINGS, Element, page, without_hidden
from procedures.texts.skeletons import skeleton

LONGEST_TITLE, LONGEST_STANDFIRST = 200, 400
STANDFIRST = re.compile(r"^standfirst: .*$", re.MULTILINE)
# What browsers take when a page names an older alphabet, or none.
WESTERN = "windows-1252"
READ_AS = {
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1", "ascii", "us-ascii"), WESTERN),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-8"),
}
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
TAG = re.compile(r"<[a-z!][^<>]*>", re.IGNORECASE)
FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
MATTER_LINE = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*[:=][ \t]*(.*)$", re.MULTILINE)
# Every document of ours has both.
OUR_OWN = {"standfirst", "category"}


class NotTakenOver(Exception):
    """Why a file cannot be taken over, in a sentence."""


class TakenOver(NamedTuple):
    """A document made of another site's page, and what was left out or changed, as sentences."""

    document: str
    notes: list[str]


def from_html(content: bytes, category: Category, name: str) -> TakenOver:
    """The document of an HTML file. Raises NotTakenOver if it is no HTML, or without text."""
    text = decoded(content)
    if "\0" in text or not TAG.search(text):
        raise NotTakenOver("This file is not HTML.")
    return _taken_over(text, category, name, [])


def from_markdown(text: str, category: Category, name: str) -> TakenOver:
    """The document of a Markdown file of another site. Raises NotTakenOver if it has no text."""
    if "\0" in text:
        raise NotTakenOver("This file is not text.")
    text = text.replace("\r\n", "\n")
    found = FRONT_MATTER.match(text)
    matter = dict(MATTER_LINE.findall(found[2])) if found else {}
    title = matter.pop("title", "").strip().strip("\"'")
    body = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(text[found.end() :] if found else text)
    )
    notes = [f"Front matter left out: {', '.join(matter)}."] if matter else []
    return _taken_over(f"<title>{html.escape(title)}</title>{body}", category, name, notes)


def is_of_another_site(text: str) -> bool:
    """Whether a Markdown file has no front matter, or one that is certainly not ours."""
    found = FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if found is None:
        return not text.startswith("---")
    return not OUR_OWN & {name for name, _ in MATTER_LINE.findall(found[2])}


def _taken_over(text: str, category: Category, name: str, notes: list[str]) -> TakenOver:
    whole = page(text)
    called = next((each.words() for each in whole.all("title")), "")
    heading = _heading_of(whole, called)
    writer = Writer(heading)
    blocks = writer.blocks(whole)
    if not blocks:
        raise NotTakenOver("There is no text outside its menus, headers, footers and forms.")
    title = heading.words() if heading else called
    if not title:
        title = name.replace("-", " ").replace("_", " ").capitalize()
        notes = [*notes, "The page has no title. Its name became it."]
    if "\ufffd" in html.unescape(text):
        notes = [*notes, "Letters that could not be read are now “?”."]
    matter = _matter(category, title, _description(whole))
    return TakenOver(f"{matter}\n" + "\n\n".join(blocks) + "\n", notes + writer.all_notes())


def _heading_of(whole: Element, called: str) -> Element | None:
    """The heading that is the title: of level 1, in the main part if it has one; or the first."""
    highest = [each for each in whole.all("h1") if each.words()]
    if highest:
        return next((each for each in highest if each.in_main), highest[0])
    others = () if called else whole.all(*HEADINGS)
    return next((each for each in others if each.words()), None)


def _matter(category: Category, title: str, description: str) -> str:
    """The front matter of the skeleton, with its hints where the page says nothing."""
    title = textwrap.shorten(title, LONGEST_TITLE, placeholder=" …")
    begin, matter, _ = skeleton(category, title).split("---\n", 2)
    if description:
        standfirst = textwrap.shorten(description, LONGEST_STANDFIRST, placeholder=" …")
        matter = STANDFIRST.sub(lambda _: f"standfirst: {standfirst}", matter, count=1)
    return f"{begin}---\n{matter}---\n"


def _description(whole: Element) -> str:
    described = (
        each.attributes.get("content", "")
        for each in whole.all("meta")
        if each.attributes.get("name", "").lower() == "description"
    )
    return " ".join(without_hidden(next(described, "")).split())


def decoded(content: bytes) -> str:
    """The text of a file in the encoding that it declares; else in UTF-8, or as browsers take it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    declared = CHARSET.search(content[:4096])
    named = declared[1].decode("ascii").lower() if declared else "utf-8"
    for encoding in (READ_AS.get(named, named), "utf-8-sig"):
        try:
            return content.decode(encoding).removeprefix("\ufeff")
        except (LookupError, UnicodeError):
            continue
    return content.decode(WESTERN, errors="replace")
