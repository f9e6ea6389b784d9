"""What Prometheus may read of a process. Names follow Prometheus' own conventions."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

HTTP_REQUESTS = Counter(
    "parlance_http_requests_total",
    "HTTP requests by method and status.",
    ["method", "status"],
    registry=REGISTRY,
)
RUNNING_ANSWERS = Gauge(
    "parlance_running_answers", "Answers that this process is generating.", registry=REGISTRY
)
MONGOD_RESTARTS = Gauge(
    "parlance_embedded_mongod_restarts",
    "How often the embedded MongoDB died and was started again.",
    registry=REGISTRY,
)


def rendered() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
