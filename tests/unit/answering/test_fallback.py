"""When a model is out of order another one answers, unless the visitor has seen text already."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.llm_configs import Circuit, LlmConfig
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from services.answering.events import AnswerCompleted, AnswerEvent, AnswerFailed, AnswerStep
from services.answering.memory_event_log import MemoryEventLog
from services.answering.route_policy import STRICT, RoutePolicy
from services.llm.errors import (
    ModelAddressError,
    ModelError,
    ModelProtocolError,
    ModelRejectedError,
    ModelServerError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnreachableError,
)
from services.llm.model import ModelFinished
from tests.unit.answering.conftest import MakeLog, MakeProcess
from tests.unit.answering.furnishing import default_model, fallback_model, limit, month_of
from tests.unit.answering.processes import Process, Visitor, text_of, until
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOWN = ModelServerError("down", status=503)
OUT_OF_ORDER: dict[str, ModelError] = {
    "unreachable": ModelUnreachableError("reset"),
    "connect": ModelTimeoutError("late", stage="connect"),
    "first token": ModelTimeoutError("late", stage="first_token"),
    "429": ModelThrottledError("slow down", retry_after_s=17),
    "500": DOWN,
}
TO_BE_MENDED: dict[str, ModelError] = {
    "bad key": ModelRejectedError("bad key", status=401),
    "no JSON": ModelProtocolError("{{{"),
    "private address": ModelAddressError("private"),
}
PROVIDER = {"provider": "openai_compatible", "model": "first"}


@pytest.fixture
def make_log() -> MakeLog:
    return MemoryEventLog


async def stored_answer(visitor: Visitor, events: Sequence[AnswerEvent]) -> Message:
    return await visitor.message(events[0].message_id)  # type: ignore[union-attr]


def steps_of(events: Sequence[AnswerEvent]) -> list[str]:
    return [event.step for event in events if isinstance(event, AnswerStep)]


@pytest.mark.parametrize("trouble", OUT_OF_ORDER)
async def test_the_fallback_answers_for_a_model_out_of_order_and_is_billed_alone(
    visitor: Visitor, process_of: MakeProcess, trouble: str
) -> None:
    await default_model(visitor, output_cost_per_1k_tokens=9, **PROVIDER)
    second = await fallback_model(visitor, output_cost_per_1k_tokens=1)
    whole = ModelFinished("stop", input_tokens=5, output_tokens=100)
    process = process_of(
        Script(OUT_OF_ORDER[trouble]), Script("Rome was ", "not.", ends_with=whole)
    )
    events = await process.answer(visitor)

    assert isinstance(events[-1], AnswerCompleted)
    assert text_of(events) == "Rome was not."
    assert steps_of(events) == ["retrieving", "thinking", "fallback"]
    stored = await stored_answer(visitor, events)
    assert (stored.llm_config_id, stored.llm_name) == (second.id, "Second")
    assert (stored.output_tokens, stored.cost_micros, stored.estimated) == (100, 100_000, False)
    [thought, fell_back] = stored.trace[1:]
    assert (thought.step, thought.detail) == ("thinking", OUT_OF_ORDER[trouble].problem)
    assert (fell_back.step, fell_back.outcome) == ("fallback", "Second")


@pytest.mark.parametrize("trouble", TO_BE_MENDED)
async def test_what_somebody_has_to_put_right_does_not_fall_back(
    visitor: Visitor, process_of: MakeProcess, trouble: str
) -> None:
    await fallback_model(visitor)
    events = await process_of(Script(TO_BE_MENDED[trouble]), Script("never")).answer(visitor)
    assert isinstance(events[-1], AnswerFailed)
    assert steps_of(events) == ["retrieving", "thinking"]


async def test_another_policy_falls_back_on_that_too(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await fallback_model(visitor)
    lenient = RoutePolicy(falls_back_on=(ModelError,))
    process = process_of(Script(TO_BE_MENDED["bad key"]), Script("Rome."), policy=lenient)
    assert text_of(await process.answer(visitor)) == "Rome."


async def test_a_model_that_dies_in_the_middle_keeps_its_text_and_nobody_answers_for_it(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    first = await default_model(visitor, output_cost_per_1k_tokens=1, **PROVIDER)
    await fallback_model(visitor)
    process = process_of(Script("Rome was ", OUT_OF_ORDER["unreachable"]), Script("never"))
    events = await process.answer(visitor)

    assert isinstance(events[-1], AnswerFailed)
    assert (events[-1].code, events[-1].retryable) == ("provider_failed", True)
    stored = await stored_answer(visitor, events)
    assert (stored.content, stored.llm_config_id) == ("Rome was ", first.id)
    assert (stored.cost_micros, stored.estimated) == (3_000, True)


async def test_both_out_of_order_is_one_failure(visitor: Visitor, process_of: MakeProcess) -> None:
    await fallback_model(visitor)
    throttled = ModelThrottledError("slow down", retry_after_s=60)
    events = await process_of(Script(DOWN), Script(throttled)).answer(visitor)
    failed = events[-1]
    assert isinstance(failed, AnswerFailed)
    assert failed.retryable
    assert failed.retry_at is not None
    assert timedelta(seconds=50) < failed.retry_at - utc_now() <= timedelta(seconds=60)


async def test_a_fallback_that_is_switched_off_is_none(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await fallback_model(visitor, active=False)
    events = await process_of(Script(DOWN), Script("never")).answer(visitor)
    assert isinstance(events[-1], AnswerFailed)


class CircuitSeen:
    """The chatbot's default model, failing and mended, in several processes."""

    def __init__(self, visitor: Visitor, config: LlmConfig) -> None:
        self.visitor = visitor
        self.config = config

    async def circuit(self) -> Circuit | None:
        found = await LlmConfig.get(self.config.id)
        assert found is not None
        return found.circuit

    async def time_is_over(self) -> None:
        """The pause has passed; a probe may begin."""
        now = utc_now() - timedelta(seconds=1)
        await LlmConfig.get_pymongo_collection().update_one(
            {"_id": self.config.id}, {"$set": {"circuit.open_until": now}}
        )

    async def told(self) -> list[OutboxEntry]:
        entries = self.visitor.scope.of(OutboxEntry)
        return await entries.find({"kind": "llm.circuit_opened"}, limit=10)


@pytest_asyncio.fixture(loop_scope="session")
async def seen(visitor: Visitor) -> CircuitSeen:
    config = await default_model(visitor, **PROVIDER)
    await fallback_model(visitor, provider="local")
    return CircuitSeen(visitor, config)


async def test_a_model_that_fails_again_and_again_is_left_alone_by_every_process(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    failing, second = Script(DOWN), Script("Second.")
    first_process = process_of(failing, second, failing, second, policy=replace(STRICT, failures=2))
    for _ in range(2):
        await first_process.answer(visitor)
    circuit = await seen.circuit()
    assert circuit is not None
    assert circuit.problem == "down"
    assert circuit.open_until - circuit.opened_at == timedelta(seconds=STRICT.open_s)

    other_process = process_of(Script("Second."))
    events = await other_process.answer(visitor)
    assert text_of(events) == "Second."
    assert other_process.models.created == 1, "the first one was not even asked"
    [entry] = await seen.told()
    assert entry.facts["llm"] == seen.config.name


async def test_one_question_tries_again_and_success_closes_the_circuit(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    await open_circuit(visitor, process_of, seen)
    go_on = asyncio.Event()
    probe = Script(go_on, "First.")
    probing, other = process_of(probe), process_of(Script("Second."))
    asked = await probing.ask(visitor)
    await probe.asked.wait()
    assert text_of(await other.answer(visitor)) == "Second.", "one tries, the others go past it"
    go_on.set()
    assert text_of(await probing.follow(visitor, asked.answer.id)) == "First."

    async def closed() -> bool:
        return await seen.circuit() is None

    await until(closed)
    assert len(await seen.told()) == 1


async def test_a_try_that_is_broken_off_is_the_next_questions(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    await open_circuit(visitor, process_of, seen)
    probe = Script(asyncio.Event())
    probing = process_of(probe, Script("First."))
    asked = await probing.ask(visitor)
    await probe.asked.wait()
    await probing.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)

    async def may_be_tried() -> bool:
        circuit = await seen.circuit()
        return circuit is not None and circuit.open_until <= utc_now()

    await until(may_be_tried)
    assert text_of(await probing.answer(visitor)) == "First."


async def test_a_failing_try_leaves_it_alone_for_twice_as_long_and_is_told_to_nobody(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    await open_circuit(visitor, process_of, seen)
    process = process_of(Script(DOWN), Script("Second."))
    assert text_of(await process.answer(visitor)) == "Second."
    circuit = await seen.circuit()
    assert circuit is not None
    assert circuit.times == 2
    assert circuit.open_until > utc_now() + timedelta(seconds=STRICT.open_s)
    assert len(await seen.told()) == 1


async def test_a_try_that_the_provider_refuses_closes_the_circuit_for_somebody_to_notice(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    await open_circuit(visitor, process_of, seen)
    process = process_of(Script(ModelRejectedError("bad key", status=401)), Script("Second."))
    assert isinstance((await process.answer(visitor))[-1], AnswerFailed)
    assert await seen.circuit() is None


async def test_a_model_that_breaks_off_after_it_has_spoken_is_not_left_alone(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    """Else one tenant's endless answers would take a model of the platform from all others."""
    process = process_of(Script("Rome was ", DOWN), policy=replace(STRICT, failures=1))
    assert isinstance((await process.answer(visitor))[-1], AnswerFailed)
    assert await seen.circuit() is None


async def open_circuit(visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen) -> None:
    """Let the default model fail until it is left alone, and the pause pass."""
    process = process_of(Script(DOWN), Script("Second."), policy=replace(STRICT, failures=1))
    await process.answer(visitor)
    assert await seen.circuit() is not None
    await seen.time_is_over()


async def test_without_a_fallback_a_model_left_alone_fails_at_once_and_says_when_to_come_back(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    config = await default_model(visitor, **PROVIDER)
    until_then = utc_now() + timedelta(seconds=20)
    await config.set({"circuit": Circuit(opened_at=utc_now(), open_until=until_then, problem="x")})
    process = process_of(Script("never"))
    ending = (await process.answer(visitor))[-1]
    assert isinstance(ending, AnswerFailed)
    assert (ending.code, ending.retry_at) == ("provider_failed", until_then)
    assert process.models.created == 0


async def test_a_provider_that_asks_for_patience_gets_it_within_reason(
    visitor: Visitor, process_of: MakeProcess, seen: CircuitSeen
) -> None:
    throttled = Script(ModelThrottledError("slow", retry_after_s=86_400))
    process = process_of(throttled, Script("Second."), policy=replace(STRICT, failures=1))
    await process.answer(visitor)
    circuit = await seen.circuit()
    assert circuit is not None
    pause = circuit.open_until - circuit.opened_at
    assert pause == timedelta(seconds=STRICT.longest_open_s)


async def ended(process: Process, visitor: Visitor, answer: Message) -> AnswerEvent:
    return (await process.follow(visitor, answer.id))[-1]


async def test_no_model_gives_more_answers_at_a_time_than_it_may(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, max_concurrency=2, **PROVIDER)
    counts: list[int] = []
    running = 0
    go_on = asyncio.Event()

    def begin() -> None:
        nonlocal running
        running += 1
        counts.append(running)

    def end() -> None:
        nonlocal running
        running -= 1

    process = process_of(Script(begin, go_on, "Rome.", end))
    answers = [(await process.ask(visitor)).answer for _ in range(6)]

    async def two_run() -> bool:
        return running == 2

    await until(two_run)
    go_on.set()
    endings = [await ended(process, visitor, one) for one in answers]
    assert all(isinstance(one, AnswerCompleted) for one in endings)
    assert max(counts) == 2
    assert len(counts) == 6


@pytest.mark.parametrize("policy", [{"waiting_share": 0.0}, {"wait_s": 0.0}])
async def test_who_finds_no_place_gets_the_fallback_or_is_told_so(
    visitor: Visitor, process_of: MakeProcess, policy: dict[str, Any]
) -> None:
    await default_model(visitor, max_concurrency=1, **PROVIDER)
    go_on = asyncio.Event()
    script = Script(go_on, "First.")
    process = process_of(script, policy=replace(STRICT, **policy))
    first = (await process.ask(visitor)).answer
    await script.asked.wait()
    busy = (await process.answer(visitor))[-1]
    assert isinstance(busy, AnswerFailed)
    assert (busy.code, busy.retryable) == ("provider_failed", True)
    assert "busy" in busy.text
    assert busy.retry_at is not None

    await fallback_model(visitor, max_concurrency=5)
    process.models._scripts = [Script("Second.")]
    assert text_of(await process.answer(visitor)) == "Second."
    go_on.set()
    assert isinstance(await ended(process, visitor, first), AnswerCompleted)


async def test_a_stopped_answer_leaves_its_place_to_the_next(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await default_model(visitor, max_concurrency=1, **PROVIDER)
    first = Script(asyncio.Event())
    process = process_of(first, Script("Rome."))
    hanging = (await process.ask(visitor)).answer
    await first.asked.wait()
    waiting = (await process.ask(visitor)).answer
    also_waiting = (await process.ask(visitor)).answer
    await process.stopping.stop(visitor.scope, waiting.id, visitor.visitor_id)
    await process.stopping.stop(visitor.scope, hanging.id, visitor.visitor_id)
    assert isinstance(await ended(process, visitor, also_waiting), AnswerCompleted)


async def test_thresholds_are_told_once_each(visitor: Visitor, process_of: MakeProcess) -> None:
    await default_model(visitor, output_cost_per_1k_tokens=1, max_tokens=1000)
    await limit(
        visitor, monthly_quota=5, hard_quota=9, budget={"micros": 5_000_000, "currency": "USD"}
    )
    whole = ModelFinished("stop", input_tokens=5, output_tokens=1000)
    process = process_of(Script("Rome.", ends_with=whole))
    expected: dict[int, list[tuple[str, Any]]] = {
        4: [("budget", 80), ("quota", 80)],
        5: [("budget", 80), ("budget", 100), ("quota", 80), ("quota", 100)],
    }
    for number in range(1, 6):
        await process.answer(visitor)

        async def told(wanted: int = number) -> bool:
            month = await month_of(visitor)
            return month.used == wanted and await alerts(visitor) == expected.get(wanted, [])

        await until(told)


async def alerts(visitor: Visitor) -> list[tuple[str, Any]]:
    """What was told of the client's limits."""
    kinds = {"kind": {"$in": ["quota.threshold", "budget.threshold"]}}
    found = await visitor.scope.of(OutboxEntry).find(kinds, limit=10)
    return sorted((one.kind.split(".")[0], one.facts["share"]) for one in found)
