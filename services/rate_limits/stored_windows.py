"""Windows in the database, for limits that must hold however many processes there are.

A visit to the database each time: right for what is slow anyway and guards accounts, too much for
each question of a visitor.
"""

from collections.abc import Callable
from datetime import datetime

from documents.database.driver import operation_deadline
from documents.rate_windows import forget_window, hit_window
from services.rate_limits.windows import Limit

DATABASE_SECONDS = 4.0


class StoredWindows:
    """Moments that all processes share."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        """`clock` replaces the database's own in tests."""
        self._clock = clock

    async def hit(self, limit: Limit, key: str) -> datetime | None:
        """Note one more of `key` in a single step; else when there is room for it again."""
        now = self._clock() if self._clock else None
        with operation_deadline(DATABASE_SECONDS):
            return await hit_window(_key(limit, key), limit.most, limit.per, now=now)

    async def forget(self, limit: Limit, key: str) -> None:
        """Start `key` anew."""
        with operation_deadline(DATABASE_SECONDS):
            await forget_window(_key(limit, key))


def _key(limit: Limit, key: str) -> str:
    return f"{limit.name}/{key}"
