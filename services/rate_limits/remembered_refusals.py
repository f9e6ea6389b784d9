"""Windows that are far away, and what they refused a moment ago: who floods asks them in vain.

A refusal is repeated for a second without asking again, so that a flood costs the database one
look a second and not one for each request.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

from services.rate_limits.windows import Limit, Windows

REMEMBERED = timedelta(seconds=1)
MOST_REMEMBERED = 10_000
"""Keys; the oldest go first."""


class RememberedRefusals:
    """Refusals of other windows, remembered in this process."""

    def __init__(self, windows: Windows, clock: Callable[[], float] = monotonic) -> None:
        """`clock` is in seconds."""
        self._windows = windows
        self._clock = clock
        self._refused: OrderedDict[tuple[str, str], tuple[float, datetime]] = OrderedDict()

    async def hit(self, limit: Limit, key: str) -> datetime | None:
        """Note one more of `key` in a single step; else when there is room for it again."""
        name = (limit.name, key)
        until, retry_at = self._refused.get(name, (0.0, None))
        if retry_at is not None and self._clock() < until:
            return retry_at
        retry_at = await self._windows.hit(limit, key)
        if retry_at is None:
            self._refused.pop(name, None)
            return None
        # Never longer than it takes until there is room: a limit may be shorter than a second.
        soon = min(REMEMBERED, limit.per).total_seconds()
        self._refused[name] = self._clock() + soon, retry_at
        self._refused.move_to_end(name)
        if len(self._refused) > MOST_REMEMBERED:
            self._refused.popitem(last=False)
        return retry_at

    async def forget(self, limit: Limit, key: str) -> None:
        """Start `key` anew."""
        self._refused.pop((limit.name, key), None)
        await self._windows.forget(limit, key)
