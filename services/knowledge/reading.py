"""Where the pages of a source come from, by its kind: a stream, since a site may have thousands."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from documents.knowledge_sources import KnowledgeSource
from services.knowledge.fetching.pages import GonePage, PageProblem, UnchangedPage
from services.knowledge.page_content import PageContent
from services.knowledge.typed_pages import typed_content


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that is new or has changed; `waiting` counts what is still to be read."""

    content: PageContent
    waiting: int = 0


ReadOutcome = ReadPage | UnchangedPage | GonePage | PageProblem


class SourceReader:
    """Reads the pages of any source."""

    async def read(self, source: KnowledgeSource) -> AsyncGenerator[ReadOutcome, None]:
        """What becomes of each page, in any order; the address or key names it."""
        typed = typed_content(source)
        if typed is not None:
            yield ReadPage(typed)
