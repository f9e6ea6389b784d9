"""What is older than a client keeps goes, in batches, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from documents.base import TenantDocument, utc_now
from documents.clients import Client
from documents.conversations import Conversation
from documents.database.database import Database
from documents.errors import WorkLeaseLostError
from documents.ids import PydanticObjectId
from documents.live_events import LiveEvent
from documents.messages import Message
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from documents.visitors import Visitor as VisitorDocument
from documents.visits import Visit
from documents.work_leases import free_work_leases
from services.answering.question_refusals import QuestionRefusedError
from services.privacy.erasing import Erasing
from services.privacy.housekeeping import Housekeeping
from services.privacy.retention import TAKEN_AT_ONCE, Retention
from services.visits.visitors import anonymous_visitor
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Visitor, new_visitor
from tests.unit.answering.scripted_models import Script
from tests.unit.privacy.test_erasing import erasing_in

pytestmark = pytest.mark.asyncio(loop_scope="session")
DAYS = 30
OLD = timedelta(days=DAYS, minutes=1)
YOUNG = timedelta(days=DAYS) - timedelta(minutes=1)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_of_another_test(database: Database) -> AsyncIterator[None]:
    everybody = TenantScope.every_client()
    await everybody.of(PendingErasure).delete_many({})
    await everybody.of(Client).delete_many({})
    await free_work_leases()
    yield


@pytest.fixture
def erasing(process_of: MakeProcess, database: Database) -> Erasing:
    return erasing_in(database, process_of(Script("x")))


@pytest.fixture
def retention(erasing: Erasing, database: Database) -> Retention:
    return Retention(database, erasing)


async def keeping(visitor: Visitor, days: int | None) -> None:
    await visitor.scope.of(Client).update_many({}, {"$set": {"retention_days": days}})


async def conversation_of(visitor: Visitor, *ages: timedelta, last: timedelta) -> Conversation:
    """A conversation with a question of each age, in which something was last said long ago."""
    now = utc_now()
    conversation = Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        title="When do you open?",
        message_count=len(ages),
        created_at=now - max(ages, default=last),
        last_message_at=now - last,
    )
    await visitor.scope.of(Conversation).insert(conversation)
    for seq, age in enumerate(ages, start=1):
        await visitor.scope.of(Message).insert(message_in(conversation, seq, now - age))
    return conversation


def message_in(conversation: Conversation, seq: int, at: datetime) -> Message:
    return Message(
        client_id=conversation.client_id,
        conversation_id=conversation.id,
        chatbot_id=conversation.chatbot_id,
        visitor_id=conversation.visitor_id,
        seq=seq,
        sender="visitor",
        status="complete",
        content="When do you open?",
        created_at=at,
    )


async def visit_of(visitor: Visitor, age: timedelta, *, ended: bool = True) -> Visit:
    last = utc_now() - age
    visit = Visit(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        origin="",
        started_at=last,
        last_activity_at=last,
        ended_at=last if ended else None,
    )
    return await visitor.scope.of(Visit).insert(visit)


async def last_seen(visitor: Visitor, age: timedelta) -> None:
    seen = {"$set": {"last_seen_at": utc_now() - age}}
    await visitor.scope.of(VisitorDocument).update_one({"_id": visitor.visitor_id}, seen)


async def ids_of(visitor: Visitor, kind: type[TenantDocument]) -> set[PydanticObjectId]:
    return {one.id for one in await visitor.scope.of(kind).find({}, limit=10_000)}


async def no_checkpoint() -> None:
    return


async def test_the_old_goes_and_the_young_stays(visitor: Visitor, retention: Retention) -> None:
    await keeping(visitor, DAYS)
    old = await conversation_of(visitor, OLD, OLD, last=OLD)
    young = await conversation_of(visitor, YOUNG, last=YOUNG)
    await visit_of(visitor, OLD)
    stays = [await visit_of(visitor, YOUNG), await visit_of(visitor, OLD, ended=False)]

    await retention.apply(no_checkpoint)

    assert await ids_of(visitor, Conversation) == {young.id}
    left = await visitor.scope.of(Message).find({}, limit=10)
    assert [one.conversation_id for one in left] == [young.id]
    assert await ids_of(visitor, Visit) == {one.id for one in stays}
    assert await ids_of(visitor, VisitorDocument) == {visitor.visitor_id}
    assert await ids_of(visitor, PendingErasure) == set()
    events = await visitor.scope.of(LiveEvent).find({}, limit=10)
    assert [(one.kind, one.conversation_id) for one in events] == [
        ("conversation_deleted", old.id)
    ], "those who watch are told"


async def test_a_conversation_that_goes_on_loses_its_beginning_only(
    visitor: Visitor, retention: Retention
) -> None:
    await keeping(visitor, DAYS)
    conversation = await conversation_of(visitor, OLD, OLD, YOUNG, last=YOUNG)

    await retention.apply(no_checkpoint)

    left = await visitor.scope.of(Message).find({}, limit=10)
    assert [one.seq for one in left] == [3]
    assert await ids_of(visitor, Conversation) == {conversation.id}


@pytest.mark.parametrize(
    ("title", "later"), [("When do you open?", "Thanks!"), ("Order 4711", "Order 4711")]
)
async def test_a_title_that_repeats_what_goes_repeats_what_stays(
    visitor: Visitor, retention: Retention, title: str, later: str
) -> None:
    await keeping(visitor, DAYS)
    conversation = await conversation_of(visitor, OLD, YOUNG, last=YOUNG)
    conversations, messages = visitor.scope.of(Conversation), visitor.scope.of(Message)
    await conversations.update_one({}, {"$set": {"title": title}})
    await messages.update_one({"seq": 2}, {"$set": {"content": "Thanks!"}})

    await retention.apply(no_checkpoint)

    kept = await conversations.get(conversation.id)
    assert kept is not None
    assert kept.title == later


async def test_a_visitor_goes_when_nothing_else_is_left(
    visitor: Visitor, retention: Retention
) -> None:
    await keeping(visitor, DAYS)
    await last_seen(visitor, OLD)
    stranger = await anonymous_visitor(visitor.client_id, None)
    other = Visitor(visitor.client_id, visitor.chatbot_id, stranger.id)
    await last_seen(other, OLD)
    await conversation_of(visitor, OLD, last=OLD)
    young = await conversation_of(other, YOUNG, last=YOUNG)

    await retention.apply(no_checkpoint)

    assert await ids_of(visitor, VisitorDocument) == {stranger.id}
    kept = await visitor.scope.of(VisitorDocument).get(stranger.id)
    assert kept is not None
    assert kept.last_seen_at == young.last_message_at, "learned from what is left"


async def test_without_a_period_everything_stays(visitor: Visitor, retention: Retention) -> None:
    conversation = await conversation_of(visitor, timedelta(days=4000), last=timedelta(days=4000))
    await retention.apply(no_checkpoint)
    assert await ids_of(visitor, Conversation) == {conversation.id}


async def test_a_changed_period_counts_from_the_next_batch_on(
    visitor: Visitor, retention: Retention
) -> None:
    await keeping(visitor, DAYS)
    for _ in range(TAKEN_AT_ONCE + 5):
        await conversation_of(visitor, last=OLD)
    batches = 0

    async def owner_changes_her_mind() -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            await keeping(visitor, None)

    await retention.apply(owner_changes_her_mind)
    assert len(await ids_of(visitor, Conversation)) == 5, "nothing went after the change"

    await keeping(visitor, DAYS * 2)
    await retention.apply(no_checkpoint)
    assert len(await ids_of(visitor, Conversation)) == 5
    await keeping(visitor, 1)
    await retention.apply(no_checkpoint)
    assert await ids_of(visitor, Conversation) == set()


async def test_an_answer_that_is_being_given_is_left_alone(
    visitor: Visitor, retention: Retention, process_of: MakeProcess
) -> None:
    await keeping(visitor, DAYS)
    silence = asyncio.Event()
    script = Script("We open ", silence, "at nine.")
    process = process_of(script)
    answer = (await process.ask(visitor)).answer
    await script.asked.wait()
    aged = {"$set": {"created_at": utc_now() - OLD, "last_message_at": utc_now() - OLD}}
    for kind in (Conversation, Message):
        await visitor.scope.of(kind).update_many({}, aged)
    await last_seen(visitor, OLD)

    await retention.apply(no_checkpoint)
    silence.set()
    await process.generations.wait(answer.id, 10)

    assert (await visitor.message(answer.id)).content == "We open at nine."
    assert (await visitor.message(answer.id)).status == "complete"
    await retention.apply(no_checkpoint)
    assert await ids_of(visitor, Message) == set()


async def test_a_question_in_the_moment_of_the_deletion_keeps_its_conversation_or_is_refused(
    visitor: Visitor, retention: Retention, process_of: MakeProcess
) -> None:
    await keeping(visitor, DAYS)
    process = process_of(Script("x"))
    conversations = [await conversation_of(visitor, OLD, last=OLD) for _ in range(20)]

    few = asyncio.Semaphore(3)  # of one visitor; more only make the database try again and again

    async def asked(conversation: Conversation) -> bool:
        try:
            async with few:
                await process.store(visitor.question(in_=conversation.id))
        except QuestionRefusedError as refusal:
            return refusal.code != "not_found"
        return True

    outcomes = await asyncio.gather(
        retention.apply(no_checkpoint), *(asked(one) for one in conversations)
    )

    kept = [one.id for one, ok in zip(conversations, outcomes[1:], strict=True) if ok]
    assert await ids_of(visitor, Conversation) == set(kept)
    left = await visitor.scope.of(Message).find({}, limit=1_000)
    assert {one.conversation_id for one in left} == set(kept)


async def test_another_clients_data_stays(visitor: Visitor, retention: Retention) -> None:
    other = await new_visitor()
    await keeping(visitor, DAYS)
    kept = await conversation_of(other, OLD, last=OLD)
    await retention.apply(no_checkpoint)
    assert await ids_of(other, Conversation) == {kept.id}


async def test_one_process_at_a_time_looks_and_then_rests(
    visitor: Visitor, retention: Retention, erasing: Erasing
) -> None:
    await keeping(visitor, DAYS)
    await conversation_of(visitor, last=OLD)
    one, other = [Housekeeping(erasing, retention, retention_seconds=60) for _ in range(2)]
    assert await one._lease.acquire()
    await other.look()
    assert len(await ids_of(visitor, Conversation)) == 1, "the other one's turn has not come"

    await one._lease.release()
    await other.look()
    assert await ids_of(visitor, Conversation) == set()
    await conversation_of(visitor, last=OLD)
    await one.look()
    assert len(await ids_of(visitor, Conversation)) == 1, "not before the time has come"


async def test_a_process_that_lost_its_lease_takes_nothing_more(
    visitor: Visitor, retention: Retention, erasing: Erasing
) -> None:
    await keeping(visitor, DAYS)
    await conversation_of(visitor, last=OLD)
    slow = Housekeeping(erasing, retention, retention_seconds=60)
    assert await slow._lease.acquire()
    await free_work_leases()
    with pytest.raises(WorkLeaseLostError):
        await retention.apply(slow._still_ours)
    assert len(await ids_of(visitor, Conversation)) == 1
