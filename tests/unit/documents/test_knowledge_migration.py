"""Texts from before there were pages get their page, once, however often that is begun."""

import secrets
from datetime import UTC, datetime

import pytest
from bson import ObjectId

from documents.database.database import Database
from documents.knowledge_pages import KnowledgePage
from documents.migrations.m0004_knowledge_has_pages import migrate
from documents.tenancy import TenantScope

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_old_text_gets_a_page_that_its_passages_point_to(database: Database) -> None:
    client_id, source_id = f"client-{secrets.token_hex(4)}", ObjectId()
    own = {"client_id": client_id, "source_id": source_id}
    sources, chunks = database.database["knowledge_sources"], database.database["knowledge_chunks"]
    await sources.insert_one(
        {
            "_id": source_id,
            "client_id": client_id,
            "kind": "text",
            "title": "Tea",
            "text": "Darjeeling.",
            "chatbot_ids": [ObjectId()],
            "version": 3,
            "chunk_count": 2,
            "token_count": 5,
            "created_at": datetime.now(UTC),
        }
    )
    await chunks.insert_many([{**own, "hash": one} for one in ("a", "b")])
    try:
        for _ in range(2):
            await migrate(database.database)
        [page] = (
            await TenantScope.one(client_id)
            .of(KnowledgePage)
            .find({"source_id": source_id}, limit=2)
        )
        assert (page.key, page.title, page.text) == ("text", "Tea", "Darjeeling.")
        assert (page.version, page.chunk_count, page.token_count) == (3, 2, 5)
        assert page.indexed_as == ""  # so that its passages are made anew with the next work
        pointing = {**own, "page_id": page.id}
        assert await chunks.count_documents(pointing) == 2
    finally:
        for collection in ("knowledge_sources", "knowledge_pages", "knowledge_chunks"):
            await database.database[collection].delete_many({"client_id": client_id})
