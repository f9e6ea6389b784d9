"""Language models that do what a test wrote down, behind the product's own seam."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from services.llm.model import (
    LanguageModel,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ModelSettings,
    TextChunk,
)

STOP = ModelFinished("stop", input_tokens=7, output_tokens=5)
Step = str | asyncio.Event | ModelFinished | BaseException | Callable[[], None]


class Script:
    """Says strings, waits for events, calls functions, raises errors, in the order given."""

    def __init__(self, *steps: Step, ends_with: ModelFinished | None = STOP) -> None:
        self._steps: Sequence[Step] = (*steps, ends_with) if ends_with else steps
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()
        self.request: ModelRequest | None = None

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        self.request = request
        self.asked.set()
        try:
            for step in self._steps:
                if isinstance(step, str):
                    yield TextChunk(step)
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, BaseException):
                    raise step
                elif isinstance(step, ModelFinished):
                    yield step
                else:
                    step()
        finally:
            self.closed.set()


class FailsToClose(Script):
    """Breaks when it is hung up on."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        try:
            async for event in super().stream(request):
                yield event
        finally:
            raise RuntimeError("the connection could not be closed")


class NeverCloses(Script):
    """Ignores that it is hung up on, and goes on talking when `go_on` is set."""

    def __init__(self, *steps: Step) -> None:
        super().__init__(*steps)
        self.go_on = asyncio.Event()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        async for event in super().stream(request):
            yield event
            while not self.go_on.is_set():
                try:
                    await self.go_on.wait()
                except asyncio.CancelledError:
                    continue


class Endless:
    """Says a word for ever and never waits."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:  # noqa: ARG002
        while True:
            yield TextChunk("on and ")


class Models:
    """Gives out scripts in order; the last one again and again."""

    def __init__(self, *scripts: LanguageModel) -> None:
        self._scripts = list(scripts)
        self.created = 0

    def create(self, settings: ModelSettings) -> LanguageModel:  # noqa: ARG002
        self.created += 1
        return self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
