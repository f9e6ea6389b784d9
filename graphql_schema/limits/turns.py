"""One after the other for what keeps the event loop busy for long, with everybody else in between.

Fifty introspections that arrive together would otherwise run without a pause, since the loop runs
all that is ready before it looks at its sockets again.
"""

import asyncio
from collections import deque


class Turns:
    """Gives one taker its turn in each round of the event loop, in the order in which they came."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait until nobody else has had a turn in this round of the loop."""
        loop = asyncio.get_running_loop()
        if self._taken:
            mine = loop.create_future()
            self._waiting.append(mine)
            try:
                await mine
            except asyncio.CancelledError:
                if mine.done() and not mine.cancelled():
                    self._pass_on()
                raise
        self._taken = True
        loop.call_soon(self._pass_on)

    def _pass_on(self) -> None:
        while self._waiting:
            following = self._waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        self._taken = False
