"""What a run's ending means: the verdict, in words that its author can use.

The verdict follows from the status that the kernel kept and from who killed. What the process said
of itself is only ever read under the verdict that the status allows.
"""

import os
import re
import signal
from typing import Any

import orjson

from services.hooks.sandbox.calls import Outcome, Verdict
from services.hooks.sandbox.conversation import Ending
from services.hooks.sandbox.excerpts import excerpt
from services.hooks.sandbox.inside import exits, frames
from services.hooks.sandbox.inside.source_lines import lines_of
from services.hooks.sandbox.inside.values import DEEPEST, LONGEST_BYTES
from services.hooks.sandbox.options import RunLimits

_BY_STATUS: dict[int, Verdict] = {
    exits.OK: "ok",
    exits.RAISED: "raised",
    exits.CPU_LIMIT: "cpu_limit",
    exits.MEMORY_LIMIT: "memory_limit",
    exits.OUTPUT_LIMIT: "output_limit",
    exits.BAD_RESULT: "bad_result",
    exits.INVALID_CODE: "invalid_code",
}
#: Before a tenant's code was looked at.
_BEFORE_THE_LOCKS: dict[int, Verdict] = {
    exits.NOT_LOCKED: "sandbox_failed",
    exits.BROKEN: "sandbox_failed",
    1: "sandbox_failed",
}
#: Afterwards: what is left when even the words for "no memory" find none.
_BEHIND_THE_LOCKS: dict[int, Verdict] = {exits.BROKEN: "memory_limit"}
_BY_SIGNAL: dict[int, Verdict] = {
    signal.SIGSYS: "security_violation",
    signal.SIGXFSZ: "security_violation",
    signal.SIGPROF: "cpu_limit",
    signal.SIGVTALRM: "cpu_limit",
    signal.SIGXCPU: "cpu_limit",
    signal.SIGALRM: "wall_limit",
    signal.SIGSEGV: "memory_limit",
    signal.SIGBUS: "memory_limit",
    signal.SIGABRT: "memory_limit",
}
_LINE_IN_TRACE = re.compile(rb'File "<hook>", line (\d{1,6})(?!\d)')
#: The kernel's clock and its accounts differ by a tick at most.
_TICK_MS = 10.0
_MOST_PRINTED_BYTES = 9 * 1024
_LONGEST_PROBLEM = 600


def judged(ending: Ending, source: str, limits: RunLimits) -> Outcome:
    """The outcome of a run."""
    verdict = _verdict(ending, limits)
    problem, line = _problem(verdict, ending, source, limits)
    result = None
    if verdict == "ok":
        try:
            result = _result(ending)
        except ValueError:
            verdict, problem = "bad_result", "What came back is no JSON object of a sensible depth."
    end = ending.exit
    return Outcome(
        verdict=verdict,
        problem=problem,
        line=line,
        excerpt=excerpt(source, line),
        result=result,
        prints=b"".join(ending.prints)[:_MOST_PRINTED_BYTES].decode(errors="replace"),
        wall_ms=ending.wall_ms,
        cpu_ms=end.cpu_ms if end else 0.0,
        memory_mb=end.memory_mb if end else 0.0,
    )


def failed(verdict: Verdict, problem: str) -> Outcome:
    """The outcome of a call that never got a process."""
    return Outcome(
        verdict=verdict,
        problem=problem,
        line=None,
        excerpt=None,
        result=None,
        prints="",
        wall_ms=0.0,
        cpu_ms=0.0,
        memory_mb=0.0,
    )


def _verdict(ending: Ending, limits: RunLimits) -> Verdict:
    if ending.exit is None or ending.exit.status is None:
        return "sandbox_failed"
    if ending.killed is not None:
        return "wall_limit" if ending.killed == "wall" else "security_violation"
    code = os.waitstatus_to_exitcode(ending.exit.status)
    if code >= 0:
        is_locked = ending.trace.startswith(exits.LOCKED)
        ours = _BY_STATUS | (_BEHIND_THE_LOCKS if is_locked else _BEFORE_THE_LOCKS)
        # no code of ours ends with another status, so it was the hook's own doing
        return ours.get(code, "security_violation")
    if -code == signal.SIGKILL:
        return _killed_by_a_clock(ending, limits)
    return _BY_SIGNAL.get(-code, "security_violation")


def _killed_by_a_clock(ending: Ending, limits: RunLimits) -> Verdict:
    if ending.exit is not None and ending.exit.cpu_ms >= limits.cpu * 1000 - _TICK_MS:
        return "cpu_limit"
    if ending.wall_ms >= limits.wall * 1000:
        return "wall_limit"
    return "memory_limit"  # the kernel, for want of memory


def _problem(
    verdict: Verdict, ending: Ending, source: str, limits: RunLimits
) -> tuple[str | None, int | None]:
    if verdict == "ok":
        return None, None
    said = _failure(ending)
    traced = _LINE_IN_TRACE.search(ending.trace)
    line = said.get("line") or (int(traced[1]) if traced else None)
    problem = said.get("problem") or _sentence(verdict, limits)
    there = type(line) is int and 1 <= line <= len(lines_of(source))
    return str(problem)[:_LONGEST_PROBLEM], line if there else None


def _failure(ending: Ending) -> dict[str, Any]:
    try:
        said = orjson.loads(ending.frames.get(frames.FAILURE, b"{}"))
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _sentence(verdict: Verdict, limits: RunLimits) -> str:
    return {
        "cpu_limit": f"The hook used more than {limits.cpu * 1000:.0f} ms of the processor.",
        "wall_limit": f"The hook took longer than {limits.wall:g} seconds.",
        "memory_limit": "The hook used up its memory, or nested calls too deeply.",
        "security_violation": "The hook tried to leave the sandbox, and was ended.",
        "output_limit": f"The result is longer than {LONGEST_BYTES // 1024} KB.",
        "sandbox_failed": "The sandbox could not run the hook. It is not the hook's fault.",
    }.get(verdict, "The hook failed.")


def _result(ending: Ending) -> dict[str, Any] | None:
    """The returned value, read again as strangers' JSON.

    Raises:
        ValueError: it is not what the process promises to send.
    """
    text = ending.frames.get(frames.RESULT, b"")
    if len(text) > LONGEST_BYTES:
        raise ValueError("too long")
    result = orjson.loads(text)
    if result is not None and not isinstance(result, dict):
        raise ValueError("no object")
    if _is_deeper(result, DEEPEST):
        raise ValueError("too deep")
    return result


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return levels < 0
    parts = value.values() if isinstance(value, dict) else value
    return levels < 0 or any(_is_deeper(part, levels - 1) for part in parts)
