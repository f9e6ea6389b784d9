"""What a process says of itself is forged as soon as the language layer is broken."""

import signal

import orjson
import pytest

from services.hooks.sandbox.conversation import Ending
from services.hooks.sandbox.fork_server import Exit
from services.hooks.sandbox.inside import exits, frames
from services.hooks.sandbox.options import RunLimits
from services.hooks.sandbox.outcomes import judged

SOURCE = "def before_llm(ctx, message):\n    return 1 / 0\n"


@pytest.mark.parametrize("number", [b"9" * 5000, b"999999", b"0"])
def test_a_forged_trace_gives_no_line(number: bytes) -> None:
    ending = Ending(trace=b'File "<hook>", line ' + number, exit=Exit(int(signal.SIGSEGV)))
    outcome = judged(ending, SOURCE, RunLimits())
    assert (outcome.verdict, outcome.line) == ("memory_limit", None)


@pytest.mark.parametrize("line", [2**60, -1, 0, 4, True, "2"])
def test_a_forged_failure_gives_no_line(line: object) -> None:
    told = orjson.dumps({"problem": "x", "line": line})
    ending = Ending({frames.FAILURE: told}, exit=Exit(exits.RAISED << 8))
    assert judged(ending, SOURCE, RunLimits()).line is None
