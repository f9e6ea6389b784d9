"""Nobody gets more answers, or spends more, than the client's month holds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from documents.base import utc_now
from documents.clients import Budget, Client
from documents.database.database import Database
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from documents.usage_months import UsageMonth
from services.answering.events import AnswerCompleted, AnswerEvent, AnswerFailed, AnswerStep
from services.answering.memory_event_log import MemoryEventLog
from services.answering.question_refusals import QuestionRefusedError
from services.answering.telling import tell_end
from services.llm.errors import ModelServerError
from services.llm.model import ModelFinished
from services.usage.leftovers import Leftovers
from services.usage.reservations import Wish, reserve_one_of
from services.visits.visitors import anonymous_visitor
from tests.unit.answering.conftest import MakeLog, MakeProcess
from tests.unit.answering.furnishing import default_model, fallback_model, limit, month_of
from tests.unit.answering.processes import Patient, Process, Visitor, taken_over, text_of, until
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

A_MILLION = 1_000_000
DEAR = {"output_cost_per_1k_tokens": 1, "max_tokens": 1000}
"""An answer of the most tokens costs exactly one unit of money."""

WHOLE = ModelFinished("stop", input_tokens=10, output_tokens=1000)


@pytest.fixture
def make_log() -> MakeLog:
    return MemoryEventLog


async def outcome(process: Process, visitor: Visitor) -> AnswerEvent | QuestionRefusedError:
    """The last event of an answer, or why there is none."""
    try:
        return (await process.answer(visitor))[-1]
    except QuestionRefusedError as refusal:
        return refusal


@dataclass(frozen=True)
class Asked:
    """A question that was put to a process; `refusal` is set when it was not accepted."""

    process: Process
    answer: Message | None
    refusal: QuestionRefusedError | None = None

    async def end(self, visitor: Visitor) -> AnswerEvent | QuestionRefusedError:
        """The last event of the answer, or why there is none."""
        if self.answer is None:
            assert self.refusal is not None
            return self.refusal
        return (await self.process.follow(visitor, self.answer.id))[-1]


async def asked_by_strangers(
    database: Database, visitor: Visitor, processes: Sequence[Process], count: int
) -> list[Asked]:
    """So many questions, each of another visitor of the chatbot, a few arriving at a time.

    Nothing waits for the end of an answer before the next is asked.
    """
    turns = asyncio.Semaphore(6)
    for process in processes:
        process.asking._transactions = Patient(database)

    async def ask(number: int) -> Asked:
        process = processes[number % len(processes)]
        async with turns:
            stranger = await anonymous_visitor(visitor.client_id, None)
            try:
                asked = await process.ask(replace(visitor, visitor_id=stranger.id))
            except QuestionRefusedError as refusal:
                return Asked(process, None, refusal)
            return Asked(process, asked.answer)

    return await asyncio.gather(*(ask(number) for number in range(count)))


async def untouched(visitor: Visitor) -> UsageMonth:
    """The month once nothing is reserved in it any more."""

    async def nothing_is() -> bool:
        return (await month_of(visitor)).holds == 0

    await until(nothing_is)
    month = await visitor.scope.of(UsageMonth).find_one({})
    assert month is not None
    assert (month.held, month.reserved, month.reserved_micros) == ({}, 0, 0)
    return month


async def test_200_questions_at_once_spend_a_budget_for_50_and_not_more(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, budget=Budget(micros=50 * A_MILLION, currency="USD").model_dump())
    all_asked = asyncio.Event()
    processes = [process_of(Script(all_asked, "Rome.", ends_with=WHOLE)) for _ in range(4)]
    asked = await asked_by_strangers(database, visitor, processes, 200)

    async def all_reserved() -> bool:
        month = await month_of(visitor)
        assert month.spent_micros + month.reserved_micros <= 50 * A_MILLION
        return month.holds == 50

    await until(all_reserved, 60)
    all_asked.set()
    ends = [await one.end(visitor) for one in asked]

    answered = [end for end in ends if isinstance(end, AnswerCompleted)]
    refused = [end for end in ends if not isinstance(end, AnswerCompleted)]
    assert (len(answered), len(refused)) == (50, 150)
    assert {getattr(end, "code", None) for end in refused} == {"budget_exceeded"}
    month = await untouched(visitor)
    assert (month.spent_micros, month.used) == (50 * A_MILLION, 50)


async def test_60_questions_at_once_are_answered_40_times_with_a_quota_of_40(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    await limit(visitor, monthly_quota=40)
    process = process_of(Script("Rome."))
    asked = await asked_by_strangers(database, visitor, [process], 60)
    ends = [await one.end(visitor) for one in asked]

    assert sum(isinstance(end, AnswerCompleted) for end in ends) == 40
    assert (await untouched(visitor)).used == 40


async def test_from_the_soft_quota_on_the_fallback_answers_and_from_the_hard_one_on_nobody(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await limit(visitor, monthly_quota=1, hard_quota=2, time_zone="Europe/Berlin")
    second = await fallback_model(visitor)
    process = process_of(Script("By one."), Script("By the other."))
    first = await process.answer(visitor)
    events = await process.answer(visitor)
    refusal = await outcome(process, visitor)

    assert (text_of(first), text_of(events)) == ("By one.", "By the other.")
    assert [one.step for one in events if isinstance(one, AnswerStep)] == ["retrieving", "fallback"]
    assert isinstance(events[-1], AnswerCompleted)
    assert (await visitor.message(events[-1].message_id)).llm_config_id == second.id
    assert isinstance(refusal, QuestionRefusedError)
    assert refusal.code == "quota_exceeded"
    assert refusal.retry_at is not None
    assert refusal.day is not None
    assert refusal.day.day == 1
    assert str(refusal.day.year) in refusal.said("de")
    assert await visitor.scope.of(Message).count(limit=10) == 4, "nothing of a refusal is stored"


async def test_without_a_fallback_the_soft_quota_is_the_end(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await limit(visitor, monthly_quota=1, hard_quota=5)
    process = process_of(Script("Rome."))
    await process.answer(visitor)
    refusal = await outcome(process, visitor)
    assert getattr(refusal, "code", None) == "quota_exceeded"


async def test_what_the_budget_holds_no_more_the_cheaper_fallback_answers(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, budget=Budget(micros=A_MILLION, currency="USD").model_dump())
    await fallback_model(visitor, provider="local")
    process = process_of(
        Script("Dear.", ends_with=WHOLE), Script("Free.", ends_with=ModelFinished("stop"))
    )
    texts = [text_of(await process.answer(visitor)) for _ in range(3)]
    assert texts == ["Dear.", "Free.", "Free."]
    assert (await untouched(visitor)).spent_micros == A_MILLION


async def test_an_answer_that_fails_without_text_takes_nothing(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, monthly_quota=1)
    process = process_of(Script(ModelServerError("down", status=503)), Script("Rome."))
    failed = await process.answer(visitor)
    assert isinstance(failed[-1], AnswerFailed)
    assert (await untouched(visitor)).used == 0
    assert isinstance((await process.answer(visitor))[-1], AnswerCompleted)
    month = await untouched(visitor)
    assert month.used == 1


async def test_an_answer_that_breaks_off_counts_with_what_it_said(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, provider="openai_compatible", **DEAR)
    process = process_of(Script("Rome was ", ModelServerError("down", status=None)))
    [started, *_] = await process.answer(visitor)
    month = await untouched(visitor)
    stored = await visitor.message(started.message_id)  # type: ignore[union-attr]
    assert stored.estimated is True
    assert stored.output_tokens == 3, "nine bytes, about four to a token"
    assert (month.used, month.spent_micros) == (1, 3_000)


async def test_another_answer_to_a_question_is_one_more_and_telling_twice_is_not(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome."))
    asked = await process.ask(visitor)
    await process.follow(visitor, asked.answer.id)
    again = await process.answer_again(visitor, asked.answer.id)
    await process.follow(visitor, again.answer.id)
    assert (await untouched(visitor)).used == 2
    await tell_end(await visitor.message(again.answer.id))
    assert (await untouched(visitor)).used == 2


async def test_what_a_dead_process_reserved_is_settled_by_the_one_that_ends_the_answer(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, budget=Budget(micros=A_MILLION, currency="USD").model_dump())
    hanging = Script("Rome was ", asyncio.Event())
    first, second = process_of(hanging), process_of(Script("Rome.", ends_with=WHOLE))
    asked = await first.ask(visitor)
    await hanging.asked.wait()
    first.die()
    assert (await month_of(visitor)).reserved_micros == A_MILLION
    await taken_over(second)
    events = await second.follow(visitor, asked.answer.id)

    assert text_of(events) == "Rome."
    month = await untouched(visitor)
    assert (month.used, month.spent_micros) == (1, A_MILLION), "one bill"


async def test_what_is_reserved_for_an_answer_that_was_erased_is_given_back(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    hanging = Script("Rome was ", asyncio.Event())
    process = process_of(hanging)
    asked = await process.ask(visitor)
    await hanging.asked.wait()
    process.die()
    await Leftovers().look()
    assert (await month_of(visitor)).reserved == 1, "it may be on its way"
    leftovers = Leftovers(timedelta(0))
    await leftovers.look()
    assert (await month_of(visitor)).reserved == 1, "somebody will take it over"
    await visitor.scope.of(Message).delete_many({"_id": asked.answer.id})
    await leftovers.look()
    assert (await untouched(visitor)).used == 0


async def test_a_preview_takes_money_and_no_question(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, monthly_quota=0, budget={"micros": A_MILLION, "currency": "USD"})
    process = process_of(Script("Rome.", ends_with=WHOLE))
    ends = [await preview_end(process, visitor) for _ in range(2)]
    assert isinstance(ends[0], AnswerCompleted)
    assert getattr(ends[1], "code", None) == "budget_exceeded"
    month = await untouched(visitor)
    assert (month.used, month.spent_micros) == (0, A_MILLION)


async def preview_end(process: Process, visitor: Visitor) -> AnswerEvent:
    """The last event of an answer in a preview."""
    question = visitor.question()
    until_then = utc_now() + timedelta(hours=1)
    asker = replace(question.asker, preview_until=until_then)
    asked = await process.ask(visitor, replace(question, asker=asker))
    return (await process.follow(visitor, asked.answer.id))[-1]


async def test_a_prompt_that_was_read_costs_also_when_nobody_waits_for_a_word(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, provider="openai_compatible", input_cost_per_1k_tokens=1)
    hanging = Script(asyncio.Event(), "Rome.")
    process = process_of(hanging)
    asked = await process.ask(visitor)
    await hanging.asked.wait()
    await process.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)
    month = await untouched(visitor)
    stored = await visitor.message(asked.answer.id)
    assert stored.estimated is True
    assert (stored.output_tokens, month.spent_micros) == (0, stored.cost_micros)
    assert month.spent_micros > 0


async def test_text_of_a_process_that_died_costs_what_was_reserved(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    """Whoever ends such an answer without another turn does not know what it cost."""
    await default_model(visitor, **DEAR)
    hanging = Script("Rome was ", asyncio.Event())
    first, second = process_of(hanging), process_of(Script("never"))
    asked = await first.ask(visitor)
    await hanging.asked.wait()

    async def is_stored() -> bool:
        return (await visitor.message(asked.answer.id)).content == "Rome was "

    await until(is_stored)
    first.die()
    stop = {"$set": {"stop_requested_at": utc_now()}}
    await visitor.scope.of(Message).update_one({"_id": asked.answer.id}, stop)
    await taken_over(second)
    month = await untouched(visitor)
    assert (month.used, month.spent_micros) == (1, A_MILLION)


async def test_what_a_process_reserves_that_lost_its_answer_is_not_counted(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    process = process_of(Script("Rome.", ends_with=WHOLE))
    asked = await process.ask(visitor)
    await process.follow(visitor, asked.answer.id)
    before = await untouched(visitor)
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    assert asked.answer.stream is not None
    asked.answer.stream.generation -= 1  # as the process knew it, before it stood still
    await reserve_one_of(client, asked.answer, [Wish("soft", A_MILLION)])
    await Leftovers(timedelta(0)).look()
    after = await untouched(visitor)
    assert (after.used, after.spent_micros) == (before.used, before.spent_micros)


async def test_a_free_model_answers_also_when_the_budget_cannot_pay_its_fallback(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor)
    await fallback_model(visitor, **DEAR)
    await limit(visitor, budget=Budget(micros=A_MILLION // 2, currency="USD").model_dump())
    assert isinstance(await outcome(process_of(Script("Rome.")), visitor), AnswerCompleted)
    assert (await untouched(visitor)).spent_micros == 0


async def test_a_budget_with_less_left_than_an_answer_may_cost_is_told_as_used_up(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, **DEAR)
    await limit(visitor, budget=Budget(micros=A_MILLION * 3 // 2, currency="USD").model_dump())
    process = process_of(Script("Rome.", ends_with=WHOLE))
    assert isinstance(await outcome(process, visitor), AnswerCompleted)
    assert await shares_told(visitor) == []
    for _ in range(2):
        assert not isinstance(await outcome(process, visitor), AnswerCompleted)
    assert await shares_told(visitor) == [100]


async def shares_told(visitor: Visitor) -> list[int | str]:
    """The thresholds of the budget that were told."""
    entries = visitor.scope.of(OutboxEntry)
    return [one.facts["share"] for one in await entries.find({"kind": "budget.threshold"}, limit=9)]
