"""A killed application takes its hooks' processes with it, running and waiting ones."""

import asyncio
import json

import psutil
import pytest

from tests.faults.database_process import eventually, start_program


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.faults
async def test_nothing_of_the_sandbox_outlives_the_application() -> None:
    program = await start_program("run_hooks")
    assert program.stdout is not None
    line = await asyncio.wait_for(program.stdout.readline(), 60)
    assert line, await program.communicate()
    pids: list[int] = json.loads(line)
    assert len(pids) > 2  # the fork server, the running child, and spares
    program.kill()
    await program.communicate()
    await eventually(lambda: not any(map(is_alive, pids)), within_s=60)
