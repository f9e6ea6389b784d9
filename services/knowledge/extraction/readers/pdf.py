"""PDF: the text of each page, with paragraphs put together again.

A PDF knows lines and positions only. Lines that run to the margin belong together, words divided
at a line's end are joined, and what stands at the head or foot of most pages is left out.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

import pypdfium2
import regex  # type: ignore[import-untyped]

from services.knowledge.extraction.building import TextUnderConstruction, finished
from services.knowledge.extraction.extracted import (
    ExtractedHeading,
    ExtractedText,
    UnreadableContentError,
)
from services.knowledge.extraction.limits import MOST_PAGES
from services.knowledge.extraction.readable import one_line, visible

_DIVIDED_WORD = regex.compile(r"(?<=\p{L})-\n(?=\p{Ll})|\ufffe\n?")
"""A hyphen at a line's end; U+FFFE is PDFium's mark for it."""

_DIGITS = regex.compile(r"\d+")
_BEGINS_ITEM = regex.compile(r"(?:[•‣▪●○*\u2013\u2014-]|\(?\d{1,3}[.)]|\(?[a-z][.)])\s")
_WIDE = regex.compile(r"[\p{East_Asian_Width=Wide}\p{East_Asian_Width=Fullwidth}]")
_WITHOUT_SPACES = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\u3000-\u303f\uff00-\uff60]"
)
_SECTION_NUMBER = regex.compile(r"(?:^|(?<=\n))[\w§]{0,10}[\d.]{1,12}[ \t]*\Z")
_FULL_LINE = 0.75
"""Share of a page's widest lines from which on a line runs to the margin."""

_LEAST_PAGES_WITH_FURNITURE = 4
_FURNITURE_SHARE = 0.5
_FURNITURE_LINES = 2
_MOST_BOOKMARKS = 2_000
_DEEPEST_HEADING = 6
_LONGEST_TITLE_CHARACTERS = 300


def read_pdf(content: bytes) -> ExtractedText:
    """Read every page.

    Raises:
        UnreadableContentError: it is encrypted, damaged, too long, or holds only images.
    """
    document = _opened(content)
    try:
        if len(document) > MOST_PAGES:
            raise _too_many_pages()
        pages = [_page_lines(document, index) for index in range(len(document))]
        bookmarks = list(_bookmarks(document))
        title = one_line(document.get_metadata_dict().get("Title", ""))
    finally:
        document.close()
    built = _built(pages)
    text = built.text
    extracted = ExtractedText(
        title=title[:_LONGEST_TITLE_CHARACTERS] or None,
        text=text,
        headings=_headings(built, text, bookmarks),
        page_starts=tuple(built.page_starts),
    )
    return finished(extracted, when_empty=_no_text())


def _opened(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise UnreadableContentError(
                "encrypted", "The PDF is protected by a password; add it without one."
            ) from error
        raise UnreadableContentError(
            "damaged", "The PDF is damaged or incomplete; open it, save it again and add that."
        ) from error


def _page_lines(document: pypdfium2.PdfDocument, index: int) -> list[str]:
    """A page's lines; none for a page that cannot be loaded, since the others may be fine."""
    try:
        page = document[index]
    except pypdfium2.PdfiumError:
        return []
    try:
        words = page.get_textpage()
        try:
            text = words.get_text_range()
        finally:
            words.close()
    except pypdfium2.PdfiumError:
        return []
    finally:
        page.close()
    joined = _DIVIDED_WORD.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return [one_line(line) for line in visible(joined).split("\n")]


def _built(pages: Sequence[list[str]]) -> TextUnderConstruction:
    built = TextUnderConstruction()
    furniture = _furniture(pages)
    for number, lines in enumerate(pages, start=1):
        built.add_page(number, list(_paragraphs(_without(lines, furniture))))
    return built


def _furniture(pages: Sequence[list[str]]) -> frozenset[str]:
    """Lines at the head or foot of most pages, page numbers included."""
    if len(pages) < _LEAST_PAGES_WITH_FURNITURE:
        return frozenset()
    counted = Counter(
        pattern for lines in pages for pattern in {_pattern(line) for line in _edges(lines)}
    )
    least = len(pages) * _FURNITURE_SHARE
    return frozenset(pattern for pattern, times in counted.items() if times > least)


def _edges(lines: Sequence[str]) -> list[str]:
    filled = [line for line in lines if line]
    return filled[:_FURNITURE_LINES] + filled[-_FURNITURE_LINES:]


def _pattern(line: str) -> str:
    return str(_DIGITS.sub("0", line))


def _without(lines: Sequence[str], furniture: frozenset[str]) -> list[str]:
    """The page's lines without what its head and foot share with other pages."""
    filled = [index for index, line in enumerate(lines) if line]
    edges = {*filled[:_FURNITURE_LINES], *filled[-_FURNITURE_LINES:]}
    return [
        line
        for index, line in enumerate(lines)
        if index not in edges or _pattern(line) not in furniture
    ]


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Lines put together: full ones go on in the next, others end their paragraph."""
    widths = sorted(_width(line) for line in lines if line)
    full = widths[int(len(widths) * 0.9)] * _FULL_LINE if widths else 0
    paragraph = ""
    for line in lines:
        if not line or (paragraph and _BEGINS_ITEM.match(line)):
            yield paragraph
            paragraph = line
        else:
            paragraph = _joined(paragraph, line)
        if _width(line) < full:
            yield paragraph
            paragraph = ""
    yield paragraph


def _width(line: str) -> int:
    """In columns: Chinese, Japanese and Korean letters take two."""
    return len(line) if line.isascii() else len(line) + len(_WIDE.findall(line))


def _joined(paragraph: str, line: str) -> str:
    """A space goes between, except in scripts that have none."""
    is_dense = _WITHOUT_SPACES.match(paragraph[-1:]) and _WITHOUT_SPACES.match(line)
    return f"{paragraph}{'' if is_dense or not paragraph else ' '}{line}"


def _bookmarks(document: pypdfium2.PdfDocument) -> Iterator[tuple[int, int, str]]:
    """Level, page number and title from the outline, as far as it is sound."""
    try:
        for count, bookmark in enumerate(document.get_toc(max_depth=_DEEPEST_HEADING)):
            if count >= _MOST_BOOKMARKS:
                return
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            title = one_line(bookmark.get_title() or "")
            if index is not None and title:
                yield bookmark.level + 1, index + 1, title
    except (pypdfium2.PdfiumError, UnicodeError):
        return


def _headings(
    built: TextUnderConstruction, text: str, bookmarks: Sequence[tuple[int, int, str]]
) -> tuple[ExtractedHeading, ...]:
    """The outline's titles where they stand on their pages; those that do not are left out."""
    following = [*(page.start for page in built.page_starts[1:]), len(text)]
    spans = {
        page.number: (page.start, end)
        for page, end in zip(built.page_starts, following, strict=False)
    }
    found: list[ExtractedHeading] = []
    reached = 0
    for level, number, title in bookmarks:
        if number not in spans:
            continue
        page_start, page_end = spans[number]
        start = text.find(title, max(page_start, reached), page_end)
        if start >= 0:
            reached = start + len(title)
            begins = _with_number(text, page_start, start)
            found.append(ExtractedHeading(level, title, begins, reached))
    return tuple(found)


def _with_number(text: str, page_start: int, start: int) -> int:
    """Where a heading begins, whose outline leaves out the section's number."""
    line = max(page_start, text.rfind("\n", page_start, start) + 1)
    return line if _SECTION_NUMBER.search(text[line:start]) else start


def _too_many_pages() -> UnreadableContentError:
    return UnreadableContentError(
        "too_much_text", f"The PDF has more than {MOST_PAGES:,} pages; split it into parts."
    )


def _no_text() -> UnreadableContentError:
    return UnreadableContentError(
        "only_images",
        "The PDF holds only images of text, as scanners make them; run text recognition (OCR) on"
        " it and add the result.",
    )
