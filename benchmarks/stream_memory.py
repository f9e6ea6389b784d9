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
from benchmarks.load_client import CLIENT_DEADLINE_S, Subscribing, client_command, run_client
from benchmarks.planned_stream import schema as planned_schema
from benchmarks.server_process import Server, running_server
from benchmarks.stream_throughput import (
    RESUMED,
    SAME_TYPES,
    STOCK,
    TOY_APPLICATIONS,
    product_subscribing,
    running_product,
)

SCHEMAS: dict[str, strawberry.Schema] = {
    STOCK: stock_strawberry.schema,
    SAME_TYPES: planned_schema,
}

WARM_EVENTS = 5_000
"""Events before the first look: buffers and caches have their size by then."""


@dataclass(frozen=True)
class Retained:
    """Bytes that one server keeps per event until the subscription ends."""

    name: str
    events: int
    resident_bytes_per_event: float
    traced_events: int | None = None
    traced_bytes_per_event: float | None = None


def measure_retained(deltas: int, traced_deltas: int) -> list[Retained]:
    """Measure every server over one subscription of so many deltas."""
    return [
        *(measure_toy(name, deltas, traced_deltas) for name in SCHEMAS),
        measure_product(deltas),
    ]


def measure_toy(name: str, deltas: int, traced_deltas: int) -> Retained:
    """Measure one of the servers that share the toy types, both ways."""
    with running_server(TOY_APPLICATIONS[name]) as server:
        url = f"{server.websocket_origin}/graphql"
        subscribing = Subscribing(url, {"text": "Where is it?", "deltas": deltas})
        resident = measure_resident(server, subscribing, deltas)
    traced = asyncio.run(measure_traced(SCHEMAS[name], traced_deltas))
    return Retained(name, deltas, resident, traced_deltas, traced)


def measure_product(deltas: int) -> Retained:
    """Measure `ask` in the product, resumed: the answer and its event log are there already."""
    with running_product() as server:
        asking = product_subscribing(server, deltas)
        run_client(asking)
        return Retained(RESUMED, deltas, measure_resident(server, asking, deltas))


def measure_resident(server: Server, subscribing: Subscribing, deltas: int) -> float:
    """Return the growth of the server's own memory per event.

    Raises:
        RuntimeError: the load generator did not get that far.
    """
    looks = (WARM_EVENTS, deltas)
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
