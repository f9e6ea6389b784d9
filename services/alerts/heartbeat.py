"""The service's sign of life, and telling of the time in which there was none.

Each process gives it. Whoever gives the first one after a silence, be it that all processes were
away or that the database was, tells that the service was offline and for how long, in the same
transaction: one process tells it, once. A restart within the silence that is allowed is not told.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from time import monotonic

import structlog

from documents.errors import is_unavailable
from documents.heartbeats import Silence, beat, beat_again, prepare_heartbeat
from documents.transactions import Transactions, WriteSession
from services.cancelling import raise_if_cancelled
from services.outbox.announcing import announce

BEATS_IN_A_SILENCE = 6
"""So many signs of life fit into the longest silence that is not told."""

log = structlog.get_logger()


class Beating:
    """Gives the sign of life for as long as the process lives."""

    def __init__(
        self,
        transactions: Transactions,
        offline_after_s: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Silences from `offline_after_s` seconds on are told; `clock` counts seconds."""
        self._transactions = transactions
        self._clock = clock
        self._longest = timedelta(seconds=offline_after_s)
        self._pause_s = offline_after_s / BEATS_IN_A_SILENCE
        self._beaten_at: float | None = None

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            try:
                await self.beat()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("heartbeat_failed")
            raise_if_cancelled()
            await asyncio.sleep(self._pause_s)

    async def beat(self) -> None:
        """Give the sign of life once, and tell of the silence before it if it was one."""
        asked_at = self._clock()
        if not await beat(self._longest):
            await prepare_heartbeat()
            silence = await self._transactions.run_transaction(self._beaten_again)
            if silence is not None:
                seconds = round(silence.duration.total_seconds())
                log.warning("service_was_offline", since=_shown(silence.since), seconds=seconds)
        self._beaten_at = asked_at

    async def _beaten_again(self, session: WriteSession) -> Silence | None:
        silence = await beat_again(session)
        if silence is None or silence.duration < self._longest or self._was_there():
            return None
        since, until = _shown(silence.since), _shown(silence.until)
        times = {"since": since, "until": until}
        seconds = round(silence.duration.total_seconds())
        offline = {"status": "offline", **times}
        await announce("system.status", f"system.status/offline/{since}", offline, session)
        online = {"status": "online", "since": until}
        await announce("system.status", f"system.status/online/{until}", online, session)
        recovered: dict[str, int | str] = {**times, "seconds": seconds}
        await announce("service.recovered", f"service.recovered/{since}", recovered, session)
        return silence

    def _was_there(self) -> bool:
        """Whether this process knows better than the database's clock, which may have jumped."""
        if self._beaten_at is None:
            return False
        return self._clock() - self._beaten_at < self._longest.total_seconds()


def _shown(moment: datetime) -> str:
    return moment.isoformat()
