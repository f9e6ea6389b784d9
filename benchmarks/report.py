"""Turns measurements into the table on the screen and the raw numbers in benchmarks/results/."""

import json
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.first_answer import FirstAnswer
from benchmarks.hook_attack import AttackFigures
from benchmarks.hook_turns import AT_ONCE as HOOKED_AT_ONCE
from benchmarks.hook_turns import HookTurnFigures
from benchmarks.hooks import CALLS_PER_S, PROMISED_OVERRUN_MS, HookFigures
from benchmarks.ingestion import IngestionRun
from benchmarks.list_page import Pages
from benchmarks.notices import NoticeFigures
from benchmarks.paced import PacedFigures
from benchmarks.queries import QueryFigures
from benchmarks.reading_pages import ReadingSpeed
from benchmarks.reports import ReportFigures
from benchmarks.retrieval.measure import RetrievalFigures
from benchmarks.shared_log import LogCost
from benchmarks.sign_ins import SignIns
from benchmarks.stalls import LIMIT_S, PATIENCE_S, Stall
from benchmarks.stream_memory import Retained
from benchmarks.stream_throughput import Throughput
from benchmarks.takeover import Takeovers
from benchmarks.turns import BURST, PLACES, TurnFigures, median_ms
from benchmarks.turns import STREAMS as TURNS_AT_ONCE
from benchmarks.widget_start import SLOWER, WidgetStart
from benchmarks.widgets import STREAMS, Waits, percentile_of
from benchmarks.wordpress_page import SitePages
from services.answering.limits import DEFAULT_LIMITS

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass
class Report:
    """What one run of the benchmarks has measured; a part that did not run says why."""

    throughput: list[Throughput] = field(default_factory=list)
    paced: PacedFigures | None = None
    retained: list[Retained] = field(default_factory=list)
    logs: list[LogCost] = field(default_factory=list)
    takeovers: Takeovers | None = None
    first_answer: FirstAnswer | None = None
    pages: list[Pages] = field(default_factory=list)
    stalls: list[Stall] = field(default_factory=list)
    sign_ins: SignIns | None = None
    queries: QueryFigures | None = None
    widgets: list[Waits] = field(default_factory=list)
    widget_start: WidgetStart | None = None
    turns: TurnFigures | None = None
    hook_turns: HookTurnFigures | None = None
    attack: AttackFigures | None = None
    reading: ReadingSpeed | None = None
    ingestion: IngestionRun | None = None
    hooks: HookFigures | None = None
    retrieval: RetrievalFigures | None = None
    reports: ReportFigures | None = None
    site_pages: SitePages | None = None
    notices: NoticeFigures | None = None
    not_measured: dict[str, str] = field(default_factory=dict)

    def save(self) -> Path:
        """Write the raw numbers to a new file and return its path."""
        now = datetime.now(UTC)
        content: dict[str, Any] = {"at": now.isoformat(), "machine": describe_machine()}
        content |= asdict(self)
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{now:%Y-%m-%dT%H%M%S}.json"
        path.write_text(json.dumps(content, indent=2) + "\n")
        return path

    def lines(self) -> Iterable[str]:
        """Return the table, line by line."""
        parts: Sequence[tuple[Any, Callable[[Any], Iterable[str]]]] = (
            (self.throughput, throughput_lines),
            (self.paced, PacedFigures.lines),
            (self.retained, retained_lines),
            (self.logs, log_lines),
            (self.takeovers, takeover_lines),
            (self.first_answer, first_answer_lines),
            (self.pages, page_lines),
            (self.stalls, stall_lines),
            (self.turns, turn_lines),
            (self.hook_turns, hook_turn_lines),
            (self.attack, attack_lines),
            (self.widgets, widget_lines),
            (self.sign_ins, sign_in_lines),
            (self.queries, query_lines),
            (self.widget_start, widget_start_lines),
            (self.reading, reading_lines),
            (self.ingestion, IngestionRun.lines),
            (self.hooks, hook_lines),
            (self.retrieval, RetrievalFigures.lines),
            (self.reports, ReportFigures.lines),
            (self.site_pages, SitePages.lines),
            (self.notices, NoticeFigures.lines),
        )
        for measured, lines in parts:
            if measured:
                yield from lines(measured)
        for name, reason in self.not_measured.items():
            yield f"{name}: not measured, {reason}"


def describe_machine() -> dict[str, Any]:
    """Return what the numbers depend on besides the code."""
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": psutil.cpu_count(),
        "load_1_min": psutil.getloadavg()[0],
    }


def hook_lines(measured: HookFigures) -> Iterable[str]:
    """Lay out what a hook's call takes against a new process for each, and the pool's memory."""
    alone, places = statistics.median(measured.process_ms), measured.places
    yield f"Milliseconds of a hook's call ({CALLS_PER_S} calls a second)"
    yield f"  {'':28}{'p50':>8}{'p99':>8}{'x new process':>15}"
    p50, p99 = (percentile_of(measured.paced_ms, part) for part in (50, 99))
    yield f"  {'Parlance, a waiting process':28}{p50:>8.1f}{p99:>8.1f}{p50 / alone:>15.3f}"
    yield f"  {'a new process for each':28}{alone:>8.1f}"
    yield f"  {'calls per second at most':28}{measured.calls_per_s:>8.0f}, {places} at once"
    memory = f"{measured.spares_mb:>8.1f}"
    yield f"  {'MB of the waiting sandbox':28}{memory}  in {measured.processes} processes"
    yield f"Milliseconds past the last limit of CPU (promise: {PROMISED_OVERRUN_MS})"
    for name, late in measured.overrun_ms.items():
        yield f"  {name:28}{late:>8.0f}"
    yield ""


def reading_lines(measured: ReadingSpeed) -> Iterable[str]:
    """Lay out pages per CPU-second against the barest way to read them."""
    bare = statistics.median(measured.bare_per_cpu_s)
    size = f"{measured.page_bytes / 1024:.0f} KB each"
    yield f"Pages read per CPU-second ({size}, median of {len(measured.bare_per_cpu_s)})"
    yield f"  {'':40}{'pages/CPU-s':>12}{'x bare':>9}"
    for name, rates in (
        ("all text, cut every 1,000 characters", measured.bare_per_cpu_s),
        ("Parlance, content named", measured.named_per_cpu_s),
        ("Parlance, content to be found", measured.unnamed_per_cpu_s),
    ):
        rate = statistics.median(rates)
        yield f"  {name:40}{rate:>12.1f}{rate / bare:>9.2f}"
    grown, reader = measured.server_growth_bytes / 2**20, measured.reader_bytes / 2**20
    yield f"  memory over {measured.pages:,} pages: server +{grown:.1f} MB, reader {reader:.0f} MB"
    yield ""


def throughput_lines(measured: list[Throughput]) -> Iterable[str]:
    """Lay out events per CPU-second against the two baselines, which come first and last."""
    stock, raw = measured[0].events_per_cpu_s, measured[-1].events_per_cpu_s
    repeats = len(measured[0].cpu_s)
    yield f"Stream events per CPU-second ({measured[0].events:,} events, median of {repeats})"
    yield f"  {'':24}{'events/CPU-s':>14}{'us/event':>10}{'x stock':>9}{'of raw':>8}"
    for each in measured:
        rate = each.events_per_cpu_s
        figures = f"{rate:>14,.0f}{1e6 / rate:>10.1f}{rate / stock:>9.1f}{rate / raw:>8.0%}"
        yield f"  {each.name:24}{figures}"
    yield ""


def retained_lines(measured: list[Retained]) -> Iterable[str]:
    """Lay out the memory retained per event."""
    first = measured[0]
    looks = f"{f'process, {first.events:,}':>20}{f'traced, {first.traced_events:,}':>20}"
    yield "Bytes retained per event until the subscription ends"
    yield f"  {'':24}{looks}"
    for each in measured:
        traced = each.traced_bytes_per_event
        traced_figure = "" if traced is None else f"{traced:,.1f}"
        yield f"  {each.name:24}{each.resident_bytes_per_event:>20,.1f}{traced_figure:>20}"
    yield ""


def log_lines(measured: list[LogCost]) -> Iterable[str]:
    """Lay out what an event costs with both logs; the one in memory comes first."""
    yield f"Microseconds of the server's CPU per event (median of {len(measured[0].cpu_s)})"
    yield f"  {'':24}{measured[0].log:>16}{measured[1].log:>16}{'x memory':>10}"
    for memory, shared in zip(measured[::2], measured[1::2], strict=True):
        figures = f"{memory.us_per_event:>16.1f}{shared.us_per_event:>16.1f}"
        yield f"  {memory.manner:24}{figures}{shared.us_per_event / memory.us_per_event:>10.1f}"
    yield ""


def takeover_lines(measured: Takeovers) -> Iterable[str]:
    """Lay out what a reader waits after a kill, against the lease that must run out first."""
    lease = DEFAULT_LIMITS.lease_s
    yield f"Seconds from SIGKILL to the reader's next event ({len(measured.restarted_s)} kills)"
    yield f"  {'':24}{'median':>9}{'most':>9}{'x lease':>9}"
    for name, waits in (
        ("answer begins anew", measured.restarted_s),
        ("its first word", measured.next_word_s),
    ):
        middle = statistics.median(waits)
        yield f"  {name:24}{middle:>9.1f}{max(waits):>9.1f}{middle / lease:>9.2f}"
    yield ""


def first_answer_lines(measured: FirstAnswer) -> Iterable[str]:
    """Lay out the seconds since `make run`."""
    yield "Seconds from `make run` (empty data folder)"
    yield f"  {'ready':24}{measured.ready_s:>14.1f}"
    yield f"  {'first text':24}{measured.first_text_s:>14.1f}"
    yield f"  {'answer complete':24}{measured.completed_s:>14.1f}"
    yield ""


def page_lines(measured: list[Pages]) -> Iterable[str]:
    """Lay out pages per CPU-second against the two baselines, which come first and last."""
    stock, rest = measured[0].per_cpu_s, measured[-1].per_cpu_s
    rounds = len(measured[0].cpu_s)
    yield f"Pages of 100 chatbots x 15 fields ({measured[0].requests} a round, median of {rounds})"
    yield f"  {'':28}{'pages/CPU-s':>12}{'ms/page':>9}{'pages/s':>9}{'x stock':>9}{'of raw':>8}"
    for each in measured:
        rate = each.per_cpu_s
        figures = f"{rate:>12,.0f}{1e3 / rate:>9.2f}{each.per_s:>9,.0f}"
        yield f"  {each.name:28}{figures}{rate / stock:>9.1f}{rate / rest:>8.0%}"
    yield ""


def stall_lines(measured: list[Stall]) -> Iterable[str]:
    """Lay out how long each input held the loop up, against the promise and against stock."""
    yield f"Milliseconds for which hostile input holds the loop up (promise: {1e3 * LIMIT_S:.0f})"
    yield f"  {'':28}{'loop, CPU':>10}{'of promise':>12}{'next word':>11}{'stock, CPU':>12}"
    for each in measured:
        stock = f"{1e3 * each.stock_cpu_s:>11,.0f}"
        stock += "+" if each.stock_cpu_s >= PATIENCE_S else " "
        promise = f"{each.cpu_s / LIMIT_S:>12.0%}"
        yield f"  {each.name:28}{1e3 * each.cpu_s:>10.1f}{promise}{1e3 * each.gap_s:>11.0f}{stock}"
    yield ""


def widget_start_lines(start: WidgetStart) -> Iterable[str]:
    """Return the line of what the widget costs a page before anybody acts."""
    page, both = (statistics.median(one) for one in (start.without_ms, start.with_ms))
    yield (
        f"widget on a page, processor {SLOWER} times slower: {start.cost_ms:.1f} ms of the main"
        f" thread, {start.least_ms:.1f} ms between the quickest loads"
        f" (the page {page:.1f} ms, with the widget {both:.1f} ms)"
    )


def sign_in_lines(measured: SignIns) -> Iterable[str]:
    """Lay out sign-ins per second against bare bcrypt, and the waits of who follows an answer."""
    bare, product = (
        statistics.median(each) for each in (measured.bare_per_s, measured.product_per_s)
    )
    yield f"Sign-ins per second ({measured.cores} cores, median of {len(measured.bare_per_s)})"
    yield f"  {'bare bcrypt':28}{bare:>10.1f}"
    yield f"  {'Parlance, signIn':28}{product:>10.1f}{measured.of_bare:>8.0%} of bare"
    yield f"  {'refused, line full':28}{measured.refused:>10}"
    yield f"  {'longest wait for a word':28}{1e3 * measured.quiet_gap_s:>10.0f} ms without them"
    yield f"  {'':28}{1e3 * measured.gap_s:>10.0f} ms beside them"
    yield ""


def query_lines(measured: QueryFigures) -> Iterable[str]:
    """Lay out latencies against the driver's own, and what exports and erasures take."""
    yield f"Queries on {measured.messages:,} messages (seeded in {measured.seeding_s:,.0f} s)"
    heads = f"{'p50 ms':>9}{'p95 ms':>9}{'x by hand':>11}{'examined/returned':>19}"
    yield f"  {'':28}{heads}"
    for each in measured.queries:
        looked_at = f"{each.examined:,}/{each.returned}"
        figures = f"{each.p50():>9.1f}{each.p95():>9.1f}{each.ratio():>11.1f}{looked_at:>19}"
        yield f"  {each.name:28}{figures}"
    for deed in measured.deeds:
        name = f"{deed.name}, {deed.messages:,} messages"
        grown = f"{deed.memory_growth_bytes / 1e6:.1f} MB more memory at most"
        yield f"  {name:28}{deed.seconds:>9.1f} s, {grown}"
    yield ""


def widget_lines(found: list[Waits]) -> Iterable[str]:
    """Milliseconds until an answer begins, and goes on after a cut."""
    yield f"\nMilliseconds at {STREAMS} streams (p50, p95)"
    yield f"  {'':<14}{'asked':>16}{'resumed':>16}{'server MB':>12}{'KiB each':>10}"
    for waits in found:
        asked, resumed = (
            f"{percentile_of(one, 50) * 1000:.0f} {percentile_of(one, 95) * 1000:.0f}"
            for one in (waits.asked, waits.resumed)
        )
        label = f"{waits.idle:,} idle"
        memory = f"{waits.memory_bytes / 1e6:>12.0f}"
        grown = waits.memory_bytes - found[0].memory_bytes
        each = f"{grown / waits.idle / 1024:>10.1f}" if waits.idle else ""
        yield f"  {label:<14}{asked:>16}{resumed:>16}{memory}{each}"


def hook_turn_lines(measured: HookTurnFigures) -> Iterable[str]:
    """Lay out whole answers with a hook's two functions against those without a hook."""
    yield "Milliseconds of a whole answer, with before_llm and after_llm and without a hook"
    yield f"  {'':24}{'with p50':>10}{'p99':>8}{'without p50':>13}{'p99':>8}{'added p50':>11}"
    for name, with_s, without_s in (
        ("one turn at a time", measured.with_s, measured.without_s),
        (f"{HOOKED_AT_ONCE} at a time", measured.busy_with_s, measured.busy_without_s),
    ):
        full, bare = median_ms(with_s), median_ms(without_s)
        tails = [sorted(times)[int(0.99 * len(times))] * 1000 for times in (with_s, without_s)]
        figures = f"{full:>10.1f}{tails[0]:>8.1f}{bare:>13.1f}{tails[1]:>8.1f}{full - bare:>11.1f}"
        yield f"  {name:24}{figures}"
    yield ""


def attack_lines(measured: AttackFigures) -> Iterable[str]:
    """Lay out whole answers beside another client's hostile hook against those without it."""
    yield "Milliseconds of a whole answer, beside another client's hostile hook and without"
    yield f"  {'':24}{'p50':>10}{'p99':>10}"
    rows = (("without", measured.alone_s), ("beside it", measured.attacked_s))
    parts = (50, 99)
    figures = [[percentile_of(times, part) * 1000 for part in parts] for _, times in rows]
    for (name, _), (p50, p99) in zip(rows, figures, strict=True):
        yield f"  {name:24}{p50:>10.1f}{p99:>10.1f}"
    ratios = "".join(f"{beside / without:>10.2f}" for without, beside in zip(*figures, strict=True))
    yield f"  {'ratio (promise: 2)':24}{ratios}"
    ends = ", ".join(f"{count} {verdict}" for verdict, count in sorted(measured.verdicts.items()))
    yield f"  hostile runs: {ends}"
    yield ""


def turn_lines(measured: TurnFigures) -> Iterable[str]:
    """Lay out what quota, budget and routing add, and what happens at a provider's limit."""
    added = measured.added
    yield "Milliseconds until the first word, with quota, budget and routing and without (median)"
    yield f"  {'':28}{'with':>9}{'without':>9}{'added':>9}{'ratio':>8}"
    for name, with_s, without_s in (
        ("one turn at a time", added.with_s, added.without_s),
        (f"{TURNS_AT_ONCE} at a time", added.busy_with_s, added.busy_without_s),
        (f"all {TURNS_AT_ONCE} at their ends", added.whole_with_s, added.whole_without_s),
    ):
        full, bare = median_ms(with_s), median_ms(without_s)
        yield f"  {name:28}{full:>9.1f}{bare:>9.1f}{full - bare:>9.1f}{full / bare:>8.2f}"
    yield ""
    yield f"{BURST} questions at once to a model that gives {PLACES} answers at a time"
    heads = f"{'at once':>9}{'model':>7}{'fallback':>10}{'refused':>9}{'word ms':>9}{'told ms':>9}"
    yield f"  {'':28}{heads}"
    for one in measured.limits:
        counts = f"{one.most_at_once:>9}{one.by_model:>7}{one.by_fallback:>10}{one.refused:>9}"
        times = f"{median_ms(one.first_word_s):>9.0f}{median_ms(one.refused_s):>9.0f}"
        yield f"  {one.name:28}{counts}{times}"
    yield ""
