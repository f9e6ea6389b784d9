"""One run of one function, from its frame to the exit status."""

import json
import marshal
import os
from types import FrameType
from typing import Any, NoReturn

from services.hooks.sandbox.inside import exits, frames
from services.hooks.sandbox.inside.checking import Checked, checked
from services.hooks.sandbox.inside.guards import GUARDS
from services.hooks.sandbox.inside.names import OFFERED, builtin_names
from services.hooks.sandbox.inside.places import line_of_error, line_of_frame
from services.hooks.sandbox.inside.printing import Printing
from services.hooks.sandbox.inside.requests import Requests
from services.hooks.sandbox.inside.values import BadResultError, LongResultError, encoded

LONGEST_PROBLEM = 500
#: A finished set of issues or a failure never needs more.
_REHEARSED_CALL = '{"arguments": {"message": "hello", "ctx": {"tags": ["a"], "number": 1.5}}}'
_REHEARSED_CODE = compile(
    'def hook(ctx, message): return {"message": message, "tags": [str(x) for x in ctx["tags"]]}',
    "<rehearsal>",
    "exec",
)
_NO_REASON = "It says no more than that."


class Run:
    """What a child does once it is locked; every way out of it ends the process."""

    def __init__(self, descriptor: int, *, restricted: bool) -> None:
        self._descriptor = descriptor
        self._restricted = restricted
        #: Where the hook had already failed while its exception is still being put into words.
        self._failed_line: int | None = None

    def rehearse(self) -> None:
        """Go through a run of nothing, while there is time.

        A forked process gets its own copy of a page of memory when it first writes there, and
        Python writes wherever it looks: most of these copies are then made before the call.
        """
        call = json.loads(_REHEARSED_CALL)
        names = self._names()
        exec(_REHEARSED_CODE, names)  # noqa: S102 (ours, and before there is any call)
        encoded(names["hook"](**call["arguments"]))

    def work(self, kind: bytes, body: bytes) -> NoReturn:
        """Do what the one frame asks for."""
        if kind == frames.CHECK:
            self._check(body)
        self._run(body)

    def _check(self, source: bytes) -> NoReturn:
        """Compile and send what came of it."""
        try:
            found = self._compiled(source.decode())
        except (RecursionError, MemoryError):
            self._fail(exits.INVALID_CODE, "The code is nested too deeply, or too long.", None)
        told = {"issues": found.issues, "functions": found.functions, "appends": found.appends}
        head = json.dumps(told).encode()
        frames.send(
            self._descriptor, frames.ISSUES, frames.LENGTH.pack(len(head)) + head + found.code
        )
        os._exit(exits.OK)

    def _compiled(self, source: str) -> Checked:
        if not self._restricted:
            code = marshal.dumps(compile(source, "<hook>", "exec", dont_inherit=True))
            return Checked([], [], code)
        return checked(source, OFFERED)

    def _run(self, body: bytes) -> NoReturn:
        """Call the function, and send what it returned or why it did not."""
        start = frames.LENGTH.size
        (size,) = frames.LENGTH.unpack(body[:start])
        call = json.loads(body[start : start + size])
        try:
            result = self._called(call, body[start + size :])
            text = encoded(result)
        except MemoryError as error:
            self._fail(exits.MEMORY_LIMIT, "The hook used up its memory.", error)
        except BadResultError as error:
            self._fail(exits.BAD_RESULT, str(error), None)
        except LongResultError as error:
            self._fail(exits.OUTPUT_LIMIT, str(error), None)
        except BaseException as error:  # noqa: BLE001 (whatever a tenant's code raises)
            self._failed_line = line_of_error(error.__traceback__)
            self._fail(exits.RAISED, _told(error), error)
        frames.send(self._descriptor, frames.RESULT, text)
        os._exit(exits.OK)

    def _called(self, call: dict[str, Any], code: bytes) -> object:
        names = self._names()
        exec(marshal.loads(code), names)  # noqa: S102, S302 (what this process is for)
        function = names.get(call["function"])
        if function is None:
            raise NameError(f"there is no function {call['function']}")
        return function(**call["arguments"])

    def _names(self) -> dict[str, Any]:
        if not self._restricted:
            return {"__name__": "hook"}
        requests = Requests(self._descriptor)
        offered = builtin_names(Printing(self._descriptor).print, requests.get, requests.post)
        return {"__builtins__": offered, "__name__": "hook", **GUARDS}

    def out_of_time(self, _number: int, frame: FrameType | None) -> None:
        """The handler of the CPU clock's warning."""
        line = line_of_frame(frame) or self._failed_line
        self._send_failure("The hook used up its time on the processor.", line)
        os._exit(exits.CPU_LIMIT)

    def _fail(self, status: int, problem: str, error: BaseException | None) -> NoReturn:
        line = None if error is None else line_of_error(error.__traceback__)
        if error is not None:
            error.__traceback__ = None  # lets go of what the hook still holds
        self._send_failure(problem, line)
        os._exit(status)

    def _send_failure(self, problem: str, line: int | None) -> None:
        whole = problem[:LONGEST_PROBLEM].encode(errors="replace").decode()
        text = json.dumps({"problem": whole, "line": line}).encode()
        frames.send(self._descriptor, frames.FAILURE, text)


def _told(error: BaseException) -> str:
    """What an exception says, whatever it was made of."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 (a million nested lists can fail in any way)
        said = _NO_REASON
    return f"{type(error).__name__}: {said[:LONGEST_PROBLEM]}"
