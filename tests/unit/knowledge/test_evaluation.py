"""A client's own question set: read strictly, asked of the real search, reported by language."""

import json

import pytest

from documents.chatbots import Chatbot
from services.knowledge.evaluation import (
    QuestionSetError,
    evaluate,
    read_question_set,
    report,
)
from services.knowledge.search import KnowledgeSearch
from services.knowledge.sources import KnowledgeSources
from tests.unit.knowledge.conftest import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

TEXT = "# Warranty\n\nThe warranty of every bicycle is five years.\n\n# Tea\n\nTea is free."


def question_set(*questions: object) -> bytes:
    return json.dumps({"questions": questions}).encode()


async def test_questions_are_asked_and_figures_told_by_language(
    knowledge_sources: KnowledgeSources, knowledge_search: KnowledgeSearch, tenant: Tenant
) -> None:
    await knowledge_sources.add_text(tenant.client_id, [tenant.chatbot_id], "Shop", TEXT)
    chatbot = await tenant.scope.of(Chatbot).get(tenant.chatbot_id)
    assert chatbot is not None
    right = {"source": "shop", "heading": "warranty", "contains": "FIVE years"}
    questions = read_question_set(
        question_set(
            {"question": "How long is the warranty of a bicycle?", "expect": [right]},
            {"question": "Is the tea free?", "language": "en", "expect": [{"source": "Other"}]},
            {"question": "Welche Impfungen braucht man für Kenia?", "language": "de"},
        )
    )

    results = await evaluate(knowledge_search, chatbot, questions.questions)

    assert [(one.rank, one.is_refused) for one in results] == [
        (1, False),
        (None, False),
        (None, True),
    ]
    lines = list(report(results))
    assert lines[1].split() == ["all", "2", "0.50", "0.50", "0.50", "0.50", "0%", "1", "100%"]
    assert [line.split()[0] for line in lines[2:4]] == ["de", "en"]
    assert lines[4:] == ["not found: Is the tea free?"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "no JSON"),
        (b"[]", "valid dictionary"),
        (question_set(), "questions"),
        (question_set({"question": " "}), "questions.0.question"),
        (question_set({"question": "A?", "expects": []}), "questions.0.expects"),
        (question_set({"question": "A?", "expect": [{}]}), "questions.0.expect"),
        (b" " * 5_000_001, "larger than 5 MB"),
    ],
)
async def test_a_wrong_file_is_told_where_it_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(QuestionSetError, match=said):
        read_question_set(content)
