"""DOCX: paragraphs with their headings' styles, list items, and tables as named values."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import docx
import regex  # type: ignore[import-untyped]
from docx.document import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from lxml import etree

from services.knowledge.extraction.building import TextUnderConstruction, finished
from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.limits import (
    LONGEST_CELL_CHARACTERS,
    MOST_CELLS,
    MOST_PACKED_FILES,
    MOST_UNPACKED_BYTES,
)
from services.knowledge.extraction.readable import lines, one_line
from services.knowledge.extraction.tables import row_line

_HEADING_STYLE = regex.compile(r"(?i)heading ([1-9])")
_PARAGRAPH, _TABLE, _ROW, _CELL = qn("w:p"), qn("w:tbl"), qn("w:tr"), qn("w:tc")
_TEXT, _RUN, _VALUE = qn("w:t"), qn("w:r"), qn("w:val")
_BREAKS = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_STYLE = f"{qn('w:pPr')}/{qn('w:pStyle')}"
_NUMBERING = f"{qn('w:pPr')}/{qn('w:numPr')}"
_HIDDEN = f"{qn('w:rPr')}/{qn('w:vanish')}"
_OLDER_COPY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOT_SHOWN = frozenset({
    qn("w:del"), qn("w:moveFrom"), qn("w:instrText"), qn("w:pPr"), qn("w:rPr"), _OLDER_COPY,
})  # fmt: skip
_OFF = frozenset({"0", "false", "off"})
_DEEPEST_HEADING = 6


def read_docx(content: bytes) -> ExtractedText:
    """Read the body of a document; headers, footers and comments stay out.

    Raises:
        UnreadableContentError: it unfolds to too much, is damaged, or holds no text.
    """
    check_packed_size(content)
    document = _opened(content)
    reading = _Reading(_heading_levels(document))
    for block in _blocks(document.element.body):
        reading.add(block)
    built = reading.built
    extracted = ExtractedText(
        title=one_line(document.core_properties.title or "")[:300] or None,
        text=built.text,
        headings=tuple(built.headings),
        language=(document.core_properties.language or "").lower() or None,
    )
    return finished(extracted, when_empty=_no_text())


def check_packed_size(content: bytes) -> None:
    """Look at what an archive says it unfolds to, before anything is unfolded.

    An archive that lies about it is caught by the reader, which stops at the size it was told.

    Raises:
        UnreadableContentError: it is too much, or the archive is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise damaged_docx() from error
    unfolded = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_PACKED_FILES or unfolded > MOST_UNPACKED_BYTES:
        raise UnreadableContentError(
            "too_large",
            "The file unfolds to far more than a document of its size holds, and was not opened.",
        )


def damaged_docx() -> UnreadableContentError:
    """What to say of an archive that cannot be opened."""
    return UnreadableContentError(
        "damaged",
        "The document is damaged or incomplete; open it in Word, save it again and add that.",
    )


def _opened(content: bytes) -> Document:
    try:
        return docx.Document(io.BytesIO(content))
    except MemoryError:
        raise
    except (
        PackageNotFoundError,
        zipfile.BadZipFile,
        etree.XMLSyntaxError,
        KeyError,
        ValueError,
        AttributeError,
        EOFError,
        OSError,
        NotImplementedError,
        zipfile.LargeZipFile,
        RuntimeError,
        TypeError,
        IndexError,
    ) as error:  # fmt: skip -- python-docx names no errors of its own for a broken package
        raise damaged_docx() from error


def _heading_levels(document: Document) -> Mapping[str, int]:
    """The level that each style id stands for, by the style's own name or what it is based on."""
    levels: dict[str, int] = {}
    for style in document.styles:
        level = _level_of(style)
        if level is not None and style.style_id:
            levels[style.style_id] = level
    return levels


def _level_of(style: Any) -> int | None:
    for _ in range(10):
        name = str(style.name or "")
        if found := _HEADING_STYLE.fullmatch(name):
            return min(int(found.group(1)), _DEEPEST_HEADING)
        if name.lower() == "title":
            return 1
        style = getattr(style, "base_style", None)
        if style is None:
            return None
    return None


def _blocks(body: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside of content controls included."""
    stack = [iter(body)]
    while stack:
        element = next(stack[-1], None)
        if element is None:
            stack.pop()
        elif element.tag in {_PARAGRAPH, _TABLE}:
            yield element
        elif element.tag not in _NOT_SHOWN:
            stack.append(iter(element))


class _Reading:
    """A text on its way from blocks; remembers whether the last one was a list item."""

    def __init__(self, levels: Mapping[str, int]) -> None:
        self.built = TextUnderConstruction()
        self._levels = levels
        self._in_list = False
        self._cells = 0

    def add(self, block: Any) -> None:
        if block.tag == _TABLE:
            self._add_table(block)
            self._in_list = False
            return
        text = lines(_text(block))
        level = self._levels.get(_style(block))
        is_item = level is None and block.find(_NUMBERING) is not None
        if level is not None:
            self.built.add_heading(level, one_line(text))
        elif text:
            self.built.add(f"- {text}" if is_item else text, tight=is_item and self._in_list)
        self._in_list = is_item

    def _add_table(self, table: Any) -> None:
        header: list[str] | None = None
        for number, row in enumerate(table.iterchildren(_ROW)):
            cells = [one_line(_text(cell))[:LONGEST_CELL_CHARACTERS] for cell in row.iter(_CELL)]
            self._cells += len(cells)
            if self._cells > MOST_CELLS:
                raise _too_many_cells()
            if number == 0 and len(cells) > 1 and all(cells) and table.findall(_ROW)[1:]:
                header = cells
            elif any(cells):
                self.built.add(row_line(cells, header), tight=number > 1)


def _style(paragraph: Any) -> str:
    style = paragraph.find(_STYLE)
    return "" if style is None else str(style.get(_VALUE))


def _text(element: Any) -> str:
    """What is shown of a paragraph or cell: no deleted text, no field codes, no hidden runs."""
    parts: list[str] = []
    stack = [iter(element)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
        elif child.tag == _TEXT:
            parts.append(child.text or "")
        elif child.tag in _BREAKS:
            parts.append(_BREAKS[child.tag])
        elif child.tag not in _NOT_SHOWN and not _is_hidden(child):
            if child.tag == _PARAGRAPH:
                parts.append("\n")
            stack.append(iter(child))
    return "".join(parts)


def _is_hidden(run: Any) -> bool:
    if run.tag != _RUN:
        return False
    mark = run.find(_HIDDEN)
    return mark is not None and mark.get(_VALUE, "true") not in _OFF


def _too_many_cells() -> UnreadableContentError:
    return UnreadableContentError(
        "too_much_text", f"Its tables have more than {MOST_CELLS:,} cells; split the document."
    )


def _no_text() -> UnreadableContentError:
    return UnreadableContentError(
        "only_images", "The document has no text; text inside of pictures cannot be read."
    )
