"""A push wins over the work in the background, whichever moment of that work it arrives in."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest
import pytest_asyncio

from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource
from documents.knowledge_work import leave_work
from documents.transactions import Outcome, WriteSession
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.pushing import PushedDocument, Pushing
from services.knowledge.reindexing import reindex
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.stays import Stay, nobody_waits
from tests.unit.knowledge.conftest import Tenant
from tests.unit.knowledge.test_large_pages import SECTIONS, hidden, seen
from tests.unit.knowledge.test_work import claimed, work_until_rest, worker_on

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOMENTS = (5, 11, 12)
"""Of one chatbot's large page: while passages are written, before they are shown, after that."""


class InterruptedProcess:
    """Transactions of a process beside which something happens before one of them."""

    def __init__(
        self, database: Database, moment: int, happens: Callable[[], Awaitable[None]]
    ) -> None:
        self._database = database
        self._left = moment
        self._happens = happens

    @property
    def has_happened(self) -> bool:
        return self._left < 0

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        if self._left == 0:
            await self._happens()
        self._left -= 1
        return await self._database.run_transaction(callback)


class WatchedDatabase:
    """Notes how many passages of a client can be found after each transaction."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self._database = database
        self._chunks = tenant.scope.of(KnowledgeChunk)
        self.shown: list[int] = []

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        outcome = await self._database.run_transaction(callback)
        shown = {"staged": {"$ne": True}}
        self.shown.append(await self._chunks.count(shown, limit=10 * SECTIONS))
        return outcome


@dataclass
class Sender:
    """Another program with one document."""

    database: Database
    tenant: Tenant
    source: KnowledgeSource
    pushing: Pushing
    extractor: Extractor
    day: int = 0

    async def push(self, word: str, *, sections: int = SECTIONS, is_deleted: bool = False) -> None:
        self.day += 1
        body = "".join(
            f"<h2>{word} {one}</h2><p>The {word} of page {one}.</p>" for one in range(sections)
        )
        document = PushedDocument(
            external_id="1",
            url="https://example.com/book",
            title="Book",
            html=None if is_deleted else f"<main>{body}</main>",
            modified_at=datetime(2026, 1, self.day, tzinfo=UTC),
            is_deleted=is_deleted,
        )
        pushed = await self.pushing.push(self.tenant.scope, self.source.id, [document])
        assert pushed.accepted == 1

    async def works_while(self, moment: int, happens: Callable[[], Awaitable[None]]) -> None:
        """Index what is stored, with something happening meanwhile."""
        claim = await claimed(self.source, f"works {self.day}")
        process = InterruptedProcess(self.database, moment, happens)
        await reindex(ClaimedSource(process, claim), Stay(nobody_waits))
        assert process.has_happened
        await leave_work(claim)

    async def page(self) -> KnowledgePage | None:
        own = {"source_id": self.source.id}
        return await self.tenant.scope.of(KnowledgePage).find_one(own)

    async def stored(self) -> KnowledgeSource:
        found = await self.tenant.scope.of(KnowledgeSource).get(self.source.id)
        assert found is not None
        return found

    async def words(self, chatbot_id: PydanticObjectId) -> set[str]:
        shown = {"source_id": self.source.id, "chatbot_id": chatbot_id, "staged": {"$ne": True}}
        found = await self.tenant.scope.of(KnowledgeChunk).find(shown, limit=10)
        return {one.text.split()[1] for one in found}


@pytest_asyncio.fixture(loop_scope="session")
async def sender(database: Database, tenant: Tenant) -> AsyncIterator[Sender]:
    extractor = Extractor()
    source = await KnowledgeSources(database).add(
        tenant.client_id, SourceDefinition("push", "Shop", (tenant.chatbot_id,))
    )
    pushing = Pushing(database, extractor, KnowledgeLimits())
    yield Sender(database, tenant, source, pushing, extractor)
    await extractor.close()


async def test_a_document_deleted_while_it_is_indexed_stays_deleted(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    for moment in MOMENTS:
        await sender.push("tea")
        await sender.works_while(moment, lambda: sender.push("tea", is_deleted=True))
        assert await seen(tenant, sender.source) == set()
        assert await sender.page() is None
        await work_until_rest(worker_on(database))
        chunks = tenant.scope.of(KnowledgeChunk)
        assert await chunks.count({"source_id": sender.source.id}, limit=1) == 0
        left = await sender.stored()
        assert (left.page_count, left.chunk_count, left.token_count) == (0, 0, 0)


async def test_a_document_corrected_while_it_is_indexed_says_what_was_sent_last(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    for moment, old, new in zip(
        MOMENTS, ("tea", "milk", "juice"), ("coffee", "water", "lemonade"), strict=True
    ):
        await sender.push(old)
        await sender.works_while(moment, partial(sender.push, new))
        await work_until_rest(worker_on(database))
        assert await seen(tenant, sender.source) == {new}
        assert await hidden(tenant, sender.source) == 0
        page = await sender.page()
        assert page is not None
        assert new in page.text
        assert old not in page.text
        assert page.modified_at == datetime(2026, 1, sender.day, tzinfo=UTC)
        assert (await sender.stored()).chunk_count == SECTIONS


async def test_a_short_document_is_no_different(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    sources = KnowledgeSources(database)
    both = [tenant.chatbot_id, tenant.other_chatbot_id]
    for is_deleted in (False, True):
        await sources.update(tenant.scope, sender.source.id, {"chatbot_ids": both[:1]})
        await work_until_rest(worker_on(database))
        await sender.push("tea", sections=2)
        await sources.update(tenant.scope, sender.source.id, {"chatbot_ids": both})

        async def change(is_deleted: bool = is_deleted) -> None:
            await sender.push("coffee", sections=2, is_deleted=is_deleted)

        await sender.works_while(0, change)
        await work_until_rest(worker_on(database))
        expected = set() if is_deleted else {"coffee"}
        for chatbot_id in both:
            assert await sender.words(chatbot_id) == expected
        assert (await sender.page() is None) == is_deleted


async def test_a_large_document_that_goes_is_hidden_chatbot_by_chatbot(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    both = [tenant.chatbot_id, tenant.other_chatbot_id]
    await KnowledgeSources(database).update(tenant.scope, sender.source.id, {"chatbot_ids": both})
    await sender.push("tea")
    await work_until_rest(worker_on(database))
    watched = WatchedDatabase(database, tenant)
    sender.pushing = Pushing(watched, sender.extractor, KnowledgeLimits())
    await sender.push("tea", is_deleted=True)
    assert watched.shown[:2] == [SECTIONS, 0]
    assert await sender.page() is None
    assert await hidden(tenant, sender.source) == 2 * SECTIONS
    await work_until_rest(worker_on(database))
    assert await tenant.scope.of(KnowledgeChunk).count(limit=1) == 0


async def test_a_large_document_deleted_before_it_is_counted_is_not_deleted_at_once(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    await sender.push("tea")

    async def delete() -> None:
        await sender.push("tea", is_deleted=True)
        assert await seen(tenant, sender.source) == set()
        assert await hidden(tenant, sender.source) == SECTIONS

    await sender.works_while(12, delete)
    assert await tenant.scope.of(KnowledgeChunk).count(limit=1) == 0


async def test_a_short_document_in_place_of_a_large_one_is_found_a_little_later(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    await sender.push("tea")
    await work_until_rest(worker_on(database))
    await sender.push("coffee", sections=1)
    assert await sender.words(tenant.chatbot_id) == {"tea"}
    watched = WatchedDatabase(database, tenant)
    await work_until_rest(worker_on(watched))
    assert set(watched.shown) == {SECTIONS, 1}  # the one or the other, never half of each
    assert await sender.words(tenant.chatbot_id) == {"coffee"}
    assert await tenant.scope.of(KnowledgeChunk).count(limit=10) == 1
    left = await sender.stored()
    assert (left.page_count, left.chunk_count) == (1, 1)


async def test_a_short_document_wins_over_a_large_one_that_is_just_being_shown(
    database: Database, tenant: Tenant, sender: Sender
) -> None:
    await sender.push("tea")
    await sender.works_while(12, partial(sender.push, "coffee", sections=1))
    await work_until_rest(worker_on(database))
    assert await sender.words(tenant.chatbot_id) == {"coffee"}
    assert await tenant.scope.of(KnowledgeChunk).count(limit=10) == 1
    assert (await sender.stored()).chunk_count == 1
