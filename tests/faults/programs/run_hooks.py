"""Keeps a hook running until it is killed, and says which processes that takes."""

import asyncio
import json

import psutil

from services.hooks.sandbox.calls import HookCall, HttpReply, HttpRequest
from services.hooks.sandbox.sandbox import Sandbox

HOOK = "def before_llm(ctx):\n    http_get('https://a.example')\n"


async def announce(_request: HttpRequest) -> HttpReply:
    """The hook's request: it is in the middle of its run, and stays there."""
    processes = psutil.Process().children(recursive=True)
    print(json.dumps([process.pid for process in processes]), flush=True)  # noqa: T201
    await asyncio.Event().wait()
    raise AssertionError


async def main() -> None:
    sandbox = Sandbox()
    await sandbox.open()
    checked = await sandbox.check(HOOK)
    assert checked.compiled is not None
    await sandbox.run(HookCall(checked.compiled, "before_llm", {"ctx": {}}), announce)


if __name__ == "__main__":
    asyncio.run(main())
