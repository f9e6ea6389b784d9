"""From a tree of elements to paragraphs, headings, list items, table rows and code.

The walk keeps its own stack: a page may nest a hundred thousand elements, and Python's stack may
not. Positions on the page (`id`, `name`) are remembered until the next heading, because half of
the web puts the anchor before the heading or around it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import regex  # type: ignore[import-untyped]
from lxml.html import HtmlElement

from services.knowledge.extraction.building import TextUnderConstruction
from services.knowledge.extraction.limits import LONGEST_CELL_CHARACTERS, MOST_CELLS
from services.knowledge.extraction.readable import as_typed, lines, one_line
from services.knowledge.extraction.readers.html_visibility import is_left_out
from services.knowledge.extraction.tables import row_line

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header",
    "hgroup", "hr", "html", "legend", "li", "main", "ol", "p", "pre", "section", "summary",
    "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "listing", "plaintext", "xmp",
    *_HEADINGS,
})  # fmt: skip
_PREFORMATTED = frozenset({"pre", "listing", "plaintext", "xmp"})
_NO_GRID = ("table", "pre", "form", "hr", *_HEADINGS)
"""What in a table's cell shows that the table arranges a page and is no table of values."""

_LINK_SIGNS = "¶§🔗 "
"""What page makers put beside a heading for linking to it."""

_HEADING_MARKS = frozenset({"#", "[link]", "Permalink", "[edit]"})
_DEEPEST_INDENT = 4
_USABLE_ANCHOR = regex.compile(r"\S{1,200}")


@dataclass(slots=True)
class _List:
    ordered: bool
    number: int = 0


@dataclass(slots=True)
class _Table:
    """A table of values; the first row of `th` cells names the others' columns."""

    header: list[str] | None = None
    cells: list[str] = field(default_factory=list)
    named: bool = True
    rows: int = 0


def add_blocks(root: HtmlElement, text: TextUnderConstruction, *, is_main_content: bool) -> None:
    """Add what an element holds to a text.

    Args:
        root: The element; nothing of it is changed.
        text: Gets the blocks.
        is_main_content: Whether the page calls this element its content.
    """
    _Walk(text, is_main_content=is_main_content).through(root)


class _Walk:
    def __init__(self, text: TextUnderConstruction, *, is_main_content: bool) -> None:
        self._text = text
        self._is_main_content = is_main_content
        self._inline: list[str] = []
        self._lists: list[_List] = []
        self._tables: list[_Table | None] = []
        self._marker = ""
        self._tight = False
        self._heading: HtmlElement | None = None
        self._pre: HtmlElement | None = None
        self._anchor: str | None = None
        self._cell_count = 0

    def through(self, root: HtmlElement) -> None:
        stack: list[tuple[HtmlElement, Iterator[HtmlElement]]] = []
        self._open(root)
        stack.append((root, iter(root)))
        while stack:
            element, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._close(element)
                if stack:
                    self._say(element.tail)
            elif not isinstance(child.tag, str) or is_left_out(
                child, is_main_content=self._is_main_content
            ):
                self._say(child.tail)
            else:
                self._open(child)
                stack.append((child, iter(child)))
        self._flush()

    def _say(self, text: str | None) -> None:
        if text:
            self._inline.append(text if self._pre is not None else text.replace("\n", " "))

    def _open(self, element: HtmlElement) -> None:
        self._remember_anchor(element)
        tag = element.tag
        if tag == "br":
            self._inline.append("\n")
        elif tag in _BLOCKS and self._heading is None and self._pre is None:
            self._open_block(element, tag)
        elif tag in _BLOCKS and self._pre is None:
            self._inline.append(" ")
        self._say(element.text)

    def _open_block(self, element: HtmlElement, tag: str) -> None:
        if self._table is not None and tag not in {"tr", "td", "th", "caption", "table"}:
            self._inline.append(" ")
            return
        if tag not in {"td", "th"} or self._table is None:
            self._flush()
        if tag in _HEADINGS or element.get("role") == "heading":
            self._heading = element
        elif tag in _PREFORMATTED:
            self._pre = element
        else:
            self._open_structure(element, tag)

    def _open_structure(self, element: HtmlElement, tag: str) -> None:
        if tag in {"ul", "ol"}:
            self._lists.append(_List(ordered=tag == "ol"))
        elif tag == "li":
            self._marker, self._tight = self._item_mark()
        elif tag == "dd":
            self._tight = True
        elif tag == "table":
            self._tables.append(_Table() if _is_grid(element) else None)
        elif tag == "tr" and self._table is not None:
            self._table.cells = []
            self._table.named = True
        elif tag == "td" and self._table is not None:
            self._table.named = False

    def _close(self, element: HtmlElement) -> None:
        tag = element.tag
        if element is self._heading:
            self._end_heading(element)
        elif element is self._pre:
            self._end_pre()
        elif tag not in _BLOCKS or self._heading is not None or self._pre is not None:
            return
        elif self._table is not None and tag not in {"tr", "td", "th", "caption", "table"}:
            self._inline.append(" ")
        else:
            self._close_block(tag)

    def _close_block(self, tag: str) -> None:
        table = self._table
        if table is not None and tag in {"td", "th"}:
            self._end_cell(table)
            return
        if table is not None and tag == "tr":
            self._end_row(table)
            return
        self._flush()
        if tag == "table" and self._tables:
            self._tables.pop()
        elif tag in {"ul", "ol"} and self._lists:
            self._lists.pop()

    @property
    def _table(self) -> _Table | None:
        return self._tables[-1] if self._tables else None

    def _flush(self) -> None:
        """End the paragraph."""
        if not self._inline:
            return
        block = lines("".join(self._inline))
        self._inline.clear()
        if block:
            self._text.add(self._marker + block, tight=self._tight)
            self._marker, self._tight, self._anchor = "", False, None

    def _item_mark(self) -> tuple[str, bool]:
        """What stands before a list item, and whether it follows another one."""
        if not self._lists:
            return "- ", False
        innermost = self._lists[-1]
        innermost.number += 1
        indent = "  " * min(len(self._lists) - 1, _DEEPEST_INDENT)
        mark = f"{innermost.number}. " if innermost.ordered else "- "
        return indent + mark, innermost.number > 1 or len(self._lists) > 1

    def _end_heading(self, element: HtmlElement) -> None:
        words = one_line("".join(self._inline)).strip(_LINK_SIGNS).split(" ")
        self._inline.clear()
        self._heading = None
        while words and (words[-1] in _HEADING_MARKS or not words[-1]):
            words.pop()
        self._text.add_heading(_level(element), " ".join(words), self._anchor)
        self._marker, self._tight, self._anchor = "", False, None

    def _end_pre(self) -> None:
        self._pre = None
        block = as_typed("".join(self._inline))
        self._inline.clear()
        if block.strip():
            self._text.add(block)
            self._marker, self._tight, self._anchor = "", False, None

    def _end_cell(self, table: _Table) -> None:
        self._cell_count += 1
        cell = one_line("".join(self._inline))[:LONGEST_CELL_CHARACTERS]
        self._inline.clear()
        if self._cell_count <= MOST_CELLS:
            table.cells.append(cell)

    def _end_row(self, table: _Table) -> None:
        if self._inline and not table.cells:
            self._flush()
        cells, table.cells = table.cells, []
        if not any(cells):
            return
        if table.header is None and table.rows == 0 and table.named and len(cells) > 1:
            table.header = cells
            return
        self._text.add(row_line(cells, table.header), tight=table.rows > 0)
        table.rows += 1
        self._anchor = None

    def _remember_anchor(self, element: HtmlElement) -> None:
        """A heading's own id beats one inside of it, and the nearest before beats earlier ones."""
        if not element.attrib or (self._heading is not None and self._anchor is not None):
            return
        anchor = element.get("id") or (element.get("name") if element.tag == "a" else None)
        if anchor and _USABLE_ANCHOR.fullmatch(anchor):
            self._anchor = anchor


def _level(element: HtmlElement) -> int:
    written = _HEADINGS.get(element.tag)
    told = element.get("aria-level") or ""
    return written or (int(told) if told in {"1", "2", "3", "4", "5", "6"} else 2)


def _is_grid(table: HtmlElement) -> bool:
    """Whether a table holds values: its cells hold no structure but paragraphs and lists."""
    if table.get("role") in {"presentation", "none"}:
        return False
    return next(table.iterdescendants(*_NO_GRID), None) is None
