"""Moving windows: how often something happened within the last minutes, exactly.

A window keeps the moments of what it accepted, never more of them than its limit, and forgets a
key when its last moment has left the window. `MemoryWindows` live in one process: several grant
their limit each. What must hold for all of them together stands in `stored_windows` and
`redis_windows`.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import time
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Limit:
    """So often within so long, for each key; `name` keeps the keys of limits apart."""

    name: str
    most: int
    per: timedelta


class Windows(Protocol):
    """Where the moments are kept."""

    async def hit(self, limit: Limit, key: str) -> datetime | None:
        """Note one more of `key` in a single step; else when there is room for it again."""
        ...

    async def forget(self, limit: Limit, key: str) -> None:
        """Start `key` anew."""
        ...


class MemoryWindows:
    """Moments in this process's memory. Between two awaits nothing else runs: a hit is atomic."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._moments: dict[str, OrderedDict[str, deque[float]]] = {}

    async def hit(self, limit: Limit, key: str) -> datetime | None:
        """Note one more of `key` in a single step; else when there is room for it again."""
        now, length = self._clock(), limit.per.total_seconds()
        keys = self._moments.setdefault(limit.name, OrderedDict())
        _forget_the_past(keys, now - length)
        moments = keys.setdefault(key, deque())
        while moments and moments[0] <= now - length:
            moments.popleft()
        if len(moments) >= limit.most:
            return datetime.fromtimestamp(moments[0] + length, UTC)
        moments.append(now)
        keys.move_to_end(key)
        return None

    async def forget(self, limit: Limit, key: str) -> None:
        """Start `key` anew."""
        self._moments.get(limit.name, OrderedDict()).pop(key, None)

    def size(self) -> int:
        """How many keys are remembered."""
        return sum(len(keys) for keys in self._moments.values())


def _forget_the_past(keys: OrderedDict[str, deque[float]], before: float) -> None:
    """Drop the keys without a moment in the window; the longest unused come first."""
    while keys:
        moments = next(iter(keys.values()))
        if moments and moments[-1] > before:
            return
        keys.popitem(last=False)
