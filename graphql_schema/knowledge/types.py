"""Knowledge sources: what chatbots may answer from."""

from datetime import datetime
from enum import Enum

import strawberry

from documents.knowledge_sources import KnowledgeSource as SourceDocument
from documents.knowledge_sources import Progress
from graphql_schema.chatbots.types import Chatbot, chatbot_from
from graphql_schema.clients.types import Client, client_by_slug
from graphql_schema.context import ParlanceInfo
from graphql_schema.enum_values import described
from graphql_schema.loading import OwnedId
from graphql_schema.node import Node, global_id
from graphql_schema.permissions import Person, allowed_for
from graphql_schema.scopes import Scope


@strawberry.enum(description="Where a source's content comes from.")
class KnowledgeKind(Enum):
    """Values are the stored names."""

    TEXT = described("text", "A text given as it is.")
    QA = described("qa", "Questions with their answers.")
    FILE = described("file", "An uploaded file.")
    URL = described("url", "One web page.")
    SITEMAP = described("sitemap", "The pages that a sitemap lists.")
    CRAWL = described("crawl", "A site, followed from link to link.")
    PUSH = described("push", "Documents that another program sends.")


@strawberry.enum(description="Whether a source can be searched.")
class KnowledgeStatus(Enum):
    """Values are the stored names."""

    QUEUED = described("queued", "It waits for its first sync.")
    SYNCING = described("syncing", "It is being read; what was there before can be searched.")
    READY = described("ready", "It can be searched.")
    STALE = described("stale", "It can be searched, but the last sync failed or is overdue.")
    FAILED = described("failed", "It could not be read; nothing can be searched.")


@strawberry.type(description="How far a running sync is.")
class SyncProgress:
    """A running sync."""

    done: int = strawberry.field(description="How many pages are done.")
    total: int | None = strawberry.field(description="Of how many, once that is known.")
    phase: str = strawberry.field(
        description="What is being done: reading, indexing (for a chatbot or title that is new) or"
        " unsharing (from a chatbot that does not use it any more; counts passages)."
    )
    started_at: datetime = strawberry.field(description="Since when.")


@strawberry.type(description="A page that could not be read.")
class PageProblem:
    """Why a page is missing."""

    url: str = strawberry.field(description="Its address.")
    reason: str = strawberry.field(description="What was wrong.")
    at: datetime = strawberry.field(description="When it was tried.")


@strawberry.type(description="Something that chatbots answer from.")
class KnowledgeSource(Node):
    """A knowledge source."""

    title: str = strawberry.field(description="Named in citations.")
    kind: KnowledgeKind = strawberry.field(description="Where its content comes from.")
    url: str | None = strawberry.field(description="Its address, if it has one.")
    status: KnowledgeStatus = strawberry.field(description="Whether it can be searched.")
    sync_every_hours: int | None = strawberry.field(description="How often it is read anew.")
    version: int = strawberry.field(description="Counts its contents.")
    page_count: int = strawberry.field(description="How many pages it has.")
    chunk_count: int = strawberry.field(description="Into how many passages it is cut.")
    last_synced_at: datetime | None = strawberry.field(description="When it was last read.")
    progress: SyncProgress | None = strawberry.field(description="Null when nothing runs.")
    problems: list[PageProblem] = strawberry.field(description="Pages that could not be read.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="The last change.")
    revision: int = strawberry.field(description="Counts the changes; see ConflictError.")
    document: strawberry.Private[SourceDocument]

    @strawberry.field(description="Whose it is.")
    async def client(self, info: ParlanceInfo) -> Client:
        return await client_by_slug(info.context, self.document.client_id)

    @strawberry.field(
        description="The chatbots that answer from it, at most 50, newest first.",
        extensions=allowed_for(Person, scope=Scope.CHATBOTS_READ),
    )
    async def chatbots(self, info: ParlanceInfo) -> list[Chatbot]:
        used_by = sorted(set(self.document.chatbot_ids), reverse=True)
        found = await info.context.loaders.chatbot_by_id.load_many(
            [OwnedId(self.document.client_id, one) for one in used_by]
        )
        return [chatbot_from(one) for one in found if one is not None]


def _progress(stored: Progress | None) -> SyncProgress | None:
    if stored is None:
        return None
    return SyncProgress(
        done=stored.done,
        total=stored.total,
        phase=stored.phase,
        started_at=stored.started_at,
    )


def source_from(document: SourceDocument) -> KnowledgeSource:
    """The form of a source that people see."""
    return KnowledgeSource(
        id=global_id("KnowledgeSource", document.id),
        title=document.title,
        kind=KnowledgeKind(document.kind),
        url=document.url,
        status=KnowledgeStatus(document.status),
        sync_every_hours=document.sync_every_hours,
        version=document.version,
        page_count=document.page_count,
        chunk_count=document.chunk_count,
        last_synced_at=document.last_synced_at,
        progress=_progress(document.progress),
        problems=[
            PageProblem(url=one.url, reason=one.reason, at=one.at) for one in document.problems
        ],
        created_at=document.created_at,
        updated_at=document.updated_at,
        revision=document.revision,
        document=document,
    )
