"""How a hook has been doing for the last week: how many runs, how long, and which errors."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from documents.hook_runs import HookRun
from documents.hooks import Hook
from documents.tenancy import TenantScope

RUNS_MEASURED = 1_000
"""The newest, of which the percentiles are told."""

MOST_COUNTED = 100_000
"""Calls are counted no further, or a busy chatbot's figures would take seconds."""

ERROR_GROUPS = 20
ERRORS_GROUPED = 2_000


@dataclass(frozen=True, slots=True)
class HookStatistics:
    """Times are of the newest 1000 runs, in milliseconds; None without any."""

    calls: int
    failures: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Failures with the same verdict, problem and line; the excerpt is the newest one's."""

    verdict: str
    problem: str
    line: int | None
    excerpt: str | None
    count: int
    last_at: datetime


async def statistics_of(hook: Hook) -> HookStatistics:
    """How a hook has been doing."""
    runs = TenantScope.one(hook.client_id).of(HookRun)
    own = runs.condition({"chatbot_id": hook.chatbot_id})
    failed = {"$cond": [{"$eq": ["$verdict", "ok"]}, 0, 1]}
    sums: dict[str, Any] = {
        "$group": {"_id": None, "calls": {"$sum": 1}, "failures": {"$sum": failed}}
    }
    counted: list[dict[str, Any]] = [
        {"$match": own},
        {"$sort": {"_id": -1}},
        {"$limit": MOST_COUNTED},
        sums,
    ]
    found = await (await runs.raw.aggregate(counted)).to_list()
    newest = runs.raw.find(own, {"wall_ms": 1, "_id": 0}).sort("_id", -1).limit(RUNS_MEASURED)
    times = sorted(one["wall_ms"] for one in await newest.to_list())
    calls, failures = (found[0]["calls"], found[0]["failures"]) if found else (0, 0)
    return HookStatistics(calls, failures, _percentile(times, 0.5), _percentile(times, 0.99))


async def recent_errors(hook: Hook) -> list[ErrorGroup]:
    """The failures of the last week, the newest kind first."""
    runs = TenantScope.one(hook.client_id).of(HookRun)
    failed = runs.condition({"chatbot_id": hook.chatbot_id, "verdict": {"$ne": "ok"}})
    kinds = {"verdict": "$verdict", "problem": "$problem", "line": "$line"}
    grouped: dict[str, Any] = {
        "_id": kinds,
        "count": {"$sum": 1},
        "last_at": {"$first": "$created_at"},
        "excerpt": {"$first": "$excerpt"},
    }
    pipeline: list[dict[str, Any]] = [
        {"$match": failed},
        {"$sort": {"_id": -1}},
        {"$limit": ERRORS_GROUPED},
        {"$group": grouped},
        {"$sort": {"last_at": -1}},
        {"$limit": ERROR_GROUPS},
    ]
    found = await (await runs.raw.aggregate(pipeline)).to_list()
    return [
        ErrorGroup(
            verdict=one["_id"]["verdict"],
            problem=one["_id"].get("problem") or "",
            line=one["_id"].get("line"),
            excerpt=one.get("excerpt"),
            count=one["count"],
            last_at=one["last_at"],
        )
        for one in found
    ]


def _percentile(ordered: list[float], share: float) -> float | None:
    """The nearest-rank percentile of values in order."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
