"""Every follower of a log gets the same events, wherever it begins and however slow it is."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest
from beanie import PydanticObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from services.answering.event_log import LogMissingError
from services.answering.events import AnswerCompleted, AnswerDelta, AnswerEvent, AnswerRestarted
from services.answering.memory_event_log import BATCH_EVENTS, KeptLogs, MemoryEventLog

ANSWER = PydanticObjectId()


def events_of(count: int, first: int = 1) -> list[AnswerEvent]:
    """Events with numbers from `first` on; one that does not begin at 1 is a restart."""
    deltas = [AnswerDelta(seq, f"{seq} ") for seq in range(first, first + count - 1)]
    head = [AnswerRestarted(first, "worker_lost")] if first > 1 else deltas[:1]
    return [*head, *deltas[1:], AnswerCompleted(first + count - 1, ANSWER)]


async def followed(
    log: MemoryEventLog, after: int, pauses: Sequence[int] = (), stop_after: int | None = None
) -> list[AnswerEvent]:
    """What a follower gets that does other things between batches."""
    got: list[AnswerEvent] = []
    waits = iter(pauses)
    async with aclosing(log.follow(ANSWER, after)) as batches:
        async for batch in batches:
            got += batch
            if stop_after is not None and len(got) >= stop_after:
                return got[:stop_after]
            for _ in range(next(waits, 0)):
                await asyncio.sleep(0)
    return got


async def ended_log(events: Sequence[AnswerEvent], kept: KeptLogs | None = None) -> MemoryEventLog:
    log = MemoryEventLog(kept)
    await log.open(ANSWER)
    await log.append(ANSWER, events)
    return log


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_followers_of_any_speed_get_the_same_events(data: st.DataObject) -> None:
    first = data.draw(st.sampled_from((1, 4097)), "first number")
    events = events_of(data.draw(st.integers(2, 150), "events"), first)
    cuts = data.draw(st.lists(st.integers(0, len(events) - 1), max_size=8), "writes")
    speeds = data.draw(
        st.lists(
            st.tuples(st.integers(0, len(events)), st.lists(st.integers(0, 5), max_size=6)),
            min_size=1,
            max_size=5,
        ),
        "followers",
    )
    positions = [(0 if skipped == 0 else first - 1 + skipped) for skipped, _ in speeds]

    async def run() -> list[list[AnswerEvent]]:
        log = MemoryEventLog()
        await log.open(ANSWER)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(followed(log, after, pauses))
                for after, (_, pauses) in zip(positions, speeds, strict=True)
            ]
            for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(events)], strict=True):
                await log.append(ANSWER, events[start:end])
                await asyncio.sleep(0)
        return [task.result() for task in tasks]

    got = asyncio.run(run())
    assert got == [[one for one in events if one.seq > after] for after in positions]


async def test_a_follower_that_is_cut_after_any_event_misses_and_repeats_nothing() -> None:
    events = events_of(100)
    log = await ended_log(events)
    for cut in range(len(events) + 1):
        before = await followed(log, 0, stop_after=cut) if cut else []
        assert before + await followed(log, cut) == events


async def test_a_follower_may_come_before_the_first_event() -> None:
    log = MemoryEventLog()
    with pytest.raises(LogMissingError):
        await followed(log, 0)
    await log.open(ANSWER)
    waiting = asyncio.create_task(followed(log, 0))
    await asyncio.sleep(0)

    events = events_of(3)
    for event in events:
        await log.append(ANSWER, [event])

    assert await waiting == events


async def test_a_discarded_log_sends_its_followers_elsewhere_and_takes_no_more_events() -> None:
    log = MemoryEventLog()
    await log.open(ANSWER)
    await log.append(ANSWER, events_of(5)[:3])
    waiting = [asyncio.create_task(followed(log, after)) for after in (0, 3)]
    await asyncio.sleep(0)

    await log.discard(ANSWER)

    for task in waiting:
        with pytest.raises(LogMissingError):
            await task
    with pytest.raises(LogMissingError):
        await log.append(ANSWER, events_of(5)[3:])


async def test_a_follower_goes_on_in_the_log_of_a_restart() -> None:
    log = MemoryEventLog()
    await log.open(ANSWER)
    await log.append(ANSWER, events_of(5)[:3])
    await log.discard(ANSWER)
    await log.open(ANSWER)
    anew = events_of(4, first=4097)
    await log.append(ANSWER, anew)

    assert await followed(log, 3) == anew


@pytest.mark.parametrize("after", [4, 9, 4095])
async def test_a_number_whose_successor_is_lost_is_not_guessed(after: int) -> None:
    fresh = MemoryEventLog()
    await fresh.open(ANSWER)
    await fresh.append(ANSWER, [AnswerDelta(after + 2, "x")])
    with pytest.raises(LogMissingError):
        await followed(fresh, after)


async def test_a_number_beyond_the_end_is_not_a_silent_end() -> None:
    log = await ended_log(events_of(5))

    assert await followed(log, 5) == []
    with pytest.raises(LogMissingError):
        await followed(log, 6)


async def test_a_number_not_given_out_yet_gets_nothing_below_it() -> None:
    log = MemoryEventLog()
    await log.open(ANSWER)
    waiting = asyncio.create_task(followed(log, 7))
    await asyncio.sleep(0)

    events = events_of(10)
    for event in events:
        await log.append(ANSWER, [event])

    assert await waiting == events[7:]


@pytest.mark.parametrize(
    "kept", [KeptLogs(seconds=0), KeptLogs(count=1), KeptLogs(total_bytes=1500)], ids=str
)
async def test_old_logs_are_dropped_by_age_by_number_and_by_size(kept: KeptLogs) -> None:
    log = await ended_log(events_of(5), kept)
    other = PydanticObjectId()
    await log.open(other)
    await log.append(other, events_of(5))

    with pytest.raises(LogMissingError):
        await followed(log, 0)


async def test_a_log_is_not_dropped_while_its_answer_grows() -> None:
    log = MemoryEventLog(KeptLogs(seconds=0, count=0, total_bytes=0))
    await log.open(ANSWER)
    events = events_of(5)
    await log.append(ANSWER, events[:4])
    for other in (PydanticObjectId(), PydanticObjectId()):
        await log.open(other)
        await log.append(other, events_of(2))

    assert await followed(log, 0, stop_after=4) == events[:4]


async def test_a_slow_follower_does_not_keep_a_dropped_log() -> None:
    log = await ended_log(events_of(100), KeptLogs(count=1))
    async with aclosing(log.follow(ANSWER, 0)) as batches:
        first = await anext(batches)
        other = PydanticObjectId()
        await log.open(other)
        await log.append(other, events_of(2))
        with pytest.raises(LogMissingError):
            await anext(batches)

    assert len(first) == BATCH_EVENTS


async def test_a_follower_that_leaves_leaves_nothing_behind() -> None:
    log = MemoryEventLog()
    await log.open(ANSWER)
    waiting = asyncio.create_task(followed(log, 0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])

    assert not log._running[ANSWER].news._waiters


async def test_a_follower_gives_others_their_turn_after_every_batch() -> None:
    log = await ended_log(events_of(32 * 50))
    reading = asyncio.create_task(followed(log, 0))
    turns = 0
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1

    assert turns >= 50
