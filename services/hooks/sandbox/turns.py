"""Who may use the sandbox next: so many at once, so many of one client, and clients in turn.

A client whose hooks all hang fills its own share and nobody else's.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager


class BusyError(Exception):
    """No turn came within the time there was."""


class Place:
    """A place that somebody has."""

    def __init__(self, turns: "Turns") -> None:
        self._turns = turns

    @contextmanager
    def lent(self) -> Generator[None, None, None]:
        """Let others have it for as long as the block waits for something outside.

        It is taken again without waiting, so that for a moment more may run than there are places.
        Of the client's own share it stays a part. When many places are lent already, it is kept.
        """
        is_lent = self._turns.lend()
        try:
            yield
        finally:
            if is_lent:
                self._turns.take_back()


class Turns:
    """The places of one process's sandbox."""

    def __init__(
        self, most: int, most_per_client: int, most_waiting: int, most_lent: int = 0
    ) -> None:
        self._free = most
        self._lendable = most_lent
        self._most_per_client = most_per_client
        self._most_waiting = most_waiting
        self._running: Counter[str] = Counter()
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}

    @property
    def running(self) -> int:
        """How many have a place."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(map(len, self._queues.values()))

    @asynccontextmanager
    async def turn(self, client_id: str, longest_wait: float) -> AsyncGenerator[Place, None]:
        """A place, for as long as the block runs; waits so many seconds for it at most.

        Raises:
            BusyError: there was none.
        """
        await self._enter(client_id, longest_wait)
        try:
            yield Place(self)
        finally:
            self._leave(client_id)

    def lend(self) -> bool:
        """Let others have a place; whether there are not too many of them yet."""
        if not self._lendable:
            return False
        self._lendable -= 1
        self._free += 1
        self._admit()
        return True

    def take_back(self) -> None:
        """Have a place again that was lent."""
        self._lendable += 1
        self._free -= 1

    async def _enter(self, client_id: str, longest_wait: float) -> None:
        if self.waiting >= self._most_waiting:
            raise BusyError
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(client_id, deque()).append(place)
        self._admit()
        try:
            async with asyncio.timeout(longest_wait):
                await asyncio.shield(place)
        except TimeoutError:
            self._give_up(client_id, place)
            raise BusyError from None
        except asyncio.CancelledError:
            self._give_up(client_id, place)
            raise

    def _give_up(self, client_id: str, place: asyncio.Future[None]) -> None:
        """Stop waiting, or hand back a place that came in the same moment."""
        if place.done():
            self._leave(client_id)
            return
        place.cancel()
        self._queues[client_id].remove(place)
        self._forget_empty(client_id)

    def _leave(self, client_id: str) -> None:
        self._free += 1
        self._running[client_id] -= 1
        if not self._running[client_id]:
            del self._running[client_id]
        self._admit()

    def _admit(self) -> None:
        """Give free places to clients one after another, who then go to the end of the row."""
        for client_id in list(self._queues):
            if self._free <= 0:
                return
            if self._running[client_id] < self._most_per_client:
                self._admit_one(client_id)
        if self._free > 0 and any(map(self._could_enter, self._queues)):
            self._admit()

    def _could_enter(self, client_id: str) -> bool:
        return self._running[client_id] < self._most_per_client

    def _admit_one(self, client_id: str) -> None:
        queue = self._queues.pop(client_id)
        queue.popleft().set_result(None)
        self._free -= 1
        self._running[client_id] += 1
        if queue:
            self._queues[client_id] = queue

    def _forget_empty(self, client_id: str) -> None:
        if not self._queues[client_id]:
            del self._queues[client_id]
