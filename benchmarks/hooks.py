"""What a hook adds to a turn: milliseconds per call, calls per second, and memory.

The baseline is what one would do without a fork server: a new Python process for each call, which
imports RestrictedPython, compiles and runs.
"""

import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass

import psutil

from services.hooks.sandbox.calls import HookCall
from services.hooks.sandbox.options import RunLimits, SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox

HOOK = """
CARD = re.compile(r"\\b(?:\\d[ -]?){12}(\\d{4})\\b")
def before_llm(ctx, message):
    tags = [tag for tag in ctx["tags"] if tag]
    print("asked in", ctx["language"])
    return {"message": CARD.sub(r"**** \\1", message), "tags": tags}
"""
ARGUMENTS = {
    "ctx": {"language": "en", "tags": ["new"], "history": [{"text": "hello " * 20}] * 10},
    "message": "where is my order? my card is 4111 1111 1111 1111",
}
CALLS_PER_S = 40
#: Code that ends at a limit, whose clocks are looked at here.
LOOPS = {
    "steps of Python": "while True: pass",
    "a long power": "x = 9**9**9",
    "a regex": "re.match('(a+)+$', 'a' * 40 + 'b')",
    "a search in C": "x = 1.5 in range(10**12)",
}
PROMISED_OVERRUN_MS = 250
PATIENCE_S = 60.0


@dataclass(frozen=True)
class HookFigures:
    """What one run has measured.

    Attributes:
        paced_ms: Each call's milliseconds at 40 calls a second.
        process_ms: A new process's milliseconds for each call.
        calls_per_s: As many calls at once as there are places.
        places: How many those are.
        spares_mb: Memory of the fork server and its waiting processes that is theirs alone.
        processes: How many these are.
        overrun_ms: Kind of loop -> how long after the last limit of CPU it was over.
    """

    paced_ms: list[float]
    process_ms: list[float]
    calls_per_s: float
    places: int
    spares_mb: float
    processes: int
    overrun_ms: dict[str, float]


def measure_hooks(seconds: float, processes: int) -> HookFigures:
    """So many seconds of calls, paced and then as fast as they go, and so many new processes."""
    return asyncio.run(_measure(seconds, processes))


async def _measure(seconds: float, processes: int) -> HookFigures:
    options = SandboxOptions()
    sandbox = Sandbox(options)
    await sandbox.open()
    try:
        call = await _checked(sandbox, HOOK)
        paced = await _paced(sandbox, call, seconds)
        at_once = await _as_fast_as_possible(sandbox, call, seconds, options.most_at_once)
        spares_mb, count = _memory()
        overrun = {name: await _overrun(sandbox, loop) for name, loop in LOOPS.items()}
    finally:
        await sandbox.close()
    return HookFigures(
        paced_ms=paced,
        process_ms=[await asyncio.to_thread(_new_process) for _ in range(processes)],
        calls_per_s=at_once,
        places=options.most_at_once,
        spares_mb=spares_mb,
        processes=count,
        overrun_ms=overrun,
    )


async def _checked(sandbox: Sandbox, source: str) -> HookCall:
    checked = await sandbox.check(source)
    if checked.compiled is None:
        raise RuntimeError(f"the hook was refused: {checked.issues}")
    return HookCall(checked.compiled, "before_llm", ARGUMENTS)


async def _timed(sandbox: Sandbox, call: HookCall) -> float:
    began = time.perf_counter()
    outcome = await sandbox.run(call)
    spent = time.perf_counter() - began
    if outcome.verdict != "ok":
        raise RuntimeError(f"the hook failed: {outcome}")
    return spent * 1000


async def _paced(sandbox: Sandbox, call: HookCall, seconds: float) -> list[float]:
    """Calls begin at their time, whether the ones before have ended or not."""
    loop = asyncio.get_running_loop()
    first, calls = loop.time(), []
    for number in range(int(seconds * CALLS_PER_S)):
        await asyncio.sleep(max(0.0, first + number / CALLS_PER_S - loop.time()))
        calls.append(asyncio.create_task(_timed(sandbox, call)))
    return list(await asyncio.gather(*calls))


async def _as_fast_as_possible(
    sandbox: Sandbox, call: HookCall, seconds: float, places: int
) -> float:
    began = time.perf_counter()

    async def go_on() -> int:
        times = 0
        while time.perf_counter() - began < seconds:
            await _timed(sandbox, call)
            times += 1
        return times

    done = await asyncio.gather(*(go_on() for _ in range(places)))
    return sum(done) / (time.perf_counter() - began)


async def _overrun(sandbox: Sandbox, loop: str) -> float:
    """How long after the hard limit of CPU the caller knows."""
    call = await _checked(sandbox, f"def before_llm(ctx, message):\n    {loop}\n")
    outcome = await sandbox.run(call)
    if outcome.verdict != "cpu_limit":
        raise RuntimeError(f"the loop ended otherwise: {outcome}")
    return max(0.0, outcome.wall_ms - RunLimits().cpu * 1000)


def _memory() -> tuple[float, int]:
    """Megabytes that end with the sandbox, and in how many processes they are."""
    server = psutil.Process().children()
    family = [child for one in server for child in (one, *one.children())]
    return sum(one.memory_full_info().uss for one in family) / 1e6, len(family)


def _new_process() -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "benchmarks.baselines.hook_process"],
        input=json.dumps({"source": HOOK, "arguments": ARGUMENTS}).encode(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # RestrictedPython warns of print
        check=True,
        timeout=PATIENCE_S,
    )
    return (time.perf_counter() - began) * 1000
