"""The one form in which text is kept, since every offset counts code points of it."""

import regex  # type: ignore[import-untyped]

_LINE_ENDS = regex.compile(r"\r\n?")
_UNSTORABLE = regex.compile(r"[\x00\ud800-\udfff]")


def storable_text(text: str) -> str:
    """The text as it is kept, and as offsets count it: line feeds only, nothing unstorable."""
    return str(_UNSTORABLE.sub("\ufffd", _LINE_ENDS.sub("\n", text)))
