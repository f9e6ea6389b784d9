"""What a client's chatbots may answer from: one document per source, its text beside it.

The chunks that are searched live in `knowledge_chunks`. The text is kept so that it can be edited
and so that a citation's offsets can be checked; lists leave it out, since a hundred sources may
hold two hundred megabytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument, utc_now
from documents.chatbots import Chatbot
from documents.tenancy import TenantScope

KnowledgeKindName = Literal["text", "qa", "file", "url", "sitemap", "crawl", "push"]
KnowledgeStatusName = Literal["queued", "syncing", "ready", "stale", "failed"]


class PageProblem(BaseModel):
    """Why one page of a source could not be read, in a sentence."""

    url: str
    reason: str
    at: datetime


class KnowledgeSource(TenantDocument):
    """One source. `version` counts its contents, `revision` every change, chatbots included.

    `chunk_count` and `token_count` are those of one chatbot's copy: their sums over a chatbot's
    sources are the size and length of what is searched for it. `languages` are the chunks' codes
    joined by spaces: a list would keep the index `chatbot` from answering `knowledge_size` alone,
    and every search would read every text.
    """

    title: str
    kind: KnowledgeKindName
    url: str | None = None
    status: KnowledgeStatusName
    chatbot_ids: list[PydanticObjectId]
    sync_every_hours: int | None = None
    version: int = 1
    page_count: int = 1
    chunk_count: int = 0
    token_count: int = 0
    languages: str = ""
    last_synced_at: datetime | None = None
    problems: list[PageProblem] = []
    revision: int = 1
    text: str | None = None
    content_hash: str | None = None

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
                ],
                name="chatbot",
            ),
        ]


@dataclass(frozen=True, slots=True)
class KnowledgeSize:
    """How much one chatbot knows, and in which languages."""

    chunk_count: int
    token_count: int
    languages: tuple[str, ...]


async def sources_without_text(
    scope: TenantScope, filter_: dict[str, Any], *, limit: int
) -> list[KnowledgeSource]:
    """At most `limit` sources that match, newest first, with `text` left out."""
    sources = scope.of(KnowledgeSource)
    cursor = sources.raw.find(sources.condition(filter_), {"text": 0})
    found = cursor.sort([("_id", DESCENDING)]).limit(limit)
    return [KnowledgeSource.model_validate(fields) async for fields in found]


async def knowledge_size(
    scope: TenantScope, chatbot_id: PydanticObjectId, *, deadline_ms: int
) -> KnowledgeSize:
    """The sums over a chatbot's sources."""
    sources = scope.of(KnowledgeSource)
    cursor = sources.raw.find(
        sources.condition({"chatbot_ids": chatbot_id}),
        {"_id": 0, "chunk_count": 1, "token_count": 1, "languages": 1},
        hint="chatbot",
        max_time_ms=deadline_ms,
    )
    found = await cursor.to_list()
    codes = {code for source in found for code in source["languages"].split()}
    return KnowledgeSize(
        chunk_count=sum(source["chunk_count"] for source in found),
        token_count=sum(source["token_count"] for source in found),
        languages=tuple(sorted(codes)),
    )


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
