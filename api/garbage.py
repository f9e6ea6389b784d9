"""Keeps Python's search for garbage away from what stays.

A full search goes through everything there is and stops every stream meanwhile: with ten thousand
open widgets for more than a second. What one search has found to be alive is therefore left out of
the next ones, which then take some ten milliseconds. That is safe for memory because what ends
here is not held in circles and goes by itself; what a circle keeps all the same is looked for when
nobody waits for an answer.
"""

import asyncio
import gc
from collections.abc import Callable
from time import monotonic
from typing import Any

EVERYTHING_AGAIN_S = 3600.0
QUIET_LOOK_S = 10.0
"""How often it is looked for a quiet moment, once the hour is over."""

LONGEST_WAIT_S = 6 * 3600.0
"""A server that never is quiet must not keep for ever what it does not need."""

_FULL = 2
"""The oldest generation: https://docs.python.org/3/library/gc.html#gc.set_threshold."""


def spare_what_stays() -> None:
    """Leave out of every search what is alive now, and from then on what the last one spared."""
    gc.collect()
    gc.freeze()
    if _spare_survivors not in gc.callbacks:
        gc.callbacks.append(_spare_survivors)


async def look_through_everything(answers_running: Callable[[], int]) -> None:
    """About once an hour, at a moment without a running answer, go through all of it; for ever.

    When answers run all the time, at any moment after six hours more.
    """
    while True:
        await asyncio.sleep(EVERYTHING_AGAIN_S)
        give_up_at = monotonic() + LONGEST_WAIT_S
        while answers_running() and monotonic() < give_up_at:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(QUIET_LOOK_S)
        gc.unfreeze()
        gc.collect()


def _spare_survivors(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] == _FULL:
        gc.freeze()
