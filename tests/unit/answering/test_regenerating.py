"""Another answer to the same question: made once however often it is wanted, the old one kept."""

import asyncio

import pytest
from beanie import PydanticObjectId

from documents.chatbots import Chatbot
from documents.conversations import Conversation
from documents.messages import Message
from services.answering.accepting import NewAnswer
from services.answering.events import AnswerCompleted
from services.answering.question_refusals import MAX_KEY_CHARACTERS, QuestionRefusedError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Process, Visitor, check_numbering, new_visitor, text_of
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def answered(process: Process, visitor: Visitor, **question: object) -> Message:
    asked = await process.ask(visitor, visitor.question(**question))  # type: ignore[arg-type]
    await process.follow(visitor, asked.answer.id)
    return await visitor.message(asked.answer.id)


async def refusal(
    process: Process, visitor: Visitor, answer_id: PydanticObjectId, key: str | None = None
) -> str:
    with pytest.raises(QuestionRefusedError) as refused:
        await process.answer_again(visitor, answer_id, key)
    return refused.value.code


async def test_the_new_answer_stands_beside_the_old_one(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."), Script("Rome again."))
    old = await answered(process, visitor, key="asked")

    new = (await process.answer_again(visitor, old.id)).answer
    events = await process.follow(visitor, new.id)

    check_numbering(events)
    assert text_of(events) == "Rome again."
    assert isinstance(events[-1], AnswerCompleted)
    assert (await visitor.message(old.id)).content == "Rome."
    stored = await visitor.message(new.id)
    assert (stored.question_id, stored.seq, stored.content) == (old.question_id, 3, "Rome again.")
    assert (await visitor.conversation(old.conversation_id)).message_count == 3
    # Who asks under the question's own key goes on with the answer that was given to it.
    assert (await process.ask(visitor, visitor.question(key="asked"))).answer.id == old.id


@pytest.mark.parametrize("round_", range(3))
async def test_one_key_at_once_in_two_processes_makes_one_answer(
    visitor: Visitor, process_of: MakeProcess, round_: int
) -> None:
    old = await answered(process_of(Script("Rome.")), visitor)
    processes = [process_of(Script("Rome again.")) for _ in range(2)]

    made: list[NewAnswer] = await asyncio.gather(
        *(one.answer_again(visitor, old.id, "again") for one in processes for _ in range(4))
    )

    assert sum(one.is_new for one in made) == 1
    (answer_id,) = {one.answer.id for one in made}
    assert await visitor.scope.of(Message).count(limit=10) == 3
    for process in processes:
        assert text_of(await process.follow(visitor, answer_id)) == "Rome again."


async def test_a_running_answer_is_stopped_first(visitor: Visitor, process_of: MakeProcess) -> None:
    silent = Script("Rome ", asyncio.Event())
    process, other = process_of(silent), process_of(Script("Rome again."))
    old = (await process.ask(visitor)).answer
    await silent.asked.wait()

    new = (await other.answer_again(visitor, old.id)).answer

    await silent.closed.wait()
    assert (await visitor.message(old.id)).status == "stopped"
    assert text_of(await process.follow(visitor, old.id)) == "Rome "
    assert text_of(await other.follow(visitor, new.id)) == "Rome again."


async def test_the_model_sees_what_was_said_before_the_question_and_one_answer_to_each(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    last = Script("Three, again.")
    scripts = [Script("One."), Script("Two."), Script("One, again."), Script("Three."), last]
    process = process_of(*scripts)
    one = await answered(process, visitor, text="1?")
    talk = one.conversation_id
    await answered(process, visitor, text="2?", in_=talk)
    again = (await process.answer_again(visitor, one.id)).answer
    await process.follow(visitor, again.id)
    three = await answered(process, visitor, text="3?", in_=talk)
    await process.follow(visitor, (await process.answer_again(visitor, three.id)).answer.id)

    def seen(script: Script) -> list[str]:
        assert script.request is not None
        return [turn.text for turn in script.request.turns[1:]]

    assert seen(scripts[2]) == ["1?"]
    before = ["1?", "One, again.", "2?", "Two."]
    assert seen(scripts[3]) == seen(last) == [*before, "3?"]


async def test_an_archived_conversation_is_taken_up_and_a_closed_one_is_not(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."), Script("Oslo."), Script("Rome again."))
    old = await answered(process, visitor)
    await answered(process, visitor)  # in a conversation of its own, which archives the first
    await process.answer_again(visitor, old.id)
    assert (await visitor.conversation(old.conversation_id)).status == "open"

    closed = {"$set": {"status": "closed"}}
    await visitor.scope.of(Conversation).update_one({"_id": old.conversation_id}, closed)
    assert await refusal(process, visitor, old.id) == "conversation_closed"


async def test_what_is_not_the_visitors_is_not_found(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."))
    old = await answered(process, visitor)
    stranger = await new_visitor()
    neighbour = type(visitor)(visitor.client_id, visitor.chatbot_id, stranger.visitor_id)
    question_id = old.question_id
    assert question_id is not None
    for somebody, answer_id in (
        (stranger, old.id),
        (neighbour, old.id),
        (visitor, question_id),
        (visitor, PydanticObjectId()),
    ):
        assert await refusal(process, somebody, answer_id) == "not_found"
    assert await visitor.scope.of(Message).count(limit=10) == 2


async def test_a_key_that_was_used_for_something_else_is_refused(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."), Script("Oslo."), Script("Rome again."))
    one = await answered(process, visitor, key="one")
    two = await answered(process, visitor, key="two", in_=one.conversation_id)
    await process.answer_again(visitor, one.id, "again")

    assert await refusal(process, visitor, one.id, "one") == "idempotency_conflict"
    assert await refusal(process, visitor, two.id, "again") == "idempotency_conflict"
    with pytest.raises(QuestionRefusedError) as refused:
        await process.ask(visitor, visitor.question(key="again"))
    assert refused.value.code == "idempotency_conflict"


@pytest.mark.parametrize("key", ["", "k" * (MAX_KEY_CHARACTERS + 1), "\ud83d"])
async def test_what_is_no_key_is_refused(
    visitor: Visitor, process_of: MakeProcess, key: str
) -> None:
    process = process_of(Script("Rome."))
    old = await answered(process, visitor)
    assert await refusal(process, visitor, old.id, key) == "invalid_input"


async def test_a_chatbot_that_was_switched_off_makes_none(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."))
    old = await answered(process, visitor)
    await visitor.scope.of(Chatbot).update_one({}, {"$set": {"active": False}})
    assert await refusal(process, visitor, old.id) == "chatbot_inactive"
    assert await visitor.scope.of(Message).count(limit=10) == 2


async def test_a_visitor_waits_for_no_more_answers_at_once_than_by_asking(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    process = process_of(Script("Rome."), Script("x", silence), most_per_visitor=1)
    old = await answered(process, visitor)
    await process.ask(visitor)
    assert await refusal(process, visitor, old.id) == "rate_limited"
    silence.set()
