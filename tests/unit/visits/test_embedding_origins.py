"""Which pages may open a connection at all, and which may speak for a chatbot's visitors."""

from uuid import uuid4

import pytest

from documents.chatbots import Chatbot, ChatbotSettings
from documents.clients import Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from services.visits.embedding_origins import EmbeddingOrigins

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def chatbot_on(*origins: str, client_active: bool = True, active: bool = True) -> Chatbot:
    """A chatbot of a new client that allows these origins."""
    client_id = f"client-{uuid4().hex[:8]}"
    scope = TenantScope.one(client_id)
    client = Client(client_id=client_id, name="A client", active=client_active)
    await scope.of(Client).insert(client)
    settings = ChatbotSettings(
        name="Helper", default_llm_id=PydanticObjectId(), allowed_origins=list(origins)
    )
    chatbot = Chatbot(
        client_id=client_id,
        embed_key=uuid4().hex,
        active=active,
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    return await scope.of(Chatbot).insert(chatbot)


async def known(origin: str) -> bool:
    """What a process that remembers nothing says."""
    return await EmbeddingOrigins(frozenset(), development=False).known(origin)


def new_origin() -> str:
    return f"https://{uuid4().hex}.example"


@pytest.mark.usefixtures("database")
async def test_an_origin_is_known_while_chatbot_and_client_are_active() -> None:
    for client_active, active in ((True, True), (True, False), (False, True), (False, False)):
        origin = new_origin()
        chatbot = await chatbot_on(origin, client_active=client_active, active=active)
        assert await known(origin) is (client_active and active)
        origins = EmbeddingOrigins(frozenset(), development=False)
        may_speak = await origins.known_to(chatbot.id, chatbot.client_id, origin)
        assert may_speak is client_active, "an inactive chatbot says so itself"


@pytest.mark.usefixtures("database")
async def test_another_clients_chatbot_keeps_a_shared_origin_known() -> None:
    origin = new_origin()
    off = await chatbot_on(origin, client_active=False)
    assert not await known(origin)
    await chatbot_on(origin)
    assert await known(origin)
    origins = EmbeddingOrigins(frozenset(), development=False)
    assert not await origins.known_to(off.id, off.client_id, origin)


async def test_everywhere_means_everywhere_only_for_an_active_client(database: Database) -> None:
    await database.database["chatbots"].delete_many({"published.allowed_origins": "*"})
    off = await chatbot_on("*", client_active=False)
    assert not await known(new_origin())
    clients = TenantScope.one(off.client_id).of(Client)
    await clients.update_one({}, {"$set": {"active": True}})
    assert await known(new_origin())
    await clients.update_one({}, {"$set": {"active": False}})
