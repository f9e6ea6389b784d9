"""Windows in Redis: quick enough for each question, and one for all processes.

While Redis is away each process counts for itself. A limit that is too generous for a minute is
better than a chatbot that answers nobody.
"""

from datetime import UTC, datetime
from time import monotonic

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.rate_limits.windows import Limit, Windows

_HIT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], 0)
while oldest and tonumber(oldest) <= now - length do
  redis.call('LPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], 0)
end
local count = redis.call('LLEN', KEYS[1])
if count >= most then
  return redis.call('LINDEX', KEYS[1], count - most) + length
end
redis.call('RPUSH', KEYS[1], now)
redis.call('PEXPIRE', KEYS[1], length)
return 0
"""
"""Looks, decides and notes in one step, by Redis' own clock. Milliseconds; 0 is a yes."""

LEFT_ALONE_S = 2.0
"""A Redis that hangs must not hold up each of the questions that come meanwhile."""

log = structlog.get_logger()


class RedisWindows:
    """Moments that all processes share."""

    def __init__(
        self, redis: Redis, in_need: Windows, *, left_alone_s: float = LEFT_ALONE_S
    ) -> None:
        """`in_need` counts while Redis does not answer; it is asked again after `left_alone_s`."""
        self._left_alone_s = left_alone_s
        self._redis = redis
        self._hit = redis.register_script(_HIT)
        self._in_need = in_need
        self._is_away = False
        self._asked_again_at = 0.0

    async def hit(self, limit: Limit, key: str) -> datetime | None:
        """Note one more of `key` in a single step; else when there is room for it again."""
        if monotonic() < self._asked_again_at:
            return await self._in_need.hit(limit, key)
        length_ms = round(limit.per.total_seconds() * 1000)
        try:
            free_at = int(await self._hit([_key(limit, key)], [limit.most, length_ms]))
        except RedisError as error:
            self._note(is_away=True, problem=type(error).__name__)
            return await self._in_need.hit(limit, key)
        self._note(is_away=False)
        return datetime.fromtimestamp(free_at / 1000, UTC) if free_at else None

    async def forget(self, limit: Limit, key: str) -> None:
        """Start `key` anew."""
        await self._in_need.forget(limit, key)
        try:
            await self._redis.delete(_key(limit, key))
        except RedisError as error:
            self._note(is_away=True, problem=type(error).__name__)

    def _note(self, *, is_away: bool, problem: str | None = None) -> None:
        """Say once that Redis goes, and once that it is back."""
        if is_away:
            self._asked_again_at = monotonic() + self._left_alone_s
        if is_away and not self._is_away:
            log.warning("rates_counted_apart", problem=problem)
        elif self._is_away and not is_away:
            log.info("rates_counted_together")
        self._is_away = is_away


def _key(limit: Limit, key: str) -> str:
    return f"parlance:rate:{limit.name}/{key}"
