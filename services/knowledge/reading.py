"""Where the pages of a source come from, by its kind: a stream, since a site may have thousands."""

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace

from documents.knowledge_pages import FetchedAs
from documents.knowledge_sources import KnowledgeSource
from services.knowledge.extraction.extracted import UnreadableContentError
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.pages import (
    FetchedPage,
    FetchRequest,
    GonePage,
    KnownPages,
    PageProblem,
    UnchangedPage,
)
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.known_addresses import stored_as
from services.knowledge.page_content import PageContent
from services.knowledge.read_content import read_content
from services.knowledge.site_turns import site_turn
from services.knowledge.typed_pages import typed_content

FILE_KEY = "file"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page that is new or has changed; `waiting` counts what is still to be read."""

    content: PageContent
    waiting: int = 0


ReadOutcome = ReadPage | UnchangedPage | GonePage | PageProblem


class SourceReader:
    """Reads the pages of any source."""

    def __init__(self, extractor: Extractor, files: KnowledgeFiles, sites: SiteReader) -> None:
        self._extractor = extractor
        self._files = files
        self._sites = sites

    async def read(
        self, source: KnowledgeSource, known: KnownPages
    ) -> AsyncGenerator[ReadOutcome, None]:
        """What becomes of each page, in any order; the address or key names it."""
        typed = typed_content(source)
        if typed is not None:
            yield ReadPage(typed)
        elif source.kind == "file":
            yield await self._file(source, known)
        elif source.url is not None and (request := _request(source)) is not None:
            async with site_turn(source.url):
                outcomes = self._sites.fetch_pages(request, known)
                async with aclosing(outcomes) as pages:
                    async for outcome in pages:
                        yield _read(outcome) if isinstance(outcome, FetchedPage) else outcome

    async def _file(self, source: KnowledgeSource, known: KnownPages) -> ReadOutcome:
        file = source.file_id and await self._files.get(source.client_id, source.file_id)
        if not file:
            return PageProblem(FILE_KEY, "The file is not there any more.", passing=False)
        before = known.get(FILE_KEY)
        if before is not None and before.raw_hash == file.sha256:
            return UnchangedPage(FILE_KEY, before)
        content = await self._files.content(source.client_id, file.id)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            return PageProblem(file.name, "The file is not whole; upload it again.", passing=False)
        try:
            extracted = await self._extractor.extract(
                content, name=file.name, declared_type=file.declared_type
            )
        except UnreadableContentError as problem:
            return PageProblem(file.name, problem.sentence, passing=False)
        fetched = FetchedAs(raw_hash=file.sha256)
        return ReadPage(read_content(extracted, key=FILE_KEY, title=file.name, fetched=fetched))


def _request(source: KnowledgeSource) -> FetchRequest | None:
    """What is asked of the site; None for kinds that have none."""
    if source.url is None or source.kind not in {"url", "sitemap", "crawl"}:
        return None
    usual = FetchRequest(source.kind, source.url)
    return replace(
        usual,
        max_pages=source.max_pages or usual.max_pages,
        max_depth=usual.max_depth if source.max_depth is None else source.max_depth,
    )


def _read(page: FetchedPage) -> ReadPage:
    content = read_content(
        page.extracted, key=page.url, url=page.url, fetched=stored_as(page.known)
    )
    return ReadPage(content, page.waiting)
