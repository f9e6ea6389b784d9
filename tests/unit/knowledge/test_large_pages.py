"""A page of very many passages changes in one moment, whenever the process that writes it dies."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_pages import KnowledgePage
from documents.knowledge_sources import KnowledgeSource, knowledge_size
from documents.knowledge_work import Claim
from documents.transactions import Outcome, WriteSession
from services.knowledge.claimed_source import ClaimedSource
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.large_pages import LARGE_PAGE
from services.knowledge.missing_pages import drop
from services.knowledge.pushing import PushedDocument, Pushing
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.source_limits import KnowledgeLimits
from services.knowledge.sources import KnowledgeSources
from services.knowledge.typed_pages import typed_content
from services.knowledge.word_index.word_indexes import WordIndexes
from tests.unit.knowledge.conftest import Tenant
from tests.unit.knowledge.test_work import claimed, in_background, work_until_rest, worker_on

__all__ = ["in_background"]
pytestmark = pytest.mark.asyncio(loop_scope="session")

SECTIONS = LARGE_PAGE + 50
OTHER_PROCESS = WordIndexes(few_chunks=0, read_at_once=1_000_000)


def handbook(word: str) -> str:
    return "".join(f"# {word} {one}\n\nThe {word} of page {one}.\n\n" for one in range(SECTIONS))


class ProcessDiedError(Exception):
    """Nothing was written any more."""


class DyingProcess:
    """Transactions of a process that is killed before one of them."""

    def __init__(self, database: Database, lives_for: int) -> None:
        self._database = database
        self._left = lives_for

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        if not self._left:
            raise ProcessDiedError
        self._left -= 1
        return await self._database.run_transaction(callback)


async def seen(tenant: Tenant, source: KnowledgeSource) -> set[str]:
    """The words of the versions that a search may find, each of them whole."""
    chunks = tenant.scope.of(KnowledgeChunk)
    words = set()
    for chatbot_id in (tenant.chatbot_id, tenant.other_chatbot_id):
        wanted = {"source_id": source.id, "chatbot_id": chatbot_id, "staged": {"$ne": True}}
        found = await chunks.find(wanted, limit=3 * SECTIONS)
        versions = {one.text.split()[1] for one in found}
        assert len(versions) <= 1, "half of each version"
        assert len(found) == SECTIONS * len(versions)
        assert await in_memory(tenant, chatbot_id, source) == {one.id for one in found}
        words |= versions
    return words


async def in_memory(
    tenant: Tenant, chatbot_id: PydanticObjectId, source: KnowledgeSource
) -> set[PydanticObjectId]:
    """The chunks of the source that an index of another process knows, which saw all before."""
    size = await knowledge_size(tenant.scope, chatbot_id, deadline_ms=20_000)
    index = await OTHER_PROCESS.of(tenant.scope, chatbot_id, size, deadline_ms=20_000)
    assert index is not None
    return index.chunk_ids([source.id])


async def hidden(tenant: Tenant, source: KnowledgeSource) -> int:
    own = {"source_id": source.id, "staged": True}
    return await tenant.scope.of(KnowledgeChunk).count(own, limit=10 * SECTIONS)


async def test_a_new_version_is_seen_whole_or_not_at_all(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    both = [tenant.chatbot_id, tenant.other_chatbot_id]
    source = await in_background.add_text(tenant.client_id, both, "Book", handbook("tea"))
    await work_until_rest(worker_on(database))
    assert await seen(tenant, source) == {"tea"}
    changed = await in_background.update_text(tenant.scope, source.id, text=handbook("coffee"))

    seen_at: list[set[str]] = []
    for lives_for in (0, 5, 12, 13, 8, 14, 4):
        claim = await claimed(source, f"dies after {lives_for}", lease_s=0.0)
        content = typed_content(changed)
        assert content is not None
        dying = ClaimedSource(DyingProcess(database, lives_for), claim)
        await dying.begin("reading", 1)
        with pytest.raises(ProcessDiedError):
            await dying.write(content)
        seen_at.append(await seen(tenant, source))
    assert seen_at[0] == {"tea"}
    assert {"tea", "coffee"} in seen_at  # one chatbot after the other, each at once
    assert seen_at[-1] == {"coffee"}

    await work_until_rest(worker_on(database))
    assert await seen(tenant, source) == {"coffee"}
    assert await hidden(tenant, source) == 0
    read = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert read is not None
    assert (read.status, read.page_count, read.chunk_count) == ("ready", 1, SECTIONS)


async def test_a_first_version_that_was_not_finished_is_made_whole(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(
        tenant.client_id, [tenant.chatbot_id], "Book", handbook("tea")
    )
    content = typed_content(source)
    assert content is not None
    for lives_for in (1, 6, 13):
        claim = await claimed(source, f"dies after {lives_for}", lease_s=0.0)
        dying = ClaimedSource(DyingProcess(database, lives_for), claim)
        await dying.begin("reading", 1)
        with pytest.raises(ProcessDiedError):
            await dying.write(content)
    await work_until_rest(worker_on(database))
    read = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert read is not None
    assert (read.version, read.page_count, read.chunk_count) == (1, 1, SECTIONS)
    assert await seen(tenant, source) == {"tea"}
    assert await hidden(tenant, source) == 0


async def test_a_large_page_that_goes_leaves_nothing(
    database: Database, in_background: KnowledgeSources, tenant: Tenant
) -> None:
    source = await in_background.add_text(
        tenant.client_id, [tenant.chatbot_id], "Book", handbook("tea")
    )
    await work_until_rest(worker_on(database))
    mine = ClaimedSource(database, await _taken(source, tenant))
    [page] = await tenant.scope.of(KnowledgePage).find({"source_id": source.id}, limit=2)
    await drop(mine, page.key)
    assert await tenant.scope.of(KnowledgeChunk).count({"source_id": source.id}, limit=1) == 0
    left = await mine.current()
    assert (left.page_count, left.chunk_count, left.token_count) == (0, 0, 0)


async def test_a_large_document_that_is_pushed_is_found_a_little_later(
    database: Database, tenant: Tenant
) -> None:
    extractor = Extractor()
    sources, pushing = (
        KnowledgeSources(database),
        Pushing(database, extractor, KnowledgeLimits()),
    )
    source = await sources.add(
        tenant.client_id, SourceDefinition("push", "Shop", (tenant.chatbot_id,))
    )

    async def push(word: str, day: int, *, is_deleted: bool = False) -> None:
        body = "".join(
            f"<h2>{word} {one}</h2><p>The {word} of page {one}.</p>" for one in range(SECTIONS)
        )
        document = PushedDocument(
            external_id="1",
            url="https://example.com/book",
            title="Book",
            html=None if is_deleted else f"<main>{body}</main>",
            modified_at=datetime(2026, 1, day, tzinfo=UTC),
            is_deleted=is_deleted,
        )
        assert (await pushing.push(tenant.scope, source.id, [document])).accepted == 1

    await push("tea", 1)
    await work_until_rest(worker_on(database))
    assert await seen(tenant, source) == {"tea"}
    await push("coffee", 2)
    assert await seen(tenant, source) == {"tea"}
    await work_until_rest(worker_on(database))
    assert await seen(tenant, source) == {"coffee"}
    await push("coffee", 3, is_deleted=True)
    assert await seen(tenant, source) == set()
    await work_until_rest(worker_on(database))
    assert await hidden(tenant, source) == 0
    gone = await tenant.scope.of(KnowledgeSource).get(source.id)
    assert gone is not None
    assert (gone.page_count, gone.chunk_count) == (0, 0)
    await extractor.close()


async def _taken(source: KnowledgeSource, tenant: Tenant) -> Claim:
    sources = tenant.scope.of(KnowledgeSource)
    due = {"$set": {"work_due_at": source.created_at}}
    await sources.update_one({"_id": source.id}, due)
    claim: Claim = await claimed(source, "takes it")
    return claim
