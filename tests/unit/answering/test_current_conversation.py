"""A visitor has one open conversation with a chatbot, whichever tabs ask at whatever moment."""

import asyncio

import pytest
from beanie import PydanticObjectId

from documents.base import utc_now
from documents.conversations import Conversation
from documents.database.database import Database
from documents.live_events import LiveEvent
from documents.messages import Message
from documents.transactions import WriteSession
from documents.visitors import Visitor as VisitorDocument
from services.answering.question_refusals import QuestionRefusedError
from services.conversations.current import archive_others, take_turn
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Patient, Process, Visitor
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def begun(process: Process, visitor: Visitor) -> PydanticObjectId:
    """A new conversation."""
    asked = await process.store(visitor.question())
    return PydanticObjectId(asked.answer.conversation_id)


async def statuses(visitor: Visitor) -> dict[PydanticObjectId, str]:
    found = await visitor.scope.of(Conversation).find({}, limit=100)
    return {one.id: one.status for one in found}


async def test_a_new_conversation_archives_the_last_one(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    first, second, third = [await begun(process, visitor) for _ in range(3)]
    assert await statuses(visitor) == {first: "archived", second: "archived", third: "open"}
    told = await visitor.scope.of(LiveEvent).find({}, limit=50, sort=[("seq", 1)])
    archived = [one.conversation_id for one in told if one.kind == "conversation_archived"]
    assert archived == [first, second]


async def test_a_question_takes_an_archived_conversation_up_again(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    first, second = [await begun(process, visitor) for _ in range(2)]
    asked = await process.store(visitor.question("And then?", in_=first))
    assert asked.answer.conversation_id == first
    assert asked.answer.seq == 4
    assert await statuses(visitor) == {first: "open", second: "archived"}


async def test_what_waits_for_a_person_or_is_closed_stays_so(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    waiting, closed = [await begun(process, visitor) for _ in range(2)]
    conversations = visitor.scope.of(Conversation)
    await conversations.update_one({"_id": waiting}, {"$set": {"status": "needs_human"}})
    await conversations.update_one({"_id": closed}, {"$set": {"status": "closed"}})
    new = await begun(process, visitor)
    assert await statuses(visitor) == {waiting: "needs_human", closed: "closed", new: "open"}
    await process.store(visitor.question("Anybody?", in_=waiting))
    assert (await statuses(visitor))[waiting] == "needs_human"
    with pytest.raises(QuestionRefusedError) as refused:
        await process.store(visitor.question("Still there?", in_=closed))
    assert refused.value.code == "conversation_closed"


async def test_tabs_that_begin_at_once_leave_one_open_conversation(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    processes = [process_of(Script("x")) for _ in range(2)]
    for process in processes:
        process.asking._transactions = Patient(database)
    ids = await asyncio.gather(*(begun(process, visitor) for process in processes))
    assert len(set(ids)) == 2
    assert sorted((await statuses(visitor)).values()) == ["archived", "open"]


async def test_a_tab_waits_for_one_that_has_begun_and_is_not_stored_yet(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    """The exact moment: each has its conversation, and neither sees the other's."""
    here, go_on = asyncio.Event(), asyncio.Event()
    first = Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=visitor.visitor_id,
        title="First",
        last_message_at=utc_now(),
    )

    async def begin(session: WriteSession) -> None:
        await take_turn(visitor.client_id, visitor.visitor_id, session)
        await visitor.scope.of(Conversation).insert(first, session=session)
        await archive_others(first, session)
        here.set()
        await go_on.wait()

    slow = asyncio.create_task(Patient(database).run_transaction(begin))
    await here.wait()
    process = process_of(Script("x"))
    process.asking._transactions = Patient(database)
    quick = asyncio.create_task(begun(process, visitor))
    done, _ = await asyncio.wait({quick}, timeout=0.3)
    assert not done
    go_on.set()
    await slow
    second = await quick
    assert await statuses(visitor) == {first.id: "archived", second: "open"}


async def test_another_visitors_conversations_are_left_alone(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    process = process_of(Script("x"))
    other = Conversation(
        client_id=visitor.client_id,
        chatbot_id=visitor.chatbot_id,
        visitor_id=PydanticObjectId(),
        title="Another's",
        last_message_at=utc_now(),
    )
    await visitor.scope.of(Conversation).insert(other)
    new = await begun(process, visitor)
    assert await statuses(visitor) == {other.id: "open", new: "open"}


async def test_a_visitor_who_was_erased_begins_nothing(
    visitor: Visitor, process_of: MakeProcess
) -> None:
    await visitor.scope.of(VisitorDocument).delete_one({"_id": visitor.visitor_id})
    with pytest.raises(QuestionRefusedError) as refused:
        await begun(process_of(Script("x")), visitor)
    assert refused.value.code == "not_found"
    assert await statuses(visitor) == {}
    assert await visitor.scope.of(Message).count(limit=1) == 0
