"""A deleted conversation is gone with all that was said in it, and only it."""

import asyncio

import pytest
from beanie import PydanticObjectId

from documents.conversations import Conversation
from documents.database.database import Database
from documents.live_events import LiveEvent
from documents.messages import Message
from documents.pending_erasures import PendingErasure
from documents.tenancy import TenantScope
from services.answering.question_refusals import QuestionRefusedError
from services.privacy.deleting import Deleting
from services.privacy.erasing import Erasing
from services.refusals import UnknownTargetError
from tests.unit.answering.conftest import MakeProcess
from tests.unit.answering.processes import Process, Visitor
from tests.unit.answering.scripted_models import Script

pytestmark = pytest.mark.asyncio(loop_scope="session")


def deleting_in(database: Database, process: Process) -> Deleting:
    return Deleting(database, Erasing(database, process.stopping, process.log))


async def test_an_answer_in_the_making_ends_and_the_other_conversation_stays(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    silence = asyncio.Event()
    script = Script("Rome ", silence, "was not built.")
    process = process_of(Script("Yes."), script)
    kept = (await process.ask(visitor)).answer
    await process.follow(visitor, kept.id)
    gone = (await process.ask(visitor)).answer
    await script.asked.wait()

    await deleting_in(database, process).delete(visitor.scope, gone.conversation_id)

    assert script.closed.is_set(), "the model was hung up on"
    conversations = await visitor.scope.of(Conversation).find({}, limit=5)
    assert [one.id for one in conversations] == [kept.conversation_id]
    messages = await visitor.scope.of(Message).find({}, limit=9)
    assert {one.conversation_id for one in messages} == {kept.conversation_id}
    assert gone.id not in process.memory._ended
    assert await visitor.scope.of(PendingErasure).count(limit=1) == 0
    told = await visitor.scope.of(LiveEvent).find({"kind": "conversation_deleted"}, limit=5)
    assert [one.conversation_id for one in told] == [gone.conversation_id]


async def test_a_second_click_and_another_client_find_nothing(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    conversation_id = (await process.store(visitor.question())).answer.conversation_id
    deleting = deleting_in(database, process)
    with pytest.raises(UnknownTargetError):
        await deleting.delete(TenantScope.one("somebody-else"), conversation_id)
    clicks = [deleting.delete(visitor.scope, conversation_id) for _ in range(2)]
    outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "UnknownTargetError"]
    assert await visitor.scope.of(Message).count(limit=1) == 0


async def test_a_question_on_its_way_is_not_kept(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    conversation_id = (await process.store(visitor.question())).answer.conversation_id

    async def deleted_meanwhile() -> None:
        await deleting_in(database, process).delete(visitor.scope, conversation_id)

    with pytest.raises(QuestionRefusedError) as refused:
        await process.asking.ask(visitor.question(in_=conversation_id), deleted_meanwhile)
    assert refused.value.code == "not_found"
    assert await visitor.scope.of(Message).count(limit=1) == 0


async def test_a_deletion_whose_server_died_is_finished_by_another(
    visitor: Visitor, process_of: MakeProcess, database: Database
) -> None:
    process = process_of(Script("x"))
    conversation_id = (await process.store(visitor.question())).answer.conversation_id

    class DyingErasing(Erasing):
        async def finish(self, pending: PendingErasure) -> dict[str, int]:
            raise ConnectionResetError(pending.id)

    dying = DyingErasing(database, process.stopping, process.log)
    with pytest.raises(ConnectionResetError):
        await Deleting(database, dying).delete(visitor.scope, conversation_id)
    assert await visitor.scope.of(Conversation).count(limit=1) == 0
    assert await visitor.scope.of(Message).count(limit=5) == 2

    other = Erasing(database, process.stopping, process.log)
    await other.take_over_all()
    while await other.finish_due():
        pass
    assert await visitor.scope.of(Message).count(limit=1) == 0
    assert not await visitor.scope.of(Conversation).get(PydanticObjectId(conversation_id))
