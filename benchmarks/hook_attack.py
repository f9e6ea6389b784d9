"""What one client's hostile hook costs the chats of everybody else on the same server.

In turn, a chatbot without a hook answers alone, and beside another client's code that is run again
and again in as many places as a client may have, each time something else that takes all it can
get. In the product the breaker stops such a hook after five runs; here nothing does.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.turn_stage import Turns, running_stage
from services.cancelling import cancel_and_wait
from services.hooks.sandbox.calls import HookCall
from services.hooks.sandbox.options import SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox

ROUNDS = 10
WARM_UP = 10
ATTACKS = (
    "while True: pass",
    "x = 9**9**9",
    "re.match('(a+)+$', 'a' * 40 + 'b')",
    "x = [0] * 10**9",
    "while True: print('x' * 100000)",
    "return {'state': ['x' * 1000] * 100000}",
    "f = lambda f: f(f)\n    f(f)",
)


@dataclass(frozen=True)
class AttackFigures:
    """Seconds of whole answers, alone and during the attack.

    Attributes:
        verdicts: how the hostile runs ended, and how often.
    """

    alone_s: list[float] = field(default_factory=list)
    attacked_s: list[float] = field(default_factory=list)
    verdicts: dict[str, int] = field(default_factory=dict)


def measure_attack(turns: int) -> AttackFigures:
    """Measure so many turns of each kind, a tenth of them at a time."""
    return asyncio.run(_measure(turns))


async def _measure(turns: int) -> AttackFigures:
    found = AttackFigures()
    sandbox = Sandbox()
    await sandbox.open()
    try:
        async with running_stage() as stage:
            calls = await _hostile_calls(sandbox)
            server = stage.server(sandbox=sandbox)
            await _seconds(server, WARM_UP)
            for _ in range(ROUNDS):
                found.alone_s.extend(await _seconds(server, turns // ROUNDS))
                async with _attack(sandbox, calls, found.verdicts):
                    found.attacked_s.extend(await _seconds(server, turns // ROUNDS))
            await server.close()
    finally:
        await sandbox.close()
    return found


async def _seconds(server: Turns, turns: int) -> list[float]:
    return [(await server.one()).whole_s for _ in range(turns)]


async def _hostile_calls(sandbox: Sandbox) -> list[HookCall]:
    calls = []
    for attack in ATTACKS:
        checked = await sandbox.check(f"def before_llm(ctx, message):\n    {attack}\n")
        if checked.compiled is None:
            raise RuntimeError(f"the attack was refused: {checked.issues}")
        arguments = {"ctx": {}, "message": "hello"}
        calls.append(HookCall(checked.compiled, "before_llm", arguments, "attacker"))
    return calls


@asynccontextmanager
async def _attack(
    sandbox: Sandbox, calls: Sequence[HookCall], verdicts: dict[str, int]
) -> AsyncGenerator[None, None]:
    """Run hostile code in all places of one client for as long as the block runs."""

    async def go_on(first: int) -> None:
        number = first
        while True:
            outcome = await sandbox.run(calls[number % len(calls)])
            verdicts[outcome.verdict] = verdicts.get(outcome.verdict, 0) + 1
            number += 1

    places = range(SandboxOptions().most_per_client)
    attackers = [asyncio.create_task(go_on(place)) for place in places]
    try:
        yield
    finally:
        for attacker in attackers:
            await cancel_and_wait(attacker)
