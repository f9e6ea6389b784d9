"""A sandbox for as long as a block runs, and calls of it in one line."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from services.hooks.sandbox.calls import HookCall, HttpDoor, Outcome
from services.hooks.sandbox.options import SandboxOptions
from services.hooks.sandbox.sandbox import Sandbox


@asynccontextmanager
async def opened(options: SandboxOptions | None = None) -> AsyncGenerator[Sandbox, None]:
    sandbox = Sandbox(options)
    await sandbox.open()
    try:
        yield sandbox
    finally:
        await sandbox.close()


async def outcome_of(
    sandbox: Sandbox,
    source: str,
    *,
    http: HttpDoor | None = None,
    function: str = "before_llm",
    client_id: str = "",
    **arguments: Any,
) -> Outcome:
    """Checks a hook that must pass the check, and calls its function."""
    checked = await sandbox.check(source)
    assert checked.compiled is not None, checked.issues
    given = arguments or {"ctx": {}, "message": "hello"}
    return await sandbox.run(HookCall(checked.compiled, function, given, client_id), http)
