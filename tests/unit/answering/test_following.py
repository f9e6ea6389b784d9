"""Nobody who follows an answer hangs or is left without an end, whatever became of its log."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from beanie import PydanticObjectId

from documents.database.database import Database
from documents.errors import DatabaseUnavailableError
from documents.messages import Message
from services.answering.events import AnswerCompleted, AnswerFailed, AnswerRestarted, AnswerStarted
from services.answering.following import AnswerGoneError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import (
    Visitor,
    check_numbering,
    stopped_mongod,
    text_of,
    until,
    with_limits,
)
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_expired_log_is_replayed_from_any_event_on(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome ", "was ", "not."))
    events = await process.answer(visitor)
    assert isinstance(events[-1], AnswerCompleted)
    answer_id, last = events[-1].message_id, events[-1].seq
    await process.log.discard(answer_id)

    for after in range(last):
        replayed = await process.follow(visitor, answer_id, after)
        assert [event.seq for event in replayed] == [last + 1, last + 2, last + 3]
        assert text_of([*events[:after], *replayed]) == "Rome was not."
    assert await process.follow(visitor, answer_id, last) == []
    for after in range(last + 1, last + 4):
        rest = await process.follow(visitor, answer_id, after)
        assert [event.seq for event in rest] == list(range(after + 1, last + 4))


async def test_a_replay_begun_elsewhere_goes_on_where_the_log_still_is(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    here, elsewhere = process_of(Script("Rome was not.")), process_of(Script("never"))
    events = await here.answer(visitor)
    assert isinstance(events[-1], AnswerCompleted)
    replayed = await elsewhere.follow(visitor, events[-1].message_id)

    for cut in (1, 2):
        rest = await here.follow(visitor, events[-1].message_id, replayed[cut - 1].seq)
        assert replayed[:cut] + rest == replayed


async def test_a_negative_number_is_the_beginning(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"))
    asked = await process.ask(visitor)
    events = await process.follow(visitor, asked.answer.id, -5)
    check_numbering(events)
    assert isinstance(events[0], AnswerStarted)


async def test_a_follower_may_come_before_the_answer_is_begun(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome was not."))
    asked = await process.store(visitor.question())
    following = asyncio.create_task(process.follow(visitor, asked.answer.id))
    await asyncio.sleep(0)
    await process.generations.start(asked.answer)

    events = await following
    check_numbering(events)
    assert text_of(events) == "Rome was not."
    assert not any(isinstance(event, AnswerRestarted) for event in events)


async def test_an_answer_that_another_process_works_on_is_waited_for(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    # Longer than a follower waits for a sign of life: the other process shows them.
    brief = with_limits(takeover_s=0.2, lease_s=5.0)
    here = process_of(Script("Rome ", silence, "was not."), limits=brief)
    elsewhere = process_of(Script("never"), limits=brief)
    asked = await here.ask(visitor)
    following = asyncio.create_task(elsewhere.follow(visitor, asked.answer.id))
    first = await visitor.message(asked.answer.id)

    async def much_later() -> bool:
        now = await visitor.message(asked.answer.id)
        return (now.updated_at - first.updated_at).total_seconds() > 3 * brief.takeover_s

    await until(much_later)
    assert not following.done()
    silence.set()
    events = await following

    assert text_of(events) == "Rome was not."
    assert isinstance(events[-1], AnswerCompleted)


async def test_an_answer_that_nobody_works_on_is_given_up_with_a_sentence(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("never"), limits=with_limits(takeover_s=0.2))
    asked = await process.store(visitor.question())
    events = await process.follow(visitor, asked.answer.id, 3)

    assert len(events) == 1
    assert isinstance(events[0], AnswerFailed)
    assert (events[0].code, events[0].retryable) == ("interrupted", True)
    assert asked.answer.stream is not None
    assert events[0].seq > asked.answer.stream.seq_ceiling, "an owner to come may give the others"
    assert events[0].text


async def test_what_was_deleted_or_is_somebody_elses_is_not_there(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"))
    with pytest.raises(AnswerGoneError):
        await process.follow(visitor, PydanticObjectId())
    asked = await process.store(visitor.question())
    following = asyncio.create_task(process.follow(visitor, asked.answer.id))
    await asyncio.sleep(0)
    await visitor.scope.of(Message).delete_many({})
    with pytest.raises(AnswerGoneError):
        await following


async def test_a_follower_that_leaves_closes_what_it_read(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome", asyncio.Event()))
    asked = await process.ask(visitor)
    async with aclosing(process.following.follow(visitor.scope, asked.answer.id, 0)) as batches:
        await anext(batches)
        reading = asyncio.create_task(exhausted(batches))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])

    assert not process.memory._running[asked.answer.id].news._waiters


async def exhausted(batches: AsyncIterator[object]) -> None:
    async for _ in batches:
        pass


async def test_a_database_that_stays_away_is_an_error_to_try_again_and_not_the_end(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    limits = with_limits(database_patience_s=0.1, operation_s=0.2)
    process = process_of(Script("never"), limits=limits)
    asked = await process.store(visitor.question())
    with stopped_mongod(database), pytest.raises(DatabaseUnavailableError):
        await process.follow(visitor, asked.answer.id)
