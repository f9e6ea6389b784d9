"""What becomes of a question for which too little is known, by the chatbot's knowledge mode."""

import asyncio

import pytest
import pytest_asyncio

from documents.chatbots import Chatbot
from documents.chatbots import KnowledgeModeName as Mode
from documents.database.database import Database
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from documents.usage_events import UsageEvent
from services.answering.evidence_phrases import PHRASES
from services.answering.memory_event_log import MemoryEventLog
from services.knowledge.sources import KnowledgeSources
from services.languages.codes import LANGUAGES
from services.llm.errors import ModelServerError
from services.llm.local import LocalModel, nothing_known
from services.llm.model import LanguageModel
from tests.unit.answering.conftest import MakeLog, MakeProcess
from tests.unit.answering.furnishing import default_model, fallback_model
from tests.unit.answering.processes import Visitor, until
from tests.unit.answering.scripted_models import Script

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.usefixtures("database")]

TEXT = """# Bicycles

Every bicycle has a warranty of five years. Repairs take three days. The workshop is in Mill Lane.
"""
KNOWN = "How long is the warranty of a bicycle?"
NEARLY_KNOWN = "Does the warranty of a bicycle cover punctures and lights?"
UNKNOWN = "Which vaccines do travellers to Kenya need?"


@pytest.fixture
def make_log() -> MakeLog:
    return MemoryEventLog


@pytest_asyncio.fixture(loop_scope="session")
async def taught(visitor: Visitor, database: Database) -> Visitor:
    sources = KnowledgeSources(database)
    await sources.add_text(visitor.client_id, [visitor.chatbot_id], "Shop", TEXT)
    return visitor


async def answered(
    taught: Visitor, make: MakeProcess, mode: Mode, question: str, *models: LanguageModel
) -> Message:
    """The end of an answer of a chatbot with this mode."""
    changes = {"published.knowledge_mode": mode, "published.contact_email": "help@shop.example"}
    await taught.scope.of(Chatbot).update_one({"_id": taught.chatbot_id}, {"$set": changes})
    process = make(*models)
    asked = await process.ask(taught, taught.question(question))

    async def told() -> bool:
        row = await taught.scope.of(UsageEvent).find_one({"answer_id": asked.answer.id})
        return row is not None

    await until(told)
    return await taught.message(asked.answer.id)


async def test_in_strict_mode_no_model_is_asked_what_nothing_known_answers(
    taught: Visitor, process_of: MakeProcess
) -> None:
    await default_model(taught, provider="openai")
    script = Script("I would guess yellow fever.")

    answer = await answered(taught, process_of, "strict", UNKNOWN, script)

    assert not script.asked.is_set()
    assert answer.status == "complete"
    assert answer.content.startswith(nothing_known("en"))
    assert "help@shop.example" in answer.content
    assert answer.tags == ["unanswered"]
    assert answer.confidence is not None
    assert answer.confidence < 0.1
    assert (answer.citations, answer.cost_micros, answer.llm_config_id) == ([], None, None)
    row = await taught.scope.of(UsageEvent).find_one({"answer_id": answer.id})
    assert row is not None
    assert (row.unanswered, row.to_quota) == (True, 0)

    async def told() -> bool:
        wanted = {"kind": "answer.unanswered", "message_id": answer.id}
        return await taught.scope.of(OutboxEntry).find_one(wanted) is not None

    await until(told)


async def test_what_is_known_goes_to_the_model_with_its_passages(
    taught: Visitor, process_of: MakeProcess
) -> None:
    script = Script("Five years [1].")
    answer = await answered(taught, process_of, "strict", KNOWN, script)

    assert answer.content == "Five years [1]."
    assert [one.quote for one in answer.citations] == [
        "Every bicycle has a warranty of five years."
    ]
    assert answer.tags == []
    assert answer.confidence is not None
    assert answer.confidence > 0.5
    assert await taught.scope.of(OutboxEntry).find_one({"kind": "answer.unanswered"}) is None


async def test_in_guided_mode_general_knowledge_is_marked_by_the_product(
    taught: Visitor, process_of: MakeProcess
) -> None:
    await default_model(taught, provider="openai")
    answer = await answered(taught, process_of, "guided", UNKNOWN, Script("Yellow ", "fever."))
    assert answer.content == f"{PHRASES['en'].general}\n\nYellow fever."
    assert answer.tags == ["unanswered"]


async def test_the_mark_keeps_no_fallback_model_from_answering(
    taught: Visitor, process_of: MakeProcess
) -> None:
    await default_model(taught, provider="openai")
    await fallback_model(taught)
    broken, other = Script(ModelServerError("down", status=500)), Script("Yellow fever.")
    answer = await answered(taught, process_of, "guided", UNKNOWN, broken, other)
    assert answer.content.endswith("Yellow fever.")
    assert answer.tags == ["unanswered", "fallback"]


async def test_in_open_mode_the_model_answers_as_it_likes(
    taught: Visitor, process_of: MakeProcess
) -> None:
    answer = await answered(taught, process_of, "open", UNKNOWN, Script("Yellow fever."))
    assert (answer.content, answer.tags) == ("Yellow fever.", [])


async def test_what_comes_close_is_shown_as_such(taught: Visitor, process_of: MakeProcess) -> None:
    script = Script("Not said. There is a warranty of five years [1].")
    by_model = await answered(taught, process_of, "strict", NEARLY_KNOWN, script)
    assert by_model.tags == ["closest"]
    assert script.request is not None
    assert "may not answer this question" in script.request.turns[0].text

    quoted = await answered(taught, process_of, "strict", NEARLY_KNOWN, LocalModel())
    assert quoted.content.startswith(PHRASES["en"].closest)
    assert "Every bicycle has a warranty of five years." in quoted.content
    assert quoted.citations[0].quote in TEXT


async def test_a_greeting_is_not_refused(taught: Visitor, process_of: MakeProcess) -> None:
    answer = await answered(taught, process_of, "strict", "Hello!", Script("Hello, how are you?"))
    assert answer.content == "Hello, how are you?"
    assert (answer.tags, answer.confidence) == ([], None)


async def test_a_follow_up_is_looked_for_with_the_question_before_it(
    taught: Visitor, process_of: MakeProcess
) -> None:
    known = await answered(taught, process_of, "strict", KNOWN, Script("Five years [1]."))
    script = Script("It is in Mill Lane [1].")
    process = process_of(script)
    follow_up = taught.question("And for lamps?", in_=known.conversation_id)
    asked = await process.ask(taught, follow_up)
    await asyncio.wait_for(script.asked.wait(), timeout=10)
    assert script.request is not None
    assert "warranty of five years" in script.request.turns[0].text
    assert "may not answer this question" in script.request.turns[0].text

    async def ended() -> bool:
        return (await taught.message(asked.answer.id)).tags == ["closest"]

    await until(ended)


async def test_without_any_knowledge_there_is_no_confidence_unless_only_sources_count(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    by_model = await answered(visitor, process_of, "open", UNKNOWN, Script("Yellow fever."))
    assert (by_model.confidence, by_model.tags) == (None, [])
    refused = await answered(visitor, process_of, "strict", UNKNOWN, Script("Yellow fever."))
    assert (refused.confidence, refused.tags) == (0, ["unanswered"])


async def test_every_language_has_its_own_phrases() -> None:
    assert set(PHRASES) == set(LANGUAGES)
    for said in zip(*PHRASES.values(), strict=True):
        assert len(set(said)) == len(LANGUAGES)
        assert all(one == one.strip() != "" for one in said)
