"""Running a chatbot's active hook for visitors.

Whatever a hook does, its caller gets effects or a reason why there are none, and never an
exception. What is remembered of a run (its time, its error, the breaker) is written beside the
turn: a visitor does not wait for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import structlog

from documents.clients import Client
from documents.errors import is_unavailable
from documents.hook_runs import HookRun
from documents.hook_versions import AfterMode, HookVersion
from documents.hooks import Hook
from documents.ids import PydanticObjectId
from documents.tenancy import TenantScope
from documents.transactions import Transactions
from services.hooks.breaker import note_run, rests
from services.hooks.disabling import suspend
from services.hooks.http_calls import CallTrace, HookHttp
from services.hooks.interface import FunctionName
from services.hooks.rechecking import rechecked, take_out
from services.hooks.results import NOTHING, BadResultError, Effects, effects_of
from services.hooks.sandbox.calls import HookCall, NotCheckedError, Outcome
from services.hooks.sandboxed import SandboxedCode

MOST_CACHED = 256
"""Compiled versions that a process keeps ready, some ten kilobytes each."""

MAX_PROBLEM_CHARACTERS = 500
MAX_EXCERPT_CHARACTERS = 2_000
ATTACK = (
    "It tried something that hooks may not do, such as opening a file or a socket by a way around"
    " the language. Look at its code before you enable it again."
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Code:
    """A version, ready to run."""

    number: int
    functions: frozenset[str]
    after_mode: AfterMode
    compiled: bytes


@dataclass(frozen=True, slots=True)
class ActiveHook:
    """A chatbot's hook as a turn meets it; `code` None says that it cannot run now."""

    hook: Hook
    code: Code | None

    def defines(self, function: FunctionName) -> bool:
        """Whether the hook has this function and can run."""
        return self.code is not None and function in self.code.functions


@dataclass(frozen=True, slots=True)
class About:
    """Whose turn a run belongs to; a preview's runs count nowhere."""

    client: Client
    visitor_id: PydanticObjectId
    conversation_id: PydanticObjectId
    preview_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run; `failed` says that there are no effects because something went wrong."""

    effects: Effects
    outcome: Outcome
    trace: tuple[CallTrace, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it did not end as it should."""
        return self.outcome.verdict != "ok"


Objection = Callable[[Ran], Awaitable[str | None]]
"""Why a result cannot be used, in a sentence for the hook's author; None if it can."""


async def nothing_against(_ran: Ran) -> None:
    """Every well-formed result can be used."""


class HookRunner:
    """Finds and runs hooks."""

    def __init__(self, transactions: Transactions, sandbox: SandboxedCode, http: HookHttp) -> None:
        self._transactions = transactions
        self._sandbox = sandbox
        self._http = http
        self._ready: OrderedDict[PydanticObjectId, tuple[str, Code]] = OrderedDict()
        self._notes: set[asyncio.Task[None]] = set()

    async def active(self, client_id: str, chatbot_id: PydanticObjectId) -> ActiveHook | None:
        """The hook of a chatbot; None when it has none, or a person switched it off."""
        found = await TenantScope.one(client_id).of(Hook).find_one({"chatbot_id": chatbot_id})
        if found is None or not (found.enabled or found.suspended):
            return None
        if not found.enabled or rests(found):
            return ActiveHook(found, None)
        return ActiveHook(found, await self._code(found))

    async def run(
        self,
        active: ActiveHook,
        function: FunctionName,
        arguments: Mapping[str, Any],
        about: About,
        objection: Objection = nothing_against,
    ) -> Ran:
        """Call a function of the hook that `active` defines.

        Args:
            active: The hook, which can run.
            function: One that it defines.
            arguments: By their names.
            about: Whose turn it is.
            objection: Looks at a result that is well formed, once more.
        """
        code = active.code
        if code is None:
            raise ValueError("the hook cannot run now")
        ran = await self.call(code, function, arguments, about.client)
        problem = None if ran.failed else await objection(ran)
        if problem is not None:
            ran = Ran(NOTHING, spoilt(ran.outcome, problem), ran.trace)
        self._beside(self._noted(active.hook, code, function, ran.outcome, about))
        return ran

    async def call(
        self, code: Code, function: FunctionName, arguments: Mapping[str, Any], client: Client
    ) -> Ran:
        """Call a function and remember nothing of it."""
        door = self._http.door(client)
        call = HookCall(code.compiled, function, arguments, client.client_id)
        outcome = await self._sandbox.run(call, door)
        if outcome.verdict != "ok":
            return Ran(NOTHING, outcome, tuple(door.trace))
        try:
            effects = effects_of(function, outcome.result)
        except BadResultError as error:
            return Ran(NOTHING, spoilt(outcome, str(error)), tuple(door.trace))
        return Ran(effects, outcome, tuple(door.trace))

    async def close(self) -> None:
        """Wait for what is still to be remembered."""
        if self._notes:
            await asyncio.wait(self._notes)

    async def _code(self, hook: Hook) -> Code | None:
        version_id = hook.active_version_id
        if version_id is None:
            return None
        ready = self._ready.get(version_id)
        if ready is not None and ready[0] == self._sandbox.policy_version:
            self._ready.move_to_end(version_id)
            return ready[1]
        version = await TenantScope.one(hook.client_id).of(HookVersion).get(version_id)
        code = None if version is None else await self._accepted(hook, version)
        if code is None:
            return None
        self._ready[version_id] = self._sandbox.policy_version, code
        while len(self._ready) > MOST_CACHED:
            self._ready.popitem(last=False)
        return code

    async def _accepted(self, hook: Hook, version: HookVersion) -> Code | None:
        """The code of an active version; a hook whose version is refused is taken out of use."""
        try:
            current = await rechecked(version, self._sandbox)
        except NotCheckedError as error:
            log.warning("hook_not_checked", client_id=hook.client_id, problem=str(error))
            return None
        code = ready_code(current)
        if code is None:
            await take_out(self._transactions, hook, current)
        return code

    async def prepared(self, version: HookVersion) -> Code | None:
        """A version ready to run, compiled anew under another policy; None if it is refused.

        Raises:
            NotCheckedError: it is to be compiled anew, and cannot be now.
        """
        return ready_code(await rechecked(version, self._sandbox))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    async def _noted(
        self, hook: Hook, code: Code, function: str, outcome: Outcome, about: About
    ) -> None:
        try:
            await self._note(hook, code, function, outcome, about)
        except Exception as error:
            if not is_unavailable(error):
                log.exception("hook_run_not_noted")

    async def _note(
        self, hook: Hook, code: Code, function: str, outcome: Outcome, about: About
    ) -> None:
        failed = outcome.verdict != "ok"
        if failed:
            log.warning("hook_failed", client_id=hook.client_id, verdict=outcome.verdict)
        if outcome.verdict == "security_violation":
            await suspend(self._transactions, hook, "security_violation", ATTACK)
        if about.preview_until is not None:
            return
        if outcome.verdict != "sandbox_failed":  # which is no fault of the hook's
            await note_run(self._transactions, hook, failed=failed)
        await _stored(hook, code, function, outcome, about)


def ready_code(version: HookVersion) -> Code | None:
    """What runs of a checked version; None if it is refused."""
    if version.compiled is None:
        return None
    functions = frozenset(version.functions)
    return Code(version.number, functions, version.after_mode, version.compiled)


async def _stored(hook: Hook, code: Code, function: str, outcome: Outcome, about: About) -> None:
    run = HookRun(
        client_id=hook.client_id,
        chatbot_id=hook.chatbot_id,
        visitor_id=about.visitor_id,
        conversation_id=about.conversation_id,
        version_number=code.number,
        function=function,
        verdict=outcome.verdict,
        problem=_cut(outcome.problem, MAX_PROBLEM_CHARACTERS),
        line=outcome.line,
        excerpt=_cut(outcome.excerpt, MAX_EXCERPT_CHARACTERS),
        wall_ms=outcome.wall_ms,
    )
    await TenantScope.one(hook.client_id).of(HookRun).insert(run)


def _cut(text: str | None, longest: int) -> str | None:
    return None if text is None else text[:longest]


def spoilt(outcome: Outcome, problem: str) -> Outcome:
    """The outcome of a run whose result is not as documented."""
    return replace(outcome, verdict="bad_result", problem=problem)
