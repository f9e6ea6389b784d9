"""Work that goes on beside requests: in every server, or apart from them in `parlance worker`.

Whoever does it takes each piece by a claim in the database, so any number of processes may.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from api.wiring import Wiring
from services.cancelling import cancel_and_wait
from services.conversations.catching_up import CatchingUp


def run_behind(stack: AsyncExitStack, name: str, work: Coroutine[Any, Any, None]) -> None:
    """Let work go on beside the requests, until the stack is closed."""
    task = asyncio.create_task(work, name=name)
    stack.push_async_callback(cancel_and_wait, task)


def run_background_work(stack: AsyncExitStack, wiring: Wiring) -> None:
    """Begin all that no request waits for; it ends in order when the stack is closed."""
    run_behind(stack, "visit ends", wiring.services.stays.run())
    run_behind(stack, "housekeeping", wiring.housekeeping.run())
    run_behind(stack, "posting", wiring.posting.run())
    _run_reports_and_notices(stack, wiring)
    _work_on_knowledge(stack, wiring)
    run_behind(stack, "words", CatchingUp().run())
    run_behind(stack, "hook endings", wiring.hook_endings.run())


def _run_reports_and_notices(stack: AsyncExitStack, wiring: Wiring) -> None:
    run_behind(stack, "reports", wiring.report_making.run())
    run_behind(stack, "statistics", wiring.statistics.run())
    stack.push_async_callback(wiring.notices.delivering.close)
    run_behind(stack, "notices", wiring.notices.delivering.run())
    run_behind(stack, "leftovers", wiring.leftovers.run())


def _work_on_knowledge(stack: AsyncExitStack, wiring: Wiring) -> None:
    stack.push_async_callback(wiring.knowledge_worker.close)
    run_behind(stack, "knowledge", wiring.knowledge_worker.run())
    run_behind(stack, "knowledge clearing", wiring.knowledge_clearing.run())
    if wiring.embedding_work is not None:
        run_behind(stack, "embedding", wiring.embedding_work.run())
