"""What a client's own code adds to a chat: `before_llm` and `after_llm` against no hook at all.

The same server answers the same question with the hook switched on and off in turn. Each function
runs in a sandboxed process of its own, and what it gives back is stored as in the product.
"""

import asyncio
from dataclasses import dataclass

from benchmarks.turn_stage import CLIENT, Stage, hook_runner_of, running_stage
from documents.chatbots import Chatbot
from documents.tenancy import TenantScope
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.testing import HookTests, Trial
from services.hooks.versions import HookVersions

WARM_UP = 10
AT_ONCE = 4
SOURCE = """
import re

AFTER_LLM = "append"


def before_llm(ctx, message):
    seen = ctx["state"].get("seen", 0) + 1
    found = re.search("[0-9]{6}", message)
    return {"context": "Order " + found.group(0) if found else "No order.", "state": {"seen": seen}}


def after_llm(ctx, message, answer):
    return {"answer": answer + " Anything else?", "tags": ["asked"]}
"""


class HookNotReadyError(RuntimeError):
    """The hook could not be put to use on this machine."""


@dataclass(frozen=True)
class HookTurnFigures:
    """Seconds of whole answers, with both functions and without a hook.

    Attributes:
        with_s, without_s: one after the other.
        busy_with_s, busy_without_s: four at a time.
    """

    with_s: list[float]
    without_s: list[float]
    busy_with_s: list[float]
    busy_without_s: list[float]


def measure_hook_turns(turns: int) -> HookTurnFigures:
    """Measure so many turns of each kind.

    Raises:
        HookNotReadyError: this machine cannot run hooks.
    """
    return asyncio.run(_measure(turns))


async def _measure(turns: int) -> HookTurnFigures:
    sandbox = Sandbox()
    await sandbox.open()
    try:
        async with running_stage() as stage:
            return await _compared(stage, sandbox, turns)
    finally:
        await sandbox.close()


async def _compared(stage: Stage, sandbox: Sandbox, turns: int) -> HookTurnFigures:
    versions = await _put_to_use(stage, sandbox)
    server = stage.server(sandbox=sandbox)
    found = HookTurnFigures([], [], [], [])
    scope, chatbot_id = TenantScope.one(CLIENT), stage.asker.chatbot_id
    for number in range(turns + WARM_UP):
        for enabled, times, busy in (
            (True, found.with_s, found.busy_with_s),
            (False, found.without_s, found.busy_without_s),
        ):
            await versions.set_enabled(scope, chatbot_id, enabled=enabled)
            one = await server.one()
            many = await asyncio.gather(*(server.one() for _ in range(AT_ONCE)))
            if number >= WARM_UP:
                times.append(one.whole_s)
                busy += [turn.whole_s for turn in many]
    await server.close()
    return found


async def _put_to_use(stage: Stage, sandbox: Sandbox) -> HookVersions:
    chatbot = await TenantScope.one(CLIENT).of(Chatbot).get(stage.asker.chatbot_id)
    if chatbot is None:
        raise HookNotReadyError("the stage has no chatbot")
    versions = HookVersions(stage.database, sandbox)
    tests = HookTests(stage.database, hook_runner_of(stage.database, sandbox))
    saved = await versions.save(chatbot, SOURCE, note=None, by=None)
    tried = await tests.test(saved.version, Trial("before_llm", "Order 123456?", None, None))
    if tried.ran.failed:
        raise HookNotReadyError(str(tried.ran.outcome))
    await versions.activate(tried.version, required=True)
    return versions
