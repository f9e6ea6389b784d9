"""Leaving a model alone that fails again and again, so that nobody waits for it in vain.

Failures are counted in each process. What follows from them is shared: an open circuit stands in
the config itself, which every turn reads anyway. When its time is over one question, of whatever
process, tries the model again; the others go past it until that one has succeeded.
"""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic

import structlog

from documents.base import utc_now
from documents.ids import PydanticObjectId
from documents.llm_configs import Circuit, LlmConfig, change_circuit
from documents.transactions import Transactions, WriteSession
from services.answering.circuit_news import tell_circuit_opened
from services.answering.route_policy import RoutePolicy
from services.llm.errors import (
    ModelBusyError,
    ModelError,
    ModelSkippedError,
    ModelThrottledError,
)

MOST_COUNTED = 10_000
"""Models of which failures are remembered in a process."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Row:
    """Failures in a row."""

    count: int = 0
    last_at: float = 0.0


class Circuits:
    """The circuits of all models, as one process sees them."""

    def __init__(self, policy: RoutePolicy, transactions: Transactions) -> None:
        self._policy = policy
        self._transactions = transactions
        self._rows: dict[PydanticObjectId, _Row] = {}

    async def admit(self, config: LlmConfig) -> None:
        """Let a question through to a model, as the one that tries it if it was left alone.

        Raises:
            ModelSkippedError: it is left alone.
        """
        circuit = config.circuit
        if circuit is None:
            return
        now = utc_now()
        if circuit.open_until > now:
            raise ModelSkippedError(circuit.problem, until=circuit.open_until)
        probing = circuit.model_copy(
            update={"open_until": now + timedelta(seconds=self._policy.probe_s)}
        )
        if not await change_circuit(config, circuit, probing):
            raise ModelSkippedError(circuit.problem, until=probing.open_until)
        config.circuit = probing

    async def succeeded(self, config: LlmConfig) -> None:
        """Note that a model has given an answer."""
        self._rows.pop(config.id, None)
        seen, config.circuit = config.circuit, None
        if seen is not None and await change_circuit(config, seen, None):
            log.info("circuit_closed", llm_config_id=str(config.id))

    async def failed(self, config: LlmConfig, error: ModelError) -> None:
        """Note that a model has not; too often, and it is left alone.

        A provider that refuses a request is there: somebody has to mend the config, and would not
        notice while the model is left alone.
        """
        if isinstance(error, ModelSkippedError):
            return
        if isinstance(error, ModelBusyError):
            await self.untried(config)
        elif not isinstance(error, self._policy.trips_on):
            await self.succeeded(config)
        elif config.circuit is not None:
            seen, config.circuit = config.circuit, self._circuit(error, config.circuit)
            await change_circuit(config, seen, config.circuit)
        elif self._one_more(config.id) >= self._policy.failures:
            self._rows.pop(config.id, None)
            config.circuit = circuit = self._circuit(error, None)
            await self._transactions.run_transaction(
                lambda session: _open(config, circuit, session)
            )

    async def untried(self, config: LlmConfig) -> None:
        """Let another question try a model of which this one, admitted to it, learned nothing."""
        seen = config.circuit
        if seen is not None:
            config.circuit = seen.model_copy(update={"open_until": utc_now()})
            await change_circuit(config, seen, config.circuit)

    def _one_more(self, config_id: PydanticObjectId) -> int:
        if len(self._rows) > MOST_COUNTED:
            self._rows.clear()
        row, now = self._rows.setdefault(config_id, _Row()), monotonic()
        row.count = row.count + 1 if now - row.last_at <= self._policy.within_s else 1
        row.last_at = now
        return row.count

    def _circuit(self, error: ModelError, before: Circuit | None) -> Circuit:
        times = before.times + 1 if before else 1
        pause = self._policy.open_s * 2 ** (times - 1)
        if isinstance(error, ModelThrottledError):
            pause = max(pause, error.retry_after_s or 0.0)
        now = utc_now()
        return Circuit(
            opened_at=before.opened_at if before else now,
            open_until=now + timedelta(seconds=min(pause, self._policy.longest_open_s)),
            times=times,
            problem=error.problem,
        )


async def _open(config: LlmConfig, circuit: Circuit, session: WriteSession) -> None:
    """Open a circuit and tell of it, unless another process was first."""
    if await change_circuit(config, None, circuit, session):
        await tell_circuit_opened(config, circuit, session)
        log.warning("circuit_opened", llm_config_id=str(config.id), problem=circuit.problem)
