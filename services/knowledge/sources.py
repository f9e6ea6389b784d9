"""A client's knowledge sources: adding, changing and deleting them, with everything searched.

What somebody typed is searchable when the call returns, unless it is very much: it changes in one
transaction with its page and chunks, so that a search sees the old content or the new, never half
of each. Everything else is written down as wanted, and the work is done in the background (see
`syncing`); a chatbot or source that goes is not searched any more from the moment of the call.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

import structlog

from documents.base import utc_now
from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_leftovers import LEASE_S, KnowledgeLeftover
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import (
    KnowledgeSource,
    count_sources,
    mark_knowledge_changed,
    sources_without_text,
)
from documents.knowledge_work import ask_for_work
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from services.audit.audit_log import record, record_about
from services.knowledge.clearing import clear
from services.knowledge.errors import (
    ChatbotsNotFoundError,
    SameAddressError,
    SourceNotFoundError,
    SourceRevisionError,
    TooManyPassagesError,
    TooManySourcesError,
)
from services.knowledge.files import delete_files_of, use_file
from services.knowledge.indexing import IndexedPage, indexed_page
from services.knowledge.page_writing import write_page
from services.knowledge.source_definition import (
    FETCHED_KINDS,
    SourceDefinition,
    checked,
    definition_of,
)
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.typed_pages import typed_content
from services.live.publishing import knowledge_changed, knowledge_deleted

MOST_SOURCES_LISTED = 101
"""A page of 100, and one more that tells whether another page follows."""

AlsoWritten: TypeAlias = Callable[[KnowledgeSource, WriteSession], Awaitable[None]]

_log = structlog.get_logger()


@dataclass(slots=True)
class _Gone:
    """What a transaction has deleted, by collection, and what it left to be deleted."""

    erased: dict[str, int]
    leftover: KnowledgeLeftover | None = None


class KnowledgeSources:
    """Reading and writing knowledge sources. The caller has checked what the viewer may do."""

    def __init__(
        self,
        transactions: Transactions,
        limits: KnowledgeLimits | None = None,
        wake: Callable[[], None] | None = None,
        check_address: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        """The work in the background, and what judges addresses.

        Args:
            transactions: For writing.
            limits: How much is allowed.
            wake: Tells whoever does the work in the background that there is some.
            check_address: Raises where an address may not be read.
        """
        self._transactions = transactions
        self._limits = limits or KnowledgeLimits()
        self._wake = wake or (lambda: None)
        self._check = check_address

    async def add_text(
        self, client_id: str, chatbot_ids: Sequence[PydanticObjectId], title: str, text: str
    ) -> KnowledgeSource:
        """Store a text, as `add` does."""
        return await self.add(
            client_id, SourceDefinition("text", title, tuple(chatbot_ids), text=text)
        )

    async def add(
        self, client_id: str, wanted: SourceDefinition, also: AlsoWritten | None = None
    ) -> KnowledgeSource:
        """Store a source for chatbots of a client.

        Args:
            client_id: The slug of the client that owns the chatbots.
            wanted: The source; lengths are those of `SourceDefinition`.
            also: What else is written in the same transaction; what it raises undoes all.

        Raises:
            KnowledgeInputError: a field is empty or too long.
            InvalidFieldsError: another field cannot be accepted.
            RefusedError: the address is not a public one.
            ChatbotsNotFoundError: a chatbot is unknown or another client's.
            TooManySourcesError: a chatbot has as many sources as it may.
            TooManyPassagesError: a text falls into more passages than a source may have.
        """
        definition = checked(wanted)
        await self._judge(definition, None)
        indexed = await self._indexed_at_once(definition, len(definition.chatbot_ids))
        source = KnowledgeSource(
            client_id=client_id,
            kind=definition.kind,
            status="ready" if indexed else "queued",
            **definition.fields,
            **(_sums(indexed) if indexed else {}),
        )
        if not indexed and source.kind != "push":
            source.sync_wanted, source.work_due_at = True, utc_now()
        scope = TenantScope.one(client_id)

        async def write(session: WriteSession) -> None:
            await scope.of(KnowledgeSource).insert(source, session)
            if indexed:
                await write_page(session, source, indexed)
            await self._claim(scope, definition.chatbot_ids, session)
            await self._check_address(source, session)
            await _take_file(source, session)
            if also is not None:
                await also(source, session)
            await record(session, client_id=client_id, after=source)
            await knowledge_changed(client_id, source.id, session)

        await self._transactions.run_transaction(write)
        self._wake()
        _log.info("knowledge_source_added", source_id=str(source.id), kind=source.kind)
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
        """Change a text, as `update` does; what is None stays."""
        given = {"title": title, "text": text, "chatbot_ids": chatbot_ids}
        changes = {name: value for name, value in given.items() if value is not None}
        return await self.update(scope, source_id, changes, revision=revision)

    async def update(
        self,
        scope: TenantScope,
        source_id: PydanticObjectId,
        changes: Mapping[str, Any],
        *,
        revision: int | None = None,
    ) -> KnowledgeSource:
        """Change a source. Without a difference nothing is written.

        Args:
            scope: Whose sources may be changed.
            source_id: The source.
            changes: Fields of `SourceDefinition`; those left out stay.
            revision: The revision the caller has seen; None changes whatever is there.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
            SourceRevisionError: the source is not at `revision` any more.
            KnowledgeInputError: a field is empty or too long.
            InvalidFieldsError: another field cannot be accepted.
            RefusedError: the address is not a public one.
            ChatbotsNotFoundError: a chatbot is unknown or another client's.
            TooManySourcesError: a chatbot has as many sources as it may.
            TooManyPassagesError: a text falls into more passages than a source may have.
        """
        before = await self._existing(scope, source_id)
        if revision is not None and before.revision != revision:
            raise SourceRevisionError(before)
        old = definition_of(before)
        wanted = checked(old, changes)
        if wanted == old:
            await self._transactions.run_transaction(lambda session: _unchanged(before, session))
            return before
        await self._judge(wanted, old.url)
        concerned = {*wanted.chatbot_ids, *before.chatbot_ids, *before.leaving_chatbot_ids}
        indexed = await self._indexed_at_once(wanted, len(concerned))
        source = await self._transactions.run_transaction(
            lambda session: self._changed(before, wanted, indexed, session)
        )
        self._wake()
        _log.info("knowledge_source_updated", source_id=str(source.id), version=source.version)
        return source

    async def sync(self, scope: TenantScope, source_id: PydanticObjectId) -> KnowledgeSource:
        """Have a source read anew; joins a sync that runs or is wanted already.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
        """

        async def write(session: WriteSession) -> KnowledgeSource:
            before = await scope.of(KnowledgeSource).get(source_id, session)
            if before is None:
                raise SourceNotFoundError(source_id)
            if before.kind == "push" or before.sync_wanted or before.sync_id is not None:
                await record(session, client_id=before.client_id, before=before, after=before)
                return before
            own = TenantScope.one(before.client_id)
            source = await ask_for_work(own, {"_id": source_id}, _WANTED, session)
            if source is None:
                raise SourceNotFoundError(source_id)
            await record_about(session, KnowledgeSource, source_id, client_id=source.client_id)
            await knowledge_changed(source.client_id, source_id, session)
            return source

        source = await self._transactions.run_transaction(write)
        self._wake()
        return source

    async def delete(self, scope: TenantScope, source_id: PydanticObjectId) -> dict[str, int]:
        """Delete a source with everything that is searched for it.

        Returns:
            How many documents are gone, by collection.

        Raises:
            SourceNotFoundError: there is no such source in the scope.
        """
        gone = await self._transactions.run_transaction(
            lambda session: self._deleted(scope, source_id, session)
        )
        erased = Counter(gone.erased)
        if gone.leftover is not None:
            erased.update(await _cleared(gone.leftover))
        receipt = dict(+erased)
        _log.info("knowledge_source_deleted", source_id=str(source_id), **receipt)
        return receipt

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

    async def _deleted(
        self, scope: TenantScope, source_id: PydanticObjectId, session: WriteSession
    ) -> _Gone:
        source = await scope.of(KnowledgeSource).delete_one({"_id": source_id}, session)
        if source is None:
            raise SourceNotFoundError(source_id)
        own = TenantScope.one(source.client_id)
        await mark_knowledge_changed(own, source.chatbot_ids, session)
        files = await delete_files_of(source.client_id, source_id, session)
        gone = _Gone({"knowledge_sources": 1, "knowledge_files": files})
        most = self._limits.deleted_at_once
        if await _holds_more_than(most, source, session):
            gone.leftover = await _left_behind(source, session)
        else:
            gone.erased |= await _contents_deleted(source, session)
        await record(session, client_id=source.client_id, before=source)
        await knowledge_deleted(source.client_id, source_id, session)
        return gone

    async def _judge(self, wanted: SourceDefinition, before: str | None) -> None:
        """Look at an address that is new.

        Raises:
            RefusedError: it may not be read.
        """
        if wanted.kind not in FETCHED_KINDS or wanted.url in {None, before}:
            return
        if wanted.url is not None and self._check is not None:
            await self._check(wanted.url)

    async def _existing(self, scope: TenantScope, source_id: PydanticObjectId) -> KnowledgeSource:
        source = await self.get(scope, source_id)
        if source is None:
            raise SourceNotFoundError(source_id)
        return source

    async def _indexed_at_once(self, wanted: SourceDefinition, copies: int) -> IndexedPage | None:
        """What was typed, ready to be stored; None when it is for the background."""
        content = typed_content(wanted)
        if content is None:
            return None
        indexed = await asyncio.to_thread(indexed_page, content, wanted.title, wanted.kind)
        count, most = len(indexed.passages), self._limits.chunks_per_source
        if count > most:
            raise TooManyPassagesError(count, most)
        return indexed if count * copies <= self._limits.chunks_per_change else None

    async def _changed(
        self,
        before: KnowledgeSource,
        wanted: SourceDefinition,
        indexed: IndexedPage | None,
        session: WriteSession,
    ) -> KnowledgeSource:
        scope = TenantScope.one(before.client_id)
        if indexed and await _shows_more_than(self._limits.chunks_per_change, before, session):
            indexed = None  # what goes is too much for one transaction
        is_other = before.content_hash != wanted.content_hash
        same = {"_id": before.id, "revision": before.revision}
        fields = {
            **wanted.fields,
            **_schedule(before, wanted),
            "revision": before.revision + 1,
            "version": before.version + int(is_other and indexed is not None),
        }
        if indexed:
            done = {**_sums(indexed), "leaving_chatbot_ids": [], **_AT_REST}
            source = await scope.of(KnowledgeSource).update_one(
                same, {"$set": {**fields, **done, "status": "ready"}}, session=session
            )
            hidden = {"source_id": before.id, "staged": True}
            if await scope.of(KnowledgeChunk).count(hidden, limit=1, session=session):
                # Of a large text whose writing ends here; the next to work at it deletes them.
                source = await ask_for_work(scope, {"_id": before.id}, {}, session) and source
        else:
            left = {*before.chatbot_ids, *before.leaving_chatbot_ids} - set(wanted.chatbot_ids)
            asked = {"leaving_chatbot_ids": sorted(left), **(_WANTED if is_other else {})}
            source = await ask_for_work(scope, same, {**fields, **asked}, session)
        if source is None:
            raise await self._lost(scope, before.id)
        if indexed:
            await write_page(session, source, indexed)
        await mark_knowledge_changed(scope, before.chatbot_ids, session)
        await self._claim(scope, wanted.chatbot_ids, session)
        await self._check_address(source, session)
        await _take_file(source, session)
        await record(session, client_id=source.client_id, before=before, after=source)
        await knowledge_changed(source.client_id, source.id, session)
        return source

    async def _lost(self, scope: TenantScope, source_id: PydanticObjectId) -> Exception:
        """Why a source that was there a moment ago could not be changed."""
        source = await self.get(scope, source_id)
        if source is None:
            return SourceNotFoundError(source_id)
        return SourceRevisionError(source)

    async def _check_address(self, source: KnowledgeSource, session: WriteSession) -> None:
        """A chatbot reads an address once. After `_claim`, so of two at once the second sees it."""
        if source.kind not in FETCHED_KINDS:
            return
        same = {
            "_id": {"$ne": source.id},
            "kind": source.kind,
            "url": source.url,
            "chatbot_ids": {"$in": source.chatbot_ids},
        }
        own = TenantScope.one(source.client_id)
        there = await own.of(KnowledgeSource).find_one(same, session=session)
        if there is not None:
            raise SameAddressError(there.title)

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


_WANTED: Mapping[str, Any] = {"sync_wanted": True}
_AT_REST: Mapping[str, Any] = {
    "sync_wanted": False,
    "sync_id": None,
    "progress": None,
    "problems": [],
    "work_token": None,
    "work_due_at": None,
}
"""A process that works at it finds that it has lost the right to."""


def _schedule(before: KnowledgeSource, wanted: SourceDefinition) -> dict[str, Any]:
    """When the next sync is, if there is a new schedule."""
    hours = wanted.sync_every_hours
    if hours == before.sync_every_hours:
        return {}
    return {"next_sync_at": utc_now() + timedelta(hours=hours) if hours else None}


async def _unchanged(source: KnowledgeSource, session: WriteSession) -> None:
    """Tell the audit log that nothing was to be done, which leaves no entry."""
    await record(session, client_id=source.client_id, before=source, after=source)


async def _take_file(source: KnowledgeSource, session: WriteSession) -> None:
    """Keep the file that a source reads, and no other."""
    if source.kind != "file" or source.file_id is None:
        return
    await use_file(source.client_id, source.file_id, source.id, session)
    await delete_files_of(source.client_id, source.id, session, but=source.file_id)


async def _holds_more_than(most: int, source: KnowledgeSource, session: WriteSession) -> bool:
    """Whether so many documents belong to a source; its sums miss a page that is being written."""
    scope, own, found = TenantScope.one(source.client_id), {"source_id": source.id}, 0
    for document_class in (KnowledgePage, KnowledgeChunk):
        found += await scope.of(document_class).count(own, limit=most + 1, session=session)
    return found > most


async def _shows_more_than(most: int, source: KnowledgeSource, session: WriteSession) -> bool:
    """Whether searches find so many passages of a source, over all chatbots; see above."""
    shown = {"source_id": source.id, "staged": {"$ne": True}}
    chunks = TenantScope.one(source.client_id).of(KnowledgeChunk)
    return await chunks.count(shown, limit=most + 1, session=session) > most


async def _contents_deleted(source: KnowledgeSource, session: WriteSession) -> dict[str, int]:
    scope, own = TenantScope.one(source.client_id), {"source_id": source.id}
    return {
        "knowledge_pages": await scope.of(KnowledgePage).delete_many(own, session),
        "knowledge_chunks": await scope.of(KnowledgeChunk).delete_many(own, session),
    }


async def _cleared(leftover: KnowledgeLeftover) -> Mapping[str, int]:
    """What could be deleted while the caller waits: the source is gone whatever happens here."""
    try:
        return await clear(leftover)
    except Exception as error:
        if not is_unavailable(error):
            raise
        _log.warning("knowledge_clearing_put_off", source_id=str(leftover.source_id))
        return {}


async def _left_behind(source: KnowledgeSource, session: WriteSession) -> KnowledgeLeftover:
    """A note of what is to be deleted, ours for as long as the caller waits."""
    leftover = KnowledgeLeftover(
        client_id=source.client_id,
        source_id=source.id,
        due_at=utc_now() + timedelta(seconds=LEASE_S),
    )
    await TenantScope.one(source.client_id).of(KnowledgeLeftover).insert(leftover, session)
    return leftover


def _sums(indexed: IndexedPage) -> dict[str, Any]:
    return {
        "page_count": 1,
        "chunk_count": len(indexed.passages),
        "token_count": indexed.token_count,
        "languages": " ".join(indexed.languages),
        "last_synced_at": utc_now(),
    }


def _used_by(chatbot_id: PydanticObjectId | None) -> dict[str, Any]:
    return {} if chatbot_id is None else {"chatbot_ids": chatbot_id}
