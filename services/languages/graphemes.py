"""Characters as people see them: an emoji with its modifiers, a letter with its marks."""

import regex  # type: ignore[import-untyped]

_GRAPHEME = regex.compile(r"\X")


def grapheme_end(text: str, start: int, limit: int) -> int:
    """Where to cut `text` so that no character is torn.

    Args:
        text: Any text.
        start: Where the part begins; must itself be between two characters.
        limit: The offset, in code points, that the part should not exceed.

    Returns:
        The largest such offset up to `limit`; beyond it only if the first character is longer.
    """
    if limit >= len(text):
        return len(text)
    end = start
    for grapheme in _GRAPHEME.finditer(text, start):
        if grapheme.end() > limit and end > start:
            break
        end = grapheme.end()
        if end >= limit:
            break
    return end
