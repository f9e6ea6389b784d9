"""A model on this machine finds what means the same, without a network."""

from pathlib import Path

import pytest

from services.knowledge.embedding.embedder import LOCAL, Embedder, EmbeddingError, EmbeddingModel
from services.knowledge.embedding.embedding_work import EmbeddingWork
from services.knowledge.embedding.local_model import LocalEmbeddings, LocalModelError
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from tests.providers.tiny_onnx_model import WIDTH, write_model
from tests.unit.knowledge.conftest import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

REPAIRS = "The workshop looks after every defective vehicle."
QUESTION = "Do you mend a broken automobile?"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_model(tmp_path)


async def test_a_model_in_a_folder_finds_another_word_for_the_same(
    folder: Path, knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    for title, text in (("Repairs", REPAIRS), ("Tea", "We serve tea in the garden all day.")):
        await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], title, text)
    embedder = Embedder(EmbeddingModel(LOCAL, str(folder), least_cosine=0.5))
    work = EmbeddingWork(embedder)
    while await work.work_once():
        pass

    found = await KnowledgeSearch(embedder=embedder).search(
        tenant.client_id, tenant.chatbot_id, QUESTION, "en"
    )

    assert found.passages[0].text == REPAIRS
    assert found.decision != "refuse"


async def test_questions_and_passages_have_the_same_vector_however_many_are_asked_for(
    folder: Path,
) -> None:
    model = LocalEmbeddings(str(folder))
    texts = ["a broken car", "tea", "a defective vehicle", *["tea"] * 40]
    vectors = model.embed_documents(texts)
    assert len(vectors) == len(texts)
    assert {len(one) for one in vectors} == {WIDTH}
    assert vectors[0] == pytest.approx(vectors[2], abs=0.01)
    assert vectors[1] == pytest.approx(vectors[-1], abs=0.01)
    assert model.embed_query("tea") == pytest.approx(vectors[1], abs=0.01)


@pytest.mark.parametrize("missing", ["model.onnx", "config.json"])
async def test_a_folder_without_a_model_says_what_is_missing(folder: Path, missing: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(LocalModelError, match=missing):
        LocalEmbeddings(str(folder))


async def test_a_model_that_cannot_be_loaded_costs_no_answer(tmp_path: Path) -> None:
    embedder = Embedder(EmbeddingModel(LOCAL, str(tmp_path)))
    assert await embedder.question("tea") is None
    with pytest.raises(EmbeddingError):
        await embedder.passages(["tea"])
