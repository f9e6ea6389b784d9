"""Stream events per CPU-second of the server: our path, stock Strawberry and the raw ceiling.

The CPU time is the server process's own. The servers take turns in every repeat, so that a busy
machine touches all of them alike; the medians are compared.
"""

import statistics
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from benchmarks.demo_visit import start_visit
from benchmarks.load_client import Subscribing, run_client
from benchmarks.server_process import Server, running_server

STOCK = "stock Strawberry"
SAME_TYPES = "Parlance, same types"
RAW = "raw Starlette + orjson"
TOY_APPLICATIONS = {
    STOCK: "benchmarks.baselines.stock_strawberry:app",
    SAME_TYPES: "benchmarks.planned_stream:app",
    RAW: "benchmarks.baselines.raw_starlette:app",
}
LIVE = "Parlance, ask"
RESUMED = "Parlance, ask resumed"
PRODUCT_APPLICATION = "benchmarks.product_ask:app"
PRODUCT_PATH = "/synthetic/graphql"

TOY_FRAME_EVENTS = 3
"""Events of an answer beside its deltas: started, one step, completed."""

PRODUCT_FRAME_EVENTS = 4
"""The same in the product, which has one step more."""

WARM_DELTAS = 1_000


@dataclass(frozen=True)
class Throughput:
    """What one server did in every repeat."""

    name: str
    events: int
    cpu_s: list[float]

    @property
    def events_per_cpu_s(self) -> float:
        """The median over the repeats."""
        return self.events / statistics.median(self.cpu_s)


def measure_throughput(deltas: int, repeats: int) -> list[Throughput]:
    """Run every server `repeats` times with an answer of so many deltas."""
    with ExitStack() as stack:
        toys = {
            name: stack.enter_context(running_server(application))
            for name, application in TOY_APPLICATIONS.items()
        }
        product = stack.enter_context(running_product())
        run_once(toys, product, WARM_DELTAS)
        runs = [run_once(toys, product, deltas) for _ in range(repeats)]
    return [
        Throughput(name, runs[0][name][0], [run[name][1] for run in runs])
        for name in (STOCK, *(name for name in runs[0] if name not in {STOCK, RAW}), RAW)
    ]


@contextmanager
def running_product() -> Iterator[Server]:
    """Run the product with a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PARLANCE_DATA_DIR": folder, "PARLANCE_DEMO": "true"}
        with running_server(PRODUCT_APPLICATION, environment) as server:
            yield server


def run_once(toys: dict[str, Server], product: Server, deltas: int) -> dict[str, tuple[int, float]]:
    """Let every server answer once; return events and CPU seconds of each."""
    measured = {}
    for name, server in toys.items():
        url = f"{server.websocket_origin}/graphql"
        toy = Subscribing(url, {"text": "Where is it?", "deltas": deltas})
        measured[name] = measure_cpu(server, toy, deltas + TOY_FRAME_EVENTS)
    asking = product_subscribing(product, deltas)
    # The same key twice: the second time the answer is there and only its events are sent again.
    measured[LIVE] = measure_cpu(product, asking, deltas + PRODUCT_FRAME_EVENTS)
    measured[RESUMED] = measure_cpu(product, asking, deltas + PRODUCT_FRAME_EVENTS)
    return measured


def product_subscribing(product: Server, deltas: int) -> Subscribing:
    """Return a question of a new visitor of the demo chatbot."""
    return Subscribing(
        f"{product.websocket_origin}{PRODUCT_PATH}",
        {"text": str(deltas), "idempotencyKey": str(uuid.uuid4())},
        origin=product.origin,
        connection_init={"authorization": f"Bearer {start_visit(product.origin)}"},
    )


def measure_cpu(server: Server, subscribing: Subscribing, expected: int) -> tuple[int, float]:
    """Return the events of one answer and the CPU seconds that the server used for it.

    Raises:
        RuntimeError: the client did not get every event.
    """
    before = server.cpu_s()
    events = run_client(subscribing)
    used = server.cpu_s() - before
    if events != expected:
        raise RuntimeError(f"{events} events instead of {expected} from {subscribing.url}")
    return events, used
