"""A site of many pages is read and indexed: how fast, in how much memory, and who waits meanwhile.

The product's own worker reads a site in another process without pauses and writes to a real
MongoDB. Beside it a task wants to run every two milliseconds: what it waits is what the answers of
the same server would wait. The baseline is the same task on the same machine with nothing to do.
"""

import asyncio
import multiprocessing
import random
import statistics
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path

import psutil

from benchmarks.loop_probe import TICK_S
from documents.base import utc_now
from documents.chatbots import Chatbot, ChatbotSettings
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.ids import PydanticObjectId
from documents.knowledge_sources import KnowledgeSource
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from services.knowledge.extraction.extractor import Extractor
from services.knowledge.fetching.limits import FetchLimits
from services.knowledge.fetching.site_client import site_http_client
from services.knowledge.fetching.site_reader import SiteReader
from services.knowledge.files import KnowledgeFiles
from services.knowledge.reading import SourceReader
from services.knowledge.syncing import Syncing
from services.knowledge.worker import KnowledgeWorker

CLIENT = "bench"
PARTS = ("p50", "p95", "p99", "most")
IDLE_S = 5.0
LONGEST_S = 400.0
"""A machine that is slower than this is measured with the pages it has read by then."""

_SAMPLE_EVERY_S = 2.0
_TEXT = """
order shipping return delivery customer product price payment invoice account password warranty
service support question answer country weight package address email telephone within after before
days weeks working free cost euros size colour material store choose
"""
_WORDS = _TEXT.split()


@dataclass(frozen=True)
class IngestionRun:
    """What was measured.

    Attributes:
        pages: Read and indexed.
        seconds: In all.
        server_cpu_s: Of the server's process.
        idle_ms: How late the probe ran with nothing to do, by percentile.
        waits_ms: How late it ran meanwhile, by percentile.
        memory_mb: Of the server's process (USS), every two seconds.
    """

    pages: int
    seconds: float
    server_cpu_s: float
    idle_ms: dict[str, float]
    waits_ms: dict[str, float]
    memory_mb: list[float]

    def lines(self) -> Iterator[str]:
        """Lay out what it took and who waited."""
        rate = self.pages / self.seconds
        yield f"A site of {self.pages:,} pages read and indexed ({rate:.1f} pages a second)"
        yield f"  {'pages per CPU-second of the server':40}{self.pages / self.server_cpu_s:>8.1f}"
        yield f"  {'ms that the event loop was late':32}" + "".join(f"{one:>8}" for one in PARTS)
        for name, late in (("nothing to do", self.idle_ms), ("meanwhile", self.waits_ms)):
            yield f"  {name:32}" + "".join(f"{late[one]:>8.1f}" for one in PARTS)
        seen = self.memory_mb[:: max(1, len(self.memory_mb) // 8)]
        yield "  MB of the server on the way: " + " ".join(f"{one:.0f}" for one in seen)
        yield ""


def measure_ingestion(pages: int) -> IngestionRun:
    """Read a site of so many pages once."""
    with _site(pages) as url:
        return asyncio.run(_measured(url, pages))


async def _measured(url: str, pages: int) -> IngestionRun:
    with tempfile.TemporaryDirectory() as folder:
        options = DatabaseOptions(mongodb_url=None, data_dir=Path(folder) / "mongodb")
        database = await open_database(options)
        try:
            await prepare_documents(database, DOCUMENT_CLASSES)
            return await _read(database, url, pages)
        finally:
            await database.close()


async def _read(database: Database, url: str, pages: int) -> IngestionRun:
    extractor, client = Extractor(), site_http_client(["127.0.0.1"])
    files = KnowledgeFiles(database, most_bytes_per_client=1)
    sites = SiteReader(client, extractor, limits=FetchLimits(delay_s=0.0))
    reader = SourceReader(extractor, files, sites)
    worker = KnowledgeWorker(database, Syncing(reader, most_chunks=50_000))
    source = await _source(url, pages)
    idle = await _waits(asyncio.create_task(asyncio.sleep(IDLE_S)))
    own = psutil.Process()
    began, cpu = time.perf_counter(), _cpu_s(own)
    working = asyncio.create_task(worker.work_once())
    memory: list[float] = []
    sampling = asyncio.create_task(_sampled(own, memory, working))
    waits = await _waits(working)
    seconds, used = time.perf_counter() - began, _cpu_s(own) - cpu
    await sampling
    found = await TenantScope.one(CLIENT).of(KnowledgeSource).get(source.id)
    await worker.close()
    await client.aclose()
    await extractor.close()
    pages_read = found.page_count if found else 0
    return IngestionRun(pages_read, seconds, used, _summed(idle), _summed(waits), memory)


async def _waits(until: "asyncio.Task[object]") -> list[float]:
    """How late a task ran each time, until another one is done."""
    waits, over = [], time.perf_counter() + LONGEST_S
    while not until.done():
        before = time.perf_counter()
        if before > over:
            until.cancel()
        await asyncio.sleep(TICK_S)
        waits.append(max(0.0, time.perf_counter() - before - TICK_S))
    with suppress(asyncio.CancelledError):
        await until
    return waits


async def _sampled(
    own: psutil.Process,
    memory: list[float],
    until: "asyncio.Task[object]",
) -> None:
    while not until.done():
        memory.append(own.memory_full_info().uss / 2**20)
        await asyncio.wait((until,), timeout=_SAMPLE_EVERY_S)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def _source(url: str, pages: int) -> KnowledgeSource:
    scope = TenantScope.one(CLIENT)
    settings = ChatbotSettings(name="Helper", default_llm_id=PydanticObjectId())
    chatbot = Chatbot(
        client_id=CLIENT,
        embed_key="bench",
        draft=settings,
        published=settings,
        published_version_id=PydanticObjectId(),
    )
    await scope.of(Chatbot).insert(chatbot)
    source = KnowledgeSource(
        client_id=CLIENT,
        title="Site",
        kind="sitemap",
        url=url,
        max_pages=pages,
        status="queued",
        chatbot_ids=[chatbot.id],
        sync_wanted=True,
        work_due_at=utc_now(),
    )
    return await scope.of(KnowledgeSource).insert(source)


@contextmanager
def _site(pages: int) -> Generator[str, None, None]:
    """The address of a sitemap, served by a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    spawning = multiprocessing.get_context("spawn")
    process = spawning.Process(target=_serve, args=(theirs, pages), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/sitemap.xml"
    finally:
        process.kill()
        process.join()


def _serve(ready: Connection, pages: int) -> None:
    class Pages(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/sitemap.xml":
                self._answer(_sitemap(self.headers["host"], pages), "application/xml")
            elif self.path == "/robots.txt":
                self._answer(b"", "text/plain")
            else:
                self._answer(_page(int(self.path.strip("/"))), "text/html; charset=utf-8")

        def _answer(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    ready.send(server.server_address[1])
    server.serve_forever()


def _sitemap(host: str, pages: int) -> bytes:
    places = "".join(f"<url><loc>http://{host}/{number}</loc></url>" for number in range(pages))
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"{places}</urlset>"
    ).encode()


def _page(number: int) -> bytes:
    """Some kilobytes in four sections, another text for each number."""
    chosen = random.Random(number)  # noqa: S311 -- the same pages every time, no secret

    def words(count: int) -> str:
        return " ".join(chosen.choice(_WORDS) for _ in range(count))

    sections = "".join(
        f"<h2 id='s{item}'>{words(4)}</h2><p>{words(90)}.</p><p>{words(60)}.</p>"
        for item in range(4)
    )
    return (
        f"<!doctype html><html lang=en><head><title>{words(4)}</title></head>"
        f"<body><main><h1>{words(4)}</h1>{sections}</main></body></html>"
    ).encode()


def _summed(waits_s: list[float]) -> dict[str, float]:
    """The percentiles of waits, in milliseconds."""
    steps = statistics.quantiles(waits_s, n=100)
    found = (steps[49], steps[94], steps[98], max(waits_s))
    return {name: 1_000 * wait for name, wait in zip(PARTS, found, strict=True)}
