"""Pages of very many passages: a new version is written beside the old one, and shown at once.

A transaction that writes tens of thousands of passages would take longer than one may. So the new
passages of each chatbot are written hidden (`staged`), some at a time; one short transaction then
shows them and hides the old ones, so that a search sees the one version or the other, never half of
each. What is hidden is deleted behind it: here, or by whoever works at the source next.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from documents.errors import WorkLeaseLostError
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import (
    KnowledgeChunk,
    delete_some_chunks,
    move_chunks,
    stage_chunks,
    stored_chunks,
)
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource, note_passages_changed
from documents.tenancy import TenantScope
from documents.transactions import Outcome, WriteSession
from services.knowledge.indexing import IndexedPage
from services.knowledge.page_writing import (
    ChunkChanges,
    batches_of,
    chunk_changes,
    page_of,
    raise_if_changed,
)

LARGE_PAGE: Final = 1_000
"""Passages times chatbots: what is more is not written in one transaction."""

DELETED_AT_ONCE: Final = 1_000


def is_large(passages: int, chatbots: int) -> bool:
    """Whether so many passages for so many chatbots are too many for one transaction."""
    return passages * chatbots > LARGE_PAGE


async def shows_many(page: KnowledgePage, session: WriteSession | None = None) -> bool:
    """Whether searches find too much of a page for one transaction.

    The page does not say so while it is written for the first time.
    """
    shown = {"page_id": page.id, "staged": {"$ne": True}}
    chunks = TenantScope.one(page.client_id).of(KnowledgeChunk)
    return await chunks.count(shown, limit=LARGE_PAGE + 1, session=session) > LARGE_PAGE


class HeldSource(Protocol):
    """A source under a claim: see `claimed_source`."""

    scope: TenantScope
    source_id: PydanticObjectId

    async def current(self, session: WriteSession | None = None) -> KnowledgeSource:
        """The source as it is."""
        ...

    async def change(
        self,
        update: Mapping[str, Any],
        session: WriteSession | None = None,
        *,
        only: Mapping[str, Any] | None = None,
    ) -> KnowledgeSource:
        """Change it, if it is ours and the condition holds."""
        ...

    async def together(self, work: Callable[[WriteSession], Awaitable[Outcome]]) -> Outcome:
        """Do work in one transaction."""
        ...


async def write_copies(
    held: HeldSource, indexed: IndexedPage, version: int, stored: KnowledgePage | None
) -> frozenset[PydanticObjectId]:
    """Bring every chatbot's copy of a page to what is indexed.

    Args:
        held: The source.
        indexed: The page.
        version: Of the source, once the page is written.
        stored: The page that was indexed, if it was stored already.

    Returns:
        The chatbots whose copy is whole; one that left the source meanwhile is not among them.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
        PageChangedError: the page is not as `stored` any more.
    """
    page = stored or await _page(held, indexed)
    source = await held.current()
    source.version = version
    whole = set()
    for chatbot_id in source.chatbot_ids:
        try:
            await _write_copy(_Copy(held, source, chatbot_id, page, stored), indexed)
        except WorkLeaseLostError:
            await held.current()  # raises again unless it is only the chatbot that left
        else:
            whole.add(chatbot_id)
    return frozenset(whole)


async def hide_page(held: HeldSource, page: KnowledgePage) -> None:
    """Let no search find a page any more: chatbot after chatbot, which forgets its copy.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
    """
    source = await held.current()
    for chatbot_id in sorted({*page.chatbot_ids, *source.chatbot_ids}):
        await held.together(partial(_hidden, held, page, chatbot_id))


async def delete_hidden(held: HeldSource) -> None:
    """Delete what was hidden, or written and never shown.

    Raises:
        WorkLeaseLostError: the source is not ours any more.
    """
    hidden = {"source_id": held.source_id, "staged": True}

    async def delete(session: WriteSession) -> int:
        await held.change({}, session)
        return await delete_some_chunks(held.scope, hidden, session, limit=DELETED_AT_ONCE)

    if await held.scope.of(KnowledgeChunk).count(hidden, limit=1):
        while await held.together(delete):
            pass


async def _page(held: HeldSource, indexed: IndexedPage) -> KnowledgePage:
    """The page, stored without a passage if it is new: nothing then takes it for read."""
    key = indexed.content.key

    async def find_or_make(session: WriteSession) -> KnowledgePage:
        pages = held.scope.of(KnowledgePage)
        same = {"source_id": held.source_id, "key": key}
        found = await pages.find_one(same, session=session)
        if found is not None:
            return found
        source = await held.change({"$inc": {"page_count": 1}}, session)
        made = page_of(source, indexed, None, None, chatbot_ids=())
        made.content_hash, made.indexed_as, made.fetched = "", "", None
        made.chunk_count, made.token_count = 0, 0
        return await pages.insert(made, session)

    return await held.together(find_or_make)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One chatbot's copy of a page; `stored`: the page that must be there unchanged, if any."""

    held: HeldSource
    source: KnowledgeSource
    chatbot_id: PydanticObjectId
    page: KnowledgePage
    stored: KnowledgePage | None

    async def hold(self, session: WriteSession) -> None:
        """Write to the source, if it is ours, and see that the page may be written to.

        Raises:
            WorkLeaseLostError: it is not ours any more, or the chatbot has left it.
            PageChangedError: the page is not as `stored` any more.
        """
        await self.held.change({}, session, only={"chatbot_ids": self.chatbot_id})
        if self.stored is not None:
            await raise_if_changed(self.stored, session)


async def _write_copy(copy: _Copy, indexed: IndexedPage) -> None:
    source, page_id = copy.source, copy.page.id
    shown = await stored_chunks(source.client_id, page_id, chatbot_id=copy.chatbot_id)
    changes = chunk_changes((copy.chatbot_id,), indexed, shown)
    chunks, written = copy.held.scope.of(KnowledgeChunk), []
    for batch in batches_of(source, page_id, indexed, changes.new):
        for chunk in batch:
            chunk.staged = True

        async def insert(session: WriteSession, batch: list[KnowledgeChunk] = batch) -> None:
            await copy.hold(session)
            await chunks.insert_many(batch, session)

        await copy.held.together(insert)
        written += [chunk.id for chunk in batch]
    await copy.held.together(partial(_switched, copy, changes, written))


async def _switched(
    copy: _Copy,
    changes: ChunkChanges,
    written: Sequence[PydanticObjectId],
    session: WriteSession,
) -> None:
    await copy.hold(session)
    source = copy.source
    await note_passages_changed(source.client_id, source.id, session)
    for ids, staged in ((list(written), False), (list(changes.gone), True)):
        await stage_chunks(source.client_id, {"_id": {"$in": ids}}, session, staged=staged)
    await move_chunks(source.client_id, changes.moved, session)


async def _hidden(
    held: HeldSource, page: KnowledgePage, chatbot_id: PydanticObjectId, session: WriteSession
) -> None:
    source = await held.change({}, session)
    forget = {"$pull": {"chatbot_ids": chatbot_id}}
    await held.scope.of(KnowledgePage).update_one({"_id": page.id}, forget, session=session)
    await note_passages_changed(source.client_id, source.id, session)
    copy = {"page_id": page.id, "chatbot_id": chatbot_id}
    await stage_chunks(source.client_id, copy, session, staged=True)
