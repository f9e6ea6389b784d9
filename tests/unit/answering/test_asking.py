"""A question is stored once, however often, by whomever and at whatever moment it is asked."""

import asyncio

import pytest
from beanie import PydanticObjectId

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.messages import Message
from services.answering.question_refusals import MAX_KEY_CHARACTERS, QuestionRefusedError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Process, Visitor, check_numbering
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("round_", range(5))
async def test_one_key_asked_at_once_in_two_processes_is_one_question(
    visitor: Visitor, process_of: MakeProcess, round_: int
) -> None:
    processes = [process_of(Script("Rome was not.")) for _ in range(2)]
    question = visitor.question()
    asked = await asyncio.gather(
        *(process.ask(visitor, question) for process in processes for _ in range(8))
    )

    assert sum(one.is_new for one in asked) == 1
    assert len({one.answer.id for one in asked}) == 1
    assert await visitor.scope.of(Message).count(limit=10) == 2
    assert await visitor.scope.of(Conversation).count(limit=10) == 1
    assert sum(process.models.created for process in processes) <= 1
    for process in processes:
        check_numbering(await process.follow(visitor, asked[0].answer.id))


async def test_questions_asked_at_once_in_one_conversation_get_numbers_of_their_own(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    processes = [process_of(Script("Rome was not.")) for _ in range(2)]
    first = (await processes[0].ask(visitor)).answer
    questions = [visitor.question(f"Question {n}?", in_=first.conversation_id) for n in range(8)]
    await asyncio.gather(
        *(processes[n % 2].ask(visitor, question) for n, question in enumerate(questions))
    )

    found = await visitor.scope.of(Message).find({}, limit=50, sort=[("seq", 1)])
    assert [message.seq for message in found] == list(range(1, 19))
    assert all(
        answer.question_id == question.id
        for question, answer in zip(found[::2], found[1::2], strict=True)
    )


async def test_the_key_with_another_text_is_refused(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"))
    await process.ask(visitor, visitor.question("One?", key="k"))
    assert await refusal(process, visitor, text="Two?", key="k") == "idempotency_conflict"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "k"),
        (" \n", "k"),
        ("x" * 8_001, "k"),
        ("x", "k" * (MAX_KEY_CHARACTERS + 1)),
        ("half a character: \ud83d", "k"),
        ("x", "\ude00"),
    ],
)
async def test_what_cannot_be_asked_is_refused_and_not_stored(
    visitor: Visitor, process_of: MakeProcess, text: str, key: str
) -> None:
    assert await refusal(process_of(Script("x")), visitor, text, key) == "invalid_input"
    assert await visitor.scope.of(Message).count(limit=1) == 0


async def test_who_may_not_ask_is_told_why(visitor: Visitor, process_of: MakeProcess) -> None:
    process, scope = process_of(Script("x")), visitor.scope
    await scope.of(Client).update_many({}, {"$set": {"maintenance_text": "Back soon."}})
    assert await refusal(process, visitor) == "maintenance"
    await scope.of(Chatbot).update_many({}, {"$set": {"active": False}})
    assert await refusal(process, visitor) == "chatbot_inactive"


async def test_a_conversation_that_is_closed_or_somebody_elses_takes_no_question(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    asked = await process.ask(visitor)
    await process.follow(visitor, asked.answer.id)
    conversation_id = asked.answer.conversation_id
    unknown = visitor.question(in_=PydanticObjectId())
    with pytest.raises(QuestionRefusedError) as problem:
        await process.ask(visitor, unknown)
    assert problem.value.code == "not_found"

    await visitor.scope.of(Conversation).update_many({}, {"$set": {"status": "closed"}})
    with pytest.raises(QuestionRefusedError) as problem:
        await process.ask(visitor, visitor.question(in_=conversation_id))
    assert problem.value.code == "conversation_closed"
    assert (await visitor.conversation(conversation_id)).message_count == 2


async def test_a_question_whose_answer_was_deleted_is_not_found(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    asked = await process.ask(visitor, visitor.question(key="k"))
    await process.follow(visitor, asked.answer.id)
    await visitor.scope.of(Message).delete_one({"_id": asked.answer.id})
    assert await refusal(process, visitor, key="k") == "not_found"


async def test_the_conversation_has_a_title_and_the_language_of_the_last_question(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    asked = await process.ask(visitor, visitor.question("Wurde Rom\n an einem Tag erbaut? " * 9))
    opened = await visitor.conversation(asked.answer.conversation_id)
    assert opened.language == "de"
    assert opened.title.startswith("Wurde Rom an einem Tag erbaut? Wurde")
    assert opened.title.endswith("…")
    assert len(opened.title) <= 80

    again = visitor.question("Was Rome built in a day?", in_=opened.id)
    await process.ask(visitor, again)
    assert (await visitor.conversation(opened.id)).language == "en"


async def refusal(
    process: Process, visitor: Visitor, text: str = "Was it?", key: str | None = None
) -> str:
    with pytest.raises(QuestionRefusedError) as problem:
        await process.ask(visitor, visitor.question(text, key))
    return problem.value.code
