"""Whatever a language model does, its answer ends, and says so to everybody who follows."""

import asyncio
from itertools import count
from typing import Any

import pytest
import structlog

from documents.database.driver import operation_deadline
from documents.messages import Message
from services.answering.answer_writer import EVENTS_PER_TURN
from services.answering.events import AnswerCompleted, AnswerDelta, AnswerFailed, AnswerStarted
from services.llm.errors import ModelServerError
from services.llm.model import LanguageModel, ModelFinished
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import (
    PATIENCE_SECONDS,
    Process,
    Visitor,
    check_numbering,
    taken_over,
    text_of,
    until,
    with_limits,
)
from tests.unit.answering.scripted_models import (
    Endless,
    FailsToClose,
    NeverCloses,
    Script,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_begins_and_ends_and_is_stored_as_it_was_shown(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome ", "was not."))
    events = await process.answer(visitor)

    check_numbering(events)
    assert isinstance(events[0], AnswerStarted)
    assert isinstance(events[-1], AnswerCompleted)
    stored = await visitor.message(events[0].message_id)
    assert stored.status == "complete"
    assert stored.content == text_of(events) == "Rome was not."
    assert stored.input_tokens == 7
    assert stored.stream is not None
    assert (stored.stream.owner, stored.stream.lease_until) == (None, None)
    assert stored.stream.last_seq == events[-1].seq
    assert (await visitor.conversation(stored.conversation_id)).language == "en"


BROKEN: dict[str, tuple[LanguageModel, str, bool, str]] = {
    "an error at once": (Script(ModelServerError("down", status=503)), "provider_failed", True, ""),
    "an error after text": (
        Script("Rome", ModelServerError("down", status=None)),
        "provider_failed",
        True,
        "Rome",
    ),
    "a bug": (Script("Rome", ZeroDivisionError()), "provider_failed", True, "Rome"),
    "a torn down connection": (
        Script("Rome", asyncio.CancelledError()),
        "provider_failed",
        True,
        "Rome",
    ),
    "nothing at all": (Script(), "provider_failed", True, ""),
    "only blanks": (Script(" ", "\n"), "provider_failed", True, " \n"),
    "no end": (Script("Rome", ends_with=None), "provider_failed", True, "Rome"),
    "a refusal without a word": (
        Script(ends_with=ModelFinished("refusal")),
        "blocked",
        False,
        "",
    ),
    "an error while closing after an error": (
        FailsToClose("Rome", ModelServerError("down", status=503)),
        "provider_failed",
        True,
        "Rome",
    ),
}


@pytest.mark.parametrize("trouble", BROKEN)
async def test_a_broken_model_is_a_failure_with_a_sentence(
    visitor: Visitor, process_of: MakeProcess, trouble: str
) -> None:
    model, code, retryable, text = BROKEN[trouble]
    events = await process_of(model).answer(visitor, "Wurde Rom an einem Tag erbaut?")

    check_numbering(events)
    ending = events[-1]
    assert isinstance(ending, AnswerFailed)
    assert (ending.code, ending.retryable) == (code, retryable)
    assert "Assistent" in ending.text
    assert text_of(events) == text
    assert isinstance(events[0], AnswerStarted)
    stored = await visitor.message(events[0].message_id)
    assert (stored.status, stored.content) == ("failed", text)


@pytest.mark.parametrize("reason", ["length", "refusal", "other"])
async def test_why_a_model_stopped_early_is_kept(
    visitor: Visitor, process_of: MakeProcess, reason: Any
) -> None:
    process = process_of(Script("Rome was", ends_with=ModelFinished(reason)))
    events = await process.answer(visitor)

    assert isinstance(events[-1], AnswerCompleted)
    stored = await visitor.message(events[-1].message_id)
    assert stored.status == "complete"
    assert stored.trace[-1].detail == reason


async def test_a_model_that_breaks_after_its_last_word_does_not_spoil_the_answer(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    events = await process_of(FailsToClose("Rome was not.")).answer(visitor)
    assert isinstance(events[-1], AnswerCompleted)


async def test_an_answer_without_end_is_cut_off(visitor: Visitor, process_of: MakeProcess) -> None:
    process = process_of(Script(*["x" * 100_000] * 11))
    events = await process.answer(visitor)

    assert isinstance(events[-1], AnswerFailed)
    assert len(text_of(events)) == 1_000_000


async def test_a_hundred_thousand_tokens_arrive_one_by_one_and_starve_nobody(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    tokens = [f"{number} " for number in range(100_000)]
    process = process_of(Script(*tokens))
    answering = asyncio.create_task(process.answer(visitor))
    written = longest = 0
    while not answering.done():
        await asyncio.sleep(0)
        before, written = written, sum(len(log.events) for log in process.memory._running.values())
        longest = max(longest, written - before)
    events = await answering

    check_numbering(events)
    assert text_of(events) == "".join(tokens)
    assert sum(isinstance(event, AnswerDelta) for event in events) == len(tokens)
    assert 0 < longest <= EVENTS_PER_TURN


async def test_a_model_that_never_waits_can_be_stopped(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Endless())
    asked = await process.ask(visitor)
    following = asyncio.create_task(process.follow(visitor, asked.answer.id))
    await until(lambda: has_text(process, visitor, asked.answer))

    stopped = await process.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)
    events = await following

    assert stopped is not None
    assert stopped.status == "stopped"
    assert stopped.content == text_of(events)


async def has_text(process: Process, visitor: Visitor, answer: Message) -> bool:
    return bool((await visitor.message(answer.id)).content)


async def test_a_turn_that_takes_too_long_ends(visitor: Visitor, process_of: MakeProcess) -> None:
    script = Script("Rome ", asyncio.Event())
    events = await process_of(script, limits=with_limits(turn_s=0.2)).answer(visitor)

    assert isinstance(events[-1], AnswerFailed)
    assert text_of(events) == "Rome "
    assert script.closed.is_set()


async def test_a_provider_that_cannot_be_closed_does_not_keep_the_answer_open(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    model = NeverCloses("Rome ", "was not.")
    process = process_of(model)
    asked = await process.ask(visitor)
    await model.asked.wait()

    stopped = await process.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)
    events = await process.follow(visitor, asked.answer.id)
    model.go_on.set()
    await model.closed.wait()

    assert stopped is not None
    assert stopped.status == "stopped"
    check_numbering(events)
    assert await process.follow(visitor, asked.answer.id) == events, "nothing after the end"


@pytest.mark.parametrize("said", range(4))
async def test_stopping_at_any_word_keeps_what_was_shown(
    visitor: Visitor, process_of: MakeProcess, said: int
) -> None:
    words, silence = ["Rome ", "was ", "not."], asyncio.Event()
    script = Script(*words[:said], silence, *words[said:])
    process = process_of(script)
    asked = await process.ask(visitor)
    await script.asked.wait()
    answers = await asyncio.gather(
        *(process.stopping.stop(visitor.scope, asked.answer.id, None) for _ in range(3))
    )
    events = await process.follow(visitor, asked.answer.id)

    assert {(one.status, one.content) for one in answers if one} == {
        ("stopped", "".join(words[:said]))
    }
    assert text_of(events) == "".join(words[:said])
    assert isinstance(events[0], AnswerStarted)
    assert isinstance(events[-1], AnswerCompleted)
    assert script.closed.is_set()


async def test_an_answer_that_is_stopped_before_its_turn_has_a_beginning_and_an_end(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("Rome"))
    asked = await process.store(visitor.question())
    starting = asyncio.create_task(process.generations.start(asked.answer))
    await asyncio.sleep(0)
    assert process.generations.stop(asked.answer.id)
    await starting
    events = await process.follow(visitor, asked.answer.id)

    assert [type(event) for event in events] == [AnswerStarted, AnswerCompleted]


async def test_a_stop_before_the_model_is_asked_saves_the_question(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    for turns in count():  # of the loop, so that the stop meets every step before
        script = Script("Rome", asyncio.Event())
        process = process_of(script)
        answer = (await process.ask(visitor)).answer
        for _ in range(turns):
            await asyncio.sleep(0)
        was_asked = script.asked.is_set()
        process.generations.stop(answer.id)
        events = await process.follow(visitor, answer.id)

        assert script.asked.is_set() == was_asked
        assert isinstance(events[-1], AnswerCompleted)
        if was_asked:
            return


async def test_a_stop_that_comes_with_the_last_word_loses_nothing(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    asked_id = asyncio.get_running_loop().create_future()
    process: Process

    def stop() -> None:
        process.generations.stop(asked_id.result())

    process = process_of(Script("Rome ", "was not.", stop))
    asked = await process.store(visitor.question())
    asked_id.set_result(asked.answer.id)
    await process.generations.start(asked.answer)
    events = await process.follow(visitor, asked.answer.id)

    stored = await visitor.message(asked.answer.id)
    assert stored.status in {"stopped", "complete"}
    assert stored.content == text_of(events) == "Rome was not."


async def test_only_the_visitor_and_the_client_stop_an_answer(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    process = process_of(Script("Rome ", silence, "was not."))
    asked = await process.ask(visitor)
    other = type(visitor)("another-client", visitor.chatbot_id, visitor.visitor_id)

    assert await process.stopping.stop(other.scope, asked.answer.id, None) is None
    assert await process.stopping.stop(visitor.scope, asked.answer.id, other.chatbot_id) is None
    silence.set()
    events = await process.follow(visitor, asked.answer.id)
    assert (await visitor.message(asked.answer.id)).status == "complete"
    assert text_of(events) == "Rome was not."


async def test_starting_twice_is_starting_once(visitor: Visitor, process_of: MakeProcess) -> None:
    process = process_of(Script("Rome"))
    asked = await process.store(visitor.question())
    await asyncio.gather(*(process.generations.start(asked.answer) for _ in range(5)))
    events = await process.follow(visitor, asked.answer.id)

    check_numbering(events)
    assert text_of(events) == "Rome"
    assert process.models.created == 1


async def test_an_answer_knows_nothing_of_the_request_that_asked_for_it(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    seen: list[dict[str, Any]] = []
    silence = asyncio.Event()
    process = process_of(
        Script(lambda: seen.append(structlog.contextvars.get_contextvars()), silence, "Rome")
    )
    asked = await process.store(visitor.question())
    with structlog.contextvars.bound_contextvars(request_id="abc"), operation_deadline(0.001):
        await process.generations.start(asked.answer)
    await until(lambda: lease_was_renewed(visitor, asked.answer))
    silence.set()
    events = await process.follow(visitor, asked.answer.id)

    assert isinstance(events[-1], AnswerCompleted), "it would have failed at the deadline"
    assert [set(each) for each in seen] == [{"answer_id", "client_id"}]


async def lease_was_renewed(visitor: Visitor, answer: Message) -> bool:
    stored = await visitor.message(answer.id)
    return stored.updated_at > answer.updated_at and stored.status == "streaming"


async def test_an_erased_answer_ends_without_trace(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    script = Script("Rome", asyncio.Event())
    process = process_of(script)
    asked = await process.ask(visitor)
    await script.asked.wait()
    await visitor.scope.of(Message).delete_many({})

    await asyncio.wait_for(script.closed.wait(), PATIENCE_SECONDS)
    await process.generations.wait(asked.answer.id, PATIENCE_SECONDS)
    assert process.generations.running == 0


async def test_draining_lets_answers_finish(visitor: Visitor, process_of: MakeProcess) -> None:
    silence = asyncio.Event()
    process = process_of(Script("Rome ", silence, "was not."))
    asked = await process.ask(visitor)
    draining = asyncio.create_task(process.generations.drain(PATIENCE_SECONDS))
    await asyncio.sleep(0)
    silence.set()
    await draining

    stored = await visitor.message(asked.answer.id)
    assert (stored.status, stored.content) == ("complete", "Rome was not.")


async def test_what_does_not_finish_is_left_to_the_next_process_without_a_lost_number(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    script = Script("Rome ", asyncio.Event())
    old, new = process_of(script), process_of(Script("Rome was not."))
    asked = await old.ask(visitor)
    await until(lambda: has_text(old, visitor, asked.answer))
    seen = await events_so_far(old, asked.answer)
    await old.generations.drain(0)
    assert not await old.recovery.take_over_one(), "a process that ends takes nothing over"

    await taken_over(new)
    rest = await new.follow(visitor, asked.answer.id, after=seen[-1].seq)

    assert rest[0].seq == seen[-1].seq + 1
    check_numbering([*seen, *rest])
    assert text_of([*seen, *rest]) == "Rome was not."
    assert script.closed.is_set()


async def events_so_far(process: Process, answer: Message) -> list[Any]:
    log = process.memory._running[answer.id]
    return list(log.events)


async def test_what_is_asked_while_draining_is_answered_by_the_next_process_from_the_start(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    old, new = process_of(Script("never")), process_of(Script("Rome was not."))
    await old.generations.drain(0)
    asked = await old.ask(visitor)
    following = asyncio.create_task(new.follow(visitor, asked.answer.id))
    await taken_over(new)
    events = await following

    check_numbering(events)
    assert isinstance(events[0], AnswerStarted), "nobody has seen anything of it before"
    assert text_of(events) == "Rome was not."
    assert old.models.created == 0


async def test_an_answer_that_no_process_began_is_passed_on_as_often_as_needed(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    old, new = process_of(Script("never")), process_of(Script("Rome was not."))
    asked = await old.store(visitor.question())
    await old.generations.drain(0)
    for _ in range(5):
        await old.generations.start(asked.answer)
        stream = (await visitor.message(asked.answer.id)).stream
        assert stream is not None
        assert (stream.owner, stream.generation, stream.seq_ceiling) == (None, 0, 0)
    await taken_over(new)

    assert text_of(await new.follow(visitor, asked.answer.id)) == "Rome was not."


async def test_an_answer_that_nobody_follows_is_stopped_if_so_wanted(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    script = Script("Rome ", asyncio.Event())
    limits = with_limits(unfollowed_s=0.2, followers_interval_s=0.02)
    process = process_of(script, limits=limits)
    answer = (await process.ask(visitor)).answer

    await asyncio.wait_for(script.closed.wait(), 10)
    events = await process.follow(visitor, answer.id)

    assert isinstance(events[-1], AnswerCompleted)
    stored = await visitor.message(answer.id)
    assert (stored.status, stored.content) == ("stopped", "Rome ")


async def test_an_answer_that_somebody_follows_is_finished(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    silence = asyncio.Event()
    limits = with_limits(unfollowed_s=0.2, followers_interval_s=0.02)
    process = process_of(Script("Rome ", silence, "was."), limits=limits)
    answer = (await process.ask(visitor)).answer
    following = asyncio.create_task(process.follow(visitor, answer.id))
    await asyncio.sleep(1)  # five times the grace
    silence.set()

    assert text_of(await following) == "Rome was."
    assert (await visitor.message(answer.id)).status == "complete"
