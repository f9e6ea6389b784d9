"""Tables in text: each row becomes a paragraph that names its values."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice

import regex  # type: ignore[import-untyped]

from services.knowledge.extraction.building import TextUnderConstruction
from services.knowledge.extraction.extracted import ExtractedText, UnreadableContentError
from services.knowledge.extraction.limits import LONGEST_CELL_CHARACTERS, MOST_CELLS
from services.knowledge.extraction.readable import one_line
from services.knowledge.extraction.tables import named_cells

_DELIMITERS = (",", ";", "\t", "|")
_ROWS_LOOKED_AT = 20
_MOST_COLUMNS = 500
_LEAST_ROWS = 2
_NUMBER = regex.compile(r"[-+]?[\d.,\s%€$£]*\d[\d.,\s%€$£]*")


def delimiter_of(text: str) -> str | None:
    """What separates the cells, when the first rows all have the same two or more of them."""
    head = "".join(text[:50_000].splitlines(keepends=True)[: _ROWS_LOOKED_AT * 2])
    for delimiter in _DELIMITERS:
        try:
            rows = [len(row) for row in islice(_rows(head, delimiter), _ROWS_LOOKED_AT) if row]
        except csv.Error:
            continue
        if len(rows) >= _LEAST_ROWS and rows[0] >= _LEAST_ROWS and len(set(rows[:-1])) == 1:
            return delimiter
    return None


def read_csv(text: str, delimiter: str) -> ExtractedText:
    """Read rows as paragraphs of "Header: value" lines, the first row being the header.

    Raises:
        UnreadableContentError: there are too many cells, or the quoting is broken.
    """
    try:
        built = _built(_rows(text, delimiter))
    except csv.Error as error:
        raise UnreadableContentError(
            "damaged",
            "The table is broken: a quotation mark is missing or a cell is too long.",
        ) from error
    return ExtractedText(title=None, text=built.text)


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(1_000_000)
    return csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)


def _built(rows: Iterator[list[str]]) -> TextUnderConstruction:
    built = TextUnderConstruction()
    first = next((row for row in rows if any(row)), [])
    header = _cells(first) if _is_header(first) else None
    cells = len(first)
    for row in rows if header is not None else chain([first], rows):
        cells += len(row)
        if cells > MOST_CELLS or len(row) > _MOST_COLUMNS:
            raise _too_many_cells()
        built.add("\n".join(_lines(row, header)))
    return built


def _lines(row: Sequence[str], header: Sequence[str] | None) -> list[str]:
    cells = _cells(row)
    if header is None:
        return [" | ".join(filter(None, cells))]
    return named_cells(cells, header)


def _cells(row: Sequence[str]) -> list[str]:
    return [one_line(cell[:LONGEST_CELL_CHARACTERS]) for cell in row]


def _is_header(row: Sequence[str]) -> bool:
    """Names, not values: filled, different, and no numbers."""
    names = [cell.strip() for cell in row if cell.strip()]
    has_numbers = any(
        name.replace(".", "").replace(",", "").lstrip("-").isdigit() for name in names
    )
    return len(names) == len(set(names)) and bool(names) and not has_numbers


def _too_many_cells() -> UnreadableContentError:
    return UnreadableContentError(
        "too_much_text",
        f"The table has more than {MOST_CELLS:,} cells or {_MOST_COLUMNS} columns; split it, or"
        " leave out what no visitor will ask for.",
    )
