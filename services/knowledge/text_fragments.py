"""Links that lead to the quoted words on a page: `#anchor:~:text=prefix-,start,end,-suffix`.

The WICG's URL fragment text directives (https://wicg.github.io/scroll-to-text-fragment). A browser
that does not know them goes to the anchor. `-`, `,` and `&` are syntax there and are encoded in the
words.
"""

from urllib.parse import quote, urlsplit

import regex  # type: ignore[import-untyped]

WHOLE_WORDS = 8
"""A quote up to this length is looked for as it is; of a longer one the ends are."""

END_WORDS = 4
CONTEXT_WORDS = 3
UNSPACED_CHARACTERS = 12
"""What counts as the ends of a quote in a script that puts no spaces between words."""

_WORDS = regex.compile(r"\S+")
_MARKUP = regex.compile(r"^[\#>*+\-|\s]+|[*_`|]+", regex.MULTILINE)


def passage_url(
    url: str | None,
    anchor: str | None,
    page: int | None,
    text: str,
    quoted: tuple[int, int],
) -> str | None:
    """The address of a quote.

    Args:
        url: Of the page that the text is from; None where it has none.
        anchor: The id of the heading above the passage, if the page gives one.
        page: The page of a PDF, from 1: browsers open that rather than find words in it.
        text: The passage.
        quoted: Where the quote begins and ends in the passage.

    Returns:
        None where there is nothing to link to.
    """
    if url is None or urlsplit(url).scheme not in {"http", "https"}:
        return None
    base, _, own_anchor = url.partition("#")
    if page is not None:
        return f"{base}#page={page}"
    directive = _directive(text, *quoted)
    place = quote(anchor or own_anchor.partition(":~:")[0], safe="!$'()*+,;=:@/?-._~%")
    return f"{base}#{place}:~:text={directive}" if directive else f"{base}#{place}"


def _directive(text: str, start: int, end: int) -> str:
    words = _plain_words(text[start:end])
    if not words:
        return ""
    parts = []
    if before := _plain_words(text[:start].rpartition("\n\n")[2])[-CONTEXT_WORDS:]:
        parts.append(_encoded(before) + "-")
    if len(words) <= WHOLE_WORDS and "\n" not in text[start:end] and not _is_unspaced(words):
        parts.append(_encoded(words))
    else:
        parts += _ends(words)
    return ",".join(parts)


def _ends(words: list[str]) -> list[str]:
    if not _is_unspaced(words):
        return [_encoded(words[:END_WORDS]), _encoded(words[-END_WORDS:])]
    first, last = words[0], words[-1]
    if len(words) == 1 and len(first) <= 2 * UNSPACED_CHARACTERS:
        return [_encoded(words)]
    return [_encoded([first[:UNSPACED_CHARACTERS]]), _encoded([last[-UNSPACED_CHARACTERS:]])]


def _is_unspaced(words: list[str]) -> bool:
    return max(map(len, words)) > 2 * UNSPACED_CHARACTERS


def _plain_words(text: str) -> list[str]:
    """The words as a page shows them, without the marks of Markdown."""
    return [str(word) for word in _WORDS.findall(_MARKUP.sub("", text))]


def _encoded(words: list[str]) -> str:
    return quote(" ".join(words), safe="").replace("-", "%2D")
