"""Takers of turns: one in a round of the loop, in order, and nobody waits for one who left."""

import asyncio

from graphql_schema.limits.turns import Turns


class Rounds:
    """Counts the rounds of the event loop."""

    def __init__(self) -> None:
        self.count = 0

    async def run(self) -> None:
        while True:
            self.count += 1
            await asyncio.sleep(0)


async def test_each_taker_has_a_round_of_the_loop_for_itself_in_order() -> None:
    turns, rounds = Turns(), Rounds()
    counting = asyncio.create_task(rounds.run())
    had: list[tuple[int, int]] = []

    async def take(number: int) -> None:
        await turns.take()
        had.append((number, rounds.count))

    await asyncio.gather(*(take(number) for number in range(50)))
    counting.cancel()

    assert [number for number, _ in had] == list(range(50))
    assert len({count for _, count in had}) == 50


async def test_a_turn_is_free_when_nobody_else_takes_one() -> None:
    turns = Turns()
    took = asyncio.ensure_future(turns.take())
    await asyncio.sleep(0)

    assert took.done()


async def test_those_who_leave_while_they_wait_hold_nobody_up() -> None:
    turns = Turns()
    waiting = [asyncio.create_task(turns.take()) for _ in range(5)]
    await turns.take()
    await asyncio.sleep(0)  # now the turn is with the first, who has not gone on yet
    for leaving in (waiting[0], waiting[2], waiting[4]):
        leaving.cancel()
    async with asyncio.timeout(60):
        await asyncio.gather(*waiting, return_exceptions=True)
        await turns.take()

    assert [one.cancelled() for one in waiting] == [True, False, True, False, True]
