"""Reports tell what a count of every row tells: over 200,000 messages, three zones, all clocks."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from documents.base import utc_now
from documents.clients import Client
from documents.database.database import Database
from documents.ids import PydanticObjectId
from documents.migrations.m0006_usage_is_merged import migrate
from documents.tenancy import TenantScope
from documents.usage_daily import UsageDaily
from documents.usage_days import UsageDay
from documents.usage_events import UsageEvent
from documents.usage_merged import UsageMerged
from services.usage.counting import Counting
from services.usage.days import Whose
from services.usage.figures import Figures, PeriodFigures, period_figures, total_figures
from services.usage.highlights import longest_conversations
from services.usage.periods import GranularityName, Period, zone_of
from services.usage.rebuilding import Rebuilding
from services.usage.refusals import Refusals
from services.usage.spans import percentile
from tests.unit.usage.usage_rows import store_rows, usage_rows

pytestmark = pytest.mark.asyncio(loop_scope="session")

YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))
AROUND_THE_YEAR = (datetime(2025, 12, 30, tzinfo=UTC), datetime(2027, 1, 3, tzinfo=UTC))
AUTUMN = (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC))
ZONES = {
    # Of 100,000 questions and answers each but the last; half an hour of summer time there.
    "Europe/Berlin": 40_000,
    "America/New_York": 40_000,
    "Australia/Lord_Howe": 20_000,
}
ADDED = {
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
    "cost_micros": "cost_micros",
    "quota_used": "to_quota",
    "feedback_up": "rated_up",
    "feedback_down": "rated_down",
    "visits": "visits",
    "visit_ms": "visit_ms",
    "visit_messages": "visit_messages",
}
FLAGS = {
    "fallbacks": "fell_back",
    "conversations": "opens_conversation",
    "unanswered": "unanswered",
}
Rows = Sequence[dict[str, Any]]


async def new_client(**fields: Any) -> Client:
    client = Client(client_id=f"client-{uuid4().hex[:8]}", name="A client", **fields)
    await TenantScope.one(client.client_id).of(Client).insert(client)
    return client


async def rebuild(database: Database, client: Client) -> None:
    await Rebuilding(database).rebuild(client, lambda _days: None)


def counted(rows: Iterable[dict[str, Any]]) -> Counter[str]:
    """The numbers of rows, one by one."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums["requests"] += row["requests"]
        sums["successes" if row["success"] else "failures"] += row["requests"]
        sums["answers"] += row["kind"] == "question" and "answer_id" in row
        for name, field in ADDED.items():
            sums[name] += row.get(field) or 0
        for name, field in FLAGS.items():
            sums[name] += bool(row.get(field))
    return sums


def assert_tells(figures: Figures, rows: Rows) -> None:
    assert +figures.numbers == +counted(rows)
    asked = [row for row in rows if row["kind"] == "question" and row["success"]]
    for counts, field in (
        (figures.first_token_ms, "first_token_ms"),
        (figures.answer_ms, "response_time_ms"),
    ):
        took = sorted(row[field] for row in asked if row.get(field) is not None)
        assert counts.sum() == len(took)
        for share in (0.5, 0.95):
            told = percentile(counts, share)
            if took:
                exact = took[max(0, -(-len(took) * round(100 * share) // 100) - 1)]
                assert told is not None
                assert abs(told - exact) <= max(1, 0.05 * exact)
    visitors = len({row["visitor_id"] for row in rows if "visitor_id" in row})
    assert abs(figures.visitors - visitors) <= max(1, 0.03 * visitors)


def step_of(day: date, granularity: GranularityName) -> date:
    first = {
        "day": day,
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
    }[granularity]
    return max(first, YEAR.since)


def grouped(rows: Rows, key: Callable[[dict[str, Any]], Any]) -> dict[Any, Rows]:
    groups: defaultdict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(groups)


def in_year(rows: Rows, zone: ZoneInfo) -> Rows:
    return [row for row in rows if row["at"].astimezone(zone).year == YEAR.since.year]


@pytest.mark.parametrize("zone_name", ZONES)
async def test_a_year_is_told_as_a_count_of_every_row_tells_it(
    database: Database, zone_name: str
) -> None:
    client = await new_client(time_zone=zone_name)
    rows = usage_rows(client, ZONES[zone_name], AROUND_THE_YEAR)
    await store_rows(client, rows)
    await rebuild(database, client)

    zone = zone_of(client)
    own = in_year(rows, zone)
    figures = await period_figures(client, YEAR, "month")
    assert_tells(figures.totals, own)
    for chatbot, some in grouped(own, lambda row: row["chatbot_id"]).items():
        assert_tells(figures.by_chatbot[chatbot], some)
        one = await period_figures(client, YEAR, "month", chatbot)
        assert_tells(one.totals, some)
    by_llm = grouped(own, lambda row: row.get("llm_config_id"))
    assert figures.by_llm.keys() == by_llm.keys() - {None}
    for model, its in figures.by_llm.items():
        assert_tells(its, by_llm[model])
        assert figures.llm_names[model] == by_llm[model][0]["llm_name"]
    for granularity in ("day", "week", "month"):
        await _assert_series(client, own, granularity, zone)


async def _assert_series(
    client: Client, rows: Rows, granularity: GranularityName, zone: ZoneInfo
) -> None:
    series = (await period_figures(client, YEAR, granularity)).series
    by_step = grouped(rows, lambda row: step_of(row["at"].astimezone(zone).date(), granularity))
    assert [day for day, _ in series] == [*YEAR.steps(granularity)]
    for day, figures in series:
        assert +figures.numbers == +counted(by_step.get(day, []))


async def test_what_is_counted_as_it_happens_is_what_is_rebuilt(database: Database) -> None:
    client = await new_client(time_zone="Europe/Berlin")
    span = (datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC))
    rows = usage_rows(client, 2_000, span)
    await store_rows(client, [{**row, "uncounted_since": utc_now()} for row in rows])
    await Counting(database, Refusals()).count(client.client_id)
    counted_ = told(await all_of(client))
    rebuilt = await Rebuilding(database).rebuild(client, lambda _days: None)
    assert rebuilt.hours > 0
    assert rebuilt.wrong == 0

    await TenantScope.one(client.client_id).of(UsageDaily).delete_many({})
    again = await Rebuilding(database).rebuild(client, lambda _days: None)
    assert again.wrong == again.hours == rebuilt.hours
    assert told(await all_of(client)) == counted_


def told(figures: PeriodFigures) -> Any:
    """All that it holds, as numbers that can be compared."""

    def flat(one: Figures) -> Any:
        return one.numbers, *(
            part.tolist() for part in (one.first_token_ms, one.answer_ms, one.ranks)
        )

    return (
        flat(figures.totals),
        *(
            {key: flat(one) for key, one in of.items()}
            for of in (figures.by_chatbot, figures.by_llm)
        ),
        figures.llm_names,
        [(day, flat(one)) for day, one in figures.series],
    )


async def all_of(client: Client) -> PeriodFigures:
    return await period_figures(client, YEAR, "day")


async def test_a_day_that_is_kept_is_told_anew_when_something_is_counted(
    database: Database,
) -> None:
    client = await new_client(time_zone="Asia/Tokyo")
    span = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC))
    rows = [{**row, "uncounted_since": utc_now()} for row in usage_rows(client, 300, span)]
    counting = Counting(database, Refusals())
    for part in (rows[:100], rows[100:200], rows[200:]):
        await store_rows(client, part)
        await counting.count(client.client_id)
        await all_of(client)
    assert_tells((await all_of(client)).totals, rows)


async def test_days_of_an_earlier_version_get_their_months(database: Database) -> None:
    client = await new_client()
    rows = usage_rows(client, 600, AUTUMN)
    await store_rows(client, rows)
    await rebuild(database, client)
    merged = TenantScope.one(client.client_id).of(UsageMerged)
    await merged.delete_many({})
    for _ in range(2):
        await migrate(database.database)
        assert_tells((await all_of(client)).totals, rows)
    assert set(await merged.raw.distinct("revision", merged.condition())) == {1}


async def test_another_time_zone_puts_the_days_together_anew(database: Database) -> None:
    client = await new_client(time_zone="Europe/Berlin")
    span = (datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 4, 8, tzinfo=UTC))
    first, second = usage_rows(client, 900, span), usage_rows(client, 500, span)
    for row in second:
        row["answer_id"] = PydanticObjectId() if "answer_id" in row else None
    scope = TenantScope.one(client.client_id)
    counting, seen = Counting(database, Refusals()), list[dict[str, Any]]()
    for zone_name, part in (
        ("Europe/Berlin", first),
        ("America/Los_Angeles", second),
        ("Europe/Berlin", []),
        ("Pacific/Auckland", []),
    ):
        changed = await scope.of(Client).update_one({}, {"$set": {"time_zone": zone_name}})
        assert changed is not None
        fresh = [{k: v for k, v in one.items() if k != "_id" and v is not None} for one in part]
        await store_rows(client, [{**one, "uncounted_since": utc_now()} for one in fresh])
        await counting.count(client.client_id)
        seen += fresh
        await _assert_series(changed, seen, "day", zone_of(changed))


async def test_sums_stay_right_when_rows_lose_their_visitors(database: Database) -> None:
    client = await new_client()
    rows = usage_rows(client, 3_000, AUTUMN)
    await store_rows(client, rows)
    await rebuild(database, client)
    before = await all_of(client)
    events = TenantScope.one(client.client_id).of(UsageEvent)
    for visitor in list({row["visitor_id"] for row in rows if "visitor_id" in row})[:200]:
        await events.update_many(
            {"visitor_id": visitor}, {"$set": {"visitor_id": PydanticObjectId()}}
        )
    await TenantScope.one(client.client_id).of(UsageDaily).delete_many({})
    await rebuild(database, client)
    after = await all_of(client)
    assert after.totals.numbers == before.totals.numbers
    assert list(after.totals.answer_ms) == list(before.totals.answer_ms)
    assert abs(after.totals.visitors - before.totals.visitors) <= 0.02 * before.totals.visitors


async def test_the_longest_conversations_are_exactly_those(database: Database) -> None:
    client = await new_client()
    rows = usage_rows(client, 3_000, AUTUMN, chatbots=1)
    await store_rows(client, rows)
    await rebuild(database, client)
    whose = Whose(client.client_id, zone_of(client))
    lengths = {
        row["conversation_id"]: row["seq"] for row in in_year(rows, ZoneInfo("UTC")) if "seq" in row
    }
    found = await longest_conversations(whose, YEAR, 10)
    assert [lengths[one] for one in found] == sorted(lengths.values(), reverse=True)[:10]


@pytest.mark.parametrize("period", [YEAR, Period(date(2150, 1, 1), date(2150, 2, 1))])
async def test_nothing_is_told_as_nothing(database: Database, period: Period) -> None:
    client = await new_client()
    figures = await period_figures(client, period, "week")
    assert not +figures.totals.numbers
    assert figures.totals.visitors == 0
    assert percentile(figures.totals.answer_ms, 0.5) is None
    assert len(figures.series) == len([*period.steps("week")])
    assert not figures.by_chatbot
    assert not +(await total_figures(client, period.before)).numbers


async def test_days_that_are_not_asked_for_are_not_put_together(database: Database) -> None:
    client = await new_client()
    span = (datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 11, tzinfo=UTC))
    await store_rows(client, usage_rows(client, 500, span, chatbots=1))
    await rebuild(database, client)
    await period_figures(client, Period(date(2026, 5, 3), date(2026, 5, 5)), "day")
    days = TenantScope.one(client.client_id).of(UsageDay)
    kept = await days.find({"built": {"$type": "number"}}, limit=100)
    assert sorted(one.day for one in kept) == ["2026-05-03", "2026-05-04"]


async def test_a_thousand_chatbots_are_told_apart(database: Database) -> None:
    client = await new_client(time_zone="Asia/Kathmandu")
    span = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 20, tzinfo=UTC))
    rows = usage_rows(client, 2_500, span, chatbots=1_000)
    await store_rows(client, [{**row, "uncounted_since": utc_now()} for row in rows])
    await Counting(database, Refusals()).count(client.client_id)
    whole = await all_of(client)
    assert_tells(whole.totals, rows)
    by_chatbot = grouped(rows, lambda row: row["chatbot_id"])
    assert len(by_chatbot) > 800
    assert {one: +found.numbers for one, found in whole.by_chatbot.items()} == {
        one: +counted(own) for one, own in by_chatbot.items()
    }
    assert (await total_figures(client, YEAR)).numbers == whole.totals.numbers
