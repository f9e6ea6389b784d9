"""Passwords are worked on beside everything else, and only so many may wait."""

import asyncio
import threading
from collections.abc import Generator

import pytest

from services.accounts.password_work import PasswordWork, TooBusyError
from services.accounts.passwords import password_matches


@pytest.fixture
def release() -> Generator[threading.Event, None, None]:
    """Lets go whoever waits for it; at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


async def test_what_is_beyond_the_line_is_refused_at_once(release: threading.Event) -> None:
    work = PasswordWork(threads=2, waiting=3)
    accepted = [asyncio.create_task(work.run(release.wait)) for _ in range(5)]
    await asyncio.sleep(0)

    for _ in range(3):
        with pytest.raises(TooBusyError) as refused:
            await work.run(release.wait)
        assert refused.value.seconds >= 1
    with pytest.raises(TooBusyError):
        work.check_room()
    assert not any(task.done() for task in accepted)

    release.set()
    assert await asyncio.gather(*accepted) == [True] * 5
    work.check_room()
    assert await work.run(sum, (1, 2)) == 3


async def test_a_full_line_keeps_no_other_threads_from_working(release: threading.Event) -> None:
    work = PasswordWork(threads=1, waiting=100)
    flood = [asyncio.create_task(work.run(release.wait)) for _ in range(101)]
    await asyncio.sleep(0)

    others = await asyncio.gather(*(asyncio.to_thread(threading.get_ident) for _ in range(50)))

    assert len(others) == 50
    assert not any(task.done() for task in flood)
    release.set()
    await asyncio.gather(*flood)


async def test_whoever_goes_away_leaves_the_place_when_the_work_ends(
    release: threading.Event,
) -> None:
    work = PasswordWork(threads=1, waiting=1)
    begun = threading.Event()

    def at_work() -> bool:
        begun.set()
        return release.wait()

    leaving = asyncio.create_task(work.run(at_work))
    await asyncio.to_thread(begun.wait)
    leaving.cancel()
    waiting = asyncio.create_task(work.run(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(TooBusyError):
        work.check_room()  # the thread goes on with what its caller no longer wants

    waiting.cancel()
    await asyncio.gather(leaving, waiting, return_exceptions=True)
    work.check_room()
    release.set()


async def test_work_that_fails_leaves_its_place() -> None:
    work = PasswordWork(threads=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await work.run(divmod, 1, 0)


async def test_known_and_unknown_accounts_take_a_place_alike(release: threading.Event) -> None:
    work = PasswordWork(threads=1, waiting=0)
    occupied = asyncio.create_task(work.run(release.wait))
    await asyncio.sleep(0)
    for hashed in ("$2b$04$" + "x" * 53, None):
        with pytest.raises(TooBusyError):
            await password_matches("a long enough password", hashed, work)
    release.set()
    await occupied
