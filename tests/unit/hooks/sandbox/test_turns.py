"""Places are shared between clients, and nobody waits for ever."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from services.hooks.sandbox.turns import BusyError, Turns
from tests.faults.database_process import eventually

LONG = 30.0


async def held(turns: Turns, stack: AsyncExitStack, client_id: str) -> str:
    await stack.enter_async_context(turns.turn(client_id, LONG))
    return client_id


async def until_waiting(turns: Turns, count: int) -> None:
    await eventually(lambda: turns.waiting >= count, within_s=LONG)


async def test_a_client_has_no_more_than_its_share() -> None:
    turns = Turns(most=4, most_per_client=2, most_waiting=10)
    async with AsyncExitStack() as stack:
        await held(turns, stack, "a")
        await held(turns, stack, "a")
        with pytest.raises(BusyError):
            async with turns.turn("a", 0.01):
                pass
        await held(turns, stack, "b")
        assert (turns.running, turns.waiting) == (3, 0)
    assert turns.running == 0


async def test_waiting_clients_come_one_after_another() -> None:
    turns = Turns(most=1, most_per_client=1, most_waiting=10)
    order: list[str] = []

    async def go(client_id: str) -> None:
        async with turns.turn(client_id, LONG):
            order.append(client_id)

    async with AsyncExitStack() as stack:
        await held(turns, stack, "first")
        tasks = []
        for count, client_id in enumerate(["a", "a", "a", "b", "c"], 1):
            tasks.append(asyncio.create_task(go(client_id)))
            await until_waiting(turns, count)
    await asyncio.gather(*tasks)
    assert order == ["a", "b", "c", "a", "a"]


async def test_a_long_row_sends_away_at_once() -> None:
    turns = Turns(most=1, most_per_client=1, most_waiting=1)
    async with AsyncExitStack() as stack:
        await held(turns, stack, "a")
        waiting = asyncio.create_task(held(turns, stack, "b"))
        await until_waiting(turns, 1)
        with pytest.raises(BusyError):
            async with turns.turn("c", LONG):
                pass
        waiting.cancel()
        await asyncio.wait([waiting])
        assert turns.waiting == 0


async def test_who_is_cancelled_in_the_moment_of_its_turn_gives_it_back() -> None:
    turns = Turns(most=1, most_per_client=1, most_waiting=5)
    async with AsyncExitStack() as stack:
        leaving = await stack.enter_async_context(AsyncExitStack())
        await held(turns, leaving, "a")
        waiting = asyncio.create_task(held(turns, stack, "b"))
        await until_waiting(turns, 1)
        await leaving.aclose()
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        assert (turns.running, turns.waiting) == (0, 0)


async def test_a_place_is_lent_while_its_holder_waits_for_something_outside() -> None:
    turns = Turns(most=1, most_per_client=1, most_waiting=5, most_lent=1)
    async with turns.turn("a", LONG) as place:
        with place.lent():
            async with turns.turn("b", LONG) as other:
                with other.lent(), pytest.raises(BusyError):  # as many are lent as may be
                    async with turns.turn("c", 0.01):
                        pass
            with pytest.raises(BusyError):  # of the client's own share it is a part
                async with turns.turn("a", 0.01):
                    pass
        with pytest.raises(BusyError):
            async with turns.turn("b", 0.01):
                pass
    async with turns.turn("b", LONG):
        assert turns.running == 1


async def test_a_place_that_is_taken_back_from_others_is_free_when_both_are_done() -> None:
    turns = Turns(most=1, most_per_client=1, most_waiting=5, most_lent=1)
    async with AsyncExitStack() as stack:
        place = await stack.enter_async_context(turns.turn("a", LONG))
        with place.lent():
            await held(turns, stack, "b")
        assert turns.running == 2
        with pytest.raises(BusyError):
            async with turns.turn("c", 0.01):
                pass
    async with turns.turn("c", LONG):
        assert turns.running == 1
