"""Memory that one long subscription retains per event: our path and stock Strawberry.

Two looks at the same thing. The resident memory of the server process, taken while the client
holds its breath early and late in one subscription, shows what an operator would see. tracemalloc
over the same operation in this process shows how many bytes Python objects keep, without the noise
of the allocator.
"""

import asyncio
import gc
import subprocess
import tracemalloc
from dataclasses import dataclass

import strawberry

from benchmarks.answer_types import OPERATION
from benchmarks.baselines import stock_strawberry
from benchmarks.load_client import CLIENT_DEADLINE_S, Subscribing, client_command
from benchmarks.planned_stream import schema as planned_schema
from benchmarks.server_process import Server, running_server

APPLICATIONS = {
    "stock Strawberry": "benchmarks.baselines.stock_strawberry:app",
    "Parlance": "benchmarks.planned_stream:app",
}

SCHEMAS: dict[str, strawberry.Schema] = {
    "stock Strawberry": stock_strawberry.schema,
    "Parlance": planned_schema,
}

WARM_EVENTS = 5_000
"""Events before the first look: buffers and caches have their size by then."""


@dataclass(frozen=True)
class Retained:
    """Bytes that one server keeps per event until the subscription ends."""

    name: str
    events: int
    resident_bytes_per_event: float
    traced_events: int
    traced_bytes_per_event: float


def measure_retained(deltas: int, traced_deltas: int) -> list[Retained]:
    """Measure every server over one subscription of so many deltas."""
    retained = []
    for name, application in APPLICATIONS.items():
        with running_server(application) as server:
            resident = measure_resident(server, deltas)
        traced = asyncio.run(measure_traced(SCHEMAS[name], traced_deltas))
        retained.append(Retained(name, deltas + 3, resident, traced_deltas + 3, traced))
    return retained


def measure_resident(server: Server, deltas: int) -> float:
    """Return the growth of the server's own memory per event.

    Raises:
        RuntimeError: the load generator did not get that far.
    """
    looks = (WARM_EVENTS, deltas)
    url = f"{server.websocket_origin}/graphql"
    subscribing = Subscribing(url, {"text": "Where is it?", "deltas": deltas})
    with subprocess.Popen(
        client_command(subscribing, looks),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        seen: list[int] = []
        for look in looks:
            if client.stdout.readline().split() != ["at", str(look)]:
                raise RuntimeError(f"the client did not get {look} events")
            seen.append(server.resident_bytes())
            client.stdin.write("\n")
            client.stdin.flush()
        client.wait(CLIENT_DEADLINE_S)
    return (seen[1] - seen[0]) / (looks[1] - looks[0])


async def measure_traced(schema: strawberry.Schema, deltas: int) -> float:
    """Return the growth of the traced memory per event, over the operation alone."""
    variables = {"input": {"text": "Where is it?", "deltas": deltas}}
    results = await schema.stream(OPERATION, variable_values=variables)
    seen: list[int] = []
    events = 0
    tracemalloc.start()
    async for _ in results:
        events += 1
        if events in {WARM_EVENTS, deltas}:
            gc.collect()
            seen.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    return (seen[1] - seen[0]) / (deltas - WARM_EVENTS)
