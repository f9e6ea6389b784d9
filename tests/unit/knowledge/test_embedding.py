"""What means the same is found though no word is shared, and no failure costs an answer."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from documents.knowledge_chunks import KnowledgeChunk
from documents.knowledge_sources import KnowledgeSource
from services.knowledge.embedding.embedder import Embedder, EmbeddingError, EmbeddingModel
from services.knowledge.embedding.embedding_work import EmbeddingWork
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from tests.providers.embedding_server import EmbeddingServer, embedding_server
from tests.unit.knowledge.conftest import Tenant, new_tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPAIRS = "The workshop looks after every defective vehicle."
TEA = "We serve tea in the garden all day long."
QUESTION = "Do you mend a broken automobile?"


@pytest_asyncio.fixture(loop_scope="session")
async def provider() -> AsyncIterator[EmbeddingServer]:
    async with embedding_server() as server:
        yield server


@pytest.fixture
def model(provider: EmbeddingServer, tenant: Tenant) -> EmbeddingModel:
    return EmbeddingModel(
        "openai_compatible",
        f"concepts-{tenant.client_id}",
        api_key="sk-secret",
        api_url=provider.url,
        least_cosine=0.4,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def taught(knowledge_sources: KnowledgeSources, tenant: Tenant) -> Tenant:
    for title, text in (("Repairs", REPAIRS), ("Tea", TEA)):
        await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], title, text)
    return tenant


async def embed_everything(model: EmbeddingModel) -> None:
    work = EmbeddingWork(Embedder(model))
    while await work.work_once():
        pass


async def test_another_word_for_the_same_is_found_by_its_meaning(
    taught: Tenant, model: EmbeddingModel, provider: EmbeddingServer
) -> None:
    by_words = await KnowledgeSearch().search(taught.client_id, taught.chatbot_id, QUESTION, "en")
    assert by_words.decision == "refuse"

    await embed_everything(model)
    search = KnowledgeSearch(embedder=Embedder(model))
    found = await search.search(taught.client_id, taught.chatbot_id, QUESTION, "en")

    assert found.passages[0].text == REPAIRS
    assert found.decision != "refuse"
    assert found.passages[0].scores.vector is not None
    assert found.passages[0].scores.vector > 0.4
    assert provider.keys == {"sk-secret"}
    unknown = await search.search(
        taught.client_id, taught.chatbot_id, "Which vaccines are needed in Kenya?", "en"
    )
    assert unknown.decision == "refuse"


async def test_the_same_text_is_embedded_once_and_a_new_model_embeds_anew(
    taught: Tenant,
    model: EmbeddingModel,
    provider: EmbeddingServer,
    knowledge_sources: KnowledgeSources,
) -> None:
    await embed_everything(model)
    assert sum(REPAIRS in text for text in provider.texts if taught.client_id) >= 1
    before = len(provider.texts)
    await knowledge_sources.add_text(
        taught.client_id, [taught.other_chatbot_id], "Repairs", REPAIRS
    )
    await embed_everything(model)
    assert provider.texts[before:] == []

    other = replace(model, model=f"{model.model}-2")
    old = KnowledgeSearch(embedder=Embedder(other))
    found = await old.search(taught.client_id, taught.chatbot_id, QUESTION, "en")
    assert all(passage.scores.vector is None for passage in found.found)
    await embed_everything(other)
    chunks = await taught.scope.of(KnowledgeChunk).find({}, limit=10)
    assert {one.vector_model for one in chunks} == {other.name}
    found = await old.search(taught.client_id, taught.chatbot_id, QUESTION, "en")
    assert found.passages[0].text == REPAIRS


async def test_a_chatbot_finds_its_own_texts_and_no_deleted_one(
    taught: Tenant, model: EmbeddingModel, knowledge_sources: KnowledgeSources
) -> None:
    stranger = await new_tenant()
    secret = "The secret workshop mends a faulty car."
    await knowledge_sources.add_text(stranger.client_id, [stranger.chatbot_id], "Own", secret)
    await embed_everything(model)
    search = KnowledgeSearch(embedder=Embedder(model))
    found = await search.search(taught.client_id, taught.chatbot_id, QUESTION, "en")
    assert secret not in [passage.text for passage in found.found]

    [passage] = [one for one in found.found if one.text == REPAIRS]
    await knowledge_sources.delete(taught.scope, passage.source_id)
    found = await search.search(taught.client_id, taught.chatbot_id, QUESTION, "en")
    assert REPAIRS not in [passage.text for passage in found.found]


@pytest.mark.parametrize("hidden", ["taken_away", "staged"])
async def test_neither_words_nor_meaning_find_what_a_chatbot_has_no_more_or_not_yet(
    taught: Tenant, model: EmbeddingModel, hidden: str
) -> None:
    await embed_everything(model)
    search = KnowledgeSearch(embedder=Embedder(model))
    [passage] = (await search.search(taught.client_id, taught.chatbot_id, QUESTION, "en")).passages
    # The chunks are still there, and their vectors kept in memory.
    if hidden == "staged":
        chunks = taught.scope.of(KnowledgeChunk)
        await chunks.update_one({"_id": passage.chunk_id}, {"$set": {"staged": True}})
    else:
        sources = taught.scope.of(KnowledgeSource)
        await sources.update_one({"_id": passage.source_id}, {"$set": {"chatbot_ids": []}})

    for question in (QUESTION, REPAIRS):
        found = await search.search(taught.client_id, taught.chatbot_id, question, "en")
        assert REPAIRS not in [one.text for one in found.found]


async def test_a_provider_that_fails_costs_no_answer_and_is_left_alone(
    taught: Tenant, model: EmbeddingModel, provider: EmbeddingServer
) -> None:
    await embed_everything(model)
    embedder = Embedder(model)
    search = KnowledgeSearch(embedder=embedder)
    provider.failing = True
    found = await search.search(taught.client_id, taught.chatbot_id, "Is there tea?", "en")
    assert found.passages[0].text == TEA
    assert found.passages[0].scores.vector is None

    provider.failing = False
    asked = len(provider.texts)
    await search.search(taught.client_id, taught.chatbot_id, "Is there tea?", "en")
    assert len(provider.texts) == asked
    with pytest.raises(EmbeddingError):
        await embedder.passages(["tea"])


async def test_a_provider_that_says_nothing_is_not_waited_for(
    taught: Tenant, model: EmbeddingModel, provider: EmbeddingServer
) -> None:
    provider.silent = True
    search = KnowledgeSearch(embedder=Embedder(model))
    found = await search.search(taught.client_id, taught.chatbot_id, "Is there tea?", "en")
    assert found.passages[0].text == TEA


async def test_no_key_is_shown(model: EmbeddingModel) -> None:
    assert "sk-secret" not in repr(model)
