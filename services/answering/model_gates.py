"""The way to a model: past its circuit, through its line, and a note of how it went."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from documents.errors import is_unavailable
from documents.ids import PydanticObjectId
from documents.llm_configs import LlmConfig
from documents.transactions import Transactions
from services.answering.circuits import Circuits
from services.answering.model_places import ModelPlaces
from services.answering.route_policy import RoutePolicy
from services.llm.errors import ModelError

MOST_NOTED = 1_000
"""Models of which is noted how they do; the longest unused one goes."""

log = structlog.get_logger()


@dataclass(slots=True)
class ModelHealth:
    """How a model did in this process since it started.

    Attributes:
        name: of the config, as it was last.
        answers: how many it gave.
        failures: how many not, by the kind of error.
        is_open: whether it is left alone, as this process knows it.
    """

    name: str = ""
    answers: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class ModelState:
    """A model's health with what it does at the moment."""

    config_id: PydanticObjectId
    health: ModelHealth
    answering: int
    waiting: int


class ModelGates:
    """The gates to all models, of one process."""

    def __init__(self, policy: RoutePolicy, transactions: Transactions) -> None:
        self._circuits = Circuits(policy, transactions)
        self._places = ModelPlaces(waiting_share=policy.waiting_share, wait_s=policy.wait_s)
        self._health: OrderedDict[PydanticObjectId, ModelHealth] = OrderedDict()

    @asynccontextmanager
    async def passing(
        self, config: LlmConfig, *, has_spoken: Callable[[], bool]
    ) -> AsyncGenerator[None, None]:
        """Ask a model inside of the block; how that ends is noted.

        Who is broken off leaves a model that was to be tried again to the next question.
        A model that breaks off after it has spoken is not out of order: a visitor who wants more
        than it may say in time must not take it away from everybody.

        Raises:
            ModelSkippedError: the model is left alone.
            ModelBusyError: it gives as many answers as it may.
        """
        if config.provider == "local":  # asks nobody: nothing to wait for and nothing to fail
            yield
            return
        health = self._health_of(config)
        try:
            await self._circuits.admit(config)
            async with self._places.one(config.id, config.max_concurrency):
                yield
        except ModelError as error:
            health.failures[kind_of(error)] += 1
            await self._noted(config, health, None if has_spoken() else error)
            raise
        except asyncio.CancelledError:
            await self._kept(config, health, self._circuits.untried(config))
            raise
        health.answers += 1
        await self._noted(config, health, None)

    def states(self) -> Iterable[ModelState]:
        """How the models do that were asked lately."""
        for config_id, health in self._health.items():
            taken, waiting = self._places.taken(config_id), self._places.waiting(config_id)
            yield ModelState(config_id, health, taken, waiting)

    async def _noted(
        self, config: LlmConfig, health: ModelHealth, error: ModelError | None
    ) -> None:
        circuits = self._circuits
        noting = circuits.failed(config, error) if error else circuits.succeeded(config)
        await self._kept(config, health, noting)

    async def _kept(self, config: LlmConfig, health: ModelHealth, noting: Awaitable[None]) -> None:
        """Keep the circuit; that the database is away now must not cost an answer."""
        try:
            await noting
        except Exception as problem:
            if not is_unavailable(problem):
                raise
            log.warning("circuit_not_kept", llm_config_id=str(config.id))
        health.is_open = config.circuit is not None

    def _health_of(self, config: LlmConfig) -> ModelHealth:
        health = self._health.setdefault(config.id, ModelHealth())
        health.name = config.name
        health.is_open = config.circuit is not None
        self._health.move_to_end(config.id)
        if len(self._health) > MOST_NOTED:
            self._health.popitem(last=False)
        return health


def kind_of(error: ModelError) -> str:
    """Of `ModelTimeoutError` "timeout"."""
    return type(error).__name__.removeprefix("Model").removesuffix("Error").lower()
