"""A program in Node that uses the guide's project against a server, and tells what happens."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.providers.node import node_binary

PROGRAM_SECONDS = 60.0
"""After that a program that neither tells anything nor ends counts as stuck."""


class NodeProgram:
    """One running program, and everything that it told so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.told: list[tuple[str, Any]] = []

    async def hear(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The next thing of a kind that the program tells and that is wanted."""
        try:
            async with asyncio.timeout(PROGRAM_SECONDS):
                async for said, value in self._messages():
                    if said == kind and wanted(value):
                        return value
        except TimeoutError:
            await self.stop()
        raise AssertionError(f"no {kind!r}: {self.told}\n{await self._complaint()}")

    async def everything(self) -> dict[str, Any]:
        """All that the program tells up to its "end"; the last of each kind."""
        await self.hear("end")
        return dict(self.told)

    def first(self, kind: str) -> Any:
        """The first of a kind that it told."""
        return next(value for said, value in self.told if said == kind)

    async def stop(self) -> None:
        """End it, whatever it does."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def _messages(self) -> AsyncGenerator[tuple[str, Any], None]:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            self.told.append((message["kind"], message["value"]))
            yield self.told[-1]

    async def _complaint(self) -> str:
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode()


@asynccontextmanager
async def node_program(
    project: Path, name: str, /, **given: object
) -> AsyncGenerator[NodeProgram, None]:
    """A program of the project, with these values."""
    process = await asyncio.create_subprocess_exec(
        node_binary(),
        "--import=./programs/page.mjs",  # before anything that looks for a page
        f"programs/{name}.mjs",
        json.dumps(given),
        cwd=project,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**22,
    )
    program = NodeProgram(process)
    try:
        yield program
    finally:
        await program.stop()
