"""What was read out of a page or a file, and what is said when nothing can be read.

Whoever stores or cuts an `ExtractedText` needs nothing of the file any more: every offset points
into `text`, which is storable as it stands.
"""

from dataclasses import dataclass
from typing import Literal

UnreadableCode = Literal[
    "empty",
    "too_large",
    "too_much_text",
    "unsupported_type",
    "encrypted",
    "only_images",
    "damaged",
    "not_text",
    "too_slow",
    "too_much_memory",
    "reader_failed",
]


@dataclass(frozen=True, slots=True)
class ExtractedHeading:
    """A heading: `start` and `end` span its line in the text, `anchor` is its id on the page."""

    level: int
    text: str
    start: int
    end: int
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class PageStart:
    """Where a page of a paged document begins; numbers count from 1 as readers of PDF do."""

    number: int
    start: int


@dataclass(frozen=True, slots=True)
class ExtractedText:
    """The readable content of one page or file.

    Attributes:
        title: The document's own title, never its file name.
        text: Storable text, line feeds only, without invisible characters; never blank.
        headings: In the order of the text, not overlapping.
        page_starts: In the order of the text; empty where there are no pages.
        language: What the document says of itself, a lower-case code such as "en" or "pt-br".
        canonical_url: The absolute address that the page calls its own.
        links: Absolute http(s) addresses without fragments, each once, in order; none where the
            page asks not to follow them.
        indexable: False when the page asks not to be indexed.
    """

    title: str | None
    text: str
    headings: tuple[ExtractedHeading, ...] = ()
    page_starts: tuple[PageStart, ...] = ()
    language: str | None = None
    canonical_url: str | None = None
    links: tuple[str, ...] = ()
    indexable: bool = True


@dataclass(frozen=True, slots=True)
class SitemapText:
    """What a sitemap lists: addresses as written, each once."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]


class UnreadableContentError(Exception):
    """A page or file gives no text.

    Attributes:
        code: For programs.
        sentence: For the owner of the file or site; says what to do where something can be done.
    """

    def __init__(self, code: UnreadableCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
