"""What a client's chatbots may answer from: one document per source.

Its pages live in `knowledge_pages`, the chunks that are searched in `knowledge_chunks`. What
somebody typed is kept here so that it can be edited; lists leave it out, since a hundred sources
may hold two hundred megabytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal, NamedTuple

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from documents.chatbots import Chatbot
from documents.tenancy import TenantScope

KnowledgeKindName = Literal["text", "qa", "file", "url", "sitemap", "crawl", "push"]
KnowledgeStatusName = Literal["queued", "syncing", "ready", "stale", "failed"]
PhaseName = Literal["unsharing", "indexing", "reading"]

MOST_PROBLEMS = 100
"""Kept of one sync, the newest: whoever has more mends the first ones first."""


class PageProblem(BaseModel):
    """Why one page of a source could not be read, in a sentence.

    `was_known` says that it had been read before.
    """

    url: str
    reason: str
    at: datetime
    was_known: bool = False


class QaPair(BaseModel):
    """A question with its answer."""

    question: str
    answer: str


class Progress(BaseModel):
    """How far the work on a source is.

    Attributes:
        done: pages, or chunks while a source is taken away from a chatbot.
        total: of how many; None where nobody knows yet.
        changed: pages that say something new.
    """

    phase: PhaseName
    done: int = 0
    total: int | None = None
    started_at: datetime
    changed: int = 0


class KnowledgeSource(TenantDocument):
    """One source. `version` counts its contents, `revision` what people change, chatbots included.

    `chunk_count` and `token_count` are those of one chatbot's copy: their sums over a chatbot's
    sources are the size and length of what is searched for it. `languages` are the chunks' codes
    joined by spaces: a list would keep the index `known_by_chatbot` from answering `knowledge_size`
    alone, and every search would read every text.

    Attributes:
        leaving_chatbot_ids: chatbots that do not have it any more, and whose chunks are still to
            be deleted.
        sync_wanted: a sync is to begin.
        sync_id: the sync that runs, also while no process works at it.
        next_sync_at: when the schedule wants the next one.
        work_due_at: when a process may take up the work, see `documents.knowledge_work`; None
            when there is none.
        work_token: the process that works at it.
        work_asked: counts what was asked of it.
        work_failures: how often in a row the work ended with an error of ours.
        passages_changed: counts the changes of what can be found of it, see
            `note_passages_changed`.
    """

    title: str
    kind: KnowledgeKindName
    url: str | None = None
    status: KnowledgeStatusName
    chatbot_ids: list[PydanticObjectId]
    sync_every_hours: int | None = None
    version: int = 1
    page_count: int = 0
    chunk_count: int = 0
    token_count: int = 0
    languages: str = ""
    last_synced_at: datetime | None = None
    problems: list[PageProblem] = []
    revision: int = 1
    text: str | None = None
    qa: list[QaPair] | None = None
    content_hash: str | None = None
    max_pages: int | None = None
    max_depth: int | None = None
    file_id: PydanticObjectId | None = None
    leaving_chatbot_ids: list[PydanticObjectId] = []
    progress: Progress | None = None
    sync_wanted: bool = False
    sync_id: PydanticObjectId | None = None
    next_sync_at: datetime | None = None
    work_due_at: datetime | None = None
    work_token: str | None = None
    work_asked: int = 0
    work_failures: int = 0
    passages_changed: int = 0

    class Settings:
        name = "knowledge_sources"
        indexes: ClassVar = [
            IndexModel([("client_id", ASCENDING), ("_id", DESCENDING)], name="client"),
            IndexModel(
                [
                    ("client_id", ASCENDING),
                    ("chatbot_ids", ASCENDING),
                    ("_id", DESCENDING),
                    ("chunk_count", ASCENDING),
                    ("token_count", ASCENDING),
                    ("languages", ASCENDING),
                    ("passages_changed", ASCENDING),
                ],
                name="known_by_chatbot",
            ),
            IndexModel(
                [("work_due_at", ASCENDING)],
                name="work",
                partialFilterExpression={"work_due_at": {"$type": "date"}},
            ),
        ]


class SourceState(NamedTuple):
    """Differs after every change of what can be found of a source.

    The sums are in it because a process of an older version changes them and does not count.
    """

    passages_changed: int
    chunk_count: int
    token_count: int


@dataclass(frozen=True, slots=True)
class KnowledgeSize:
    """How much one chatbot knows, in which languages, and from which sources."""

    chunk_count: int
    token_count: int
    languages: tuple[str, ...]
    source_ids: tuple[PydanticObjectId, ...] = ()
    sources: Mapping[PydanticObjectId, SourceState] = field(default_factory=dict)


async def sources_without_text(
    scope: TenantScope, filter_: dict[str, Any], *, limit: int
) -> list[KnowledgeSource]:
    """At most `limit` sources that match, newest first, without what was typed."""
    sources = scope.of(KnowledgeSource)
    cursor = sources.raw.find(sources.condition(filter_), {"text": 0, "qa": 0})
    found = cursor.sort([("_id", DESCENDING)]).limit(limit)
    return [KnowledgeSource.model_validate(fields) async for fields in found]


async def knowledge_size(
    scope: TenantScope, chatbot_id: PydanticObjectId, *, deadline_ms: int
) -> KnowledgeSize:
    """The sums over a chatbot's sources."""
    sources = scope.of(KnowledgeSource)
    cursor = sources.raw.find(
        sources.condition({"chatbot_ids": chatbot_id}),
        dict.fromkeys(("chunk_count", "token_count", "languages", "passages_changed"), 1),
        hint="known_by_chatbot",
        max_time_ms=deadline_ms,
    )
    found = await cursor.to_list()
    codes = {code for source in found for code in source["languages"].split()}
    return KnowledgeSize(
        chunk_count=sum(source["chunk_count"] for source in found),
        token_count=sum(source["token_count"] for source in found),
        languages=tuple(sorted(codes)),
        source_ids=tuple(source["_id"] for source in found),
        sources={
            source["_id"]: SourceState(
                source.get("passages_changed") or 0, source["chunk_count"], source["token_count"]
            )
            for source in found
        },
    )


async def note_passages_changed(
    client_id: str, source_id: PydanticObjectId, session: AsyncClientSession
) -> None:
    """Count a change of the chunks that can be found, in the transaction that makes it.

    What any process keeps of the source's words is out of date from the commit on.
    """
    sources = TenantScope.one(client_id).of(KnowledgeSource)
    change = {"$inc": {"passages_changed": 1}}
    await sources.raw.update_one(sources.condition({"_id": source_id}), change, session=session)


async def knowledge_version(scope: TenantScope, chatbot_id: PydanticObjectId) -> datetime | None:
    """When the chatbot's knowledge last changed: whatever is kept of it is out of date then."""
    chatbot = await scope.of(Chatbot).part(chatbot_id, frozenset({"knowledge_changed_at"}))
    return chatbot.knowledge_changed_at if chatbot else None


async def count_sources(
    scope: TenantScope, chatbot_id: PydanticObjectId, session: AsyncClientSession, *, limit: int
) -> int:
    """How many sources a chatbot has as this transaction sees it, counted up to `limit`."""
    sources = scope.of(KnowledgeSource)
    condition = sources.condition({"chatbot_ids": chatbot_id})
    return await sources.raw.count_documents(condition, session=session, limit=limit)


async def mark_knowledge_changed(
    scope: TenantScope, chatbot_ids: Sequence[PydanticObjectId], session: AsyncClientSession
) -> int:
    """Write to the chatbots whose knowledge this transaction changes; how many there are.

    The write makes two such transactions conflict, and one that deletes the chatbot as well: a
    limit that is counted inside holds, and no chunk outlives its chatbot.
    """
    chatbots = scope.of(Chatbot)
    result = await chatbots.raw.update_many(
        chatbots.condition({"_id": {"$in": list(chatbot_ids)}}),
        {"$set": {"knowledge_changed_at": utc_now()}},
        session=session,
    )
    return result.matched_count
