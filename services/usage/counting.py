"""Adding up what was noted, each row exactly once.

Rows are taken, added to the sums of their hours and marked as counted in one transaction, many at a
time. So a crash loses none and counts none twice, and 200 answers that end together do not meet at
one document: adding up inside of each turn would make all but one of them begin anew.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog

from documents.clients import Client
from documents.database.driver import operation_deadline
from documents.duplicates import DuplicateError, duplicates_reported
from documents.errors import is_unavailable
from documents.messages import Message
from documents.tenancy import TenantScope
from documents.transactions import Transactions, WriteSession
from documents.usage_daily import AddedUsage, UsageKey, add_usage
from documents.usage_days import DayKey, touch_days
from documents.usage_events import UsageEvent
from documents.usage_merged import touch_merged
from services.cancelling import raise_if_cancelled
from services.live.publishing import usage_changed
from services.usage.days import days_of_hour
from services.usage.highlights import note_highlights
from services.usage.periods import hour_of, zone_of
from services.usage.refusals import Refusals
from services.usage.settling import settle_end
from services.usage.spans import span_of
from services.usage.stays import clients_with_ended_visits, has_ended_visits, note_ended_visits
from services.usage.visitor_sketch import register_of

LOOK_SECONDS = 0.5
"""Between two looks for rows to count."""

ROWS_AT_ONCE = 500
CLIENTS_AT_ONCE = 1_000
OPERATION_SECONDS = 10.0
UNCOUNTED = {"uncounted_since": {"$type": "date"}}

log = structlog.get_logger()


@dataclass(slots=True)
class _Sum:
    """What is added to one hour's sums."""

    llm_name: str | None = None
    added: Counter[str] = field(default_factory=Counter)
    highest: dict[str, int] = field(default_factory=dict)


class Counting:
    """Counts for as long as the process lives. Several processes may: of two one begins anew."""

    def __init__(self, transactions: Transactions, refusals: Refusals) -> None:
        self._transactions = transactions
        self._refusals = refusals

    async def run(self) -> None:
        """Count what is noted, by whichever process, until cancelled."""
        while True:
            try:
                await self.look()
            except Exception as error:
                if not is_unavailable(error):
                    log.exception("usage_not_counted")
            raise_if_cancelled()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Store what this process refused, and count all that waits."""
        with operation_deadline(OPERATION_SECONDS):
            await self._refusals.store()
            rows = TenantScope.every_client().of(UsageEvent)
            found = await rows.raw.distinct("client_id", rows.condition(UNCOUNTED))
            visiting = await clients_with_ended_visits()
        for client_id in [*{*found, *visiting}][:CLIENTS_AT_ONCE]:
            await self._note_visits(client_id)
            await self.count(client_id)

    async def settle(self, client_id: str) -> None:
        """Count everything of a client that has ended up to now: whoever reads then misses none."""
        await self._refusals.store()
        ended = {"end_untold_since": {"$type": "date"}}
        messages = TenantScope.one(client_id).of(Message)
        for answer in await messages.find(ended, limit=ROWS_AT_ONCE):
            await settle_end(answer)
        await self._note_visits(client_id)
        await self.count(client_id)

    async def close(self) -> None:
        """Store what this process has refused; others count it."""
        try:
            with operation_deadline(OPERATION_SECONDS):
                await self._refusals.store()
        except Exception as error:
            if not is_unavailable(error):
                raise
            log.warning("refusals_not_noted")

    async def count(self, client_id: str) -> None:
        """Count everything of a client that waits now."""
        while await self._counted(client_id) == ROWS_AT_ONCE:
            raise_if_cancelled()

    async def _note_visits(self, client_id: str) -> None:
        while await has_ended_visits(client_id):
            await self._transactions.run_transaction(
                lambda session: note_ended_visits(client_id, session)
            )
            raise_if_cancelled()

    async def _counted(self, client_id: str) -> int:
        while True:
            try:
                with duplicates_reported():
                    return await self._transactions.run_transaction(
                        lambda session: _count_rows(client_id, session)
                    )
            except DuplicateError:
                raise_if_cancelled()  # another process made the same hour's document first


async def _count_rows(client_id: str, session: WriteSession) -> int:
    scope = TenantScope.one(client_id)
    rows = await scope.of(UsageEvent).find(UNCOUNTED, limit=ROWS_AT_ONCE, session=session)
    if not rows:
        return 0
    taken = {"_id": {"$in": [one.id for one in rows]}}
    await scope.of(UsageEvent).update_many(
        taken, {"$unset": {"uncounted_since": ""}}, session=session
    )
    client = await scope.of(Client).find_one({}, session=session)
    zone = zone_of(client)
    sums = UsageSums(zone)
    for row in rows:
        sums.add(row)
    added = sums.added()
    await add_usage(client_id, added, session)
    days = days_of(added)
    await touch_days(client_id, days, session)
    await touch_merged(client_id, days, session)
    await note_highlights(client_id, rows, zone, session)
    await usage_changed(client_id, session)
    return len(rows)


class UsageSums:
    """Adds rows up by their hours."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._sums: defaultdict[UsageKey, _Sum] = defaultdict(_Sum)

    def add(self, row: UsageEvent) -> None:
        """Add a row."""
        key = UsageKey(hour_of(row.at, self._zone), row.chatbot_id, row.llm_config_id)
        sum_ = self._sums[key]
        sum_.llm_name = row.llm_name or sum_.llm_name
        sum_.added.update(_numbers(row))
        if row.visitor_id is not None:
            register, rank = register_of(row.visitor_id)
            name = f"visitors.{register}"
            sum_.highest[name] = max(rank, sum_.highest.get(name, 0))

    def added(self) -> list[AddedUsage]:
        """What the rows add to which hours."""
        sums = self._sums.items()
        return [AddedUsage(key, one.llm_name, one.added, one.highest) for key, one in sums]


def days_of(sums: Iterable[AddedUsage]) -> set[DayKey]:
    """The days that are to be put together anew when these hours have grown."""
    hours = {(one.key.hour, one.key.chatbot_id) for one in sums}
    return {DayKey(day, chatbot) for hour, chatbot in hours for day in days_of_hour(hour)}


def _numbers(row: UsageEvent) -> dict[str, int]:
    """What a row adds; sums are named as in `UsageDaily`."""
    numbers = {
        "requests": row.requests,
        "answers": int(row.kind == "question" and row.answer_id is not None),
        "successes": row.requests if row.success else 0,
        "failures": 0 if row.success else row.requests,
        "fallbacks": int(row.fell_back),
        "quota_used": row.to_quota,
        "input_tokens": row.input_tokens or 0,
        "output_tokens": row.output_tokens or 0,
        "cost_micros": row.cost_micros or 0,
        "conversations": int(row.opens_conversation),
        "unanswered": int(row.unanswered),
        "feedback_up": row.rated_up,
        "feedback_down": row.rated_down,
        "visits": row.visits,
        "visit_ms": row.visit_ms,
        "visit_messages": row.visit_messages,
    }
    if row.kind == "question" and row.success:
        for name, took in (("first_token", row.first_token_ms), ("answer", row.response_time_ms)):
            if took is not None:
                numbers[f"{name}_ms.{span_of(took)}"] = 1
    return {name: number for name, number in numbers.items() if number}
