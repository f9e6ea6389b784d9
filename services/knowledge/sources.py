"""A client's knowledge sources: adding, changing and deleting them, with everything searched.

A source and its chunks change in one transaction, so that a search sees the old content or the
new, never half of each and never what was deleted. The heavy part, cutting and tokens, is done
before in a thread.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_sources import (
    KnowledgeSource,
    count_sources,
    mark_knowledge_changed,
    sources_without_text,
)
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    FieldName,
    KnowledgeInputError,
    LengthProblem,
    SourceNotFoundError,
    SourceRevisionError,
    TooManySourcesError,
)
from services.knowledge.indexing import IndexedText, chunks_of, indexed_text
from services.knowledge.stored_text import storable_text

LONGEST_TITLE_CHARACTERS = 200
LONGEST_TEXT_CHARACTERS = 500_000
MOST_CHATBOTS_PER_SOURCE = 50
MOST_SOURCES_LISTED = 101
"""A page of 100, and one more that tells whether another page follows."""

_CHUNKS_PER_WRITE = 100
"""Encoding more at once would keep answers that stream at the time waiting."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KnowledgeLimits:
    """How much is allowed. `chunks_per_change` counts passages times chatbots."""

    sources_per_chatbot: int = 500
    chunks_per_change: int = 3_000


@dataclass(frozen=True, slots=True)
class _Content:
    """What a source says and who may say it, checked."""

    title: str
    text: str
    chatbot_ids: tuple[PydanticObjectId, ...]

    @property
    def hash(self) -> str:
        return hashlib.sha256(f"{self.title}\n{self.text}".encode()).hexdigest()


class KnowledgeSources:
    """Reading and writing knowledge sources. The caller has checked what the viewer may do."""

    def __init__(self, transactions: Transactions, limits: KnowledgeLimits | None = None) -> None:
        self._transactions = transactions
        self._limits = limits or KnowledgeLimits()

    async def add_text(
        self, client_id: str, chatbot_ids: Sequence[PydanticObjectId], title: str, text: str
    ) -> KnowledgeSource:
        """Store a text and make it searchable for its chatbots.

        Args:
            client_id: The slug of the client that owns the chatbots.
            chatbot_ids: 1 to 50 chatbots of that client.
            title: 1 to 200 code points.
            text: 1 to 500,000 code points, plain or Markdown.

        Raises:
            KnowledgeInputError: a field is empty or too long.
            ChatbotsNotFoundError: a chatbot is unknown or another client's.
            TooManySourcesError: a chatbot has as many sources as it may.
            TooManyPassagesError: the text is too much for so many chatbots.
        """
        content = _checked(title, text, chatbot_ids)
        indexed = await self._indexed(content)
        source = KnowledgeSource(
            client_id=client_id, kind="text", status="ready", **_fields(content, indexed)
        )
        scope = TenantScope.one(client_id)

        async def write(session: WriteSession) -> None:
            await scope.of(KnowledgeSource).insert(source, session)
            await _insert_chunks(source, indexed, session)
            await self._claim(scope, content.chatbot_ids, session)
            await record(session, client_id=client_id, after=source)

        await self._transactions.run_transaction(write)
        _log.info("knowledge_source_added", source_id=str(source.id), chunks=source.chunk_count)
        return source

    async def update_text(
        self,
        scope: TenantScope,
        source_id: PydanticObjectId,
        *,
        title: str | None = None,
        text: str | None = None,
        chatbot_ids: Sequence[PydanticObjectId] | None = None,
        revision: int | None = None,
    ) -> KnowledgeSource:
        """Change a source; what is None stays. Without a difference nothing is written.

        Args:
            scope: Whose sources may be changed.
            source_id: The source.
            title: 1 to 200 code points.
            text: 1 to 500,000 code points.
            chatbot_ids: All chatbots that shall use it from now on, of the source's client.
            revision: The revision the caller has seen; None changes whatever is there.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
            SourceRevisionError: the source is not at `revision` any more.
            KnowledgeInputError: a field is empty or too long.
            ChatbotsNotFoundError: a chatbot is unknown or another client's.
            TooManySourcesError: a chatbot has as many sources as it may.
            TooManyPassagesError: the text is too much for so many chatbots.
        """
        before = await self._existing(scope, source_id)
        if revision is not None and before.revision != revision:
            raise SourceRevisionError(source_id, before.revision)
        content = _checked(
            before.title if title is None else title,
            before.text or "" if text is None else text,
            before.chatbot_ids if chatbot_ids is None else chatbot_ids,
        )
        if _says_the_same(before, content):
            return before
        return await self._replace(before, content)

    async def delete(self, scope: TenantScope, source_id: PydanticObjectId) -> dict[str, int]:
        """Delete a source with everything that is searched for it.

        Returns:
            How many documents are gone, by collection.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
        """

        async def write(session: WriteSession) -> dict[str, int]:
            source = await scope.of(KnowledgeSource).delete_one({"_id": source_id}, session)
            if source is None:
                raise SourceNotFoundError(source_id)
            chunks = TenantScope.one(source.client_id).of(KnowledgeChunk)
            deleted = await chunks.delete_many({"source_id": source_id}, session)
            await record(session, client_id=source.client_id, before=source)
            return {"knowledge_sources": 1, "knowledge_chunks": deleted}

        erased = await self._transactions.run_transaction(write)
        _log.info("knowledge_source_deleted", source_id=str(source_id), **erased)
        return erased

    async def get(self, scope: TenantScope, source_id: PydanticObjectId) -> KnowledgeSource | None:
        """The source with its text, or None when it is unknown or outside of the scope."""
        return await scope.of(KnowledgeSource).get(source_id)

    async def newest(
        self,
        scope: TenantScope,
        *,
        chatbot_id: PydanticObjectId | None = None,
        before: PydanticObjectId | None = None,
        limit: int = 20,
    ) -> list[KnowledgeSource]:
        """Sources without their texts, newest first.

        Args:
            scope: Whose sources.
            chatbot_id: Only those that this chatbot uses.
            before: Only those older than this one, for the next page.
            limit: At most 101.
        """
        filter_ = _used_by(chatbot_id)
        if before is not None:
            filter_["_id"] = {"$lt": before}
        return await sources_without_text(scope, filter_, limit=min(limit, MOST_SOURCES_LISTED))

    async def count(
        self, scope: TenantScope, *, chatbot_id: PydanticObjectId | None = None, limit: int
    ) -> int:
        """How many sources there are, or this chatbot uses, counted no further than `limit`."""
        return await scope.of(KnowledgeSource).count(_used_by(chatbot_id), limit=limit)

    async def _existing(self, scope: TenantScope, source_id: PydanticObjectId) -> KnowledgeSource:
        source = await self.get(scope, source_id)
        if source is None:
            raise SourceNotFoundError(source_id)
        return source

    async def _indexed(self, content: _Content) -> IndexedText:
        return await asyncio.to_thread(
            indexed_text,
            content.title,
            content.text,
            copies=len(content.chatbot_ids),
            most_chunks=self._limits.chunks_per_change,
        )

    async def _replace(self, before: KnowledgeSource, content: _Content) -> KnowledgeSource:
        indexed = await self._indexed(content)
        scope = TenantScope.one(before.client_id)
        fields = _fields(content, indexed)
        has_new_content = before.content_hash != content.hash

        async def write(session: WriteSession) -> KnowledgeSource:
            source = await scope.of(KnowledgeSource).update_one(
                {"_id": before.id, "revision": before.revision},
                {"$set": fields, "$inc": {"revision": 1, "version": int(has_new_content)}},
                session=session,
            )
            if source is None:
                raise await self._lost(scope, before.id)
            await scope.of(KnowledgeChunk).delete_many({"source_id": source.id}, session)
            await _insert_chunks(source, indexed, session)
            await self._claim(scope, content.chatbot_ids, session)
            await record(session, client_id=source.client_id, before=before, after=source)
            return source

        source = await self._transactions.run_transaction(write)
        _log.info("knowledge_source_updated", source_id=str(source.id), version=source.version)
        return source

    async def _lost(self, scope: TenantScope, source_id: PydanticObjectId) -> Exception:
        """Why a source that was there a moment ago could not be changed."""
        source = await self.get(scope, source_id)
        if source is None:
            return SourceNotFoundError(source_id)
        return SourceRevisionError(source_id, source.revision)

    async def _claim(
        self, scope: TenantScope, chatbot_ids: Sequence[PydanticObjectId], session: WriteSession
    ) -> None:
        """Last in the transaction, since it keeps others from changing the chatbots meanwhile."""
        if await mark_knowledge_changed(scope, chatbot_ids, session) < len(chatbot_ids):
            raise ChatbotsNotFoundError(chatbot_ids)
        most = self._limits.sources_per_chatbot
        for chatbot_id in chatbot_ids:
            if await count_sources(scope, chatbot_id, session, limit=most + 1) > most:
                raise TooManySourcesError(chatbot_id, most)


def _checked(title: str, text: str, chatbot_ids: Sequence[PydanticObjectId]) -> _Content:
    if problems := length_problems(title, text, chatbot_ids):
        raise KnowledgeInputError(problems)
    return _Content(
        storable_text(title).strip(), storable_text(text), tuple(dict.fromkeys(chatbot_ids))
    )


def length_problems(
    title: str, text: str, chatbot_ids: Sequence[PydanticObjectId]
) -> list[LengthProblem]:
    """Every field of a source to be that is empty or too long."""
    content = storable_text(text)
    lengths: tuple[tuple[FieldName, int, int], ...] = (
        ("title", len(storable_text(title).strip()), LONGEST_TITLE_CHARACTERS),
        ("text", len(content) if content.strip() else 0, LONGEST_TEXT_CHARACTERS),
        ("chatbot_ids", len(set(chatbot_ids)), MOST_CHATBOTS_PER_SOURCE),
    )
    return [
        LengthProblem(field, length, least=1, most=most)
        for field, length, most in lengths
        if not 1 <= length <= most
    ]


def _fields(content: _Content, indexed: IndexedText) -> dict[str, Any]:
    return {
        "title": content.title,
        "text": content.text,
        "chatbot_ids": list(content.chatbot_ids),
        "content_hash": content.hash,
        "chunk_count": len(indexed.passages),
        "token_count": indexed.token_count,
        "languages": " ".join(indexed.languages),
        "last_synced_at": utc_now(),
    }


def _used_by(chatbot_id: PydanticObjectId | None) -> dict[str, Any]:
    return {} if chatbot_id is None else {"chatbot_ids": chatbot_id}


def _says_the_same(source: KnowledgeSource, content: _Content) -> bool:
    return source.content_hash == content.hash and source.chatbot_ids == list(content.chatbot_ids)


async def _insert_chunks(
    source: KnowledgeSource, indexed: IndexedText, session: WriteSession
) -> None:
    chunks = TenantScope.one(source.client_id).of(KnowledgeChunk)
    waiting = chunks_of(source, indexed)
    while batch := list(islice(waiting, _CHUNKS_PER_WRITE)):
        await chunks.insert_many(batch, session)
