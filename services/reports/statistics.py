"""The numbers of a day or a week, told to the integrations that want them: in the morning after.

Nothing is remembered of it but the events themselves: a client has one of each period, whatever
number of processes looks. After a time in which no server ran, the last period is told and those
before are not.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from documents.clients import Client
from documents.database_clock import database_now
from documents.errors import is_unavailable
from documents.outbox_entries import OutboxEntry, OutboxKind
from documents.tenancy import TenantScope
from services.cancelling import raise_if_cancelled
from services.outbox.announcing import listening_to
from services.outbox.recording import Happening, record
from services.reports.schedules import HOUR
from services.usage.adding_up import Figures
from services.usage.counting import Counting
from services.usage.figures import total_figures
from services.usage.periods import Period, midnight, zone_of
from services.usage.spans import percentile

LOOK_SECONDS = 20.0
KINDS: tuple[OutboxKind, ...] = ("usage.daily", "usage.weekly")
NUMBERS = (
    "requests", "successes", "failures", "fallbacks", "unanswered", "conversations", "feedback_up",
    "feedback_down", "input_tokens", "output_tokens", "cost_micros",
)  # fmt: skip
"""What is summed up, by the names of `documents.usage_daily.UsageDaily`."""

AGAIN = timedelta(hours=1)
"""When a client is tried again whose numbers could not be told."""

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)

log = structlog.get_logger()


class Statistics:
    """Tells the numbers for as long as the process lives. Several processes may."""

    def __init__(self, counting: Counting) -> None:
        self._counting = counting
        self._next: Mapping[tuple[OutboxKind, str], datetime] = {}

    async def run(self) -> None:
        """Tell what is due until cancelled."""
        while True:
            try:
                await self.look(await database_now())
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("statistics_failed")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, now: datetime) -> None:
        """Tell what is due at a moment."""
        wanted = [(kind, slug) for kind in KINDS for slug in await listening_to(kind)]
        after: dict[tuple[OutboxKind, str], datetime] = {}
        for kind, slug in wanted:
            due = self._next.get((kind, slug), now)
            after[kind, slug] = due if due > now else await self._tried(kind, slug, now)
            raise_if_cancelled()
        self._next = after

    async def _tried(self, kind: OutboxKind, slug: str, now: datetime) -> datetime:
        """Tell a client; one that cannot be told holds up no other."""
        try:
            return await self._told(kind, slug, now)
        except Exception as error:
            if is_unavailable(error):
                raise
            log.exception("statistics_failed", client_id=slug)
            return now + AGAIN

    async def _told(self, kind: OutboxKind, slug: str, now: datetime) -> datetime:
        """Tell the last period of a client unless that is done; when to look again."""
        scope = TenantScope.one(slug)
        client = await scope.of(Client).find_one({"active": True})
        if client is None:
            return now + HOUR
        period = last_period(kind, client, now)
        key = f"{kind}/{period.since}"
        if await scope.of(OutboxEntry).find_one({"key": key}) is None:
            await self._counting.settle(slug)
            facts = _facts(period, await total_figures(client, period))
            await record(Happening(slug, kind, key, facts=facts))
        return midnight(period.until + (period.until - period.since), zone_of(client)) + HOUR


def last_period(kind: OutboxKind, client: Client, now: datetime) -> Period:
    """The day or week by the client's clock that is over since six in the morning."""
    day = (now - HOUR).astimezone(zone_of(client)).date()
    if kind == "usage.daily":
        return Period(day - A_DAY, day)
    monday = day - timedelta(days=day.weekday())
    return Period(monday - A_WEEK, monday)


def _facts(period: Period, figures: Figures) -> dict[str, int | str]:
    numbers: dict[str, int | str] = {name: figures.numbers[name] for name in NUMBERS}
    median = percentile(figures.answer_ms, 0.5)
    return {
        "since": f"{period.since}",
        "until": f"{period.until}",
        **numbers,
        "unique_visitors": figures.visitors,
        **({} if median is None else {"answer_p50_ms": median}),
    }
