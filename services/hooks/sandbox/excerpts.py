"""The author's own line with its neighbours, and a marker in front of it."""

from services.hooks.sandbox.inside.source_lines import lines_of

_AROUND = 2
_LONGEST_LINE = 200


def excerpt(source: str, line: int | None) -> str | None:
    """The lines around one, counted from 1; None when there is no such line."""
    lines = lines_of(source)
    if line is None or not 1 <= line <= len(lines):
        return None
    first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
    return "\n".join(
        f"{'>' if number == line else ' '} {number:>4} | {lines[number - 1][:_LONGEST_LINE]}"
        for number in range(first, last + 1)
    )
