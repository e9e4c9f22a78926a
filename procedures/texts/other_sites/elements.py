"""The elements of a page of another site, as a browser would understand them."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import nh3

from procedures.ground.characters import BROKEN, without_invisible

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LISTS = ("ul", "ol")
# What is left out with everything in it, and what we call it.
LEFT_OUT = {
    "nav": "menu",
    "header": "header",
    "footer": "footer",
    "aside": "side column",
    "form": "form",
    "button": "button",
    "input": "form field",
    "select": "form field",
    "textarea": "form field",
    "script": "script",
    "noscript": "script",
    "style": "style sheet",
    "iframe": "frame",
    "noframes": "frame",
    "noembed": "frame",
    "object": "frame",
    "embed": "frame",
    "audio": "recording",
    "video": "film",
    "canvas": "drawing",
    "svg": "drawing",
    "del": "struck-out passage",
    "s": "struck-out passage",
    "strike": "struck-out passage",
}
LEFT_OUT_ROLES = {
    "navigation": "menu",
    "banner": "header",
    "contentinfo": "footer",
    "complementary": "side column",
    "search": "form",
    "form": "form",
}
# In the main part of a page they belong to its text.
TEXT_IN_MAIN = {"header", "side column"}
MAIN = {"main", "article"}
# fmt: off
BLOCKS = {
    *HEADINGS, *LISTS, *MAIN, "address", "aside", "blockquote", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "legend",
    "li", "nav", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
}
INLINE = {"a", "b", "br", "em", "i", "img", "q", "strong", "sub", "sup"}
VOID = {"br", "hr", "img", "input", "embed", "meta"}
# Browsers see no elements in these, so what is in them was never put right.
RAW = {"script", "style", "noscript", "iframe", "noframes", "noembed"}
# fmt: on
ATTRIBUTES = {
    "*": {"role", "hidden", "style"},
    "a": {"href", "id", "name"},
    "img": {"src", "alt"},
    "meta": {"name", "content"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}


class Element:
    """An element with what is in it; `left_out` names what kind of thing it is if we leave it out."""

    def __init__(self, tag: str, attributes: dict[str, str], parent: "Element | None") -> None:
        self.tag, self.attributes, self.children = tag, attributes, list[Element | str]()
        self.in_main: bool = bool(parent and (parent.in_main or parent.tag in MAIN))
        # A block, or around one: it begins and ends a paragraph.
        self.is_block = tag in BLOCKS
        self.left_out = _kind_left_out(self)

    def all(self, *tags: str) -> Iterator["Element"]:
        """The elements in it with one of these tags, in order, without what is left out."""
        for child in self.children:
            if isinstance(child, str) or child.left_out:
                continue
            if child.tag in tags:
                yield child
            yield from child.all(*tags)

    def words(self) -> str:
        """What readers see of it, in one line."""
        return " ".join("".join(_parts(self)).split())


def page(html: str) -> Element:
    """The page as a tree. Tags that are missing, crossed or unknown are put right first."""
    tags = {*LEFT_OUT, *BLOCKS, *INLINE, "title", "meta"}
    tree = _Tree()
    tree.feed(
        nh3.clean(html, tags=tags, clean_content_tags=set(), attributes=ATTRIBUTES, link_rel=None)
    )
    tree.close()
    return tree.root


def without_hidden(words: str) -> str:
    """Words without characters that nobody can see; one that was lost on the way becomes “?”."""
    return BROKEN.sub("?", without_invisible(words))


def _parts(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        elif not child.left_out:
            edge = " " if child.is_block or child.tag == "br" else ""
            yield from (edge, *_parts(child), edge)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("div", {}, None)
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open[-1])
        self.open[-1].children.append(element)
        if tag in BLOCKS:
            for around in self.open:
                around.is_block = True
        if tag in RAW:
            self.set_cdata_mode(tag)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self.open[-1].tag == tag and len(self.open) > 1:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(re.sub(r"\s+", " ", without_hidden(data)))


def _kind_left_out(element: Element) -> str:
    style = re.sub(r"\s", "", element.attributes.get("style", "")).lower()
    if "hidden" in element.attributes or "display:none" in style:
        return "hidden passage"
    role = LEFT_OUT_ROLES.get(element.attributes.get("role", "").lower(), "")
    kind = role or LEFT_OUT.get(element.tag, "")
    return "" if element.in_main and kind in TEXT_IN_MAIN else kind
