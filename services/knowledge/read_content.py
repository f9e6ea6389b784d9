"""From what was read out of a file or page to the page that is stored."""

from documents.knowledge_pages import FetchedAs, PageHeading, PageStart
from services.knowledge.extraction.extracted import ExtractedHeading, ExtractedText
from services.knowledge.extraction.extracted import PageStart as ExtractedStart
from services.knowledge.page_content import PageContent
from services.knowledge.stored_text import storable_text

LONGEST_PAGE_TITLE_CHARACTERS = 200


def read_content(
    extracted: ExtractedText,
    *,
    key: str,
    title: str = "",
    has_title: bool = False,
    url: str | None = None,
    fetched: FetchedAs | None = None,
) -> PageContent:
    """A page from its text.

    Args:
        extracted: What was read.
        key: Names the page within its source.
        title: Its title, where the text has none of its own.
        has_title: `title` counts whatever the text calls itself.
        url: Its address.
        fetched: What is to be known at the next visit.
    """
    own = None if has_title else extracted.title
    shown = " ".join(storable_text(own or title).split())
    return PageContent(
        key=key,
        title=shown[:LONGEST_PAGE_TITLE_CHARACTERS],
        text=extracted.text,
        url=url,
        headings=tuple(
            PageHeading(
                level=one.level, text=one.text, start=one.start, end=one.end, anchor=one.anchor
            )
            for one in extracted.headings
        ),
        page_starts=tuple(
            PageStart(number=one.number, start=one.start) for one in extracted.page_starts
        ),
        fetched=fetched,
    )


def extracted_again(content: PageContent) -> ExtractedText:
    """What was read, as it is cut into passages."""
    return ExtractedText(
        title=content.title,
        text=content.text,
        headings=tuple(
            ExtractedHeading(one.level, one.text, one.start, one.end, one.anchor)
            for one in content.headings or ()
        ),
        page_starts=tuple(ExtractedStart(one.number, one.start) for one in content.page_starts),
    )
