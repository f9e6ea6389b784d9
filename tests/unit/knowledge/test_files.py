"""Uploaded files: bounded in size and number, and one source's."""

import asyncio
from collections import Counter

import pytest

from documents.clients import Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from services.knowledge.files import KnowledgeFiles, TooMuchStoredError, UnacceptableFileError
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant
from tests.unit.knowledge.test_work import work_until_rest, worker_on

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def taken(files: KnowledgeFiles, tenant: Tenant, content: bytes) -> PydanticObjectId:
    file = await files.take(
        tenant.client_id, content, name="prices.csv", declared_type="text/csv", by=None
    )
    return file.id


async def test_the_largest_file_comes_back_whole_and_a_larger_one_is_refused(
    database: Database, tenant: Tenant
) -> None:
    await tenant.scope.of(Client).insert(Client(client_id=tenant.client_id, name="Shop"))
    files = KnowledgeFiles(database, most_bytes_per_client=100_000_000)
    largest = b"0123456789abcdef" * (LARGEST_FILE_BYTES // 16)
    file_id = await taken(files, tenant, largest)
    assert await files.content(tenant.client_id, file_id) == largest
    for content in (b"", largest + b"x"):
        with pytest.raises(UnacceptableFileError):
            await taken(files, tenant, content)


async def test_a_file_goes_with_its_source_and_nothing_of_either_stays(
    database: Database, tenant: Tenant
) -> None:
    await tenant.scope.of(Client).insert(Client(client_id=tenant.client_id, name="Shop"))
    files, sources = (
        KnowledgeFiles(database, most_bytes_per_client=1_000_000),
        KnowledgeSources(database),
    )
    file_id = await taken(files, tenant, b"drink,price\nDarjeeling,5 euros\n")
    source = await sources.add(
        tenant.client_id, SourceDefinition("file", "Prices", (tenant.chatbot_id,), file_id=file_id)
    )
    await work_until_rest(worker_on(database))
    chunks = database.database["knowledge_chunks"]
    with_vector = {"$set": {"vector_model": "model", "vector": b"vector"}}
    assert (await chunks.update_many({"source_id": source.id}, with_vector)).modified_count
    erased = await sources.delete(tenant.scope, source.id)
    assert erased == {
        "knowledge_sources": 1,
        "knowledge_pages": 1,
        "knowledge_chunks": 1,
        "knowledge_files": 2,  # the file and its only part
    }
    for name in {*await database.database.list_collection_names()} - {"live_events"}:
        either = [{"_id": {"$in": [source.id, file_id]}}, {"source_id": source.id}]
        fields = {"$or": [*either, {"file_id": file_id}]}
        assert await database.database[name].count_documents(fields) == 0, name


async def test_the_room_of_a_client_is_bounded_when_many_upload_at_once(
    database: Database, tenant: Tenant
) -> None:
    await tenant.scope.of(Client).insert(Client(client_id=tenant.client_id, name="Shop"))
    files = KnowledgeFiles(database, most_bytes_per_client=25)
    outcomes = await asyncio.gather(
        *(taken(files, tenant, b"0123456789") for _ in range(5)), return_exceptions=True
    )
    kinds = Counter(type(one).__name__ for one in outcomes)
    assert kinds == {PydanticObjectId.__name__: 2, TooMuchStoredError.__name__: 3}, outcomes
