"""Two processes on one database: whatever happens to one of them, the answer ends, exactly once."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.database.database import Database
from documents.messages import Message
from services.answering.events import AnswerCompleted, AnswerFailed, AnswerRestarted
from services.answering.leases import LAPSED
from tests.unit.answering.conftest import MakeProcess, forget_answers
from tests.unit.answering.processes import (
    Process,
    Visitor,
    check_numbering,
    stopped_mongod,
    taken_over,
    text_of,
    until,
    with_limits,
)
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = ["Rome ", "was ", "not ", "built ", "in ", "a ", "day."]
WHOLE = "".join(WORDS)


async def lapse(visitor: Visitor, answer: Message) -> None:
    """Make the lease look as if nobody had renewed it for long."""
    lapsed = {"$set": {"stream.lease_until": LAPSED}}
    await visitor.scope.of(Message).update_one({"_id": answer.id}, lapsed)


async def asked_up_to(process: Process, visitor: Visitor, text: str) -> Message:
    """An answer of which so much was shown."""
    answer = (await process.ask(visitor)).answer
    seen = ""
    async for batch in process.following.follow(visitor.scope, answer.id, 0):
        seen += text_of(batch)
        if seen == text:
            return answer
    raise AssertionError(f"it ended with {seen!r}")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    said=st.integers(1, len(WORDS) - 1),
    seen=st.integers(0, len(WORDS)),
    block=st.integers(1, 6),
)
async def test_a_killed_process_is_replaced_and_every_follower_gets_the_whole_text(
    visitor: Visitor, process_of: MakeProcess, said: int, seen: int, block: int
) -> None:
    await forget_answers()
    limits = with_limits(ceiling_block=block)
    old = process_of(Script(*WORDS[:said], asyncio.Event()), limits=limits)
    new = process_of(Script(*WORDS), limits=limits)
    answer = await asked_up_to(old, visitor, "".join(WORDS[:said]))
    before = list(old.memory._running[answer.id].events)[:seen]
    old.die()
    await lapse(visitor, answer)

    await taken_over(new)
    rest = await new.follow(visitor, answer.id, before[-1].seq if before else 0)

    check_numbering([*before, *rest])
    assert isinstance(rest[0], AnswerRestarted)
    assert text_of(rest) == WHOLE
    assert (await visitor.message(answer.id)).content == WHOLE


async def test_one_of_many_processes_takes_a_lapsed_answer(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    dead = process_of(Script("never"))
    answer = (await dead.store(visitor.question())).answer
    await lapse(visitor, answer)
    others = [process_of(Script(*WORDS)) for _ in range(6)]

    taken = await asyncio.gather(*(each.recovery.take_over_one() for each in others))

    assert sum(taken) == 1
    events = await others[taken.index(True)].follow(visitor, answer.id)
    assert text_of(events) == WHOLE


async def test_a_process_that_looks_finds_what_another_left_by_itself(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    old, new = process_of(Script("Rome ", asyncio.Event())), process_of(Script(*WORDS))
    looking = asyncio.create_task(new.recovery.run())
    answer = await asked_up_to(old, visitor, "Rome ")
    following = asyncio.create_task(new.follow(visitor, answer.id, 4))
    old.die()

    events = await following
    looking.cancel()

    assert text_of(events) == WHOLE
    check_numbering(events, after=4)


async def test_an_answer_that_lives_is_not_taken_from_its_own_process(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    process = process_of(Script("Rome ", silence, "was not."))
    answer = await asked_up_to(process, visitor, "Rome ")
    for _ in range(3):  # as after three outages of the database
        await lapse(visitor, answer)
        assert not await process.recovery.take_over_one()
    silence.set()

    events = await process.follow(visitor, answer.id)
    check_numbering(events)
    assert isinstance(events[-1], AnswerCompleted)
    assert text_of(events) == "Rome was not."


async def test_a_slow_owner_gives_way_and_no_number_is_given_out_twice(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    slow = with_limits(store_interval_s=60.0, ceiling_block=8)
    old = process_of(Script("Rome ", silence, *["and "] * 20), limits=slow)
    new = process_of(Script(*WORDS), limits=with_limits(ceiling_block=8))
    answer = await asked_up_to(old, visitor, "Rome ")
    shown = list(old.memory._running[answer.id].events)
    following = asyncio.create_task(old.follow(visitor, answer.id, shown[-1].seq))
    await lapse(visitor, answer)
    await taken_over(new)
    events = await new.follow(visitor, answer.id)
    silence.set()
    seen_there = await following

    check_numbering(events)
    stored = await visitor.message(answer.id)
    assert stored.content == text_of(events) == text_of(seen_there) == WHOLE
    numbers = [event.seq for event in (*shown, *seen_there)]
    assert numbers == sorted(set(numbers))
    check_numbering([*shown, *seen_there])


async def test_an_answer_that_is_cut_off_too_often_ends_in_the_visitors_language(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    first = process_of(Script("Rom ", asyncio.Event()))
    question = visitor.question("Wurde Rom an einem Tag erbaut?")
    answer = (await first.ask(visitor, question)).answer
    following = asyncio.create_task(first.follow(visitor, answer.id))
    for process in (first, process_of(Script("Rom ", asyncio.Event()))):
        if process is not first:
            await taken_over(process)
        await until(lambda: has_text(visitor, answer))
        process.die()
        await lapse(visitor, answer)

    await taken_over(process_of(Script("never")))
    events = await following

    ending = events[-1]
    assert isinstance(ending, AnswerFailed)
    assert (ending.code, ending.retryable) == ("interrupted", True)
    assert "unterbrochen" in ending.text
    check_numbering(events)
    assert text_of(events) == "Rom "


async def has_text(visitor: Visitor, answer: Message) -> bool:
    return bool((await visitor.message(answer.id)).content)


async def test_an_answer_without_any_lease_does_not_stream_for_ever(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    answer = (await process_of(Script("never")).store(visitor.question())).answer
    await visitor.scope.of(Message).update_one({"_id": answer.id}, {"$set": {"stream": None}})
    process = process_of(Script(*WORDS))

    await taken_over(process)
    assert text_of(await process.follow(visitor, answer.id)) == WHOLE


async def test_a_stop_reaches_the_process_that_writes_through_the_database(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    script = Script("Rome ", asyncio.Event())
    here, elsewhere = process_of(script), process_of(Script("never"))
    answer = await asked_up_to(here, visitor, "Rome ")
    stopped = await elsewhere.stopping.stop(visitor.scope, answer.id, visitor.visitor_id)
    events = await here.follow(visitor, answer.id)

    assert stopped is not None
    assert (stopped.status, stopped.content) == ("stopped", "Rome ")
    assert isinstance(events[-1], AnswerCompleted)
    assert script.closed.is_set()


async def test_a_stop_outlives_the_process_that_wrote(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    dead, new = process_of(Script("Rome ", asyncio.Event())), process_of(Script("never"))
    answer = await asked_up_to(dead, visitor, "Rome ")
    await until(lambda: has_text(visitor, answer))
    dead.die()
    stopping = asyncio.create_task(new.stopping.stop(visitor.scope, answer.id, None))
    await until(lambda: was_told_to_stop(visitor, answer))
    await lapse(visitor, answer)
    await taken_over(new)

    stopped = await stopping
    assert stopped is not None
    assert (stopped.status, stopped.content) == ("stopped", "Rome ")
    assert text_of(await new.follow(visitor, answer.id)) == "Rome "


async def test_whoever_has_seen_every_reserved_number_still_gets_the_end(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    limits = with_limits(ceiling_block=6, store_interval_s=60.0)
    dead = process_of(Script("Rome ", "was ", "not ", asyncio.Event()), limits=limits)
    answer = await asked_up_to(dead, visitor, "Rome was not ")
    assert dead.memory._running[answer.id].events[-1].seq == 6
    dead.die()
    wish = {"$set": {"stop_requested_at": LAPSED, "stream.lease_until": LAPSED}}
    await visitor.scope.of(Message).update_one({"_id": answer.id}, wish)
    new = process_of(Script("never"), limits=limits)
    await taken_over(new)

    events = await new.follow(visitor, answer.id, 6)
    check_numbering(events, after=6)
    assert isinstance(events[-1], AnswerCompleted)


async def was_told_to_stop(visitor: Visitor, answer: Message) -> bool:
    return (await visitor.message(answer.id)).stop_requested_at is not None


async def test_while_the_database_is_away_answers_go_on_and_are_stored_afterwards(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    silence = asyncio.Event()
    limits = with_limits(operation_s=0.2)
    process = process_of(Script("Rome ", silence, *WORDS[1:]), limits=limits)
    answer = await asked_up_to(process, visitor, "Rome ")
    seen = ""
    async for batch in process.following.follow(visitor.scope, answer.id, 0):
        seen += text_of(batch)
        if seen == "Rome ":
            with stopped_mongod(database):
                silence.set()
                await until(lambda: shown_whole(process, answer))

    assert seen == WHOLE
    stored = await visitor.message(answer.id)
    assert (stored.status, stored.content) == ("complete", WHOLE)


async def shown_whole(process: Process, answer: Message) -> bool:
    return text_of(process.memory._running[answer.id].events) == WHOLE


async def test_an_end_that_cannot_be_stored_is_left_to_whoever_reaches_the_database(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    silence = asyncio.Event()
    limits = with_limits(operation_s=0.2, final_store_s=0.3)
    process = process_of(Script("Rome ", silence), Script(*WORDS), limits=limits)
    answer = await asked_up_to(process, visitor, "Rome ")
    following = asyncio.create_task(process.follow(visitor, answer.id))
    with stopped_mongod(database):
        silence.set()
        await process.generations.wait(answer.id, 10)
    assert process.generations.running == 0
    await lapse_if_streaming(visitor, answer)
    await process.recovery.take_over_one()

    events = await following
    check_numbering(events)
    # A write that was given up may still arrive: then the first text is the answer.
    assert text_of(events) in {"Rome ", WHOLE}
    stored = await visitor.message(answer.id)
    assert (stored.status, stored.content) == ("complete", text_of(events))


async def lapse_if_streaming(visitor: Visitor, answer: Message) -> None:
    lapsed = {"$set": {"stream.lease_until": LAPSED}}
    await visitor.scope.of(Message).update_one({"_id": answer.id, "status": "streaming"}, lapsed)


async def test_looking_goes_on_after_the_database_was_away(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script(*WORDS))
    answer = (await process_of(Script("never")).store(visitor.question())).answer
    with stopped_mongod(database):
        looking = asyncio.create_task(process.recovery.run())
        await asyncio.sleep(0)
    await lapse(visitor, answer)

    assert text_of(await process.follow(visitor, answer.id)) == WHOLE
    looking.cancel()
