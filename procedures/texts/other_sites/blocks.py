"""Writes the elements of a page of another site as blocks of Markdown, and notes what it left out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from procedures.ground.counting import counted
from procedures.texts.other_sites.elements import HEADINGS, LISTS, Element
from procedures.texts.other_sites.words import Run, address_of, lines_of, plain, written

DEEPEST_LIST = 4
MOST_JOINED = 20
RAISED = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
LOWERED = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")


class Writer:
    """Writes the blocks of one page below its title."""

    def __init__(self, title: Element | None) -> None:
        self.title = title
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        # The levels of the headings that the next one is below.
        self.above: list[int] = []

    def blocks(self, element: Element, depth: int = 0) -> list[str]:
        """The Markdown of everything in an element; `depth` is in how many lists it is."""
        found: list[str] = []
        runs: list[Run] = []
        for child in element.children:
            if isinstance(child, str) or not child.is_block:
                runs += self.runs(child, Run(""))
                continue
            found += [*_paragraphs(runs), *self._block(child, depth)]
            runs = []
        return [*found, *_paragraphs(runs)]

    def runs(self, node: Element | str, style: Run) -> list[Run]:
        """The words of something inside a line, each with its style."""
        if isinstance(node, str):
            return [style._replace(words=node)]
        if node.left_out:
            self.left_out[node.left_out] += 1
            return []
        if node.tag == "br":
            return [Run("\n")]
        if node.tag == "img":
            self._note_picture(node)
            return []
        if node.tag in {"title", "meta"} or node is self.title:
            return []
        style = self._style(node, style)
        runs = [run for child in node.children for run in self.runs(child, style)]
        if node.tag in {"sup", "sub"}:
            return [self._set_off(node.tag, run) for run in runs]
        return [Run("“"), *runs, Run("”")] if node.tag == "q" else runs

    def note(self, sentence: str) -> None:
        """Note once what could not be taken over as it was."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def all_notes(self) -> list[str]:
        """What was left out or changed, as sentences."""
        counts = [counted(number, kind) for kind, number in sorted(self.left_out.items())]
        return ([f"Left out: {', '.join(counts)}."] if counts else []) + self.notes

    def _style(self, node: Element, style: Run) -> Run:
        if node.tag in {"b", "strong"}:
            return style._replace(strong=True)
        if node.tag in {"i", "em"}:
            return style._replace(emphasis=True)
        if node.tag != "a":
            return style
        address = address_of(node.attributes.get("href", ""))
        is_anchor = {"id", "name"} & node.attributes.keys() and "href" not in node.attributes
        if not address and node.words() and not is_anchor:
            self.note(f"Link left out, and its words kept: “{node.words()}”.")
        return style._replace(address=address)

    def _set_off(self, tag: str, run: Run) -> Run:
        """Raised and lowered digits as such: 10² must not become 102."""
        words = run.words.translate(RAISED if tag == "sup" else LOWERED)
        if words == run.words and words.strip():
            self.note(f"Raised or lowered, and now in the line: “{words.strip()}”.")
        return run._replace(words=words)

    def _block(self, element: Element, depth: int) -> list[str]:
        if element.left_out:
            self.left_out[element.left_out] += 1
            return []
        if element is self.title or element.tag == "hr":
            return []
        if element.tag in HEADINGS:
            return self._heading(element, depth)
        if element.tag in LISTS:
            return self._list(element, depth)
        if element.tag == "table":
            return self._table(element, depth)
        if element.tag in {"dt", "summary", "legend"}:
            return self._in_bold(element)
        if element.tag == "a" and element.attributes.get("href"):
            self.note(f"Link left out, and its words kept: “{element.words()}”.")
        if element.tag == "blockquote":
            self.note(f"Quotation, now a plain paragraph: “{_shortened(element.words())}”.")
        return self.blocks(element, depth)

    def _heading(self, element: Element, depth: int) -> list[str]:
        if depth:
            return self._in_bold(element)
        runs = self._flat(element)
        words = plain(lines_of(_in_one_line(runs))[0])
        if not words or (element.tag == "h1" and self.title and words == self.title.words()):
            return []
        if any(run.address for run in runs):
            self.note(f"Link in a heading left out, and its words kept: “{words}”.")
        level = HEADINGS.index(element.tag) + 1
        self.above = [*(each for each in self.above if each < level), level]
        return [f"{'#' * min(len(self.above) + 1, 4)} {written([Run(words)], begins=False)}"]

    def _in_bold(self, element: Element) -> list[str]:
        runs = [run._replace(strong=True) for run in self._flat(element)]
        return list(_paragraphs(_in_one_line(runs)))

    def _flat(self, element: Element) -> list[Run]:
        """Everything in an element as words of one line."""
        runs: list[Run] = []
        for child in element.children:
            if isinstance(child, str) or not child.is_block:
                runs += self.runs(child, Run(""))
            elif child.left_out:
                self.left_out[child.left_out] += 1
            else:
                runs += [Run(" "), *self._flat(child), Run(" ")]
        return runs

    def _list(self, element: Element, depth: int) -> list[str]:
        items: list[list[str]] = []
        for child in element.children:
            if isinstance(child, str):
                items += [[words] for words in _paragraphs([Run(child)])]
            elif child.tag in LISTS and items:
                items[-1] += self._block(child, depth + 1)
            elif child.tag == "li" and not child.left_out:
                items.append(self.blocks(child, depth + 1))
            else:
                items.append(self._block(child, depth + 1))
        items = [item for item in items if item]
        if depth >= DEEPEST_LIST:
            self.note(f"A list was too deep: “{_shortened(element.words())}”.")
            return [block for item in items for block in item]
        first = element.attributes.get("start", "1")
        number = int(first) if first.isdecimal() and len(first) < 9 else 1
        marks = [f"{number + at}. " if element.tag == "ol" else "- " for at in range(len(items))]
        return ["\n".join(map(_item, marks, items))] if items else []

    def _table(self, table: Element, depth: int) -> list[str]:
        rows = [row for row in table.all("tr") if _cells(row)]
        if depth or _is_layout(table, rows):
            self.note(f"Table, now paragraphs: “{_shortened(table.words())}”.")
            return self.blocks(table, depth)
        if any(table.all(*LISTS)):
            self.note("A table had lists in its cells. Their items now follow one another.")
        if not any(rows[0].all("th")) and not any(table.all("thead")):
            self.note("A table had no headings. Its first row became them.")
        captions = [block for each in table.all("caption") for block in self._in_bold(each)]
        grid = self._grid(rows)
        first, *others = [f"| {' | '.join(row)} |" for row in grid]
        return [*captions, "\n".join([first, "|" + "---|" * len(grid[0]), *others])]

    def _grid(self, rows: Sequence[Element]) -> list[list[str]]:
        """The words of each cell. One that spans rows is in each of them."""
        taken: dict[tuple[int, int], str] = {}
        for down, row in enumerate(rows):
            across = 0
            for cell in _cells(row):
                while (down, across) in taken:
                    across += 1
                height, width = _span(cell, "rowspan"), _span(cell, "colspan")
                if max(height, width) > 1:
                    self.note("A table had joined cells. Compare it with the page.")
                words = written(lines_of(_in_one_line(self._flat(cell)))[0], begins=False)
                for below, beside in product(range(height), range(width)):
                    taken.setdefault((down + below, across + beside), "" if beside else words)
                across += width
        columns = range(1 + max(column for _, column in taken))
        return [[taken.get((at, column), "") for column in columns] for at in range(len(rows))]

    def _note_picture(self, picture: Element) -> None:
        # What is left of an address is one of a file, not the picture itself.
        name = picture.attributes.get("src", "") or "inside the page"
        words = " ".join(picture.attributes.get("alt", "").split())
        self.note(f"Picture left out: {name}" + (f" ({words})." if words else "."))


def _paragraphs(runs: Sequence[Run]) -> Iterator[str]:
    """The paragraphs of these words: an empty line ends one."""
    lines: list[str] = []
    for line in [*lines_of(runs), []]:
        if line:
            lines.append(written(line))
        elif lines:
            yield "\\\n".join(lines)
            lines = []


def _in_one_line(runs: Sequence[Run]) -> list[Run]:
    return [Run(" ") if run.words == "\n" else run for run in runs]


def _item(mark: str, blocks: Sequence[str]) -> str:
    text = blocks[0]
    for block in blocks[1:]:
        text += f"\n{block}" if block.startswith(("- ", "1. ")) else f"\n\n{block}"
    indent = "\n" + " " * len(mark)
    return mark + indent.join(text.split("\n")).replace(f"{indent}\n", "\n\n")


def _cells(row: Element) -> list[Element]:
    return list(row.all("td", "th"))


def _is_layout(table: Element, rows: Sequence[Element]) -> bool:
    """Whether a table only puts parts of the page beside each other."""
    is_said = table.attributes.get("role", "") in {"presentation", "none"}
    several = len(rows) > 1 and max(len(_cells(row)) for row in rows) > 1
    return is_said or not several or any(table.all("table", *HEADINGS))


def _span(cell: Element, name: str) -> int:
    number = cell.attributes.get(name, "1")
    return min(max(int(number), 1), MOST_JOINED) if number.isdecimal() and len(number) < 5 else 1


def _shortened(words: str) -> str:
    return words if len(words) <= 60 else f"{words[:59].rstrip()}…"
