"""How long a source keeps its place: until it has had its turn and somebody waits."""

import pytest

from services.knowledge.stays import PlaceWantedError, Stay


class Waiting:
    """Whether somebody waits, on a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.somebody = True
        self.asked = 0
        self.stay = Stay(self.wanted, turn_s=120.0, clock=lambda: self.now)

    async def wanted(self) -> float | None:
        self.asked += 1
        return 7.0 if self.somebody else None

    async def stores_pages(self, *moments: float) -> None:
        for self.now in moments:
            await self.stay.page_stored()


async def test_a_source_that_had_its_turn_lets_others_go_first() -> None:
    waiting = Waiting()
    await waiting.stores_pages(1.0, 60.0, 120.9)
    with pytest.raises(PlaceWantedError) as wanted:
        await waiting.stores_pages(121.0)
    assert wanted.value.rest_s == 7.0


async def test_a_source_for_which_nobody_waits_goes_on() -> None:
    waiting = Waiting()
    waiting.somebody = False
    await waiting.stores_pages(1.0, 1_000.0, 100_000.0)
    waiting.somebody = True
    with pytest.raises(PlaceWantedError):
        await waiting.stores_pages(100_006.0)


async def test_who_took_long_to_come_back_reads_for_as_long() -> None:
    waiting = Waiting()
    waiting.now = 100.0
    waiting.stay.comes_back()
    await waiting.stores_pages(600.0, 720.0, 1_099.0)
    with pytest.raises(PlaceWantedError):
        await waiting.stores_pages(1_100.0)


async def test_one_page_is_stored_at_least() -> None:
    waiting = Waiting()
    await waiting.stores_pages(10_000.0)


async def test_it_is_not_looked_at_every_page_who_waits() -> None:
    waiting = Waiting()
    waiting.somebody = False
    await waiting.stores_pages(0.0, *(120.0 + page / 10 for page in range(600)))
    assert waiting.asked == 10
