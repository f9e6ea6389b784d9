"""Pieces of Markdown that the generated pages are made of."""

from collections.abc import Iterable, Sequence

WRITTEN = "<!-- Written by `make schema` from {source}. Change the descriptions there. -->"


def opening(title: str, source: str, text: str) -> list[str]:
    """The beginning of a page; `source` is where its words come from."""
    return [f"# {title}", "", WRITTEN.format(source=source), "", text, ""]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table and the empty line after it; cells may be of several lines."""
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]
    return [*lines, ""]


def one_line(text: str | None) -> str:
    """A description as one line."""
    return " ".join((text or "").split())


def page(lines: Iterable[str]) -> str:
    """The whole page."""
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(one_line(cell).replace("|", r"\|") for cell in cells) + " |"
