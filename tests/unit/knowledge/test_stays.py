"""How long a source keeps its place: until it has had its turn and somebody waits."""

import pytest

from services.knowledge.stays import PlaceWantedError, Stay


class Waiting:
    """Whether somebody waits, on a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.somebody = True
        self.stay = Stay(self.is_wanted, turn_s=120.0, clock=lambda: self.now)

    async def is_wanted(self) -> bool:
        return self.somebody

    async def stores_pages(self, *moments: float) -> None:
        for self.now in moments:
            await self.stay.page_stored()


async def test_a_source_that_had_its_turn_lets_others_go_first() -> None:
    waiting = Waiting()
    await waiting.stores_pages(1.0, 60.0, 120.9)
    with pytest.raises(PlaceWantedError):
        await waiting.stores_pages(121.0)


async def test_a_source_for_which_nobody_waits_goes_on() -> None:
    waiting = Waiting()
    waiting.somebody = False
    await waiting.stores_pages(1.0, 1_000.0, 100_000.0)
    waiting.somebody = True
    with pytest.raises(PlaceWantedError):
        await waiting.stores_pages(100_001.0)


async def test_who_took_long_to_come_back_reads_for_as_long() -> None:
    waiting = Waiting()
    await waiting.stores_pages(500.0, 620.0, 999.0)
    with pytest.raises(PlaceWantedError):
        await waiting.stores_pages(1_000.0)


async def test_one_page_is_stored_at_least() -> None:
    waiting = Waiting()
    await waiting.stores_pages(10_000.0)
