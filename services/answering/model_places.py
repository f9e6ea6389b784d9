"""How many answers a model gives at a time, and who waits for it to have room for one more.

The places are counted in each process: three processes give three times as many answers. Who waits
is served in order. The line is bounded in length and time, so that a slow provider makes nobody
wait for nothing while a fallback is at hand.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from services.llm.errors import ModelBusyError


@dataclass(slots=True)
class _Line:
    """One model's places that are taken, and those who wait."""

    taken: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class ModelPlaces:
    """The places of every model in this process."""

    def __init__(self, *, waiting_share: float, wait_s: float) -> None:
        """`waiting_share` bounds a line as a multiple of the places; `wait_s` is in seconds."""
        self._waiting_share = waiting_share
        self._wait_s = wait_s
        self._lines: dict[Hashable, _Line] = {}

    def taken(self, key: Hashable) -> int:
        """How many answers a model is giving."""
        return self._lines[key].taken if key in self._lines else 0

    def waiting(self, key: Hashable) -> int:
        """How many wait for it."""
        return len(self._lines[key].waiting) if key in self._lines else 0

    @asynccontextmanager
    async def one(self, key: Hashable, places: int) -> AsyncGenerator[None, None]:
        """A place for the length of the block.

        Raises:
            ModelBusyError: the line is full, or none became free in time.
        """
        line = self._lines.setdefault(key, _Line())
        if line.taken < places and not line.waiting:
            line.taken += 1
        else:
            await self._wait_in(line, places)
        try:
            yield
        finally:
            _leave(line)
            if not line.taken and not line.waiting:
                self._lines.pop(key, None)

    async def _wait_in(self, line: _Line, places: int) -> None:
        """Wait until somebody who leaves hands on a place."""
        if len(line.waiting) >= places * self._waiting_share:
            raise ModelBusyError(f"{places} answers at a time, and {len(line.waiting)} wait")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            async with asyncio.timeout(self._wait_s):
                await turn
        except TimeoutError:
            if _has_place(turn):
                return
            _give_up(line, turn)
            raise ModelBusyError(f"no place among {places} in {self._wait_s:g} s") from None
        except asyncio.CancelledError:
            if _has_place(turn):
                _leave(line)
            else:
                _give_up(line, turn)
            raise


def _has_place(turn: asyncio.Future[None]) -> bool:
    """Whether the turn came in the same moment in which its owner gave up."""
    return turn.done() and not turn.cancelled()


def _give_up(line: _Line, turn: asyncio.Future[None]) -> None:
    with suppress(ValueError):  # somebody who left has passed it over already
        line.waiting.remove(turn)


def _leave(line: _Line) -> None:
    """Hand on a place to the first who waits, or give it back."""
    while line.waiting:
        turn = line.waiting.popleft()
        if not turn.done():
            turn.set_result(None)
            return
    line.taken -= 1
