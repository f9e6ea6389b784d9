"""Fewer events for who needs only the newest: those that came meanwhile are left out."""

import asyncio
from collections.abc import AsyncGenerator

from documents.live_events import LiveEvent
from services.cancelling import cancel_and_wait


async def newest(
    events: AsyncGenerator[LiveEvent, None], seconds_between: float
) -> AsyncGenerator[LiveEvent, None]:
    """The first event at once, then the newest so far, no sooner than so long after the last."""
    waiting: list[LiveEvent] = []
    news = asyncio.Event()

    async def read() -> None:
        try:
            async for event in events:
                waiting[:] = [event]
                news.set()
        finally:
            news.set()

    reading = asyncio.create_task(read(), name="newest events")
    try:
        while True:
            if waiting:
                yield waiting.pop()
                await asyncio.sleep(seconds_between)
            elif reading.done():
                await reading
                return
            else:
                await news.wait()
                news.clear()
    finally:
        await cancel_and_wait(reading)
        await events.aclose()
