"""Telling the operator when trouble piles up: once, then not again for an hour.

All processes count together, in one document a kind of trouble. The count and what is told of it
are one transaction: whatever dies between, it is told once.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from documents.alarms import AlarmRule, count_in_alarm, prepare_alarm
from documents.base import utc_now
from documents.errors import is_unavailable
from documents.outbox_entries import OutboxKind
from documents.transactions import Transactions, WriteSession
from services.alerts.signals import SignalName, Signals
from services.cancelling import raise_if_cancelled
from services.outbox.announcing import announce

WITHIN = timedelta(minutes=5)
REST = timedelta(hours=1)
LOOK_SECONDS = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """So many within five minutes, of all processes together, are told."""

    server_errors: int = 10
    failed_sign_ins: int = 50
    throttled: int = 20
    reused_tokens: int = 1


class Alarms:
    """Counts what was noticed, and tells."""

    def __init__(
        self,
        transactions: Transactions,
        signals: Signals,
        thresholds: Thresholds,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._transactions = transactions
        self._signals = signals
        self._look_seconds = look_seconds
        self._least: Mapping[SignalName, int] = {
            "server_error": thresholds.server_errors,
            "failed_sign_in": thresholds.failed_sign_ins,
            "throttled": thresholds.throttled,
            "reused_token": thresholds.reused_tokens,
        }

    async def run(self) -> None:
        """Count until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("alarms_failed")
            raise_if_cancelled()
            await asyncio.sleep(self._look_seconds)

    async def look(self) -> None:
        """Count what was noticed since; what the database did not take is counted next time."""
        left = dict(self._signals.taken())
        try:
            for name in sorted(left):
                await self._count(name, left[name])
                del left[name]
        finally:
            for name, count in left.items():
                self._signals.note(name, count=count)

    async def _count(self, name: SignalName, more: int) -> None:
        rule = AlarmRule(name, self._least[name], WITHIN, REST)
        await prepare_alarm(name)

        async def write(session: WriteSession) -> int | None:
            total = await count_in_alarm(rule, more, session)
            if total is not None:
                await self._tell(name, total, session)
            return total

        total = await self._transactions.run_transaction(write)
        if total is not None:
            log.warning("alarm", reason=name, count=total, minutes=WITHIN // timedelta(minutes=1))

    async def _tell(self, name: SignalName, total: int, session: WriteSession) -> None:
        kind: OutboxKind = "server.errors" if name == "server_error" else "auth.suspicious"
        facts: dict[str, int | str] = {"count": total, "minutes": WITHIN // timedelta(minutes=1)}
        if kind == "auth.suspicious":
            facts["reason"] = name
        facts |= self._signals.last(name)
        await announce(kind, f"{kind}/{name}/{utc_now().isoformat()}", facts, session)
