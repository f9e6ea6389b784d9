"""Pairs win, no page crowds out the others, and the best passages know their neighbours."""

import pytest

from documents.knowledge_sources import QaPair
from services.knowledge.search import KnowledgeSearch
from services.knowledge.source_definition import SourceDefinition
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "# Parking\n\nWhere do I park? Parking is possible where you find a place to park."


async def test_a_pair_wins_over_what_texts_say(
    knowledge_sources: KnowledgeSources,
    knowledge_search: KnowledgeSearch,
    tenant: Tenant,
) -> None:
    pairs = (QaPair(question="Where do I park?", answer="Behind the house, for free."),)
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Help", TEXT)
    await knowledge_sources.add(
        tenant.client_id, SourceDefinition("qa", "Answers", (tenant.chatbot_id,), qa=pairs)
    )

    exact = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "where do i PARK")
    assert [one.text for one in exact.passages] == ["Behind the house, for free."]
    assert (exact.decision, exact.evidence) == ("answer", 1)
    alike = await knowledge_search.search(
        tenant.client_id, tenant.chatbot_id, "Where can I park?", "en"
    )
    assert alike.passages[0].text == "Behind the house, for free."


async def test_of_one_page_at_most_three_passages_are_shown(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    many = "\n\n".join(f"# Lamp {number}\n\nA lamp for tables." for number in range(6))
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Lamps", many)
    one = "We repair whatever lamp you bring."
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Repairs", one)

    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "lamp", "en")

    titles = [passage.source_title for passage in found.passages]
    assert sorted(titles) == ["Lamps", "Lamps", "Lamps", "Repairs"]


async def test_the_best_passage_comes_with_what_stands_around_it(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    paragraphs = [f"Paragraph {word}. " + "Nothing else is said. " * 60 for word in ("one", "two")]
    text = f"# Tea\n\n{paragraphs[0]}\n\nThe zanzibar blend is sold out.\n\n{paragraphs[1]}"
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Tea", text)

    found = await knowledge_search.search(tenant.client_id, tenant.chatbot_id, "zanzibar", "en")

    best = found.passages[0]
    assert best.text in best.in_context
    assert len(best.in_context) > len(best.text)
    assert best.quote in best.text
