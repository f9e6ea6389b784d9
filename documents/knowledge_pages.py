"""What a knowledge source consists of: a page of a site, a file, a pushed document, a typed text.

A page keeps the text that was extracted, with where its headings and pages begin, so that it can
be cut and indexed anew without fetching it again. Offsets of chunks and citations point into
`text`.
"""

from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from beanie import PydanticObjectId
from pydantic import BaseModel
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession

from documents.base import TenantDocument
from documents.tenancy import TenantScope


class PageHeading(BaseModel):
    """A heading of a page; offsets count code points of its text."""

    level: int
    text: str
    start: int
    end: int
    anchor: str | None = None


class PageStart(BaseModel):
    """Where a page of a paged document begins; `number` counts from 1."""

    number: int
    start: int


class FetchedAs(BaseModel):
    """What tells at the next visit whether a page has changed, and where it leads.

    `raw_hash` is of the bytes, `text_hash` of the text in them; both SHA-256.
    """

    etag: str | None = None
    last_modified: str | None = None
    raw_hash: str | None = None
    text_hash: str | None = None
    links: list[str] = []
    depth: int = 0


class KnowledgePage(TenantDocument):
    """One page of one source; `key` names it there and does not change: its address, mostly.

    Attributes:
        version: counts its contents.
        content_hash: of title, text and structure: what the chunks are made from.
        indexed_as: what else they are made from, see `services.knowledge.indexing`.
        fetched: what is to be known of it at the next visit; None where nothing is fetched.
        chatbot_ids: whose copies of the chunks are complete.
        modified_at: what a pushed document says of itself.
        failures: how often in a row it was not there when it was looked for.
        sync_id: the sync that saw it last.
        languages: the chunks' codes, joined by spaces.
    """

    source_id: PydanticObjectId
    key: str
    url: str | None = None
    title: str
    text: str
    headings: list[PageHeading] | None = None
    page_starts: list[PageStart] = []
    version: int = 1
    content_hash: str
    indexed_as: str
    chatbot_ids: list[PydanticObjectId] = []
    fetched: FetchedAs | None = None
    modified_at: datetime | None = None
    failures: int = 0
    sync_id: PydanticObjectId | None = None
    chunk_count: int = 0
    token_count: int = 0
    languages: str = ""

    class Settings:
        name = "knowledge_pages"
        indexes: ClassVar = [
            IndexModel(
                [("client_id", ASCENDING), ("source_id", ASCENDING), ("key", ASCENDING)],
                unique=True,
                name="key",
            ),
        ]


class PageSums(BaseModel):
    """What the pages of a source come to."""

    page_count: int = 0
    chunk_count: int = 0
    token_count: int = 0
    languages: str = ""

    @classmethod
    def of(cls, found: list[dict[str, Any]]) -> "PageSums":
        """From the groups of an aggregation: one, or none without pages."""
        if not found:
            return cls()
        [group] = found
        codes = {code for some in group["languages"] for code in some.split()}
        return cls(
            page_count=group["page_count"],
            chunk_count=group["chunk_count"],
            token_count=group["token_count"],
            languages=" ".join(sorted(codes)),
        )


FETCHED_FIELDS = {"key": 1, "fetched": 1, "sync_id": 1, "failures": 1}
"""What is read of every known page before a site is visited."""


class FetchedBefore(NamedTuple):
    """What is known of a page; `was_read` says that this very sync has read it already."""

    key: str
    fetched: FetchedAs
    was_read: bool


async def known_pages(
    client_id: str, source_id: PydanticObjectId, sync_id: PydanticObjectId | None
) -> AsyncGenerator[FetchedBefore, None]:
    """What is known of each page of a source that was fetched, when a sync begins or goes on."""
    pages = TenantScope.one(client_id).of(KnowledgePage)
    wanted = pages.condition({"source_id": source_id, "fetched": {"$type": "object"}})
    async for found in pages.raw.find(wanted, FETCHED_FIELDS):
        was_read = sync_id is not None and found.get("sync_id") == sync_id
        yield FetchedBefore(
            found["key"],
            FetchedAs.model_validate(found["fetched"]),
            was_read and not found.get("failures"),
        )


def to_be_indexed(
    source_id: PydanticObjectId, chatbot_ids: Sequence[PydanticObjectId], analysis: Any
) -> dict[str, Any]:
    """The filter for pages that miss a chatbot's chunks, or whose chunks were made otherwise.

    Args:
        source_id: Of which source.
        chatbot_ids: The chatbots that the source has; at least one.
        analysis: What `indexed_as` should be, a text or an expression.
    """
    return {
        "source_id": source_id,
        "$or": [
            {"chatbot_ids": {"$not": {"$all": list(chatbot_ids)}}},
            {"$expr": {"$ne": ["$indexed_as", analysis]}},
        ],
    }


async def sums_of(
    client_id: str, source_id: PydanticObjectId, session: AsyncClientSession | None = None
) -> PageSums:
    """What the pages of a source come to."""
    pages = TenantScope.one(client_id).of(KnowledgePage)
    pipeline: list[dict[str, Any]] = [
        {"$match": pages.condition({"source_id": source_id})},
        {
            "$group": {
                "_id": None,
                "page_count": {"$sum": 1},
                "chunk_count": {"$sum": "$chunk_count"},
                "token_count": {"$sum": "$token_count"},
                "languages": {"$addToSet": "$languages"},
            }
        },
    ]
    return PageSums.of(await (await pages.raw.aggregate(pipeline, session=session)).to_list())
