"""Uploaded files: bounded in size and number, and one source's."""

import asyncio

import pytest

from documents.clients import Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from services.knowledge.extraction.limits import LARGEST_FILE_BYTES
from services.knowledge.files import KnowledgeFiles, TooMuchStoredError, UnacceptableFileError
from tests.unit.knowledge.conftest import Tenant

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


async def test_the_room_of_a_client_is_bounded_when_many_upload_at_once(
    database: Database, tenant: Tenant
) -> None:
    await tenant.scope.of(Client).insert(Client(client_id=tenant.client_id, name="Shop"))
    files = KnowledgeFiles(database, most_bytes_per_client=25)
    outcomes = await asyncio.gather(
        *(taken(files, tenant, b"0123456789") for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, PydanticObjectId) for one in outcomes) == 2
    assert sum(isinstance(one, TooMuchStoredError) for one in outcomes) == 3
