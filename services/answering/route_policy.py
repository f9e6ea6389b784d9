"""When another model is asked instead, and when one is left alone: a policy with a strict default.

Strict: what the provider cannot help falls back. What somebody has to put right, such as a key
that is refused or an address that is wrong, is a failure, or nobody would ever look at it.
"""

from dataclasses import dataclass

from services.llm.errors import (
    ModelBusyError,
    ModelError,
    ModelServerError,
    ModelSkippedError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnreachableError,
)

OUT_OF_ORDER: tuple[type[ModelError], ...] = (
    ModelUnreachableError,
    ModelTimeoutError,
    ModelThrottledError,
    ModelServerError,
)
"""No connection, no word in time, 429 and 5xx."""


@dataclass(frozen=True, slots=True)
class RoutePolicy:
    """Times are in seconds.

    Attributes:
        falls_back_on: what the fallback model is asked after, before any text was shown.
        trips_on: what counts as a failure of the provider.
        failures: so many in a row, seen by one process, and the model is left alone.
        within_s: failures further apart than this are not in a row.
        open_s: for how long; twice as long each time that it does not work afterwards either.
        longest_open_s: at most. A provider that asks for more patience gets no more than this.
        probe_s: how long the one question that tries it again has, before another may.
        waiting_share: how many may wait for a place, as a multiple of the places.
        wait_s: how long one waits for a place.
    """

    falls_back_on: tuple[type[ModelError], ...] = (
        *OUT_OF_ORDER,
        ModelBusyError,
        ModelSkippedError,
    )
    trips_on: tuple[type[ModelError], ...] = OUT_OF_ORDER
    failures: int = 5
    within_s: float = 60.0
    open_s: float = 30.0
    longest_open_s: float = 300.0
    probe_s: float = 120.0
    waiting_share: float = 2.0
    wait_s: float = 10.0


STRICT = RoutePolicy()
