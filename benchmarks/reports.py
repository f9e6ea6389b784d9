"""Reports of a year, of clients with more and more messages, and files with more and more lines.

Rows of usage are stored as the product stores them, summed by `parlance rebuild-usage`, and asked
for through `parlance serve` over HTTP; beside each report its client alone is asked for, which is
what any request costs. The year before, with which the report compares, has a tenth as many. Where
others use the machine too the server's CPU time says more than the clock; MongoDB's is not in it.
"""

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database as Mongo

from benchmarks.product_server import SignedIn, product_environment, running_product_server, sign_in
from benchmarks.queries import watched
from benchmarks.server_process import Server
from documents.base import utc_now
from documents.database.folder import DatabaseFolder
from services.usage.day_shares import LAYOUT, Share

SIZES = (10_000, 100_000, 1_000_000)
"""Messages of a client in the year; half of them are questions."""

LINES = (100_000, 1_000_000)
CHATBOTS, MODELS, WORDINGS = 10, 2, 20_000
YEAR = (datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
YEAR_BEFORE = (datetime(2024, 1, 1, tzinfo=UTC), YEAR[0])
PERIOD = {"from": "2025-01-01", "until": "2026-01-01"}
AT_ONCE = 10_000
TOLD = 100
"""Wordings of which the last question is still there."""

VISITS_OF_A_QUESTION = 0.25

COUNTED = 5_000
"""Questions that are counted as they would be after their answers."""

TOTALS = (
    "requests successes failures uniqueVisitors satisfaction cost { micros } firstTokenP50Ms"
    " firstTokenP95Ms answerP50Ms answerP95Ms"
)
REPORT = f"""
query ($id: ID!, $period: PeriodInput!, $granularity: Granularity!) {{
  clientReport(clientId: $id, period: $period, granularity: $granularity) {{
    totals {{ {TOTALS} }} previous {{ {TOTALS} }} series {{ date totals {{ requests successes }} }}
    byLlm {{ name totals {{ {TOTALS} }} }} byChatbot {{ totals {{ {TOTALS} }} }}
    topQuestions {{ question count }} unansweredQuestions {{ question count }}
    longestConversations {{ id }} visits {{ count averageSeconds }}
  }}
}}
"""
BARE = "query ($id: ID!) { client(id: $id) { id } }"
CREATE = """
mutation ($slug: String!) {
  createClient(input: {slug: $slug, name: $slug, domain: "example.com", timeZone: "UTC"}) {
    ... on CreateClientSuccess { client { id } } ... on UserError { code message }
  }
}
"""
GENERATE = """
mutation ($id: ID!, $period: PeriodInput!) {
  generateReport(input: {clientId: $id, period: $period, format: CSV}) {
    ... on GenerateReportSuccess { report { id } } ... on UserError { code message }
  }
}
"""
MADE = """
query ($id: ID!) {
  reports(clientId: $id, first: 1) {
    edges { node { status download { sizeBytes url } } }
  }
}
"""


@dataclass(frozen=True)
class YearFigures:
    """A client's year: the report by days and by months, and what makes its sums."""

    messages: int
    rebuild_rows_per_s: float
    first_ms: float
    by_day_ms: list[float]
    by_month_ms: list[float]
    bare_ms: list[float]
    by_day_cpu_ms: float


@dataclass(frozen=True)
class ExportFigures:
    """A CSV file."""

    lines: int
    seconds: float
    size_bytes: int
    memory_growth_bytes: int
    slowest_bare_ms: float


@dataclass(frozen=True)
class ReportFigures:
    """All of it."""

    years: list[YearFigures]
    counting_ms_per_row: float
    exports: list[ExportFigures]

    def lines(self) -> Iterable[str]:
        """Lay it out."""
        yield "Milliseconds of a report of a year (p50 / p95)"
        yield (
            f"  {'messages':>10}{'by day':>16}{'CPU':>8}{'by month':>16}{'bare':>16}"
            f"{'rows/s rebuilt':>16}"
        )
        for one in self.years:
            yield (
                f"  {one.messages:>10,}{_told(one.by_day_ms):>16}{one.by_day_cpu_ms:>8.0f}"
                f"{_told(one.by_month_ms):>16}{_told(one.bare_ms):>16}"
                f"{one.rebuild_rows_per_s:>16,.0f}   first {one.first_ms:,.0f} ms"
            )
        yield f"  counting one question: {self.counting_ms_per_row:.2f} ms of the server's CPU"
        yield "CSV files"
        for made in self.exports:
            yield (
                f"  {made.lines:>10,} lines, {made.size_bytes / 1e6:,.0f} MB,"
                f" {made.seconds:.0f} s;"
                f" memory +{made.memory_growth_bytes / 1e6:.0f} MB;"
                f" slowest request beside it {made.slowest_bare_ms:.0f} ms"
            )
        yield ""


def measure_reports(requests: int) -> ReportFigures:
    """Measure years and files of all sizes on one server."""
    with tempfile.TemporaryDirectory() as path, running_product_server(Path(path)) as server:
        address = DatabaseFolder(Path(path)).announced()
        assert address is not None
        with MongoClient[dict[str, Any]](address.url, tz_aware=True) as mongo:
            caller, database = sign_in(server.origin), mongo["parlance"]
            years = [_year(Path(path), server, caller, database, size, requests) for size in SIZES]
            counting = _counting(server, caller, database)
            exports = [_export(server, caller, database, lines) for lines in LINES]
    return ReportFigures(years, counting, exports)


def _year(
    path: Path,
    server: Server,
    caller: SignedIn,
    database: Mongo[dict[str, Any]],
    messages: int,
    requests: int,
) -> YearFigures:
    slug = f"year-{messages}"
    client_id = _created(caller, slug)
    questions = messages // 2
    _store(database["usage_events"], _rows(database, slug, questions))
    _store(database["usage_events"], _rows(database, slug, questions // 10, YEAR_BEFORE))
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "api.cli", "rebuild-usage", f"--client={slug}"],
        env=product_environment(path, server.port),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    rebuilding_s = time.perf_counter() - began
    ask = [
        _asking(caller, REPORT, {"id": client_id, "period": PERIOD, "granularity": granularity})
        for granularity in ("DAY", "MONTH")
    ]
    bare = _asking(caller, BARE, {"id": client_id})
    first_ms = _ms(ask[0])
    _ms(ask[1])
    took = [[_ms(one) for one in (*ask, bare)] for _ in range(requests)]
    by_day, by_month, alone = (list(one) for one in zip(*took, strict=True))
    used = server.cpu_s()
    for _ in range(requests):
        ask[0]()
    cpu_ms = 1000 * (server.cpu_s() - used) / requests
    speed = 1.1 * questions / rebuilding_s
    return YearFigures(messages, speed, first_ms, by_day, by_month, alone, cpu_ms)


def _rows(
    database: Mongo[dict[str, Any]],
    slug: str,
    count: int,
    span: tuple[datetime, datetime] = YEAR,
    *,
    counted: bool = True,
) -> Iterator[dict[str, Any]]:
    """Questions and visits of a year; a tenth of all wordings makes up most of the questions."""
    dice = random.Random(slug)  # noqa: S311 - the same rows in each run
    chatbots, models = (
        [ObjectId(f"{number:024x}") for number in range(many)] for many in (CHATBOTS, MODELS)
    )
    visitors = [ObjectId() for _ in range(max(1, count // 4))]
    latest = dict[int, tuple[datetime, ObjectId]]()
    for _ in range(count):
        wording = min(int(dice.paretovariate(0.5)), WORDINGS) - 1
        began, model = round(dice.lognormvariate(6, 0.8)), dice.randrange(MODELS)
        at = span[0] + timedelta(seconds=dice.random() * (span[1] - span[0]).total_seconds())
        answer = ObjectId()
        if wording < TOLD:
            latest[wording] = max((at, answer), latest.get(wording, (at, answer)))
        yield {
            "client_id": slug,
            "kind": "question",
            "at": at,
            "chatbot_id": dice.choice(chatbots),
            "visitor_id": dice.choice(visitors),
            "conversation_id": ObjectId(),
            "answer_id": answer,
            "seq": 2 * dice.randrange(1, 40),
            "question_key": f"{wording:016x}",
            "success": True,
            "requests": 1,
            "to_quota": 1,
            "unanswered": dice.random() < 0.1,
            "llm_config_id": models[model],
            "llm_name": f"Model {model}",
            "first_token_ms": began,
            "response_time_ms": began + dice.randrange(4_000),
            "cost_micros": dice.randrange(9_000),
            "created_at": at,
            "updated_at": at,
            **({} if counted else {"uncounted_since": utc_now()}),
        }
        if counted and dice.random() < VISITS_OF_A_QUESTION:
            yield _visit(slug, at, dice)
    _tell(database, slug, (answer for _, answer in latest.values()))


def _visit(slug: str, at: datetime, dice: random.Random) -> dict[str, Any]:
    return {
        "client_id": slug,
        "kind": "visit",
        "at": at,
        "chatbot_id": ObjectId(f"{dice.randrange(CHATBOTS):024x}"),
        "success": True,
        "requests": 0,
        "visits": 1,
        "visit_ms": dice.randrange(1_000_000),
        "visit_messages": dice.randrange(20),
        "created_at": at,
        "updated_at": at,
    }


def _tell(database: Mongo[dict[str, Any]], slug: str, answers: Iterable[ObjectId]) -> None:
    """Store answers with their questions, whose words reports tell."""
    told = [(answer, ObjectId()) for answer in answers]
    database["messages"].insert_many(
        {"_id": one, "client_id": slug, "conversation_id": one, "seq": 1, **more}
        for answer, question in told
        for one, more in ((answer, {"question_id": question}), (question, {"content": "When?"}))
    )


def _counting(server: Server, caller: SignedIn, database: Mongo[dict[str, Any]]) -> float:
    slug = "counted"
    _created(caller, slug)
    before = server.cpu_s()
    _store(database["usage_events"], _rows(database, slug, COUNTED, counted=False))
    waiting = {"client_id": slug, "uncounted_since": {"$type": "date"}}
    while database["usage_events"].count_documents(waiting, limit=1):
        time.sleep(0.05)
    return 1000 * (server.cpu_s() - before) / COUNTED


def _export(
    server: Server, caller: SignedIn, database: Mongo[dict[str, Any]], lines: int
) -> ExportFigures:
    slug = f"lines-{lines}"
    client_id = _created(caller, slug)
    _store(database["usage_days"], _days(slug, lines))
    bare = _asking(caller, BARE, {"id": client_id})
    slowest = 0.0
    with watched(server) as held:
        before, began = server.resident_bytes(), time.perf_counter()
        caller.execute(GENERATE, {"id": client_id, "period": PERIOD})
        while (made := _made(caller, client_id))["status"] != "READY":
            if made["status"] == "FAILED":
                raise RuntimeError("the report could not be made")
            slowest = max(slowest, _ms(bare))
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    growth = max(0, max(held) - before)
    return ExportFigures(lines, seconds, made["download"]["sizeBytes"], growth, slowest)


def _made(caller: SignedIn, client_id: str) -> dict[str, Any]:
    made: dict[str, Any] = caller.execute(MADE, {"id": client_id})["reports"]["edges"][0]["node"]
    return made


def _days(slug: str, lines: int) -> Iterator[dict[str, Any]]:
    """Days of many chatbots with a line each for two models."""
    hour = {
        "llm_name": "Model",
        **dict.fromkeys(("requests", "answers", "successes"), 40),
        "first_token_ms": {str(100 + place): 2 for place in range(20)},
        "answer_ms": {str(150 + place): 2 for place in range(20)},
        "visitors": {str(37 * place): 3 for place in range(30)},
    }
    share, models = Share(), [ObjectId() for _ in range(MODELS)]
    share.add(hour)
    shares = [share.packed(model) for model in models]
    days = 365
    chatbots = [ObjectId() for _ in range(-(-lines // (MODELS * days)))]
    made = (
        {
            "client_id": slug,
            "chatbot_id": chatbot,
            "day": f"{(YEAR[0] + timedelta(days=day)).date()}",
            "revision": 1,
            "built": 1,
            "form": f"{LAYOUT}/UTC",
            "shares": shares,
            "created_at": YEAR[0],
            "updated_at": YEAR[0],
        }
        for day in range(days)
        for chatbot in chatbots
    )
    return islice(made, lines // MODELS)


def _store(collection: Any, documents: Iterator[dict[str, Any]]) -> None:
    while some := list(islice(documents, AT_ONCE)):
        collection.insert_many(some, ordered=False)


def _created(caller: SignedIn, slug: str) -> str:
    made = caller.execute(CREATE, {"slug": slug})["createClient"]
    return str(made["client"]["id"])


def _asking(caller: SignedIn, query: str, variables: dict[str, Any]) -> Callable[[], None]:
    http = httpx.Client(trust_env=False, timeout=120, headers=caller.headers)
    body = {"query": query, "variables": variables}

    def ask() -> None:
        answer = http.post(f"{caller.origin}/graphql", json=body).json()
        if answer.get("errors"):
            raise RuntimeError(f"the product answered {answer['errors']}")

    return ask


def _ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _told(took: list[float]) -> str:
    return f"{statistics.median(took):.0f} / {statistics.quantiles(took, n=20)[-1]:.0f}"
