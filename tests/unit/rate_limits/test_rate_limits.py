"""How often is too often."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rate_limits.rate_limits import RateLimitedError, RateLimits, Rates, address_key
from services.rate_limits.windows import Limit, MemoryWindows

LIMIT = Limit("test", 3, timedelta(seconds=60))


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_window_moves_with_each_moment() -> None:
    clock = Clock()
    windows = MemoryWindows(clock)
    for _ in range(3):
        assert await windows.hit(LIMIT, "anna") is None
        clock.now += 10
    assert await windows.hit(LIMIT, "anna") == datetime.fromtimestamp(1_000_060, UTC)
    assert await windows.hit(LIMIT, "bert") is None
    clock.now = 1_000_059.9
    assert await windows.hit(LIMIT, "anna") is not None
    clock.now = 1_000_060.0
    assert await windows.hit(LIMIT, "anna") is None
    assert await windows.hit(LIMIT, "anna") == datetime.fromtimestamp(1_000_070, UTC)


@given(st.lists(st.floats(0, 50), max_size=60))
async def test_never_more_than_the_limit_in_any_window(pauses: list[float]) -> None:
    clock = Clock()
    windows = MemoryWindows(clock)
    accepted: list[float] = []
    for pause in pauses:
        clock.now += pause
        if await windows.hit(LIMIT, "anna") is None:
            accepted.append(clock.now)
    for index, first in enumerate(accepted):
        inside = [moment for moment in accepted[index:] if moment - first < 60]
        assert len(inside) <= 3


async def test_keys_are_forgotten_when_their_window_is_over() -> None:
    clock = Clock()
    windows = MemoryWindows(clock)
    for number in range(1_000):
        clock.now += 1
        await windows.hit(LIMIT, str(number))
    assert windows.size() <= 61


def test_addresses_of_one_subscriber_are_one() -> None:
    assert address_key("2001:db8:1:2::1") == address_key("2001:db8:1:2:ffff::9%eth0")
    assert address_key("2001:db8:1:2::1") != address_key("2001:db8:1:3::1")
    assert address_key("::ffff:192.0.2.1") == address_key("192.0.2.1") == "192.0.2.1"
    assert address_key("") == address_key("no address") == "unknown"


def rate_limits(rates: Rates, clock: Clock) -> RateLimits:
    return RateLimits(rates, MemoryWindows(clock), MemoryWindows(clock))


async def asked(limits: RateLimits, visitor: str, address: str | None, chatbot: str = "c") -> bool:
    try:
        await limits.question(visitor=visitor, chatbot=chatbot, address=address)
    except RateLimitedError:
        return False
    return True


async def test_defaults_are_those_of_the_documentation() -> None:
    limits = rate_limits(Rates(), Clock())
    assert [await asked(limits, "anna", "192.0.2.1") for _ in range(21)].count(True) == 20
    others = [await asked(limits, f"v{n}", "192.0.2.1", "other") for n in range(50)]
    assert others.count(True) == 40, "60 from one address"
    crowd = [await asked(limits, f"w{n}", f"10.0.{n // 250}.{n % 250}") for n in range(700)]
    assert crowd.count(True) == 580, "600 for one chatbot"
    servers = [await asked(limits, f"s{n}", None, "third") for n in range(100)]
    assert all(servers), "a client's server is no visitor's address"
    for _ in range(10):
        await limits.visit("2001:db8::1")
    with pytest.raises(RateLimitedError):
        await limits.visit("2001:db8::2")


async def test_failed_sign_ins_count_and_a_good_one_takes_them_back() -> None:
    clock = Clock()
    limits = rate_limits(Rates(), clock)
    for _ in range(3):
        for _ in range(4):
            await limits.sign_in("anna@example.com")
        await limits.signed_in(" Anna@Example.com")
    for _ in range(5):
        await limits.sign_in("ANNA@example.com ")
    with pytest.raises(RateLimitedError) as stopped:
        await limits.sign_in("anna@example.com")
    assert stopped.value.retry_at == datetime.fromtimestamp(clock.now + 900, UTC)
    await limits.sign_in("bert@example.com")
    clock.now += 900
    await limits.sign_in("anna@example.com")


async def test_a_preview_takes_no_visitors_place() -> None:
    limits = rate_limits(Rates(questions_per_chatbot=1), Clock())
    for number in range(3):
        await limits.question(visitor=f"editor {number}", chatbot=None, address="192.0.2.1")
    assert await asked(limits, "anna", "192.0.2.2")
    for _ in range(19):
        await limits.question(visitor="editor 0", chatbot=None, address="192.0.2.1")
    with pytest.raises(RateLimitedError):
        await limits.question(visitor="editor 0", chatbot=None, address="192.0.2.1")
