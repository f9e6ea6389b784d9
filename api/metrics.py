"""What Prometheus may read of a process. Names follow Prometheus' own conventions."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from services.answering.model_gates import ModelState
from services.hooks.sandbox.sandbox import Sandbox
from services.integrations.figures import BOUNDS_S, DeliveryFigures

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


class ModelMetrics(Collector):
    """How the language models do that this process has asked."""

    def __init__(self) -> None:
        self.states: Callable[[], Iterable[ModelState]] = tuple

    def collect(self) -> Iterator[Metric]:
        """A row for each model; those of failures also by the kind of error."""
        labels = ["llm_config", "name"]
        answers = CounterMetricFamily("parlance_llm_answers", "Answers given.", labels=labels)
        failures = CounterMetricFamily(
            "parlance_llm_failures", "Answers not given.", labels=[*labels, "kind"]
        )
        answering = GaugeMetricFamily(
            "parlance_llm_answering", "Answers that are being given.", labels=labels
        )
        waiting = GaugeMetricFamily(
            "parlance_llm_waiting", "Answers that wait for a place.", labels=labels
        )
        left_alone = GaugeMetricFamily(
            "parlance_llm_left_alone",
            "1 while the circuit is open, as this process saw it last.",
            labels=labels,
        )
        for state in self.states():
            model = [str(state.config_id), state.health.name]
            answers.add_metric(model, state.health.answers)
            for kind, count in state.health.failures.items():
                failures.add_metric([*model, kind], count)
            answering.add_metric(model, state.answering)
            waiting.add_metric(model, state.waiting)
            left_alone.add_metric(model, float(state.health.is_open))
        yield from (answers, failures, answering, waiting, left_alone)


class HookMetrics(Collector):
    """How the sandbox of hooks does, and which layers hold it."""

    def __init__(self) -> None:
        self.sandbox: Sandbox | None = None

    def collect(self) -> Iterator[Metric]:
        """One row for each layer, and four numbers."""
        if self.sandbox is None:
            return
        layers = GaugeMetricFamily(
            "parlance_hook_layer", "1 if the layer holds hooks on this machine.", labels=["layer"]
        )
        for layer, holds in self.sandbox.layers.items():
            layers.add_metric([layer], float(holds))
        yield layers
        yield GaugeMetricFamily(
            "parlance_hooks_possible", "1 if hooks can run.", float(self.sandbox.problem is None)
        )
        yield GaugeMetricFamily(
            "parlance_hooks_running", "Hooks that are run or checked.", self.sandbox.running
        )
        yield GaugeMetricFamily(
            "parlance_hooks_waiting", "Hooks that wait for their turn.", self.sandbox.waiting
        )
        yield CounterMetricFamily(
            "parlance_hook_sandbox_restarts",
            "How often the fork server had to be started again.",
            self.sandbox.restarts,
        )


class NoticeMetrics(Collector):
    """How telling others of what happens goes in this process."""

    def __init__(self) -> None:
        self.figures: DeliveryFigures | None = None

    def collect(self) -> Iterator[Metric]:
        """Attempts by kind and outcome, how long they took, and deliveries that were given up."""
        figures = self.figures or DeliveryFigures()
        attempts = CounterMetricFamily(
            "parlance_notice_attempts", "Attempts to deliver.", labels=["kind", "outcome"]
        )
        seconds = HistogramMetricFamily(
            "parlance_notice_seconds", "How long attempts took.", labels=["kind"]
        )
        for kind, one in figures.by_kind.items():
            attempts.add_metric([kind, "delivered"], one.delivered)
            attempts.add_metric([kind, "failed"], one.failed)
            buckets = [(str(bound), one.within[bound]) for bound in BOUNDS_S]
            seconds.add_metric(
                [kind], [*buckets, ("+Inf", one.delivered + one.failed)], one.seconds
            )
        yield from (attempts, seconds)
        yield CounterMetricFamily(
            "parlance_notices_given_up", "Deliveries that were given up.", figures.dead
        )


MODELS = ModelMetrics()
REGISTRY.register(MODELS)
NOTICES = NoticeMetrics()
REGISTRY.register(NOTICES)
HOOKS = HookMetrics()
REGISTRY.register(HOOKS)


def rendered() -> bytes:
    """All metrics in Prometheus' text format."""
    return generate_latest(REGISTRY)
