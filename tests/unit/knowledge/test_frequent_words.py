"""A large chatbot is searched by its rarer words, and finds what it found before."""

import pytest

from documents.knowledge_sources import KnowledgeSize
from services.knowledge.frequent_words import (
    CHEAP_CHUNKS,
    FEW_CHUNKS,
    FrequentWords,
    expected_counts,
    worth_collecting,
)
from services.knowledge.question import QuestionWord, read_question
from services.knowledge.sources import KnowledgeSources
from services.knowledge.word_search import WordSearch
from tests.unit.knowledge.conftest import Tenant, new_tenant
from tests.unit.knowledge.test_spelling import size_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOLD, PUT, PACKAGE, INSTALL = (
    QuestionWord(one, (one,)) for one in ("hold", "put", "package", "install")
)
CHUNKS = 20_000


async def test_a_frequent_word_is_left_out_where_the_rest_of_the_question_weighs_enough() -> None:
    counts = {HOLD: 150, PUT: 90, PACKAGE: 3_000}
    assert worth_collecting((PUT, PACKAGE, HOLD), counts, CHUNKS) == [PUT, HOLD]


async def test_a_question_of_frequent_words_alone_is_looked_for_by_the_rarest() -> None:
    counts = {PACKAGE: 3_000, INSTALL: 2_500}
    assert worth_collecting((PACKAGE, INSTALL), counts, CHUNKS) == [INSTALL]
    assert worth_collecting((PACKAGE,), counts, CHUNKS) == [PACKAGE]


async def test_nothing_is_left_out_of_what_is_collected_quickly() -> None:
    counts = {HOLD: 10, PACKAGE: CHEAP_CHUNKS - 10}
    assert worth_collecting((HOLD, PACKAGE), counts, CHUNKS) == [HOLD, PACKAGE]


async def test_a_word_counts_in_all_the_forms_that_languages_give_it() -> None:
    word = QuestionWord("packages", ("packag", "package"))
    shares = {"packag": 0.2, "package": 0.1}
    assert expected_counts((word,), shares, 1_000) == {word: 300}


async def test_the_words_of_a_large_chatbot_are_sampled_behind_its_searches(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    stranger = await new_tenant()
    for one, text in ((tenant, "Tea is served at five."), (stranger, "Zanzibar is an island.")):
        await knowledge_sources.add_text(one.client_id, [one.chatbot_id], "Info", text)
    frequent, small = FrequentWords(), await size_of(tenant)
    large = KnowledgeSize(FEW_CHUNKS, small.token_count, small.languages, small.source_ids)

    assert frequent.of(tenant.scope, tenant.chatbot_id, small) is None
    assert frequent.of(tenant.scope, tenant.chatbot_id, large) is None, "it is being read"
    await frequent.settled()
    shares = frequent.of(tenant.scope, tenant.chatbot_id, large)

    assert shares is not None
    assert shares["tea"] == 1
    assert "zanzibar" not in shares


async def test_what_only_frequent_words_hold_is_found_when_the_rarer_ones_find_nothing(
    knowledge_sources: KnowledgeSources, tenant: Tenant
) -> None:
    for number in range(3):
        await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], f"Rooms {number}", "The garden opens at five."
        )
    size = await size_of(tenant)
    large = KnowledgeSize(CHUNKS, size.token_count, size.languages, size.source_ids)
    search = WordSearch(2_000)
    question = read_question("When does the garden of the xylophone open?", "en", size.languages)
    await search.find(tenant.scope, tenant.chatbot_id, question, large)
    await search.frequent_words.settled()
    shares = search.frequent_words.of(tenant.scope, tenant.chatbot_id, large)
    assert shares is not None
    counts = expected_counts(question.words, shares, CHUNKS)
    assert len(worth_collecting(question.words, counts, CHUNKS)) < len(question.words)

    found = await search.find(tenant.scope, tenant.chatbot_id, question, large)

    assert len(found.ranked) == 3
