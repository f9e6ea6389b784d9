"""A source that this process works at: every write names the claim, or happens not at all.

A page is written in one transaction with the counts of its source. Whatever else changes the
source, and whenever the process dies, what is stored is whole.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, TypeVar

from documents.base import utc_now
from documents.errors import WorkLeaseLostError
from documents.ids import PydanticObjectId
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource, PhaseName, Progress
from documents.knowledge_work import Claim
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.cancelling import raise_if_cancelled
from services.knowledge.indexing import IndexedPage, indexed_as, indexed_page, shown_title
from services.knowledge.large_pages import delete_hidden, is_large, shows_many, write_copies
from services.knowledge.page_content import PageContent, content_of
from services.knowledge.page_writing import PageChange, raise_if_changed, write_page
from services.live.publishing import knowledge_changed

Outcome = TypeVar("Outcome")

TOLD_EVERY_S = 1.0
"""How often those who watch are told of progress, in seconds."""


@dataclass(frozen=True, slots=True)
class _Writing:
    """A page to be written; `stored`: as it is stored, if its chunks are made from that."""

    content: PageContent
    waiting: int | None = None
    stored: KnowledgePage | None = None


class ClaimedSource:
    """Reads and writes one source under its claim."""

    def __init__(self, transactions: Transactions, claim: Claim) -> None:
        self.claim = claim
        self.client_id = claim.client_id
        self.source_id = claim.source_id
        self.scope = TenantScope.one(claim.client_id)
        self._transactions = transactions
        self._told_at = 0.0

    async def current(self, session: WriteSession | None = None) -> KnowledgeSource:
        """The source as it is.

        Raises:
            WorkLeaseLostError: it is gone, or another process works at it.
        """
        found = await self.scope.of(KnowledgeSource).find_one(self.claim.held, session=session)
        return self._ours(found)

    async def change(
        self,
        update: Mapping[str, Any],
        session: WriteSession | None = None,
        *,
        only: Mapping[str, Any] | None = None,
    ) -> KnowledgeSource:
        """Change the source; the source as it is then.

        Args:
            update: For MongoDB.
            session: The transaction, if any.
            only: A condition on the source besides the claim.

        Raises:
            WorkLeaseLostError: as `current`, or the condition does not hold.
        """
        condition = {**self.claim.held, **(only or {})}
        sources = self.scope.of(KnowledgeSource)
        return self._ours(await sources.update_one(condition, update, session=session))

    async def together(self, work: Callable[[WriteSession], Awaitable[Outcome]]) -> Outcome:
        """Do work in one transaction."""
        raise_if_cancelled()
        return await self._transactions.run_transaction(work)

    async def begin(self, phase: PhaseName, total: int | None, **fields: Any) -> KnowledgeSource:
        """Note that a phase of the work begins."""
        progress = Progress(phase=phase, total=total, started_at=utc_now())
        source = await self.change({"$set": {**fields, "progress": progress.model_dump()}})
        await self.tell(at_once=True)
        return source

    async def tell(self, *, at_once: bool = False) -> None:
        """Tell those who watch that there is progress; what is told too often is left out."""
        if at_once or monotonic() - self._told_at >= TOLD_EVERY_S:
            self._told_at = monotonic()
            await knowledge_changed(self.client_id, self.source_id)

    async def write(self, content: PageContent, *, waiting: int | None = None) -> KnowledgeSource:
        """Store a page that was read; `waiting` pages are still to come if that is known."""
        source = await self.current()
        if await self._says_the_same(source, content):
            return await self.together(lambda session: self._seen(content, waiting, session))
        return await self._write(_Writing(content, waiting=waiting), source)

    async def write_again(self, page: KnowledgePage) -> KnowledgeSource:
        """Make the chunks of a stored page anew; to a sync it stays as unread as it was.

        Raises:
            WorkLeaseLostError: the source is not ours any more.
            PageChangedError: the page was changed or deleted meanwhile, by a push.
        """
        return await self._write(_Writing(content_of(page), stored=page), await self.current())

    async def _write(self, writing: _Writing, source: KnowledgeSource) -> KnowledgeSource:
        content = writing.content
        indexed = await asyncio.to_thread(
            indexed_page, content, shown_title(source, content), source.kind
        )
        copies = await self._copies(source, indexed, writing.stored)
        written = await self.together(
            lambda session: self._written(indexed, writing, session, copies)
        )
        if copies is not None:
            await delete_hidden(self)
        await self.tell()
        return written

    async def _copies(
        self, source: KnowledgeSource, indexed: IndexedPage, stored: KnowledgePage | None
    ) -> frozenset[PydanticObjectId] | None:
        """The chatbots for which a large page is written already; None: it is not large."""
        fields, own = frozenset({"key"}), page_filter(source.id, indexed.content.key)
        before = await self.scope.of(KnowledgePage).find_parts(own, fields, limit=1)
        goes_in_parts = is_large(len(indexed.passages), len(source.chatbot_ids))
        if not goes_in_parts and not any([await shows_many(page) for page in before]):
            return None
        is_first = await self._is_first_change(source, indexed.content, None)
        return await write_copies(self, indexed, source.version + int(is_first), stored)

    async def _says_the_same(self, source: KnowledgeSource, content: PageContent) -> bool:
        """Whether the page is stored, and indexed for all, with exactly this content."""
        fields = frozenset({"content_hash", "indexed_as", "chatbot_ids"})
        pages = self.scope.of(KnowledgePage)
        found = await pages.find_parts(page_filter(source.id, content.key), fields, limit=1)
        return any(
            page.content_hash == content.hash
            and page.indexed_as == indexed_as(shown_title(source, content))
            and {*page.chatbot_ids} >= {*source.chatbot_ids}
            for page in found
        )

    async def _seen(
        self, content: PageContent, waiting: int | None, session: WriteSession
    ) -> KnowledgeSource:
        """Note that a page says what it said; should it be changed meanwhile, it was seen."""
        source = await self.current(session)
        fields = {"sync_id": source.sync_id, "failures": 0}
        fetched = {"fetched": content.fetched.model_dump()} if content.fetched else {}
        own = page_filter(source.id, content.key)
        pages = self.scope.of(KnowledgePage)
        await pages.update_one(own, {"$set": {**fields, **fetched}}, session=session)
        return await self._counted(source, (), PageChange(), waiting, session)

    async def _written(
        self,
        indexed: IndexedPage,
        writing: _Writing,
        session: WriteSession,
        copies: frozenset[PydanticObjectId] | None,
    ) -> KnowledgeSource:
        source, sync_id = await self.current(session), None
        if writing.stored is None:
            sync_id = source.sync_id
        else:
            await raise_if_changed(writing.stored, session)
        if await self._is_first_change(source, indexed.content, session):
            source.version += 1
        change = await write_page(session, source, indexed, sync_id=sync_id, copies=copies)
        return await self._counted(source, indexed.languages, change, writing.waiting, session)

    async def _is_first_change(
        self, source: KnowledgeSource, content: PageContent, session: WriteSession | None
    ) -> bool:
        """Whether this page makes a new version of a source that was read before."""
        progress = source.progress
        if source.sync_id is None or progress is None or progress.changed:
            return False
        same = {"source_id": source.id, "key": content.key}
        page = await self.scope.of(KnowledgePage).find_one(same, session=session)
        is_known = source.last_synced_at is not None
        return is_known and (page is None or page.content_hash != content.hash)

    async def _counted(
        self,
        source: KnowledgeSource,
        languages: Sequence[str],
        change: PageChange,
        waiting: int | None,
        session: WriteSession,
    ) -> KnowledgeSource:
        codes = {*source.languages.split(), *languages}
        fields: dict[str, Any] = {"languages": " ".join(sorted(codes)), "version": source.version}
        done = source.progress.done + 1 if source.progress else 1
        if waiting is not None:
            fields["progress.total"] = done + waiting
        counts = {
            "page_count": change.pages,
            "chunk_count": change.chunks,
            "token_count": change.tokens,
            "progress.done": 1,
            "progress.changed": int(change.is_changed),
        }
        return await self.change({"$set": fields, "$inc": counts}, session)

    @staticmethod
    def _ours(found: KnowledgeSource | None) -> KnowledgeSource:
        if found is None:
            raise WorkLeaseLostError
        return found


def page_filter(source_id: PydanticObjectId, key: str) -> dict[str, Any]:
    """The filter for one page of a source."""
    return {"source_id": source_id, "key": key}
