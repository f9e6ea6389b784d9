"""What a shop says in Polish, Turkish, Vietnamese, Arabic, Hindi and Thai is found there.

The corpus is the benchmark's, all languages in one chatbot. What is asked in the words of the pages
must be found; questions that share no word with them are for an embedding model.
"""

import pytest

from benchmarks.retrieval.questions import Question, questions
from benchmarks.retrieval.shop_pages import QUESTIONS, shop_pages
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant

LANGUAGES = ("ar", "hi", "pl", "th", "tr", "vi")
MOST_MISSED = 1
"""Of the twelve questions in each language that use the words of the pages."""


def test_the_questions_name_sections_that_are_there() -> None:
    there = {(page.language, name) for page in shop_pages() for _, name in page.sections}
    asked = {
        (one.language, section.removeprefix("shop:"))
        for one in questions(QUESTIONS)
        for section in one.sections
    }
    assert asked == there
    assert {language for language, _ in there} == set(LANGUAGES)


@pytest.mark.asyncio(loop_scope="session")
async def test_questions_in_the_words_of_the_pages_are_answered_in_their_language(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    pages = {}
    for page in shop_pages():
        title = page.text.splitlines()[0].lstrip("# ")
        source = await knowledge_sources.add_text(
            tenant.client_id, [tenant.chatbot_id], title, page.text
        )
        pages[source.id] = page

    async def is_found(question: Question) -> bool:
        found = await knowledge_search.search(
            tenant.client_id, tenant.chatbot_id, question.text, question.language, 3
        )
        places = ((pages[one.source_id], one.start_offset) for one in found.found)
        return any(
            page.language == question.language
            and f"shop:{page.section_at(offset)}" in question.sections
            for page, offset in places
        )

    plain = [one for one in questions(QUESTIONS) if one.kind == "plain"]
    missed = [one for one in plain if not await is_found(one)]
    for language in LANGUAGES:
        ours = [one.text for one in missed if one.language == language]
        assert len(ours) <= MOST_MISSED, ours
