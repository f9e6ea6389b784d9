"""Rows as lines that say what each value is, so that a row cut out of its table still tells."""

from collections.abc import Sequence


def row_line(cells: Sequence[str], header: Sequence[str] | None) -> str:
    """One row: "Size: 40 cm; Price: 12 EUR", or "40 cm | 12 EUR" without a header."""
    if header is None:
        return " | ".join(filter(None, cells))
    return "; ".join(named_cells(cells, header))


def named_cells(cells: Sequence[str], header: Sequence[str]) -> list[str]:
    """Each cell that has text, with its header where it has one."""
    named = [*header, *[""] * (len(cells) - len(header))]
    return [
        f"{name}: {cell}" if name and name != cell else cell
        for name, cell in zip(named, cells, strict=False)
        if cell
    ]
