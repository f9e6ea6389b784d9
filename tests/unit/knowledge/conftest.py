"""Clients with chatbots, and the services that teach and search."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
import pytest_asyncio
from beanie import PydanticObjectId

from documents.chatbots import Chatbot, ChatbotSettings
from documents.database.database import Database
from documents.tenancy import TenantScope
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from services.knowledge.word_index.word_indexes import WordIndexes


@dataclass(frozen=True)
class Tenant:
    """A client with two chatbots."""

    client_id: str
    chatbot_id: PydanticObjectId
    other_chatbot_id: PydanticObjectId

    @property
    def scope(self) -> TenantScope:
        return TenantScope.one(self.client_id)


@pytest.fixture
def knowledge_sources(database: Database) -> KnowledgeSources:
    return KnowledgeSources(database)


@pytest.fixture(params=["collected", "indexed"])
def knowledge_search(request: pytest.FixtureRequest, database: Database) -> KnowledgeSearch:
    """Both ways must find the same; the index is one that lives through the whole test."""
    is_indexed = request.param == "indexed"
    return KnowledgeSearch(indexes=WordIndexes(few_chunks=1) if is_indexed else None)


@pytest_asyncio.fixture(loop_scope="session")
async def tenant(database: Database) -> Tenant:
    return await new_tenant()


async def new_tenant() -> Tenant:
    client_id = f"client-{uuid4().hex[:8]}"
    return Tenant(client_id, await new_chatbot(client_id), await new_chatbot(client_id))


async def new_chatbot(client_id: str) -> PydanticObjectId:
    settings = ChatbotSettings(name="Helper", default_llm_id=PydanticObjectId())
    chatbot = Chatbot(
        client_id=client_id,
        embed_key=uuid4().hex,
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await TenantScope.one(client_id).of(Chatbot).insert(chatbot)
    return chatbot.id
