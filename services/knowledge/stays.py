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

LOOKS_A_TURN: Final = 20
"""How often within the time of a turn it is looked who waits, once the turn is over."""


class PlaceWantedError(Exception):
    """Another source waits, and this one had its turn: it goes on later.

    Attributes:
        rest_s: When it may be taken again, in seconds, so that the other one comes first.
    """

    def __init__(self, rest_s: float) -> None:
        super().__init__(rest_s)
        self.rest_s = rest_s


class Stay:
    """One source's work, from the moment at which it was taken."""

    def __init__(
        self,
        wanted: Callable[[], Awaitable[float | None]],
        *,
        turn_s: float = TURN_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Begin.

        Args:
            wanted: For how many seconds to rest when somebody waits; None when nobody does.
            turn_s: After how many seconds that is asked.
            clock: Seconds that never go back.
        """
        self._wanted = wanted
        self._turn_s = turn_s
        self._clock = clock
        self._came_back_in = 0.0
        self._comes_back_since: float | None = None
        self._reads_since: float | None = None
        self._looked = float("-inf")

    def comes_back(self) -> None:
        """It goes on with what was left half done, and must find to where it was."""
        self._comes_back_since = self._clock()

    async def page_stored(self) -> None:
        """A page was stored that was not before.

        Raises:
            PlaceWantedError: that was enough for now.
        """
        now = self._clock()
        if self._reads_since is None:
            self._reads_since = now
            if self._comes_back_since is not None:
                self._came_back_in = now - self._comes_back_since
        is_over = now - self._reads_since >= max(self._turn_s, self._came_back_in)
        if not is_over or now - self._looked < self._turn_s / LOOKS_A_TURN:
            return
        self._looked = now
        rest_s = await self._wanted()
        if rest_s is not None:
            raise PlaceWantedError(rest_s)


async def nobody_waits() -> None:
    """For work that nobody else has to wait for."""
    return
