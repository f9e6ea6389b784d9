"""The fork server dies and comes back, and leaves nothing behind."""

import asyncio
import os
import signal

import psutil
import pytest

from services.hooks.sandbox.calls import HookCall, HttpReply, HttpRequest, NotCheckedError
from services.hooks.sandbox.options import CHECKS_AT_ONCE, RunLimits, SandboxOptions
from tests.faults.database_process import eventually
from tests.unit.hooks.sandbox.opened import opened, outcome_of

HOOK = "def before_llm(ctx, message):\n    return {'message': 'done'}\n"
ASKING = "def before_llm(ctx, message):\n    http_get('https://a.example')\n"
PATIENCE_S = 30.0
ONE = SandboxOptions(most_at_once=1)


def fork_servers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if any("services.hooks.sandbox" in part for part in child.cmdline())
    ]


def family() -> list[psutil.Process]:
    return [member for one in fork_servers() for member in (one, *one.children())]


async def until_gone(processes: list[psutil.Process]) -> None:
    await eventually(lambda: not any(map(is_alive, processes)), within_s=PATIENCE_S)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_nothing_is_left_after_the_end() -> None:
    async with opened() as sandbox:
        assert (await outcome_of(sandbox, HOOK)).verdict == "ok"
        processes = family()
        assert len(processes) > 1
    await until_gone(processes)


async def test_a_dead_fork_server_is_started_again() -> None:
    async with opened(ONE) as sandbox:
        (first,) = fork_servers()
        first.kill()
        await eventually(
            lambda: sandbox.restarts > 0 and sandbox.problem is None, within_s=PATIENCE_S
        )
        assert (await outcome_of(sandbox, HOOK)).verdict == "ok"
        assert [one.pid for one in fork_servers()] != [first.pid]


async def test_who_runs_when_the_fork_server_dies_hears_of_it() -> None:
    asked = asyncio.Event()

    async def hanging(_request: HttpRequest) -> HttpReply:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with opened(ONE) as sandbox:
        running = asyncio.create_task(outcome_of(sandbox, ASKING, http=hanging))
        await asked.wait()
        processes = family()
        fork_servers()[0].kill()
        outcome = await running
        assert outcome.verdict == "sandbox_failed", outcome
        await until_gone(processes)


async def test_who_no_longer_wants_the_result_ends_the_process() -> None:
    asked = asyncio.Event()

    async def hanging(_request: HttpRequest) -> HttpReply:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    async with opened(ONE) as sandbox:
        running = asyncio.create_task(outcome_of(sandbox, ASKING, http=hanging))
        await asked.wait()
        children = fork_servers()[0].children()  # the hook's, and perhaps the next spare
        running.cancel()
        await eventually(lambda: not all(map(is_alive, children)), within_s=PATIENCE_S)
        assert sandbox.running == 0
        assert (await outcome_of(sandbox, HOOK)).verdict == "ok"


async def test_a_killed_spare_is_replaced() -> None:
    async with opened(ONE) as sandbox:
        (server,) = fork_servers()
        await eventually(lambda: len(server.children()) == 1, within_s=PATIENCE_S)
        (spare,) = server.children()
        os.kill(spare.pid, signal.SIGKILL)
        await eventually(lambda: server.children() not in ([], [spare]), within_s=PATIENCE_S)
        assert (await outcome_of(sandbox, HOOK)).verdict == "ok"


async def test_a_closed_sandbox_says_so() -> None:
    async with opened(ONE) as sandbox:
        pass
    with pytest.raises(NotCheckedError, match=r"The sandbox is closed\."):
        await sandbox.check(HOOK)


async def test_without_seccomp_production_runs_no_hook() -> None:
    options = SandboxOptions(layers=("language", "limits", "timers"), needs_seccomp=True)
    async with opened(options) as sandbox:
        assert not sandbox.layers["seccomp"]
        with pytest.raises(NotCheckedError, match=r"seccomp.*docs/operate/sandbox\.md"):
            await sandbox.check(HOOK)


async def test_a_fork_server_that_no_longer_answers_is_replaced() -> None:
    limits = RunLimits(wall=0.5, requests=0.5)
    async with opened(SandboxOptions(most_at_once=1, limits=limits)) as sandbox:
        checked = await sandbox.check(HOOK)
        assert checked.compiled is not None
        call = HookCall(checked.compiled, "before_llm", {"ctx": {}, "message": ""})
        (server,) = fork_servers()
        await eventually(lambda: len(server.children()) == 1, within_s=PATIENCE_S)
        server.suspend()
        outcome = await sandbox.run(call)
        assert outcome.verdict == "sandbox_failed", outcome
        await eventually(
            lambda: sandbox.restarts > 0 and sandbox.problem is None, within_s=PATIENCE_S
        )
        assert (await sandbox.run(call)).verdict == "ok"


async def test_checks_that_hang_take_no_place_of_a_chat() -> None:
    async with opened(ONE) as sandbox:
        checked = await sandbox.check(HOOK)
        assert checked.compiled is not None
        call = HookCall(checked.compiled, "before_llm", {"ctx": {}, "message": ""})
        checks = [
            asyncio.create_task(sandbox.check("x = 1\n" * 5000, f"client-{n}")) for n in range(6)
        ]
        await eventually(lambda: sandbox.running == CHECKS_AT_ONCE, within_s=PATIENCE_S)
        assert (await sandbox.run(call)).verdict == "ok"
        assert all(found.compiled for found in await asyncio.gather(*checks))
