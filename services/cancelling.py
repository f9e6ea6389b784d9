"""Cancelling a task that talks to the database, so that it really ends.

Up to Python 3.11, `asyncio.wait_for` returns as if nothing had happened when a task is cancelled in
the moment in which its work is done, and the driver sends every command through it. So a loop with
a database operation inside asks once per round whether it was meant to end, and so does whatever is
about to begin something that costs money.
"""

import asyncio
from typing import Any

_AGAIN_AFTER_SECONDS = 0.1


def raise_if_cancelled() -> None:
    """End the current task if it was cancelled and something kept that to itself.

    Raises:
        asyncio.CancelledError: it was.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def cancel_and_wait(task: asyncio.Task[Any]) -> None:
    """Cancel a task until it has ended."""
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=_AGAIN_AFTER_SECONDS)
