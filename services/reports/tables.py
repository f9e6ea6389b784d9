"""A report as CSV and as JSON, piece by piece: a line for each day, chatbot and language model.

A year of 1,000 chatbots is a million lines and is never in memory whole. Spreadsheets run what
begins like a formula, so names that do are given an apostrophe (OWASP, "CSV Injection").
"""

import asyncio
import csv
import io
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any, TypeAlias

from documents.clients import Client
from documents.ids import PydanticObjectId
from documents.reports import Report
from services.reports.findings import Findings, names_of, period_of
from services.usage.adding_up import Figures, figures_of_each
from services.usage.day_shares import SUMMED
from services.usage.days import Day, Whose, days_in
from services.usage.highlights import QuestionCount
from services.usage.periods import zone_of
from services.usage.spans import percentile

Names: TypeAlias = Mapping[PydanticObjectId, str]
Written: TypeAlias = Callable[[Sequence[Day], Names], str]

DAYS_AT_ONCE = 200
"""Chatbots' days whose lines are written in one go: some ten milliseconds."""

COLUMNS = (
    "date", "chatbot_id", "chatbot", "llm_config_id", "llm", *SUMMED, "unique_visitors",
    "first_token_p50_ms", "first_token_p95_ms", "answer_p50_ms", "answer_p95_ms",
)  # fmt: skip
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it Excel takes UTF-8 for something else."""


async def csv_of(client: Client, report: Report) -> AsyncGenerator[tuple[date, str], None]:
    """The lines of some days after another, each with the last of the days."""
    yield period_of(report).since, BYTE_ORDER_MARK + _csv([COLUMNS])
    async with aclosing(_told(client, report, _csv_of)) as parts:
        async for part in parts:
            yield part


async def json_of(findings: Findings, report: Report) -> AsyncGenerator[tuple[date, str], None]:
    """One object: sums first, then the lines."""
    head = await asyncio.to_thread(lambda: json.dumps(_head(findings), ensure_ascii=False))
    yield findings.period.since, f'{head[:-1]}, "lines": ['
    is_first = True
    async with aclosing(_told(findings.client, report, _json_of)) as parts:
        async for day, text in parts:
            yield day, ("\n" if is_first else ",\n") + text
            is_first = False
    yield findings.period.until, "\n]}\n"


async def _told(
    client: Client, report: Report, written: Written
) -> AsyncGenerator[tuple[date, str], None]:
    """The lines of some days after another, written in threads: answers are not held up."""
    whose = Whose(client.client_id, zone_of(client), report.chatbot_id)
    async with aclosing(days_in(whose, period_of(report))) as batches:
        async for batch in batches:
            names = await names_of(client.client_id, sorted({day.chatbot_id for day in batch}))
            for start in range(0, len(batch), DAYS_AT_ONCE):
                days = batch[start : start + DAYS_AT_ONCE]
                yield days[-1].day, await asyncio.to_thread(written, days, names)


def _csv_of(days: Sequence[Day], names: Names) -> str:
    return _csv([[_harmless(one[name]) for name in COLUMNS] for one in _lines_of(days, names)])


def _json_of(days: Sequence[Day], names: Names) -> str:
    lines = _lines_of(days, names)
    return ",\n".join(json.dumps(one, ensure_ascii=False, default=str) for one in lines)


def _lines_of(days: Sequence[Day], names: Names) -> list[dict[str, Any]]:
    parts = [(day, share) for day in days for share in day.shares]
    told = figures_of_each([share for _, share in parts])
    return [
        {
            "date": f"{day.day}",
            "chatbot_id": str(day.chatbot_id),
            "chatbot": names.get(day.chatbot_id, ""),
            "llm_config_id": str(share["llm_config_id"] or ""),
            "llm": share["llm_name"] or "",
            **_numbers(figures),
        }
        for (day, share), figures in zip(parts, told, strict=True)
    ]


def _numbers(figures: Figures) -> dict[str, Any]:
    return {
        **{name: figures.numbers[name] for name in SUMMED},
        "unique_visitors": figures.visitors,
        "first_token_p50_ms": percentile(figures.first_token_ms, 0.5),
        "first_token_p95_ms": percentile(figures.first_token_ms, 0.95),
        "answer_p50_ms": percentile(figures.answer_ms, 0.5),
        "answer_p95_ms": percentile(figures.answer_ms, 0.95),
    }


def _head(findings: Findings) -> dict[str, Any]:
    return {
        "client": findings.client.client_id,
        "from": f"{findings.period.since}",
        "until": f"{findings.period.until}",
        "time_zone": findings.client.time_zone,
        "currency": findings.currency,
        "totals": _numbers(findings.figures.totals),
        "previous": _numbers(findings.previous),
        "top_questions": _questions(findings.questions),
        "unanswered_questions": _questions(findings.unanswered),
    }


def _questions(questions: Sequence[QuestionCount]) -> list[dict[str, Any]]:
    return [
        {"question": one.text, "count": one.count, "last_asked_at": one.last_at.isoformat()}
        for one in questions
    ]


def _csv(lines: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
