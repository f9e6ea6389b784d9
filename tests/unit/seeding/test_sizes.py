"""Every size is cut into steps that hold exactly what was wanted."""

import pytest

from services.seeding.sizes import (
    CHATBOTS_AT_ONCE,
    LENGTHS,
    MESSAGES_AT_ONCE,
    SeedSize,
    steps_of,
)

SIZES = [
    SeedSize(1, 0, 0),
    SeedSize(1, 1, 1),
    SeedSize(3, 2, 1_001),
    SeedSize(2, 120, 5_000),
    SeedSize(7, 13, 12_345),
    SeedSize(1_000, 10_000, 100_000),
]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_steps_hold_exactly_what_was_wanted(size: SeedSize) -> None:
    steps = list(steps_of(size))
    assert sum(len(one.new_chatbots) for one in steps) == size.chatbots
    assert sum(sum(one.lengths) for one in steps) == size.messages
    assert {one.client for one in steps} == set(range(size.clients))
    assert list(steps_of(size)) == steps, "always the same"


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_no_step_is_too_large_for_a_transaction(size: SeedSize) -> None:
    for one in steps_of(size):
        assert sum(one.lengths) < MESSAGES_AT_ONCE + max(LENGTHS)
        assert len(one.new_chatbots) <= CHATBOTS_AT_ONCE


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_client_comes_before_its_conversations_and_only_with_chatbots(size: SeedSize) -> None:
    made: set[int] = set()
    for one in steps_of(size):
        made |= {one.client} if not one.lengths else set()
        assert one.client in made
        assert one.chatbots or not one.lengths


def test_the_first_client_is_a_large_one() -> None:
    shares: dict[int, int] = {}
    for one in steps_of(SeedSize(10, 10, 10_000)):
        shares[one.client] = shares.get(one.client, 0) + sum(one.lengths)
    assert shares == {0: 1_000} | dict.fromkeys(range(1, 10), 1_000)
    larger = SeedSize(100, 100, 10_000)
    first = sum(sum(one.lengths) for one in steps_of(larger) if one.client == 0)
    assert first == 1_000
