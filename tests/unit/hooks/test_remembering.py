"""What is remembered of hooks: their state in a conversation, and whether they rest."""

import asyncio
from typing import Any

import pytest

from documents.base import utc_now
from documents.conversations import Conversation
from documents.database.database import Database
from documents.erasure import erase_conversations, erase_visitors
from documents.hook_runs import HookRun
from documents.hook_states import HookState
from documents.hooks import Hook
from documents.ids import PydanticObjectId
from documents.outbox_entries import OutboxEntry
from documents.tenancy import TenantScope
from services.hooks.breaker import note_run, rests
from services.hooks.disabling import suspend
from services.hooks.handoff import ask_for_person, label
from services.hooks.states import ConversationState
from services.hooks.statistics import recent_errors, statistics_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


def scope_of(thing: Hook | Conversation) -> TenantScope:
    return TenantScope.one(thing.client_id)


async def stored_conversation() -> Conversation:
    client_id = f"hooks-{PydanticObjectId()}"
    conversation = Conversation(
        client_id=client_id,
        chatbot_id=PydanticObjectId(),
        visitor_id=PydanticObjectId(),
        title="Order",
        last_message_at=utc_now(),
    )
    return await TenantScope.one(client_id).of(Conversation).insert(conversation)


async def stored_hook(**fields: Any) -> Hook:
    hook = Hook(
        client_id=f"hooks-{PydanticObjectId()}",
        chatbot_id=PydanticObjectId(),
        enabled=True,
        **fields,
    )
    return await scope_of(hook).of(Hook).insert(hook)


async def now(hook: Hook) -> Hook:
    found = await scope_of(hook).of(Hook).get(hook.id)
    assert found is not None
    return found


async def loaded(conversation: Conversation, seq: int) -> ConversationState:
    state = ConversationState(conversation, seq)
    await state.load()
    return state


async def counted(conversation: Conversation, seq: int) -> int:
    """An answer's turn in which a hook counts."""
    state = await loaded(conversation, seq)
    count = int(state.value.get("count", 0)) + 1
    await state.keep(f'{{"count":{count}}}')
    return count


async def test_an_answer_that_is_made_again_counts_once(database: Database) -> None:
    conversation = await stored_conversation()
    assert await counted(conversation, 1) == 1
    assert await counted(conversation, 1) == 1
    assert await counted(conversation, 3) == 2
    assert await counted(conversation, 3) == 2
    assert (await loaded(conversation, 5)).value == {"count": 2}


async def test_functions_of_one_turn_see_what_the_ones_before_remembered(
    database: Database,
) -> None:
    conversation = await stored_conversation()
    state = await loaded(conversation, 1)
    await state.keep('{"a":1}')
    assert state.value == {"a": 1}
    await state.keep('{"a":1,"b":2}')
    assert (await loaded(conversation, 3)).value == {"a": 1, "b": 2}


async def test_what_an_answer_remembered_is_forgotten_when_it_is_made_again_and_remembers_nothing(
    database: Database,
) -> None:
    conversation = await stored_conversation()
    await counted(conversation, 1)
    await counted(conversation, 3)
    assert (await loaded(conversation, 3)).value == {"count": 1}
    assert (await loaded(conversation, 5)).value == {"count": 1}


async def test_an_answer_to_an_older_question_changes_nothing(database: Database) -> None:
    conversation = await stored_conversation()
    await counted(conversation, 1)
    await counted(conversation, 3)
    assert await counted(conversation, 1) == 3  # it sees what is remembered now
    assert (await loaded(conversation, 5)).value == {"count": 2}


async def test_several_that_remember_first_at_once_leave_one_state(database: Database) -> None:
    conversation = await stored_conversation()
    states = [await loaded(conversation, seq) for seq in (1, 3, 5)]
    await asyncio.gather(*(one.keep(f'{{"by":{n}}}') for n, one in enumerate(states)))
    (kept,) = await scope_of(conversation).of(HookState).find(limit=9)
    assert (kept.question_seq, kept.state) == (5, '{"by":2}')
    assert kept.visitor_id == conversation.visitor_id


async def test_a_state_goes_with_its_conversation_and_its_visitor(database: Database) -> None:
    talked, seen = await stored_conversation(), await stored_conversation()
    for conversation in (talked, seen):
        await counted(conversation, 1)
    receipt = await erase_conversations(talked.client_id, [talked.id])
    assert receipt["hook_states"] == 1
    receipt = await erase_visitors(seen.client_id, [seen.visitor_id])
    assert receipt["hook_states"] == 1
    for conversation in (talked, seen):
        assert await scope_of(conversation).of(HookState).find(limit=1) == []


async def test_five_failures_in_a_row_open_the_breaker_and_it_is_told_once(
    database: Database,
) -> None:
    hook = await stored_hook()
    for _ in range(4):
        await note_run(database, hook, failed=True)
    assert not rests(await now(hook))
    await asyncio.gather(*(note_run(database, hook, failed=True) for _ in range(4)))
    assert rests(await now(hook))
    told = await scope_of(hook).of(OutboxEntry).find(limit=10)
    assert [one.kind for one in told] == ["hook.disabled"]
    assert told[0].facts["reason"] == "breaker"
    assert (await now(hook)).enabled


async def test_half_of_the_last_twenty_opens_it_too_and_less_does_not(
    database: Database,
) -> None:
    hook = await stored_hook()
    for number in range(20):
        await note_run(database, await now(hook), failed=number % 2 == 0 and number < 18)
    assert not rests(await now(hook)), "nine of twenty"
    hook = await stored_hook()
    for number in range(20):
        await note_run(database, await now(hook), failed=number % 2 == 1)
    assert rests(await now(hook)), "ten of twenty"


async def test_after_its_rest_one_failure_opens_it_for_longer_and_one_success_closes_it(
    database: Database,
) -> None:
    past = utc_now()
    hook = await stored_hook(paused_until=past, pauses=1)
    await note_run(database, hook, failed=True)
    opened = await now(hook)
    assert rests(opened)
    assert opened.pauses == 2
    assert (await scope_of(hook).of(OutboxEntry).find(limit=10)) == [], "that was told before"
    await scope_of(hook).of(Hook).update_one({"_id": hook.id}, {"$set": {"paused_until": past}})
    await note_run(database, await now(hook), failed=False)
    closed = await now(hook)
    assert (closed.paused_until, closed.pauses) == (None, 0)


async def test_a_run_that_began_before_the_breaker_opened_does_not_close_it(
    database: Database,
) -> None:
    hook = await stored_hook()
    for _ in range(5):
        await note_run(database, hook, failed=True)
    opened = await now(hook)
    assert rests(opened)
    await note_run(database, hook, failed=False)
    after = await now(hook)
    assert (after.paused_until, after.pauses) == (opened.paused_until, 1)


async def test_an_attack_takes_the_hook_out_of_use_and_is_told_once(database: Database) -> None:
    hook = await stored_hook()
    attacked = [suspend(database, hook, "security_violation", "It did.") for _ in range(5)]
    await asyncio.gather(*attacked)
    after = await now(hook)
    assert (after.enabled, after.suspended, after.disabled_reason) == (False, True, "It did.")
    told = await scope_of(hook).of(OutboxEntry).find(limit=10)
    assert [(one.kind, one.facts) for one in told] == [
        ("hook.disabled", {"reason": "security_violation"})
    ]


async def test_a_person_is_asked_for_once_per_conversation(database: Database) -> None:
    conversation = await stored_conversation()
    question = PydanticObjectId()
    wishes = [ask_for_person(database, conversation, question, "wants one") for _ in range(3)]
    await asyncio.gather(*wishes)
    found = await scope_of(conversation).of(Conversation).get(conversation.id)
    assert found is not None
    assert found.status == "needs_human"
    told = await scope_of(conversation).of(OutboxEntry).find(limit=10)
    assert [(one.kind, one.facts) for one in told] == [
        ("handoff.requested", {"reason": "wants one"})
    ]


async def test_a_closed_conversation_stays_closed(database: Database) -> None:
    conversation = await stored_conversation()
    closed = {"$set": {"status": "closed"}}
    await scope_of(conversation).of(Conversation).update_one({"_id": conversation.id}, closed)
    await ask_for_person(database, conversation, PydanticObjectId(), "")
    found = await scope_of(conversation).of(Conversation).get(conversation.id)
    assert found is not None
    assert found.status == "closed"
    assert await scope_of(conversation).of(OutboxEntry).find(limit=10) == []


async def test_tags_are_added_once_and_there_is_an_end_to_them(database: Database) -> None:
    conversation = await stored_conversation()
    for _ in range(2):
        await label(conversation, ["order", "$sum"])
    for number in range(40):
        await label(conversation, [f"tag {number}"])
    found = await scope_of(conversation).of(Conversation).get(conversation.id)
    assert found is not None
    assert sorted(found.tags[:2]) == ["$sum", "order"]
    assert len(found.tags) == 30


async def test_runs_make_figures_and_groups_of_errors(database: Database) -> None:
    hook = await stored_hook()
    runs = scope_of(hook).of(HookRun)

    async def ran(verdict: str, wall_ms: float, **fields: Any) -> None:
        await runs.insert(
            HookRun(
                client_id=hook.client_id,
                chatbot_id=hook.chatbot_id,
                visitor_id=PydanticObjectId(),
                conversation_id=PydanticObjectId(),
                version_number=1,
                function="before_llm",
                verdict=verdict,
                wall_ms=wall_ms,
                **fields,
            )
        )

    empty = await statistics_of(hook)
    assert (empty.calls, empty.failures, empty.p50_ms, empty.p99_ms) == (0, 0, None, None)
    for number in range(100):
        await ran("ok", float(number))
    for number in range(3):
        await ran("raised", 5.0, problem="KeyError: 'id'", line=4, excerpt=f"> 4 | {number}")
    await ran("cpu_limit", 350.0, problem="It took too long.", line=9)
    figures = await statistics_of(hook)
    assert (figures.calls, figures.failures) == (104, 4)
    assert figures.p50_ms == pytest.approx(48, abs=2)
    assert figures.p99_ms == pytest.approx(99, abs=1)
    groups = await recent_errors(hook)
    assert [(one.verdict, one.line, one.count) for one in groups] == [
        ("cpu_limit", 9, 1),
        ("raised", 4, 3),
    ]
    assert groups[1].excerpt == "> 4 | 2"
    assert groups[1].last_at.tzinfo is not None
