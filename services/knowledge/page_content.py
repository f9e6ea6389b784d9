"""A page of a source as it was read: what is stored of it, and what its chunks are made from."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from documents.knowledge_pages import FetchedAs, KnowledgePage, PageHeading, PageStart


@dataclass(frozen=True, slots=True)
class PageContent:
    """A page; offsets count code points of `text`, which is storable text.

    Attributes:
        key: names the page within its source.
        headings: where there are any; None: the text is Markdown or plain, and tells by itself.
        page_starts: of a paged document.
        fetched: what is to be known at the next visit.
    """

    key: str
    title: str
    text: str
    url: str | None = None
    headings: tuple[PageHeading, ...] | None = None
    page_starts: tuple[PageStart, ...] = ()
    fetched: FetchedAs | None = None
    modified_at: datetime | None = None

    @property
    def hash(self) -> str:
        """Of all that the chunks are made from."""
        structure = [one.model_dump() for one in self.headings or ()]
        pages = [one.model_dump() for one in self.page_starts]
        content = json.dumps([self.title, self.text, self.url, structure, pages])
        return hashlib.sha256(content.encode()).hexdigest()


def content_of(page: KnowledgePage) -> PageContent:
    """A stored page, for making its chunks anew."""
    return PageContent(
        key=page.key,
        title=page.title,
        text=page.text,
        url=page.url,
        headings=None if page.headings is None else tuple(page.headings),
        page_starts=tuple(page.page_starts),
        fetched=page.fetched,
        modified_at=page.modified_at,
    )
