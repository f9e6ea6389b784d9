"""How fast events reach receivers, and whether one integration's backlog slows another's.

The product's own worker delivers signed webhooks to a receiver in another process and notes each
in a real MongoDB. The baseline is the same number of bare posts to the same receiver by httpx, as
many at once as the worker has under way for one integration, in turns with it.
"""

import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import orjson

from benchmarks.widgets import percentile_of
from documents.base import utc_now
from documents.clients import Client
from documents.database.database import Database
from documents.database.opening import open_database
from documents.database.options import DatabaseOptions
from documents.database.preparation import prepare_documents
from documents.deliveries import Delivery, store_deliveries
from documents.ids import PydanticObjectId
from documents.integrations import Integration, NoticeKey
from documents.outbox_entries import OutboxEntry, OutboxKind
from documents.registry import DOCUMENT_CLASSES
from documents.tenancy import TenantScope
from services.cancelling import cancel_and_wait
from services.integrations.attempting import Attempting
from services.integrations.channels.channels import channels_with
from services.integrations.delivering import Delivering, Pace
from services.integrations.http_posts import HttpPosts
from services.integrations.pausing import Pausing
from services.integrations.signing import new_webhook_secret
from services.integrations.targets import Target, TargetSeals
from services.mail.folder_carrier import FolderCarrier
from services.mail.queue import MailQueue
from services.mail.rendering import Sender
from services.outbox.recording import Happening, record
from services.sealing.keys import DerivedKeys
from services.sealing.sealing import Sealer

AT_ONCE = Pace().for_one
SINGLE_EVENTS = 40
"""One after the other, for the latency from the event to the first attempt."""

SIGNED: OutboxKind = "quota.threshold"
BY_APPRISE: OutboxKind = "budget.threshold"
STORED_AT_ONCE = 1_000
PATIENCE_S = 240.0
LOOK_S = 0.02
SEALER = Sealer(DerivedKeys("a secret of forty characters for benchmarks"))
SEALS = TargetSeals(SEALER)
SENDER = Sender("Parlance", "no-reply@chat.example.com")


@dataclass(frozen=True)
class NoticeFigures:
    """What was measured; times in seconds.

    Attributes:
        waiting: Deliveries that waited for another integration in the last part.
        bare_per_s: Posts a second of httpx alone, by round.
        product_per_s: Deliveries a second of one worker for one integration, by round.
        cpu_ms: Of the processor for one of those, its event included, MongoDB apart; by round.
        apprise_per_s: Deliveries a second by Apprise, where each has a process of its own.
        latency_s: From the event to its first attempt, with nothing else to deliver.
        bare_latency_s: Of one bare post.
        behind_s: The same as `latency_s` while so many waited for another integration.
    """

    waiting: int
    bare_per_s: list[float] = field(default_factory=list)
    product_per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    apprise_per_s: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    bare_latency_s: list[float] = field(default_factory=list)
    behind_s: list[float] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """Lay out rates and latencies against the bare posts."""
        bare, product = statistics.median(self.bare_per_s), statistics.median(self.product_per_s)
        yield f"Webhooks a second, {AT_ONCE} at once (median of {len(self.bare_per_s)})"
        yield f"  {'bare posts by httpx':40}{bare:>10.0f}"
        yield f"  {'one worker':40}{product:>10.0f}{product / bare:>8.0%} of bare"
        yield f"  {'ms of its processor for each':40}{statistics.median(self.cpu_ms):>10.0f}"
        apprise = statistics.median(self.apprise_per_s)
        yield f"  {'one worker, by Apprise':40}{apprise:>10.0f}{apprise / bare:>8.0%} of bare"
        head = "ms from the event to the first attempt"
        yield f"  {head:40}{'p50':>10}{'p95':>10}{'x alone':>10}"
        alone = percentile_of(self.latency_s, 50)
        for name, times in (
            ("a bare post", self.bare_latency_s),
            ("one worker, nothing else to do", self.latency_s),
            (f"{self.waiting:,} wait for another integration", self.behind_s),
        ):
            p50, p95 = (percentile_of(times, part) for part in (50, 95))
            yield f"  {name:40}{p50 * 1000:>10.0f}{p95 * 1000:>10.0f}{p50 / alone:>10.2f}"
        yield ""


def measure_notices(deliveries: int, waiting: int, rounds: int) -> NoticeFigures:
    """Measure so many deliveries a round, and single ones beside so many that wait."""
    with _receiver() as url:
        return asyncio.run(_measured(url, deliveries, waiting, rounds))


async def _measured(url: str, deliveries: int, waiting: int, rounds: int) -> NoticeFigures:
    found = NoticeFigures(waiting)
    async with _office(url) as office, httpx.AsyncClient() as http:
        await _bare(http, url, AT_ONCE)
        for event in (SIGNED, BY_APPRISE):
            await office.delivered(AT_ONCE, event)
        for _ in range(rounds):
            found.bare_per_s.append(deliveries / await _bare(http, url, deliveries))
            used = time.process_time()
            found.product_per_s.append(deliveries / await office.delivered(deliveries, SIGNED))
            found.cpu_ms.append((time.process_time() - used) / deliveries * 1000)
            found.apprise_per_s.append(deliveries / await office.delivered(deliveries, BY_APPRISE))
        found.bare_latency_s.extend([await _bare(http, url, 1) for _ in range(SINGLE_EVENTS)])
        found.latency_s.extend(await office.singles())
        await office.let_wait(waiting)
        found.behind_s.extend(await office.singles())
    return found


async def _bare(http: httpx.AsyncClient, url: str, count: int) -> float:
    """Seconds of so many posts."""
    body = orjson.dumps({"type": "quota.threshold", "data": {"text": "x" * 400}})
    left = iter(range(count))

    async def post() -> None:
        for _ in left:
            (await http.post(f"{url}/bare", content=body)).raise_for_status()

    began = time.perf_counter()
    await asyncio.gather(*(post() for _ in range(AT_ONCE)))
    return time.perf_counter() - began


class _Office:
    """A client with a receiver that answers and one that hangs."""

    def __init__(self, database: Database, url: str) -> None:
        self.client_id = f"bench-{PydanticObjectId()}"
        self._database = database
        self._url = url
        self._scope = TenantScope.one(self.client_id)

    async def open(self) -> None:
        await self._scope.of(Client).insert(Client(client_id=self.client_id, name="Bench"))
        hanging = Target("webhook", {"url": f"{self._url}/hang"})
        self._hanging = await self._integration(hanging, "report.ready")
        await self._integration(Target("webhook", {"url": f"{self._url}/quick"}), SIGNED)
        service = self._url.replace("http://", "json://")
        await self._integration(Target("apprise", {"apprise_url": service}), BY_APPRISE)

    async def _integration(self, target: Target, event: OutboxKind) -> Integration:
        made = Integration(
            client_id=self.client_id,
            kind=target.kind,
            name=event,
            target_label=event,
            sealed_target="",
            events=[event],
        )
        made.sealed_target = SEALS.sealed(made.id, target)
        key = SEALS.sealed_key(made.id, new_webhook_secret())
        made.signing_keys = [NoticeKey(sealed_secret=key)]
        return await self._scope.of(Integration).insert(made)

    async def delivered(self, count: int, event: OutboxKind) -> float:
        """Seconds until so many events are delivered and noted."""
        await self._happen(count, event)
        began = time.perf_counter()
        async with self._worker():
            await self._all_are_delivered(event)
        return time.perf_counter() - began

    async def singles(self) -> list[float]:
        """Seconds from an event to its first attempt, of one event after the other."""
        since = utc_now()
        async with self._worker():
            for _ in range(SINGLE_EVENTS):
                await self._happen(1, SIGNED)
                await self._all_are_delivered(SIGNED)
        only = {"kind": SIGNED, "created_at": {"$gte": since}}
        found = await self._scope.of(Delivery).find(only, limit=SINGLE_EVENTS)
        return [(one.attempts[0].at - one.happened_at).total_seconds() for one in found]

    async def let_wait(self, count: int) -> None:
        """Let so many deliveries be due for the receiver that hangs."""
        for first in range(0, count, STORED_AT_ONCE):
            size = min(STORED_AT_ONCE, count - first)
            await store_deliveries(self.client_id, [self._waiting() for _ in range(size)])

    def _waiting(self) -> Delivery:
        return Delivery(
            client_id=self.client_id,
            integration_id=self._hanging.id,
            entry_id=PydanticObjectId(),
            kind="report.ready",
            happened_at=utc_now(),
            due_at=utc_now() - timedelta(minutes=1),
        )

    async def _happen(self, count: int, event: OutboxKind) -> None:
        for _ in range(count):
            key = f"{event}/{PydanticObjectId()}"
            facts: dict[str, int | str] = {"share": 80, "used": 8, "limit": 10, "month": "2026-11"}
            await record(Happening(self.client_id, event, key, facts=facts))

    async def _all_are_delivered(self, event: OutboxKind) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while await self._something_waits(event):  # noqa: ASYNC110 - MongoDB tells nobody
                await asyncio.sleep(LOOK_S)

    async def _something_waits(self, event: OutboxKind) -> int:
        to_spread = await self._scope.of(OutboxEntry).count({"to_spread": True}, limit=1)
        open_ones = {"kind": event, "open": True}
        return to_spread or await self._scope.of(Delivery).count(open_ones, limit=1)

    @asynccontextmanager
    async def _worker(self) -> AsyncGenerator[None, None]:
        """One worker as in the product."""
        posts = HttpPosts(["127.0.0.1"])
        carrier = FolderCarrier(Path("/nonexistent"))
        channels = channels_with(posts, _public_id, "http://127.0.0.1:9", carrier, SENDER)
        pausing = Pausing(self._database, MailQueue(SEALER))
        worker = Delivering(self._database, Attempting(channels, SEALS), pausing)
        task = asyncio.create_task(worker.run())
        try:
            yield
        finally:
            await cancel_and_wait(task)
            await worker.close()
            await channels.close()


def _public_id(type_name: str, document_id: PydanticObjectId) -> str:
    return f"{type_name}-{document_id}"


@asynccontextmanager
async def _office(url: str) -> AsyncGenerator[_Office, None]:
    with tempfile.TemporaryDirectory() as folder:
        options = DatabaseOptions(mongodb_url=None, data_dir=Path(folder) / "mongodb")
        database = await open_database(options)
        try:
            await prepare_documents(database, DOCUMENT_CLASSES)
            office = _Office(database, url)
            await office.open()
            yield office
        finally:
            await database.close()


@contextmanager
def _receiver() -> Generator[str, None, None]:
    """The address of a receiver in a process of its own; /hang gets no answer."""
    ours, theirs = multiprocessing.Pipe()
    spawning = multiprocessing.get_context("spawn")
    process = spawning.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def _serve(ready: Connection) -> None:
    asyncio.run(_serve_for_ever(ready))


async def _serve_for_ever(ready: Connection) -> None:
    server = await asyncio.start_server(_handle, "127.0.0.1", 0)
    ready.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            if head.startswith(b"post /hang"):
                continue
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            await writer.drain()
    writer.close()
