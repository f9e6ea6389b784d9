"""Runs tenants' own Python without letting it near anything.

The application hands over text or a blob and gets a verdict. Every check and every run has a
process of its own that has lived for nothing else and ends with it.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from types import MappingProxyType

import orjson

from services.hooks.sandbox.calls import (
    CheckedCode,
    CodeIssue,
    HookCall,
    HttpDoor,
    HttpReply,
    HttpRequest,
    NotCheckedError,
    Outcome,
)
from services.hooks.sandbox.compiled import POLICY_VERSION, Compiled, OutdatedCodeError
from services.hooks.sandbox.conversation import Conversation, Ending
from services.hooks.sandbox.fork_server import ForkServer, NoProcessError
from services.hooks.sandbox.inside import frames
from services.hooks.sandbox.inside.plan import Layer, Plan
from services.hooks.sandbox.options import (
    CHECK_LIMITS,
    CHECKS_AT_ONCE,
    CHECKS_PER_CLIENT,
    LENT_PER_PLACE,
    LONGEST_ARGUMENTS_BYTES,
    LONGEST_SOURCE_BYTES,
    LONGEST_WAIT_FOR_A_CHECK,
    RunLimits,
    SandboxOptions,
)
from services.hooks.sandbox.outcomes import failed, judged
from services.hooks.sandbox.python_versions import unaudited
from services.hooks.sandbox.turns import BusyError, Place, Turns

_NO_SECCOMP = (
    "Hooks are off on this server: its kernel cannot filter system calls (seccomp), and without"
    " that tenants' code does not run in production. docs/operate/sandbox.md says what is needed."
)

#: Endings of a check that come from the machine: a process that computes is ended by its own clock
#: of computing long before.
_SAYS_NOTHING = frozenset({"sandbox_failed", "wall_limit"})


class Sandbox:
    """Where hooks are checked and run."""

    def __init__(self, options: SandboxOptions | None = None) -> None:
        self._options = options or SandboxOptions()
        plan = Plan(self._options.layers, self._options.memory_bytes)
        self._server = ForkServer(plan, spares=self._options.most_at_once)
        self._turns = Turns(
            self._options.most_at_once,
            self._options.most_per_client,
            self._options.most_waiting,
            self._options.most_at_once * LENT_PER_PLACE,
        )
        self._checks = Turns(CHECKS_AT_ONCE, CHECKS_PER_CLIENT, self._options.most_waiting)

    async def open(self) -> None:
        """Start the fork server. A machine that cannot run hooks is no reason not to start."""
        if unaudited() is None:
            await self._server.open()

    async def close(self) -> None:
        """End every process of the sandbox; running hooks end with `sandbox_failed`."""
        await self._server.close()

    @property
    def layers(self) -> Mapping[Layer, bool]:
        """Which layers hold a hook on this machine."""
        return MappingProxyType(self._server.layers)

    @property
    def policy_version(self) -> str:
        """Code that was compiled under another one is to be checked again."""
        return POLICY_VERSION

    @property
    def problem(self) -> str | None:
        """Why hooks cannot run on this server, in a sentence for its operator."""
        if (problem := unaudited() or self._server.problem) is not None:
            return problem
        if self._options.needs_seccomp and not self._server.layers["seccomp"]:
            return _NO_SECCOMP
        return None

    @property
    def running(self) -> int:
        """How many checks and runs have a process now."""
        return self._turns.running + self._checks.running

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return self._turns.waiting + self._checks.waiting

    @property
    def restarts(self) -> int:
        """How often the fork server had to be started again."""
        return self._server.restarts

    async def check(self, source: str, client_id: str = "") -> CheckedCode:
        """Compile a hook of a client, or find out what is in the way.

        Raises:
            NotCheckedError: it could not be checked now; nothing is known about it.
        """
        try:
            text = source.encode()
        except UnicodeEncodeError:
            return _refused("The code holds half a character.")
        if len(text) > LONGEST_SOURCE_BYTES:
            return _refused(f"The code is longer than {LONGEST_SOURCE_BYTES // 1024} KB.")
        try:
            turn = self._checks.turn(client_id, LONGEST_WAIT_FOR_A_CHECK)
            ending = await self._in_a_process(turn, frames.CHECK, text, CHECK_LIMITS, None)
        except NoProcessError as problem:
            raise NotCheckedError(str(problem)) from None
        return _checked(source, ending)

    async def run(self, call: HookCall, http: HttpDoor | None = None) -> Outcome:
        """Call one function of a checked hook; whatever happens is in the outcome.

        Without a door the hook's requests fail.
        """
        try:
            compiled = Compiled.unpacked(call.compiled)
        except OutdatedCodeError:
            return failed("invalid_code", "The hook was checked under other rules: check it again.")
        head = orjson.dumps({"function": call.function, "arguments": dict(call.arguments)})
        if len(head) > LONGEST_ARGUMENTS_BYTES:
            return failed("sandbox_failed", "The call's arguments are longer than 1 MB.")
        body = frames.LENGTH.pack(len(head)) + head + compiled.code
        limits = self._options.limits
        try:
            turn = self._turns.turn(call.client_id, self._options.longest_wait)
            ending = await self._in_a_process(turn, frames.RUN, body, limits, http)
        except NoProcessError as problem:
            return failed("sandbox_failed", str(problem))
        return judged(ending, compiled.source, limits)

    async def _in_a_process(
        self,
        turn: AbstractAsyncContextManager[Place],
        kind: bytes,
        body: bytes,
        limits: RunLimits,
        http: HttpDoor | None,
    ) -> Ending:
        """Hold one conversation with a process of its own, when it is one's turn.

        Raises:
            NoProcessError: there is none; the text says why.
        """
        if self.problem is not None:
            raise NoProcessError(self.problem)
        try:
            async with turn as place:
                door = None if http is None else _lending(place, http)
                async with asyncio.timeout(self._options.longest_wait):
                    spare = await self._server.take()
                try:
                    return await Conversation(self._server, spare, limits, door).hold(kind, body)
                finally:
                    self._server.give_back(spare)
        except (BusyError, TimeoutError):
            raise NoProcessError("Too many hooks wait to run; this one was left out.") from None


def _lending(place: Place, http: HttpDoor) -> HttpDoor:
    """A door before which one waits without holding a place."""

    async def through(request: HttpRequest) -> HttpReply:
        with place.lent():
            return await http(request)

    return through


def _refused(sentence: str) -> CheckedCode:
    return CheckedCode((CodeIssue(1, None, sentence, None),), frozenset(), None)


def _checked(source: str, ending: Ending) -> CheckedCode:
    outcome = judged(ending, source, CHECK_LIMITS)
    if outcome.verdict in _SAYS_NOTHING:
        raise NotCheckedError("The code could not be checked now. Try again.")
    found = ending.frames.get(frames.ISSUES)
    if outcome.verdict not in {"ok", "bad_result"} or found is None:
        return _refused(outcome.problem or "The code could not be checked.")
    (size,) = frames.LENGTH.unpack_from(found)
    start = frames.LENGTH.size
    head = orjson.loads(found[start : start + size])
    issues = tuple(CodeIssue(*issue) for issue in head["issues"])
    blob = None if issues else Compiled(source, found[start + size :]).packed()
    return CheckedCode(issues, frozenset(head["functions"]), blob, appends=head["appends"])
