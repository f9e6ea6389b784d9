"""How long a source may keep its place: a site of thousands of pages takes hours, others minutes.

Whoever has read for long enough lets those go first who wait, and goes on after them. It must come
back to where it was, which costs time when a site's pages fail or say the same as others: so it
reads new pages for at least as long as coming back to them took.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

TURN_S: Final = 120.0
"""How long a source reads before it lets others go first, in seconds."""


class PlaceWantedError(Exception):
    """Another source waits, and this one had its turn: it goes on later."""


class Stay:
    """One source's work, from the moment at which it was taken."""

    def __init__(
        self,
        is_wanted: Callable[[], Awaitable[bool]],
        *,
        turn_s: float = TURN_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`is_wanted` tells whether somebody waits for the place; it is asked after `turn_s`."""
        self._is_wanted = is_wanted
        self._turn_s = turn_s
        self._clock = clock
        self._began = clock()
        self._came_back: float | None = None

    async def page_stored(self) -> None:
        """A page was stored that was not before.

        Raises:
            PlaceWantedError: that was enough for now.
        """
        now = self._clock()
        if self._came_back is None:
            self._came_back = now
        read_for = now - self._came_back
        is_over = read_for >= max(self._turn_s, self._came_back - self._began)
        if is_over and await self._is_wanted():
            raise PlaceWantedError


async def nobody_waits() -> bool:
    """For work that nobody else has to wait for."""
    return False
