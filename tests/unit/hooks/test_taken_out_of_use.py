"""Hooks that are taken out of use by the server, and how they come back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from documents.chatbots import Chatbot
from documents.clients import Client
from documents.database.database import Database
from documents.hook_versions import HookVersion
from documents.hooks import Hook
from documents.ids import PydanticObjectId
from documents.outbox_entries import OutboxEntry
from documents.tenancy import TenantScope
from services.hooks.http_calls import HookHttp
from services.hooks.rechecking import rechecked
from services.hooks.revalidation import validate_active_versions
from services.hooks.running import About, HookRunner
from services.hooks.sandbox.calls import (
    CheckedCode,
    CodeIssue,
    HookCall,
    HttpDoor,
    NotCheckedError,
    Outcome,
)
from services.hooks.sandbox.sandbox import Sandbox
from services.hooks.versions import HookVersions
from services.refusals import RefusedError
from tests.unit.answering.processes import Visitor, new_visitor
from tests.unit.hooks.put_to_use import Hooks
from tests.unit.hooks.sandbox.opened import opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOURCE = 'def before_llm(ctx, message):\n    return {"tags": ["seen"]}\n'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with opened() as sandbox:
        yield sandbox


@pytest_asyncio.fixture(loop_scope="session")
async def hooks(database: Database, sandbox: Sandbox) -> AsyncIterator[Hooks]:
    hooks = Hooks(database, sandbox)
    yield hooks
    await hooks.close()


@dataclass
class Ruled:
    """The real sandbox under other rules: of a later release, or one that sees an attack."""

    real: Sandbox
    policy_version: str = "another"
    refuses: bool = False
    attacked: bool = False
    problem: str | None = None
    hangs: bool = False

    async def check(self, source: str, client_id: str = "") -> CheckedCode:
        if self.hangs:
            raise NotCheckedError("Too many wait.")
        if self.refuses:
            issue = CodeIssue(2, 5, "`tags` is not allowed any more", None)
            return CheckedCode((issue,), frozenset(), None)
        return await self.real.check(source, client_id)

    async def run(self, call: HookCall, http: HttpDoor | None = None) -> Outcome:
        outcome = await self.real.run(call, http)
        if not self.attacked:
            return outcome
        killed = "A forbidden system call."
        return Outcome("security_violation", killed, None, None, None, "", 1.0, 1.0, 1.0)


async def now(visitor: Visitor) -> Hook:
    found = await visitor.scope.of(Hook).find_one({})
    assert found is not None
    return found


async def told(visitor: Visitor) -> list[tuple[str, dict[str, int | str]]]:
    entries = await visitor.scope.of(OutboxEntry).find({}, limit=9)
    return [(one.kind, one.facts) for one in entries]


async def about(visitor: Visitor) -> About:
    client = await visitor.scope.of(Client).find_one({})
    assert client is not None
    return About(client, visitor.visitor_id, PydanticObjectId())


async def test_an_attack_ends_the_hook_until_a_person_enables_it(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    ruled = Ruled(sandbox, policy_version=sandbox.policy_version, attacked=True)
    runner = HookRunner(database, ruled, HookHttp(hooks.secrets))
    active = await runner.active(visitor.client_id, visitor.chatbot_id)
    assert active is not None
    for _ in range(2):
        arguments = {"ctx": {}, "message": "Hello"}
        ran = await runner.run(active, "before_llm", arguments, await about(visitor))
        assert ran.failed
        await runner.close()
    hook = await now(visitor)
    assert (hook.enabled, hook.suspended) == (False, True)
    assert "tried something that hooks may not do" in (hook.disabled_reason or "")
    assert await told(visitor) == [("hook.disabled", {"reason": "security_violation"})]
    out = await hooks.runner.active(visitor.client_id, visitor.chatbot_id)
    assert out is not None
    assert out.code is None
    await hooks.versions.set_enabled(visitor.scope, visitor.chatbot_id, enabled=True)
    back = await hooks.runner.active(visitor.client_id, visitor.chatbot_id)
    assert back is not None
    assert back.defines("before_llm")


async def test_stricter_rules_take_out_what_they_refuse_and_say_where(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    stricter = Ruled(sandbox, policy_version=f"strict-{visitor.client_id}", refuses=True)
    assert await validate_active_versions(database, stricter) >= 1
    hook = await now(visitor)
    assert (hook.enabled, hook.suspended) == (False, True)
    assert "line 2: `tags` is not allowed any more" in (hook.disabled_reason or "")
    assert await told(visitor) == [("hook.disabled", {"reason": "invalid_code"})]
    version = await visitor.scope.of(HookVersion).find_one({})
    assert version is not None
    assert (version.valid, version.issues[0].line) == (False, 2)
    assert await validate_active_versions(database, stricter) == 0


async def test_rules_that_accept_it_compile_it_anew_and_it_goes_on(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    newer = Ruled(sandbox, policy_version=f"newer-{visitor.client_id}")
    await validate_active_versions(database, newer)
    version = await visitor.scope.of(HookVersion).find_one({})
    assert version is not None
    assert (version.valid, version.policy_version) == (True, newer.policy_version)
    assert (await now(visitor)).enabled
    assert await told(visitor) == []


async def test_a_server_that_cannot_check_blames_no_hook(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    broken = Ruled(sandbox, refuses=True, problem="There is no seccomp here.")
    assert await validate_active_versions(database, broken) == 0
    assert (await now(visitor)).enabled
    chatbot = await TenantScope.one(visitor.client_id).of(Chatbot).get(visitor.chatbot_id)
    assert chatbot is not None


async def the_version(visitor: Visitor) -> HookVersion:
    found = await visitor.scope.of(HookVersion).find_one({})
    assert found is not None
    return found


async def test_a_check_that_could_not_be_made_says_nothing_about_a_hook(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    before = await the_version(visitor)
    busy = Ruled(sandbox, policy_version=f"busy-{visitor.client_id}", hangs=True)
    with pytest.raises(NotCheckedError):
        await validate_active_versions(database, busy)
    runner = HookRunner(database, busy, HookHttp(hooks.secrets))
    active = await runner.active(visitor.client_id, visitor.chatbot_id)
    assert active is not None
    assert active.code is None
    assert (await now(visitor)).enabled
    assert await the_version(visitor) == before
    chatbot = await visitor.scope.of(Chatbot).get(visitor.chatbot_id)
    assert chatbot is not None
    with pytest.raises(RefusedError) as refused:
        await HookVersions(database, busy).save(chatbot, SOURCE, note=None, by=None)
    assert refused.value.code == "SANDBOX_UNAVAILABLE"
    assert len(await visitor.scope.of(HookVersion).find({}, limit=9)) == 1


async def test_a_question_that_meets_a_refused_version_first_takes_the_hook_out_of_use(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    stricter = Ruled(sandbox, policy_version=f"first-{visitor.client_id}", refuses=True)
    runner = HookRunner(database, stricter, HookHttp(hooks.secrets))
    active = await runner.active(visitor.client_id, visitor.chatbot_id)
    assert active is not None
    assert active.code is None
    assert (await now(visitor)).suspended
    assert await told(visitor) == [("hook.disabled", {"reason": "invalid_code"})]
    with pytest.raises(RefusedError, match="has mistakes"):
        await hooks.versions.set_enabled(visitor.scope, visitor.chatbot_id, enabled=True)


async def test_a_refusal_that_a_dead_process_left_untold_is_told(
    database: Database, sandbox: Sandbox, hooks: Hooks
) -> None:
    visitor = await new_visitor()
    await hooks.put_to_use(visitor.client_id, visitor.chatbot_id, SOURCE)
    stricter = Ruled(sandbox, policy_version=f"died-{visitor.client_id}", refuses=True)
    await rechecked(await the_version(visitor), stricter)
    assert (await now(visitor)).enabled
    await validate_active_versions(database, stricter)
    assert (await now(visitor)).suspended
    assert await told(visitor) == [("hook.disabled", {"reason": "invalid_code"})]
