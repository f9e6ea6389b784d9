"""What is too much for one transaction goes in parts, also when no sum counts it yet."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from itertools import pairwise

import pymongo
import pytest

from documents.database.database import Database
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_leftovers import KnowledgeLeftover
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource
from documents.transactions import Outcome, WriteSession
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.clearing import Clearing
from services.knowledge.large_pages import DELETED_AT_ONCE, LARGE_PAGE
from services.knowledge.missing_pages import drop
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.typed_pages import typed_content
from tests.unit.knowledge.conftest import Tenant
from tests.unit.knowledge.test_large_pages import (
    SECTIONS,
    DyingProcess,
    ProcessDiedError,
    handbook,
    hidden,
)
from tests.unit.knowledge.test_work import claimed, in_background, work_until_rest, worker_on

__all__ = ["in_background"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOWN = 13
"""Transactions after which a first version of one chatbot is shown, and not counted yet."""


class WatchedDatabase:
    """Notes how many passages a client has after each transaction."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self._database = database
        self._chunks = tenant.scope.of(KnowledgeChunk)
        self.counts: list[int] = []

    @property
    def most_at_once(self) -> int:
        """How many passages went in one transaction at most."""
        return max(before - after for before, after in pairwise(self.counts))

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        outcome = await self._database.run_transaction(callback)
        self.counts.append(await self._chunks.count(limit=10 * SECTIONS))
        return outcome


class LateDatabase:
    """After a transaction the database answers nothing in time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.no_time: AbstractContextManager[None] = pymongo.timeout(0.000_001)

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        outcome = await self._database.run_transaction(callback)
        self.no_time.__enter__()
        return outcome


async def half_written(
    database: Database, sources: KnowledgeSources, tenant: Tenant, lives_for: int
) -> KnowledgeSource:
    source = await sources.add_text(tenant.client_id, [tenant.chatbot_id], "Book", handbook("tea"))
    claim = await claimed(source, "dies", lease_s=0.0)
    content = typed_content(source)
    assert content is not None
    dying = ClaimedSource(DyingProcess(database, lives_for), claim)
    await dying.begin("reading", 1)
    with pytest.raises(ProcessDiedError):
        await dying.write(content)
    return source


async def test_a_source_that_is_deleted_while_it_is_first_written_goes_in_parts(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await half_written(database, in_background, tenant, SHOWN)
    watched = WatchedDatabase(database, tenant)
    receipt = await KnowledgeSources(watched).delete(tenant.scope, source.id)
    assert watched.counts == [SECTIONS]
    assert receipt["knowledge_chunks"] == SECTIONS
    assert await tenant.scope.of(KnowledgeChunk).count(limit=1) == 0
    assert await tenant.scope.of(KnowledgeLeftover).count(limit=1) == 0


async def test_a_page_that_goes_while_it_is_first_written_goes_in_parts(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await half_written(database, in_background, tenant, SHOWN)
    watched = WatchedDatabase(database, tenant)
    mine = ClaimedSource(watched, await claimed(source, "takes it"))
    [page] = await tenant.scope.of(KnowledgePage).find({"source_id": source.id}, limit=2)
    await drop(mine, page.key)
    assert watched.counts[0] == SECTIONS  # hidden first
    assert watched.counts[-1] == 0
    assert 0 < min(watched.counts[:-2]) < SECTIONS


async def test_what_was_written_of_a_replaced_text_goes(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await half_written(database, in_background, tenant, 6)
    assert await hidden(tenant, source) > 0
    sources = KnowledgeSources(database)
    changed = await sources.update_text(tenant.scope, source.id, text="# Tea 1\n\nThe tea.")
    assert (changed.status, changed.work_token) == ("ready", None)
    await work_until_rest(worker_on(database))
    assert await hidden(tenant, source) == 0
    assert await tenant.scope.of(KnowledgeChunk).count(limit=10) == 1
    rested = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert rested is not None
    assert (rested.status, rested.work_due_at) == ("ready", None)


async def test_a_short_text_in_place_of_one_that_is_not_counted_yet_goes_in_parts(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await half_written(database, in_background, tenant, SHOWN)
    watched = WatchedDatabase(database, tenant)
    sources = KnowledgeSources(watched, KnowledgeLimits(chunks_per_change=LARGE_PAGE))
    await sources.update_text(tenant.scope, source.id, text="# Tea 1\n\nThe new tea.")
    assert watched.counts == [SECTIONS]
    await work_until_rest(worker_on(watched))
    assert watched.counts[-1] == 1
    assert watched.most_at_once <= DELETED_AT_ONCE
    [chunk] = await tenant.scope.of(KnowledgeChunk).find({"source_id": source.id}, limit=2)
    assert (chunk.text, chunk.staged) == ("The new tea.", False)


async def test_a_deleted_source_is_gone_also_when_the_rest_must_wait(
    database: Database, tenant: Tenant
) -> None:
    late = LateDatabase(database)
    limits = KnowledgeLimits(deleted_at_once=0)
    source = await KnowledgeSources(database).add_text(
        tenant.client_id, [tenant.chatbot_id], "Tea", "Darjeeling."
    )
    try:
        receipt = await KnowledgeSources(late, limits).delete(tenant.scope, source.id)
    finally:
        late.no_time.__exit__(None, None, None)
    assert receipt == {"knowledge_sources": 1}
    await Clearing().take_over()
    while await Clearing().work_once():
        pass
    assert await tenant.scope.of(KnowledgeChunk).count(limit=1) == 0
