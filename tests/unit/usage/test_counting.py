"""What is asked counts once: also 200 questions at once, and whatever process dies when."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from documents.base import utc_now
from documents.clients import Client
from documents.database.database import Database
from documents.erasure import erase_visitors
from documents.ids import PydanticObjectId
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import Outcome, WriteSession
from documents.usage_events import UsageEvent
from services.answering.leases import Lease
from services.answering.question_refusals import QuestionRefusedError
from services.answering.telling import tell_end, tell_one_left
from services.conversations.rating import Rater, Ratings, Said
from services.llm.errors import ModelProtocolError
from services.usage.counting import Counting
from services.usage.figures import Figures, usage_of
from services.usage.noting import note_end
from services.usage.refusals import Refusals
from services.visits.visitors import anonymous_visitor
from tests.unit.answering.conftest import MakeProcess, make_log, process_of, redis_url, visitor
from tests.unit.answering.processes import QUICK, Visitor, taken_over, until
from tests.unit.answering.scripted_models import Script

__all__ = ["make_log", "process_of", "redis_url", "visitor"]

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORDS = ("Rome ", "was not ", "built.")


async def month_of(visitor: Visitor) -> Figures:
    """What is counted of the visitor's client in this month."""
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    return (await usage_of(client, None, "day")).totals


async def settled(database: Database, visitor: Visitor) -> Figures:
    await Counting(database, Refusals()).settle(visitor.client_id)
    return await month_of(visitor)


@asynccontextmanager
async def counting(database: Database, processes: int) -> AsyncIterator[None]:
    """Processes that count all the while."""
    tasks = [asyncio.create_task(Counting(database, Refusals()).run()) for _ in range(processes)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_an_answer_counts_with_its_tokens_and_times(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await process_of(Script(*WORDS)).answer(visitor)
    figures = await settled(database, visitor)
    numbers = figures.numbers
    assert (numbers["requests"], numbers["successes"], numbers["quota_used"]) == (1, 1, 1)
    assert (numbers["input_tokens"], numbers["output_tokens"]) == (7, 5)
    assert numbers["conversations"] == 1
    assert figures.first_token_ms.sum() == figures.answer_ms.sum() == 1
    assert figures.visitors == 1


async def test_sixty_questions_at_once_count_exactly(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    all_asked, turns = asyncio.Event(), asyncio.Semaphore(8)
    process = process_of(*(Script(*WORDS, all_asked) for _ in range(60)))

    async def ask() -> None:
        async with turns:
            stranger = await anonymous_visitor(visitor.client_id, None)
            await process.ask(replace(visitor, visitor_id=stranger.id))

    async with counting(database, processes=3):
        await asyncio.gather(*(ask() for _ in range(60)))
        assert process.generations.running == 60
        all_asked.set()

        async def is_idle() -> bool:
            return process.generations.running == 0

        await until(is_idle, seconds=100)
        figures = await settled(database, visitor)
    numbers = figures.numbers
    assert (numbers["requests"], numbers["successes"], numbers["quota_used"]) == (60, 60, 60)
    assert (numbers["input_tokens"], numbers["output_tokens"]) == (420, 300)
    assert figures.answer_ms.sum() == 60
    assert numbers["conversations"] == 60
    assert 58 <= figures.visitors <= 62
    rows = visitor.scope.of(UsageEvent)
    assert await rows.count({"kind": "question"}, limit=300) == 60
    assert await rows.count({"uncounted_since": {"$type": "date"}}, limit=300) == 0


async def test_a_failed_answer_without_text_takes_no_quota(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    broken = ModelProtocolError("broken")
    process = process_of(Script(broken), Script("Rome ", broken))
    await process.answer(visitor)
    assert (await settled(database, visitor)).numbers["quota_used"] == 0
    await process.answer(visitor)
    numbers = (await settled(database, visitor)).numbers
    assert (numbers["requests"], numbers["failures"], numbers["quota_used"]) == (2, 2, 1)


async def test_an_answer_that_was_taken_over_counts_once(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    old, new = process_of(Script("Rome ", asyncio.Event())), process_of(Script(*WORDS))
    asked = await old.ask(visitor)
    old.die()
    await visitor.scope.of(Message).update_one(
        {"_id": asked.answer.id}, {"$set": {"stream.lease_until": asked.answer.created_at}}
    )
    await taken_over(new)
    await new.follow(visitor, asked.answer.id)
    numbers = (await settled(database, visitor)).numbers
    assert (numbers["requests"], numbers["quota_used"]) == (1, 1)


async def test_an_end_that_its_process_did_not_tell_is_counted_by_another_once(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("never"))
    answer = (await process.store(visitor.question())).answer
    ended = await Lease(answer, process.name, QUICK).end(9, {"status": "complete", "content": "x"})
    assert (await settled(database, visitor)).numbers["requests"] == 1, "whoever reads sees it"

    at_once = replace(QUICK, untold_s=0.0)

    async def told() -> bool:
        return await tell_one_left(at_once)

    await until(told)
    await asyncio.gather(*(tell_end(ended) for _ in range(5)))
    numbers = (await settled(database, visitor)).numbers
    assert (numbers["requests"], numbers["quota_used"]) == (1, 1)


class Dying:
    """A database whose process dies just before the transaction is done."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_transaction(
        self, callback: Callable[[WriteSession], Awaitable[Outcome]]
    ) -> Outcome:
        async def dies(session: WriteSession) -> Outcome:
            await callback(session)
            raise asyncio.CancelledError

        return await self._database.run_transaction(dies)


async def test_counting_that_dies_in_the_middle_has_counted_nothing(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await process_of(Script(*WORDS)).answer(visitor)
    with pytest.raises(asyncio.CancelledError):
        await Counting(Dying(database), Refusals()).settle(visitor.client_id)
    assert (await month_of(visitor)).numbers["requests"] == 0
    assert (await settled(database, visitor)).numbers["requests"] == 1
    assert (await settled(database, visitor)).numbers["requests"] == 1


async def test_a_thousand_refusals_of_a_moment_are_one_row(
    visitor: Visitor, database: Database
) -> None:
    refusals = Refusals()
    for _ in range(1_000):
        refusals.note(visitor.client_id, visitor.chatbot_id, "rate_limited")
    refusals.note(visitor.client_id, visitor.chatbot_id, "chatbot_inactive")
    await Counting(database, refusals).settle(visitor.client_id)
    numbers = (await month_of(visitor)).numbers
    assert (numbers["requests"], numbers["failures"], numbers["quota_used"]) == (1_001, 1_001, 0)
    assert await visitor.scope.of(UsageEvent).count({}, limit=10) == 2


async def test_a_refused_question_is_noted_with_its_code(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    noted: list[str] = []
    process = process_of(Script("never"))
    process.asking._note_refusal = lambda _client, _chatbot, code: noted.append(code)
    with pytest.raises(QuestionRefusedError):
        await process.store(visitor.question(in_=PydanticObjectId()))
    assert noted == ["not_found"]


async def test_a_preview_counts_nowhere(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    answer = (await process_of(Script("never")).store(visitor.question())).answer
    preview = answer.model_copy(update={"status": "complete", "preview_until": utc_now()})
    await note_end(preview)
    assert (await settled(database, visitor)).numbers["requests"] == 0


async def test_a_rating_that_is_changed_counts_as_it_is_last(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process, ratings = process_of(Script(*WORDS)), Ratings(database)
    answer = (await process.ask(visitor)).answer
    await process.follow(visitor, answer.id)
    rater = Rater(visitor.client_id, visitor.chatbot_id, visitor.visitor_id)
    said = [Said("up"), Said("up", "Thanks!"), Said("down"), Said(None)]
    counted = []
    for one in said:
        await ratings.rate(rater, answer.id, one)
        numbers = (await settled(database, visitor)).numbers
        counted.append((numbers["feedback_up"], numbers["feedback_down"]))
    assert counted == [(1, 0), (1, 0), (0, 1), (0, 0)]
    assert numbers["requests"] == 1, "a rating is no request"


async def test_rows_of_a_visitor_who_is_gone_lead_to_nobody_and_still_count(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await process_of(Script(*WORDS)).answer(visitor)
    await settled(database, visitor)
    await erase_visitors(visitor.client_id, [visitor.visitor_id])
    rows = TenantScope.one(visitor.client_id).of(UsageEvent)
    assert await rows.count({"visitor_id": visitor.visitor_id}, limit=1) == 0
    assert await rows.count({}, limit=10) == 1
    assert (await settled(database, visitor)).numbers["requests"] == 1
