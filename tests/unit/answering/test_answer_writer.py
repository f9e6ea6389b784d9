"""No event number is given out twice, whoever writes, whoever dies, and whatever arrives late."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from beanie import PydanticObjectId
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.database.database import Database
from documents.messages import Message
from services.answering.answer_writer import AnswerWriter, TurnOverError
from services.answering.asking import Asking
from services.answering.events import AnswerCompleted, AnswerEvent, AnswerRestarted
from services.answering.leases import LAPSED, Lease, LeaseLostError, take_lapsed
from services.answering.limits import Limits
from services.answering.memory_event_log import MemoryEventLog
from tests.unit.answering.conftest import forget_answers
from tests.unit.answering.processes import Visitor, admit, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

TINY = Limits(ceiling_block=3, store_interval_s=0.01)
ACTIONS = ("delta", "store", "delta while storing", "two stores")


class RecordingLog(MemoryEventLog):
    """Remembers every number it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: list[int] = []

    async def append(self, answer_id: PydanticObjectId, events: Sequence[AnswerEvent]) -> None:
        self.numbers += [event.seq for event in events]
        await super().append(answer_id, events)


class Owner:
    """A process, as far as it writes one answer."""

    def __init__(self, name: str, answer: Message, last_seq: int, limits: Limits = TINY) -> None:
        self.log = RecordingLog()
        self.stopped = asyncio.Event()
        self.answer = answer
        self.lease = Lease(answer, name, limits)
        self.writer = AnswerWriter(
            answer, self.lease, self.log, limits, last_seq=last_seq, on_stop=self.stopped.set
        )

    async def act(self, action: str) -> None:
        if action == "delta":
            await self.writer.delta("word ")
        elif action == "store":
            await self.writer.store()
        elif action == "two stores":
            await asyncio.gather(self.writer.store(), self.writer.store())
        else:
            await asyncio.gather(self.writer.store(), self.writer.delta("word "))


async def first_owner(database: Database, visitor: Visitor, limits: Limits = TINY) -> Owner:
    asking = Asking(database, "owner 0", limits, most_per_visitor=100)
    answer = (await asking.ask(visitor.question(), admit)).answer
    owner = Owner("owner 0", answer, 0, limits)
    await owner.log.open(answer.id)
    return owner


async def next_owner(name: str, visitor: Visitor, before: Owner, limits: Limits = TINY) -> Owner:
    """Whoever takes over because nobody has heard of the one before for long."""
    await lapse(visitor, before.answer.id)
    taken = await take_lapsed(name, limits, but_not=())
    assert taken is not None
    assert taken.stream is not None
    assert taken.id == before.answer.id
    owner = Owner(name, taken, taken.stream.seq_ceiling - limits.ceiling_block, limits)
    await owner.log.open(taken.id)
    await owner.writer.event(lambda seq: AnswerRestarted(seq, "worker_lost"))
    return owner


async def lapse(visitor: Visitor, answer_id: PydanticObjectId) -> None:
    lapsed = {"$set": {"stream.lease_until": LAPSED}}
    await visitor.scope.of(Message).update_one({"_id": answer_id}, lapsed)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lives=st.lists(
        st.tuples(st.lists(st.sampled_from(ACTIONS), max_size=12), st.integers(0, 8)),
        min_size=2,
        max_size=4,
    )
)
async def test_successive_owners_never_share_a_number(
    database: Database, visitor: Visitor, lives: list[tuple[list[str], int]]
) -> None:
    await forget_answers()
    owner = await first_owner(database, visitor)
    owners = [owner]
    for index, (actions, afterlife) in enumerate(lives, 1):
        for action in actions:
            await owner.act(action)
        successor = await next_owner(f"owner {index}", visitor, owner)
        for _ in range(afterlife):  # it was not dead, only slow
            try:
                await owner.act("delta")
            except LeaseLostError:
                break
        owner = successor
        owners.append(owner)

    numbers = [one.log.numbers for one in owners]
    for earlier, later in pairwise(numbers):
        assert max(earlier, default=0) < min(later)
    assert all(given == list(range(given[0], given[-1] + 1)) for given in numbers if given)


async def test_a_write_that_arrives_late_lowers_no_ceiling(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    await owner.lease.renew({}, ceiling=50)
    await owner.lease.renew({"content": "older"}, ceiling=20)

    stored = await visitor.message(owner.answer.id)
    assert stored.stream is not None
    assert stored.stream.seq_ceiling == 50


async def test_a_lost_lease_lets_no_write_through(database: Database, visitor: Visitor) -> None:
    owner = await first_owner(database, visitor)
    await owner.act("delta")
    await next_owner("owner 0", visitor, owner)  # even if it is the same process again

    with pytest.raises(LeaseLostError):
        await owner.writer.store()
    with pytest.raises(LeaseLostError):
        await owner.writer.hand_over()
    with pytest.raises(LeaseLostError):
        await owner.writer.finish({"status": "complete"}, completed(owner))
    assert (await visitor.message(owner.answer.id)).status == "streaming"


async def test_an_end_whose_confirmation_was_lost_is_not_taken_for_somebody_elses(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    await owner.lease.end(1, {"status": "complete"})
    await owner.lease.end(1, {"status": "complete"})
    with pytest.raises(LeaseLostError):
        await owner.lease.end(2, {"status": "complete"})


async def test_text_that_looks_like_a_field_is_stored_as_it_is(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    await owner.writer.delta("$client_id")
    await owner.writer.store()
    assert (await visitor.message(owner.answer.id)).content == "$client_id"


async def test_halves_of_a_character_are_put_together(database: Database, visitor: Visitor) -> None:
    owner = await first_owner(database, visitor)
    for piece in ("a \ud83d", "\ude00 b", "\udfff", "é", "\ud83d"):
        await owner.writer.delta(piece)
    await owner.writer.finish({"status": "complete"}, completed(owner))

    assert (await visitor.message(owner.answer.id)).content == "a 😀 b\ufffdé"
    assert owner.log.numbers == [1, 2, 3, 4, 5]


async def test_after_its_end_an_answer_takes_no_more_events(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    await owner.writer.finish({"status": "complete"}, completed(owner))
    with pytest.raises(TurnOverError):
        await owner.writer.delta("and another thing")


async def test_a_wish_to_stop_is_heard_within_one_store(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    wish = {"$currentDate": {"stop_requested_at": True}}
    await visitor.scope.of(Message).update_one({"_id": owner.answer.id}, wish)
    storing = asyncio.create_task(owner.writer.keep_storing())

    await asyncio.wait_for(owner.stopped.wait(), 5)
    storing.cancel()


async def test_storing_ends_when_the_answer_was_erased(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    await visitor.scope.of(Message).delete_one({"_id": owner.answer.id})
    with pytest.raises(LeaseLostError):
        await asyncio.wait_for(owner.writer.keep_storing(), 5)


async def test_the_lease_is_kept_as_long_as_the_model_thinks(
    database: Database, visitor: Visitor
) -> None:
    owner = await first_owner(database, visitor)
    storing = asyncio.create_task(owner.writer.keep_storing())
    first = await lease_of(visitor, owner)

    async def renewed_again_and_again() -> bool:
        assert await take_lapsed("somebody else", TINY, but_not=()) is None
        return await lease_of(visitor, owner) > first + timedelta(seconds=0.1)

    await until(renewed_again_and_again)
    storing.cancel()


async def lease_of(visitor: Visitor, owner: Owner) -> datetime:
    stream = (await visitor.message(owner.answer.id)).stream
    assert stream is not None
    assert stream.lease_until is not None
    return stream.lease_until


def completed(owner: Owner) -> Callable[[int], AnswerEvent]:
    return lambda seq: AnswerCompleted(seq, owner.answer.id)
