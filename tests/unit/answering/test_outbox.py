"""What a turn leaves in the outbox, also when its process dies between its end and telling it."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from documents.outbox_entries import OutboxEntry
from services.answering.leases import Lease
from services.answering.telling import tell_end, tell_one_left
from services.llm.errors import ModelServerError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import QUICK, Visitor, until
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = ("Rome ", "was ", "built.")


async def told(visitor: Visitor) -> list[tuple[str, dict[str, int | str]]]:
    entries = await visitor.scope.of(OutboxEntry).find({}, sort=[("_id", 1)], limit=100)
    return [(one.kind, one.facts) for one in entries]


async def all_told(visitor: Visitor, count: int) -> list[tuple[str, dict[str, int | str]]]:
    """Once there are so many; the end of an answer is told after its last event."""

    async def there() -> bool:
        return len(await told(visitor)) == count

    await until(there)
    return await told(visitor)


async def test_a_first_question_starts_a_conversation_and_its_answer_is_a_message(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script(*WORDS), Script(*WORDS))
    begun = await process.ask(visitor)
    assert await told(visitor) == [("conversation.started", {})]
    await process.follow(visitor, begun.answer.id)
    both: list[Any] = [("conversation.started", {}), ("message.created", {})]
    assert await all_told(visitor, 2) == both
    await process.answer_again(visitor, begun.answer.id)
    assert await all_told(visitor, 3) == [*both, ("message.created", {})]

    entries = await visitor.scope.of(OutboxEntry).find({}, sort=[("_id", 1)], limit=100)
    assert entries[1].message_id == begun.answer.id
    assert {one.conversation_id for one in entries} == {begun.answer.conversation_id}
    assert not any("Rome" in one.model_dump_json() for one in entries)


async def test_an_answer_that_failed_is_told_with_its_code(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await process_of(Script(ModelServerError("down", status=503))).answer(visitor)
    assert (await all_told(visitor, 2))[-1] == ("answer.failed", {"code": "provider_failed"})


async def test_a_question_that_is_not_stored_starts_nothing(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script(*WORDS), Script(*WORDS), Script(*WORDS))
    question = visitor.question()
    await asyncio.gather(*(process.store(question) for _ in range(10)))
    assert await told(visitor) == [("conversation.started", {})]


async def test_an_end_that_its_process_did_not_tell_is_told_by_another_once(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("never"))
    answer = (await process.store(visitor.question())).answer
    ended = await Lease(answer, process.name, QUICK).end(9, {"status": "complete", "content": "x"})
    assert [kind for kind, _ in await told(visitor)] == ["conversation.started"]

    async def found() -> bool:
        return await tell_one_left(replace(QUICK, untold_s=0.0))

    await until(found)
    await asyncio.gather(*(tell_end(ended) for _ in range(5)))
    assert [kind for kind, _ in await told(visitor)] == ["conversation.started", "message.created"]
