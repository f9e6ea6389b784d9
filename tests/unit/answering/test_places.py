"""How many answers may be on their way: to one visitor, and from one process."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from documents.base import utc_now
from documents.database.database import Database
from documents.messages import Message
from documents.transactions import WriteSession
from services.answering.asking import Asking
from services.answering.generations import ProcessFullError
from services.answering.question_refusals import QuestionRefusedError, TooManyAtOnceError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Process, Visitor, admit, new_visitor, taken_over
from tests.unit.answering.scripted_models import Script, Step

pytestmark = pytest.mark.asyncio(loop_scope="session")

Outcome = TypeVar("Outcome")
ACCEPTED = "accepted"


class AllLookFirst:
    """Transactions that write only when each of them has taken its view of the database."""

    def __init__(self, database: Database, parties: int) -> None:
        self._database = database
        self._awaited = parties
        self._all_have_looked = asyncio.Event()

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        async def late(session: WriteSession) -> Outcome:
            await self._database.database["messages"].find_one({}, session=session)
            self._awaited -= 1
            if self._awaited == 0:
                self._all_have_looked.set()
            await self._all_have_looked.wait()
            return await callback(session)

        return await self._database.run_transaction(late)


async def outcome_of(asking: Awaitable[object]) -> str:
    try:
        await asking
    except TooManyAtOnceError as refusal:
        return refusal.sentence
    return ACCEPTED


async def test_a_visitor_waits_for_so_many_answers_at_a_time_in_all_processes(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    go_on = asyncio.Event()
    one, other = [process_of(Script("Rome", go_on), most_per_visitor=2) for _ in range(2)]
    first = await one.ask(visitor)
    await other.ask(visitor)
    with pytest.raises(TooManyAtOnceError) as refused:
        await other.ask(visitor)
    assert (refused.value.code, refused.value.sentence) == ("rate_limited", "answers_running")
    assert refused.value.retry_at is not None
    assert timedelta(0) < refused.value.retry_at - utc_now() <= timedelta(seconds=5)
    assert await visitor.scope.of(Message).count(limit=9) == 4, "nothing was stored"
    assert await outcome_of(other.ask(await new_visitor())) == ACCEPTED

    go_on.set()
    await one.follow(visitor, first.answer.id)
    assert await outcome_of(one.ask(visitor)) == ACCEPTED


@pytest.mark.parametrize("parties", [2, 3])
async def test_questions_that_all_look_before_any_of_them_is_stored_do_not_pass_the_limit(
    visitor: Visitor, database: Database, parties: int
) -> None:
    asking = Asking(AllLookFirst(database, parties), "owner", most_per_visitor=1)
    outcomes = await asyncio.gather(
        *(outcome_of(asking.ask(visitor.question(), admit)) for _ in range(parties))
    )
    assert outcomes.count(ACCEPTED) == 1
    assert await visitor.scope.of(Message).count(limit=9) == 2


async def test_the_same_question_at_the_same_moment_is_not_one_too_many(
    visitor: Visitor, database: Database
) -> None:
    asking = Asking(AllLookFirst(database, 3), "owner", most_per_visitor=1)
    question = visitor.question()
    asked = await asyncio.gather(*(asking.ask(question, admit) for _ in range(3)))
    assert sum(one.is_new for one in asked) == 1
    assert len({one.answer.id for one in asked}) == 1
    again = await asking.ask(question, admit)
    assert again.answer.id == asked[0].answer.id, "going on with an answer is always free"


async def test_a_visitor_who_is_gone_asks_nothing(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"))
    nobody = replace(visitor, visitor_id=(await new_visitor()).visitor_id)
    with pytest.raises(QuestionRefusedError) as refused:
        await process.ask(nobody)
    assert refused.value.code == "not_found"
    assert await visitor.scope.of(Message).count(limit=9) == 0


async def test_a_process_keeps_a_place_until_the_answer_runs_and_then_until_its_end(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    go_on = asyncio.Event()
    process = process_of(Script("Rome", go_on), most=1)
    generations = process.generations
    with generations.place() as place, generations.place() as late:
        place.take()
        with pytest.raises(ProcessFullError):
            late.take()
        asked = await process.ask(visitor)
    assert generations.full
    assert not has_place(process), "the answer runs"
    go_on.set()
    await process.follow(visitor, asked.answer.id)
    await generations.wait(asked.answer.id, 60)
    assert has_place(process)


async def test_an_answer_that_begins_takes_one_place_and_not_a_second_for_a_moment(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome", asyncio.Event()), most=2)
    stored = await process.store(visitor.question())
    with process.generations.place() as place:
        place.take()
        beginning = asyncio.create_task(process.generations.start(stored.answer, place=place))
        await asyncio.sleep(0)
        assert process.generations.running
        assert not beginning.done(), "it waits for its log"
        assert has_place(process)
        await beginning
    assert (process.generations.running, process.generations.expected) == (1, 0)


@pytest.mark.parametrize("end", ["stopped", "failed", "broken off"])
async def test_a_place_is_free_however_the_answer_ends(
    visitor: Visitor, process_of: MakeProcess, end: str
) -> None:
    said: tuple[Step, ...] = ("Rome", RuntimeError("x") if end == "failed" else asyncio.Event())
    process = process_of(Script(*said), most=1, most_per_visitor=1)
    asked = await process.ask(visitor)
    if end == "stopped":
        process.generations.stop(asked.answer.id)
    elif end == "broken off":
        process.die()
    await process.generations.wait(asked.answer.id, 60)
    assert has_place(process)
    if end != "broken off":
        assert await outcome_of(process.ask(visitor)) == ACCEPTED


async def test_an_answer_whose_server_died_counts_for_its_visitor_until_another_ends_it(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    dying = process_of(Script("Rome", asyncio.Event()), most_per_visitor=1)
    other = process_of(Script("Paris"), most_per_visitor=1)
    asked = await dying.ask(visitor)
    dying.die()
    assert await outcome_of(other.store(visitor.question())) == "answers_running"
    await taken_over(other)
    await other.follow(visitor, asked.answer.id)
    assert await outcome_of(other.store(visitor.question())) == ACCEPTED


def has_place(process: Process) -> bool:
    """Whether a new question would get a place, which is given back at once."""
    try:
        with process.generations.place() as place:
            place.take()
    except ProcessFullError:
        return False
    return True


async def test_a_place_is_free_again_when_the_question_is_refused(
    process_of: MakeProcess,
) -> None:
    process = process_of(Script("Rome"), most=1)
    with suppress(QuestionRefusedError), process.generations.place() as place:
        place.take()
        raise QuestionRefusedError("maintenance")
    assert has_place(process)


async def test_a_full_process_leaves_lapsed_answers_to_others(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    go_on = asyncio.Event()
    full, free = process_of(Script("A", go_on), most=1), process_of(Script("B"), most=1)
    running = await full.ask(visitor)
    dying = process_of(Script("C", asyncio.Event()))
    lapsed = await dying.store(visitor.question())
    await visitor.scope.of(Message).update_one(
        {"_id": lapsed.answer.id}, {"$set": {"stream.lease_until": utc_now()}}
    )
    assert not await full.recovery.take_over_one()
    assert await free.recovery.take_over_one()
    go_on.set()
    await full.follow(visitor, running.answer.id)
