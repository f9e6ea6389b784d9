"""Lines as Python's parser counts them."""

import re

#: `str.splitlines` also splits at form feeds and other characters that no parser takes for an end.
_END = re.compile(r"\r\n|\r|\n")


def lines_of(source: str) -> list[str]:
    """The lines of a source, without their ends."""
    return _END.split(source)
