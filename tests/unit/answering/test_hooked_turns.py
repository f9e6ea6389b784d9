"""A client's own code in the turn: what it changes, what it cannot, and what happens when it fails.

The sandbox is the real one.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from documents.base import utc_now
from documents.chatbots import Chatbot
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.hook_runs import HookRun
from documents.hook_states import HookState
from documents.hooks import Hook
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.messages import Message
from documents.outbox_entries import OutboxEntry
from services.answering.events import AnswerDelta, AnswerEvent, AnswerFailed, AnswerStep
from services.answering.question_refusals import LimitRefusalError
from services.conversations.changing import ConversationChanges
from services.hooks.disabling import suspend
from services.hooks.endings import HookEndings
from services.hooks.running import ActiveHook, HookRunner, Ran
from services.hooks.sandbox.sandbox import Sandbox
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor, new_visitor, text_of, until
from tests.unit.answering.scripted_models import Script
from tests.unit.hooks.put_to_use import Hooks
from tests.unit.hooks.sandbox.opened import opened

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with opened() as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def hooks(database: Database, sandbox: Sandbox) -> AsyncIterator[Hooks]:
    hooks = Hooks(database, sandbox)
    yield hooks
    await hooks.close()


async def use(hooks: Hooks, visitor: Visitor, source: str, **more: Any) -> Hook:
    return await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, source, **more)


async def the_answer(visitor: Visitor) -> Message:
    """The newest one."""
    found = await visitor.scope.of(Message).find_one({"sender": "bot"}, sort=[("created_at", -1)])
    assert found is not None
    return found


async def the_conversation(visitor: Visitor) -> Conversation:
    found = await visitor.scope.of(Conversation).find_one({})
    assert found is not None
    return found


async def state_of(visitor: Visitor) -> str | None:
    found = await visitor.scope.of(HookState).find_one({})
    return found.state if found else None


def deltas(events: list[AnswerEvent]) -> list[str]:
    return [one.text for one in events if isinstance(one, AnswerDelta)]


def steps(events: list[AnswerEvent]) -> list[str]:
    return [one.step for one in events if isinstance(one, AnswerStep)]


async def test_what_the_hook_makes_of_the_question_is_what_the_model_reads(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(
        hooks,
        visitor,
        """
def before_llm(ctx, message):
    return {
        "message": message.replace("4111", "****"),
        "context": ["Order 7 was <sent>."],
        "tags": ["order"],
        "suggestions": ["And order 8?"],
    }
""",
    )
    script = Script("Sent.")
    process = process_of(script, Script("Again."), hooks=hooks.steps)
    events = await process.answer(visitor, "My card is 4111")
    assert text_of(events) == "Sent."
    assert steps(events) == ["hook", "retrieving", "thinking"]
    assert script.request is not None
    assert script.request.turns[-1].text == "My card is ****"
    rules = script.request.turns[0].text
    assert "<context>\nOrder 7 was &lt;sent&gt;.\n</context>" in rules
    assert "4111" not in repr(script.request)
    answer = await the_answer(visitor)
    assert (answer.tags, answer.suggestions) == (["order"], ["And order 8?"])
    assert (await the_conversation(visitor)).tags == ["order"]
    assert [one.step for one in answer.trace] == ["hook", "retrieving", "thinking"]
    asked = await visitor.scope.of(Message).find_one({"sender": "visitor"})
    assert asked is not None
    assert (asked.content, asked.said_to_model) == ("My card is 4111", "My card is ****")


async def test_later_turns_do_not_tell_the_model_what_the_hook_took_out(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = 'def before_llm(ctx, message):\n    return {"message": message.replace("1", "*")}\n'
    await use(hooks, visitor, source)
    script = Script("Good.")
    process = process_of(Script("Fine."), script, hooks=hooks.steps)
    await process.answer(visitor, "I am 111")
    conversation = await the_conversation(visitor)
    asked = await process.ask(visitor, visitor.question("And?", in_=conversation.id))
    await process.follow(visitor, asked.answer.id)
    assert script.request is not None
    assert [one.text for one in script.request.turns[1:]] == ["I am ***", "Fine.", "And?"]


async def test_a_hook_answers_without_the_model(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = 'def before_llm(ctx, message):\n    return {"block": "We are closed now."}\n'
    await use(hooks, visitor, source)
    process = process_of(Script("Never said."), hooks=hooks.steps)
    events = await process.answer(visitor)
    assert text_of(events) == "We are closed now."
    assert steps(events) == ["hook"]
    assert process.models.created == 0
    answer = await the_answer(visitor)
    assert (answer.status, answer.llm_config_id, answer.cost_micros) == ("complete", None, None)


async def test_a_hook_chooses_another_model_of_the_clients_and_no_other(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    mine = LlmConfig(client_id=visitor.client_id, name="French", provider="local", model="x")
    foreign = LlmConfig(
        client_id=f"another-{visitor.client_id}", name="Foreign", provider="local", model="x"
    )
    await mine.insert()
    await foreign.insert()
    source = """
def before_llm(ctx, message):
    return {"llm": "Foreign" if "foreign" in message else "French"}
"""
    await use(hooks, visitor, source)
    process = process_of(Script("Bonjour."), hooks=hooks.steps)
    assert text_of(await process.answer(visitor, "Salut")) == "Bonjour."
    assert (await the_answer(visitor)).llm_config_id == mine.id
    await process.answer(visitor, "Now the foreign one")
    answer = await the_answer(visitor)
    assert answer.llm_name == "Scripted"
    assert answer.trace[0].outcome == "before_llm: bad_result"
    assert "no language model 'Foreign'" in (answer.trace[0].detail or "")


REWRITES = 'def after_llm(ctx, message, answer):\n    return {"answer": answer.upper()}\n'
APPENDS = """
AFTER_LLM = "append"

def after_llm(ctx, message, answer):
    return {"answer": answer + " Anything else?", "suggestions": ["Prices"]}
"""


async def test_an_answer_that_will_be_rewritten_is_shown_when_it_is_final(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, REWRITES)
    go_on = asyncio.Event()
    process = process_of(Script("The code ", go_on, "is 1234."), hooks=hooks.steps)
    asked = await process.ask(visitor)

    async def is_held() -> bool:
        stored = await the_answer(visitor)
        return stored.stream is not None and stored.updated_at > stored.created_at

    await until(is_held)
    assert (await the_answer(visitor)).content == ""
    go_on.set()
    events = await process.follow(visitor, asked.answer.id)
    assert deltas(events) == ["THE CODE IS 1234."]
    assert steps(events) == ["retrieving", "thinking", "hook"]
    assert (await the_answer(visitor)).content == "THE CODE IS 1234."


async def test_an_answer_that_is_only_added_to_streams_first(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, APPENDS)
    process = process_of(Script("At ", "nine."), hooks=hooks.steps)
    events = await process.answer(visitor)
    assert deltas(events) == ["At ", "nine.", " Anything else?"]
    assert (await the_answer(visitor)).suggestions == ["Prices"]


async def test_what_was_shown_cannot_be_taken_back_by_a_hook_that_appends(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = APPENDS.replace("answer + ", '"No: " + answer + ')
    await use(hooks, visitor, source)
    process = process_of(Script("At nine."), hooks=hooks.steps)
    assert text_of(await process.answer(visitor)) == "At nine."
    trace = (await the_answer(visitor)).trace
    assert trace[-1].outcome == "after_llm: bad_result"
    assert "must begin with" in (trace[-1].detail or "")


async def test_stopping_an_answer_that_will_be_rewritten_shows_nothing_of_it(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, REWRITES)
    script = Script("The code is 1234.", asyncio.Event())
    process = process_of(script, hooks=hooks.steps)
    asked = await process.ask(visitor)
    await script.asked.wait()
    stopped = await process.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)
    assert stopped is not None
    assert (stopped.status, stopped.content) == ("stopped", "")


async def test_stopping_while_a_hook_runs_ends_at_once(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = """
def before_llm(ctx, message):
    n = 0
    while "loop" in message:
        n = n + 1
    return {"state": {"n": 1}}
"""
    await use(hooks, visitor, source)
    process = process_of(Script("Never."), hooks=hooks.steps)
    asked = await process.ask(visitor, visitor.question("loop"))
    stopped = await process.stopping.stop(visitor.scope, asked.answer.id, visitor.visitor_id)
    assert stopped is not None
    assert stopped.status == "stopped"
    assert await state_of(visitor) is None


RAISES = (
    'def before_llm(ctx, message):\n    x = {}\n    return x[message] if "?" in message else None\n'
)


async def test_a_failing_hook_never_blocks_a_chat(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, RAISES, question="Fine")
    process = process_of(Script("Yes."), hooks=hooks.steps)
    assert text_of(await process.answer(visitor, "Open?")) == "Yes."
    await hooks.runner.close()
    run = await visitor.scope.of(HookRun).find_one({"verdict": "raised"})
    assert run is not None
    assert run.line == 3
    assert "return x[message]" in (run.excerpt or "")


async def test_a_required_hook_that_fails_stops_the_answer(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, RAISES, question="Fine", required=True)
    process = process_of(Script("Yes."), hooks=hooks.steps)
    assert text_of(await process.answer(visitor, "Open")) == "Yes."
    events = await process.answer(visitor, "Open?")
    failure = events[-1]
    assert isinstance(failure, AnswerFailed)
    assert (failure.code, failure.retryable) == ("provider_failed", True)
    assert process.models.created == 1


@pytest.mark.parametrize("required", [False, True])
async def test_a_hook_that_was_taken_out_of_use_stops_answers_only_where_it_is_required(
    process_of: MakeProcess,
    visitor: Visitor,
    hooks: Hooks,
    database: Database,
    required: bool,
) -> None:
    hook = await use(hooks, visitor, REWRITES, required=required)
    await suspend(database, hook, "security_violation", "It tried to break out.")
    process = process_of(Script("Yes."), hooks=hooks.steps)
    events = await process.answer(visitor)
    assert isinstance(events[-1], AnswerFailed) is required
    assert text_of(events) == ("" if required else "Yes.")
    await hooks.versions.set_enabled(visitor.scope, visitor.chatbot_id, enabled=False)
    assert text_of(await process.answer(visitor)) == "Yes.", "a person's word counts"


async def test_a_required_rewriting_hook_that_fails_shows_nothing(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = """
def after_llm(ctx, message, answer):
    if "1234" in answer:
        raise ValueError("secret")
    return None
"""
    await use(hooks, visitor, source, required=True)
    process = process_of(Script("The code is 1234."), hooks=hooks.steps)
    events = await process.answer(visitor)
    assert isinstance(events[-1], AnswerFailed)
    assert deltas(events) == []
    assert (await the_answer(visitor)).content == ""


async def test_five_failures_in_a_row_let_the_hook_rest(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    hook = await use(hooks, visitor, RAISES, question="Fine")
    process = process_of(Script("Yes."), hooks=hooks.steps)
    for _ in range(5):
        await process.answer(visitor, "Open?")
        await hooks.runner.close()
    events = await process.answer(visitor, "Open?")
    assert text_of(events) == "Yes."
    assert "hook" not in steps(events)
    rested = await visitor.scope.of(Hook).get(hook.id)
    assert rested is not None
    assert rested.enabled
    assert rested.paused_until is not None
    enabled = await hooks.versions.set_enabled(visitor.scope, visitor.chatbot_id, enabled=True)
    assert enabled.paused_until is None
    assert "hook" in steps(await process.answer(visitor, "Open"))


async def test_a_person_is_asked_for_and_the_contact_is_shown(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    ways = {"contact_email": "help@shop.example", "contact_url": "https://shop.example/contact"}
    told = {f"published.{name}": value for name, value in ways.items()}
    chatbots = visitor.scope.of(Chatbot)
    await chatbots.update_one({"_id": visitor.chatbot_id}, {"$set": told})
    source = """
def before_llm(ctx, message):
    return {"escalate": "asked for a person", "tags": ["handoff"]} if "person" in message else None
"""
    await use(hooks, visitor, source)
    process = process_of(Script("Of course."), hooks=hooks.steps)
    events = await process.answer(visitor, "I want a person")
    assert text_of(events) == (
        "Of course.\n\nSomeone from our team has been asked to help you.\n"
        "help@shop.example\nhttps://shop.example/contact"
    )
    conversation = await the_conversation(visitor)
    assert (conversation.status, conversation.tags) == ("needs_human", ["handoff"])
    wishes = await visitor.scope.of(OutboxEntry).find({"kind": "handoff.requested"}, limit=9)
    assert [one.facts for one in wishes] == [{"reason": "asked for a person"}]


COUNTS = """
def on_start(ctx):
    return {"state": {"begun": ctx["state"].get("begun", 0) + 1}}

def before_llm(ctx, message):
    state = ctx["state"]
    state["asked"] = state.get("asked", 0) + 1
    return {"state": state, "escalate": True}

def on_end(ctx):
    return {"tags": ["ended after " + str(ctx["state"]["asked"])]}
"""


async def test_an_answer_made_anew_counts_nothing_twice(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, COUNTS)
    process = process_of(Script("Yes."), hooks=hooks.steps)
    asked = await process.ask(visitor)
    await process.follow(visitor, asked.answer.id)
    assert await state_of(visitor) == '{"begun":1,"asked":1}'
    again = await process.answer_again(visitor, asked.answer.id)
    await process.follow(visitor, again.answer.id)
    assert await state_of(visitor) == '{"begun":1,"asked":1}'
    conversation = await the_conversation(visitor)
    second = await process.ask(visitor, visitor.question("More?", in_=conversation.id))
    await process.follow(visitor, second.answer.id)
    assert await state_of(visitor) == '{"begun":1,"asked":2}'
    wishes = await visitor.scope.of(OutboxEntry).find({"kind": "handoff.requested"}, limit=9)
    assert len(wishes) == 1


async def test_an_answer_whose_process_died_counts_nothing_twice(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    await use(hooks, visitor, COUNTS)
    script = Script("Half", asyncio.Event())
    dying = process_of(script, hooks=hooks.steps)
    asked = await dying.ask(visitor)
    await script.asked.wait()
    assert await state_of(visitor) == '{"begun":1,"asked":1}'
    dying.die()
    heir = process_of(Script("Whole."), hooks=hooks.steps)

    async def is_taken() -> bool:
        return await heir.recovery.take_over_one()

    await until(is_taken)
    events = await heir.follow(visitor, asked.answer.id)
    assert text_of(events).startswith("Whole.")
    assert await state_of(visitor) == '{"begun":1,"asked":1}'
    wishes = await visitor.scope.of(OutboxEntry).find({"kind": "handoff.requested"}, limit=9)
    assert len(wishes) == 1


async def test_closing_a_conversation_tells_the_hook_once(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks, database: Database
) -> None:
    await use(hooks, visitor, COUNTS, question="Hello")
    process = process_of(Script("Yes."), hooks=hooks.steps)
    await process.answer(visitor)
    conversation = await the_conversation(visitor)
    changes, endings = ConversationChanges(database), HookEndings(hooks.runner)
    for _ in range(2):
        await changes.close(visitor.scope, conversation.id)
        await endings.tell_all()
    assert (await the_conversation(visitor)).tags == ["ended after 1"]
    await hooks.runner.close()
    runs = await visitor.scope.of(HookRun).find({"function": "on_end"}, limit=9)
    assert len(runs) == 1


async def test_a_hook_is_told_what_the_guide_says(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = """
def before_llm(ctx, message):
    return {"block": " ".join(sorted(ctx.keys())), "state": {"seen": ctx["history"]}}
"""
    await use(hooks, visitor, source)
    process = process_of(Script("Yes."), hooks=hooks.steps)
    told = text_of(await process.answer(visitor, "Hello"))
    assert told.split() == [
        "chatbot",
        "contact",
        "conversation",
        "history",
        "language",
        "llms",
        "now",
        "state",
        "time",
        "time_zone",
        "visitor",
        "weekday",
    ]


async def test_a_chatbot_without_a_hook_has_no_step(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    process = process_of(Script("Yes."), hooks=hooks.steps)
    events = await process.answer(visitor)
    assert (text_of(events), steps(events)) == ("Yes.", ["retrieving", "thinking"])
    assert PydanticObjectId.is_valid(str(visitor.chatbot_id))


async def test_a_client_without_room_runs_no_hook(
    process_of: MakeProcess, visitor: Visitor, hooks: Hooks
) -> None:
    source = 'def before_llm(ctx, message):\n    return {"tags": ["ran"], "escalate": True}\n'
    await use(hooks, visitor, source)
    process = process_of(Script("Yes."), Script("Yes."), hooks=hooks.steps)
    quota = {"$set": {"monthly_quota": 1, "hard_quota": 1}}
    await visitor.scope.of(Client).update_one({}, quota)
    assert text_of(await process.answer(visitor)).startswith("Yes.")
    await hooks.runner.close()
    with pytest.raises(LimitRefusalError):
        await process.answer(visitor, "Once more")
    await hooks.runner.close()
    assert len(await visitor.scope.of(HookRun).find({}, limit=9)) == 1
    wishes = await visitor.scope.of(OutboxEntry).find({"kind": "handoff.requested"}, limit=9)
    assert len(wishes) == 1


async def test_a_client_whose_hooks_are_slow_keeps_no_other_from_being_told(
    database: Database, sandbox: Sandbox
) -> None:
    slow, quick = await new_visitor(), await new_visitor()
    arrived, go_on = asyncio.Semaphore(0), asyncio.Event()

    class Waiting(HookRunner):
        async def run(self, active: ActiveHook, *arguments: Any, **named: Any) -> Ran:
            if active.hook.client_id == slow.client_id:
                arrived.release()
                await go_on.wait()
            return await super().run(active, *arguments, **named)

    hooks = Hooks(database, sandbox)
    runner = Waiting(database, sandbox, hooks.http)
    source = 'def on_end(ctx):\n    return {"tags": ["told"]}\n'
    for visitor, closed in ((slow, 3), (quick, 1)):
        await use(hooks, visitor, source)
        for _ in range(closed):
            await visitor.scope.of(Conversation).insert(closed_conversation(visitor))
    telling = asyncio.create_task(HookEndings(runner).tell_all())

    async def is_told() -> bool:
        return "told" in (await the_conversation(quick)).tags

    await until(is_told)
    await arrived.acquire()
    assert arrived.locked(), "one after another of the slow client's"
    go_on.set()
    await telling
    told = await slow.scope.of(Conversation).find({"tags": "told"}, limit=9)
    assert len(told) == 3
    await runner.close()
    await hooks.close()


async def test_a_fault_in_telling_one_client_takes_the_telling_from_no_other(
    database: Database, sandbox: Sandbox
) -> None:
    faulty, other = await new_visitor(), await new_visitor()
    begun, failed = asyncio.Event(), asyncio.Event()

    class Failing(HookRunner):
        async def run(self, active: ActiveHook, *arguments: Any, **named: Any) -> Ran:
            if active.hook.client_id == faulty.client_id:
                await begun.wait()
                failed.set()
                raise RuntimeError("a fault")
            begun.set()
            await failed.wait()
            return await super().run(active, *arguments, **named)

    hooks = Hooks(database, sandbox)
    runner = Failing(database, sandbox, hooks.http)
    for visitor in (faulty, other):
        await use(hooks, visitor, 'def on_end(ctx):\n    return {"tags": ["told"]}\n')
        await visitor.scope.of(Conversation).insert(closed_conversation(visitor))
    await HookEndings(runner).tell_all()
    assert (await the_conversation(other)).tags == ["told"]
    await runner.close()
    await hooks.close()


def closed_conversation(visitor: Visitor) -> Conversation:
    return Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        title="Closed",
        status="closed",
        last_message_at=utc_now(),
        end_hook_due=True,
    )
