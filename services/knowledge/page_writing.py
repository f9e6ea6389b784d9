"""Writing one page with its chunks, so that only what changed is touched.

A page and its chunks change in the transaction of the caller, who also writes to the source in it:
whatever takes the source away, or a chatbot from the source, then conflicts with it, so no chunk
outlives what it belongs to. A chunk whose hash is there already stays as it is; at most it moves.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk, StoredChunk, move_chunks, stored_chunks
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource, note_passages_changed
from documents.tenancy import TenantScope
from documents.transactions import WriteSession
from services.knowledge.indexing import IndexedPage, IndexedPassage, chunk_of

_CHUNKS_PER_WRITE = 100
"""Encoding more at once would keep answers that stream at the time waiting."""


@dataclass(frozen=True, slots=True)
class PageChange:
    """What became of a page; sums are of one chatbot's copy, against before."""

    pages: int = 0
    chunks: int = 0
    tokens: int = 0
    is_changed: bool = False


@dataclass(frozen=True, slots=True)
class ChunkChanges:
    """What must happen to the chunks of a page."""

    new: tuple[tuple[PydanticObjectId, IndexedPassage], ...]
    moved: dict[PydanticObjectId, dict[str, Any]]
    gone: tuple[PydanticObjectId, ...]

    @property
    def count(self) -> int:
        """How many chunks are written or deleted."""
        return len(self.new) + len(self.moved) + len(self.gone)


class PageChangedError(Exception):
    """A stored page was changed or deleted while its passages were made."""


async def raise_if_changed(page: KnowledgePage, session: WriteSession) -> None:
    """Go on only while a page is as it was read, in a transaction that writes to its source.

    Whoever changes a page writes to its source as well, so none can do so beside the caller.

    Raises:
        PageChangedError: it is not.
    """
    same = {
        "_id": page.id,
        "content_hash": page.content_hash,
        "modified_at": page.modified_at,
        "fetched.raw_hash": page.fetched.raw_hash if page.fetched else None,
    }
    pages = TenantScope.one(page.client_id).of(KnowledgePage)
    if not await pages.count(same, limit=1, session=session):
        raise PageChangedError


async def write_page(
    session: WriteSession,
    source: KnowledgeSource,
    indexed: IndexedPage,
    *,
    sync_id: PydanticObjectId | None = None,
    copies: Collection[PydanticObjectId] | None = None,
) -> PageChange:
    """Store a page of a source, for the chatbots that the source has in this transaction.

    Args:
        session: The transaction.
        source: The source in it.
        indexed: The page.
        sync_id: The sync that has read it, if any; else the page is missing as often as before.
        copies: The chatbots whose passages are written already, see `large_pages`; None: nobody's.
    """
    pages = TenantScope.one(source.client_id).of(KnowledgePage)
    same = {"source_id": source.id, "key": indexed.content.key}
    before = await pages.find_one(same, session=session)
    written_for = [one for one in source.chatbot_ids if copies is None or one in copies]
    page = page_of(source, indexed, before, sync_id, chatbot_ids=written_for)
    if copies is None:
        stored = await stored_chunks(source.client_id, page.id, session)
        changes = chunk_changes(source.chatbot_ids, indexed, stored)
        await _apply(session, source, page.id, indexed, changes)
    if before is None:
        await pages.insert(page, session)
    else:
        await pages.update_one({"_id": page.id}, {"$set": page_fields(page)}, session=session)
    return change_between(before, page)


def page_of(
    source: KnowledgeSource,
    indexed: IndexedPage,
    before: KnowledgePage | None,
    sync_id: PydanticObjectId | None,
    *,
    chatbot_ids: Sequence[PydanticObjectId],
) -> KnowledgePage:
    """The page as it will be stored, with the chatbots whose copies are whole then."""
    content = indexed.content
    has_new_content = before is not None and before.content_hash != content.hash
    page = KnowledgePage(
        client_id=source.client_id,
        source_id=source.id,
        key=content.key,
        url=content.url,
        title=content.title,
        text=content.text,
        headings=None if content.headings is None else list(content.headings),
        page_starts=list(content.page_starts),
        version=(before.version if before else 1) + int(has_new_content),
        content_hash=content.hash,
        indexed_as=indexed.indexed_as,
        chatbot_ids=list(chatbot_ids),
        fetched=content.fetched,
        modified_at=content.modified_at,
        sync_id=sync_id or (before.sync_id if before else None),
        chunk_count=len(indexed.passages),
        token_count=indexed.token_count,
        languages=" ".join(indexed.languages),
    )
    if before is not None:
        page.id, page.created_at = before.id, before.created_at
        page.failures = before.failures if sync_id is None else 0
    return page


def page_fields(page: KnowledgePage) -> dict[str, Any]:
    """All of a page that may change."""
    own = {"id", "client_id", "source_id", "key", "created_at"}
    fields: dict[str, Any] = page.model_dump(exclude=own)
    return fields


def change_between(before: KnowledgePage | None, page: KnowledgePage) -> PageChange:
    """The difference that a page makes to the sums of its source."""
    return PageChange(
        pages=int(before is None),
        chunks=page.chunk_count - (before.chunk_count if before else 0),
        tokens=page.token_count - (before.token_count if before else 0),
        is_changed=before is None or before.content_hash != page.content_hash,
    )


def chunk_changes(
    chatbot_ids: Sequence[PydanticObjectId], indexed: IndexedPage, stored: list[StoredChunk]
) -> ChunkChanges:
    """What is new, moved or gone, per chatbot; copies of any other chatbot are gone."""
    there: dict[tuple[PydanticObjectId, str], list[StoredChunk]] = defaultdict(list)
    for chunk in stored:
        there[chunk.chatbot_id, chunk.hash].append(chunk)
    new: list[tuple[PydanticObjectId, IndexedPassage]] = []
    moved: dict[PydanticObjectId, dict[str, Any]] = {}
    for chatbot_id in chatbot_ids:
        for passage in indexed.passages:
            same = there[chatbot_id, passage.hash]
            if not same:
                new.append((chatbot_id, passage))
                continue
            chunk, place = same.pop(0), _place(indexed, passage)
            if chunk.place != place:
                moved[chunk.id] = place
    gone = tuple(chunk.id for left in there.values() for chunk in left)
    return ChunkChanges(tuple(new), moved, gone)


def batches_of(
    source: KnowledgeSource,
    page_id: PydanticObjectId,
    indexed: IndexedPage,
    new: tuple[tuple[PydanticObjectId, IndexedPassage], ...],
) -> Iterator[list[KnowledgeChunk]]:
    """The new chunks, some at a time."""
    waiting = (
        chunk_of(source, page_id, chatbot_id, indexed, passage) for chatbot_id, passage in new
    )
    while batch := list(islice(waiting, _CHUNKS_PER_WRITE)):
        yield batch


async def _apply(
    session: WriteSession,
    source: KnowledgeSource,
    page_id: PydanticObjectId,
    indexed: IndexedPage,
    changes: ChunkChanges,
) -> None:
    if not changes.count:
        return
    chunks = TenantScope.one(source.client_id).of(KnowledgeChunk)
    await note_passages_changed(source.client_id, source.id, session)
    source.passages_changed += 1
    if changes.gone:
        await chunks.delete_many({"_id": {"$in": list(changes.gone)}}, session)
    await move_chunks(source.client_id, changes.moved, session)
    for batch in batches_of(source, page_id, indexed, changes.new):
        await chunks.insert_many(batch, session)


def _place(indexed: IndexedPage, passage: IndexedPassage) -> dict[str, Any]:
    return {
        "start_offset": passage.start,
        "end_offset": passage.end,
        "page": passage.page,
        "anchor": passage.anchor,
        "url": indexed.content.url,
    }
